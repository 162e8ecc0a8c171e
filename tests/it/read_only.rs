//! A lake that may only be read: from a mount that cannot be written, or as a user who may not write.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rusqlite::Connection;
use rustix::io::FdFlags;
use serde_json::Value;

use crate::common::{INTERVIEWS, Served, serve};

/// A user and a group without rights of their own, as `nobody`.
const NOBODY: u32 = 65534;

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Sets the modes of all folders and files below a path.
fn set_modes(path: &Path, folders: u32, files: u32) {
    if !path.is_dir() {
        return set_mode(path, files);
    }
    // Opened first, as the new mode may not allow to list it.
    set_mode(path, 0o755);
    for entry in fs::read_dir(path).unwrap() {
        set_modes(&entry.unwrap().path(), folders, files);
    }
    set_mode(path, folders);
}

/// A lake that this process fills, and another one only reads.
struct ReadOnly {
    served: Served,
}

impl ReadOnly {
    fn new() -> Self {
        let served = serve(Some(3));
        served.roundup().args(["import", "--lake", "lake", INTERVIEWS]).assert().success();
        served.roundup().args(["analyze", "--lake", "lake", "--keywords", "builtin:data"]).assert().success();
        set_mode(served.folder.path(), 0o755);
        fs::create_dir(served.path("out")).unwrap();
        set_mode(&served.path("out"), 0o777);
        Self { served }
    }

    /// From now on it can only be read.
    fn close(&self) {
        set_modes(&self.served.lake(), 0o555, 0o444);
    }

    /// The program as a user who may write nothing but `out`.
    fn output(&self, arguments: &[&str]) -> Output {
        let program = fs::File::open(assert_cmd::cargo::cargo_bin!("roundup")).unwrap();
        // A user without rights may have no way to the program's folder, but a file that is open can be started.
        rustix::io::fcntl_setfd(&program, FdFlags::empty()).unwrap();
        let mut command = Command::new(format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&program)));
        command.args(arguments).current_dir(self.served.folder.path()).env_remove("ROUNDZERO_API_KEY");
        command.env("XDG_STATE_HOME", self.served.path("out"));
        if rustix::process::geteuid().is_root() {
            // Modes do not bind root.
            command.uid(NOBODY).gid(NOBODY);
        }
        command.output().unwrap()
    }

    #[track_caller]
    fn reads(&self, arguments: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.output(arguments);
        assert_eq!(status.code(), Some(0), "{arguments:?}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap()
    }

    /// The settled interviews, as the lake's owner sees them.
    fn before(&self) -> u64 {
        let output = self.served.roundup().args(["status", "--lake", "lake", "--format", "json"]).output().unwrap();
        let status: Value = serde_json::from_slice(&output.stdout).unwrap();
        status["interviews"]["settled"].as_u64().unwrap()
    }

    #[track_caller]
    fn settled(&self, lake: &str) -> u64 {
        let status: Value = serde_json::from_str(&self.reads(&["status", "--lake", lake, "--format", "json"])).unwrap();
        status["interviews"]["settled"].as_u64().unwrap()
    }

    fn ledger(&self) -> Connection {
        Connection::open(self.served.lake().join("_roundup/ledger.db")).unwrap()
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut names: Vec<PathBuf> =
            fs::read_dir(self.served.lake().join("_roundup")).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        names
    }
}

impl Drop for ReadOnly {
    fn drop(&mut self) {
        // Else the folder could not be deleted.
        set_modes(self.served.folder.path(), 0o755, 0o644);
    }
}

#[test]
fn whatever_only_reads_works_on_a_lake_that_cannot_be_written() {
    let lake = ReadOnly::new();
    let ids = lake.served.ids_in("interviews");
    lake.close();
    let before = lake.files();
    let connector = lake.served.write("greenhouse.toml", include_str!("../../docs/ats/greenhouse.toml"));
    set_mode(&connector, 0o644);
    assert!(lake.settled("lake") > 10);
    let check = lake.served.pipeline("");
    set_mode(&check, 0o644);
    for arguments in [
        &["status", "--lake", "lake"][..],
        &["export", "--lake", "lake", "--format", "csv", "--output", "out/rows.csv"],
        &["get", "--lake", "lake", &ids[0]],
        &["quarantine", "list", "--lake", "lake"],
        &["audio", "--lake", "lake", "--out", "out/archive", "--dry-run"],
        &["ats", "--lake", "lake", "--connector", "greenhouse.toml", "--set", "user=7", "--dry-run"],
        &["report", "--lake", "lake", "--out", "out/reports", "--until", "2026-06-01"],
    ] {
        lake.reads(arguments);
    }
    assert!(lake.served.path("out/reports/2026-06-01/index.html").exists());
    assert_eq!(lake.files(), before, "nothing was left there");
    assert!(!lake.output(&["analyze", "--lake", "lake"]).status.success(), "it is a lake that cannot be written");
}

#[test]
fn no_one_is_quoted_without_a_record_of_it() {
    let lake = ReadOnly::new();
    let quotes = |out: &str| {
        let folder = lake.served.path(out).join("2026-06-01");
        let pages =
            fs::read_dir(folder.join("jobs")).unwrap().map(|page| fs::read_to_string(page.unwrap().path()).unwrap());
        pages.map(|page| page.matches("<blockquote").count()).sum::<usize>()
    };
    let report = ["report", "--lake", "lake", "--until", "2026-06-01", "--period", "200d", "--out"];
    lake.served.roundup().args(report).arg("whole").assert().success();
    assert!(quotes("whole") > 0);
    lake.close();
    let Output { status, stderr, .. } = lake.output(&[&report[..], &["out/reports"]].concat());
    let said = String::from_utf8(stderr).unwrap();
    assert!(status.success(), "{said}");
    assert_eq!(quotes("out/reports"), 0);
    assert!(said.contains("quotes") && said.contains("lake"), "{said}");
}

#[test]
fn a_reader_sees_what_a_run_has_written_so_far() {
    let lake = ReadOnly::new();
    let before = lake.before();
    // As a run in another process, with a change that is only in the write-ahead log.
    let run = lake.ledger();
    run.execute("DELETE FROM interviews WHERE id IN (SELECT id FROM interviews WHERE state = 'settled' LIMIT 1)", [])
        .unwrap();
    lake.close();
    assert_eq!(lake.settled("lake"), before - 1);
    drop(run);
    assert_eq!(lake.settled("lake"), before - 1, "the same after it");
}

#[test]
fn what_a_killed_run_left_in_the_log_is_read() {
    let lake = ReadOnly::new();
    let before = lake.before();
    let run = lake.ledger();
    run.execute("DELETE FROM interviews WHERE id IN (SELECT id FROM interviews WHERE state = 'settled' LIMIT 1)", [])
        .unwrap();
    // As it is on the disk now, so it is after a kill.
    let own = lake.served.lake().join("_roundup");
    let copied = |copy: &str, names: &[&str]| {
        let to = lake.served.path(copy).join("_roundup");
        for folder in ["spool", "inbox", "quarantine"] {
            fs::create_dir_all(to.join(folder)).unwrap();
        }
        for name in names {
            fs::copy(own.join(name), to.join(name)).unwrap();
        }
        set_modes(&lake.served.path(copy), 0o555, 0o444);
    };
    copied("killed", &["ledger.db", "ledger.db-wal", "ledger.db-shm"]);
    assert_eq!(lake.settled("killed"), before - 1);
    copied("part", &["ledger.db", "ledger.db-wal"]);
    let output = lake.output(&["status", "--lake", "part"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "what is only in the log is not left out: {said}");
    assert!(said.contains("hint: copy all files of _roundup"), "{said}");
}

#[test]
fn the_name_of_a_lake_may_be_any() {
    let lake = ReadOnly::new();
    let before = lake.before();
    let odd = "l?k e#%41";
    fs::rename(lake.served.lake(), lake.served.path(odd)).unwrap();
    set_modes(&lake.served.path(odd), 0o555, 0o444);
    assert_eq!(lake.settled(odd), before);
}

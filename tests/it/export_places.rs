//! Where an export goes: a file that appears whole, or whatever else is written straight; and what a killed export left.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;

use rustix::fs::{CWD, Mode};

use crate::common::{INTERVIEWS, Served, serve};

fn imported() -> Served {
    let served = serve(Some(3));
    served.roundup().args(["import", "--lake", "lake", INTERVIEWS]).assert().success();
    served
}

/// The command, as another process that can be given files.
fn export(served: &Served, output: &str, more: &[&str]) -> std::process::Command {
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("roundup"));
    command.args(["export", "--lake", "lake", "--output", output, "--format"]).args(more);
    command.current_dir(served.folder.path()).stderr(Stdio::piped());
    command
}

/// What is exported to standard output.
fn rows_of(served: &Served) -> Vec<u8> {
    let output = served.roundup().args(["export", "--lake", "lake", "--format", "csv"]).output().unwrap();
    assert!(output.status.success());
    output.stdout
}

/// Files in a folder whose names are those of exports that are not finished.
fn unfinished(folder: &Path) -> Vec<PathBuf> {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    names.filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(".roundup-")).collect()
}

#[test]
fn standard_output_may_be_named() {
    let served = imported();
    let wanted = rows_of(&served);
    for name in ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        let output = export(&served, name, &["csv"]).stdout(Stdio::piped()).output().unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
        assert!(output.stdout == wanted, "{name}");
    }
    // A format that is no text goes where it is sent.
    let output = export(&served, "/dev/stdout", &["parquet"]).stdout(Stdio::piped()).output().unwrap();
    assert!(output.stdout.starts_with(b"PAR1") && output.stdout.ends_with(b"PAR1"));
    let output = export(&served, "/dev/stdout", &["xlsx"]).stdout(Stdio::piped()).output().unwrap();
    assert!(output.stdout.starts_with(b"PK"), "{}", String::from_utf8_lossy(&output.stderr));
    // Where no temporary file can be made.
    let output = export(&served, "/proc/self/fd/2", &["xlsx"]).output().unwrap();
    assert!(output.status.success() && output.stderr.starts_with(b"PK"));
}

#[test]
fn what_was_written_before_the_export_stays_before_it() {
    let served = imported();
    let path = served.write("out", "before\n");
    let appended = || OpenOptions::new().append(true).open(&path).unwrap();
    let status = export(&served, "/dev/stdout", &["csv"]).stdout(appended()).status().unwrap();
    assert!(status.success());
    let wanted = [b"before\n".as_slice(), &rows_of(&served)].concat();
    assert!(fs::read(&path).unwrap() == wanted);
}

#[test]
fn a_pipe_with_a_name_is_written_straight() {
    let served = imported();
    let pipe = served.path("pipe");
    rustix::fs::mkfifoat(CWD, &pipe, Mode::RUSR | Mode::WUSR).unwrap();
    let reader = thread::spawn({
        let pipe = pipe.clone();
        move || {
            let mut bytes = Vec::new();
            File::open(pipe).unwrap().read_to_end(&mut bytes).unwrap();
            bytes
        }
    });
    let status = export(&served, "pipe", &["csv"]).status().unwrap();
    assert!(status.success());
    assert!(reader.join().unwrap() == rows_of(&served));
    assert!(fs::symlink_metadata(&pipe).unwrap().file_type().is_fifo(), "it is still a pipe");
    assert!(unfinished(served.folder.path()).is_empty());
}

#[test]
fn a_device_is_written_straight_by_a_command_and_a_run() {
    let served = imported();
    let output = export(&served, "/dev/null", &["csv"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(fs::metadata("/dev/null").unwrap().file_type().is_char_device());
    let pipeline = served.pipeline("[export]\noutput = \"/dev/null\"\nformat = \"csv\"\n");
    served.roundup().arg("check").arg(&pipeline).assert().success();
    served.run(&pipeline, 0);
    assert_eq!(served.last_run()["export"][0]["path"], "/dev/null");
    let full = export(&served, "/dev/full", &["csv"]).output().unwrap();
    let said = String::from_utf8(full.stderr).unwrap();
    assert_eq!(full.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot write /dev/full: "), "{said}");
}

#[test]
fn what_a_killed_export_left_is_private_and_goes_with_the_next() {
    let served = imported();
    let mut killed = export(&served, "out.csv", &["csv"]);
    let status = killed.env("ROUNDUP_CRASH_AT", "export-written").status().unwrap();
    assert_eq!(status.code(), None, "it was killed");
    let left = unfinished(served.folder.path());
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].metadata().unwrap().permissions().mode() & 0o077, 0, "nobody else gets into it");
    assert!(left[0].join("export").metadata().unwrap().len() > 0);
    assert!(!served.path("out.csv").exists());
    // Nothing of anybody else's goes, whatever its name, and no export that is being written.
    let others = [served.write(".roundup-notes.txt", "mine"), served.write(".roundup-abcdef", "mine")];
    fs::create_dir(served.path(".roundup-backup")).unwrap();
    let kept = served.write(".roundup-backup/notes", "mine");
    fs::create_dir(served.path(".roundup-Living")).unwrap();
    let living = served.write(".roundup-Living/export", "half");
    let lock = File::create(served.path(".roundup-Living/lock")).unwrap();
    lock.lock().unwrap();
    assert!(export(&served, "out.csv", &["csv"]).status().unwrap().success());
    assert!(!left[0].exists());
    assert!(living.exists() && kept.exists() && others.iter().all(|path| path.exists()));
    assert!(fs::read(served.path("out.csv")).unwrap() == rows_of(&served));
    drop(lock);
    assert!(export(&served, "out.csv", &["csv"]).status().unwrap().success());
    assert!(!living.exists() && kept.exists());
}

#[test]
fn an_export_that_fails_leaves_nothing() {
    let served = imported();
    fs::create_dir(served.path("out")).unwrap();
    // Whose keywords were never looked for.
    let output = export(&served, "out/rows.csv", &["csv", "--what", "analysis"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(fs::read_dir(served.path("out")).unwrap().count(), 0);
}

#[test]
fn a_reader_of_named_standard_output_may_leave() {
    let served = imported();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = export(&served, "/dev/stdout", &["csv"]).stdout(writer).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn who_may_read_a_finished_export_is_for_the_umask_to_say() {
    let served = imported();
    let made = |umask: &str| {
        let mut shell = std::process::Command::new("sh");
        shell.args(["-c", &format!("umask {umask}; touch usual-{umask}; exec \"$0\" \"$@\"")]);
        shell.arg(assert_cmd::cargo::cargo_bin!("roundup"));
        shell.args(["export", "--lake", "lake", "--format", "csv", "--output", &format!("out-{umask}")]);
        assert!(shell.current_dir(served.folder.path()).stderr(Stdio::null()).status().unwrap().success());
        let mode = |name: &str| served.path(&format!("{name}-{umask}")).metadata().unwrap().permissions().mode();
        (mode("out"), mode("usual"))
    };
    for umask in ["022", "027", "077", "002"] {
        let (out, usual) = made(umask);
        assert_eq!(out, usual, "{umask}");
    }
}

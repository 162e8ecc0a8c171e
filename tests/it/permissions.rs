//! Who may read and write what in a lake, whatever the umask, and what a reader can do with it.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rustix::process::{getegid, geteuid, getgroups};
use serde_json::Value;

use crate::common::{INTERVIEWS, Served, serve};

/// Folders of `_roundup/` that hold what people said, or who they are.
const PRIVATE: [&str; 4] = ["spool", "inbox", "staging", "quarantine"];
/// Any user but the owner, where the tests run as root.
const NOBODY: u32 = 65534;

/// The program under a umask.
fn under(served: &Served, umask: &str) -> Command {
    let mut command = Command::new("sh");
    command.args([
        "-c",
        "umask \"$0\"; exec \"$@\"",
        umask,
        assert_cmd::cargo::cargo_bin!("roundup").to_str().unwrap(),
    ]);
    command.current_dir(served.folder.path()).env("ROUNDZERO_API_KEY", roundup::sandbox::DEFAULT_KEY);
    command.env("XDG_STATE_HOME", served.path("state")).env_remove("ROUNDUP_CRASH_AT");
    command
}

/// Runs it, and checks the exit code.
#[track_caller]
fn ends(command: &mut Command, code: Option<i32>) -> Output {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), code, "{}", String::from_utf8_lossy(&output.stderr));
    output
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())).mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Everything below a folder, and the folder itself.
fn walk(path: &Path, found: &mut Vec<PathBuf>) {
    found.push(path.to_owned());
    if path.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| walk(&entry.unwrap().path(), found));
    }
}

#[track_caller]
fn check_lake(lake: &Path, umask: u32) {
    let mut all = Vec::new();
    walk(lake, &mut all);
    let own = lake.join("_roundup");
    for path in all {
        let (is_folder, mode, shown) = (path.is_dir(), mode(&path), path.display());
        let most = if is_folder { 0o777 } else { 0o666 } & !umask;
        let is_private = PRIVATE.iter().any(|name| path.starts_with(own.join(name)));
        let expected = if path == own {
            most & !0o022
        } else if path.starts_with(own.join("log")) {
            // Who may read the tables may read the log, and needs it.
            most & !0o022
        } else if path.ends_with("last-run.json") {
            0o644 & !umask
        } else if is_private || path.starts_with(&own) {
            if is_folder { 0o700 } else { 0o600 }
        } else if [lake.join("candidates"), lake.join("delta/candidates")].iter().any(|table| path.starts_with(table)) {
            most & !0o027
        } else {
            most
        };
        assert_eq!(mode, expected, "{shown}: {mode:o}, expected {expected:o} under {umask:o}");
    }
}

#[test]
fn the_umask_gives_access_to_tables_and_to_nothing_that_is_the_owners() {
    for umask in [0o000, 0o022, 0o027, 0o077] {
        let served = serve(Some(12));
        let pipeline = served.pipeline("[analyze]\nkeywords = [\"builtin:fillers\"]\n");
        served.write("bad.jsonl", "{\"id\":7}\n");
        let shown = format!("{umask:03o}");
        // A run that dies leaves what SQLite keeps beside the ledger, and what it has staged.
        let mut dies = under(&served, &shown);
        ends(dies.arg("run").arg(&pipeline).env("ROUNDUP_CRASH_AT", "publish-recorded"), None);
        let own = served.path("lake/_roundup");
        assert!(own.join("ledger.db-wal").exists() && own.join("staging").read_dir().unwrap().next().is_some());
        let mut left = Vec::new();
        walk(&own, &mut left);
        left.retain(|path| !path.starts_with(own.join("staging")) || *path == own.join("staging"));
        for path in left.iter().filter(|path| **path != own && !path.starts_with(own.join("log"))) {
            assert_eq!(mode(path) & 0o077, 0, "{}", path.display());
        }
        ends(under(&served, &shown).args(["import", "--lake", "lake", "bad.jsonl"]), Some(3));
        ends(under(&served, &shown).arg("run").arg(&pipeline), Some(0));
        check_lake(&served.lake(), umask);
    }
}

#[test]
fn what_an_earlier_version_left_open_is_closed() {
    let served = serve(Some(12));
    let pipeline = served.pipeline("");
    served.run(&pipeline, 0);
    let own = served.path("lake/_roundup");
    let files = ["lock", "ledger.db", "candidate.key"].map(|name| own.join(name));
    files.iter().for_each(|path| set_mode(path, 0o666));
    let folders = PRIVATE.map(|name| own.join(name));
    folders.iter().for_each(|path| set_mode(path, 0o777));
    set_mode(&own, 0o777);
    set_mode(&served.path("lake/candidates"), 0o775);
    served.run(&pipeline, 0);
    assert_eq!(files.map(|path| mode(&path)), [0o600; 3]);
    assert_eq!(folders.map(|path| mode(&path)), [0o700; 4]);
    assert_eq!((mode(&own), mode(&served.path("lake/candidates"))), (0o755, 0o750));
}

/// A group other than the tests' own that they may give files to.
fn other_group() -> Option<u32> {
    let groups =
        if geteuid().is_root() { vec![NOBODY] } else { getgroups().unwrap().iter().map(|id| id.as_raw()).collect() };
    groups.into_iter().find(|group| *group != getegid().as_raw())
}

/// Gives the candidates to a group as docs/lake.md says, and returns their files and folders.
fn give_candidates(served: &Served, group: u32) -> Vec<PathBuf> {
    let mut found = Vec::new();
    walk(&served.path("lake/candidates"), &mut found);
    found.iter().for_each(|path| chown(path, None, Some(group)).unwrap());
    found.iter().filter(|path| path.is_dir()).for_each(|path| set_mode(path, 0o2750));
    found
}

#[test]
fn a_group_that_is_given_the_candidates_gets_new_ones_too() {
    let Some(group) = other_group() else { return };
    let served = serve(Some(24));
    let all = served.ids();
    served.write("ids.txt", &all[..12].join("\n"));
    served.run(&served.pipeline(""), 0);
    let candidates = served.path("lake/candidates");
    let before = give_candidates(&served, group);
    served.write("ids.txt", &all.join("\n"));
    served.run(&served.pipeline(""), 0);
    let mut after = Vec::new();
    walk(&candidates, &mut after);
    assert!(after.len() > before.len());
    assert!(after.iter().all(|path| fs::metadata(path).unwrap().gid() == group));
    assert_eq!(mode(&candidates), 0o2750);
}

#[test]
fn a_group_that_a_user_namespace_does_not_have_stops_nothing() {
    let namespace = || {
        let mut unshare = Command::new("unshare");
        unshare.args(["--user", "--map-root-user"]);
        unshare
    };
    let has_namespaces = namespace().arg("true").output().is_ok_and(|output| output.status.success());
    let Some(group) = other_group().filter(|_| has_namespaces) else { return };
    let served = serve(Some(24));
    let all = served.ids();
    served.write("ids.txt", &all[..12].join("\n"));
    served.run(&served.pipeline(""), 0);
    let before = give_candidates(&served, group);
    served.write("ids.txt", &all.join("\n"));
    let mut run = under(&served, "027");
    run.arg("run").arg(served.pipeline(""));
    let variables = run.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let mut inside = namespace();
    inside.arg(run.get_program()).args(run.get_args()).envs(variables).current_dir(served.folder.path());
    ends(&mut inside, Some(0));
    let mut after = Vec::new();
    walk(&served.path("lake/candidates"), &mut after);
    assert!(after.len() > before.len());
}

/// Makes the tests' user, or one of its group, a reader who is not the owner. What needs root is done where there is
/// root: elsewhere the owner's own access is taken away.
fn as_reader<'c>(served: &Served, command: &'c mut Command) -> &'c mut Command {
    if geteuid().is_root() {
        set_mode(served.folder.path(), 0o755);
        return command.uid(NOBODY).gid(getegid().as_raw());
    }
    let own = served.path("lake/_roundup");
    for name in PRIVATE.iter().chain(&["quotes", "ledger.db", "candidate.key", "lock"]) {
        if own.join(name).exists() {
            set_mode(&own.join(name), 0);
        }
    }
    set_mode(&own, 0o555);
    command
}

#[test]
fn a_reader_has_status_reports_and_exports_without_what_is_the_owners() {
    let served = serve(None);
    served.roundup().args(["import", "--lake", "lake", INTERVIEWS]).assert().success();
    let more = "[analyze]\nkeywords = [\"builtin:fillers\"]\n";
    ends(under(&served, "027").arg("run").arg(served.pipeline(more)), Some(0));
    let run = |arguments: &[&str]| ends(as_reader(&served, under(&served, "022").args(arguments)), Some(0));
    let analysis =
        ["export", "--lake", "lake", "--what", "analysis", "--keywords", "builtin:fillers", "--format", "csv"];
    let interviews = ["export", "--lake", "lake", "--what", "interviews", "--format", "jsonl"];
    let report = |out: &'static str| {
        fs::create_dir(served.path(out)).unwrap();
        set_mode(&served.path(out), 0o777);
        ["report", "--lake", "lake", "--out", out, "--period", "13w", "--until", "2026-06-01", "--formats", "html,json"]
    };
    let owners = |arguments: &[&str]| ends(under(&served, "022").args(arguments), Some(0)).stdout;
    let expected = [owners(&analysis), owners(&interviews)];
    owners(&report("owners"));

    assert_eq!([run(&analysis).stdout, run(&interviews).stdout], expected);
    run(&report("readers"));
    let summary = |out: &str| -> Value {
        serde_json::from_slice(&fs::read(served.path(out).join("2026-06-01/summary.json")).unwrap()).unwrap()
    };
    let (theirs, ours) = (summary("readers"), summary("owners"));
    assert_eq!(theirs["jobs"], ours["jobs"]);
    assert_eq!((&theirs["quality"]["quarantined"], &theirs["open"]["gone"]), (&Value::Null, &Value::Null));
    let left_out = theirs["provenance"]["left_out"].to_string();
    assert!(left_out.contains("only the owner of the lake can read"), "{left_out}");
    let status = String::from_utf8(run(&["status", "--lake", "lake"]).stdout).unwrap();
    assert!(status.contains("for the owner of the lake alone") && status.contains("last run   ended"), "{status}");
    let interviews = ours["provenance"]["interviews_in_lake"].to_string();
    let row = status.lines().find(|line| line.starts_with("interviews  ")).unwrap();
    assert!(row.split_whitespace().any(|word| word == interviews), "{row}: {interviews}");
    let lock = File::open(served.path("lake/_roundup/lock"));
    assert!(geteuid().is_root() || lock.is_err());
    let json = run(&["status", "--lake", "lake", "--format", "json"]).stdout;
    let json: Value = serde_json::from_slice(&json).unwrap();
    assert!(json.get("interviews").is_none() && json["tables"].as_array().unwrap().len() > 3);
    set_mode(&served.path("lake/_roundup"), 0o755);
    PRIVATE.iter().for_each(|name| set_mode(&served.path("lake/_roundup").join(name), 0o700));
}

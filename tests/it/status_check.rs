//! `status --check` finds whatever is not as it should be, says what to do about it, and finds nothing else.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use roundup::lake::durable::sha256_of;
use roundup::lake::log::{Commit, CommitKind, Committed, append, read_log};
use roundup::lake::read::{ParquetFile, parquet_files};
use roundup::ledger::LiveFile;
use serde_json::Value;
use tempfile::TempDir;

use crate::common::{INTERVIEWS, ledger_of, roundup, serve};

const WITHOUT_LOG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/lake-without-log");

/// An analysed lake of the sample.
struct Analysed {
    folder: TempDir,
}

impl Analysed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let analysed = Self { folder };
        for arguments in [&["import", "--lake", "lake", INTERVIEWS][..], &["analyze", "--lake", "lake"]] {
            roundup(analysed.folder.path()).args(arguments).assert().success();
        }
        analysed
    }

    fn lake(&self) -> PathBuf {
        self.folder.path().join("lake")
    }

    /// The files of a table, relative to the lake.
    fn files(&self, table: &str) -> Vec<String> {
        let files = parquet_files(&self.lake().join(table)).unwrap();
        files.iter().map(|path| path.strip_prefix(self.lake()).unwrap().display().to_string()).collect()
    }

    fn at(&self, path: &str) -> PathBuf {
        self.lake().join(path)
    }

    /// Makes a commit as the program would, but for the ledger, which is told below.
    fn commit(&self, add: &[&str], remove: &[&str]) {
        let live = |path: &&str| {
            let rows = ParquetFile::open(&self.at(path)).map_or(0, |file| file.rows());
            let bytes = fs::metadata(self.at(path)).unwrap().len();
            let table = path.split('/').next().unwrap().to_owned();
            LiveFile { table, path: (*path).to_owned(), rows, bytes, sha256: sha256_of(&self.at(path)).unwrap() }
        };
        self.commit_as(add.iter().map(live).collect(), remove);
    }

    fn commit_as(&self, add: Vec<LiveFile>, remove: &[&str]) {
        let log = self.at("_roundup/log");
        let last = read_log(&log).unwrap().unwrap();
        let commit = Commit {
            version: last.version.number + 1,
            lake: last.version.lake,
            parent: Some(last.version.sha256),
            batch: "by-hand".to_owned(),
            kind: CommitKind::Compact,
            at: jiff::Timestamp::now(),
            by: "a test".to_owned(),
            key: None,
            add,
            remove: remove.iter().map(|path| (*path).to_owned()).collect(),
        };
        assert_eq!(append(&log, &commit, &self.at("_roundup/staged")).unwrap(), Committed::Done);
    }

    /// What a check finds, and what it prints.
    fn check(&self) -> (Vec<(String, String)>, String) {
        let run = |format: &str| {
            let check = ["status", "--lake", "lake", "--check", "--format", format];
            roundup(self.folder.path()).args(check).output().unwrap()
        };
        let output = run("json");
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        let text_of = |finding: &Value, name: &str| finding[name].as_str().unwrap().to_owned();
        let findings = json["findings"].as_array().unwrap();
        let findings: Vec<(String, String)> =
            findings.iter().map(|finding| (text_of(finding, "kind"), text_of(finding, "path"))).collect();
        let code = i32::from(!findings.is_empty());
        assert_eq!(output.status.code(), Some(code), "{json}");
        let output = run("text");
        assert_eq!(output.status.code(), Some(code));
        (findings, String::from_utf8(output.stdout).unwrap())
    }

    /// Checks that there are these findings, and no others but what follows from them in the ledger.
    #[track_caller]
    fn finds(&self, expected: &[(&str, &str)], words: &[&str]) {
        let (found, text) = self.check();
        let mut found: Vec<(&str, &str)> = found.iter().map(|(kind, path)| (&**kind, &**path)).collect();
        if !expected.iter().any(|(kind, _)| *kind == "ledger") {
            found.retain(|(kind, _)| *kind != "ledger");
        }
        let mut expected = expected.to_vec();
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected, "{text}");
        for words in words {
            assert!(text.contains(words), "{words:?} is not in\n{text}");
        }
    }
}

/// The bytes of all files below a folder, without those with which SQLite readers find one another.
fn bytes_below(folder: &Path, found: &mut Vec<(PathBuf, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            bytes_below(&path, found);
        } else if !path.ends_with("ledger.db-shm") && !path.ends_with("ledger.db-wal") {
            found.push((path.clone(), fs::read(path).unwrap()));
        }
    }
    found.sort();
}

#[test]
fn a_clean_lake_has_no_finding_and_stays_as_it_is() {
    let analysed = Analysed::new();
    let (mut before, mut after) = (Vec::new(), Vec::new());
    bytes_below(&analysed.lake(), &mut before);
    // Another program may be holding it.
    let lock = File::open(analysed.at("_roundup/lock")).unwrap();
    lock.lock().unwrap();
    let (found, text) = analysed.check();
    assert_eq!(found, [], "{text}");
    assert_eq!(text.lines().count(), 1, "{text}");
    let files: usize = [
        "interviews",
        "responses",
        "candidates",
        "open_interviews",
        "jobs",
        "runs",
        "response_metrics",
        "interview_metrics",
    ]
    .map(|table| analysed.files(table).len())
    .iter()
    .sum();
    assert!(text.starts_with(&format!("all well: read {files} files of version 4, ")), "{text}");
    bytes_below(&analysed.lake(), &mut after);
    assert!(before == after, "something was changed");
}

#[test]
fn lakes_of_a_run_and_of_an_older_version_have_no_finding() {
    let served = serve(Some(30));
    let more = "questions = \"all\"\n[analyze]\nkeywords = [\"builtin:fillers\"]\n[report]\nout = \"reports\"\n";
    served.run(&served.pipeline(more), 0);
    let check = ["status", "--lake", "lake", "--check"];
    let checked = served.roundup().args(check).output().unwrap();
    assert_eq!(checked.status.code(), Some(0), "{}", String::from_utf8_lossy(&checked.stdout));

    let folder = tempfile::tempdir().unwrap();
    copy(Path::new(WITHOUT_LOG), &folder.path().join("lake"));
    for private in ["ledger.db", "candidate.key"] {
        fs::set_permissions(folder.path().join("lake/_roundup").join(private), Permissions::from_mode(0o600)).unwrap();
    }
    let without_log = roundup(folder.path()).args(check).output().unwrap();
    let text = String::from_utf8(without_log.stdout).unwrap();
    assert_eq!(without_log.status.code(), Some(1), "{text}");
    assert!(text.contains("makes the first log of a lake"), "{text}");
    roundup(folder.path()).args(["import", "--lake", "lake", INTERVIEWS]).assert().success();
    roundup(folder.path()).args(["analyze", "--lake", "lake", "--keywords", "builtin:fillers"]).assert().success();
    let adopted = roundup(folder.path()).args(check).output().unwrap();
    assert_eq!(adopted.status.code(), Some(0), "{}", String::from_utf8_lossy(&adopted.stdout));
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() { copy(&entry.path(), &target) } else { _ = fs::copy(entry.path(), target).unwrap() }
    }
}

#[test]
fn a_flipped_byte() {
    let analysed = Analysed::new();
    for (table, way_out) in
        [("responses", "put this file alone back from a backup"), ("response_metrics", "roundup analyze")]
    {
        let path = analysed.files(table).swap_remove(0);
        let before = fs::read(analysed.at(&path)).unwrap();
        let mut bytes = before.clone();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        fs::write(analysed.at(&path), bytes).unwrap();
        analysed.finds(&[("changed", &path)], &["it has other bytes than the log says", way_out]);
        fs::write(analysed.at(&path), before).unwrap();
    }
    analysed.finds(&[], &["all well"]);
}

#[test]
fn a_file_that_is_cut_or_missing_or_foreign() {
    let analysed = Analysed::new();
    let [answers, people] = ["responses", "candidates"].map(|table| analysed.files(table).swap_remove(0));
    let settled = analysed.files("interviews").swap_remove(0);
    let cut = File::options().write(true).open(analysed.at(&answers)).unwrap();
    cut.set_len(cut.metadata().unwrap().len() / 2).unwrap();
    fs::remove_file(analysed.at(&people)).unwrap();
    let foreign = settled.replace(".parquet", "_again.parquet");
    fs::copy(analysed.at(&settled), analysed.at(&foreign)).unwrap();
    analysed.finds(
        &[("changed", &answers), ("missing", &people), ("foreign", &foreign)],
        &[
            "another size",
            "it is in the log and not there",
            "it is in no commit",
            "put this file alone back from a backup",
        ],
    );
    // Without an interview's file, nobody knows which rows have no interview.
    fs::remove_file(analysed.at(&settled)).unwrap();
    analysed.finds(
        &[("changed", &answers), ("missing", &people), ("missing", &settled), ("foreign", &foreign)],
        &["other rows were not compared with interviews"],
    );
}

#[test]
fn a_file_that_a_killed_run_has_not_placed_yet() {
    let analysed = Analysed::new();
    let path = analysed.files("responses").swap_remove(0);
    let staging = analysed.at("_roundup/staging/20240101T000000000Z");
    fs::create_dir(&staging).unwrap();
    fs::rename(analysed.at(&path), staging.join(path.replace('/', "--"))).unwrap();
    analysed.finds(&[("missing", &path)], &["the next run or import finishes the batch"]);
}

#[test]
fn a_derived_file_that_is_in_no_commit() {
    let analysed = Analysed::new();
    let path = analysed.files("interview_metrics").swap_remove(0);
    let foreign = path.replace(".parquet", "_again.parquet");
    fs::copy(analysed.at(&path), analysed.at(&foreign)).unwrap();
    analysed.finds(&[("foreign", &foreign)], &["it is in no commit", "takes in what an interrupted one has made"]);
}

#[test]
fn keys_that_two_files_have() {
    let analysed = Analysed::new();
    let path = analysed.files("interviews").swap_remove(0);
    let rows = ParquetFile::open(&analysed.at(&path)).unwrap().rows();
    let again = path.replace(".parquet", "_again.parquet");
    fs::copy(analysed.at(&path), analysed.at(&again)).unwrap();
    analysed.commit(&[&again], &[]);
    let jobs = ("stale", "jobs/jobs.parquet");
    analysed.finds(&[("doubled", &again), jobs], &[&format!("{rows} of its keys (interview_id) are also in {path}")]);
}

#[test]
fn rows_without_their_interviews() {
    let analysed = Analysed::new();
    let path = analysed.files("interviews").swap_remove(0);
    let of = |table: &str| path.replacen("interviews", table, 1);
    let (answers, people, figures) = (of("responses"), of("candidates"), of("interview_metrics"));
    let rows = ParquetFile::open(&analysed.at(&answers)).unwrap().rows();
    fs::remove_file(analysed.at(&path)).unwrap();
    analysed.commit(&[], &[&path]);
    analysed.finds(
        &[("orphans", &answers), ("orphans", &people), ("stale", &figures), ("stale", "jobs/jobs.parquet")],
        &[&format!("{rows} of its rows are of no settled interview"), "what it was made from is no part of the lake"],
    );
}

#[test]
fn a_month_that_is_not_that_of_the_rows() {
    let analysed = Analysed::new();
    let path = analysed.files("responses").swap_remove(0);
    let (table, name) = (Path::new("responses"), Path::new(&path).file_name().unwrap());
    let moved = table.join("month=1999-12").join(name).display().to_string();
    fs::create_dir(analysed.at("responses/month=1999-12")).unwrap();
    fs::rename(analysed.at(&path), analysed.at(&moved)).unwrap();
    analysed.commit(&[&moved], &[&path]);
    let of = |table: &str| path.replacen("responses", table, 1);
    let (answers, interviews) = (of("response_metrics"), of("interview_metrics"));
    analysed.finds(
        &[("misplaced", &moved), ("stale", &answers), ("stale", &interviews)],
        &["of its rows are not of 1999-12 by their settled_at"],
    );
}

#[test]
fn figures_of_other_bytes() {
    let analysed = Analysed::new();
    let files = analysed.files("response_metrics");
    let (one, other) = (&files[0], &files[1]);
    fs::copy(analysed.at(one), analysed.at(other)).unwrap();
    analysed.commit(&[other], &[]);
    analysed.finds(
        &[("stale", other), ("orphans", other), ("misplaced", other)],
        &["it was made from other bytes than the lake has now", "of no answer of the same month and batch", "analyze"],
    );
}

#[test]
fn another_table_and_what_is_no_table() {
    let analysed = Analysed::new();
    let people = analysed.files("candidates").swap_remove(0);
    let place = |table: &str| people.replacen("candidates", table, 1).replace(".parquet", "_again.parquet");
    let (questions, runs) = (place("questions"), place("runs"));
    for path in [&questions, &runs] {
        fs::create_dir_all(analysed.at(path).parent().unwrap()).unwrap();
    }
    fs::copy(analysed.at(&people), analysed.at(&questions)).unwrap();
    fs::write(analysed.at(&runs), "not Parquet at all").unwrap();
    analysed.commit(&[&questions, &runs], &[]);
    // A table, two columns that questions do not have, and five that they have.
    let mut expected = vec![("schema", questions.as_str()); 3];
    expected.push(("unreadable", &runs));
    let (found, text) = analysed.check();
    for one in expected {
        assert!(found.contains(&(one.0.to_owned(), one.1.to_owned())), "{text}");
    }
    for words in
        ["its metadata names the table candidates", "a column email, which the table has not", "it lacks the column"]
    {
        assert!(text.contains(words), "{words:?} is not in\n{text}");
    }
}

#[test]
fn other_rows_than_the_log_says() {
    let analysed = Analysed::new();
    let path = analysed.files("candidates").swap_remove(0);
    let live = read_log(&analysed.at("_roundup/log")).unwrap().unwrap().version.file(&path).unwrap().clone();
    let rows = live.rows;
    analysed.commit_as(vec![LiveFile { rows: rows + 1, ..live }], &[]);
    analysed.finds(&[("changed", &path)], &[&format!("it has {rows} rows, and the log says {}", rows + 1)]);
}

#[test]
fn a_log_that_is_gone_or_damaged() {
    let analysed = Analysed::new();
    let log = analysed.at("_roundup/log");
    fs::write(log.join("00000000000000000001.json"), "{}").unwrap();
    analysed.finds(&[("log", "_roundup/log")], &["00000000000000000001.json", "roundup repair"]);
    fs::remove_dir_all(log).unwrap();
    analysed.finds(&[("log", "_roundup/log")], &["there is none", "begins it anew, and keeps all tables"]);
}

#[test]
fn a_ledger_that_is_behind_or_other() {
    let ledger = [("ledger", "_roundup/ledger.db")];
    let analysed = Analysed::new();
    let change = |sql: &str| assert!(ledger_of(&analysed.lake()).execute(sql, []).unwrap() > 0);
    change(
        "UPDATE interviews SET state = 'failed' WHERE id IN (SELECT id FROM interviews WHERE state = 'settled' LIMIT 1)",
    );
    analysed.finds(&ledger, &["settled interviews, and the tables", "roundup ledger rebuild"]);
    change("UPDATE interviews SET state = 'settled' WHERE state = 'failed'");
    analysed.finds(&[], &["all well"]);
    change("UPDATE live_files SET sha256 = '' WHERE path IN (SELECT path FROM live_files LIMIT 1)");
    analysed.finds(&ledger, &["it has 1 file otherwise than the log"]);
    analysed.commit(&[], &[]);
    analysed.finds(&ledger, &["it is at version 4, and the log at 5", "the next run or import brings it up"]);
    change("UPDATE applied SET version = 9");
    analysed.finds(&ledger, &["the log is older than the ledger", "do not copy again: `roundup repair"]);
    fs::write(analysed.at("_roundup/ledger.db"), "this is no database, and was one before").unwrap();
    analysed.finds(&ledger, &["roundup ledger rebuild"]);
    for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
        let _not_there = fs::remove_file(analysed.at("_roundup").join(name));
    }
    analysed.finds(&ledger, &["there is none"]);
}

#[test]
fn another_candidate_key() {
    let analysed = Analysed::new();
    fs::write(analysed.at("_roundup/candidate.key"), "00".repeat(32)).unwrap();
    let key = [("candidate-key", "_roundup/candidate.key")];
    analysed.finds(&key, &["is not the one of this lake", "put this file alone back from a backup of this lake"]);
    fs::remove_file(analysed.at("_roundup/candidate.key")).unwrap();
    analysed.finds(&key, &["is missing"]);
}

#[test]
fn a_candidate_key_outside_the_lake() {
    let analysed = Analysed::new();
    let elsewhere = analysed.folder.path().join("the.key");
    fs::rename(analysed.at("_roundup/candidate.key"), &elsewhere).unwrap();
    let check = || {
        let flags = ["status", "--lake", "lake", "--check", "--candidate-key-file", "the.key"];
        let output = roundup(analysed.folder.path()).args(flags).output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    assert_eq!(check().0, Some(0), "{}", check().1);
    fs::set_permissions(&elsewhere, Permissions::from_mode(0o604)).unwrap();
    assert_eq!(check().0, Some(1));
    assert!(check().1.contains("chmod 600 the.key"), "{}", check().1);
}

#[test]
fn what_others_can_get_at() {
    let analysed = Analysed::new();
    let set = |path: &str, mode| fs::set_permissions(analysed.at(path), Permissions::from_mode(mode)).unwrap();
    set("_roundup/candidate.key", 0o644);
    set("_roundup/log", 0o777);
    analysed.finds(
        &[("permissions", "_roundup/candidate.key"), ("permissions", "_roundup/log")],
        &[
            "private, and others can get at it (mode 644)",
            "chmod 600 ",
            "everybody can write to it (mode 777)",
            "chmod o-w ",
        ],
    );
}

#[test]
fn what_is_set_aside_is_shown_and_no_finding() {
    let folder = tempfile::tempdir().unwrap();
    let body = "{\"id\": \"one\", \"status\": \"completed\", \"responses\": \"none\"}\n";
    fs::write(folder.path().join("bodies.jsonl"), body).unwrap();
    roundup(folder.path()).args(["import", "--lake", "lake", "bodies.jsonl"]).assert().code(3);
    let checked = roundup(folder.path()).args(["status", "--lake", "lake", "--check"]).output().unwrap();
    let text = String::from_utf8(checked.stdout).unwrap();
    assert_eq!(checked.status.code(), Some(0), "{text}");
    assert!(text.ends_with("1 body is set aside\n"), "{text}");
}

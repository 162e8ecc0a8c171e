//! What a repair says and keeps: what it moves, what is asked for again, and what goes on after the log is lost.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use roundup::lake::log::{Version, read_log};
use roundup::lake::read::{ParquetFile, parquet_files, strings};
use serde_json::Value;
use tempfile::TempDir;

use crate::common::{INTERVIEWS, roundup};

/// An analysed lake of the sample.
struct Harmed {
    folder: TempDir,
}

impl Harmed {
    fn new() -> Self {
        let harmed = Self { folder: tempfile::tempdir().unwrap() };
        harmed.done(&["import", "--lake", "lake", INTERVIEWS], 0);
        harmed.done(&["analyze", "--lake", "lake", "--keywords", "builtin:fillers"], 0);
        harmed
    }

    fn lake(&self) -> PathBuf {
        self.folder.path().join("lake")
    }

    /// The first file of a table.
    fn file(&self, table: &str) -> PathBuf {
        parquet_files(&self.lake().join(table)).unwrap().swap_remove(0)
    }

    /// Ends with a code, and says this on both outputs.
    #[track_caller]
    fn done(&self, arguments: &[&str], code: i32) -> String {
        let output = roundup(self.folder.path()).args(arguments).output().unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        said
    }

    #[track_caller]
    fn repair(&self, more: &[&str], code: i32) -> String {
        self.done(&[&["repair", "--lake", "lake"], more].concat(), code)
    }

    /// What a command that ends with 0 writes as data.
    fn data(&self, arguments: &[&str]) -> String {
        let assert = roundup(self.folder.path()).args(arguments).assert().success();
        String::from_utf8(assert.get_output().stdout.clone()).unwrap()
    }

    #[track_caller]
    fn refused(&self, words: &[&str]) {
        let said = self.done(&["import", "--lake", "lake", INTERVIEWS], 1);
        words.iter().for_each(|words| assert!(said.contains(words), "{words:?} is not in\n{said}"));
    }

    fn version(&self) -> Version {
        read_log(&self.lake().join("_roundup/log")).unwrap().unwrap().version
    }
}

/// The interviews in a file of theirs.
fn ids_in(path: &Path) -> BTreeSet<String> {
    let rows = ParquetFile::open(path).unwrap().all(&["interview_id"]).unwrap();
    strings(&rows, "interview_id").iter().flatten().map(str::to_owned).collect()
}

#[test]
fn a_repair_names_what_was_imported_and_leaves_no_empty_folder() {
    let harmed = Harmed::new();
    let answers = harmed.file("responses");
    let lost = ids_in(&harmed.file("interviews"));
    assert!(!lost.is_empty());
    fs::remove_file(&answers).unwrap();
    harmed.refused(&["does not agree with its log", "put these files alone back from a backup (`cp -p`)"]);
    let said: Value =
        serde_json::from_str(&harmed.data(&["repair", "--lake", "lake", "--dry-run", "--format", "json"])).unwrap();
    for name in ["asked_again", "imported"] {
        let ids: BTreeSet<String> = serde_json::from_value(said[name].clone()).unwrap();
        assert_eq!(ids, lost, "{name}");
    }
    let said = harmed.data(&["repair", "--lake", "lake", "--dry-run"]);
    assert!(said.contains("to be asked for again by the next run: keep _roundup/foreign/"), "{said}");
    assert!(said.contains(" of them imported") && lost.iter().any(|id| said.contains(id)), "{said}");
    assert_eq!(
        harmed.data(&["repair", "--lake", "lake"]),
        said.replace("nothing was changed: run it without --dry-run", "done")
    );
    assert!(!answers.parent().unwrap().exists(), "an empty folder is left");
    harmed.done(&["import", "--lake", "lake", INTERVIEWS], 0);
    assert!(answers.parent().unwrap().exists());
}

#[test]
fn each_harm_has_its_own_way_out() {
    // A file that every run writes anew is no loss.
    let harmed = Harmed::new();
    fs::write(harmed.file("open_interviews"), "cut").unwrap();
    harmed.refused(&["has changed", "the next run fetches again what was in them"]);
    harmed.repair(&[], 0);
    // What is not the lake's own is moved, and nothing else.
    let harmed = Harmed::new();
    let file = harmed.file("interviews");
    let stranger = file.with_file_name("stranger.parquet");
    fs::copy(&file, &stranger).unwrap();
    harmed
        .refused(&["has files that are not its own: interviews/", "moves them to _roundup/foreign/, and nothing else"]);
    let said = harmed.repair(&[], 0);
    assert_eq!((said.lines().count(), said.lines().last()), (2, Some("done")), "{said}");
    assert!(said.starts_with("move interviews/") && !stranger.exists(), "{said}");
    // Both at once, as after a backup was copied over the lake.
    fs::copy(&file, &stranger).unwrap();
    fs::remove_file(harmed.file("responses")).unwrap();
    harmed.refused(&["was a backup copied over the lake? do not copy again"]);
}

#[test]
fn a_lost_log_goes_on_from_what_the_ledger_knows() {
    let harmed = Harmed::new();
    let before = harmed.version();
    let mirror = ["mirror", "--lake", "lake", "--to", &format!("file://{}", harmed.folder.path().join("m").display())];
    harmed.done(&mirror, 0);
    fs::remove_dir_all(harmed.lake().join("_roundup/log")).unwrap();
    harmed.refused(&["the log of the lake at ", " is gone", "begins it anew, and keeps all tables"]);
    let said = harmed.repair(&[], 0);
    assert_eq!(said, "begin the log anew: the log is gone\ndone\n");
    let after = harmed.version();
    assert!(after.lake == before.lake && after.key == before.key && after.number > before.number);
    let tables = |version: &Version| -> Vec<String> {
        version.files().filter(|file| file.table != "runs").map(|file| file.path.clone()).collect()
    };
    assert_eq!(tables(&after), tables(&before));
    harmed.done(&["status", "--check", "--lake", "lake"], 0);
    harmed.done(&mirror, 0);
    harmed.done(&[&mirror[..], &["--verify"]].concat(), 0);
}

#[test]
fn a_missing_candidate_key_is_said_by_a_dry_run() {
    let harmed = Harmed::new();
    let key = harmed.lake().join("_roundup/candidate.key");
    let bytes = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    for arguments in [&["--dry-run"][..], &[]] {
        let said = harmed.repair(arguments, 1);
        assert!(said.contains("candidate.key is missing"), "{said}");
        assert!(said.contains("back from a backup of this lake, however old") && !said.contains("nothing"), "{said}");
    }
    // With what else there is to do.
    fs::remove_file(harmed.file("responses")).unwrap();
    let said = harmed.repair(&["--dry-run"], 1);
    assert!(said.contains("drop responses/") && said.contains("candidate.key is missing"), "{said}");
    harmed.repair(&[], 1);
    fs::write(&key, bytes).unwrap();
    harmed.repair(&[], 0);
    harmed.done(&["status", "--check", "--lake", "lake"], 0);
}

#[test]
fn a_flipped_byte_in_the_table_of_jobs_is_counted_again() {
    let harmed = Harmed::new();
    let (path, whole) = (harmed.file("jobs"), fs::read(harmed.file("jobs")).unwrap());
    let mut bytes = whole.clone();
    bytes[8] ^= 4;
    fs::write(&path, bytes).unwrap();
    let said = harmed.done(&["status", "--check", "--lake", "lake"], 1);
    assert!(said.contains("repair --lake lake` counts it again from the interviews"), "{said}");
    harmed.repair(&[], 0);
    assert_eq!(fs::read(&path).unwrap(), whole);
    harmed.done(&["status", "--check", "--lake", "lake"], 0);
    assert_eq!(harmed.repair(&[], 0), "nothing to repair\n");
}

#[test]
fn a_ledger_that_cannot_be_rebuilt_stays() {
    let harmed = Harmed::new();
    let own = harmed.lake().join("_roundup");
    let before = fs::read(own.join("ledger.db")).unwrap();
    let interviews = harmed.file("interviews");
    let bytes = fs::read(&interviews).unwrap();
    fs::remove_file(&interviews).unwrap();
    harmed.done(&["ledger", "rebuild", "--lake", "lake"], 1);
    assert_eq!(fs::read(own.join("ledger.db")).unwrap(), before);
    assert!(fs::read_dir(own.join("staging")).unwrap().next().is_none() && !own.join("foreign").exists());
    fs::write(&interviews, bytes).unwrap();
    let said = harmed.done(&["ledger", "rebuild", "--lake", "lake"], 0);
    assert!(said.starts_with("the ledger has ") && !said.contains("WARN"), "{said}");
    harmed.done(&["status", "--check", "--lake", "lake"], 0);
}

#[test]
fn status_shows_what_can_be_read_of_a_damaged_lake() {
    let harmed = Harmed::new();
    let whole = harmed.done(&["status", "--lake", "lake"], 0);
    let (cut, gone) = (harmed.file("responses"), harmed.file("candidates"));
    fs::write(&cut, "cut").unwrap();
    fs::remove_file(&gone).unwrap();
    let said = harmed.done(&["status", "--lake", "lake"], 1);
    for words in [whole.lines().next().unwrap(), "`roundup status --check --lake lake` says what is wrong"] {
        assert!(said.contains(words), "{words:?} is not in\n{said}");
    }
    for path in [&cut, &gone] {
        assert!(said.contains(path.file_name().unwrap().to_str().unwrap()), "{said}");
    }
    let json: Value = serde_json::from_slice(
        &roundup(harmed.folder.path()).args(["status", "--lake", "lake", "--format", "json"]).output().unwrap().stdout,
    )
    .unwrap();
    assert_eq!(json["unreadable"].as_array().unwrap().len(), 2, "{json}");
    assert!(json["unreadable"][0]["hint"].as_str().unwrap().contains("status --check"), "{json}");
    // Without a log nobody knows which files there are.
    fs::write(harmed.lake().join("_roundup/log/00000000000000000001.json"), "{}").unwrap();
    let said = harmed.done(&["status", "--lake", "lake"], 1);
    assert!(said.contains("the log of the lake is damaged at "), "{said}");
}

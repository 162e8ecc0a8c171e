//! Erasures that are killed, or that find the disk full, end with the next command, whatever the step.
#![cfg(target_os = "linux")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use roundup::inbox::file::{InboxWriter, ReceivedEvent};
use roundup::lake::Lake;
use roundup::lake::read::parquet_files;
use roundup::lake::schema::TABLES;
use roundup::round0::webhook::Event;
use serde_json::json;
use tempfile::TempDir;

use crate::common::{Served, roundup, rows, serve};
use crate::forget::{ALL, body, ended, imported, is_in_files, quoted, tables, without};

const ANALYZE: [&str; 5] = ["analyze", "--lake", "lake", "--keywords", "builtin:engineering"];

fn copy(from: &Path, to: &Path) {
    let _not_there = fs::remove_dir_all(to);
    // With hard links and times as they are.
    assert!(Command::new("cp").arg("-a").args([from, to]).status().unwrap().success());
}

const POINTS: &[&str] = &[
    "erase-begun",
    "erase-tombstoned",
    "publish-staged",
    "publish-recorded",
    "publish-placed-one",
    "publish-placed-all",
    "delta-linked",
    "delta-committed",
    "publish-committed",
    "erase-committed",
    "erase-ledger",
    "erase-spool",
    "erase-inbox",
    "erase-quarantine",
    "erase-archive",
    "erase-leftovers",
    "report-staged",
    "report-placed",
    "erase-reports",
    "erase-receipt",
    "log-checkpoint",
    "erase-log",
    "erase-forgotten",
    "erase-mirrors",
];

/// How many files the Delta tables have, by table.
fn links(lake: &Path) -> BTreeMap<&'static str, usize> {
    let files = |name: &str| parquet_files(&lake.join("delta").join(name)).unwrap();
    let is_log = |path: &PathBuf| path.components().any(|part| part.as_os_str() == "_delta_log");
    TABLES.iter().map(|table| (table.name, files(table.name).iter().filter(|path| !is_log(path)).count())).collect()
}

/// How many files the tables have.
fn live(lake: &Path) -> BTreeMap<&'static str, usize> {
    TABLES.iter().map(|table| (table.name, parquet_files(&lake.join(table.name)).unwrap().len())).collect()
}

/// An erasure that is begun again and again, each time in the same folders.
struct Case<'a> {
    folder: &'a Path,
    /// The folders that it changes.
    places: &'a [&'a str],
    command: &'a [&'a str],
    /// Texts that no message may have.
    secrets: &'a [&'a str],
    /// Checks that all is erased, and nothing else.
    is_erased: &'a dyn Fn(&str),
}

impl Case<'_> {
    /// Copies the folders elsewhere.
    fn keep(&self) -> TempDir {
        let kept = tempfile::tempdir().unwrap();
        self.places.iter().for_each(|place| copy(&self.folder.join(place), &kept.path().join(place)));
        kept
    }

    fn put_back(&self, kept: &TempDir) {
        self.places.iter().for_each(|place| copy(&kept.path().join(place), &self.folder.join(place)));
    }

    /// Runs the program after some words of the shell, in which SIGXFSZ is ignored.
    fn run(&self, before: &str, variable: &str, point: &str, arguments: &[&str]) -> Output {
        let mut shell = Command::new("sh");
        shell.current_dir(self.folder).args(["-c", &format!("trap '' XFSZ; {before} exec \"$@\""), "sh"]);
        shell.arg(assert_cmd::cargo::cargo_bin!("roundup")).args(arguments).env(variable, point);
        shell.env("XDG_STATE_HOME", self.folder.join("state")).output().unwrap()
    }

    /// Checks what a command has said that failed.
    fn failed(&self, why: &str, output: &Output) {
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{why}: {stderr}");
        assert!(stderr.contains("error: cannot ") || stderr.contains("disk"), "{why}: {stderr}");
        for text in [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes)) {
            assert!(self.secrets.iter().all(|secret| !text.contains(secret)), "{why}: {text}");
        }
    }

    /// Goes on with the next command that writes to the lake.
    fn goes_on(&self, why: &str) {
        ended(roundup(self.folder).args(ANALYZE), 0);
        (self.is_erased)(why);
        let lake = self.folder.join("lake");
        assert_eq!(rows(&lake, "erasures").len(), 1, "{why}");
        assert_eq!(fs::read_dir(lake.join("_roundup/erasing")).unwrap().count(), 0, "{why}");
        ended(roundup(self.folder).args(["status", "--check", "--lake", "lake"]), 0);
        assert_eq!(links(&lake), live(&lake), "{why}");
    }

    /// Is killed at each step, also when the next command goes on with it.
    fn killed_at_each_step(&self) {
        let kept = self.keep();
        for point in POINTS {
            self.put_back(&kept);
            let output = self.run("", "ROUNDUP_CRASH_AT", point, self.command);
            assert_eq!(output.status.code(), None, "{point}: {}", String::from_utf8_lossy(&output.stderr));
            let _killed_again_or_done = self.run("", "ROUNDUP_CRASH_AT", point, &ANALYZE);
            self.goes_on(point);
        }
    }

    /// Finds the disk full from each step on, also when the next command goes on with it.
    fn on_a_full_disk_at_each_step(&self) {
        let kept = self.keep();
        for point in POINTS {
            self.put_back(&kept);
            self.failed(point, &self.run("", "ROUNDUP_FULL_AT", point, self.command));
            let (said, _) = ended(roundup(self.folder).args(["status", "--lake", "lake"]), 0);
            let is_over = fs::read_dir(self.folder.join("lake/_roundup/erasing")).unwrap().next().is_none();
            assert_eq!(said.contains("1 erasure is not over"), !is_over, "{point}: {said}");
            self.failed(point, &self.run("ulimit -f 0;", "ROUNDUP_FULL_AT", "", &ANALYZE));
            self.goes_on(point);
        }
    }

    /// Can write no file beyond a size, so that files are cut short, and then all that it wants to.
    fn where_files_are_cut_short(&self) {
        let kept = self.keep();
        for blocks in (0..12).step_by(2).map(|power| 1 << power) {
            self.put_back(&kept);
            let output = self.run(&format!("ulimit -f {blocks};"), "ROUNDUP_FULL_AT", "", self.command);
            let why = format!("files of {blocks} blocks");
            if output.status.code() != Some(0) {
                self.failed(&why, &output);
                // Either the next command goes on, or the erasure had not begun.
                ended(roundup(self.folder).args(ANALYZE), 0);
                if rows(&self.folder.join("lake"), "erasures").is_empty() {
                    ended(roundup(self.folder).args(self.command), 0);
                }
            }
            self.goes_on(&why);
        }
    }
}

/// A person whom a report quotes and whose recordings are archived, in a lake with everything on, and their interviews.
fn everywhere() -> (Served, String, Vec<String>) {
    let served = serve(Some(60));
    let pages_alone = ALL.replace("[report]\n", "[report]\nformats = [\"html\"]\n");
    served.run(&served.pipeline(&pages_alone), 0);
    let lake = served.lake();
    let is_archived = |id: &String| served.path("archive/interviews").join(id).exists();
    let (email, mut ids) = quoted(&lake).into_iter().find(|(_, ids)| is_archived(&ids[0])).unwrap();
    let settled = rows(&lake, "interviews");
    let key = settled.iter().find(|row| row["interview_id"] == ids[0]).and_then(|row| row.get("candidate_key"));
    let open = rows(&lake, "open_interviews").into_iter().filter(|row| row.get("candidate_key") == key);
    ids.extend(open.map(|row| row["interview_id"].clone()));
    // Another interview of theirs breaks the contract, and an event waits.
    let mut broken = body("broken-1", "person-broken", &email);
    broken["status"] = json!(7);
    served.write("broken.jsonl", &broken.to_string());
    ended(served.roundup().args(["import", "--lake", "lake", "broken.jsonl"]), 3);
    let event = json!({"interview": {"id": "waiting-1"}, "candidate": {"email": email}}).to_string().into_bytes();
    let event = Event {
        id: "e-1".to_owned(),
        kind: "interview_ended".to_owned(),
        interview: Some("waiting-1".to_owned()),
        body: event,
    };
    let received = ReceivedEvent { event, source: "default".to_owned(), at: jiff::Timestamp::UNIX_EPOCH };
    InboxWriter::new(Lake::open(&lake).unwrap().inbox_folder()).unwrap().append(&[received]).unwrap();
    let mirror = format!("file://{}", served.path("mirror").display());
    ended(served.roundup().args(["mirror", "--lake", "lake", "--to", &mirror]), 0);
    ids.extend(["broken-1", "waiting-1"].map(str::to_owned));
    (served, email, ids)
}

const EVERYWHERE: [&str; 4] = ["lake", "archive", "reports", "mirror"];

/// Erases somebody who is everywhere in some way.
fn forget_everywhere(work: impl Fn(&Case<'_>)) {
    let (served, email, ids) = everywhere();
    let (folder, lake) = (served.folder.path(), served.lake());
    let expected = without(tables(&lake), &ids);
    let is_erased = |why: &str| {
        assert_eq!(tables(&lake), expected, "{why}");
        let look = ["forget", "--lake", "lake", "--verify", "--candidate", &email];
        let named = ids.iter().flat_map(|id| ["--interview", id]);
        let (found, _) = ended(roundup(folder).args(look).args(named), 0);
        assert!(found.contains("no id and no address is left\n"), "{why}: {found}");
        assert!(EVERYWHERE.iter().all(|place| !is_in_files(&folder.join(place), &ids[0])), "{why}");
    };
    let secrets: Vec<&str> = ids.iter().chain([&email]).map(String::as_str).collect();
    let command = ["forget", "--lake", "lake", "--candidate", &email, "--yes"];
    work(&Case { folder, places: &EVERYWHERE, command: &command, secrets: &secrets, is_erased: &is_erased });
}

/// Erases transcripts and names by age in some way.
fn retain(work: impl Fn(&Case<'_>)) {
    let folder = imported();
    let (folder, lake) = (folder.path(), folder.path().join("lake"));
    let before = tables(&lake);
    let had = before["responses"].iter().filter(|row| row.contains_key("transcript")).count();
    let is_erased = |why: &str| {
        let now = tables(&lake);
        assert!(now["candidates"].is_empty(), "{why}");
        let erased = now["responses"].iter().filter(|row| row.contains_key("transcript_erased_at"));
        assert_eq!((now["responses"].len(), erased.count()), (before["responses"].len(), had), "{why}");
        assert!(now["responses"].iter().all(|row| !row.contains_key("transcript")), "{why}");
        for table in ["interviews", "questions", "response_metrics", "interview_metrics", "keyword_hits"] {
            assert_eq!(now[table], before[table], "{why}: {table}");
        }
    };
    let command = ["retain", "--lake", "lake", "--transcripts-days", "1", "--candidates-days", "2", "--yes"];
    work(&Case { folder, places: &["lake", "reports"], command: &command, secrets: &[], is_erased: &is_erased });
}

#[test]
fn a_person_is_erased_though_the_program_is_killed_at_each_step_and_again() {
    forget_everywhere(|case| case.killed_at_each_step());
}

#[test]
fn a_person_is_erased_though_the_disk_is_full_at_each_step_and_again() {
    forget_everywhere(|case| case.on_a_full_disk_at_each_step());
}

#[test]
fn a_person_is_erased_though_files_are_cut_short_by_a_full_disk() {
    forget_everywhere(|case| case.where_files_are_cut_short());
}

#[test]
fn what_is_too_old_is_erased_though_the_program_is_killed_at_each_step_and_again() {
    retain(|case| case.killed_at_each_step());
}

#[test]
fn what_is_too_old_is_erased_though_the_disk_is_full_at_each_step_and_again() {
    retain(|case| case.on_a_full_disk_at_each_step());
}

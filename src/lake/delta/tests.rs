//! One Delta table on its own: its checkpoints, its sweeping, and what it is compared with.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::action::{Action, Add};
use super::history::History;
use super::log::{State, TableLog};
use super::names::place_of;
use super::sweep::sweep;
use super::table::{DeltaTable, Followed};
use crate::lake::durable::sha256_of;
use crate::lake::log::{Commit, CommitKind, Version};
use crate::lake::schema::QUESTIONS;
use crate::ledger::LiveFile;

/// A lake of one table whose files hold whatever a test says, and its log.
struct Twin {
    folder: tempfile::TempDir,
    commits: Vec<Commit>,
    version: Option<Version>,
    /// The bytes of the files of each version.
    versions: Vec<BTreeMap<String, String>>,
}

impl Twin {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, commits: Vec::new(), version: None, versions: Vec::new() }
    }

    /// Commits files, `None` for those that are removed, by their place in the table.
    fn commit(&mut self, files: &[(&str, Option<String>)]) {
        let (mut add, mut remove) = (Vec::new(), Vec::new());
        let mut now = self.versions.last().cloned().unwrap_or_default();
        for (place, bytes) in files {
            let path = format!("questions/{place}");
            let there = self.folder.path().join(&path);
            fs::create_dir_all(there.parent().unwrap()).unwrap();
            if let Some(bytes) = bytes {
                // As the lake replaces a file: another one takes its name.
                fs::write(there.with_extension("new"), bytes).unwrap();
                fs::rename(there.with_extension("new"), &there).unwrap();
                let (table, sha256) = ("questions".to_owned(), sha256_of(&there).unwrap());
                add.push(LiveFile { table, path, rows: 1, bytes: bytes.len() as u64, sha256 });
                now.insert((*place).to_owned(), bytes.clone());
            } else if now.remove(*place).is_some() {
                fs::remove_file(&there).unwrap();
                remove.push(path);
            }
        }
        let commit = Commit {
            version: self.commits.len() as u64,
            lake: "lake".to_owned(),
            parent: self.version.as_ref().map(|version| version.sha256.clone()),
            batch: "batch".to_owned(),
            kind: CommitKind::Import,
            at: Timestamp::UNIX_EPOCH,
            by: "0".to_owned(),
            key: None,
            add,
            remove,
        };
        self.version = Version::after(self.version.take(), &commit, &commit.to_bytes());
        self.commits.push(commit);
        self.versions.push(now);
    }

    fn table(&self) -> DeltaTable<'_> {
        DeltaTable::of(self.folder.path(), &QUESTIONS)
    }

    fn delta(&self) -> PathBuf {
        self.folder.path().join("delta/questions")
    }

    fn follow(&self) {
        let history = History { version: self.version.as_ref().unwrap(), tail: self.commits.iter().collect() };
        assert_eq!(self.table().follow(&history, false).unwrap(), Followed::Done);
    }

    fn state(&self) -> State {
        self.table().log.read().unwrap().unwrap()
    }

    /// The bytes of a state's files, by place.
    fn bytes(&self, state: &State) -> BTreeMap<String, String> {
        let read = |link: &String| (place_of(link).unwrap(), fs::read_to_string(self.delta().join(link)).unwrap());
        state.live.keys().map(read).collect()
    }
}

fn links(folder: &Path) -> BTreeSet<String> {
    let months = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let names = months.filter(|path| !path.ends_with("_delta_log")).flat_map(|path| fs::read_dir(path).unwrap());
    names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

const A: &str = "month=2026-05/a.parquet";
const B: &str = "month=2026-05/b.parquet";

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn a_checkpoint_is_what_the_commits_are() {
    let mut twin = Twin::new();
    for number in 0..25 {
        twin.commit(&[(A, Some(format!("{number}"))), (B, (number % 3 != 0).then(|| "b".to_owned()))]);
        twin.follow();
    }
    let log = twin.delta().join("_delta_log");
    assert!(log.join("00000000000000000010.checkpoint.parquet").exists());
    assert!(log.join("00000000000000000020.checkpoint.parquet").exists());
    let with = twin.state();
    fs::remove_file(log.join("_last_checkpoint")).unwrap();
    let without = twin.state();
    assert_eq!((&with.live, &with.metadata, &with.from), (&without.live, &without.metadata, &without.from));
    assert_eq!(with.removed, without.removed);
    assert_eq!(twin.bytes(&with), *twin.versions.last().unwrap());
}

#[test]
fn what_nobody_reads_any_more_is_swept_after_an_hour() {
    let mut twin = Twin::new();
    twin.commit(&[(A, some("old")), (B, some("b"))]);
    twin.follow();
    twin.commit(&[(A, some("new"))]);
    twin.follow();
    // A program that was killed had made it.
    fs::hard_link(twin.delta().join("month=2026-05/b-0.parquet"), twin.delta().join("month=2026-05/c-1.parquet"))
        .unwrap();
    let all = ["a-0.parquet", "a-1.parquet", "b-0.parquet", "c-1.parquet"];
    let now = Timestamp::now();
    sweep(&twin.delta(), &twin.state(), now - SignedDuration::from_mins(59)).unwrap();
    assert_eq!(links(&twin.delta()), all.map(str::to_owned).into());
    sweep(&twin.delta(), &twin.state(), now + SignedDuration::from_mins(1)).unwrap();
    assert_eq!(links(&twin.delta()), ["a-1.parquet", "b-0.parquet"].map(str::to_owned).into());
    assert_eq!(twin.bytes(&twin.state()), twin.versions[1]);
}

#[test]
fn a_checkpoint_forgets_what_is_swept_and_old_commits() {
    let mut twin = Twin::new();
    for number in 0..12 {
        twin.commit(&[(A, Some(format!("{number}")))]);
        twin.follow();
    }
    let log = TableLog::of(&twin.delta(), 0o666);
    for number in 12..=20 {
        twin.commit(&[(A, Some(format!("{number}")))]);
        twin.follow();
    }
    let state = twin.state();
    assert!(!state.wants_checkpoint() && state.removed.len() == 20);
    let in_days = |days: i64| Timestamp::now() + SignedDuration::from_hours(24 * days);
    // As the next checkpoint would be in eight days.
    let mut later = state.clone();
    later.version = 30;
    fs::copy(log.folder().join(format!("{:020}.json", 20)), log.folder().join(format!("{:020}.json", 30))).unwrap();
    log.write_checkpoint(&later, in_days(1), in_days(8)).unwrap();
    let read = log.read().unwrap().unwrap();
    assert_eq!((read.version, read.removed.len(), &read.live), (30, 0, &state.live));
    assert!(!log.folder().join(format!("{:020}.json", 20)).exists());
    assert!(!log.folder().join(format!("{:020}.checkpoint.parquet", 20)).exists());
    assert!(log.folder().join(format!("{:020}.json", 30)).exists(), "it tells where the table is");
}

#[test]
fn a_table_of_another_history_is_begun_again() {
    let mut twin = Twin::new();
    twin.commit(&[(A, some("a"))]);
    twin.commit(&[(B, some("b"))]);
    twin.follow();
    let first = twin.state();
    // The lake is put back to version 0 and goes on from there.
    twin.version = Version::after(None, &twin.commits[0], &twin.commits[0].to_bytes());
    twin.commits.truncate(1);
    twin.versions.truncate(1);
    twin.commit(&[(A, some("other"))]);
    twin.follow();
    let second = twin.state();
    assert_eq!((second.version, twin.bytes(&second)), (0, twin.versions[1].clone()));
    assert_ne!(first.metadata.id, second.metadata.id, "a stream would read rows twice");
}

#[test]
fn links_that_were_made_and_not_committed_are_taken() {
    let mut twin = Twin::new();
    twin.commit(&[(A, some("a"))]);
    twin.follow();
    twin.commit(&[(B, some("b"))]);
    let there = twin.folder.path().join("questions").join(B);
    fs::hard_link(&there, twin.delta().join("month=2026-05/b-1.parquet")).unwrap();
    twin.follow();
    let state = twin.state();
    assert_eq!((state.version, twin.bytes(&state)), (1, twin.versions[1].clone()));
    // Another file under the name of a link: nothing tells what has happened here.
    twin.commit(&[(B, some("c"))]);
    fs::write(twin.delta().join("month=2026-05/b-2.parquet"), "?").unwrap();
    twin.follow();
    let state = twin.state();
    assert_eq!((state.version, twin.bytes(&state)), (0, twin.versions[2].clone()));
}

#[test]
fn a_new_column_is_new_metadata_of_the_same_table() {
    let mut twin = Twin::new();
    twin.commit(&[(A, some("a"))]);
    twin.follow();
    let first = twin.delta().join("_delta_log").join(format!("{:020}.json", 0));
    let text = fs::read_to_string(&first).unwrap();
    let older = text.replace("is_custom", "was_custom");
    assert_ne!(older, text);
    fs::write(&first, older).unwrap();
    let before = twin.state();
    twin.commit(&[(B, some("b"))]);
    twin.follow();
    let after = twin.state();
    assert_eq!((after.version, &after.metadata.id), (1, &before.metadata.id));
    assert!(after.metadata.schema_string.contains("is_custom"));
    twin.commit(&[(B, some("c"))]);
    twin.follow();
    let last = fs::read_to_string(twin.delta().join("_delta_log").join(format!("{:020}.json", 2))).unwrap();
    assert!(!last.contains("metaData"));
}

/// What is done to the lake or to its Delta table.
#[derive(Debug, Clone)]
enum Step {
    Commit(Vec<(usize, Option<u8>)>),
    Follow,
    Delete,
    CutLast(usize),
    DropCheckpoint,
}

fn step() -> impl Strategy<Value = Step> {
    let files = prop::collection::vec((0..4_usize, prop::option::weighted(0.7, 0..3_u8)), 1..4);
    prop_oneof![
        8 => files.prop_map(Step::Commit),
        6 => Just(Step::Follow),
        1 => Just(Step::Delete),
        1 => (0..200_usize).prop_map(Step::CutLast),
        1 => Just(Step::DropCheckpoint),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever happens, the table has what the lake has once it follows, and each of its versions had what the lake's
    /// had.
    #[test]
    fn a_table_that_follows_is_the_version(steps in prop::collection::vec(step(), 1..40)) {
        let places = ["month=1/a.parquet", "month=1/b.parquet", "month=2/a.parquet", "month=2/c-1.parquet"];
        let mut twin = Twin::new();
        twin.commit(&[]);
        for step in steps.into_iter().chain([Step::Follow]) {
            let log = twin.delta().join("_delta_log");
            match step {
                Step::Commit(files) => {
                    let files: BTreeMap<usize, Option<u8>> = files.into_iter().collect();
                    let bytes = |byte: Option<u8>| byte.map(|byte| format!("{byte}"));
                    let files: Vec<_> = files.into_iter().map(|(place, byte)| (places[place], bytes(byte))).collect();
                    twin.commit(&files);
                }
                Step::Follow => {
                    twin.follow();
                    let state = twin.state();
                    prop_assert_eq!(&twin.bytes(&state), twin.versions.last().unwrap());
                    for version in 0..=state.version {
                        let Ok(text) = fs::read_to_string(log.join(format!("{version:020}.json"))) else { continue };
                        let actions: Vec<Action> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
                        let infos = actions.iter().filter(|action| matches!(action, Action::CommitInfo(_))).count();
                        prop_assert_eq!(infos, 1);
                        let at = actions.iter().find_map(|action| match action {
                            Action::CommitInfo(info) => usize::try_from(info.lake_version).ok(),
                            _ => None,
                        });
                        for action in &actions {
                            if let Action::Add(Add { path, .. }) = action {
                                let bytes = fs::read_to_string(twin.delta().join(path)).unwrap();
                                let place = place_of(path).unwrap();
                                prop_assert_eq!(Some(&bytes), twin.versions[at.unwrap()].get(&place));
                            }
                        }
                    }
                }
                Step::Delete => _ = fs::remove_dir_all(twin.delta()),
                Step::CutLast(length) => {
                    let Some(state) = twin.table().log.read().unwrap() else { continue };
                    let path = log.join(format!("{:020}.json", state.version));
                    let bytes = fs::read(&path).unwrap();
                    fs::write(&path, &bytes[..length.min(bytes.len() - 1)]).unwrap();
                }
                Step::DropCheckpoint => _ = fs::remove_file(log.join("_last_checkpoint")),
            }
        }
    }
}

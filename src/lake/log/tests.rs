use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::read::{checkpoint_path, commit_path};
use super::{
    Commit, CommitKind, Committed, Version, append, is_last, oldest, prune, read_log, read_version, write_checkpoint,
};
use crate::ledger::LiveFile;

fn file(path: &str, rows: u64) -> LiveFile {
    LiveFile { table: "responses".to_owned(), path: path.to_owned(), rows, bytes: 10, sha256: "ab".repeat(32) }
}

/// The commit that follows a version.
fn next(base: Option<&Version>, add: Vec<LiveFile>, remove: Vec<String>) -> Commit {
    Commit {
        version: base.map_or(0, |base| base.number + 1),
        lake: "lake".to_owned(),
        parent: base.map(|base| base.sha256.clone()),
        batch: "20260501T000000000Z".to_owned(),
        kind: CommitKind::Import,
        at: Timestamp::UNIX_EPOCH,
        by: "0".to_owned(),
        key: base.is_none().then(|| "check".to_owned()),
        add,
        remove,
    }
}

/// Adds a commit to a log as a writer does, and returns its version.
fn commit(folder: &Path, base: Option<Version>, add: Vec<LiveFile>, remove: Vec<String>) -> Version {
    let commit = next(base.as_ref(), add, remove);
    assert_eq!(append(&folder.join("log"), &commit, &folder.join("staged")).unwrap(), Committed::Done);
    let version = Version::after(base, &commit, &commit.to_bytes()).unwrap();
    write_checkpoint(&folder.join("log"), &version).unwrap();
    version
}

#[test]
fn of_two_commits_of_a_version_the_second_has_lost() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let first = commit(folder.path(), None, vec![file("a", 1)], Vec::new());
    let other = next(None, vec![file("b", 1)], Vec::new());
    assert_eq!(append(&log, &other, &folder.path().join("staged")).unwrap(), Committed::Lost);
    assert_eq!(read_log(&log).unwrap().unwrap().version, first);
    assert!(is_last(&log, 0).unwrap());
    commit(folder.path(), Some(first), Vec::new(), Vec::new());
    assert!(!is_last(&log, 0).unwrap());
}

#[test]
fn a_checkpoint_stands_for_all_commits_below_it() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut version = commit(folder.path(), None, vec![file("first", 1)], Vec::new());
    for number in 1..=1_003 {
        version = commit(folder.path(), Some(version), vec![file(&format!("{number:04}"), number)], Vec::new());
    }
    let read = || read_log(&log).map(|read| read.unwrap());
    assert_eq!((read().unwrap().version, read().unwrap().tail.len()), (version.clone(), 3));
    // While the commits are there, a damaged checkpoint is not needed.
    let checkpoint = fs::read(checkpoint_path(&log, 1_000)).unwrap();
    fs::write(checkpoint_path(&log, 1_000), &checkpoint[..checkpoint.len() / 2]).unwrap();
    assert_eq!((read().unwrap().version, read().unwrap().tail.len()), (version.clone(), 1_004));
    let now = Timestamp::now();
    let in_days = |days: i64| now + SignedDuration::from_hours(24 * days);
    prune(&log, in_days(8)).unwrap();
    assert!(commit_path(&log, 0).exists(), "nothing stands for it");
    fs::write(checkpoint_path(&log, 1_000), &checkpoint).unwrap();
    prune(&log, in_days(6)).unwrap();
    assert!(commit_path(&log, 0).exists(), "a reader may still need it");
    prune(&log, in_days(8)).unwrap();
    assert!(!commit_path(&log, 999).exists() && commit_path(&log, 1_000).exists());
    assert_eq!(read().unwrap().version, version);
    assert_eq!(oldest(&log).unwrap(), Some(1_000));
    assert_eq!(read_version(&log, 999).unwrap(), None);
    for number in [1_000, 1_001, 1_003] {
        let older = read_version(&log, number).unwrap().unwrap();
        let last = older.files().filter(|file| file.path != "first").map(|file| file.rows).max();
        assert_eq!((older.number, last), (number, Some(number)));
    }
    let mut flipped = checkpoint.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    for damaged in [&flipped, &Vec::new()] {
        fs::write(checkpoint_path(&log, 1_000), damaged).unwrap();
        assert!(read().unwrap_err().to_string().contains("00000000000000001000.checkpoint.json"));
    }
}

#[test]
fn a_commit_that_is_gone_or_other_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let mut version = commit(folder.path(), None, Vec::new(), Vec::new());
    for number in 0..4 {
        version = commit(folder.path(), Some(version), vec![file("a", number)], Vec::new());
    }
    let bytes = fs::read(commit_path(&log, 2)).unwrap();
    let other = next(None, vec![file("a", 9)], Vec::new()).to_bytes();
    for harm in [None, Some(Vec::new()), Some(bytes[..20].to_vec()), Some(other)] {
        match harm {
            None => fs::remove_file(commit_path(&log, 2)).unwrap(),
            Some(bytes) => fs::write(commit_path(&log, 2), bytes).unwrap(),
        }
        assert!(read_log(&log).unwrap_err().to_string().contains("00000000000000000002.json"));
    }
    // A change that keeps the form is found by the commit after it.
    let changed = String::from_utf8(bytes).unwrap().replace("\"rows\":1", "\"rows\":7");
    fs::write(commit_path(&log, 2), changed).unwrap();
    assert!(read_log(&log).unwrap_err().to_string().contains("00000000000000000003.json"));
}

proptest! {
    #[test]
    fn the_log_read_is_the_commits_applied_in_order(
        commits in prop::collection::vec(prop::collection::vec((0_u8..6, any::<bool>()), 0..5), 1..12),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let (mut version, mut plain) = (None, BTreeMap::new());
        for (rows, changes) in (0..).zip(commits) {
            let (mut add, mut remove) = (BTreeMap::new(), Vec::new());
            for (name, adds) in changes {
                let path = name.to_string();
                if adds {
                    add.insert(path.clone(), file(&path, rows));
                } else if !add.contains_key(&path) {
                    remove.push(path);
                }
            }
            let add: Vec<LiveFile> = add.into_values().filter(|file| !remove.contains(&file.path)).collect();
            remove.iter().for_each(|path| _ = plain.remove(path));
            plain.extend(add.iter().map(|file| (file.path.clone(), file.clone())));
            version = Some(commit(folder.path(), version, add, remove));
        }
        let read = read_log(&folder.path().join("log")).unwrap().unwrap().version;
        prop_assert_eq!(&read, version.as_ref().unwrap());
        prop_assert!(read.files().eq(plain.values()));
    }
}

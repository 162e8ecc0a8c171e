//! The lake is what its log says: whatever is lost or changed beside it, no row is doubled and none is lost in silence.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Output;

use roundup::lake::log::{Commit, CommitKind, read_log};
use roundup::lake::read::parquet_files;
use tempfile::TempDir;

use crate::common::{INTERVIEWS, lasting, ledger_of, roundup, rows, sample};

/// A lake of an older version of the program, and the bodies that it was made of.
const WITHOUT_LOG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/lake-without-log");
const BODIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/lake-without-log.jsonl");
const SOURCES: [&str; 4] = ["interviews", "open_interviews", "responses", "candidates"];

/// An analysed lake of the sample.
fn imported() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(code(&run(folder.path(), &["import", "--lake", "lake", INTERVIEWS])), 0);
    assert_eq!(code(&run(folder.path(), &["analyze", "--lake", "lake", "--keywords", "builtin:fillers"])), 0);
    folder
}

fn run(folder: &Path, arguments: &[&str]) -> Output {
    roundup(folder).args(arguments).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or_else(|| panic!("{}", text(output)))
}

fn text(output: &Output) -> String {
    String::from_utf8([output.stderr.clone(), output.stdout.clone()].concat()).unwrap()
}

/// The ids in the lake, each as often as it is there.
fn ids(lake: &Path) -> Vec<String> {
    let of = |table: &&str| rows(lake, table).into_iter().map(|row| row["interview_id"].clone()).collect::<Vec<_>>();
    let mut ids = ["interviews", "open_interviews"].iter().flat_map(of).collect::<Vec<_>>();
    ids.sort();
    ids
}

fn all_ids() -> Vec<String> {
    let mut ids: Vec<String> = sample().iter().map(|body| body["id"].as_str().unwrap().to_owned()).collect();
    ids.sort();
    ids
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
fn a_lost_ledger_is_rebuilt_and_nothing_comes_twice() {
    for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
        let folder = imported();
        let lake = folder.path().join("lake");
        let before: Vec<_> = SOURCES.map(|table| lasting(rows(&lake, table))).into();
        let _not_there = fs::remove_file(lake.join("_roundup").join(name));
        let again = run(folder.path(), &["import", "--lake", "lake", INTERVIEWS]);
        assert_eq!(code(&again), 0, "{}", text(&again));
        assert_eq!(text(&again).contains("is rebuilt"), name == "ledger.db", "{}", text(&again));
        assert_eq!(ids(&lake), all_ids());
        for (table, before) in SOURCES.iter().zip(before) {
            let mut after = lasting(rows(&lake, table));
            let mut before = before;
            for row in after.iter_mut().chain(&mut before) {
                row.remove("asks_after_expiry");
            }
            assert_eq!(after, before, "{table}");
        }
    }
}

#[test]
fn a_rebuilt_ledger_knows_what_the_old_one_knew() {
    let folder = imported();
    let known = || {
        let ledger = ledger_of(&folder.path().join("lake"));
        let sql = "SELECT id, source, state, status, job_id, settled_at, month, first_seen_at, first_seen_via,
                          first_seen_status, asks_after_expiry, changed_at, CASE state WHEN 'open' THEN next_due END
                   FROM interviews ORDER BY id";
        let mut sql = ledger.prepare(sql).unwrap();
        let columns = sql.column_count();
        let row = |row: &rusqlite::Row<'_>| (0..columns).map(|at| row.get::<_, rusqlite::types::Value>(at)).collect();
        sql.query_map([], row).unwrap().collect::<Result<Vec<Vec<_>>, _>>().unwrap()
    };
    let before = known();
    let rebuilt = run(folder.path(), &["ledger", "rebuild", "--lake", "lake"]);
    assert_eq!(code(&rebuilt), 0, "{}", text(&rebuilt));
    assert_eq!(known(), before);
    assert!(!before.is_empty());
}

/// Does harm to a lake, and returns what a refusal must name.
type Harm = fn(&Path) -> String;

#[test]
fn what_does_not_agree_is_refused_by_writers_and_repaired() {
    let cases: [(&str, Harm); 6] = [
        ("a file of answers is deleted", |lake| removed(&file_of(lake, "responses"))),
        ("a file of interviews is deleted", |lake| removed(&file_of(lake, "interviews"))),
        ("the open ones are deleted", |lake| removed(&file_of(lake, "open_interviews"))),
        ("a file is cut", |lake| {
            let path = file_of(lake, "candidates");
            let bytes = fs::read(&path).unwrap();
            fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
            name_of(&path)
        }),
        ("a stranger", |lake| {
            let path = file_of(lake, "interviews");
            fs::copy(&path, path.with_file_name("other.parquet")).unwrap();
            "other.parquet".to_owned()
        }),
        ("the log is gone", |lake| {
            fs::remove_dir_all(lake.join("_roundup/log")).unwrap();
            "is gone".to_owned()
        }),
    ];
    for (what, harm) in cases {
        let folder = imported();
        let lake = folder.path().join("lake");
        let named = harm(&lake);
        for arguments in [&["import", "--lake", "lake", INTERVIEWS][..], &["analyze", "--lake", "lake"]] {
            let refused = run(folder.path(), arguments);
            assert_eq!(code(&refused), 1, "{what}: {}", text(&refused));
            assert!(text(&refused).contains(&named), "{what}: {}", text(&refused));
            assert!(text(&refused).contains("roundup repair"), "{what}: {}", text(&refused));
        }
        let dry = run(folder.path(), &["repair", "--dry-run", "--lake", "lake"]);
        assert_eq!(code(&dry), 0, "{what}: {}", text(&dry));
        assert!(text(&dry).contains("nothing was changed"), "{what}: {}", text(&dry));
        assert_eq!(code(&run(folder.path(), &["analyze", "--lake", "lake"])), 1, "{what}: a dry run repairs nothing");
        let repaired = run(folder.path(), &["repair", "--lake", "lake"]);
        assert_eq!(code(&repaired), 0, "{what}: {}", text(&repaired));
        // What was lost is imported again, and the rest is not doubled.
        let again = run(folder.path(), &["import", "--lake", "lake", INTERVIEWS]);
        assert_eq!(code(&again), 0, "{what}: {}", text(&again));
        assert_eq!(ids(&lake), all_ids(), "{what}");
        let again = run(folder.path(), &["repair", "--lake", "lake"]);
        assert_eq!(text(&again), "nothing to repair\n", "{what}");
    }
}

/// The first file of a table.
fn file_of(lake: &Path, table: &str) -> PathBuf {
    parquet_files(&lake.join(table)).unwrap().swap_remove(0)
}

fn name_of(path: &Path) -> String {
    path.file_name().unwrap().to_str().unwrap().to_owned()
}

fn removed(path: &Path) -> String {
    fs::remove_file(path).unwrap();
    name_of(path)
}

#[test]
fn a_missing_file_is_not_left_out_of_a_report_or_an_export() {
    let folder = imported();
    removed(&parquet_files(&folder.path().join("lake/responses")).unwrap()[0]);
    for arguments in [
        &["report", "--lake", "lake", "--out", "reports"][..],
        &["export", "--lake", "lake", "--format", "csv", "--what", "responses", "--output", "out.csv"],
    ] {
        let refused = run(folder.path(), arguments);
        assert_eq!(code(&refused), 1, "{arguments:?}: {}", text(&refused));
    }
}

#[test]
fn another_candidate_key_is_refused() {
    for key in [None, Some("00".repeat(32)), Some("not hex".to_owned())] {
        let folder = imported();
        let path = folder.path().join("lake/_roundup/candidate.key");
        let before = fs::read_to_string(&path).unwrap();
        match &key {
            None => fs::remove_file(&path).unwrap(),
            Some(key) => fs::write(&path, key).unwrap(),
        }
        let refused = run(folder.path(), &["import", "--lake", "lake", INTERVIEWS]);
        assert_eq!(code(&refused), 1, "{key:?}: {}", text(&refused));
        assert!(text(&refused).contains("candidate.key"), "{}", text(&refused));
        fs::write(&path, before).unwrap();
        assert_eq!(code(&run(folder.path(), &["import", "--lake", "lake", INTERVIEWS])), 0);
    }
}

#[test]
fn a_candidate_key_that_is_lost_for_good_can_be_made_anew() {
    for key in [None, Some("00".repeat(32))] {
        let folder = imported();
        let lake = folder.path().join("lake");
        let path = lake.join("_roundup/candidate.key");
        let (before, rows_before) = (fs::read_to_string(&path).unwrap(), rows(&lake, "interviews"));
        let repair = ["repair", "--new-candidate-key", "--lake", "lake"];
        let refused = run(folder.path(), &repair);
        assert_eq!(code(&refused), 2, "{}", text(&refused));
        match &key {
            None => fs::remove_file(&path).unwrap(),
            Some(key) => fs::write(&path, key).unwrap(),
        }
        let refused = run(folder.path(), &["import", "--lake", "lake", INTERVIEWS]);
        assert!(text(&refused).contains("`roundup repair --new-candidate-key`"), "{}", text(&refused));
        let repaired = run(folder.path(), &repair);
        assert_eq!(code(&repaired), 0, "{}", text(&repaired));
        assert_eq!(text(&repaired), "make a new candidate key: who comes again counts as a new person\ndone\n");
        for arguments in [&["import", "--lake", "lake", INTERVIEWS][..], &["status", "--check", "--lake", "lake"]] {
            let output = run(folder.path(), arguments);
            assert_eq!(code(&output), 0, "{}", text(&output));
        }
        assert_eq!(rows(&lake, "interviews"), rows_before);
        // The old one is the wrong one now.
        fs::write(&path, before).unwrap();
        assert_eq!(code(&run(folder.path(), &["import", "--lake", "lake", INTERVIEWS])), 1);
    }
}

#[test]
fn the_candidate_key_can_be_kept_outside() {
    let folder = tempfile::tempdir().unwrap();
    let import = |key: &str| run(folder.path(), &["import", "--lake", "lake", "--candidate-key-file", key, INTERVIEWS]);
    assert_eq!(code(&import("own.key")), 0);
    assert!(folder.path().join("own.key").exists() && !folder.path().join("lake/_roundup/candidate.key").exists());
    assert_eq!(code(&import("own.key")), 0);
    let refused = import("other.key");
    assert_eq!(code(&refused), 1, "{}", text(&refused));
    assert!(text(&refused).contains("other.key is missing"), "{}", text(&refused));
    let pipeline = "[source]\napi = \"sandbox\"\ninterviews = [\"none.txt\"]\n[lake]\npath = \"lake\"\n\
                    candidate-key-file = \"own.key\"\n";
    fs::write(folder.path().join("pipeline.toml"), pipeline).unwrap();
    fs::write(folder.path().join("none.txt"), "").unwrap();
    let done = run(folder.path(), &["run", "pipeline.toml"]);
    assert_eq!(code(&done), 0, "{}", text(&done));
}

#[test]
fn a_lake_of_an_older_version_is_adopted_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    copy(Path::new(WITHOUT_LOG), &lake);
    for private in ["ledger.db", "candidate.key"] {
        fs::set_permissions(lake.join("_roundup").join(private), fs::Permissions::from_mode(0o600)).unwrap();
    }
    let bytes = |table: &&str| {
        let files = parquet_files(&lake.join(table)).unwrap();
        files.into_iter().map(|path| (fs::read(&path).unwrap(), path)).collect::<Vec<_>>()
    };
    let tables = ["interviews", "responses", "candidates"];
    let before: Vec<_> = tables.iter().map(bytes).collect();
    let analyzed = run(folder.path(), &["analyze", "--lake", "lake", "--keywords", "builtin:fillers"]);
    assert_eq!(code(&analyzed), 0, "{}", text(&analyzed));
    assert!(text(&analyzed).contains("into 9 files"), "what is derived is of an older schema: {}", text(&analyzed));
    let again = run(folder.path(), &["import", "--lake", "lake", BODIES]);
    assert!(text(&again).contains("6 were there before"), "{}", text(&again));
    assert_eq!(tables.iter().map(bytes).collect::<Vec<_>>(), before, "no file but derived ones is rewritten");
    // New rows stand beside old ones, and every reader takes both.
    assert_eq!(code(&run(folder.path(), &["import", "--lake", "lake", INTERVIEWS])), 0);
    assert_eq!(ids(&lake), all_ids());
    for arguments in [
        &["analyze", "--lake", "lake"][..],
        &["report", "--lake", "lake", "--out", "reports"],
        &["export", "--lake", "lake", "--format", "csv", "--what", "interviews", "--output", "out.csv"],
        &["ledger", "rebuild", "--lake", "lake"],
        &["import", "--lake", "lake", INTERVIEWS],
    ] {
        let done = run(folder.path(), arguments);
        assert_eq!(code(&done), 0, "{arguments:?}: {}", text(&done));
    }
    assert_eq!(ids(&lake), all_ids());
}

#[test]
fn the_log_holds_no_word_and_no_id_of_a_person() {
    let folder = imported();
    let log = folder.path().join("lake/_roundup/log");
    let text: String =
        fs::read_dir(&log).unwrap().map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect();
    for body in sample() {
        for secret in [&body["id"], &body["candidate"]["name"], &body["candidate"]["email"], &body["candidate"]["id"]] {
            assert!(!secret.as_str().is_some_and(|secret| text.contains(secret)), "{secret}");
        }
    }
    let kinds: Vec<CommitKind> =
        read_log(&log).unwrap().unwrap().tail.into_iter().map(|commit| commit.commit.kind).collect();
    let [adopt, import, run, analyze] = [CommitKind::Adopt, CommitKind::Import, CommitKind::Run, CommitKind::Analyze];
    assert_eq!(kinds, [adopt, import, run, analyze, run]);
}

#[test]
fn a_commit_that_was_changed_is_found() {
    let folder = imported();
    let path = folder.path().join("lake/_roundup/log/00000000000000000001.json");
    let text_before = fs::read_to_string(&path).unwrap();
    let mut commit: Commit = serde_json::from_str(&text_before).unwrap();
    commit.add.pop();
    for bytes in [commit.to_bytes(), text_before.as_bytes()[..40].to_vec(), Vec::new()] {
        fs::write(&path, bytes).unwrap();
        let refused = run(folder.path(), &["import", "--lake", "lake", INTERVIEWS]);
        assert_eq!(code(&refused), 1);
        assert!(text(&refused).contains("/log/0000000000000000000"), "{}", text(&refused));
    }
    fs::write(&path, text_before).unwrap();
    assert_eq!(code(&run(folder.path(), &["import", "--lake", "lake", INTERVIEWS])), 0);
    assert_eq!(ids(&folder.path().join("lake")).into_iter().collect::<BTreeSet<_>>().len(), all_ids().len());
}

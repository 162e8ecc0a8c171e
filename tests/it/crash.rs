//! A crash at any instant loses nothing that counted and doubles nothing.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use roundup::ingest::cut::{Arrival, cut_interviews};
use roundup::ingest::spool::{self, SpoolRecord};
use roundup::lake::Lake;
use roundup::lake::log::{CommitKind, read_log};
use roundup::lake::read::parquet_files;
use roundup::model::body::read_interview;
use roundup::model::{Provenance, Via};
use roundup::round0::call::Call;
use roundup::sandbox::SandboxOptions;

use crate::common::{INTERVIEWS, lasting, ledger_of, roundup, rows, sample, serve_with};

/// Some of the sample's interviews.
const HALF: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/lake-without-log.jsonl");

fn provenance() -> Provenance {
    Provenance { source: "default".into(), via: Via::List, again: false, fetched_at: Timestamp::UNIX_EPOCH }
}

fn arrivals() -> Vec<Arrival> {
    let bodies = sample();
    let read = |body: &serde_json::Value| Arrival {
        provenance: provenance(),
        interview: read_interview(body.to_string().as_bytes()).unwrap(),
    };
    bodies.iter().map(read).collect()
}

/// Imports the sample and dies at a point of the publish. Returns the paths of the batch's files.
fn dead_at(folder: &Path, point: &str) -> Vec<String> {
    let mut import = roundup(folder);
    import.env("ROUNDUP_CRASH_AT", point).args(["import", "--lake", "lake", INTERVIEWS]);
    assert_eq!(import.output().unwrap().status.code(), None, "the import did not die at {point}");
    let log = read_log(&folder.join("lake/_roundup/log")).unwrap().unwrap();
    let commit = &log.tail.last().unwrap().commit;
    assert_eq!(commit.kind, CommitKind::Import);
    commit.add.iter().map(|file| file.path.clone()).collect()
}

#[test]
fn a_batch_past_its_point_of_no_return_is_finished_by_the_next_opening() {
    for point in ["publish-recorded", "publish-placed-one"] {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("lake");
        let files = dead_at(folder.path(), point);
        assert!(rows(&root, "interviews").is_empty(), "interviews come last");
        roundup(folder.path()).args(["analyze", "--lake", "lake"]).assert().success();
        assert!(files.iter().all(|path| root.join(path).exists()), "{files:?}");
        let settled =
            sample().into_iter().filter(|body| ["completed", "expired"].contains(&body["status"].as_str().unwrap()));
        assert_eq!(rows(&root, "interviews").len(), settled.count());
        assert!(fs::read_dir(root.join("_roundup/staging")).unwrap().next().is_none());
    }
}

#[test]
fn readers_see_the_version_before_a_commit_whose_files_are_not_all_in_place() {
    for point in ["publish-recorded", "publish-placed-one", "publish-placed-all"] {
        let folder = tempfile::tempdir().unwrap();
        roundup(folder.path()).args(["import", "--lake", "lake", HALF]).assert().success();
        let exported = || {
            let arguments = ["--quiet", "export", "--lake", "lake", "--format", "csv", "--what", "responses"];
            let output = roundup(folder.path()).args(arguments).assert().success().get_output().clone();
            assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "after {point}");
            String::from_utf8(output.stdout).unwrap()
        };
        let before = exported();
        dead_at(folder.path(), point);
        assert_eq!(exported(), before, "after {point}");
        roundup(folder.path()).args(["analyze", "--lake", "lake"]).assert().success();
        assert!(exported().len() > before.len());
    }
}

#[test]
fn a_file_in_the_place_of_a_published_one_is_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let files = dead_at(folder.path(), "publish-recorded");
    let path = files.iter().find(|path| path.starts_with("responses/")).unwrap();
    let place = folder.path().join("lake").join(path);
    fs::create_dir_all(place.parent().unwrap()).unwrap();
    fs::write(&place, "somebody's own").unwrap();
    let output = roundup(folder.path()).args(["analyze", "--lake", "lake"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains(path), "{stderr}");
    assert_eq!(fs::read_to_string(&place).unwrap(), "somebody's own");
}

#[test]
fn what_was_staged_before_the_point_of_no_return_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    roundup(folder.path()).args(["import", "--lake", "lake", INTERVIEWS]).assert().success();
    let root = folder.path().join("lake");
    let staged = root.join("_roundup/staging/20260101T000000000Z");
    fs::create_dir_all(&staged).unwrap();
    fs::write(staged.join("responses--month=2026-03--x.parquet"), "half").unwrap();
    let before = rows(&root, "responses");
    roundup(folder.path()).args(["analyze", "--lake", "lake"]).assert().success();
    assert!(!staged.exists());
    assert_eq!(rows(&root, "responses"), before);
}

#[test]
fn figures_that_a_killed_analysis_left_half_written_are_made_again() {
    let folder = tempfile::tempdir().unwrap();
    roundup(folder.path()).args(["import", "--lake", "lake", INTERVIEWS]).assert().success();
    let analyze = || roundup(folder.path()).args(["analyze", "--lake", "lake", "--force"]).assert().success();
    analyze();
    let root = folder.path().join("lake");
    let tables = ["response_metrics", "interview_metrics", "keyword_hits"];
    let before = tables.map(|table| rows(&root, table));
    let staging = root.join("_roundup/staging");
    let files = tables.iter().flat_map(|table| parquet_files(&root.join(table)).unwrap());
    let left: Vec<_> = files
        .map(|file| staging.join(file.strip_prefix(&root).unwrap().to_str().unwrap().replace('/', "--")))
        .collect();
    assert!(left.len() >= tables.len(), "{left:?}");
    left.iter().for_each(|file| fs::write(file, "half").unwrap());
    analyze();
    assert_eq!(fs::read_dir(&staging).unwrap().count(), 0);
    assert_eq!(tables.map(|table| rows(&root, table)), before);
}

fn record(body: &serde_json::Value) -> SpoolRecord {
    SpoolRecord {
        call: Call::Interview,
        id: body["id"].as_str().unwrap().to_owned(),
        provenance: provenance(),
        body: body.to_string().into_bytes(),
    }
}

#[test]
fn a_spool_file_cut_short_anywhere_gives_its_whole_records() {
    let folder = tempfile::tempdir().unwrap();
    let bodies = sample();
    let records: Vec<SpoolRecord> = bodies[..3].iter().map(record).collect();
    let mut writer = spool::SpoolWriter::new(folder.path().to_owned());
    for record in &records {
        assert_eq!(writer.append(record).unwrap(), None);
    }
    let path = writer.finish().unwrap().unwrap();
    let whole = fs::read(&path).unwrap();
    assert_eq!(spool::read(&path).unwrap(), records);
    let mut counts = BTreeSet::new();
    for length in (0..whole.len()).step_by(7).chain([whole.len() - 1]) {
        fs::write(&path, &whole[..length]).unwrap();
        let read = spool::read(&path).unwrap();
        assert_eq!(read, records[..read.len()], "cut at {length}");
        counts.insert(read.len());
    }
    assert_eq!(counts, BTreeSet::from([0, 1, 2]));
    let mut flipped = whole.clone();
    flipped[whole.len() - 20] ^= 1;
    fs::write(&path, &flipped).unwrap();
    assert_eq!(spool::read(&path).unwrap().len(), 2, "a body with a wrong checksum does not count");
}

#[test]
fn cutting_a_spool_twice_publishes_it_once() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("lake");
    let lake = Lake::create(&root).unwrap();
    let lock = lake.lock().unwrap();
    let mut ledger = lake.ledger(&lock).unwrap();
    let keys = lake.candidate_keys().unwrap();
    let first = cut_interviews(&lake, &mut ledger, &keys, arrivals(), None).unwrap();
    let before = (rows(&root, "interviews"), lasting(rows(&root, "open_interviews")));
    let second = cut_interviews(&lake, &mut ledger, &keys, arrivals(), None).unwrap();
    assert_eq!((second.settled, second.repeated), (0, first.settled));
    assert_eq!((rows(&root, "interviews"), lasting(rows(&root, "open_interviews"))), before);
}

#[test]
fn killed_at_any_moment_a_run_goes_on_where_it_was() {
    let limits = SandboxOptions {
        interviews: Some(150),
        latency: Duration::from_millis(5),
        limit: None,
        ..SandboxOptions::default()
    };
    let served = serve_with(limits);
    let pipeline = served.pipeline("questions = \"none\"\nconcurrency = 4\n");
    // Each round kills the program once the API has seen so many more requests.
    for (round, more) in [1, 30, 2, 60, 10].into_iter().enumerate() {
        let until = served.sandbox.stats().requests + more;
        let mut child = served.process().arg("run").arg(&pipeline).spawn().unwrap();
        while served.sandbox.stats().requests < until && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        let _already_ended = child.kill();
        child.wait().unwrap();
        let settled = rows(&served.lake(), "interviews");
        let distinct: BTreeSet<_> = settled.iter().map(|row| &row["interview_id"]).collect();
        assert_eq!(distinct.len(), settled.len(), "round {round}: nothing is doubled");
    }
    served.run(&pipeline, 0);
    let ids = |table: &str| -> Vec<String> {
        rows(&served.lake(), table).into_iter().map(|row| row["interview_id"].clone()).collect()
    };
    let mut all = [ids("interviews"), ids("open_interviews")].concat();
    all.sort();
    let mut served_ids = served.ids();
    served_ids.sort();
    assert_eq!(all, served_ids, "nothing is lost and nothing doubled");
    assert!(spool::waiting(&served.path("lake/_roundup/spool")).unwrap().is_empty());
}

#[test]
fn an_interrupted_run_publishes_what_it_has_and_says_so() {
    let limits = SandboxOptions {
        interviews: Some(150),
        latency: Duration::from_millis(10),
        limit: None,
        ..SandboxOptions::default()
    };
    let served = serve_with(limits);
    let pipeline = served.pipeline("concurrency = 2\n[report]\nout = \"reports\"\n");
    let child = served.process().arg("run").arg(&pipeline).stderr(Stdio::piped()).spawn().unwrap();
    while served.sandbox.stats().requests < 40 {
        std::thread::yield_now();
    }
    assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(String::from_utf8(output.stderr).unwrap().contains("interrupted"));
    assert!(rows(&served.lake(), "interviews").len() > 10);
    assert!(served.last_run()["ingest"]["left"].as_u64().unwrap() > 0);
    assert!(!served.path("reports").exists(), "no later stage runs");
}

#[test]
fn a_ledger_of_a_newer_program_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    roundup(folder.path()).args(["import", "--lake", "lake", INTERVIEWS]).assert().success();
    let connection = ledger_of(&folder.path().join("lake"));
    connection.execute("INSERT INTO migrations (name) VALUES ('9999-from-the-future')", []).unwrap();
    let output = roundup(folder.path()).args(["status", "--lake", "lake"]).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout.contains("written by a newer roundup (9999-from-the-future)"), "{stdout}");
}

#[test]
fn reading_a_ledger_neither_migrates_nor_makes_it() {
    let folder = tempfile::tempdir().unwrap();
    roundup(folder.path()).args(["import", "--lake", "lake", INTERVIEWS]).assert().success();
    let path = folder.path().join("lake/_roundup/ledger.db");
    let connection = ledger_of(&folder.path().join("lake"));
    connection.execute("DELETE FROM migrations", []).unwrap();
    let status = |code| {
        let output = roundup(folder.path()).args(["status", "--lake", "lake"]).output().unwrap();
        assert_eq!(output.status.code(), Some(code));
        [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap())
    };
    assert!(status(1)[0].contains("written by an older roundup"));
    let migrations: i64 = connection.query_row("SELECT count(*) FROM migrations", [], |row| row.get(0)).unwrap();
    assert_eq!(migrations, 0);
    drop(connection);
    fs::remove_file(&path).unwrap();
    assert_eq!(status(0)[1], "");
    assert!(!path.exists());
}

#[test]
fn what_is_the_programs_own_is_for_its_user_only() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    roundup(folder.path()).args(["import", "--lake", "lake", INTERVIEWS]).assert().success();
    for name in ["ledger.db", "candidate.key"] {
        let mode = fs::metadata(folder.path().join("lake/_roundup").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

//! The table of jobs says what the interviews of the lake say, whatever has become of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use roundup::ingest::cut::{Arrival, cut_interviews};
use roundup::lake::Lake;
use roundup::lake::read::parquet_files;
use roundup::model::body::read_interview;
use roundup::model::{Provenance, Via};
use serde_json::{Value, json};

use crate::common::{INTERVIEWS, Row, roundup, rows, sample, serve};

const TABLE: &str = "lake/jobs/jobs.parquet";

/// The table, as it has to be after the tables of interviews: counted row by row.
fn expected(lake: &Path) -> Vec<Row> {
    let mut jobs: BTreeMap<Option<String>, Vec<Row>> = BTreeMap::new();
    for row in [rows(lake, "interviews"), rows(lake, "open_interviews")].concat() {
        jobs.entry(row.get("job_id").cloned()).or_default().push(row);
    }
    let time = |row: &Row, name: &str| row.get(name).map(|time| time.parse::<i64>().unwrap());
    let job = |(id, interviews): (Option<String>, Vec<Row>)| {
        let mut job: Row = id.into_iter().map(|id| ("job_id".to_owned(), id)).collect();
        for name in ["job_title", "department"] {
            let named = interviews.iter().filter_map(|row| {
                let is_settled = ["completed", "expired"].contains(&&*row["status"]);
                let at = time(row, "settled_at").filter(|_| is_settled).unwrap_or(i64::MIN);
                row.get(name).map(|text| (at, text.clone()))
            });
            job.extend(named.max().map(|(_, text)| (name.to_owned(), text)));
        }
        let times = |name: &'static str| interviews.iter().map(move |row| time(row, name).unwrap());
        job.insert("first_seen_at".to_owned(), times("first_seen_at").min().unwrap().to_string());
        job.insert("last_seen_at".to_owned(), times("asked_at").max().unwrap().to_string());
        let known = ["completed", "expired", "invited", "in_progress"];
        for status in known {
            let count = interviews.iter().filter(|row| row["status"] == status).count();
            job.insert(status.to_owned(), count.to_string());
        }
        let other = interviews.iter().filter(|row| !known.contains(&&*row["status"])).count();
        job.insert("other".to_owned(), other.to_string());
        job
    };
    let mut expected: Vec<Row> = jobs.into_iter().map(job).collect();
    expected.sort();
    expected
}

#[track_caller]
fn is_right(lake: &Path) {
    assert!(!expected(lake).is_empty());
    assert_eq!(rows(lake, "jobs"), expected(lake));
    assert_eq!(parquet_files(&lake.join("jobs")).unwrap(), [lake.join("jobs/jobs.parquet")]);
}

fn put(lake: &Lake, bodies: &[Value], again: bool) {
    let lock = lake.lock().unwrap();
    let mut ledger = lake.ledger(&lock).unwrap();
    let provenance = || Provenance { source: "default".into(), via: Via::List, again, fetched_at: Timestamp::now() };
    let arrival = |body: &Value| Arrival {
        provenance: provenance(),
        interview: read_interview(body.to_string().as_bytes()).unwrap(),
    };
    let keys = lake.candidate_keys().unwrap();
    for bodies in bodies.chunks(70) {
        cut_interviews(lake, &mut ledger, &keys, bodies.iter().map(arrival).collect(), None).unwrap();
    }
}

#[test]
fn each_batch_adds_what_it_brings() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::create(folder.path()).unwrap();
    let mut all = sample();
    for body in all.iter_mut().step_by(3) {
        body["status"] = json!("invited");
        body["completed_at"] = Value::Null;
    }
    for (at, status) in [(1, "in_progress"), (2, "paused")] {
        all[at]["status"] = json!(status);
        all[at]["completed_at"] = Value::Null;
    }
    all[4]["job"] = Value::Null;
    put(&lake, &all, false);
    is_right(folder.path());
    // Open interviews that are settled now, and settled ones whose job is called otherwise, or is another one.
    let mut later = sample();
    later[5]["job"] = later[7]["job"].clone();
    for body in &mut later {
        if body["job"]["id"] == later_job() {
            body["job"]["title"] = json!("Another title");
        }
    }
    put(&lake, &later, true);
    is_right(folder.path());
    let titles: Vec<String> =
        rows(folder.path(), "jobs").into_iter().filter_map(|row| row.get("job_title").cloned()).collect();
    assert!(titles.iter().any(|title| title == "Another title"), "{titles:?}");
    // Another program knows nothing of what this one has counted.
    put(&Lake::open(folder.path()).unwrap(), &all[..20], true);
    is_right(folder.path());
}

fn later_job() -> Value {
    sample()[9]["job"]["id"].clone()
}

#[test]
fn what_is_missing_cut_or_foreign_is_counted_again() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    let table = folder.path().join(TABLE);
    let run = |arguments: &[&str]| roundup(folder.path()).args(arguments).args(["--lake", "lake"]).assert();
    run(&["import", INTERVIEWS]).success();
    let whole = fs::read(&table).unwrap();
    let of_another = |bytes: &[u8]| fs::write(&table, bytes).unwrap();
    for harm in [None, Some(&whole[..whole.len() / 2]), Some(b"no Parquet")] {
        match harm {
            None => fs::remove_dir_all(lake.join("jobs")).unwrap(),
            Some(bytes) => of_another(bytes),
        }
        run(&["status", "--check"]).code(1);
        run(&["analyze"]).success();
        is_right(&lake);
        run(&["status", "--check"]).success();
    }
    assert_eq!(fs::read(&table).unwrap(), whole, "the same rows are the same bytes");
    // A repair that drops interviews leaves none of their counts.
    let [first, ..] = &parquet_files(&lake.join("interviews")).unwrap()[..] else { panic!("there are several months") };
    fs::remove_file(first).unwrap();
    run(&["repair"]).success();
    is_right(&lake);
    run(&["status", "--check"]).success();
}

#[test]
fn a_lake_of_an_older_version_gets_one() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    copy(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/data/lake-without-log")), &lake);
    roundup(folder.path()).args(["analyze", "--lake", "lake"]).assert().success();
    let counted = |names: &[&str]| -> u64 {
        rows(&lake, "jobs").iter().flat_map(|row| names.iter().map(|name| row[*name].parse::<u64>().unwrap())).sum()
    };
    assert_eq!(counted(&["completed", "expired"]), rows(&lake, "interviews").len() as u64);
    assert_eq!(counted(&["invited", "in_progress", "other"]), rows(&lake, "open_interviews").len() as u64);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() { copy(&entry.path(), &to) } else { _ = fs::copy(entry.path(), to).unwrap() }
    }
}

#[test]
fn after_a_kill_at_any_step_it_is_right() {
    for place in ["publish-staged", "publish-recorded", "publish-placed-one", "publish-placed-all", "publish-committed"]
    {
        let folder = tempfile::tempdir().unwrap();
        let import = |lines: &str, crash: Option<&str>| {
            fs::write(folder.path().join("bodies.jsonl"), lines).unwrap();
            let mut command = roundup(folder.path());
            command.args(["import", "--lake", "lake", "bodies.jsonl"]);
            if let Some(place) = crash {
                command.env("ROUNDUP_CRASH_AT", place);
            }
            command.output().unwrap().status.success()
        };
        let lines = fs::read_to_string(INTERVIEWS).unwrap();
        let (first, second) = lines.split_at(lines.match_indices('\n').nth(30).unwrap().0 + 1);
        assert!(import(first, None));
        assert!(!import(second, Some(place)), "{place}");
        assert!(import("", None));
        is_right(&folder.path().join("lake"));
        assert!(import(second, None));
        is_right(&folder.path().join("lake"));
    }
}

#[test]
fn a_run_counts_what_it_fetches_and_the_command_says_the_same() {
    let served = serve(Some(300));
    let pipeline = served.pipeline("");
    served.run(&pipeline, 0);
    is_right(&served.lake());
    let output = served.roundup().args(["jobs", "--lake", "lake", "--format", "json"]).output().unwrap();
    let listed: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let table = rows(&served.lake(), "jobs");
    assert_eq!(listed.len(), table.len());
    for job in listed {
        let row = table.iter().find(|row| row.get("job_id").map(String::as_str) == job["id"].as_str()).unwrap();
        assert_eq!(row.get("job_title").map(String::as_str), job["title"].as_str());
        for (status, count) in job["statuses"].as_object().unwrap() {
            assert_eq!(row[status], count.to_string());
        }
        for time in ["first_seen_at", "last_seen_at"] {
            let at: Timestamp = job[time].as_str().unwrap().parse().unwrap();
            assert_eq!(row[time], at.as_microsecond().to_string());
        }
    }
}

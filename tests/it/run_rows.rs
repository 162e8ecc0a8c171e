//! The table `runs` has a row for every command that changes a lake, however it ended.

use std::fs;

use crate::ats::lake_with;
use crate::common::{INTERVIEWS, Row, roundup, rows};

/// The commands in the order in which they ran, each with its exit code.
fn ran(rows: &[Row]) -> Vec<(&str, &str)> {
    rows.iter().map(|row| (&*row["command"], &*row["exit_code"])).collect()
}

#[test]
fn commands_that_run_alone_have_a_row_each() {
    let served = lake_with(&[], Some(6));
    served.recipe("vendor-sample", |recipe| recipe);
    served.write("bad.jsonl", "{\"id\":7}\n");
    let api = served.sandbox.base_url();
    let run = |arguments: &[&str], code: i32| {
        served.roundup().args(arguments).args(["--lake", "lake"]).assert().code(code);
    };
    let before = rows(&served.lake(), "runs").len();
    run(&["audio", "--out", "archive", "--allow-loopback", "--api", &api], 0);
    served.ats("vendor-sample", &[], 0);
    run(&["import", INTERVIEWS], 0);
    run(&["import", "bad.jsonl"], 3);
    run(&["ingest", "ids.txt", "--api", &api, "--requests-per-minute", "600000"], 0);
    run(&["analyze"], 0);
    run(&["quarantine", "retry", "--all"], 0);
    run(&["quarantine", "discard", "--all", "--yes"], 0);
    fs::remove_file(served.lake().join("open_interviews/open_interviews.parquet")).unwrap();
    run(&["analyze"], 1);
    run(&["repair"], 0);
    // What only looks leaves no trace.
    for looks in [&["status"][..], &["jobs"], &["audio", "--out", "archive", "--dry-run"], &["repair", "--dry-run"]] {
        run(looks, 0);
    }
    let mut rows = rows(&served.lake(), "runs");
    rows.sort_by_key(|row| row["run_id"].clone());
    let expected = [
        ("run", "0"),
        ("audio", "0"),
        ("ats", "0"),
        ("import", "0"),
        ("import", "3"),
        ("ingest", "0"),
        ("analyze", "0"),
        ("quarantine", "0"),
        ("quarantine", "0"),
        ("repair", "0"),
    ];
    assert_eq!((before, ran(&rows)), (1, expected.to_vec()));
    let settled = crate::common::rows(&served.lake(), "interviews").len() as u64;
    let published: u64 = rows.iter().map(|row| row["newly_settled"].parse::<u64>().unwrap()).sum();
    assert_eq!(published, settled);
    assert_eq!((&*rows[4]["fetched"], &*rows[4]["quarantined"]), ("1", "1"));
    // `status` and Prometheus are about runs of pipelines.
    assert_eq!(served.last_run()["run_id"], rows[0]["run_id"].as_str());
}

#[test]
fn a_command_that_fails_says_so_in_its_row() {
    let folder = tempfile::tempdir().unwrap();
    let lines = fs::read_to_string(INTERVIEWS).unwrap();
    fs::write(folder.path().join("good.jsonl"), &lines).unwrap();
    fs::write(folder.path().join("cut.jsonl.gz"), [0x1F, 0x8B, 8, 0]).unwrap();
    let output =
        roundup(folder.path()).args(["import", "--lake", "lake", "good.jsonl", "cut.jsonl.gz"]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    let code = output.status.code().unwrap().to_string();
    let rows = rows(&folder.path().join("lake"), "runs");
    assert_eq!(ran(&rows), [("import", &*code)], "{stderr}");
    assert!(code != "0" && stderr.contains("cut.jsonl.gz") && rows[0]["error"].contains("cut.jsonl.gz"), "{stderr}");
    assert_eq!(rows[0]["complete"], "false");
}

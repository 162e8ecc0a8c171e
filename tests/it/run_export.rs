//! `[export]` in a pipeline: what `roundup export` writes, as a stage of a run.

use std::fs;

use serde_json::{Value, json};

use crate::common::{Served, serve};

const EXPORTS: &str = "[analyze]\nkeywords = [\"builtin:vendor-sample\"]\n\
    [[export]]\noutput = \"out/interviews.csv\"\nformat = \"csv\"\nstatuses = [\"completed\"]\nfrom = \"2026-02-01\"\n\
    [[export]]\noutput = \"out/analysis.jsonl\"\nformat = \"jsonl\"\nwhat = \"analysis\"\n";

/// What the command writes of the same lake.
fn command(served: &Served, arguments: &[&str]) -> Vec<u8> {
    let output = served.roundup().args(["export", "--lake", "lake"]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[test]
fn a_run_writes_what_the_command_writes() {
    let served = serve(None);
    let pipeline = served.pipeline(EXPORTS);
    let check = served.roundup().arg("check").arg(&pipeline).output().unwrap();
    let text = String::from_utf8(check.stdout).unwrap();
    assert!(text.contains("export     to out/interviews.csv\nexport     to out/analysis.jsonl\n"), "{text}");
    served.roundup().args(["run", "--dry-run"]).arg(&pipeline).assert().success();
    assert!(!served.path("out").exists());
    let stdout = served.run(&pipeline, 0);
    let interviews = ["--format", "csv", "--status", "completed", "--from", "2026-02-01"];
    assert!(fs::read(served.path("out/interviews.csv")).unwrap() == command(&served, &interviews));
    let analysis = command(&served, &["--format", "jsonl", "--what", "analysis"]);
    assert!(fs::read(served.path("out/analysis.jsonl")).unwrap() == analysis);
    let rows = analysis.iter().filter(|byte| **byte == b'\n').count();
    let exported = &served.last_run()["export"];
    assert_eq!(exported[1], json!({"path": "out/analysis.jsonl", "rows": rows, "cut": 0}));
    assert!(exported[0]["rows"].as_u64().unwrap() > 10, "{exported}");
    assert!(stdout.contains(&format!("export     out/analysis.jsonl: {rows} rows\n")), "{stdout}");
}

#[test]
fn the_stage_runs_alone_and_without_it_nothing_is_exported() {
    let served = serve(None);
    let pipeline = served.pipeline(EXPORTS);
    let only = |stages: &[&str]| {
        let stages = stages.iter().flat_map(|stage| ["--only", stage]);
        served.roundup().arg("run").args(stages).arg(&pipeline).assert().success();
    };
    only(&["ingest", "analyze"]);
    assert!(!served.path("out").exists());
    assert_eq!(served.last_run()["export"], Value::Null);
    let requests = served.sandbox.stats().requests;
    only(&["export"]);
    assert_eq!(served.sandbox.stats().requests, requests);
    assert!(served.path("out/interviews.csv").exists() && served.path("out/analysis.jsonl").exists());
    assert_eq!(served.last_run()["ingest"], Value::Null);
}

#[test]
fn one_that_fails_leaves_what_was_there_and_the_others_their_turn() {
    let served = serve(None);
    // The lake is not analysed, which [analyze] would have done.
    let stages = EXPORTS.split_once("[[export]]").unwrap().1.replace("out/interviews.csv", "late.csv");
    let (first, second) = stages.split_once("[[export]]").unwrap();
    let pipeline = served.pipeline(&format!("[[export]]{second}[[export]]{first}"));
    served.write("out/analysis.jsonl", "what was there");
    served.run(&pipeline, 1);
    assert_eq!(fs::read_to_string(served.path("out/analysis.jsonl")).unwrap(), "what was there");
    assert!(served.path("late.csv").exists());
    let run = served.last_run();
    let error = run["errors"][0].as_str().unwrap();
    assert!(error.starts_with("the export to out/analysis.jsonl: "), "{error}");
    assert_eq!(run["export"].as_array().unwrap().len(), 1);
    assert_eq!(run["complete"], false);
}

#[test]
fn a_period_ends_today_or_before_a_day() {
    let served = serve(None);
    let export = |rest: &str| {
        let section = format!("[export]\noutput = \"out.csv\"\nformat = \"csv\"\nraw = true\n{rest}");
        served.run(&served.pipeline(&section), 0);
        fs::read(served.path("out.csv")).unwrap()
    };
    let whole = export("");
    let may = export("period = \"31d\"\nuntil = \"2026-06-01\"\n");
    let same = command(&served, &["--format", "csv", "--raw", "--from", "2026-05-01", "--until", "2026-06-01"]);
    assert!(may == same && may.len() < whole.len());
    // The sample lies before any today; only its heading is left.
    let today = export("period = \"1d\"\n");
    assert_eq!(today.iter().filter(|byte| **byte == b'\n').count(), 1);
}

#[test]
fn an_export_that_is_wrong_is_refused_before_anything_is_done() {
    let served = serve(Some(3));
    served.write("file", "");
    let csv = "[export]\noutput = \"out.csv\"\nformat = \"csv\"\n";
    for (text, words) in [
        (format!("{csv}where = 1\n"), "unknown field `where`"),
        ("[export]\noutput = \"a\"\n".to_owned(), "missing field `format`"),
        ("[export]\noutput = \"a\"\nformat = \"html\"\n".to_owned(), "there is no `html`"),
        (format!("{csv}raw = true\n").replace("\"csv\"", "\"xlsx\""), "`raw` under [export]: `raw` is for csv"),
        (format!("{csv}keywords = \"builtin:data\"\n"), "`keywords` is for an export of the analysis"),
        (format!("{csv}from = \"2026-02-02\"\nuntil = \"2026-02-02\"\n"), "there is no day from `from` on"),
        (format!("{csv}from = \"2026-02-02\"\nperiod = \"7d\"\n"), "name `from` or `period`, not both"),
        (format!("{csv}period = \"soon\"\n"), "`soon` is no period"),
        (csv.replace("out.csv", "lake/interviews/out.parquet"), "is inside the lake"),
        (csv.replace("out.csv", "file/out.csv"), "file is not a folder"),
        (format!("{}{}", csv.replace("[export]", "[[export]]"), csv.replace("[export]", "[[export]]")), "two exports"),
        (format!("{csv}what = \"analysis\"\n[analyze]\nkeywords = []\n"), "which [analyze] does not search for"),
        (format!("{csv}what = \"analysis\"\nkeywords = \"mine.toml\"\n"), "mine.toml"),
    ] {
        let pipeline = served.pipeline(&text);
        for command in ["check", "run"] {
            let output = served.roundup().arg(command).arg(&pipeline).output().unwrap();
            let stderr = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(2), "{command}: {text}{stderr}");
            assert!(stderr.contains(words), "{command}: no {words:?} in {stderr}");
        }
        assert!(!served.lake().exists());
    }
}

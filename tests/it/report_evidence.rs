//! What a report quotes and of whom, and figures that no reader of its files stumbles over.

use std::fs;

use serde_json::{Value, json};

use crate::common::roundup;
use crate::report::{self, Report, report_of};

const JUNE: [&str; 4] = ["--period", "4w", "--until", "2026-06-01"];

/// A completed interview of one job, all of candidates of the same name.
fn body(number: usize, says: &str) -> Value {
    let mut body = report::body(number, "a", says);
    body["id"] = json!(format!("interview-{number}"));
    body["candidate"] = json!({"id": format!("person-{number}"), "name": "Nora Quist", "email": "nora@quist.example"});
    body
}

/// A report of so many interviews, each changed by its number.
fn report_with(interviews: usize, change: impl Fn(usize, &mut Value)) -> Report {
    let mut lines = String::new();
    for number in 0..interviews {
        let mut body = body(number, "We use React for all of it here.");
        change(number, &mut body);
        lines += &(body.to_string() + "\n");
    }
    report_of(&lines, &JUNE)
}

#[test]
fn durations_out_of_all_proportion_make_a_report() {
    for odd in [1.7e18, 1e200, 1.7e308] {
        let report = report_with(26, |number, body| {
            if number >= 20 {
                body["responses"][0]["duration_seconds"] = json!(odd);
            }
        });
        let bins = report.summary()["jobs"][0]["figures"]["duration_bins"].clone();
        assert_eq!([&bins[0]["interviews"], &bins[1]["interviews"]], [20, 6], "{odd}: {bins}");
        let page = report.job_pages().concat() + &report.read("index.html");
        let mut words = page.split(|letter: char| !letter.is_alphanumeric());
        assert_eq!(words.find(|word| ["inf", "NaN"].contains(word)), None, "{odd}");
        for file in ["jobs.csv", "questions.csv", "keywords.csv"] {
            for row in report.rows(file) {
                let is_wrong = |cell: &&String| cell.parse::<f64>().is_ok_and(|number| !number.is_finite());
                assert_eq!(row.values().find(is_wrong), None, "{odd} in {file}");
            }
        }
    }
}

#[test]
fn a_question_that_few_were_asked_is_not_printed_beside_a_quote() {
    let report = report_with(6, |number, body| {
        let mut follow_up = body["responses"][0].clone();
        follow_up["question_id"] = json!(format!("follow-up-{number}"));
        follow_up["question_text"] = json!(format!("Nora Quist, why did you leave Acme {number}?"));
        body["responses"][0]["transcript"] = json!("Nothing in particular.");
        body["responses"].as_array_mut().unwrap().push(follow_up);
    });
    let page = &report.job_pages()[0];
    assert!(page.contains("<mark") && page.contains("What do you use?"));
    assert!(!page.contains("Acme") && !page.contains("Nora"), "a question speaks to a person");
}

#[test]
fn who_cannot_be_told_is_not_quoted() {
    let nobody = json!({"id": "p", "name": null, "email": null});
    for candidate in [Value::Null, nobody] {
        let report = report_with(8, |number, body| {
            body["responses"][0]["transcript"] = json!("I am Nora Quist, and we use React.");
            if number % 2 == 0 {
                body["candidate"] = candidate.clone();
                if candidate.is_object() {
                    body["candidate"]["id"] = json!(format!("person-{number}"));
                }
            }
        });
        report.again(&[&JUNE[..], &["--whole-answers"]].concat());
        let page = &report.job_pages()[0];
        assert!((1..=3).contains(&page.matches("<mark").count()));
        assert!(!page.contains("Nora") && !page.contains("Quist"), "{candidate}");
        let record = record(&report).expect("somebody is quoted");
        let quoted = record["interviews"].as_array().unwrap();
        let is_known = |id: &Value| {
            let number = id.as_str().and_then(|id| id.strip_prefix("interview-")).unwrap();
            number.parse::<usize>().unwrap() % 2 == 1
        };
        assert!(!quoted.is_empty() && quoted.iter().all(is_known), "{quoted:?}");
    }
    let report = report_with(8, |_, body| body["candidate"] = Value::Null);
    let page = &report.job_pages()[0];
    assert!(page.contains("No quotes: ") && !page.contains("<mark"));
}

#[test]
fn nobody_is_quoted_twice_for_a_keyword() {
    // Four interviews of one person, and five people with one each.
    let report = report_with(9, |number, body| {
        if number < 4 {
            body["candidate"]["id"] = json!("person-again");
            body["responses"][0]["transcript"] = json!("Once more we use React here.");
        }
    });
    let page = &report.job_pages()[0];
    assert_eq!(page.matches("<mark").count(), 3);
    assert!(page.matches("Once more we use").count() <= 1, "{page}");
    report.again(&[&JUNE[..], &["--no-quotes", "--whole-answers"]].concat());
    assert!(report.job_pages()[0].matches("Once more we use").count() <= 1);
}

/// Whom the lake says that its only report quotes; none without a record.
fn record(report: &Report) -> Option<Value> {
    let entries = fs::read_dir(report.folder.path().join("lake/_roundup/quotes")).unwrap();
    let mut records = entries.map(|entry| serde_json::from_slice(&fs::read(entry.unwrap().path()).unwrap()).unwrap());
    let record = records.next();
    assert!(records.next().is_none(), "one report has one record");
    record
}

#[test]
fn who_is_quoted_is_remembered_until_the_pages_are_gone() {
    let report = report_with(8, |_, _| {});
    let before = record(&report).unwrap();
    // Killed before the new pages are published: the old ones stay.
    let fails = |flags: &[&str]| {
        let mut killed = roundup(report.folder.path());
        killed.env("ROUNDUP_CRASH_AT", "report-staged").args(["report", "--lake", "lake"]);
        killed.args(JUNE).args(flags).assert().failure();
    };
    fails(&["--no-quotes"]);
    assert!(report.job_pages()[0].contains("<mark"));
    assert_eq!(record(&report), Some(before.clone()));
    fails(&["--no-quotes", "--whole-answers"]);
    let of = |record: &Value| -> Vec<String> {
        record["interviews"].as_array().unwrap().iter().map(|id| id.as_str().unwrap().to_owned()).collect()
    };
    let both = of(&record(&report).unwrap());
    assert!(of(&before).iter().all(|id| both.contains(id)) && both.len() >= 5, "{both:?}");
    report.again(&[&JUNE[..], &["--no-quotes"]].concat());
    assert_eq!(record(&report), None);
}

#[test]
fn the_hash_of_inputs_is_of_all_that_figures_are_made_from() {
    let report = report_with(8, |number, body| {
        if number == 7 {
            body["status"] = json!("in_progress");
            body["completed_at"] = Value::Null;
        }
    });
    let hash = |flags: &[&str]| {
        report.again(&[&JUNE[..], flags].concat());
        report.summary()["provenance"]["inputs_sha256"].clone()
    };
    let first = hash(&[]);
    assert_eq!(hash(&[]), first);
    let file = report.folder.path().join("jobs.toml");
    fs::write(&file, "[[job]]\nid = \"a\"\ntitle = \"Renamed\"\n").unwrap();
    let renamed = hash(&["--jobs-file", "jobs.toml"]);
    assert_ne!(renamed, first, "the file of jobs names them");
    let mut open = body(8, "");
    open["status"] = json!("in_progress");
    open["completed_at"] = Value::Null;
    fs::write(report.folder.path().join("open.jsonl"), open.to_string()).unwrap();
    roundup(report.folder.path()).args(["import", "--lake", "lake", "open.jsonl"]).assert().success();
    assert_ne!(hash(&[]), first, "open interviews are counted");
}

#[test]
fn a_period_is_not_compared_with_a_part_of_itself() {
    let report = report_with(8, |_, _| {});
    for (day, is_apart) in [("2026-06-01", false), ("2026-05-05", false), ("2026-06-20", false), ("2026-05-04", true)] {
        let output = roundup(report.folder.path())
            .args(["report", "--lake", "lake", "--compare", day])
            .args(JUNE)
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(if is_apart { 0 } else { 2 }), "{day}: {stderr}");
        assert_eq!(stderr.contains("overlaps"), !is_apart, "{stderr}");
    }
}

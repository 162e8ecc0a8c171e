//! What a report holds back, and what it quotes.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::common::{rows, serve};
use crate::report::{Report, report_of};

const JUNE: [&str; 4] = ["--period", "4w", "--until", "2026-06-01"];

/// A completed interview of a job; its only answer says something.
fn body(number: usize, job: &str, says: &str) -> Value {
    let day = 5 + number % 20;
    json!({
        "id": format!("interview-{job}-{number}"),
        "status": "completed",
        "job": {"id": job, "title": format!("Job {job}"), "department": "All"},
        "candidate": {"id": format!("person-{job}-{number}"), "name": format!("Nora{number} Quist"), "email": format!("nora{number}@quist.example")},
        "created_at": "2026-05-05T08:00:00Z",
        "started_at": format!("2026-05-{day:02}T09:00:00Z"),
        "completed_at": format!("2026-05-{day:02}T09:20:00Z"),
        "responses": [{
            "question_id": "q", "question_text": "What do you use?", "question_type": "technical",
            "transcript": says, "duration_seconds": 30, "answered_at": format!("2026-05-{day:02}T09:01:00Z"),
        }],
    })
}

/// Jobs of so many interviews each; of these so many mention React.
fn lake_of(jobs: &[(&str, usize, usize)], flags: &[&str]) -> Report {
    let mut lines = String::new();
    for (job, interviews, mentioning) in jobs {
        for number in 0..*interviews {
            let says =
                if number < *mentioning { "We use React for all of it here." } else { "We use nothing in particular." };
            lines += &(body(number, job, says).to_string() + "\n");
        }
    }
    report_of(&lines, flags)
}

fn completed(report: &Report) -> BTreeMap<String, String> {
    report.rows("jobs.csv").into_iter().map(|row| (row["job_id"].clone(), row["completed"].clone())).collect()
}

#[test]
fn groups_below_the_floor_show_nothing_in_any_format() {
    let report = lake_of(&[("a", 4, 4)], &JUNE);
    let summary = report.summary();
    assert!(summary["overall"].is_null() && summary["jobs"][0]["figures"].is_null());
    assert_eq!(summary["keywords"], json!([]));
    assert_eq!(summary["provenance"]["interviews_in_period"], "<5");
    assert!(report.read("jobs.csv").lines().nth(1).unwrap().contains(",true,,,"));
    assert_eq!(report.rows("keywords.csv").len() + report.rows("questions.csv").len(), 0);
    let pages = report.job_pages().concat() + &report.read("index.html");
    assert!(!pages.contains("<mark") && !pages.contains("React"));
}

#[test]
fn one_small_job_cannot_be_had_by_subtraction() {
    let report = lake_of(&[("a", 12, 0), ("b", 3, 0), ("c", 7, 0)], &JUNE);
    assert_eq!(report.summary()["overall"]["completed"], 22);
    let shown = completed(&report);
    assert_eq!((shown["a"].as_str(), shown["b"].as_str(), shown["c"].as_str()), ("12", "", ""), "c goes with b");
    // Nor by asking for the others alone.
    report.again(&[&JUNE[..], &["--job", "Job a", "--job", "Job c"]].concat());
    let narrowed = report.summary();
    assert!(
        narrowed["jobs"].as_array().unwrap().iter().all(|job| job["figures"].is_null()),
        "one alone would be left over"
    );
}

#[test]
fn a_keyword_of_few_interviews_cannot_be_had_by_subtraction() {
    let report = lake_of(&[("a", 12, 9), ("b", 10, 3), ("c", 10, 6), ("d", 10, 0)], &JUNE);
    let rows = report.rows("keywords.csv");
    let of = |job: &str| {
        let row = rows.iter().find(|row| row["job_id"] == job && row["term"] == "react" && row["by"] == "all");
        row.map(|row| row["interviews"].clone())
    };
    assert_eq!(of("").as_deref(), Some("18"));
    assert_eq!(of("a").as_deref(), Some("9"));
    assert_eq!([of("b").as_deref(), of("c").as_deref()], [Some("<5"), Some("<5")], "c goes with b");
    assert_eq!(of("d"), None);
    let parts = rows.iter().filter(|row| row["by"] != "all" && ["b", "c"].contains(&row["job_id"].as_str()));
    assert_eq!(parts.count(), 0, "what is held back is held back by question, type and week as well");
    let pages = report.job_pages();
    assert_eq!(pages.iter().filter(|page| page.contains("<mark")).count(), 1, "only job a is quoted from");
    // Nor by asking for job c alone.
    report.again(&[&JUNE[..], &["--job", "Job c"]].concat());
    let rows = report.rows("keywords.csv");
    assert!(!rows.is_empty() && rows.iter().all(|row| row["interviews"] == "<5"), "{rows:?}");
    assert!(!report.job_pages()[0].contains("<mark"));
}

#[test]
fn quotes_mask_their_own_candidate_and_are_remembered_in_the_lake() {
    let lines: String = (0..6)
        .map(|number| {
            let says = format!("I am nora{number}, call 030 1234567. We use React <b>daily</b>. Nora{number} Quist, nora{number}@quist.example");
            body(number, "a", &says).to_string() + "\n"
        })
        .collect();
    let report = report_of(&lines, &JUNE);
    let page = &report.job_pages()[0];
    assert!(page.contains("<mark"), "{page}");
    assert!(page.contains("[name]") && page.contains("[phone]") && page.contains("[e-mail]"));
    for leaked in ["Nora", "nora", "Quist", "1234567", "quist.example", "<b>daily", "interview-a", "person-a"] {
        assert!(!page.contains(leaked), "{leaked} is on the page");
    }
    let records = || -> Vec<Value> {
        let folder = report.folder.path().join("lake/_roundup/quotes");
        let entries = fs::read_dir(folder).unwrap().map(|entry| fs::read(entry.unwrap().path()).unwrap());
        entries.map(|bytes| serde_json::from_slice(&bytes).unwrap()).collect()
    };
    let record = &records()[0];
    assert!(record["report"].as_str().unwrap().ends_with("reports/2026-06-01"));
    let interviews = record["interviews"].as_array().unwrap();
    assert_eq!(interviews.len(), 3, "three quotes, of three interviews");
    assert!(interviews.iter().all(|id| id.as_str().unwrap().starts_with("interview-a-")));

    report.again(&[&JUNE[..], &["--no-quotes"]].concat());
    assert!(!report.job_pages()[0].contains("<mark"));
    assert_eq!(records().len(), 0, "nobody is quoted any more");

    report.again(&[&JUNE[..], &["--no-quotes", "--whole-answers"]].concat());
    let page = &report.job_pages()[0];
    assert!(page.contains("I am [name], call [phone]. We use React &lt;b&gt;daily&lt;"), "{page}");
    assert_eq!(records()[0]["interviews"].as_array().unwrap().len(), 5);
}

#[test]
fn without_the_table_of_candidates_nothing_is_quoted() {
    let report = lake_of(&[("a", 8, 8)], &JUNE);
    assert!(report.job_pages()[0].contains("<mark"));
    fs::remove_dir_all(report.folder.path().join("lake/candidates")).unwrap();
    report.again(&JUNE);
    let page = &report.job_pages()[0];
    assert!(!page.contains("<mark"));
    assert!(page.contains("candidates cannot be read"), "{page}");
    assert_eq!(report.summary()["jobs"][0]["figures"]["completed"], 8, "figures need no names");
}

#[test]
fn cells_that_a_spreadsheet_could_run_are_texts() {
    let mut lines = String::new();
    let hostile = ["=1+1", "+1", "-1", "@SUM(A1)", "\tcmd", "\rcmd", "\n=1", "plain"];
    for (at, title) in hostile.iter().enumerate() {
        for number in 0..5 {
            let mut body = body(number, &format!("job{at}"), "We use React.");
            body["job"]["title"] = (*title).into();
            body["job"]["department"] = (*title).into();
            body["responses"][0]["question_text"] = format!("{title}?").into();
            lines += &(body.to_string() + "\n");
        }
    }
    let report = report_of(&lines, &JUNE);
    for file in ["jobs.csv", "questions.csv", "keywords.csv"] {
        for row in report.rows(file) {
            for (column, cell) in &row {
                let is_number = cell.parse::<f64>().is_ok();
                let first = cell.chars().next().unwrap_or('x');
                assert!(is_number || !"=+-@\t\r\n".contains(first), "{file}: {column} is {cell:?}");
            }
        }
    }
    let titles: Vec<String> = report.rows("jobs.csv").into_iter().map(|row| row["job_title"].clone()).collect();
    assert!(titles.contains(&"'-1".to_owned()) && titles.contains(&"plain".to_owned()), "{titles:?}");
}

#[test]
fn pages_that_quote_lead_to_nobody() {
    let served = serve(Some(240));
    let stages = "[analyze]\nkeywords = [\"builtin:engineering\", \"builtin:data\"]\n[report]\nout = \"reports\"\nperiod = \"13w\"\nuntil = \"2026-06-01\"\n";
    served.run(&served.pipeline(stages), 0);
    let folder = served.path("reports/latest");
    let mut all = String::new();
    for path in fs::read_dir(folder.join("jobs")).unwrap().map(|entry| entry.unwrap().path()) {
        all += &fs::read_to_string(path).unwrap();
    }
    assert!(all.matches("<mark").count() > 20, "answers are quoted");
    for file in ["index.html", "summary.json", "jobs.csv", "questions.csv", "keywords.csv"] {
        all += &fs::read_to_string(folder.join(file)).unwrap();
    }
    let candidates = rows(&served.lake(), "candidates");
    assert!(candidates.len() > 100);
    for candidate in candidates {
        for column in ["name", "email", "candidate_key", "interview_id"] {
            if let Some(text) = candidate.get(column).filter(|text| !text.is_empty()) {
                assert!(!all.contains(text.as_str()), "a report holds a candidate's {column}");
            }
        }
    }
}

#[test]
fn texts_of_any_kind_and_length_make_a_report() {
    let long = "x".repeat(1_000_000);
    let odd =
        "nul \u{0} bell \u{7} bidi \u{202e}\u{2066} </script><script>alert(1)</script> javascript:alert(1) 'q' \"q\"";
    let mut lines = String::new();
    for number in 0..6 {
        let mut body = body(number, "a", &format!("We use React {long} {odd}"));
        body["job"]["title"] = long.as_str().into();
        body["responses"][0]["question_text"] = odd.into();
        lines += &(body.to_string() + "\n");
    }
    // A lone surrogate cannot be text: the body that escapes one is set aside, and the others are reported.
    let lone = body(7, "a", "SURROGATE").to_string().replace("SURROGATE", "\\ud800");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bodies.jsonl"), lines.clone() + &lone + "\n").unwrap();
    let imported =
        crate::common::roundup(folder.path()).args(["import", "--lake", "lake", "bodies.jsonl"]).output().unwrap();
    assert_eq!(imported.status.code(), Some(3), "one is set aside");

    let report = report_of(&lines, &JUNE);
    assert_eq!(report.summary()["overall"]["completed"], 6);
    assert_eq!(report.rows("jobs.csv")[0]["job_title"].len(), long.len());
    let question = &report.rows("questions.csv")[0]["question_text"];
    assert!(question.contains("nul \u{fffd} bell \u{fffd}") && question.contains("</script>"), "{question}");
    let page = &report.job_pages()[0];
    assert!(page.contains("<mark") && page.len() < 500_000, "{} bytes", page.len());
    assert!(!page.contains("<script>alert") && !page.contains('\u{0}') && !page.contains('\u{7}'));
}

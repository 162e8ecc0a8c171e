//! What a report quotes and of whom, and figures that no reader of its files stumbles over.

use serde_json::{Value, json};

use crate::report::{Report, report_of};

const JUNE: [&str; 4] = ["--period", "4w", "--until", "2026-06-01"];

/// A completed interview of one job; its only answer says something.
fn body(number: usize, says: &str) -> Value {
    let day = 5 + number % 20;
    json!({
        "id": format!("interview-{number}"),
        "status": "completed",
        "job": {"id": "a", "title": "Job a", "department": "All"},
        "candidate": {"id": format!("person-{number}"), "name": "Nora Quist", "email": "nora@quist.example"},
        "created_at": "2026-05-05T08:00:00Z",
        "started_at": format!("2026-05-{day:02}T09:00:00Z"),
        "completed_at": format!("2026-05-{day:02}T09:20:00Z"),
        "responses": [{
            "question_id": "q", "question_text": "What do you use?", "question_type": "technical",
            "transcript": says, "duration_seconds": 30, "answered_at": format!("2026-05-{day:02}T09:01:00Z"),
        }],
    })
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

//! The report: the same figures in every format, and none that could pick out a person.

use std::fs;

use serde_json::Value;

use crate::common::{INTERVIEWS, roundup, sample, serve};

struct Report {
    folder: tempfile::TempDir,
}

fn report_of(lines: &str, flags: &[&str]) -> Report {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bodies.jsonl"), lines).unwrap();
    let run = |arguments: &[&str]| roundup(folder.path()).args(arguments).assert().success();
    run(&["import", "--lake", "lake", "bodies.jsonl"]);
    run(&["analyze", "--lake", "lake", "--keywords", "builtin:vendor-sample"]);
    run(&[&["report", "--lake", "lake"], flags].concat());
    Report { folder }
}

impl Report {
    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder.path().join("reports/latest").join(file)).unwrap()
    }

    fn summary(&self) -> Value {
        serde_json::from_str(&self.read("summary.json")).unwrap()
    }
}

const SPRING: [&str; 4] = ["--period", "13w", "--until", "2026-06-01"];

#[test]
fn every_format_shows_the_same_figures() {
    let report = report_of(&fs::read_to_string(INTERVIEWS).unwrap(), &SPRING);
    let summary = report.summary();
    let jobs = summary["jobs"].as_array().unwrap();
    assert_eq!(jobs.len(), 7);
    let mut rows = csv::Reader::from_reader(report.read("jobs.csv").into_bytes().leak() as &[u8]);
    let header = rows.headers().unwrap().clone();
    let html = report.read("index.html");
    for (job, row) in jobs.iter().zip(rows.records()) {
        let row = row.unwrap();
        let cell = |name: &str| row.get(header.iter().position(|column| column == name).unwrap()).unwrap().to_owned();
        let figures = &job["figures"];
        assert_eq!(cell("job_id"), job["job_id"].as_str().unwrap());
        assert_eq!(cell("completed"), figures["completed"].to_string());
        for (column, value) in [
            ("total_duration_seconds_median", &figures["total_duration_seconds"]["median"]),
            ("word_count_quartile_3", &figures["word_count"]["quartile_3"]),
            ("words_per_minute_mean", &figures["words_per_minute"]["mean"]),
            ("pooled_words_per_minute", &figures["pooled_words_per_minute"]),
        ] {
            assert_eq!(cell(column).parse::<f64>().unwrap(), value.as_f64().unwrap(), "{column}");
        }
        let pace = figures["pooled_words_per_minute"].as_f64().unwrap();
        let shown = format!("<td>{}</td>", format!("{pace:.1}").trim_end_matches(".0"));
        assert!(html.contains(&shown), "{shown}");
    }
}

#[test]
fn no_direct_identifier_is_in_a_report() {
    let lines = fs::read_to_string(INTERVIEWS).unwrap();
    let report = report_of(&lines, &SPRING);
    let all = report.read("index.html") + &report.read("summary.json") + &report.read("jobs.csv");
    for body in lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()) {
        for field in ["id", "name", "email"] {
            if let Some(text) = body["candidate"][field].as_str() {
                assert!(!all.contains(text), "a report holds a candidate's {field}");
            }
        }
        assert!(!all.contains(body["id"].as_str().unwrap()), "a report holds an interview's id");
    }
}

#[test]
fn groups_below_the_floor_show_nothing() {
    // Four completed interviews of one job.
    let text = fs::read_to_string(INTERVIEWS).unwrap();
    let body = |line: &&str| serde_json::from_str::<Value>(line).unwrap();
    let four: Vec<&str> = text
        .lines()
        .filter(|line| body(line)["status"] == "completed" && body(line)["job"]["title"] == "Product Manager")
        .take(4)
        .collect();
    assert_eq!(four.len(), 4);
    let report = report_of(&four.join("\n"), &SPRING);
    let summary = report.summary();
    assert!(summary["overall"].is_null());
    assert!(summary["jobs"][0]["figures"].is_null());
    assert_eq!(summary["keywords"].as_array().unwrap().len(), 0);
    assert!(report.read("jobs.csv").lines().nth(1).unwrap().contains(",true,,,"));
    assert!(report.read("index.html").contains("fewer than 5 candidates: not shown"));
}

#[test]
fn titles_are_text_whatever_they_hold() {
    let title = "=HYPERLINK(\"http://x\") <script>alert(1)</script> & \"quotes\", commas";
    let text = fs::read_to_string(INTERVIEWS).unwrap();
    let changed: String = text
        .lines()
        .map(|line| {
            let mut body: Value = serde_json::from_str(line).unwrap();
            body["job"]["title"] = title.into();
            body.to_string() + "\n"
        })
        .collect();
    let report = report_of(&changed, &SPRING);
    let html = report.read("index.html");
    assert!(!html.contains("<script"), "no script of any kind is in the page");
    assert!(html.contains("&lt;script&gt;"));
    let row = csv::Reader::from_reader(report.read("jobs.csv").as_bytes()).records().next().unwrap().unwrap();
    assert_eq!(row[1], format!("'{title}"), "no formula for a spreadsheet");
}

#[test]
fn a_report_of_an_empty_period_or_lake_says_so() {
    let lines = fs::read_to_string(INTERVIEWS).unwrap();
    let period = report_of(&lines, &["--until", "2030-01-01"]);
    assert!(period.read("index.html").contains("No interview was completed or expired in this period."));
    assert!(period.summary()["interviews_outside"].as_u64().unwrap() > 40);
    let lake = report_of("", &[]);
    assert!(lake.read("index.html").contains("No interview was completed or expired in this period."));
}

#[test]
fn the_same_lake_and_flags_give_the_same_bytes_and_replace_the_report() {
    let report = report_of(&fs::read_to_string(INTERVIEWS).unwrap(), &SPRING);
    let files = ["index.html", "jobs.csv", "summary.json"];
    let before: Vec<String> = files.iter().map(|file| report.read(file)).collect();
    let mut again = roundup(report.folder.path());
    again.env("POLARS_MAX_THREADS", "1").args(["report", "--lake", "lake"]).args(SPRING).assert().success();
    let after: Vec<String> = files.iter().map(|file| report.read(file)).collect();
    assert!(before == after);
    let entries: Vec<_> = fs::read_dir(report.folder.path().join("reports")).unwrap().collect();
    assert_eq!(entries.len(), 2, "the report and `latest`, nothing half-written");
}

#[test]
fn a_report_of_what_was_not_analysed_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    roundup(folder.path()).args(["import", "--lake", "lake", INTERVIEWS]).assert().success();
    let output = roundup(folder.path()).args(["report", "--lake", "lake"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(stderr.contains("roundup analyze --lake lake"), "{stderr}");
    assert!(!folder.path().join("reports").exists());
}

#[test]
fn the_completion_rate_is_of_those_created_in_the_period_and_known_from_a_list() {
    let served = serve(None);
    let stages = "[analyze]\n[report]\nout = \"reports\"\nperiod = \"13w\"\nuntil = \"2026-06-01\"\n";
    served.run(&served.pipeline(stages), 0);
    let summary: Value =
        serde_json::from_slice(&fs::read(served.path("reports/latest/summary.json")).unwrap()).unwrap();
    // Times of the sample are all in UTC and of one form, so that texts compare as times do.
    let created =
        |body: &&Value| body["created_at"].as_str().is_some_and(|time| ("2026-03-02".."2026-06-01").contains(&time));
    let all = sample();
    let count = |statuses: &[&str]| {
        let is = |body: &&Value| statuses.contains(&body["status"].as_str().unwrap());
        f64::from(u32::try_from(all.iter().filter(created).filter(is).count()).unwrap())
    };
    let (completed, settled) = (count(&["completed"]), count(&["completed", "expired"]));
    let cohort = f64::from(u32::try_from(all.iter().filter(created).count()).unwrap());
    assert!(settled > completed && cohort > settled, "the sample has all three kinds");
    let overall = &summary["overall"];
    assert_eq!(overall["completion_cohort"].as_f64(), Some(cohort));
    assert_eq!(overall["completion_rate"].as_f64(), Some(completed / settled));
    assert_eq!(overall["still_open_share"].as_f64(), Some((cohort - settled) / cohort));

    // The same interviews, imported: nobody knows how many were asked.
    let imported = report_of(&fs::read_to_string(INTERVIEWS).unwrap(), &SPRING).summary();
    assert!(imported["overall"]["completion_rate"].is_null());
    let why = imported["overall"]["completion_rate_missing"].as_str().unwrap();
    assert!(why.contains("id list"), "{why}");
}

#[test]
fn a_keyword_set_that_not_every_answer_was_searched_for_is_left_out_and_named() {
    let text = fs::read_to_string(INTERVIEWS).unwrap();
    let (first, second): (Vec<_>, Vec<_>) = text.lines().enumerate().partition(|(at, _)| at % 2 == 0);
    let lines = |half: Vec<(usize, &str)>| half.into_iter().map(|(_, line)| format!("{line}\n")).collect::<String>();
    let report = report_of(&lines(first), &SPRING);
    assert_eq!(report.summary()["keyword_sets"][0], "vendor-sample");
    let folder = report.folder.path();
    fs::write(folder.join("more.jsonl"), lines(second)).unwrap();
    let run = |arguments: &[&str]| roundup(folder).args(arguments).assert().success();
    run(&["import", "--lake", "lake", "more.jsonl"]);
    run(&["analyze", "--lake", "lake", "--keywords", "builtin:behavioural"]);
    run(&[&["report", "--lake", "lake"][..], &SPRING].concat());
    assert_eq!(report.summary()["keyword_sets"], serde_json::json!(["behavioural"]));
    assert_eq!(report.summary()["keyword_sets_left_out"], serde_json::json!(["vendor-sample"]));
    assert!(report.read("index.html").contains("searched for them as they are now: vendor-sample"));
}

//! The report: the same figures in every format, and none that could pick out a person.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::common::{INTERVIEWS, roundup, sample};

/// A lake of some bodies, and a report of it.
pub struct Report {
    pub folder: tempfile::TempDir,
}

pub fn report_of(lines: &str, flags: &[&str]) -> Report {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bodies.jsonl"), lines).unwrap();
    let run = |arguments: &[&str]| roundup(folder.path()).args(arguments).assert().success();
    run(&["import", "--lake", "lake", "bodies.jsonl"]);
    run(&["analyze", "--lake", "lake", "--keywords", "builtin:vendor-sample"]);
    run(&[&["report", "--lake", "lake"], flags].concat());
    Report { folder }
}

/// A completed interview of a job; its only answer says something.
pub fn body(number: usize, job: &str, says: &str) -> Value {
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

impl Report {
    pub fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder.path().join("reports/latest").join(file)).unwrap()
    }

    pub fn summary(&self) -> Value {
        serde_json::from_str(&self.read("summary.json")).unwrap()
    }

    /// Another report of the same lake.
    pub fn again(&self, flags: &[&str]) {
        roundup(self.folder.path()).args(["report", "--lake", "lake"]).args(flags).assert().success();
    }

    /// The pages of the jobs, in the order of their names.
    pub fn job_pages(&self) -> Vec<String> {
        let folder = self.folder.path().join("reports/latest/jobs");
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        names.sort();
        names.into_iter().map(|path| fs::read_to_string(path).unwrap()).collect()
    }

    /// A CSV file as rows of cells by column.
    pub fn rows(&self, file: &str) -> Vec<BTreeMap<String, String>> {
        let text = self.read(file);
        let text = text.strip_prefix('\u{feff}').expect("the mark that tells Excel that it is UTF-8");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header = reader.headers().unwrap().clone();
        let named =
            |row: csv::StringRecord| header.iter().map(str::to_owned).zip(row.iter().map(str::to_owned)).collect();
        reader.records().map(|row| named(row.unwrap())).collect()
    }
}

/// A cell of CSV and a value of JSON say the same.
#[track_caller]
fn same(cell: &str, value: &Value) {
    match value {
        Value::Null => assert_eq!(cell, ""),
        Value::String(text) => assert_eq!(cell, text),
        Value::Number(number) => assert_eq!(cell.parse::<f64>().ok(), number.as_f64()),
        other => assert_eq!(cell, other.to_string()),
    }
}

pub const SPRING: [&str; 4] = ["--period", "13w", "--until", "2026-06-01"];

#[test]
fn every_format_shows_the_same_figures() {
    let report = report_of(&fs::read_to_string(INTERVIEWS).unwrap(), &SPRING);
    let summary = report.summary();
    let jobs = summary["jobs"].as_array().unwrap();
    assert_eq!(jobs.len(), 7);
    let html = report.read("index.html");
    let mut rows = report.rows("jobs.csv");
    let others = &summary["other_jobs"];
    if !others.is_null() {
        let together = rows.pop().unwrap();
        same(&together["described"], &others["figures"]["described"]);
        assert_eq!((together["job_id"].as_str(), together["completed"].as_str()), ("", ""));
    }
    assert_eq!(rows.len(), jobs.len());
    for (job, row) in jobs.iter().zip(&rows) {
        let figures = &job["figures"];
        same(&row["job_id"], &job["job_id"]);
        same(&row["with_other_jobs"], &job["is_pooled"]);
        for name in
            ["completed", "expired", "completion_rate", "described", "responses", "answered", "pooled_words_per_minute"]
        {
            same(&row[name], &figures[name]);
        }
        for figure in ["total_duration_seconds", "average_response_length", "word_count", "words_per_minute"] {
            for part in ["n", "median", "quartile_1", "quartile_3", "mean", "standard_deviation"] {
                same(&row[&format!("{figure}_{part}")], &figures[figure][part]);
            }
        }
        if let Some(median) = figures["total_duration_seconds"]["median"].as_f64() {
            assert!(html.contains(&format!("data-sort=\"{median:?}\"")), "{median} is not on the page");
        }
    }
    assert!(jobs.iter().any(|job| job["figures"]["described"] != 0), "some job is shown");
    let questions: Vec<&Value> = jobs.iter().flat_map(|job| job["questions"].as_array().unwrap()).collect();
    let rows = report.rows("questions.csv");
    assert!(!rows.is_empty());
    assert_eq!(rows.len(), questions.len());
    for (question, row) in questions.iter().zip(&rows) {
        for name in ["question_text", "question_type", "other_texts", "asked", "coverage", "time_limit_seconds"] {
            same(&row[name], &question[name]);
        }
        same(&row["word_count_median"], &question["word_count"]["median"]);
    }
    let of_jobs = jobs.iter().flat_map(|job| job["keywords"].as_array().unwrap());
    let keywords: Vec<&Value> = summary["keywords"].as_array().unwrap().iter().chain(of_jobs).collect();
    let rows: Vec<_> = report.rows("keywords.csv").into_iter().filter(|row| row["by"] == "all").collect();
    assert_eq!(rows.len(), keywords.len());
    for (keyword, row) in keywords.iter().zip(&rows) {
        same(&row["term"], &keyword["term"]);
        for name in ["interviews", "share", "responses", "mentions", "negated"] {
            same(&row[name], &keyword["counts"][name]);
        }
    }
}

#[test]
fn no_direct_identifier_is_in_a_report() {
    let lines = fs::read_to_string(INTERVIEWS).unwrap();
    let report = report_of(&lines, &SPRING);
    let pages = report.job_pages().concat();
    let files = ["index.html", "summary.json", "jobs.csv", "questions.csv", "keywords.csv"];
    let all = files.map(|file| report.read(file)).concat() + &pages;
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
    assert_eq!(html.matches("<script").count(), 2, "no script but the page's own and the texts that it searches");
    assert!(html.contains("&lt;script&gt;"));
    assert!(report.job_pages().iter().all(|page| !page.contains("<script>alert")));
    assert_eq!(report.rows("jobs.csv")[0]["job_title"], format!("'{title}"), "no formula for a spreadsheet");
}

#[test]
fn a_report_of_an_empty_period_or_lake_says_so() {
    let lines = fs::read_to_string(INTERVIEWS).unwrap();
    let period = report_of(&lines, &["--until", "2030-01-01"]);
    let page = period.read("index.html");
    assert!(page.contains("No interview was completed or expired in this period."));
    assert!(period.summary()["provenance"]["left_out"][0]["count"].as_u64().unwrap() > 40);
    assert_eq!(period.summary()["overall"]["completed"], 0);
    // What it says to do shows the newest.
    let newest = period.summary()["provenance"]["newest"].clone();
    let until = newest["until"].as_str().unwrap();
    assert!(page.contains(&format!("<code>--until {until}</code>")), "{page}");
    period.again(&["--until", until, "--period", "1d"]);
    let summary = period.summary();
    assert_eq!(summary["provenance"]["data_until"], newest["settled_at"]);
    assert!(
        summary["provenance"]["interviews_in_period"].as_i64() > Some(0) && summary["provenance"]["newest"].is_null()
    );
    // Another report of nothing leaves it to be the latest.
    period.again(&["--until", "2030-01-01"]);
    assert_eq!(period.summary()["period"]["until"], until);
    let lake = report_of("", &[]);
    assert!(lake.read("index.html").contains("No interview was completed or expired in this period."));
    for file in ["jobs.csv", "questions.csv", "keywords.csv"] {
        assert_eq!(lake.rows(file).len(), 0);
    }
    assert!(fs::metadata(lake.folder.path().join("reports/latest/roundup.xlsx")).unwrap().len() > 0);
}

#[test]
fn the_same_lake_and_flags_give_the_same_bytes_and_replace_the_report() {
    let report = report_of(&fs::read_to_string(INTERVIEWS).unwrap(), &SPRING);
    let latest = report.folder.path().join("reports/latest");
    let files = ["index.html", "jobs.csv", "questions.csv", "keywords.csv", "summary.json", "roundup.xlsx"];
    let read = || files.map(|file| fs::read(latest.join(file)).unwrap());
    let (before, pages) = (read(), report.job_pages());
    let mut again = roundup(report.folder.path());
    again.env("RAYON_NUM_THREADS", "1");
    again.args(["report", "--lake", "lake"]).args(SPRING).assert().success();
    assert!(before == read());
    assert!(pages == report.job_pages());
    let entries: Vec<_> = fs::read_dir(report.folder.path().join("reports")).unwrap().collect();
    assert_eq!(entries.len(), 2, "the report and `latest`, nothing half-written");
}

#[test]
fn one_interview_and_a_title_of_300_characters_make_a_report() {
    let text = fs::read_to_string(INTERVIEWS).unwrap();
    let mut body: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    let title = "Überprüfer <b>für</b> \u{202e}alles ".repeat(10);
    body["job"]["title"] = title.as_str().into();
    body["completed_at"] = "2026-05-20T10:00:00Z".into();
    let report = report_of(&body.to_string(), &SPRING);
    let summary = report.summary();
    assert_eq!((&summary["overall"]["completed"], &summary["overall"]["described"]), (&1.into(), &0.into()));
    assert_eq!(summary["jobs"][0]["is_pooled"], true);
    assert_eq!(report.rows("jobs.csv")[0]["job_title"], title);
    let slug = summary["jobs"][0]["slug"].as_str().unwrap();
    assert!(slug.len() < 64 && slug.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'), "{slug}");
    assert_eq!(report.job_pages().len(), 1);
}

#[test]
fn a_report_can_be_narrowed_and_compared_with_any_period() {
    let report = report_of(&fs::read_to_string(INTERVIEWS).unwrap(), &SPRING);
    let whole = report.summary();
    let job = whole["jobs"].as_array().unwrap().iter().find(|job| job["figures"]["described"] != 0).unwrap().clone();
    let title = job["job_title"].as_str().unwrap().to_uppercase();
    report.again(&[&SPRING[..], &["--job", &title, "--compare", "none"]].concat());
    let one = report.summary();
    assert_eq!(one["jobs"].as_array().unwrap().len(), 1);
    assert_eq!(one["jobs"][0]["figures"]["completed"], job["figures"]["completed"]);
    assert!(one["previous_period"].is_null() && one["jobs"][0]["previous"].is_null());
    assert_eq!(one["needs_a_look"]["not_compared"], "this report is compared with no other period");
    report.again(&[&SPRING[..], &["--compare", "2025-06-02"]].concat());
    assert_eq!(report.summary()["previous_period"]["from"], "2025-03-03");
    let folders = fs::read_dir(report.folder.path().join("reports")).unwrap().count();
    assert_eq!(folders, 3, "a narrowed report has a folder of its own");

    let fails = |flags: &[&str], message: &str| {
        let mut command = roundup(report.folder.path());
        let output = command.args(["report", "--lake", "lake"]).args(flags).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(message), "{stderr}");
    };
    fails(&["--job", "Astronaut"], "no job of the lake is called Astronaut");
    fails(&["--department", "Space"], "no department of the lake is called Space");
    fails(&["--compare", "yesterday"], "`yesterday` is nothing to compare with");
}

#[test]
fn a_file_of_jobs_merges_and_renames() {
    let report = report_of(&fs::read_to_string(INTERVIEWS).unwrap(), &SPRING);
    let ids: Vec<String> = report.rows("jobs.csv").into_iter().map(|row| row["job_id"].clone()).collect();
    let [first, second] = [&ids[0], &ids[1]];
    let file = format!("[[job]]\nid = \"both\"\nids = [\"{first}\", \"{second}\"]\ntitle = \"Two in one\"\n");
    fs::write(report.folder.path().join("jobs.toml"), file).unwrap();
    report.again(&[&SPRING[..], &["--jobs-file", "jobs.toml"]].concat());
    let rows = report.rows("jobs.csv");
    assert_eq!(rows.len(), ids.len() - 1);
    let merged = rows.iter().find(|row| row["job_id"] == "both").unwrap();
    assert_eq!(merged["job_title"], "Two in one");
    let completed = sample()
        .into_iter()
        .filter(|body| [first.as_str(), second.as_str()].contains(&body["job"]["id"].as_str().unwrap_or_default()))
        .filter(|body| body["status"] == "completed")
        .filter(|body| ("2026-03-02".."2026-06-01").contains(&body["completed_at"].as_str().unwrap()))
        .count();
    assert_eq!(merged["completed"], completed.to_string());
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
fn of_interviews_that_no_list_named_there_is_no_completion_rate() {
    // Nobody knows how many were asked.
    let imported = report_of(&fs::read_to_string(INTERVIEWS).unwrap(), &SPRING);
    let overall = &imported.summary()["overall"];
    assert!(overall["completion_rate"].is_null() && overall["completed"].as_i64() > Some(40));
    let why = "no interview was first seen through an id list";
    assert_eq!(overall["completion_rate_missing"], why);
    assert!(imported.read("index.html").contains(why));
}

#[test]
fn a_keyword_set_that_not_every_answer_was_searched_for_is_left_out_and_named() {
    let text = fs::read_to_string(INTERVIEWS).unwrap();
    let (first, second): (Vec<_>, Vec<_>) = text.lines().enumerate().partition(|(at, _)| at % 2 == 0);
    let lines = |half: Vec<(usize, &str)>| half.into_iter().map(|(_, line)| format!("{line}\n")).collect::<String>();
    let report = report_of(&lines(first), &SPRING);
    assert_eq!(report.summary()["provenance"]["keyword_sets"][0]["name"], "vendor-sample");
    let folder = report.folder.path();
    fs::write(folder.join("more.jsonl"), lines(second)).unwrap();
    let run = |arguments: &[&str]| roundup(folder).args(arguments).assert().success();
    run(&["import", "--lake", "lake", "more.jsonl"]);
    run(&["analyze", "--lake", "lake", "--keywords", "builtin:behavioural"]);
    run(&[&["report", "--lake", "lake"][..], &SPRING].concat());
    let provenance = &report.summary()["provenance"];
    let sets: Vec<&Value> = provenance["keyword_sets"].as_array().unwrap().iter().map(|set| &set["name"]).collect();
    assert_eq!(sets, ["behavioural"]);
    let left_out = provenance["left_out"].as_array().unwrap();
    assert!(left_out.iter().any(|left_out| left_out["what"] == "keyword set vendor-sample"), "{left_out:?}");
    assert!(report.read("index.html").contains("keyword set vendor-sample"));
}

/// Twelve completed interviews of a job in the week that ends with a day; each lasts so many seconds.
pub fn week_of(ends: &str, seconds: usize) -> String {
    let day: jiff::civil::Date = ends.parse().unwrap();
    let one = |number: usize| {
        let day = day.checked_sub(jiff::Span::new().days(i64::try_from(number % 6).unwrap())).unwrap();
        let body = serde_json::json!({
            "id": format!("{ends}-{number}"),
            "status": "completed",
            "job": {"id": "a", "title": "Cook", "department": "Kitchen"},
            "candidate": {"id": format!("{ends}-{number}")},
            "created_at": format!("{day}T08:00:00Z"),
            "started_at": format!("{day}T09:00:00Z"),
            "completed_at": format!("{day}T09:20:00Z"),
            "responses": [{"question_text": "Why?", "transcript": "Because of the soup.", "duration_seconds": seconds + number}],
        });
        body.to_string() + "\n"
    };
    (0..12).map(one).collect()
}

#[test]
fn what_changed_beyond_chance_is_named_once_there_is_history() {
    let recent = week_of("2026-05-24", 100) + &week_of("2026-05-31", 160);
    let flags = ["--period", "7d", "--until", "2026-06-01"];
    let young = report_of(&recent, &flags).summary();
    assert_eq!(young["needs_a_look"]["findings"], serde_json::json!([]));
    assert_eq!(
        young["needs_a_look"]["not_compared"],
        "6 whole weeks of interviews are needed to tell change from chance, and the lake holds 1"
    );
    let report = report_of(&(recent + &week_of("2026-04-12", 100)), &flags);
    let look = report.summary()["needs_a_look"].clone();
    let findings = look["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 2, "duration and pace, of the job and not of all jobs as well: {look}");
    let duration = findings.iter().find(|finding| finding["kind"] == "duration").unwrap();
    assert_eq!(duration["text"], "the median duration rose from 1:50 to 2:50 minutes (n 12 and 12)");
    // Twelve persons: medians of 165.5 and 105.5, rounded.
    assert_eq!((duration["value"].as_f64(), duration["previous"].as_f64()), (Some(170.0), Some(110.0)));
    assert_eq!(duration["effect"], 1.0, "every interview was longer than each of the week before");
    assert!(duration["q"].as_f64().unwrap() < 0.001 && duration["q"].as_f64() >= duration["p"].as_f64());
    let page = report.read("index.html");
    assert!(page.contains("median duration"), "{page}");
    // The same weeks again: nothing to tell.
    let calm =
        report_of(&(week_of("2026-05-24", 100) + &week_of("2026-05-31", 100) + &week_of("2026-04-12", 100)), &flags);
    assert_eq!(calm.summary()["needs_a_look"]["findings"], serde_json::json!([]));
    assert!(calm.summary()["needs_a_look"]["comparisons"].as_u64().unwrap() >= 4);
}

#[test]
fn check_and_a_run_say_which_period_would_give_most_jobs_enough() {
    // Job a has four interviews in each of 14 weeks, b three, and c, which is filled no more, had forty before.
    let mut lines = String::new();
    for week in 0..26 {
        let day = jiff::civil::date(2026, 5, 27).checked_sub(jiff::Span::new().weeks(week)).unwrap();
        for (job, interviews) in [("a", 4), ("b", 3), ("c", 40)] {
            if (job == "c") != (week > 13) {
                continue;
            }
            for number in 0..interviews {
                let mut body = body(number, job, "We use React.");
                body["id"] = json!(format!("{job}-{week}-{number}"));
                body["candidate"]["id"] = json!(format!("{job}-{week}-{number}"));
                body["completed_at"] = json!(format!("{day}T09:00:00Z"));
                body["started_at"] = json!(format!("{day}T08:50:00Z"));
                lines += &(body.to_string() + "\n");
            }
        }
    }
    let report = report_of(&lines, &SPRING);
    let folder = report.folder.path();
    let printed = |command: &str, until: &str, period: &str| {
        let pipeline = format!(
            "[source]\napi = \"sandbox\"\nsandbox = {{ interviews = 1, seed = 1 }}\n[lake]\npath = \"lake\"\n[analyze]\n[report]\nout = \"reports\"\nperiod = \"{period}\"\nuntil = \"{until}\"\n"
        );
        fs::write(folder.join("pipeline.toml"), pipeline).unwrap();
        let output = roundup(folder).args([command, "pipeline.toml"]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let advice = "advice     0 of 2 jobs have 30 interviews in 7 days, and 2 would have in a period of 13w\n";
    let check = printed("check", "2026-06-01", "1w");
    assert!(check.contains("report     7 days") && check.contains(advice), "{check}");
    assert!(!printed("check", "2026-06-01", "13w").contains("advice"));
    let run = printed("run", "2026-06-01", "1w");
    assert!(run.contains("in a period of 13w"), "{run}");
}

//! What a report holds back, and what it quotes.

use std::collections::BTreeMap;
use std::fs;

use serde_json::{Value, json};

use crate::common::{rows, serve};
use crate::report::{Report, body, report_of};

const JUNE: [&str; 4] = ["--period", "4w", "--until", "2026-06-01"];

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
    // Nor by asking for some alone, or for one more: what is left out of all is left out of these.
    let narrowed = |jobs: &[&str]| {
        let names = jobs.iter().flat_map(|job| ["--job", job]);
        report.again(&JUNE.into_iter().chain(names).collect::<Vec<_>>());
        report.summary()
    };
    let alone = narrowed(&["Job a"]);
    let with_few = narrowed(&["Job a", "Job b"]);
    let with_all_others = narrowed(&["Job a", "Job c"]);
    for figure in ["overall", "weekly", "keywords", "cards"] {
        assert!(!alone[figure].is_null());
        assert_eq!(with_few[figure], alone[figure], "{figure}");
        assert_eq!(with_all_others[figure], alone[figure], "{figure}");
    }
    assert_eq!(with_few["overall"]["completed"], 12);
    assert_eq!(with_few["provenance"]["interviews_in_period"], 12);
    let why = with_few["provenance"]["left_out"][0]["why"].as_str().unwrap();
    assert!(why.ends_with("nor are they in the figures over all jobs"), "{why}");
    let few = narrowed(&["Job b", "Job c"]);
    assert!(few["overall"].is_null() && few["provenance"]["interviews_in_period"] == "<5");
    assert!(few["jobs"].as_array().unwrap().iter().all(|job| job["figures"].is_null()));
}

#[test]
fn a_count_over_some_jobs_is_held_back_where_that_of_one_is() {
    // b and c mention it too seldom; both show figures, so that only the count itself can be held back.
    let report = lake_of(&[("a", 12, 9), ("b", 10, 3), ("c", 10, 6), ("d", 10, 0)], &JUNE);
    report.again(&[&JUNE[..], &["--job", "Job a", "--job", "Job b"]].concat());
    let summary = report.summary();
    assert_eq!(summary["overall"]["completed"], 22);
    assert!(summary["keywords"][0]["counts"].is_null(), "{}", summary["keywords"]);
    assert_eq!(summary["jobs"][0]["keywords"][0]["counts"]["interviews"], 9);
}

#[test]
fn one_candidate_of_many_jobs_is_not_a_group() {
    let lines = ["a", "b", "c", "d", "e"].map(|job| {
        let mut body = body(0, job, "We use React.");
        body["candidate"]["id"] = "person".into();
        body.to_string() + "\n"
    });
    let summary = report_of(&lines.concat(), &JUNE).summary();
    assert!(summary["overall"].is_null() && summary["keywords"] == json!([]), "{}", summary["overall"]);
}

#[test]
fn answers_and_interviews_of_few_candidates_show_nothing() {
    let mut lines = String::new();
    for number in 0..14 {
        let mut body = body(number, "a", if number < 5 { "We use React." } else { "We use nothing." });
        if number < 5 {
            body["candidate"]["id"] = "person".into();
        } else {
            body["responses"][0]["duration_seconds"] = Value::Null;
        }
        lines += &(body.to_string() + "\n");
    }
    let report = report_of(&lines, &JUNE);
    let summary = report.summary();
    let job = &summary["jobs"][0];
    assert_eq!(job["figures"]["completed"], 14);
    for group in [&summary["overall"], &job["figures"]] {
        assert!(group["total_duration_seconds"]["median"].is_null() && group["total_duration_seconds"]["n"] == "<5");
        assert!(group["words_per_minute"]["median"].is_null() && group["pooled_words_per_minute"].is_null());
        assert_eq!(group["duration_bins"], json!([]));
        assert!(group["average_response_length"]["median"].is_number());
    }
    assert!(job["questions"][0]["duration_seconds"]["median"].is_null());
    assert!(job["keywords"][0]["counts"].is_null(), "five interviews of one candidate: {}", job["keywords"]);
    assert!(!report.job_pages()[0].contains("<mark"));
}

#[test]
fn the_figures_of_few_cannot_be_worked_out_from_those_of_all_and_the_others() {
    let mut lines = String::new();
    for number in 0..40 {
        let job = if number % 2 == 0 { "a" } else { "b" };
        let mut body = body(number, job, if number < 3 { "" } else { "We use React." });
        if job == "b" && number > 1 {
            body["responses"][0]["duration_seconds"] = Value::Null;
        }
        lines += &(body.to_string() + "\n");
    }
    let summary = report_of(&lines, &JUNE).summary();
    let figures = summary["jobs"].as_array().unwrap().iter().map(|job| &job["figures"]);
    for job in figures {
        let duration = &job["total_duration_seconds"];
        assert!(duration["n"] == "<5" && duration["mean"].is_null(), "one of b's, or a's and that of all: {duration}");
    }
    let overall = &summary["overall"];
    let blank = &summary["quality"]["answers_with_empty_transcript"];
    assert!(overall["responses"] == 40 && blank == "<5" && overall["answered"] == "<5", "{overall}");
}

#[test]
fn a_question_that_few_answered_cannot_be_worked_out_from_its_job() {
    let mut lines = String::new();
    for number in 0..10 {
        let mut body = body(number, "a", "We use React.");
        let one = body["responses"][0].clone();
        for at in 1..3 {
            let mut other = one.clone();
            other["question_id"] = format!("q{at}").into();
            other["question_text"] = format!("And {at}?").into();
            if at == 2 && number > 2 {
                other["transcript"] = "".into();
            }
            body["responses"].as_array_mut().unwrap().push(other);
        }
        lines += &(body.to_string() + "\n");
    }
    let summary = report_of(&lines, &JUNE).summary();
    let job = &summary["jobs"][0];
    assert_eq!(job["figures"]["answered"], 23);
    let answered: Vec<&Value> = job["questions"].as_array().unwrap().iter().map(|one| &one["answered"]).collect();
    assert_eq!(answered.iter().filter(|count| **count == "<5").count(), 2, "{answered:?}");
}

#[test]
fn weeks_give_away_no_part_of_the_period_before() {
    // Of the period before, eight of the first week and three of the second mention it.
    let mut lines = String::new();
    let days = [(5, 8, 10), (12, 3, 10), (19, 9, 10), (26, 9, 10)];
    for (day, mentioning, others) in days {
        for number in 0..mentioning + others {
            let mut body = body(number, "a", if number < mentioning { "We use React." } else { "Nothing." });
            body["id"] = format!("interview-{day}-{number}").into();
            body["candidate"]["id"] = format!("person-{day}-{number}").into();
            for time in ["started_at", "completed_at"] {
                body[time] = format!("2026-05-{day:02}T09:00:00Z").into();
            }
            lines += &(body.to_string() + "\n");
        }
    }
    let report = report_of(&lines, &["--period", "2w", "--until", "2026-06-01"]);
    let keyword = &report.summary()["keywords"][0];
    let weeks = keyword["by_week"].as_array().unwrap();
    let before = &weeks[weeks.len() - 4..weeks.len() - 2];
    assert!(before.iter().all(|week| week["interviews"] == "<5"), "{before:?}");
}

#[test]
fn a_day_and_the_week_it_is_in_give_away_no_other_day() {
    let mut lines = String::new();
    for number in 0..9 {
        let mut body = body(number, "a", "We use React.");
        body["completed_at"] = if number < 3 { "2026-05-25T09:20:00Z" } else { "2026-05-26T09:20:00Z" }.into();
        body["started_at"] = "2026-05-25T09:00:00Z".into();
        lines += &(body.to_string() + "\n");
    }
    let summary = report_of(&lines, &["--period", "1d", "--until", "2026-05-27"]).summary();
    let week = &summary["weekly"].as_array().unwrap().last().unwrap()["completed"];
    let shown = [week, &summary["overall"]["completed"]].iter().filter(|count| count.is_number()).count();
    assert!(shown < 2, "9 of the week less 6 of the day are 3: {week}, {}", summary["overall"]["completed"]);
}

/// An interview that is not settled and expires in the time after the period.
fn open(number: usize, job: &str) -> Value {
    let mut body = body(number, job, "");
    body["id"] = format!("open-{job}-{number}").into();
    body["status"] = "pending".into();
    body["responses"] = json!([]);
    body["completed_at"] = Value::Null;
    body["expires_at"] = "2026-06-02T10:00:00Z".into();
    body
}

#[test]
fn jobs_without_figures_say_how_many_of_theirs_expire() {
    let bodies = (0..20).map(|number| body(number, "a", "We use React."));
    let bodies = bodies.chain((0..2).map(|number| body(number, "b", "We use React.")));
    let bodies = bodies.chain((0..9).map(|number| open(number, "b"))).chain((0..7).map(|number| open(number, "z")));
    let lines: String = bodies.map(|body| body.to_string() + "\n").collect();
    let report = report_of(&lines, &JUNE);
    let summary = report.summary();
    assert_eq!(summary["open"]["expiring"], 16);
    let expiring: Vec<(&str, &Value)> = summary["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| (job["job_id"].as_str().unwrap(), &job["open"]["expiring"]))
        .collect();
    assert_eq!(expiring, [("a", &json!(0)), ("b", &json!(9)), ("z", &json!(7))]);
    assert!(report.read("index.html").contains("Job z"), "a job is named before anybody completes an interview");
}

#[test]
fn where_the_figures_come_from_gives_away_no_small_count() {
    let bodies = (0..20).map(|number| body(number, "a", "We use React."));
    let expired = (100..103).map(|number| {
        let mut body = body(number, "a", "");
        body["status"] = "expired".into();
        body["responses"] = json!([]);
        body["completed_at"] = Value::Null;
        body["expires_at"] = "2026-05-20T10:00:00Z".into();
        body
    });
    let bodies = bodies.chain(expired).chain((0..3).map(|number| open(number, "a")));
    let lines: String = bodies.map(|body| body.to_string() + "\n").collect();
    let summary = report_of(&lines, &JUNE).summary();
    let provenance = &summary["provenance"];
    assert_eq!(summary["overall"]["expired"], "<5");
    assert_eq!([&provenance["interviews_in_period"], &provenance["interviews_in_lake"]], ["<5", "<5"]);
    let open = provenance["left_out"].as_array().unwrap().iter().find(|one| one["what"] == "open interviews").unwrap();
    assert_eq!(open["count"], "<5");
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
fn what_is_distinctive_is_so_against_all_other_jobs_whatever_is_asked_for() {
    let jobs = [("a", "React"), ("b", "TypeScript"), ("c", "TypeScript"), ("d", "React")];
    let of_job = |(job, term): (&str, &str)| -> String {
        (0..40).map(|number| body(number, job, &format!("We use {term}.")).to_string() + "\n").collect()
    };
    let report = report_of(&jobs.map(of_job).concat(), &JUNE);
    let of_a = || {
        let summary = report.summary();
        summary["jobs"].as_array().unwrap().iter().find(|job| job["job_id"] == "a").unwrap()["distinctive"].clone()
    };
    let whole = of_a();
    assert!((whole[0]["others_share"].as_f64().unwrap() - 1.0 / 3.0).abs() < 1e-9, "{whole}");
    report.again(&[&JUNE[..], &["--job", "Job a", "--job", "Job d"]].concat());
    assert_eq!(of_a(), whole);
}

#[test]
fn a_completion_rate_is_of_those_that_settled() {
    let served = serve(Some(240));
    served
        .run(&served.pipeline("[analyze]\n[report]\nout = \"reports\"\nperiod = \"13w\"\nuntil = \"2026-06-01\"\n"), 0);
    let summary: Value =
        serde_json::from_slice(&fs::read(served.path("reports/latest/summary.json")).unwrap()).unwrap();
    let overall = &summary["overall"];
    let number = |value: &Value| value.as_f64().unwrap();
    let (cohort, open) = (number(&overall["completion_cohort"]), number(&overall["still_open_share"]));
    let n = number(&summary["cards"][1]["n"]);
    assert!(open > 0.0 && (n - cohort * (1.0 - open)).abs() < 1e-6, "{n} of {cohort}, of which {open} are open");
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
    // Half a character is read as U+FFFD, and costs no interview.
    let lone = body(7, "a", "SURROGATE").to_string().replace("SURROGATE", "\\ud800");
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bodies.jsonl"), lines.clone() + &lone + "\n").unwrap();
    let imported =
        crate::common::roundup(folder.path()).args(["import", "--lake", "lake", "bodies.jsonl"]).output().unwrap();
    assert_eq!(imported.status.code(), Some(0), "{}", String::from_utf8_lossy(&imported.stderr));
    assert_eq!(rows(&folder.path().join("lake"), "interviews").len(), 7);

    let report = report_of(&lines, &JUNE);
    assert_eq!(report.summary()["overall"]["completed"], 6);
    assert_eq!(report.rows("jobs.csv")[0]["job_title"].len(), long.len());
    let question = &report.rows("questions.csv")[0]["question_text"];
    assert!(question.contains("nul \u{fffd} bell \u{fffd}") && question.contains("</script>"), "{question}");
    let page = &report.job_pages()[0];
    assert!(page.contains("<mark") && page.len() < 500_000, "{} bytes", page.len());
    assert!(!page.contains("<script>alert") && !page.contains('\u{0}') && !page.contains('\u{7}'));
}

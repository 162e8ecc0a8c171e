//! How small groups are counted, and what a report quotes.

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

/// A figure of each job by its id.
fn by_job(report: &Report, column: &str) -> BTreeMap<String, String> {
    report.rows("jobs.csv").into_iter().map(|row| (row["job_id"].clone(), row[column].clone())).collect()
}

#[test]
fn of_fewer_than_five_persons_counts_are_shown_and_nothing_that_they_said() {
    let report = lake_of(&[("a", 4, 4)], &JUNE);
    let summary = report.summary();
    let job = &summary["jobs"][0];
    for figures in [&summary["overall"], &job["figures"]] {
        assert_eq!((&figures["completed"], &figures["described"]), (&json!(4), &json!(0)));
        assert!(figures["responses"].is_null() && figures["total_duration_seconds"]["n"].is_null());
    }
    assert_eq!((&summary["keywords"], &job["keywords"], &job["is_pooled"]), (&json!([]), &json!([]), &json!(true)));
    assert_eq!(summary["provenance"]["interviews_in_period"], 4);
    assert_eq!(by_job(&report, "completed")["a"], "4");
    assert_eq!(report.rows("keywords.csv").len() + report.rows("questions.csv").len(), 0);
    let pages = report.job_pages().concat() + &report.read("index.html");
    assert!(!pages.contains("<mark") && !pages.contains("React"));
    assert!(pages.contains("Fewer than 5 persons in this period"));
}

#[test]
fn a_small_job_is_counted_with_the_next_and_nothing_is_missing() {
    let report = lake_of(&[("a", 12, 9), ("b", 3, 3), ("c", 7, 1), ("d", 8, 0)], &JUNE);
    let summary = report.summary();
    assert_eq!((&summary["overall"]["completed"], &summary["overall"]["described"]), (&json!(30), &json!(30)));
    assert_eq!(summary["keywords"][0]["counts"]["interviews"], 13);
    let counts = by_job(&report, "completed");
    assert_eq!(["a", "b", "c", "d"].map(|job| counts[job].as_str()), ["12", "3", "7", "8"]);
    let pooled = by_job(&report, "with_other_jobs");
    assert_eq!(["a", "b", "c", "d"].map(|job| pooled[job].as_str()), ["false", "true", "true", "false"]);
    let others = &summary["other_jobs"];
    assert_eq!((&others["job_ids"], &others["figures"]["described"]), (&json!(["b", "c"]), &json!(10)));
    assert!(report.read("index.html").contains("these 2 jobs are counted together"));
    let keywords = |summary: &Value| {
        let of = |job: &Value| {
            job["keywords"].as_array().unwrap().iter().map(|one| one["counts"]["interviews"].clone()).collect()
        };
        summary["jobs"].as_array().unwrap().iter().map(of).collect::<Vec<Vec<Value>>>()
    };
    // Inside a group counts are what they are.
    assert_eq!(keywords(&summary), [vec![json!(9)], vec![], vec![], vec![]]);

    // Asking for some jobs shows the same groups, as far as they are whole.
    let narrowed = |jobs: &[&str]| {
        let names = jobs.iter().flat_map(|job| ["--job", job]);
        report.again(&JUNE.into_iter().chain(names).collect::<Vec<_>>());
        report.summary()
    };
    let alone = narrowed(&["Job a"]);
    for jobs in [&["Job a", "Job b"][..], &["Job a", "Job c"]] {
        let some = narrowed(jobs);
        assert_eq!(some["overall"]["described"], 12);
        for figure in ["keywords", "spans", "other_jobs"] {
            assert_eq!(some[figure], alone[figure], "{figure}");
        }
        for figure in ["total_duration_seconds", "word_count", "responses"] {
            assert_eq!(some["overall"][figure], alone["overall"][figure], "{figure}");
        }
    }
    assert!(report.read("index.html").contains("7 of the completed interviews are of jobs with fewer than 5 persons"));
    let together = narrowed(&["Job b", "Job c"]);
    assert_eq!(
        (&together["overall"]["described"], &together["other_jobs"]["job_ids"]),
        (&json!(10), &json!(["b", "c"]))
    );
    assert_eq!(together["keywords"][0]["counts"]["interviews"], 4);
    let one = narrowed(&["Job b"]);
    assert_eq!((&one["overall"]["completed"], &one["overall"]["described"]), (&json!(3), &json!(0)));
}

#[test]
fn one_candidate_of_many_jobs_is_not_a_group() {
    let lines = ["a", "b", "c", "d", "e"].map(|job| {
        let mut body = body(0, job, "We use React.");
        body["candidate"]["id"] = "person".into();
        body.to_string() + "\n"
    });
    let summary = report_of(&lines.concat(), &JUNE).summary();
    assert_eq!((&summary["overall"]["completed"], &summary["overall"]["described"]), (&json!(5), &json!(0)));
    assert_eq!(summary["keywords"], json!([]));
}

#[test]
fn a_figure_that_few_persons_have_is_not_shown_however_often_they_have_it() {
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
    assert_eq!((&job["figures"]["completed"], &job["figures"]["described"]), (&json!(14), &json!(14)));
    for group in [&summary["overall"], &job["figures"]] {
        assert!(group["total_duration_seconds"]["median"].is_null() && group["total_duration_seconds"]["n"].is_null());
        assert!(group["words_per_minute"]["median"].is_null() && group["pooled_words_per_minute"].is_null());
        assert_eq!(group["duration_bins"], json!([]));
        // Ten persons: n, and a median rounded to two digits.
        let length = &group["average_response_length"];
        assert_eq!((&length["n"], &length["median"], &length["mean"]), (&json!(14), &json!(15.0), &Value::Null));
    }
    assert!(job["questions"][0]["duration_seconds"]["median"].is_null());
    assert_eq!(job["keywords"][0]["counts"]["interviews"], 5);
    assert_eq!(summary["quality"]["answers_without_duration"], 9);
}

#[test]
fn the_figures_of_few_cannot_be_worked_out_from_those_of_all_and_the_others() {
    let mut lines = String::new();
    for number in 0..60 {
        let mut body = body(number, ["a", "b", "c"][number % 3], "We use React.");
        if number % 3 == 1 && number > 1 {
            body["responses"][0]["duration_seconds"] = Value::Null;
        }
        lines += &(body.to_string() + "\n");
    }
    let summary = report_of(&lines, &JUNE).summary();
    let n = |group: &Value, figure: &str| group[figure]["n"].clone();
    let figures: Vec<&Value> = summary["jobs"].as_array().unwrap().iter().map(|job| &job["figures"]).collect();
    // One person of b has a duration, who is counted with those of a.
    let durations: Vec<Value> = figures.iter().map(|group| n(group, "total_duration_seconds")).collect();
    assert_eq!(durations, [Value::Null, Value::Null, json!(20)]);
    assert_eq!(n(&summary["overall"], "total_duration_seconds"), 41);
    assert!(figures.iter().all(|group| n(group, "average_response_length") == 20));
}

#[test]
fn questions_that_few_were_asked_are_one() {
    let asks = |follow_ups: usize| {
        let mut lines = String::new();
        for number in 0..10 {
            let mut body = body(number, "a", "We use React.");
            if number < follow_ups {
                let mut other = body["responses"][0].clone();
                other["question_id"] = format!("q{number}").into();
                other["question_text"] = format!("Nora{number}, and what else?").into();
                body["responses"].as_array_mut().unwrap().push(other);
            }
            lines += &(body.to_string() + "\n");
        }
        report_of(&lines, &JUNE)
    };
    let report = asks(7);
    let questions = report.summary()["jobs"][0]["questions"].clone();
    assert_eq!(questions.as_array().unwrap().len(), 2);
    assert_eq!((&questions[0]["asked"], &questions[0]["coverage"]), (&json!(10), &json!(1.0)));
    let others = &questions[1];
    assert_eq!(
        (&others["other_texts"], &others["asked"], &others["word_count"]["median"]),
        (&json!(7), &json!(7), &json!(3.0))
    );
    // Nothing that adds up: the rest would be of few.
    for part in ["n", "mean", "standard_deviation"] {
        assert!(questions[0]["word_count"][part].is_null(), "{part}");
    }
    assert!(
        report.job_pages()[0].contains("Other questions (7 texts)") && !report.job_pages()[0].contains("what else")
    );
    let few = asks(3).summary()["jobs"][0]["questions"][1].clone();
    assert_eq!((&few["other_texts"], &few["asked"], &few["coverage"]), (&json!(3), &Value::Null, &Value::Null));
}

#[test]
fn spellings_of_a_question_are_one() {
    let mut lines = String::new();
    let spellings =
        ["What don\u{2019}t you use?", "What don't you use ?", "what  don't you use?", "What don\u{2019}t you use?"];
    for number in 0..12 {
        let mut body = body(number, "a", "We use React.");
        body["responses"][0]["question_text"] = spellings[number % 4].into();
        lines += &(body.to_string() + "\n");
    }
    let questions = report_of(&lines, &JUNE).summary()["jobs"][0]["questions"].clone();
    assert_eq!(questions.as_array().unwrap().len(), 1);
    assert_eq!((&questions[0]["question_text"], &questions[0]["asked"]), (&json!(spellings[0]), &json!(12)));
}

/// Interviews of a job on a day; of these so many mention React.
fn on(day: &str, job: &str, interviews: usize, mentioning: usize) -> String {
    let one = |number: usize| {
        let mut body = body(number, job, if number < mentioning { "We use React." } else { "Nothing." });
        body["id"] = format!("interview-{job}-{day}-{number}").into();
        body["candidate"]["id"] = format!("person-{job}-{day}-{number}").into();
        body["created_at"] = format!("{day}T07:00:00Z").into();
        body["started_at"] = format!("{day}T09:00:00Z").into();
        body["completed_at"] = format!("{day}T09:10:00Z").into();
        body.to_string() + "\n"
    };
    (0..interviews).map(one).collect()
}

#[test]
fn weeks_of_few_are_counted_with_the_weeks_beside_them() {
    let weeks = [("2026-05-05", 10, 8), ("2026-05-12", 3, 3), ("2026-05-19", 9, 2), ("2026-05-26", 9, 9)];
    let lines: String = weeks.iter().map(|(day, all, mentioning)| on(day, "a", *all, *mentioning)).collect();
    let report = report_of(&lines, &JUNE);
    let summary = report.summary();
    for group in [&summary, &summary["jobs"][0]] {
        let weekly: Vec<&Value> = group["weekly"].as_array().unwrap().iter().map(|week| &week["completed"]).collect();
        assert_eq!(weekly[8..], [10, 3, 9, 9], "counts of interviews are by week");
        let spans: Vec<Value> = group["spans"].as_array().unwrap()[8..]
            .iter()
            .map(|span| json!([span["week"], span["weeks"], span["described"]]))
            .collect();
        assert_eq!(spans, [json!([8, 2, 13]), json!([10, 1, 9]), json!([11, 1, 9])]);
        let keyword = &group["keywords"][0]["by_span"].as_array().unwrap()[8..];
        assert_eq!(keyword.iter().map(|cell| cell["interviews"].clone()).collect::<Vec<_>>(), [11, 2, 9]);
    }
    let spans: Vec<String> = report
        .rows("keywords.csv")
        .into_iter()
        .filter(|row| row["by"] == "weeks" && row["job_id"] == "a")
        .map(|row| row["of"].clone())
        .collect();
    assert_eq!(spans, ["2026-W19 to 2026-W20", "2026-W21", "2026-W22"]);
    assert!(report.read("index.html").contains("rowspan=\"2\""));
    // A period that begins within the two weeks has no part of them.
    report.again(&["--period", "3w", "--until", "2026-06-01"]);
    let summary = report.summary();
    assert_eq!(summary["overall"]["completed"], 21);
    assert_eq!(summary["keywords"][0]["counts"]["interviews"], 14);
}

#[test]
fn a_day_and_the_week_it_is_in_give_away_no_other_day() {
    let lines = on("2026-05-25", "a", 3, 3) + &on("2026-05-26", "a", 6, 2);
    let summary = report_of(&lines, &["--period", "1d", "--until", "2026-05-27"]).summary();
    assert_eq!((&summary["overall"]["described"], &summary["overall_previous"]["described"]), (&json!(6), &json!(0)));
    // The week is of both days, and its Monday of three persons.
    let last = summary["spans"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["described"], &last["median_duration_seconds"]), (&json!(0), &Value::Null));
    assert_eq!(summary["weekly"].as_array().unwrap().last().unwrap()["completed"], 9);
    assert_eq!(summary["keywords"][0]["previous_share"], Value::Null);
}

#[test]
fn a_job_that_fell_silent_is_seen_and_changes_no_other() {
    let mut busy = String::new();
    let mut silent = String::new();
    for week in 0..12 {
        let day = jiff::civil::date(2026, 3, 10).checked_add(jiff::Span::new().weeks(week)).unwrap().to_string();
        busy += &on(&day, "busy", 15, 4);
        if week < 10 {
            silent += &on(&day, "silent", 6, 0);
        }
    }
    let flags = ["--period", "1w", "--until", "2026-06-01"];
    let report = report_of(&(busy.clone() + &silent), &flags);
    let summary = report.summary();
    let find = |summary: &Value, id: &str| {
        summary["jobs"].as_array().unwrap().iter().find(|job| job["job_id"] == id).unwrap().clone()
    };
    let weekly = |job: &Value| -> Vec<i64> {
        job["weekly"].as_array().unwrap().iter().map(|week| week["completed"].as_i64().unwrap()).collect()
    };
    let one = find(&summary, "silent");
    assert_eq!((&one["figures"]["completed"], &one["is_pooled"]), (&json!(0), &json!(false)));
    assert_eq!(weekly(&one), [6, 6, 6, 6, 6, 6, 6, 6, 6, 6, 0, 0]);
    let of_busy = find(&summary, "busy");
    assert_eq!(weekly(&of_busy), [15; 12]);
    let page = report.read("index.html");
    assert!(page.contains("Job silent") && page.contains("Job busy"));
    assert_eq!(find(&report_of(&busy, &flags).summary(), "busy")["weekly"], of_busy["weekly"]);
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
fn counts_of_interviews_are_what_they_are_however_small() {
    let bodies = (0..20).map(|number| body(number, "a", "We use React."));
    let expired = (100..103).map(|number| {
        let mut body = body(number, "a", "");
        body["status"] = "expired".into();
        body["responses"] = json!([]);
        body["completed_at"] = Value::Null;
        body["expires_at"] = "2026-05-20T10:00:00Z".into();
        body
    });
    let bodies = bodies.chain(expired).chain((0..2).map(|number| body(number, "b", "We use React.")));
    let bodies = bodies.chain((0..9).map(|number| open(number, "b"))).chain((0..1).map(|number| open(number, "z")));
    let lines: String = bodies.map(|body| body.to_string() + "\n").collect();
    let report = report_of(&lines, &JUNE);
    let summary = report.summary();
    assert_eq!((&summary["overall"]["expired"], &summary["open"]["expiring"]), (&json!(3), &json!(10)));
    let expiring: Vec<(&str, &Value)> = summary["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| (job["job_id"].as_str().unwrap(), &job["open"]["expiring"]))
        .collect();
    assert_eq!(expiring, [("a", &json!(0)), ("b", &json!(9)), ("z", &json!(1))]);
    assert!(report.read("index.html").contains("Job z"), "a job is named before anybody completes an interview");
    let provenance = &summary["provenance"];
    assert_eq!((&provenance["interviews_in_period"], &provenance["interviews_in_lake"]), (&json!(25), &json!(25)));
    let open = provenance["left_out"].as_array().unwrap().iter().find(|one| one["what"] == "open interviews").unwrap();
    assert_eq!(open["count"], 10);
}

#[test]
fn answers_that_nobody_can_have_spoken_are_counted() {
    let mut lines = String::new();
    for number in 0..8 {
        let mut body = body(number, "a", &"word ".repeat(if number < 3 { 101 } else { 100 }));
        body["responses"][0]["duration_seconds"] = json!(15);
        lines += &(body.to_string() + "\n");
    }
    let report = report_of(&lines, &JUNE);
    assert_eq!(report.summary()["quality"]["answers_paced_above_400"], 3);
    assert_eq!(by_job(&report, "answers_paced_above_400")["a"], "3");
    assert!(report.read("index.html").contains("<dt>Answers of more than 400 words a minute</dt><dd>3</dd>"));
}

#[test]
fn a_test_counts_a_person_once() {
    // In the week before, 20 persons mention it never; in this one, one person does in 20 interviews and 20 others do not.
    let mut lines = on("2026-03-02", "a", 1, 0) + &on("2026-05-19", "a", 20, 0) + &on("2026-05-26", "a", 40, 20);
    let flags = ["--period", "1w", "--until", "2026-06-01"];
    let findings = |lines: &str| report_of(lines, &flags).summary()["needs_a_look"].clone();
    let keyword =
        |look: &Value| look["findings"].as_array().unwrap().iter().find(|one| one["kind"] == "keyword").cloned();
    let many = keyword(&findings(&lines)).unwrap();
    assert_eq!((&many["n"], &many["previous_n"]), (&json!(40), &json!(20)));
    for number in 0..20 {
        lines = lines.replace(&format!("\"person-a-2026-05-26-{number}\""), "\"one-person\"");
    }
    let one = findings(&lines);
    assert_eq!(keyword(&one), None, "{one}");
    assert!(one["comparisons"].as_u64() > Some(1));
}

#[test]
fn distinctive_is_of_persons_and_their_shares() {
    // Of job a 30 % say React and of all others 45 %, though a names nothing else.
    let mut lines = String::new();
    for (job, all, mentioning) in [("a", 120, 36), ("b", 120, 54), ("c", 120, 54)] {
        for number in 0..all {
            let says = match (job, number < mentioning) {
                ("a", true) => "We use React.",
                ("a", false) => "We use nothing.",
                (_, true) => "We use React, TypeScript, testing and agile.",
                (_, false) => "We use TypeScript, testing and agile.",
            };
            lines += &(body(number, job, says).to_string() + "\n");
        }
    }
    let report = report_of(&lines, &JUNE);
    let job = &report.summary()["jobs"][0];
    let react = job["distinctive"].as_array().unwrap().iter().find(|one| one["term"] == "react").unwrap().clone();
    assert_eq!((&react["share"], &react["others_share"]), (&json!(0.3), &json!(0.45)));
    assert!(react["log_odds_ratio"].as_f64() < Some(0.0) && react["signed_root_g2"].as_f64() < Some(0.0));
    let page = &report.job_pages()[0];
    let row =
        page.split("id=\"distinctive\"").nth(1).unwrap().split("<tr>").find(|row| row.contains(">react<")).unwrap();
    assert!(row.contains("<td class=\"text\" data-label=\"Here\">less</td>"), "{row}");
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
    assert!((n - cohort * (1.0 - open)).abs() < 1e-6, "{n} of {cohort}, of which {open} are open");
    assert!(open <= 0.05 && n > 30.0, "a cohort that has had its time");
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

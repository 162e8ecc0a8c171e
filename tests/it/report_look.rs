//! What needs a look: on the report's pages, in its files, and where a run ends.

use std::fs;

use roundup::sandbox::{Contrasts, SandboxOptions};
use serde_json::{Value, json};

use crate::common::serve_with;
use crate::report::{Report, body, report_of, week_of};

const UNTIL: [&str; 4] = ["--period", "7d", "--until", "2026-06-01"];

/// Weeks of twelve interviews of a job, oldest first, which end on 24 May and the Sundays before; and on 31 May if it
/// goes on.
fn weeks_of(job: &str, goes_on: bool) -> Vec<String> {
    let last = jiff::civil::date(2026, 5, 24);
    let ends = |ago: i64| last.checked_sub(jiff::Span::new().weeks(ago)).unwrap().to_string();
    let week = |ago: i64| week_of(&ends(ago), 100).replace("\"id\":\"a\"", &format!("\"id\":\"{job}\""));
    let since = if goes_on { -1 } else { 0 };
    (since..12).rev().map(|ago| week(ago).replace("\"id\":\"20", &format!("\"id\":\"{job}20"))).collect()
}

/// A job that had twelve interviews a week until 24 May, and another that goes on.
fn silent_job() -> Report {
    let baker = weeks_of("b", true).concat().replace("Cook", "Baker");
    report_of(&(weeks_of("a", false).concat() + &baker), &UNTIL)
}

fn lines(report: &Report) -> Vec<Value> {
    report.summary()["needs_a_look"]["findings"].as_array().unwrap().clone()
}

#[test]
fn a_job_that_fell_silent_is_the_first_line_until_it_is_dismissed() {
    let report = silent_job();
    let found = lines(&report);
    let first = &found[0];
    assert_eq!((&first["kind"], &first["job"], &first["is_new"]), (&json!("silent"), &json!("Cook"), &json!(true)));
    assert_eq!(first["text"], "no interview since 24 May, 12 a week before");
    assert!(report.read("index.html").contains("no interview since 24 May, 12 a week before"));
    let page = first["page"].as_str().unwrap();
    assert!(report.read(page).contains("no interview since 24 May"), "{page}");
    let dismissed = |until: &str| {
        let jobs = format!("[[job]]\nid = \"a\"\ndismiss = [{{ finding = \"silent\", until = \"{until}\" }}]\n");
        fs::write(report.folder.path().join("jobs.toml"), jobs).unwrap();
        report.again(&[&UNTIL[..], &["--jobs-file", "jobs.toml"]].concat());
        (
            lines(&report).iter().all(|one| one["kind"] != "silent"),
            report.summary()["needs_a_look"]["dismissed"].clone(),
        )
    };
    assert_eq!(dismissed("2026-06-02"), (true, json!(1)));
    assert_eq!(dismissed("2026-06-01"), (false, json!(0)), "its time is over");
}

#[test]
fn a_week_in_which_most_jobs_fell_is_said_once() {
    let jobs = ["a", "b", "c", "d"].map(|job| {
        let mut weeks = weeks_of(job, true);
        // One interview is left of the last week.
        let last = weeks.pop().unwrap();
        weeks.concat() + last.lines().next().unwrap() + "\n"
    });
    let found = lines(&report_of(&jobs.concat(), &UNTIL));
    let volumes: Vec<&Value> = found.iter().filter(|one| one["kind"] == "volume").collect();
    assert_eq!(volumes.len(), 1, "{found:?}");
    assert_eq!(
        (&volumes[0]["job"], &volumes[0]["text"]),
        (&Value::Null, &json!("interviews fell to 4 in the week from 25 May, 48 a week before; 4 of 4 jobs fell"))
    );
}

#[test]
fn a_question_that_was_reworded_with_effect_is_said_with_its_wordings() {
    let words = |count: usize| "word ".repeat(count);
    let early = body(0, "a", &words(40)).to_string().replace("2026-05", "2026-02") + "\n";
    let before: String = (1..31).map(|one| body(one, "a", &words(40 + one)).to_string() + "\n").collect();
    let since: String = (31..61).map(|one| body(one, "a", &words(one - 10)).to_string() + "\n").collect();
    let bodies =
        early + &before.replace("2026-05", "2026-04") + &since.replace("What do you use?", "Which tools do you use?");
    let report = report_of(&bodies, &["--period", "4w", "--until", "2026-06-01"]);
    let found = lines(&report);
    let reworded = found.iter().find(|one| one["kind"] == "reworded").unwrap();
    assert_eq!(
        reworded["text"],
        "answers to “Which tools do you use?” are shorter since it was reworded on 5 May: 56 words before and 36 now (n 30 and 30)"
    );
    assert!(!found.iter().any(|one| one["kind"] == "length"), "it is said: {found:?}");
    let questions = report.rows("questions.csv");
    let wordings = &questions.iter().find(|row| row["question_text"] == "Which tools do you use?").unwrap()["wordings"];
    assert_eq!(
        wordings,
        "2026-04-05 to 2026-04-24: What do you use?\n2026-05-05 to 2026-05-24: Which tools do you use?"
    );
}

#[test]
fn what_is_planted_in_the_sandbox_is_said_where_a_run_ends() {
    let contrast =
        "[[contrast]]\nkind = \"skipped\"\njob = \"Senior Frontend Developer\"\nquestion = \"hard bug\"\nshare = 0.6\n";
    let contrasts = Contrasts::parse(contrast, "contrast.toml").unwrap();
    let served =
        serve_with(SandboxOptions { interviews: Some(420), limit: None, contrasts, ..SandboxOptions::default() });
    let report = "[analyze]\n[report]\nout = \"reports\"\nperiod = \"26w\"\nuntil = \"2026-06-01\"\n";
    let notify = "[notify]\ncommand = [\"sh\", \"-c\", \"cat > told.json\"]\n";
    let screen = served.run(&served.pipeline(&format!("{report}{notify}")), 0);
    let told: Value = serde_json::from_slice(&fs::read(served.path("told.json")).unwrap()).unwrap();
    let run = served.last_run();
    let lines = run["needs_a_look"].as_array().unwrap();
    let is_planted =
        |line: &str| line.starts_with("Senior Frontend Developer: ") && line.contains("leave out “Walk us");
    assert!(lines.iter().any(|line| is_planted(line.as_str().unwrap())), "{lines:?}");
    for line in lines.iter().map(|line| line.as_str().unwrap()) {
        assert!(screen.contains(&format!("look       {line}\n")), "{screen}");
        assert!(told["text"].as_str().unwrap().contains(&format!("\n- {line}")), "{told}");
    }
    let dismissal = "dismiss = [{ finding = \"skipped\", until = \"2026-06-02\" }]\n";
    served.run(&served.pipeline(&format!("{report}{dismissal}")), 0);
    let lines = served.last_run()["needs_a_look"].clone();
    assert!(!lines.as_array().unwrap().iter().any(|line| is_planted(line.as_str().unwrap())), "{lines}");
}

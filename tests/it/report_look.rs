//! What needs a look: on the report's pages, in its files, and where a run ends.

use std::fs;

use roundup::sandbox::{Contrasts, SandboxOptions};
use serde_json::{Value, json};

use crate::common::serve_with;
use crate::report::{Report, report_of, week_of};

const UNTIL: [&str; 4] = ["--period", "7d", "--until", "2026-06-01"];

/// A job that had twelve interviews a week until 24 May, and another that goes on.
fn silent_job() -> Report {
    let last = jiff::civil::date(2026, 5, 24);
    let weeks =
        |from: i64| (from..12).map(move |ago| last.checked_sub(jiff::Span::new().weeks(ago)).unwrap().to_string());
    let cook: String = weeks(0).map(|ends| week_of(&ends, 100)).collect();
    let baker: String = weeks(-1).map(|ends| week_of(&ends, 100)).collect();
    let baker = baker.replace("\"id\":\"a\"", "\"id\":\"b\"").replace("Cook", "Baker");
    report_of(&(cook + &baker.replace("\"id\":\"20", "\"id\":\"b20")), &UNTIL)
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

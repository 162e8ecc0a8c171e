//! A night that is not as expected is a warning on the screen, in the record, in the metrics and in the notification; the
//! nights before it are in the table `runs`.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use roundup::lake::Lake;
use roundup::lake::durable::batch_id;
use roundup::lake::run_rows::{RunRow, add};
use serde_json::{Value, json};

use crate::common::{Served, rows, serve};

/// What follows the usual sections in every pipeline here.
const TELLS: &str =
    "[metrics]\nprometheus = \"roundup.prom\"\n[notify]\ncommand = [\"sh\", \"-c\", \"cat > told.json\"]\n";

/// What the ingest of the sandbox finds, as a run records it.
fn typical(served: &Served) -> Value {
    let pipeline = served.pipeline("questions = \"none\"\n");
    served.run(&pipeline, 0);
    let night = served.last_run()["night"].clone();
    assert!(night["answers"].as_u64().unwrap() > 100 && night["completed"].as_u64().unwrap() > 30, "{night}");
    fs::remove_dir_all(served.lake()).unwrap();
    night
}

/// Puts nights before today into the table `runs` of a new lake, as if the pipeline had run so often.
fn nights_before(served: &Served, nights: i64, night: &Value) {
    let lake = Lake::create(&served.lake()).unwrap();
    let lock = lake.lock().unwrap();
    let mut ledger = lake.ledger(&lock).unwrap();
    for ago in (1..=nights).rev() {
        let started_at = Timestamp::now() - SignedDuration::from_hours(24 * ago);
        let mut counts = night.clone();
        let object = counts.as_object_mut().unwrap();
        for count in
            ["requests", "fetched", "newly_settled", "skipped_settled", "gone", "quarantined", "failed", "given_up"]
        {
            object.insert(count.to_owned(), json!(0));
        }
        let row = RunRow {
            run_id: &batch_id(started_at),
            command: "run",
            started_at,
            ended_at: started_at,
            exit_code: 0,
            complete: true,
            error: None,
            counts: &counts,
        };
        add(&lake, &mut ledger, &row).unwrap();
    }
}

/// Runs a pipeline that expects something. Returns the screen.
fn run(served: &Served, expect: &str, code: i32) -> String {
    let pipeline = served.pipeline(&format!("questions = \"none\"\n[expect]\n{expect}{TELLS}"));
    served.run(&pipeline, code)
}

/// What was not met, as words.
fn unmet(served: &Served) -> Vec<String> {
    let last = served.last_run();
    let unmet = last["expect"]["unmet"].as_array().unwrap();
    unmet.iter().map(|one| one["expectation"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_usual_night_is_as_expected_and_each_planted_fault_is_found_in_its_first_night() {
    let served = serve(Some(120));
    let usual = typical(&served);
    nights_before(&served, 45, &usual);
    let screen = run(&served, "", 0);
    assert!(screen.contains("figures as expected, by the last 45 nights"), "{screen}");
    assert_eq!((unmet(&served), &served.last_run()["expect"]["learnt"]), (Vec::new(), &json!(true)));
    assert_eq!(served.last_run()["night"], usual);

    // What the nights before had, and this one has not: the same as a fault of this one.
    let change = |change: &dyn Fn(&mut Value)| {
        let mut night = usual.clone();
        change(&mut night);
        night
    };
    let half = usual["answers"].as_u64().unwrap() / 2;
    let median = usual["median_duration_seconds"].as_f64().unwrap();
    let largest = usual["completed"].as_u64().unwrap();
    let lacking = change(&|night| night["without_transcript"] = json!(half));
    let silent = change(&|night| {
        night["completed_by_job"]["job-gone"] = json!(20);
        night["completed"] = json!(largest + 20);
    });
    let doubled = change(&|night| night["median_duration_seconds"] = json!(median / 2.0));
    let events = change(&|night| night["by_event"] = json!(largest));
    let more = change(&|night| {
        night["expired"] = json!(largest * 3);
        night["completed"] = json!(largest * 3);
        for (_, count) in night["completed_by_job"].as_object_mut().unwrap() {
            *count = json!(count.as_u64().unwrap() * 3);
        }
    });
    for (before, expected, text) in [
        (&silent, "jobs", "no interview of job-gone was completed, where 20 are usual"),
        (&doubled, "duration", "the median duration of an answer: "),
        (&events, "events", "completed interviews that an event told of: 0 % of "),
        (&more, "interviews", "interviews that settled: "),
    ] {
        fs::remove_dir_all(served.lake()).unwrap();
        nights_before(&served, 45, before);
        let screen = run(&served, "", 0);
        assert!(unmet(&served).iter().any(|one| one == expected), "{expected}: {screen}");
        assert!(screen.contains(&format!("warning    {text}")), "{expected}: {screen}");
        let told: Value = serde_json::from_slice(&fs::read(served.path("told.json")).unwrap()).unwrap();
        assert_eq!(told["outcome"], "partly");
        assert!(told["text"].as_str().unwrap().contains(&format!("\nNot as expected:\n- {text}")), "{told}");
        assert!(served.last_run()["warnings"][0].as_str().unwrap().starts_with(text));
        let metrics = fs::read_to_string(served.path("roundup.prom")).unwrap();
        let count = |name: &str| -> u32 {
            let line = format!("roundup_{name}{{expectation=\"{expected}\"}} ");
            metrics.lines().find_map(|it| it.strip_prefix(&line)).unwrap().parse().unwrap()
        };
        let (judged, not_met) = (count("last_run_expectations"), count("last_run_expectations_unmet"));
        assert!(not_met >= 1 && judged >= not_met, "{metrics}");
    }
    // Too many have a transcript: that is no fault.
    fs::remove_dir_all(served.lake()).unwrap();
    nights_before(&served, 45, &lacking);
    run(&served, "", 0);
    assert_eq!(unmet(&served), Vec::<String>::new());
}

#[test]
fn before_six_weeks_only_what_is_fixed_is_judged_and_what_stopped() {
    let served = serve(Some(120));
    let usual = typical(&served);
    let mut other = usual.clone();
    other["median_duration_seconds"] = json!(1.0);
    nights_before(&served, 20, &other);
    let screen = run(&served, "", 0);
    assert!(screen.contains("more is learnt once there are six weeks of nights (20 nights so far)"), "{screen}");
    assert_eq!(unmet(&served), Vec::<String>::new());

    fs::remove_dir_all(served.lake()).unwrap();
    other["by_event"] = usual["completed"].clone();
    nights_before(&served, 3, &other);
    run(&served, "", 0);
    assert_eq!(unmet(&served), ["events"], "all came by an event, and now none does");

    fs::remove_dir_all(served.lake()).unwrap();
    nights_before(&served, 3, &usual);
    let fixed = "fail = true\nlearn = false\ninterviews = { least = 1000 }\nwithout-transcript = { most = 0 }\n\
                 duration = { least = 1, most = 100000 }\nquestion-type = { technical = { most = 0.01 } }\n";
    let screen = run(&served, fixed, 3);
    assert_eq!(unmet(&served), ["interviews", "without-transcript", "question-type"]);
    assert!(screen.contains("warning    interviews that settled: "), "{screen}");
    assert!(screen.contains("where at least 1000 are expected"), "{screen}");
    assert!(screen.contains("expect     3 of 4 figures not as expected\n"), "{screen}");
    assert_eq!((&served.last_run()["exit_code"], &served.last_run()["complete"]), (&json!(3), &json!(true)));
    // A run that is repeated has no other night.
    run(&served, fixed, 3);
    assert_eq!(unmet(&served), ["interviews", "without-transcript", "question-type"]);
    run(&served, "learn = false\n", 0);
    assert_eq!(served.last_run()["expect"]["judged"], json!({}));
}

#[test]
fn an_inbox_without_events_is_said() {
    let served = serve(Some(12));
    let inbox = "[[source]]\nname = \"two\"\napi = \"https://api.example/v1\"\nkey-env = \"ROUNDZERO_API_KEY\"\n\
                 interviews = [\"inbox\"]\n";
    let api = served.sandbox.base_url();
    let pipeline = served.write(
        "inbox.toml",
        &format!(
            "{}[[source]]\napi = \"{api}\"\ninterviews = [\"ids.txt\"]\n[lake]\npath = \"lake\"\n\
             [ingest]\nrequests-per-minute = 600000\n[expect]\nevents-within = \"36h\"\n",
            inbox
        ),
    );
    let screen = served.run(&pipeline, 0);
    assert!(screen.contains("no event of source two has ever come, where one is expected within 36 hours"), "{screen}");
    assert_eq!(unmet(&served), ["events"]);
    assert_eq!(served.last_run()["expect"]["unmet"][0]["name"], "two");
}

#[test]
fn what_is_wrong_under_expect_is_said_with_its_line() {
    let served = serve(Some(3));
    let wrong = "[expect]\ninterviews = { least = 20, most = 10 }\ncompleted = { least = 40 }\nduration = {}\n\
                 without-transcript = { most = -0.5 }\nevents-within = \"soon\"\nignore = [\"weather\"]\n\
                 question-type = { technical = { least = 2 } }\nleast = 3\n";
    let pipeline = served.pipeline(wrong);
    let output = served.roundup().arg("check").arg(&pipeline).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    for (line, message) in [
        (9, "`interviews` under [expect]: `least` is above `most`\nhint: nothing could be as expected"),
        (10, "`completed` under [expect]: a share is from 0 to 1\nhint: 0.05 is 5 %"),
        (11, "`duration` under [expect]: it has neither `least` nor `most`"),
        (12, "`without-transcript` under [expect]: a share is from 0 to 1"),
        (13, "`events-within` under [expect]: `soon` is no time within which events come"),
        (14, "`ignore` under [expect]: there is no `weather`, only `interviews`"),
        (15, "`question-type.technical` under [expect]: a share is from 0 to 1"),
        (16, "unknown field `least`"),
    ] {
        let place = format!("pipeline.toml:{line}: {message}");
        assert!(stderr.contains(&place), "{place}\n{stderr}");
    }
}

#[test]
fn check_says_what_would_be_expected() {
    let served = serve(Some(120));
    let check = |served: &Served| {
        let expect = "[expect]\nfail = true\ncompleted = { least = 0.5 }\nevents-within = \"36h\"\n";
        let pipeline = served.pipeline(expect);
        let output = served.roundup().arg("check").arg(pipeline).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let usual = typical(&served);
    let before = check(&served);
    assert!(
        before.contains("expect     what is not fixed is learnt once there are six weeks of nights; there are 0"),
        "{before}"
    );
    nights_before(&served, 45, &usual);
    let expected = check(&served);
    for line in [
        "expect     settled interviews that were completed: at least 50 % are expected\n",
        "expect     an event of each inbox within 36 hours\n",
        "expect     a night that is not so ends with exit code 3\n",
    ] {
        assert!(expected.contains(line), "{line}{expected}");
    }
    assert!(
        expected.contains("expect     interviews that settled: ") && expected.contains(" are usual\n"),
        "{expected}"
    );
    assert!(!served.path("lake/_roundup/last-run.json").exists());
}

#[test]
fn the_table_of_runs_has_what_the_metrics_have() {
    let served = serve(Some(30));
    run(&served, "[analyze]\n[retain]\ntranscripts-days = 1\n[export]\noutput = \"out.csv\"\nformat = \"csv\"\n", 0);
    let runs = rows(&served.lake(), "runs");
    let (row, last) = (&runs[0], served.last_run());
    let metrics = fs::read_to_string(served.path("roundup.prom")).unwrap();
    for stage in ["ingest", "analyze", "retain", "export", "expect", "compact"] {
        let seconds: f64 = row[&format!("{stage}_seconds")].parse().unwrap();
        assert_eq!(last["seconds"][stage].as_f64(), Some(seconds));
        assert!(
            metrics.contains(&format!("roundup_last_run_stage_seconds{{stage=\"{stage}\"}} {seconds}\n")),
            "{metrics}"
        );
    }
    assert!(!row.contains_key("ats_seconds") && !row.contains_key("recordings_archived"), "they did not run: {row:?}");
    assert!(!metrics.contains("stage=\"ats\"") && !metrics.contains("last_run_recordings"));
    assert_eq!(row["completed"], last["night"]["completed"].to_string());
    assert!(row["completed_by_job"].contains("name: ") && row["expectations"] == "0", "{row:?}");
    let receipt = &last["retain"];
    assert!(receipt["rows"].as_u64().unwrap() > 0, "{receipt}");
    for what in ["interviews", "rows", "recordings"] {
        assert_eq!(row[&format!("{what}_erased")], receipt[what].to_string());
        let line = format!("roundup_last_run_erased{{what=\"{what}\"}} {}\n", receipt[what]);
        assert!(metrics.contains(&line), "{line}{metrics}");
    }
    assert_eq!((&*row["unfinished_erasures"], &last["unfinished_erasures"]), ("0", &json!(0)));
    assert!(metrics.contains("\nroundup_unfinished_erasures 0\n"), "{metrics}");
    // A run that erases nothing says so, and one without that stage says nothing.
    let erased = |expect: &str| {
        run(&served, expect, 0);
        let metrics = fs::read_to_string(served.path("roundup.prom")).unwrap();
        metrics
            .lines()
            .filter(|line| line.starts_with("roundup_last_run_erased{"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let none = ["interviews", "rows", "recordings"].map(|what| format!("roundup_last_run_erased{{what=\"{what}\"}} 0"));
    assert_eq!(erased("[retain]\ntranscripts-days = 1\n"), none);
    assert_eq!(erased(""), Vec::<String>::new());
    // The names that were there before stay.
    for name in
        ["end_timestamp_seconds", "duration_seconds", "exit_code", "complete", "warnings", "bytes", "waited_seconds"]
    {
        assert!(metrics.contains(&format!("\nroundup_last_run_{name} ")), "{name}");
    }
    assert!(
        metrics.contains("roundup_last_run_requests{kind=\"limited\"} ")
            && metrics.contains("roundup_interviews{state=")
    );
}

#[test]
fn an_erasure_that_is_not_over_is_among_the_figures_until_it_is() {
    let served = serve(Some(30));
    let pipeline =
        served.pipeline(&format!("questions = \"none\"\n[audio]\nout = \"archive\"\nallow-loopback = true\n{TELLS}"));
    served.run(&pipeline, 0);
    let id = rows(&served.lake(), "audio").remove(0).remove("interview_id").unwrap();
    let without_archive = served.pipeline(&format!("questions = \"none\"\n{TELLS}"));
    fs::rename(served.path("archive"), served.path("away")).unwrap();
    let mut forget = served.roundup();
    forget.args(["forget", "--lake", "lake", "--interview", &id, "--yes"]).assert().code(1);
    let unfinished = || {
        served.run(&without_archive, 0);
        let metrics = fs::read_to_string(served.path("roundup.prom")).unwrap();
        let line =
            metrics.lines().find_map(|line| line.strip_prefix("roundup_unfinished_erasures ")).unwrap().to_owned();
        let of_last = rows(&served.lake(), "runs").into_iter().max_by_key(|row| row["run_id"].clone()).unwrap();
        let of_last = of_last.get("unfinished_erasures").cloned();
        (line, of_last, served.last_run()["unfinished_erasures"].to_string())
    };
    assert_eq!(unfinished(), ("1".to_owned(), Some("1".to_owned()), "1".to_owned()));
    fs::rename(served.path("away"), served.path("archive")).unwrap();
    assert_eq!(unfinished(), ("0".to_owned(), Some("0".to_owned()), "0".to_owned()));
}

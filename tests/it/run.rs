//! The main job: from ids to a report, and again.

use std::collections::BTreeSet;

use std::time::Duration;

use roundup::sandbox::SandboxOptions;

use crate::common::{roundup, rows, sample, serve, serve_with};

const ALL_STAGES: &str = "[analyze]\nkeywords = [\"builtin:vendor-sample\"]\n\
                          [report]\nout = \"reports\"\nperiod = \"13w\"\nuntil = \"2026-06-01\"\n";

#[test]
fn a_run_publishes_what_the_api_served() {
    let served = serve(None);
    let stdout = served.run(&served.pipeline(ALL_STAGES), 0);
    let bodies = sample();
    let with_status = |wanted: &[&str]| -> BTreeSet<String> {
        let of = bodies.iter().filter(|body| wanted.contains(&body["status"].as_str().unwrap()));
        of.map(|body| body["id"].as_str().unwrap().to_owned()).collect()
    };
    let ids_in = |table: &str| -> BTreeSet<String> {
        rows(&served.lake(), table).into_iter().map(|row| row["interview_id"].clone()).collect()
    };
    assert_eq!(ids_in("interviews"), with_status(&["completed", "expired"]));
    assert_eq!(ids_in("open_interviews"), with_status(&["invited", "in_progress"]));
    let answers: usize = bodies.iter().map(|body| body["responses"].as_array().map_or(0, Vec::len)).sum();
    assert_eq!(rows(&served.lake(), "responses").len(), answers);
    assert_eq!(rows(&served.lake(), "response_metrics").len(), answers);
    assert_eq!(ids_in("interview_metrics"), ids_in("interviews"));
    assert_eq!(rows(&served.lake(), "runs").len(), 1);
    for file in ["index.html", "jobs.csv", "summary.json"] {
        assert!(served.path("reports/latest").join(file).metadata().unwrap().len() > 100, "{file}");
    }
    assert!(stdout.contains("reports/2026-06-01/index.html"), "{stdout}");
    assert!(stdout.contains("duckdb -c"), "{stdout}");
}

#[test]
fn a_second_run_asks_for_no_settled_interview_again_and_says_so() {
    let served = serve(None);
    let pipeline = served.pipeline(ALL_STAGES);
    served.run(&pipeline, 0);
    let before = served.sandbox.stats().requests;
    let interviews = rows(&served.lake(), "interviews");
    let stdout = served.run(&pipeline, 0);
    let settled = interviews.len();
    assert!(stdout.contains(&format!("{settled} already settled and not asked for again")), "{stdout}");
    let open = served.ids_in("open_interviews");
    assert!(stdout.contains(&format!("{} open and not due yet", open.len())), "{stdout}");
    assert_eq!(served.sandbox.stats().requests, before);
    assert_eq!(rows(&served.lake(), "interviews"), interviews);
    assert_eq!(served.last_run()["ingest"]["newly_settled"], 0);
    assert_eq!(served.last_run()["analyze"]["files_made"], 0, "what is up to date is not analysed again");
    // Open ones are asked for when they are due, also when they are not listed any more.
    served.make_due(&open);
    served.write("ids.txt", "");
    served.run(&pipeline, 0);
    assert_eq!(served.sandbox.stats().requests - before, open.len() as u64);
    assert_eq!(served.ids_in("open_interviews"), open);
}

#[test]
fn what_is_excluded_stays_out_of_the_lake() {
    let served = serve(None);
    let emails: Vec<String> =
        sample().iter().filter_map(|body| Some(body["candidate"]["email"].as_str()?.to_owned())).collect();
    let (id, email) = (served.ids()[3].clone(), emails[0].clone());
    let text = std::fs::read_to_string(served.pipeline("questions = \"none\"\n")).unwrap();
    let exclude = format!("[source]\nexclude = [\"{id}\", \"{}\"]\n", email.to_uppercase());
    let pipeline = served.write("pipeline.toml", &text.replace("[source]\n", &exclude));
    served.run(&pipeline, 0);
    let kept: BTreeSet<String> =
        [served.ids_in("interviews"), served.ids_in("open_interviews")].concat().into_iter().collect();
    let out: Vec<String> = served.ids().into_iter().filter(|id| !kept.contains(id)).collect();
    assert!(out.contains(&id) && out.len() > 1, "{out:?}");
    assert_eq!(served.last_run()["ingest"]["excluded"], out.len());
    assert!(rows(&served.lake(), "candidates").iter().all(|row| row.get("email") != Some(&email)));
    let before = served.sandbox.stats().requests;
    served.run(&pipeline, 0);
    assert_eq!(served.sandbox.stats().requests, before, "they are not asked for again");
}

#[test]
fn a_run_stops_in_time_and_the_next_takes_the_rest() {
    let limit = SandboxOptions { limit: Some(10), window_length: Duration::from_secs(60), ..SandboxOptions::default() };
    let served = serve_with(limit);
    let now = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(3);
    let time = jiff::tz::TimeZone::system().to_datetime(now).strftime("%H:%M:%S").to_string();
    served.run(&served.pipeline(&format!("stop-at = \"{time}\"\n")), 0);
    let run = served.last_run();
    assert_eq!(run["complete"], false);
    let (fetched, left) = (run["ingest"]["fetched"].as_u64().unwrap(), run["ingest"]["left"].as_u64().unwrap());
    assert!(fetched >= 1 && left > 40 && fetched + left == served.ids().len() as u64, "{fetched} and {left}");
    assert_eq!(run["exit_code"], 0);
}

#[test]
fn questions_are_asked_for_as_the_pipeline_says() {
    for (policy, expected) in [("none", 0), ("unseen", 7), ("all", 50)] {
        let served = serve(None);
        let pipeline = served.pipeline(&format!("questions = \"{policy}\"\n"));
        served.run(&pipeline, 0);
        let settled = rows(&served.lake(), "interviews").len();
        let asked: BTreeSet<String> =
            rows(&served.lake(), "questions").into_iter().map(|row| row["interview_id"].clone()).collect();
        match policy {
            "none" => assert_eq!(asked.len(), expected),
            "all" => assert_eq!(asked.len(), settled),
            // One for each job at least, more where an interview has custom questions; far fewer than all.
            _ => assert!(asked.len() >= expected && asked.len() * 2 < settled, "{}", asked.len()),
        }
        let before = served.sandbox.stats().requests;
        served.run(&pipeline, 0);
        assert_eq!(served.sandbox.stats().requests, before, "{policy}: questions are asked for once");
    }
}

#[test]
fn only_and_dry_run_do_what_they_say() {
    let served = serve(None);
    let pipeline = served.pipeline(ALL_STAGES);
    served.roundup().args(["run", "--dry-run"]).arg(&pipeline).assert().success();
    assert!(!served.lake().exists(), "a dry run writes nothing");
    assert_eq!(served.sandbox.stats().requests, 0, "and asks for nothing");
    served.roundup().args(["run", "--only", "ingest"]).arg(&pipeline).assert().success();
    assert!(rows(&served.lake(), "response_metrics").is_empty());
    assert!(!served.path("reports").exists());
    let requests = served.sandbox.stats().requests;
    // Neither the ids nor the key are needed for what is in the lake.
    std::fs::remove_file(served.path("ids.txt")).unwrap();
    let later = ["run", "--only", "analyze", "--only", "report"];
    roundup(served.folder.path()).args(later).arg(&pipeline).assert().success();
    assert_eq!(served.sandbox.stats().requests, requests);
    assert!(served.path("reports/latest/index.html").exists());
}

#[test]
fn a_dry_run_says_what_is_wanted_in_the_order_in_which_it_is_done() {
    let served = serve(Some(3));
    served.recipe("vendor-sample", |text| text);
    let pipeline = served.pipeline(
        "[analyze]\nkeywords = []\n[report]\nout = \"reports\"\n[audio]\nout = \"archive\"\n\
         [export]\noutput = \"out.csv\"\nformat = \"csv\"\n[ats]\nconnector = \"vendor-sample.toml\"\n\
         set.api = \"http://127.0.0.1:9\"\n[notify]\ncommand = [\"true\"]\n",
    );
    let said = |arguments: &[&str]| {
        let output = served.roundup().env("ATS_API_KEY", "k").args(arguments).arg(&pipeline).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(|line| line.split(' ').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all = ["ingest", "lake", "analyze", "report", "export", "audio", "ats", "notify"];
    assert_eq!(said(&["check"]), all);
    assert_eq!(said(&["run", "--dry-run"]), all);
    for stage in ["ingest", "report", "audio"] {
        let some = said(&["run", "--dry-run", "--only", stage]);
        let expected = all.into_iter().filter(|name| [stage, "lake", "notify"].contains(name)).collect::<Vec<_>>();
        assert_eq!(some, expected, "{stage}");
    }
}

#[test]
fn an_archive_that_a_connector_cannot_read_is_refused() {
    let served = serve(Some(3));
    served.recipe("vendor-sample", |text| text);
    served.write("file", "");
    let check = |recordings: &str, audio: &str| {
        let pipeline = served.pipeline(&format!(
            "{audio}[ats]\nconnector = \"vendor-sample.toml\"\nset.api = \"http://127.0.0.1:9\"\n\
             recordings = \"{recordings}\"\n"
        ));
        let output = served.roundup().env("ATS_API_KEY", "k").arg("check").arg(&pipeline).output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for (recordings, says) in [
        ("s3://bucket/archive", "recordings are sent from a folder, and s3://bucket/archive is none"),
        ("archive", "there is no folder archive"),
        ("file", "there is no folder file"),
    ] {
        let (code, stderr) = check(recordings, "");
        assert_eq!(code, Some(2), "{recordings}: {stderr}");
        assert!(stderr.contains(says), "no {says:?} in {stderr}");
    }
    let (code, stderr) = check("archive", "[audio]\nout = \"archive\"\n");
    assert_eq!(code, Some(0), "the run makes it: {stderr}");
    std::fs::create_dir(served.path("archive")).unwrap();
    assert_eq!(check("archive", "").0, Some(0));
}

#[test]
fn several_sources_have_their_names_in_the_lake() {
    let served = serve(None);
    let ids = served.ids();
    served.write("a.txt", &ids[..20].join("\n"));
    served.write("b.txt", &ids[20..].join("\n"));
    let api = served.sandbox.base_url();
    let source =
        |name: &str| format!("[[source]]\nname = \"{name}\"\napi = \"{api}\"\ninterviews = [\"{name}.txt\"]\n");
    let text = source("a") + &source("b") + "[lake]\npath = \"lake\"\n[ingest]\nrequests-per-minute = 600000\n";
    served.run(&served.write("both.toml", &text), 0);
    for table in ["interviews", "open_interviews"] {
        for row in rows(&served.lake(), table) {
            let expected = if ids[..20].contains(&row["interview_id"]) { "a" } else { "b" };
            assert_eq!(row["source"], expected);
        }
    }
}

#[test]
fn the_sandbox_inside_the_process_needs_no_key_and_no_list() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[source]\napi = \"sandbox\"\nsandbox = { interviews = 80, seed = 3 }\n[lake]\npath = \"lake\"\n\
                [ingest]\nrequests-per-minute = 600000\n";
    std::fs::write(folder.path().join("p.toml"), text).unwrap();
    roundup(folder.path()).args(["run", "p.toml"]).assert().success();
    let lake = folder.path().join("lake");
    assert_eq!(rows(&lake, "interviews").len() + rows(&lake, "open_interviews").len(), 80);
}

#[test]
fn a_quiet_run_says_once_that_the_ledger_was_rebuilt() {
    let served = serve(Some(4));
    let pipeline = served.pipeline("questions = \"none\"\n");
    served.run(&pipeline, 0);
    std::fs::remove_file(served.path("lake/_roundup/ledger.db")).unwrap();
    let output = served.roundup().args(["--quiet", "run"]).arg(&pipeline).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), stderr.matches("is rebuilt").count()), (Some(0), 1), "{stderr}");
    let last = served.last_run();
    let warnings: Vec<&str> = last["warnings"].as_array().unwrap().iter().filter_map(|one| one.as_str()).collect();
    assert!(warnings.len() == 1 && warnings[0].contains("is rebuilt"), "{warnings:?}");
}

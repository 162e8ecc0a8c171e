//! Whose fault it is that recordings cannot be archived: theirs, their host's or the API's, and what then becomes of
//! them.

use std::collections::BTreeSet;

use roundup::sandbox::{Faults, SandboxOptions};

use crate::audio::{archive, change_links, ingested, ledger, status, table, with_audio};
use crate::common::{serve, serve_with};

#[test]
fn an_interview_that_the_api_no_longer_has_is_given_up_if_it_has_others() {
    let served = ingested("");
    let fewer = serve(Some(served.ids().len() / 2));
    let kept: BTreeSet<String> = fewer.ids().into_iter().collect();
    let wanted = with_audio(&served.lake());
    let gone = wanted.iter().find(|(id, position)| !kept.contains(id) && position == "1").unwrap().0.clone();
    let other = wanted.iter().find(|(id, _)| kept.contains(id)).unwrap().0.clone();
    change_links(&served, |link| (![&gone, &other].contains(&&link.recording.interview)).then_some(link));
    let api = ["--api", &fewer.sandbox.base_url()];
    let of_gone = wanted.iter().filter(|(id, _)| *id == gone).count();
    assert!(of_gone > 1);
    for (ids, given_up) in [(vec![&gone], false), (vec![&gone, &other], true)] {
        let arguments: Vec<&str> = api.into_iter().chain(ids.into_iter().map(String::as_str)).collect();
        archive(&served, &arguments, 3);
        let troubled = status(&served)["recordings"].as_array().unwrap().clone();
        assert_eq!(troubled.len(), of_gone);
        for one in &troubled {
            let says = "the API does not know the interview any more";
            assert_eq!((&one["reason"], &one["given_up"]), (&says.into(), &given_up.into()));
        }
    }
    archive(&served, &[], 0);
    assert_eq!(table(&served).len() + of_gone, wanted.len());
}

#[test]
fn an_api_that_knows_no_interview_gives_up_none() {
    let served = ingested("");
    let other = serve(Some(0));
    change_links(&served, |_| None);
    let (_, stderr) = archive(&served, &["--api", &other.sandbox.base_url()], 1);
    let says = "the API gave no link to a recording of the last 20 interviews: the API does not know the interview";
    assert!(stderr.contains(says), "{stderr}");
    assert!(other.sandbox.stats().requests <= 40, "{:?}", other.sandbox.stats());
    let troubled = status(&served)["recordings"].as_array().unwrap().clone();
    assert!(!troubled.is_empty() && troubled.len() < 200, "{}", troubled.len());
    assert!(troubled.iter().all(|one| one["given_up"] == false && one["tries"] == 0), "{troubled:?}");
    archive(&served, &[], 0);
    assert_eq!(table(&served).len(), with_audio(&served.lake()).len());
}

#[test]
fn a_host_that_opens_no_link_gives_up_none_and_costs_few_calls() {
    let served = ingested("[[fault]]\nkind = \"audio-expired\"\nshare = 1\n");
    let requests = served.sandbox.stats().requests;
    for _ in 0..4 {
        let (_, stderr) = archive(&served, &[], 1);
        assert!(
            stderr.contains("none of the last 20 recordings could be archived: its link does not open"),
            "{stderr}"
        );
    }
    let troubled = status(&served)["recordings"].as_array().unwrap().clone();
    assert!(!troubled.is_empty() && troubled.len() < 4 * 40, "{}", troubled.len());
    assert!(troubled.iter().all(|one| one["given_up"] == false), "{troubled:?}");
    assert!(served.sandbox.stats().requests - requests <= 4 * 40, "{:?}", served.sandbox.stats());
}

#[test]
fn many_that_are_too_long_keep_no_others_from_being_archived() {
    let served = ingested("seed = 3\n[[fault]]\nkind = \"audio-huge\"\nshare = 0.95\nof = \"interviews\"\n");
    archive(&served, &["--max-bytes", "300KB"], 3);
    let troubled = status(&served)["recordings"].as_array().unwrap().len();
    let archived = table(&served).len();
    assert!(troubled > 200 && archived > 5, "{troubled} and {archived}");
    assert_eq!(troubled + archived, with_audio(&served.lake()).len());
}

#[test]
fn an_account_that_refuses_leaves_the_others_their_turn() {
    let served = serve(None);
    let ids = served.ids();
    served.write("a.txt", &ids[..25].join("\n"));
    served.write("b.txt", &ids[25..].join("\n"));
    let api = served.sandbox.base_url();
    let source = |name: &str, key: &str| {
        format!("[[source]]\nname = \"{name}\"\napi = \"{api}\"\nkey-env = \"{key}\"\ninterviews = [\"{name}.txt\"]\n")
    };
    let text = source("a", "FIRST_KEY") + &source("b", "ROUNDZERO_API_KEY");
    let more = "[lake]\npath = \"lake\"\n[ingest]\nrequests-per-minute = 600000\n\
                [audio]\nout = \"archive\"\nallow-loopback = true\n";
    let pipeline = served.write("both.toml", &(text + more));
    let run = |key: &str, only: &str, code: i32| {
        let mut command = served.roundup();
        let output = command.args(["run", "--only", only]).arg(&pipeline).env("FIRST_KEY", key).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        stderr
    };
    run(&SandboxOptions::default().key, "ingest", 0);
    change_links(&served, |_| None);
    let stderr = run("rz_live_wrong", "audio", 5);
    assert_eq!(stderr.matches("source a: the API does not accept the key (401)").count(), 1, "{stderr}");
    let of_b = with_audio(&served.lake()).into_iter().filter(|(id, _)| ids[25..].contains(id)).count();
    assert!(of_b > 0);
    assert_eq!(table(&served).len(), of_b);
    assert_eq!(status(&served)["recordings"].as_array().unwrap().len(), 0, "it is no recording's fault");
    run(&SandboxOptions::default().key, "audio", 0);
    assert_eq!(table(&served).len(), with_audio(&served.lake()).len());
}

#[test]
fn a_key_that_is_refused_among_several_is_named_once_and_the_others_do_its_work() {
    // Without an ingest, and after one that is refused as well.
    for only in [&["--only", "audio"][..], &[]] {
        let served = serve(Some(20));
        let ids = served.ids();
        let pipeline = |keys: &str| {
            let text = format!(
                "[[source]]\nname = \"a\"\napi = \"{}\"\nkey-env = {keys}\ninterviews = [\"a.txt\"]\n\
                 [lake]\npath = \"lake\"\n[ingest]\nrequests-per-minute = 600000\nquestions = \"none\"\n\
                 [audio]\nout = \"archive\"\nallow-loopback = true\n",
                served.sandbox.base_url()
            );
            served.write("keys.toml", &text)
        };
        served.write("a.txt", &ids[..15].join("\n"));
        let one = pipeline("\"ROUNDZERO_API_KEY\"");
        served.roundup().args(["run", "--only", "ingest"]).arg(one).assert().success();
        change_links(&served, |_| None);
        served.write("a.txt", &ids.join("\n"));
        let two = pipeline("[\"KEY_WRONG\", \"ROUNDZERO_API_KEY\"]");
        let mut command = served.roundup();
        let output = command.arg("run").args(only).arg(two).env("KEY_WRONG", "rz_live_wrong").output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(5), "{stderr}");
        let says = "source a, key 1 of 2: the API does not accept the key (401)";
        assert_eq!(stderr.matches(says).count(), 1, "{stderr}");
        let wanted = with_audio(&served.lake());
        assert!(!wanted.is_empty());
        assert_eq!(table(&served).len(), wanted.len(), "{stderr}");
    }
}

#[test]
fn an_account_whose_api_gives_nothing_leaves_the_others_their_turn_and_is_no_recordings_fault() {
    let served = serve(Some(120));
    let away = serve(Some(0));
    let ids = served.ids();
    // One after the other, so that the requests to both alternate.
    let [a, b] = [0, 1].map(|first| ids.iter().skip(first).step_by(2).cloned().collect::<Vec<_>>());
    served.write("a.txt", &a.join("\n"));
    served.write("b.txt", &b.join("\n"));
    let run = |api_of_a: &str, only: &str, code: i32| {
        let source = |name: &str, api: &str| {
            let interviews = format!("interviews = [\"{name}.txt\"]");
            format!("[[source]]\nname = \"{name}\"\napi = \"{api}\"\nkey-env = \"ROUNDZERO_API_KEY\"\n{interviews}\n")
        };
        let text = source("a", api_of_a) + &source("b", &served.sandbox.base_url());
        let more = "[lake]\npath = \"lake\"\n[ingest]\nrequests-per-minute = 600000\nquestions = \"none\"\n\
                    [audio]\nout = \"archive\"\nallow-loopback = true\n";
        let pipeline = served.write("both.toml", &(text + more));
        let output = served.roundup().args(["run", "--only", only]).arg(&pipeline).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        stderr
    };
    run(&served.sandbox.base_url(), "ingest", 0);
    change_links(&served, |_| None);
    let stderr = run(&away.sandbox.base_url(), "audio", 1);
    let says = "source a: the API gave no link to a recording of the last 20 interviews";
    assert_eq!(stderr.matches(says).count(), 1, "{stderr}");
    let of_b = with_audio(&served.lake()).into_iter().filter(|(id, _)| b.contains(id)).count();
    assert!(of_b > 0);
    assert_eq!(table(&served).len(), of_b, "{stderr}");
    assert!(away.sandbox.stats().requests < 40, "{:?}", away.sandbox.stats());
    let troubled = status(&served)["recordings"].as_array().unwrap().clone();
    assert!(!troubled.is_empty(), "{stderr}");
    assert!(troubled.iter().all(|one| one["given_up"] == false && one["tries"] == 0), "{troubled:?}");
    run(&served.sandbox.base_url(), "audio", 0);
    assert_eq!(table(&served).len(), with_audio(&served.lake()).len());
}

#[test]
fn what_ends_the_archiving_beside_an_ingest_is_said_once() {
    let faults = Some(Faults::parse("[[fault]]\nkind = \"audio-html\"\nshare = 1\n", "faults.toml").unwrap());
    let served = serve_with(SandboxOptions { faults, limit: None, ..SandboxOptions::default() });
    let pipeline = served.pipeline("[audio]\nout = \"archive\"\nallow-loopback = true\n");
    let output = served.roundup().arg("run").arg(&pipeline).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(stderr.matches("none of the last 20 recordings could be archived").count(), 1, "{stderr}");
    assert!(status(&served)["recordings"].as_array().unwrap().len() < 40);
}

#[test]
fn after_three_nights_a_recording_is_left_alone_until_its_interview_is_named() {
    let served = ingested("seed = 2\n[[fault]]\nkind = \"audio-html\"\nshare = 0.02\nof = \"interviews\"\n");
    let a_night_passes = || {
        let sql = "UPDATE recordings SET counted_at = counted_at - 86400000000";
        ledger(&served).execute(sql, []).unwrap();
    };
    for night in 1..=2 {
        // Runs of one night are one try.
        for _ in 0..3 {
            archive(&served, &[], 3);
            let troubled = status(&served)["recordings"].as_array().unwrap().clone();
            assert!(troubled.iter().all(|one| one["given_up"] == false && one["tries"] == night), "{troubled:?}");
        }
        a_night_passes();
    }
    // Trouble of another kind begins anew, and so does what has come further.
    let changed = "UPDATE recordings SET kind = 'unavailable', tries = 9 WHERE interview_id = ?1";
    let first = status(&served)["recordings"][0]["interview_id"].as_str().unwrap().to_owned();
    ledger(&served).execute(changed, [&first]).unwrap();
    archive(&served, &[&first], 3);
    assert_eq!(status(&served)["recordings"][0]["tries"], 1);
    ledger(&served).execute("UPDATE recordings SET tries = 2", []).unwrap();
    a_night_passes();
    let (stdout, _) = archive(&served, &[], 3);
    assert!(stdout.contains("given up, and left alone"), "{stdout}");
    let troubled = status(&served)["recordings"].as_array().unwrap().clone();
    assert!(troubled.iter().all(|one| one["given_up"] == true && one["tries"] == 3), "{troubled:?}");
    let asked = served.sandbox.stats().recordings;
    archive(&served, &[], 0);
    assert_eq!(served.sandbox.stats().recordings, asked);
    archive(&served, &[troubled[0]["interview_id"].as_str().unwrap()], 3);
    assert!(served.sandbox.stats().recordings > asked);
}

#[test]
fn a_host_that_gives_pages_for_everything_ends_the_run_before_all_are_given_up() {
    let served = ingested("[[fault]]\nkind = \"audio-html\"\nshare = 1\n");
    let (_, stderr) = archive(&served, &[], 1);
    assert!(stderr.contains("none of the last 20 recordings could be archived: it is a web page"), "{stderr}");
    assert!(status(&served)["recordings"].as_array().unwrap().len() < 40);
}

#[test]
fn an_archive_that_cannot_be_written_ends_it_without_a_panic() {
    let served = ingested("");
    for (id, _) in with_audio(&served.lake()) {
        served.write(&format!("archive/interviews/{id}"), "a file where a folder is to be");
    }
    let (_, stderr) = archive(&served, &[], 1);
    assert!(stderr.contains("archive/interviews/"), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[test]
fn a_link_that_does_not_open_is_refreshed_once() {
    let served = ingested("seed = 5\n[[fault]]\nkind = \"audio-expired\"\nshare = 0.15\n");
    let requests = served.sandbox.stats().requests;
    archive(&served, &[], 3);
    let troubled = status(&served)["recordings"].as_array().unwrap().len();
    let refused = served.sandbox.stats().faults.values().sum::<u64>();
    assert!(troubled > 0 && refused > 2 * troubled as u64, "{refused} and {troubled}");
    let asked = served.sandbox.stats().requests - requests;
    assert!(asked > 10 && asked <= refused, "{asked}");
    assert_eq!(table(&served).len() + troubled, with_audio(&served.lake()).len());
}

//! From an event to the lake: an ingest takes the inbox, once, whatever happens meanwhile.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use roundup::inbox::file as inbox;
use serde_json::{Value, json};

use crate::common::{Served, rows, serve};
use crate::listen::{Listener, SECRET, event, event_ids};

/// A pipeline that takes ids from the inbox, and from lists before it.
fn pipeline(served: &Served, lists: &str) -> PathBuf {
    let api = served.sandbox.base_url();
    served.write(
        "inbox.toml",
        &format!(
            "[source]\napi = \"{api}\"\ninterviews = [{lists}\"inbox\"]\n[lake]\npath = \"lake\"\n\
             [ingest]\nrequests-per-minute = 600000\nquestions = \"none\"\n"
        ),
    )
}

/// The first id of a status, and its body.
fn of_status(served: &Served, status: &str) -> String {
    let bodies = crate::common::sample();
    let body = bodies.iter().find(|body| body["status"] == status).unwrap();
    let id = body["id"].as_str().unwrap().to_owned();
    assert!(served.ids().contains(&id));
    id
}

fn ingest_of(served: &Served) -> Value {
    served.last_run()["ingest"].clone()
}

fn inbox_is_empty(served: &Served) -> bool {
    let folder = served.path("lake/_roundup/inbox");
    inbox::files(&folder).unwrap().is_empty() && inbox::recorded(&folder).unwrap().is_empty()
}

#[test]
fn the_next_run_takes_ids_from_the_inbox() {
    let served = serve(None);
    let pipeline = pipeline(&served, "");
    let (done, open) = (of_status(&served, "completed"), of_status(&served, "in_progress"));
    let listener = Listener::start(served.folder.path());
    assert_eq!(listener.send(&event(1, "interview_started", &open)).0, 200);
    assert_eq!(listener.send(&event(2, "interview_started", &done)).0, 200);
    assert_eq!(listener.send(&event(3, "interview_ended", &done)).0, 200);
    assert_eq!(listener.send(&event(4, "interview_ended", "nobody-has-this")).0, 200);
    assert_eq!(listener.send(&event(5, "interview_ended", "no id at all")).0, 200);
    assert_eq!(listener.send(&json!({"id": "evt_6", "type": "account_renamed"})).0, 200);
    let status = served.roundup().args(["status", "--lake", "lake"]).output().unwrap();
    assert!(String::from_utf8(status.stdout).unwrap().contains("inbox      6 events"));
    let check = served.roundup().arg("check").arg(&pipeline).output().unwrap();
    assert!(String::from_utf8(check.stdout).unwrap().contains("inbox      6 events wait"));
    served.run(&pipeline, 0);
    assert_eq!(served.sandbox.stats().requests, 3, "each interview is asked for once");
    let ingest = ingest_of(&served);
    assert_eq!((&ingest["events"], &ingest["gone"], &ingest["failed"]), (&json!(6), &json!(1), &json!(0)));
    for (table, id, status) in [("interviews", &done, "completed"), ("open_interviews", &open, "in_progress")] {
        let rows = rows(&served.lake(), table);
        assert_eq!(rows.len(), 1);
        assert_eq!(&rows[0]["interview_id"], id);
        assert_eq!((&*rows[0]["first_seen_via"], &*rows[0]["first_seen_status"]), ("webhook", status));
    }
    assert!(inbox_is_empty(&served));
    // The receiver, whose file was taken, begins another; and what it knows it still knows.
    assert_eq!(listener.send(&event(3, "interview_ended", &done)), (200, json!({"status": "known"})));
    assert_eq!(listener.send(&event(7, "interview_ended", &done)), (200, json!({"status": "stored"})));
    assert_eq!(event_ids(served.folder.path()).len(), 1);
}

#[test]
fn one_that_is_listed_as_well_belongs_to_its_list() {
    let served = serve(Some(6));
    let pipeline = pipeline(&served, "\"ids.txt\", ");
    let listener = Listener::start(served.folder.path());
    assert_eq!(listener.send(&event(1, "interview_ended", &served.ids()[0])).0, 200);
    served.run(&pipeline, 0);
    assert_eq!(served.sandbox.stats().requests, 6);
    let all = [rows(&served.lake(), "interviews"), rows(&served.lake(), "open_interviews")].concat();
    assert!(all.len() == 6 && all.iter().all(|row| row["first_seen_via"] == "list"));
}

#[test]
fn a_later_event_for_a_settled_interview_asks_again_and_replaces() {
    let served = serve(None);
    let pipeline = pipeline(&served, "");
    let done = of_status(&served, "completed");
    // The lake has it with another title than the API now.
    let mut body = crate::common::sample().into_iter().find(|body| body["id"] == *done).unwrap();
    let title = body["job"]["title"].clone();
    body["job"]["title"] = json!("As it was");
    served.write("old.jsonl", &body.to_string());
    served.roundup().args(["import", "--lake", "lake", "old.jsonl"]).assert().success();
    let listener = Listener::start(served.folder.path());
    // That it was started is late news.
    assert_eq!(listener.send(&event(1, "interview_started", &done)).0, 200);
    served.run(&pipeline, 0);
    assert_eq!((served.sandbox.stats().requests, &ingest_of(&served)["events"]), (0, &json!(1)));
    assert_eq!(listener.send(&event(2, "interview_ended", &done)).0, 200);
    served.run(&pipeline, 0);
    assert_eq!((served.sandbox.stats().requests, &ingest_of(&served)["replaced"]), (1, &json!(1)));
    let interviews = rows(&served.lake(), "interviews");
    assert_eq!(interviews.len(), 1);
    assert_eq!((&json!(interviews[0]["job_title"]), &*interviews[0]["first_seen_via"]), (&title, "import"));
    served.run(&pipeline, 0);
    assert_eq!(served.sandbox.stats().requests, 1, "answered");
    // The same event again, long after: a receiver that has forgotten it keeps it, and the ledger knows it.
    drop(listener);
    let listener = Listener::start(served.folder.path());
    assert_eq!(listener.send(&event(2, "interview_ended", &done)), (200, json!({"status": "stored"})));
    served.run(&pipeline, 0);
    assert_eq!((served.sandbox.stats().requests, &ingest_of(&served)["events"]), (1, &json!(0)));
    assert!(inbox_is_empty(&served));
}

#[test]
fn what_is_gone_is_asked_for_again_when_an_event_comes() {
    let served = serve(Some(3));
    let pipeline = pipeline(&served, "\"gone.txt\", ");
    served.write("gone.txt", "nobody-has-this\n");
    served.run(&pipeline, 0);
    served.run(&pipeline, 0);
    assert_eq!(served.sandbox.stats().requests, 1);
    let listener = Listener::start(served.folder.path());
    assert_eq!(listener.send(&event(1, "interview_ended", "nobody-has-this")).0, 200);
    served.run(&pipeline, 0);
    served.run(&pipeline, 0);
    assert_eq!(served.sandbox.stats().requests, 2);
}

#[test]
fn an_event_stays_until_its_interview_was_really_asked_for() {
    let served = serve(None);
    let pipeline = pipeline(&served, "");
    let done = of_status(&served, "completed");
    let listener = Listener::start(served.folder.path());
    assert_eq!(listener.send(&event(1, "interview_ended", &done)).0, 200);
    let refused =
        served.roundup().arg("run").arg(&pipeline).env("ROUNDZERO_API_KEY", "rz_live_wrong").output().unwrap();
    assert_eq!(refused.status.code(), Some(5));
    let folder = served.path("lake/_roundup/inbox");
    assert!(inbox::files(&folder).unwrap().is_empty() && served.ids_in("interviews").is_empty());
    assert_eq!(inbox::recorded(&folder).unwrap().len(), 1, "it is kept until it is answered");
    served.run(&pipeline, 0);
    assert_eq!(served.ids_in("interviews"), [done]);
    assert_eq!(rows(&served.lake(), "interviews")[0]["first_seen_via"], "webhook");
}

#[test]
fn dead_at_any_step_an_ingest_takes_each_event_once() {
    let served = serve(None);
    let pipeline = pipeline(&served, "");
    let done = of_status(&served, "completed");
    let places = [
        "inbox-taken",
        "inbox-recorded",
        "spool-made",
        "spool-appended",
        "spool-closed",
        "publish-recorded",
        "spool-published",
    ];
    // Also when the ledger, which has read the events, is lost with it.
    for (place, loses_ledger) in places.into_iter().flat_map(|place| [(place, false), (place, true)]) {
        let _first = fs::remove_dir_all(served.lake());
        let listener = Listener::start(served.folder.path());
        assert_eq!(listener.send(&event(1, "interview_ended", &done)).0, 200);
        let dying = served.process().arg("run").arg(&pipeline).env("ROUNDUP_CRASH_AT", place).status();
        assert_eq!(dying.unwrap().code(), None, "the run did not die at {place}");
        if loses_ledger {
            for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
                let _not_there = fs::remove_file(served.path("lake/_roundup").join(name));
            }
        }
        // One that comes between the two is not lost either.
        assert_eq!(listener.send(&event(2, "interview_ended", "nobody-has-this")).0, 200);
        served.run(&pipeline, 0);
        assert_eq!(served.ids_in("interviews"), [done.as_str()], "{place}");
        assert_eq!(rows(&served.lake(), "interviews")[0]["first_seen_via"], "webhook", "{place}");
        assert!(inbox_is_empty(&served), "{place}");
        let requests = served.sandbox.stats().requests;
        served.run(&pipeline, 0);
        assert_eq!(served.sandbox.stats().requests, requests, "{place}: every event is answered");
    }
}

#[test]
fn each_account_has_its_own_events() {
    let served = serve(None);
    let (done, expired) = (of_status(&served, "completed"), of_status(&served, "expired"));
    let mine = Listener::start(served.folder.path());
    let theirs = Listener::start_with(served.folder.path(), |command| command.args(["--source", "berlin"]));
    assert_eq!(mine.send(&event(1, "interview_ended", &done)).0, 200);
    assert_eq!(theirs.send(&event(2, "interview_ended", &expired)).0, 200);
    let ingest = |source: &str| {
        let api = served.sandbox.base_url();
        let arguments = ["ingest", "--lake", "lake", "--api", &api, "--source", source, "--questions", "none", "inbox"];
        served.roundup().args(arguments).assert().success();
    };
    ingest("default");
    assert_eq!(served.ids_in("interviews"), [done.as_str()]);
    ingest("berlin");
    let sources: Vec<String> = rows(&served.lake(), "interviews")
        .into_iter()
        .map(|row| format!("{} {}", row["source"], row["interview_id"]))
        .collect();
    let mut expected = [format!("default {done}"), format!("berlin {expired}")];
    expected.sort();
    let mut found = sources;
    found.sort();
    assert_eq!(found, expected);
}

/// The sandbox's events, with all that can go wrong: the receiver keeps each once and nothing else, and the next run has
/// every interview that was started.
#[test]
fn the_sandboxs_events_arrive_whatever_goes_wrong_beside_them() {
    let served = serve(None);
    let listener = Listener::start(served.folder.path());
    let faults = "late,twice,out-of-order,replayed,forged,stale,truncated,oversized";
    let mut sender = Command::new(assert_cmd::cargo::cargo_bin!("roundup"))
        .args(["sandbox", "--webhook-to", &format!("http://{}/webhooks/round0", listener.addr)])
        .args(["--webhook-secret", SECRET, "--webhook-faults", faults])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(sender.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("all events are sent") {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "the sandbox ended");
    }
    sender.kill().unwrap();
    sender.wait().unwrap();
    let bodies = crate::common::sample();
    let with = |field: &str| bodies.iter().filter(|body| body[field].is_string()).count();
    let (started, ended) = (with("started_at"), with("completed_at"));
    let kept = event_ids(served.folder.path());
    assert_eq!(kept.iter().collect::<BTreeSet<_>>().len(), kept.len());
    assert_eq!(kept.len(), started + ended);
    assert!(line.contains(" answered 401, ") && line.contains(" answered 413"), "{line}");
    assert!(!line.contains("without an answer"), "{line}");
    served.run(&pipeline(&served, ""), 0);
    assert_eq!(served.ids_in("interviews").len() + served.ids_in("open_interviews").len(), started);
    assert_eq!((&ingest_of(&served)["gone"], served.sandbox.stats().requests), (&json!(0), started as u64));
}

//! Ids that fail alike every night: they are asked for less and less often, given up, and named; unless the fault is
//! not theirs.

use std::collections::HashMap;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::common::{ledger_of, roundup, rows};
use crate::listen::{Listener, event};

/// An API that answers as it is told for each path below `interviews/`, and otherwise with a completed interview.
struct Api {
    folder: TempDir,
    answers: Arc<Mutex<Answers>>,
    base: String,
    runtime: Option<Runtime>,
}

#[derive(Default)]
struct Answers {
    of: HashMap<String, (u16, &'static str)>,
    /// The answer for every other path.
    to_all: Option<(u16, &'static str)>,
    asked: Vec<String>,
}

const PAGE: &str = "<h1>Not Found</h1>";
const UNKNOWN: &str = r#"{"error":{"type":"resource_not_found","message":"Interview not found"}}"#;

async fn answer(State(answers): State<Arc<Mutex<Answers>>>, uri: Uri) -> Response {
    let path = uri.path().strip_prefix("/api/v1/interviews/").unwrap().to_owned();
    let mut answers = answers.lock().unwrap();
    answers.asked.push(path.clone());
    let (status, body) = match answers.of.get(&path).or(answers.to_all.as_ref()) {
        Some(&(status, body)) => (status, body.to_owned()),
        None if path.ends_with("/questions") => (200, json!({"questions": []}).to_string()),
        None => {
            let body = json!({
                "id": path, "status": "completed", "job": {"id": "j", "title": "T", "department": "D"},
                "candidate": {"id": "c", "name": "N", "email": "n@example.com"},
                "created_at": "2026-05-01T10:00:00Z", "completed_at": "2026-05-02T11:00:00Z",
                "responses": [{"question_id": "q1", "question_text": "Q?", "transcript": "hello", "duration_seconds": 9}],
            });
            (200, body.to_string())
        }
    };
    (StatusCode::from_u16(status).unwrap(), [(header::LOCATION, "http://127.0.0.1:9/x")], body).into_response()
}

impl Api {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let answers = Arc::new(Mutex::new(Answers::default()));
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let base = format!("http://{}/api/v1", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(Arc::clone(&answers));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { folder: tempfile::tempdir().unwrap(), answers, base, runtime: Some(runtime) }
    }

    fn set(&self, path: &str, status: u16, body: &'static str) {
        self.answers.lock().unwrap().of.insert(path.to_owned(), (status, body));
    }

    fn set_all(&self, answer: Option<(u16, &'static str)>) {
        self.answers.lock().unwrap().to_all = answer;
    }

    /// What was asked for since the last time, sorted.
    fn asked(&self) -> Vec<String> {
        let mut asked = std::mem::take(&mut self.answers.lock().unwrap().asked);
        asked.sort();
        asked
    }

    /// A run over these ids: its exit code and stderr.
    fn run_with(&self, ids: &[&str], ingest: &str, arguments: &[&str]) -> (Option<i32>, String) {
        fs::write(self.folder.path().join("ids.txt"), ids.join("\n")).unwrap();
        let pipeline = format!(
            "[source]\napi = \"{}\"\ninterviews = [\"ids.txt\", \"inbox\"]\n[lake]\npath = \"lake\"\n\
             [ingest]\nrequests-per-minute = 600000\n{ingest}\n",
            self.base
        );
        fs::write(self.folder.path().join("pipeline.toml"), pipeline).unwrap();
        let mut command = roundup(self.folder.path());
        command.env("ROUNDZERO_API_KEY", "rz_live_test").args(["--quiet", "run", "pipeline.toml"]).args(arguments);
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }

    fn run(&self, ids: &[&str]) -> (Option<i32>, String) {
        self.run_with(ids, "questions = \"none\"", &[])
    }

    #[track_caller]
    fn run_to(&self, ids: &[&str], code: i32) -> String {
        let (ended, stderr) = self.run(ids);
        assert_eq!(ended, Some(code), "{stderr}");
        stderr
    }

    /// Lets days pass, as far as calls that failed are concerned.
    fn days_pass(&self, days: i64) {
        let ledger = ledger_of(&self.folder.path().join("lake"));
        let sql = "UPDATE failed_calls SET next_due = next_due - ?1, counted_at = counted_at - ?1,
                       failed_at = failed_at - ?1";
        ledger.execute(sql, [days * 24 * 60 * 60 * 1_000_000]).unwrap();
    }

    fn status(&self) -> (String, Value) {
        let status = |format: &str| {
            let output =
                roundup(self.folder.path()).args(["status", "--lake", "lake", "--format", format]).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        (status("text"), serde_json::from_str(&status("json")).unwrap())
    }

    fn last_run(&self) -> Value {
        serde_json::from_slice(&fs::read(self.folder.path().join("lake/_roundup/last-run.json")).unwrap()).unwrap()
    }

    /// Runs on five nights on which the id is due, each of which it fails, until it is given up.
    fn give_up(&self, ids: &[&str], bad: &str) {
        for days in [1, 2, 4, 8, 16] {
            let (code, stderr) = self.run(ids);
            assert_eq!(code, Some(3), "{stderr}");
            assert!(self.asked().contains(&bad.to_owned()));
            self.days_pass(days);
        }
    }
}

impl Drop for Api {
    fn drop(&mut self) {
        self.runtime.take().unwrap().shutdown_timeout(Duration::from_secs(1));
    }
}

#[test]
fn an_id_that_fails_alike_every_night_is_given_up_and_costs_nothing_for_ever() {
    let api = Api::start();
    let bad = [(301, ""), (400, "{}"), (404, PAGE), (409, "{}"), (410, PAGE), (423, "{}"), (451, "{}"), (202, "{}")];
    let ids: Vec<String> = bad.iter().map(|(status, _)| format!("s{status}")).collect();
    for (id, (status, body)) in ids.iter().zip(bad) {
        api.set(id, status, body);
    }
    let mut sorted: Vec<String> = ids.clone();
    sorted.sort();
    let listed: Vec<&str> = ids.iter().map(String::as_str).chain(["good"]).collect();
    // Due on the nights 0, 1, 3, 7 and 15, and never again.
    let mut asked_on = Vec::new();
    for night in 0..40 {
        let (code, stderr) = api.run(&listed);
        let asked = api.asked();
        let expected: Vec<String> = if night == 0 {
            let mut all = sorted.clone();
            all.push("good".to_owned());
            all.sort();
            all
        } else if asked.is_empty() {
            Vec::new()
        } else {
            // Once more the one that is in the lake, to see that the API is there.
            let mut all = sorted.clone();
            all.push("good".to_owned());
            all.sort();
            all
        };
        assert_eq!(asked, expected, "night {night}");
        assert_eq!(code, Some(if asked.is_empty() { 0 } else { 3 }), "night {night}: {stderr}");
        if !asked.is_empty() {
            asked_on.push(night);
        }
        let last = api.last_run();
        let given_up = if night == 15 { ids.len() } else { 0 };
        assert_eq!(last["ingest"]["given_up"], given_up, "night {night}");
        assert_eq!(last["ids"]["given_up"].as_array().unwrap().len(), given_up, "night {night}");
        assert_eq!(last["complete"], asked.is_empty() || night == 15, "night {night}");
        api.days_pass(1);
    }
    assert_eq!(asked_on, [0, 1, 3, 7, 15]);
    let (text, json) = api.status();
    assert!(text.contains("0 given up for now") && text.contains("8 given up"), "{text}");
    assert!(text.contains("           s409: the API answered 409 Conflict (5 nights)\n"), "{text}");
    assert_eq!(json["ids"]["given_up"].as_array().unwrap().len(), 8);
    assert_eq!(json["ids"]["given_up"][2]["interview_id"], "s400");
    assert_eq!(json["ids"]["given_up"][2]["nights"], 5);
    assert_eq!(json["due"]["failed"], 0);
}

#[test]
fn in_between_it_is_named_with_the_day_on_which_it_is_asked_for_again() {
    let api = Api::start();
    api.set("bad", 409, "{}");
    let stderr = api.run_to(&["good", "bad"], 3);
    assert!(stderr.contains("interview bad failed: the API answered 409 Conflict; asked for again from "), "{stderr}");
    api.run_to(&["good", "bad"], 0);
    assert_eq!(api.last_run()["ingest"]["failed_before"], 1);
    assert_eq!(api.asked(), ["bad", "good"], "not twice in one night");
    let (text, json) = api.status();
    let failed = &json["ids"]["failed"][0];
    assert_eq!(
        (&failed["interview_id"], &failed["nights"], &failed["call"]),
        (&json!("bad"), &json!(1), &json!("interview"))
    );
    let day = &failed["next_due"].as_str().unwrap()[..10];
    assert!(
        text.contains(&format!("           bad: the API answered 409 Conflict (1 night); again from {day}")),
        "{text}"
    );
    // When it answers again, all is forgotten.
    api.answers.lock().unwrap().of.clear();
    api.days_pass(1);
    api.run_to(&["good", "bad"], 0);
    let (_, json) = api.status();
    assert_eq!((&json["ids"]["failed"], &json["interviews"]["settled"]), (&json!([]), &json!(2)));
}

#[test]
fn what_the_vendor_calls_gone_is_gone_with_410_too() {
    let api = Api::start();
    api.set("s410", 410, UNKNOWN);
    api.set("s404", 404, UNKNOWN);
    api.run_to(&["good", "s404", "s410"], 0);
    api.run_to(&["good", "s404", "s410"], 0);
    assert_eq!(api.asked().len(), 3);
    assert_eq!(api.last_run()["ingest"]["skipped_other"], 2);
}

#[test]
fn an_event_or_refetch_asks_once_more_for_one_that_was_given_up() {
    let api = Api::start();
    api.set("bad", 400, "{}");
    api.give_up(&["good", "bad"], "bad");
    api.run_to(&["good", "bad"], 0);
    assert_eq!(api.asked(), [""; 0]);
    let listener = Listener::start(api.folder.path());
    listener.send(&event(1, "interview_ended", "bad"));
    api.run_to(&["good", "bad"], 3);
    assert!(api.asked().contains(&"bad".to_owned()));
    api.run_to(&["good", "bad"], 0);
    assert_eq!(api.asked(), [""; 0], "the event asks once and not for ever");
    let (code, stderr) = api.run_with(&["good", "bad"], "questions = \"none\"", &["--refetch"]);
    assert_eq!(code, Some(3), "{stderr}");
    assert_eq!(api.asked(), ["bad", "good"]);
    api.answers.lock().unwrap().of.clear();
    listener.send(&event(2, "interview_ended", "bad"));
    api.run_to(&["good", "bad"], 0);
    assert_eq!(rows(&api.folder.path().join("lake"), "interviews").len(), 2);
}

#[test]
fn an_event_is_waited_with_and_keeps_its_place() {
    let api = Api::start();
    api.run_to(&["good"], 0);
    let listener = Listener::start(api.folder.path());
    api.set("told", 409, "{}");
    listener.send(&event(1, "interview_ended", "told"));
    api.run_to(&["good"], 3);
    api.asked();
    api.run_to(&["good"], 0);
    assert_eq!(api.asked(), [""; 0], "not twice in one night");
    listener.send(&event(2, "interview_ended", "told"));
    api.run_to(&["good"], 3);
    assert!(api.asked().contains(&"told".to_owned()), "a new event is news");
    api.days_pass(2);
    api.answers.lock().unwrap().of.clear();
    api.run_to(&["good"], 0);
    let rows = rows(&api.folder.path().join("lake"), "interviews");
    assert_eq!((&*rows[1]["interview_id"], &*rows[1]["first_seen_via"]), ("told", "webhook"));
}

#[test]
fn a_wrong_address_counts_against_no_id() {
    let api = Api::start();
    api.run_to(&["good"], 0);
    for answer in [(404, PAGE), (301, ""), (410, PAGE)] {
        api.set_all(Some(answer));
        for _ in 0..8 {
            let stderr = api.run_to(&["good", "a", "b"], 1);
            assert!(
                stderr.contains("the API of source default answers no call, not even for interview good"),
                "{stderr}"
            );
            api.days_pass(20);
        }
        assert_eq!(api.last_run()["ingest"]["given_up"], 0);
    }
    api.set_all(None);
    api.run_to(&["good", "a", "b"], 0);
    assert_eq!(api.status().1["interviews"]["settled"], 3);
}

#[test]
fn a_wrong_address_of_an_empty_lake_is_noticed_early() {
    let api = Api::start();
    let ids: Vec<String> = (0..200).map(|number| format!("id-{number:03}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    api.set_all(Some((404, PAGE)));
    let stderr = api.run_to(&ids, 1);
    assert!(stderr.contains("the API of source default answers no call: "), "{stderr}");
    assert!(stderr.contains("404"), "{stderr}");
    let asked = api.asked().len();
    assert!(asked < 100, "{asked}");
    // A few ids, of which nothing is known either, are asked for every time and never given up.
    let api = Api::start();
    api.set_all(Some((404, PAGE)));
    let few = &ids[..3];
    for _ in 0..8 {
        api.run_to(few, 3);
        assert!(api.asked().len() >= 3);
        api.days_pass(20);
    }
    // It does not keep the others out that the first ones are wrong.
    let api = Api::start();
    ids[..30].iter().for_each(|id| api.set(id, 404, PAGE));
    // The first run may stop before it meets one that is right; the second one begins with others.
    api.run(&ids);
    api.run(&ids);
    assert_eq!(api.status().1["interviews"]["settled"], 170);
}

#[test]
fn the_one_that_tells_whether_the_api_is_there_is_none_that_failed() {
    let api = Api::start();
    api.run_to(&["a"], 0);
    api.set("open", 200, r#"{"id": "open", "status": "invited"}"#);
    api.run_to(&["a", "open"], 0);
    api.set("open", 409, "{}");
    let ledger = ledger_of(&api.folder.path().join("lake"));
    ledger.execute("UPDATE interviews SET next_due = 1 WHERE id = 'open'", []).unwrap();
    api.asked();
    api.run_to(&["a", "open"], 3);
    assert_eq!(api.asked(), ["a", "open"]);
    assert_eq!(api.status().1["ids"]["failed"][0]["nights"], 1);
    // It is still among the open ones.
    assert_eq!(rows(&api.folder.path().join("lake"), "open_interviews").len(), 1);
}

#[test]
fn questions_that_fail_alike_are_given_up_too() {
    let api = Api::start();
    api.set("good/questions", 400, "{}");
    let mut asked_on = Vec::new();
    for night in 0..40 {
        let (code, stderr) = api.run_with(&["good"], "questions = \"all\"", &[]);
        let asked = api.asked().contains(&"good/questions".to_owned());
        assert_eq!(code, Some(if asked { 3 } else { 0 }), "{stderr}");
        if asked {
            asked_on.push(night);
        }
        api.days_pass(1);
    }
    assert_eq!(asked_on, [0, 1, 3, 7, 15]);
    let (text, json) = api.status();
    assert!(text.contains("           good, its questions: the API answered 400 Bad Request (5 nights)\n"), "{text}");
    assert_eq!(json["ids"]["given_up"][0]["call"], "questions");
    assert_eq!(json["interviews"]["questions_wanted"], 0);
}

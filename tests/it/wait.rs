//! `wait`: until the last is completed, one has expired, or the time is up.

use std::collections::HashMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use roundup::sandbox::DEFAULT_KEY;
use serde_json::{Value, json};

use crate::common::{process, roundup, sample, serve, until};
use crate::listen::{Listener, event};

/// An API whose interviews change: `script` has the body of an id's look, the first being 0.
struct Changing {
    base: String,
    looks: Arc<Mutex<HashMap<String, usize>>>,
}

impl Changing {
    fn new(script: impl Fn(&str, usize) -> Value + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let base = format!("http://{}/api/v1", listener.local_addr().unwrap());
        let looks = Arc::new(Mutex::new(HashMap::<String, usize>::new()));
        let counted = Arc::clone(&looks);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    let mut byte = [0];
                    if stream.read(&mut byte).unwrap() == 0 {
                        break;
                    }
                    head.extend(byte);
                }
                let head = String::from_utf8(head).unwrap();
                let id = head.split(' ').nth(1).unwrap().rsplit('/').next().unwrap().to_owned();
                let mut looks = counted.lock().unwrap();
                let look = looks.entry(id.clone()).or_default();
                let body = script(&id, *look).to_string();
                *look += 1;
                drop(looks);
                let length = body.len();
                write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
                    .unwrap();
            }
        });
        Self { base, looks }
    }

    fn looks(&self, id: &str) -> usize {
        self.looks.lock().unwrap()[id]
    }

    fn wait(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        wait(&self.base, arguments)
    }
}

fn wait(base: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = roundup(folder.path());
    command.env("ROUNDZERO_API_KEY", DEFAULT_KEY).args(["wait", "--api", base]).args(arguments);
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// The first interview of the sample under another id and status.
fn body(id: &str, status: &str) -> Value {
    let mut body = sample().remove(0);
    body["id"] = json!(id);
    body["status"] = json!(status);
    if status != "completed" {
        body["expires_at"] = json!("2026-01-22T23:59:59Z");
        body.as_object_mut().unwrap().remove("responses");
    }
    body
}

/// So many requests that the limit holds none back, and short looks.
const FAST: [&str; 4] = ["--requests-per-minute", "600000", "--every", "10ms"];

#[test]
fn each_is_shown_when_it_is_completed_and_not_looked_at_again() {
    let api = Changing::new(|id, look| match (id, look) {
        ("early", 1..) | ("late", 4..) => body(id, "completed"),
        (_, 0) => body(id, "invited"),
        _ => body(id, "in_progress"),
    });
    let (code, stdout, stderr) = api.wait(&[&FAST[..], &["late", "early"]].concat());
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.find("early, Jane Smith").unwrap() < stdout.find("late, Jane Smith").unwrap(), "{stdout}");
    assert_eq!(stdout.matches("Q1: How do you choose between useState").count(), 2);
    assert_eq!((api.looks("early"), api.looks("late")), (2, 5));
    assert_eq!(stderr.matches("interview late is invited, expires at 2026-01-22T23:59:59Z").count(), 1, "{stderr}");
    assert_eq!(stderr.matches("interview late is in_progress").count(), 1, "a change is said once: {stderr}");
}

#[test]
fn one_alone_is_shown_as_get_shows_it() {
    let served = serve(None);
    let id = sample()[0]["id"].as_str().unwrap().to_owned();
    for format in ["text", "json"] {
        let (code, stdout, stderr) = wait(&served.sandbox.base_url(), &["--format", format, &id]);
        assert_eq!(code, Some(0), "{stderr}");
        let got = served.roundup().args(["get", "--api", &served.sandbox.base_url(), "--format", format, &id]).output();
        assert_eq!(stdout.as_bytes(), got.unwrap().stdout);
    }
}

#[test]
fn an_expired_one_ends_it_at_once() {
    let api = Changing::new(|id, look| body(id, if look == 2 { "expired" } else { "invited" }));
    let (code, stdout, stderr) = api.wait(&[&FAST[..], &["x"]].concat());
    assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
    assert!(stderr.contains("interview x will not be completed: expired at 2026-01-22T23:59:59Z"), "{stderr}");
    assert_eq!(api.looks("x"), 3);
}

#[test]
fn one_that_nobody_knows_ends_it_at_once() {
    let served = serve(None);
    let (code, _, stderr) = wait(&served.sandbox.base_url(), &["nobody"]);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(stderr.contains("the API knows no interview nobody"), "{stderr}");
}

#[test]
fn when_the_time_is_up_those_that_are_left_are_named() {
    let api = Changing::new(|id, _| body(id, if id == "done" { "completed" } else { "in_progress" }));
    let (code, stdout, stderr) = api.wait(&[&FAST[..], &["--max-wait", "100ms", "slow", "done"]].concat());
    assert_eq!(code, Some(4), "{stderr}");
    assert!(stdout.contains("done, Jane Smith"));
    assert!(stderr.contains("error: not completed in time: interview slow is in_progress"), "{stderr}");
    assert_eq!(api.looks("done"), 1);
    assert!(api.looks("slow") >= 2, "it was looked at again");
    // No time at all is one look.
    let api = Changing::new(|id, _| body(id, "invited"));
    assert_eq!(api.wait(&["--max-wait", "0s", "x"]).0, Some(4));
    assert_eq!(api.looks("x"), 1);
}

#[test]
fn a_wrong_flag_or_key_is_said() {
    let served = serve(None);
    let base = served.sandbox.base_url();
    let (code, _, stderr) = wait(&base, &["--every", "0s", "x"]);
    assert_eq!(code, Some(2), "{stderr}");
    let mut command = served.roundup();
    command.env("ROUNDZERO_API_KEY", "rz_live_wrong").args(["wait", "--api", &base, "x"]);
    assert_eq!(command.output().unwrap().status.code(), Some(5));
}

#[test]
fn an_event_in_the_inbox_ends_the_pause() {
    let api = Changing::new(|id, look| body(id, if look == 0 { "in_progress" } else { "completed" }));
    let folder = tempfile::tempdir().unwrap();
    let listener = Listener::start(folder.path());
    // Before it waits, an event is old news.
    assert_eq!(listener.send(&event(1, "interview_ended", "x")).0, 200);
    let mut waiting = process(folder.path())
        .args(["wait", "--api", &api.base, "--every", "1h", "--lake", "lake", "x"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    until("the first look", || api.looks.lock().unwrap().contains_key("x"));
    assert_eq!(listener.send(&event(2, "interview_started", "x")).0, 200);
    assert_eq!(listener.send(&event(3, "interview_ended", "y")).0, 200);
    assert_eq!(listener.send(&event(4, "interview_ended", "x")).0, 200);
    until("the second look", || waiting.try_wait().unwrap().is_some());
    let output = waiting.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8(output.stdout).unwrap().contains("Q1: How do you choose between useState"));
    assert_eq!(api.looks("x"), 2);
    let (code, _, stderr) = api.wait(&["--lake", "none", "x"]);
    assert_eq!(code, Some(2), "{stderr}");
    assert!(stderr.contains("there is no lake at none"), "{stderr}");
}

#[test]
fn a_time_that_no_clock_can_hold_is_refused() {
    for (flag, time) in [("--max-wait", "2562047788015215h"), ("--every", "721h"), ("--max-wait", "-1s")] {
        let (code, _, stderr) = wait("http://127.0.0.1:9/api/v1", &["i-1", &format!("{flag}={time}")]);
        assert_eq!(code, Some(2), "{stderr}");
        let says = if time.starts_with('-') { "a time cannot be negative" } else { "a time is at most 30 days" };
        assert!(stderr.contains(says), "{stderr}");
    }
}

//! `listen` as the vendor's requests meet it: what is acknowledged is on the disk, and nothing else is.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use roundup::inbox::file::{self as inbox, ReceivedEvent};
use roundup::lake::Lake;
use roundup::round0::webhook::{PATH, Refusal, Secret, Signature};
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::common::roundup;

pub const SECRET: &str = "whsec_5a4db05a4db0";

/// A receiver as a process of its own, on the lake of a folder.
pub struct Listener {
    process: Child,
    pub addr: SocketAddr,
    folder: PathBuf,
}

impl Listener {
    pub fn start(folder: &Path) -> Self {
        Self::start_with(folder, |command| command)
    }

    pub fn start_with(folder: &Path, change: impl FnOnce(&mut Command) -> &mut Command) -> Self {
        Self::start_as(folder, "--lake lake --addr 127.0.0.1:0 --secret-env HOOK_SECRET".split(' '), change)
    }

    /// Started by a shell, which first does something that the receiver inherits.
    pub fn start_through(folder: &Path, before: &str) -> Self {
        Self::start_with(folder, |command| {
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("{before}; exec \"$@\""), "sh"]);
            shell.arg(command.get_program()).args(command.get_args()).current_dir(folder).stderr(log_of(folder));
            command.get_envs().for_each(|(name, value)| _ = shell.env(name, value.expect("none is removed")));
            *command = shell;
            command
        })
    }

    pub fn start_as<'a>(
        folder: &Path,
        arguments: impl Iterator<Item = &'a str>,
        change: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Self {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("roundup"));
        command.current_dir(folder).env("HOOK_SECRET", SECRET).env("HOOK_SECRET_OLD", "whsec_the-one-before");
        command.arg("listen").args(arguments);
        let mut process = change(command.stderr(log_of(folder))).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let addr = line.trim().strip_prefix("listening on http://").unwrap().parse().unwrap();
        Self { process, addr, folder: folder.to_owned() }
    }

    /// Sends a signed event.
    pub fn send(&self, event: &Value) -> (u16, Value) {
        let body = event.to_string();
        answer(post(self.addr, &sign(body.as_bytes(), 0), body.as_bytes()))
    }

    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Asks it to end, and returns its exit code.
    pub fn stop(self) -> Option<i32> {
        self.signal(Signal::TERM);
        self.ended()
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.process)
    }

    /// Waits for its end, and returns its exit code.
    pub fn ended(mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.join("listen.log")).unwrap()
    }

    pub fn get(&self, path: &str) -> String {
        request(self.addr, &format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"), b"")
    }

    /// The value of a metric.
    pub fn metric(&self, name: &str) -> u64 {
        let text = self.get("/metrics");
        let line = text.lines().find(|line| line.starts_with(&format!("roundup_{name} ")));
        line.unwrap_or_else(|| panic!("no {name} in {text}")).split(' ').next_back().unwrap().parse().unwrap()
    }
}

fn log_of(folder: &Path) -> fs::File {
    fs::File::options().create(true).append(true).open(folder.join("listen.log")).unwrap()
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _already_ended = self.process.kill();
        let _status = self.process.wait();
    }
}

/// What is in the inbox of a folder's lake, in order.
fn received(folder: &Path) -> Vec<ReceivedEvent> {
    let files = inbox::files(&folder.join("lake/_roundup/inbox")).unwrap();
    files.iter().flat_map(|path| inbox::read(path).unwrap()).collect()
}

pub fn event_ids(folder: &Path) -> Vec<String> {
    received(folder).into_iter().map(|received| received.event.id).collect()
}

/// An event as the vendor sends it.
pub fn event(number: u32, kind: &str, interview: &str) -> Value {
    json!({
        "id": format!("evt_{number:032x}"), "type": kind, "created": Timestamp::now().as_second(),
        "data": {
            "interview": {"id": interview, "token": "tok-of-the-candidate", "status": "completed"},
            "job": {"id": "j-1", "title": "Engineer", "department": null, "location": null},
            "candidate": {"id": "c-1", "name": "Ida Muster", "email": "ida@muster.example", "title": null},
        },
    })
}

/// The signature of a body sent so many seconds ago.
fn sign(body: &[u8], seconds_ago: i64) -> String {
    Secret::new(SECRET).sign(Timestamp::now() - SignedDuration::from_secs(seconds_ago), body)
}

fn head(signature: &str, length: usize) -> String {
    format!(
        "POST {PATH} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n\
         x-webhook-signature: {signature}\r\ncontent-length: {length}\r\n\r\n"
    )
}

fn post(addr: SocketAddr, signature: &str, body: &[u8]) -> String {
    request(addr, &head(signature, body.len()), body)
}

/// One request, byte by byte as given; the whole answer. Empty when the connection is ended without one.
fn request(addr: SocketAddr, head: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // Who is refused for what the head says may be answered before the body is through.
    let _refused = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    let mut answer = Vec::new();
    let _reset = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

fn answer(text: String) -> (u16, Value) {
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or_else(|_| panic!("no JSON: {text}")))
}

#[derive(Deserialize)]
struct Golden {
    name: String,
    secrets: Vec<String>,
    header: String,
    body: String,
    now: i64,
    verdict: String,
}

#[test]
fn signatures_are_those_of_pythons_hmac() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/golden/signatures.jsonl");
    let mut verdicts = BTreeSet::new();
    for line in fs::read_to_string(path).unwrap().lines() {
        let Golden { name, secrets, header, body, now, verdict } = serde_json::from_str(line).unwrap();
        let secrets: Vec<Secret> = secrets.iter().map(|secret| Secret::new(secret)).collect();
        let body = hex::decode(body).unwrap();
        let read = Signature::read(&header, Timestamp::from_second(now).unwrap());
        let ours = match read.and_then(|signature| signature.verify(&body, &secrets)) {
            Ok(()) => "accepted",
            Err(Refusal::Malformed) => "malformed",
            Err(Refusal::Stale) => "stale",
            Err(Refusal::Forged) => "forged",
        };
        assert_eq!(ours, verdict, "{name}");
        verdicts.insert(verdict);
    }
    assert_eq!(verdicts.len(), 4);
}

#[test]
fn an_event_is_kept_without_the_token_once() {
    let folder = tempfile::tempdir().unwrap();
    let listener = Listener::start(folder.path());
    let ended = event(1, "interview_ended", "a-1");
    assert_eq!(listener.send(&ended), (200, json!({"status": "stored"})));
    // The vendor sends it again with another signature; a replay has the same.
    assert_eq!(listener.send(&ended), (200, json!({"status": "known"})));
    let body = ended.to_string();
    let signature = sign(body.as_bytes(), 60);
    for _ in 0..2 {
        let replayed = answer(post(listener.addr, &signature, body.as_bytes()));
        assert_eq!(replayed, (200, json!({"status": "known"})));
    }
    let unknown = event(2, "interview_sang", "a-2");
    assert_eq!(listener.send(&unknown), (200, json!({"status": "stored"})));
    let kept = received(folder.path());
    assert_eq!(kept.iter().map(|kept| &*kept.event.kind).collect::<Vec<_>>(), ["interview_ended", "interview_sang"]);
    let mut expected = ended;
    expected["data"]["interview"].as_object_mut().unwrap().remove("token");
    assert_eq!(serde_json::from_slice::<Value>(&kept[0].event.body).unwrap(), expected);
    assert_eq!((&*kept[0].source, kept[0].event.interview.as_deref()), ("default", Some("a-1")));

    assert!(listener.get("/healthz").ends_with("\r\n\r\nok\n"));
    assert_eq!(listener.metric("webhook_requests_total{outcome=\"stored\"}"), 2);
    assert_eq!(listener.metric("webhook_requests_total{outcome=\"known\"}"), 3);
    assert_eq!(listener.metric("webhook_events_total{type=\"interview_ended\"}"), 1);
    assert_eq!(listener.metric("webhook_events_total{type=\"other\"}"), 1);
    assert_eq!(listener.metric("webhook_seconds_count"), 5);
    assert!(listener.metric("webhook_last_event_timestamp_seconds") > 1_700_000_000);
    assert_eq!(listener.stop(), Some(0));
    everything_is_without_secrets(folder.path());
}

/// No file of the lake and no message has what was told in confidence.
fn everything_is_without_secrets(folder: &Path) {
    let mut folders = vec![folder.to_owned()];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            for secret in [SECRET, "whsec_", "tok-of-the-candidate"] {
                assert!(!text.contains(secret), "{secret} is in {}", path.display());
            }
            let is_log = path.ends_with("listen.log");
            assert!(!(is_log && text.contains("muster")), "words of a person are in the log");
            files += 1;
        }
    }
    assert!(files > 1);
}

#[test]
fn what_is_wrong_is_refused_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let listener = Listener::start(folder.path());
    let body = event(1, "interview_ended", "a-1").to_string();
    let body = body.as_bytes();
    let right = sign(body, 0);
    let check = |what: &str, answered: String, status: u16, words: &str| {
        let (found, error) = answer(answered);
        assert_eq!(found, status, "{what}: {error}");
        let message = error["error"]["message"].as_str().unwrap();
        assert!(message.contains(words), "{what}: {message}");
    };
    let forged = Secret::new("whsec_of-somebody-else").sign(Timestamp::now(), body);
    check("forged", post(listener.addr, &forged, body), 401, "not of this body");
    check("another body", post(listener.addr, &right, b"{}"), 401, "not of this body");
    check("cut short", post(listener.addr, &right, &body[..body.len() - 1]), 401, "not of this body");
    check("stale", post(listener.addr, &sign(body, 301), body), 401, "more than five minutes");
    check("ahead", post(listener.addr, &sign(body, -310), body), 401, "more than five minutes");
    check("no signature", post(listener.addr, "sha256=abc", body), 401, "no signature");
    let without = head(&right, body.len()).replace("x-webhook-signature", "x-signature");
    check("no header", request(listener.addr, &without, body), 401, "no signature");
    let twice =
        head(&right, body.len()).replace("content-length", &format!("X-Webhook-Signature: {right}\r\ncontent-length"));
    check("two headers", request(listener.addr, &twice, body), 401, "no signature");
    for signed in ["", "[]", "{\"id\":\"evt_1\"}", "{\"id\":\"evt_1\",\"type\":\"x\"", "{\"id\":\"\u{0}", "\u{feff}{}"]
    {
        check(signed, post(listener.addr, &sign(signed.as_bytes(), 0), signed.as_bytes()), 400, "no JSON object");
    }
    let text = head(&right, body.len()).replace("application/json", "text/plain");
    check("content type", request(listener.addr, &text, body), 415, "application/json");
    let none = head(&right, body.len()).replace("content-type", "x-type");
    check("no content type", request(listener.addr, &none, body), 415, "application/json");
    for path in ["/", "/webhooks", "/webhooks/round0/", "/webhooks/round0/x", "/webhooks//round0", "/WEBHOOKS/round0"] {
        let elsewhere = head(&right, body.len()).replace(PATH, path);
        check(path, request(listener.addr, &elsewhere, body), 404, "POST /webhooks/round0");
    }
    for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let other = request(listener.addr, &head(&right, body.len()).replace("POST", method), body);
        assert!(other.to_lowercase().contains("\r\nallow: post\r\n"), "{other}");
        check(method, other, 405, "by POST");
    }
    let charset = head(&right, 0).replace("application/json", "Application/JSON; charset=utf-8");
    check("a charset is no fault", request(listener.addr, &charset, b""), 401, "not of this body");
    assert_eq!(event_ids(folder.path()), Vec::<String>::new());
    assert_eq!(listener.metric("webhook_requests_total{outcome=\"forged\"}"), 4);
    assert_eq!(listener.metric("webhook_requests_total{outcome=\"stale\"}"), 2);
    assert_eq!(listener.metric("webhook_requests_total{outcome=\"malformed_signature\"}"), 3);
    assert_eq!(listener.metric("webhook_requests_total{outcome=\"no_event\"}"), 6);
    assert_eq!(listener.metric("webhook_requests_total{outcome=\"wrong_method\"}"), 5);
    assert_eq!(listener.metric("webhook_requests_total{outcome=\"stored\"}"), 0);
    let log = listener.log();
    assert!(log.contains("a request was answered 401: the signature is not of this body"), "{log}");
    assert_eq!(log.matches("wrong").count() + log.matches("evt_").count(), 0, "{log}");
    everything_is_without_secrets(folder.path());
}

#[test]
fn a_body_over_a_mebibyte_is_refused_before_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let listener = Listener::start(folder.path());
    let largest = |length: usize| {
        let mut event = event(1, "interview_ended", "a-1");
        event["padding"] = json!("");
        event["padding"] = json!("x".repeat(length - event.to_string().len()));
        event.to_string().into_bytes()
    };
    // By its head: not a byte of it has come.
    for length in [(1 << 20) + 1, 5_000_000_000] {
        let (status, error) = answer(request(listener.addr, &head(&sign(b"", 0), length), b""));
        assert_eq!((status, error["error"]["message"].as_str().unwrap()), (413, "the body is larger than 1 MiB"));
    }
    // One that does not say its length.
    let chunked = |body: &[u8]| {
        let head = head(&sign(body, 0), 0).replace("content-length: 0", "transfer-encoding: chunked");
        let chunks: Vec<u8> = body
            .chunks(65_536)
            .flat_map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat())
            .chain(*b"0\r\n\r\n")
            .collect();
        answer(request(listener.addr, &head, &chunks)).0
    };
    assert_eq!(chunked(&largest((1 << 20) + 1)), 413);
    assert_eq!(listener.metric("webhook_requests_total{outcome=\"too_large\"}"), 3);
    assert_eq!(event_ids(folder.path()).len(), 0);
    assert_eq!(chunked(&largest(1 << 20)), 200);
    assert_eq!(event_ids(folder.path()).len(), 1);
}

#[test]
fn a_body_that_breaks_off_or_hangs_is_not_kept_and_holds_nobody_up() {
    let folder = tempfile::tempdir().unwrap();
    let listener = Listener::start(folder.path());
    let body = event(1, "interview_ended", "a-1").to_string();
    let head = head(&sign(body.as_bytes(), 0), body.len());
    let mut broken = TcpStream::connect(listener.addr).unwrap();
    broken.write_all(head.as_bytes()).unwrap();
    broken.write_all(&body.as_bytes()[..20]).unwrap();
    drop(broken);
    let mut hanging = TcpStream::connect(listener.addr).unwrap();
    hanging.write_all(head.as_bytes()).unwrap();
    assert_eq!(listener.send(&event(2, "interview_ended", "a-2")).0, 200, "others are answered meanwhile");
    let mut answered = String::new();
    hanging.read_to_string(&mut answered).unwrap();
    assert_eq!(answer(answered).0, 408);
    assert_eq!(event_ids(folder.path()), [format!("evt_{:032x}", 2)]);
    assert_eq!(listener.metric("webhook_requests_total{outcome=\"broken_off\"}"), 2);
}

#[test]
fn while_a_secret_is_changed_both_are_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let listener = Listener::start_with(folder.path(), |command| command.args(["--secret-env", "HOOK_SECRET_OLD"]));
    let body = event(1, "interview_ended", "a-1").to_string();
    let signature = Secret::new("whsec_the-one-before").sign(Timestamp::now(), body.as_bytes());
    assert_eq!(answer(post(listener.addr, &signature, body.as_bytes())).0, 200);
    assert_eq!(listener.send(&event(2, "interview_ended", "a-2")).0, 200);
    assert_eq!(event_ids(folder.path()).len(), 2);
}

#[test]
fn a_file_holds_the_secret_and_while_it_is_changed_both() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("webhook.secret"), format!("{SECRET}\n\n whsec_the-one-before \n")).unwrap();
    let arguments = "--lake lake --addr 127.0.0.1:0 --secret-file webhook.secret".split(' ');
    let listener = Listener::start_as(folder.path(), arguments, |command| command.env_remove("HOOK_SECRET"));
    let body = event(1, "interview_ended", "a-1").to_string();
    let signature = Secret::new("whsec_the-one-before").sign(Timestamp::now(), body.as_bytes());
    assert_eq!(answer(post(listener.addr, &signature, body.as_bytes())).0, 200);
    assert_eq!(listener.send(&event(2, "interview_ended", "a-2")).0, 200);
    let forged = Secret::new("").sign(Timestamp::now(), body.as_bytes());
    assert_eq!(answer(post(listener.addr, &forged, body.as_bytes())).0, 401, "an empty line is no secret");

    for (text, words) in [
        (None, "cannot read the file other.secret: "),
        (Some(" \n\n"), "the file other.secret is empty"),
        (Some("whsec_5a4db05a4db0\nwhsec_two words"), "the file other.secret holds no secret of a webhook"),
    ] {
        text.iter().for_each(|text| fs::write(folder.path().join("other.secret"), text).unwrap());
        let mut command = roundup(folder.path());
        let command = command.args(["listen", "--lake", "other", "--addr", "127.0.0.1:0"]);
        let output = command.args(["--secret-file", "other.secret"]).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(words) && !stderr.contains("whsec_"), "{stderr}");
    }
    let output = roundup(folder.path()).args(["listen", "--lake", "other", "--addr", "127.0.0.1:0"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "without a secret nothing can be told from a forgery");
    assert!(!folder.path().join("other").exists());
}

#[test]
fn it_answers_while_a_run_holds_the_lake() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::create(&folder.path().join("lake")).unwrap();
    let lock = lake.lock().unwrap();
    let _ledger = lake.ledger(&lock).unwrap();
    let listener = Listener::start(folder.path());
    assert_eq!(listener.send(&event(1, "interview_ended", "a-1")).0, 200);
    // And a second receiver beside it, as when one is replaced by another.
    let other = Listener::start(folder.path());
    assert_eq!(other.send(&event(1, "interview_ended", "a-1")), (200, json!({"status": "known"})));
    assert_eq!(other.send(&event(2, "interview_ended", "a-1")).0, 200);
    assert_eq!(listener.send(&event(3, "interview_ended", "a-1")).0, 200);
    assert_eq!(event_ids(folder.path()).len(), 3);
}

#[test]
fn what_the_disk_refuses_is_not_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let listener = Listener::start(folder.path());
    let place = folder.path().join("lake/_roundup/inbox");
    fs::remove_dir_all(&place).unwrap();
    let (status, error) = listener.send(&event(1, "interview_ended", "a-1"));
    assert_eq!(status, 503, "{error}");
    assert!(listener.log().contains("cannot write to the inbox: "));
    fs::create_dir(&place).unwrap();
    assert_eq!(listener.send(&event(1, "interview_ended", "a-1")), (200, json!({"status": "stored"})));
    assert_eq!(event_ids(folder.path()).len(), 1);
}

#[test]
fn killed_between_any_two_events_none_is_lost_that_was_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = BTreeSet::new();
    let mut number = 0;
    for round in 0..12 {
        let listener = Listener::start(folder.path());
        let addr = listener.addr;
        // One after the other, then from four sides until the kill.
        for _ in 0..round {
            number += 1;
            assert_eq!(listener.send(&event(number, "interview_ended", "a-1")).0, 200);
            acknowledged.insert(format!("evt_{number:032x}"));
        }
        let senders: Vec<_> = (0..4)
            .map(|side| {
                let from = number + side * 1000;
                std::thread::spawn(move || {
                    let mut done = Vec::new();
                    for number in from + 1..from + 1000 {
                        let body = event(number, "interview_ended", "a-1").to_string();
                        let Ok(mut stream) = TcpStream::connect(addr) else { break };
                        let _dead = stream.write_all(head(&sign(body.as_bytes(), 0), body.len()).as_bytes());
                        let _dead = stream.write_all(body.as_bytes());
                        let mut answered = String::new();
                        let _dead = stream.read_to_string(&mut answered);
                        if !answered.starts_with("HTTP/1.1 200") {
                            break;
                        }
                        done.push(format!("evt_{number:032x}"));
                    }
                    done
                })
            })
            .collect();
        number += 4000;
        let enough = event_ids(folder.path()).len() + 10 + 7 * round as usize;
        while event_ids(folder.path()).len() < enough {
            std::thread::yield_now();
        }
        listener.kill();
        acknowledged.extend(senders.into_iter().flat_map(|sender| sender.join().unwrap()));
    }
    let kept = event_ids(folder.path());
    let distinct: BTreeSet<String> = kept.iter().cloned().collect();
    assert_eq!(distinct.len(), kept.len(), "nothing is kept twice");
    assert!(acknowledged.is_subset(&distinct), "{} acknowledged, {} kept", acknowledged.len(), distinct.len());
    assert!(acknowledged.len() > 200, "only {}", acknowledged.len());
    let listener = Listener::start(folder.path());
    let again = event(1 + 4000, "interview_ended", "a-1");
    assert_eq!(listener.send(&again), (200, json!({"status": "known"})), "a restart goes on");
}

#[test]
fn dead_at_any_step_the_event_is_sent_again_and_kept_once() {
    for place in ["inbox-appended", "inbox-synced"] {
        let folder = tempfile::tempdir().unwrap();
        let dying = Listener::start_with(folder.path(), |command| command.env("ROUNDUP_CRASH_AT", place));
        let body = event(1, "interview_ended", "a-1").to_string();
        assert_eq!(post(dying.addr, &sign(body.as_bytes(), 0), body.as_bytes()), "", "{place}: no answer");
        let listener = Listener::start(folder.path());
        assert_eq!(listener.send(&event(1, "interview_ended", "a-1")), (200, json!({"status": "known"})), "{place}");
        assert_eq!(event_ids(folder.path()).len(), 1, "{place}");
    }
}

#[test]
fn a_usage_error_says_what_and_never_the_secret() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    let free = "127.0.0.1:0";
    for (addr, lake, variable, value, words) in [
        (free, "lake", "HOOK_SECRET", None, "HOOK_SECRET is not set"),
        (free, "lake", "HOOK_SECRET", Some(" \n"), "HOOK_SECRET is empty"),
        (free, "lake", "HOOK_SECRET", Some("whsec_two words"), "HOOK_SECRET holds no secret of a webhook"),
        (free, "lake", "HOOK_SECRET", Some("whsec_schlüssel"), "HOOK_SECRET holds no secret of a webhook"),
        (free, "lake", SECRET, Some(SECRET), "names an environment variable"),
        (&*taken, "lake", "HOOK_SECRET", Some(SECRET), "cannot listen on 127.0.0.1"),
        (free, "s3://bucket/lake", "HOOK_SECRET", Some(SECRET), "object store"),
        ("nowhere", "lake", "HOOK_SECRET", Some(SECRET), "invalid value 'nowhere'"),
    ] {
        let mut command = roundup(folder.path());
        command.args(["listen", "--lake", lake, "--addr", addr, "--secret-env", variable]);
        value.map(|value| command.env("HOOK_SECRET", value));
        let output = command.output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(words), "no {words:?} in {stderr}");
        assert!(!stderr.contains(SECRET) && output.stdout.is_empty(), "{stderr}");
    }
}

//! `get`: the same interview from the API and from the lake, and what is said of those that are not ready.

use serde_json::Value;

use crate::common::{Served, sample, serve};

struct Said {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn get(served: &Served, arguments: &[&str]) -> Said {
    let output = served
        .roundup()
        .args(["get", "--requests-per-minute", "600000", "--api", &served.sandbox.base_url()])
        .args(arguments)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn with_status(status: &str) -> Value {
    sample().into_iter().find(|body| body["status"] == status).unwrap()
}

fn id_of(body: &Value) -> &str {
    body["id"].as_str().unwrap()
}

#[test]
fn an_interview_is_shown_as_questions_and_answers() {
    let served = serve(None);
    let body = sample().remove(0);
    let said = get(&served, &[id_of(&body)]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    // The vendor's formatTranscripts.
    let one = |(at, response): (usize, &Value)| {
        let text = |field: &str| response[field].as_str().unwrap().to_owned();
        format!("Q{}: {}\nA: {}\n", at + 1, text("question_text"), text("transcript"))
    };
    let responses = body["responses"].as_array().unwrap();
    assert_eq!(said.stdout, responses.iter().enumerate().map(one).collect::<Vec<_>>().join("\n---\n\n"));
}

#[test]
fn what_is_settled_in_the_lake_is_not_asked_for() {
    let served = serve(None);
    served.run(&served.pipeline("questions = \"all\"\n"), 0);
    let completed: Vec<Value> = sample().into_iter().filter(|body| body["status"] == "completed").collect();
    let ids: Vec<&str> = completed.iter().map(id_of).collect();
    for more in [&[][..], &["--questions"]] {
        let flags = [&["--format", "json"], more, &ids[..]].concat();
        let before = served.sandbox.stats().requests;
        let of_lake = get(&served, &[&["--lake", "lake"], &flags[..]].concat());
        assert_eq!((of_lake.code, served.sandbox.stats().requests), (Some(0), before), "{}", of_lake.stderr);
        let fresh = get(&served, &[&["--lake", "lake", "--fresh"], &flags[..]].concat());
        assert_eq!(served.sandbox.stats().requests, before + ids.len() as u64);
        let bodies = |text: &str| -> Vec<Value> {
            let read = |line| {
                let mut body: Value = serde_json::from_str(line).unwrap();
                // The lake keeps a key for it instead.
                if let Some(candidate) = body.get_mut("candidate") {
                    candidate["id"] = Value::Null;
                }
                body
            };
            text.lines().map(read).collect()
        };
        assert_eq!(bodies(&of_lake.stdout), bodies(&fresh.stdout));
        assert_eq!(bodies(&fresh.stdout).len(), ids.len());
    }
    let first = &completed[0];
    let said = get(&served, &["--format", "json", "--fresh", "--lake", "lake", id_of(first)]);
    let shown: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(shown["candidate"], first["candidate"]);
    assert_eq!(shown["responses"][0]["transcript"], first["responses"][0]["transcript"]);
    assert!(!said.stdout.contains("audio_url") && !said.stdout.contains("http"), "links to recordings are secrets");
}

#[test]
fn the_lake_needs_no_key_and_an_open_interview_does() {
    let served = serve(None);
    served.run(&served.pipeline("questions = \"none\"\n"), 0);
    let get = |id: &str| {
        let mut command = served.roundup();
        command.env_remove("ROUNDZERO_API_KEY").args(["get", "--lake", "lake", id]).output().unwrap().status.code()
    };
    assert_eq!(get(id_of(&sample()[0])), Some(0));
    assert_eq!(get(id_of(&with_status("invited"))), Some(2));
}

#[test]
fn one_that_is_not_ready_is_said_with_its_status_and_expiry() {
    let served = serve(None);
    let (invited, expired) = (with_status("invited"), with_status("expired"));
    let said = get(&served, &[id_of(&invited)]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(4), ""));
    let standing = format!("is not ready: invited, expires at {}", invited["expires_at"].as_str().unwrap());
    assert!(said.stderr.contains(&standing), "{}", said.stderr);
    let said = get(&served, &[id_of(&expired)]);
    assert_eq!((said.code, said.stdout.as_str()), (Some(4), ""));
    assert!(said.stderr.contains("will not be ready: expired"), "{}", said.stderr);
    // As data it is what it is, in every status.
    let said = get(&served, &["--format", "json", id_of(&invited)]);
    assert_eq!(said.code, Some(4));
    assert_eq!(serde_json::from_str::<Value>(&said.stdout).unwrap()["status"], "invited");
}

#[test]
fn several_are_shown_in_order_and_one_that_is_not_there_is_named() {
    let served = serve(None);
    let completed: Vec<Value> = sample().into_iter().filter(|body| body["status"] == "completed").collect();
    let said = get(&served, &[id_of(&completed[3]), "nobody", id_of(&completed[1]), id_of(&completed[3])]);
    assert_eq!(said.code, Some(1), "{}", said.stderr);
    assert!(said.stderr.contains("error: the API knows no interview nobody"), "{}", said.stderr);
    let place = |body: &Value| said.stdout.find(id_of(body)).unwrap();
    assert!(place(&completed[3]) < place(&completed[1]));
    assert_eq!(said.stdout.matches(id_of(&completed[3])).count(), 1, "asked for twice, shown once");
}

#[test]
fn questions_are_shown_in_every_status_and_custom_ones_are_marked() {
    let served = serve(None);
    let bodies = sample();
    let said = get(&served, &["--questions", id_of(&bodies[0])]);
    assert_eq!(said.code, Some(0), "{}", said.stderr);
    let lines: Vec<&str> = said.stdout.lines().collect();
    assert!(lines[0].starts_with("  0  technical"), "{}", said.stdout);
    assert!(lines[0].contains("180 s  How do you choose between useState"), "{}", said.stdout);
    let custom: Vec<&&str> = lines.iter().filter(|line| line.ends_with("(custom)")).collect();
    assert!(custom.len() == 1 && custom[0].starts_with(" 10  behavioral"), "{}", said.stdout);
    for status in ["invited", "in_progress", "expired"] {
        let said = get(&served, &["--questions", id_of(&with_status(status))]);
        assert!(said.code == Some(0) && !said.stdout.is_empty(), "{status}: {}", said.stderr);
    }
}

#[test]
fn what_is_no_id_or_no_key_is_said() {
    let served = serve(None);
    let said = get(&served, &["a b"]);
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.contains("`a b`: an interview id holds no white space"), "{}", said.stderr);
    let mut command = served.roundup();
    let output = command
        .env("ROUNDZERO_API_KEY", "rz_live_wrong")
        .args(["get", "--api", &served.sandbox.base_url(), "x"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(5));
}

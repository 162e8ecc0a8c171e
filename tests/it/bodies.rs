//! Bodies that are hard to read: small ones that would be huge in memory, cut characters, and encodings that other
//! readers take.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::thread;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

use crate::common::{INTERVIEWS, roundup, rows};

const MARK: &[u8] = b"\xEF\xBB\xBF";
/// The largest body that is read.
const LARGEST: usize = 16 << 20;
/// How much more memory a run may take because of one body.
const MORE_MEMORY: u64 = 150 << 20;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn body(id: &str, more: &str) -> String {
    format!(r#"{{"id":"{id}","status":"completed","completed_at":"2026-05-04T10:20:00Z"{more}}}"#)
}

/// A body in gzip that repeats a text in its middle until that has so many bytes.
fn around(start: &str, middle: &str, bytes: usize, end: &str) -> Vec<u8> {
    let part = middle.repeat((1 << 20) / middle.len());
    [gzip(start.as_bytes()), gzip(part.as_bytes()).repeat(bytes / part.len()), gzip(end.as_bytes())].concat()
}

/// The program in a folder, for `Command` of the standard library.
fn program(folder: &Path) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("roundup"));
    command.current_dir(folder).env("XDG_STATE_HOME", folder.join("state")).env("ROUNDZERO_API_KEY", "rz_live_test");
    command
}

/// What a program did that was looked at until it ended.
struct Watched {
    code: Option<i32>,
    stderr: String,
    /// The most memory that it had, in bytes, as far as it was seen.
    peak: u64,
}

#[expect(clippy::disallowed_methods, reason = "between two looks at another process, and never for a time to pass")]
fn watch(mut command: Command) -> Watched {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stderr = child.stderr.take().unwrap();
    let messages = thread::spawn(move || {
        let mut text = String::new();
        stderr.read_to_string(&mut text).unwrap();
        text
    });
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    let mut peak = 0;
    let code = loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse().unwrap_or(0);
        peak = peak.max(kilobytes << 10);
        if let Some(ended) = child.try_wait().unwrap() {
            break ended.code();
        }
        thread::sleep(std::time::Duration::from_millis(1));
    };
    Watched { code, stderr: messages.join().unwrap(), peak }
}

fn import(folder: &Path, lake: &str, file: &str) -> Watched {
    let mut command = program(folder);
    command.args(["import", "--lake", lake, file]);
    watch(command)
}

/// A body that is small on the wire.
struct Hostile {
    name: &'static str,
    gzip: Vec<u8>,
    /// Why it is set aside, if it is.
    why: Option<&'static str>,
}

/// Bodies that take a hundred times their size as a tree, or as much as they are allowed to.
fn hostile() -> Vec<Hostile> {
    // The start and the end of the fields have some room of it.
    let most = LARGEST - (1 << 20);
    let of = |name, field: &str, middle, bytes, end: &str, why| {
        let start = format!(r#"{{"id":"{name}","status":"completed","completed_at":"2026-05-04T10:20:00Z",{field}"#);
        Hostile { name, gzip: around(&start, middle, bytes, end), why }
    };
    vec![
        of("large", r#""responses":["#, r#"{"":0},"#, 64 << 20, "{}]}", Some("the body is larger than 16 MB")),
        of("bomb", r#""x":""#, "aaaa", 300 << 20, r#""}"#, Some("the body is larger than 16 MB")),
        of("entries", r#""responses":["#, "{},", most, "{}]}", Some("responses has more than 10000 entries")),
        of("wrong", r#""responses":[7,"#, r#"{"":0},"#, most, "{}]}", Some("responses[0] is a number")),
        of("deep", r#""x":"#, "[", most, "", Some("the body is nested more than 127 deep")),
        of("objects", r#""x":["#, r#"{"":0},"#, most, "{}]}", None),
        of("lists", r#""x":["#, "[[]],", most, "[]]}", None),
        of("again", r#""x":0"#, &format!(r#","responses":[{}{{}}]"#, "{},".repeat(9000)), most, "}", None),
        of("answer", r#""responses":[{"transcript":""#, "word ", most, r#""}]}"#, None),
        of("half", r#""responses":[{"transcript":""#, "word ", most, r#"\ud83d"}]}"#, None),
        of("title", r#""job":{"title":""#, "word ", most, r#""}}"#, None),
        of(
            "question",
            r#""responses":[{"audio_url":"x","question_id":""#,
            "é",
            most,
            r#""}]}"#,
            Some("responses[0].question_id is longer than 1000 bytes"),
        ),
        of("link", r#""responses":[{"question_id":"q","audio_url":""#, "word", most, r#""}]}"#, None),
        of("job", r#""job":{"id":""#, "word", most, r#""}}"#, Some("job.id is longer than 1000 bytes")),
        of("status", r#""status":""#, "word", most, r#""}"#, Some("status is longer than 1000 bytes")),
        of("long-id", r#""id":""#, "word", most, r#""}"#, Some("id is longer than 1000 bytes")),
    ]
}

#[test]
#[cfg(target_os = "linux")]
fn no_body_that_is_imported_takes_much_memory() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("plain.jsonl"), body("plain", "") + "\n").unwrap();
    let plain = import(folder.path(), "plain", "plain.jsonl");
    assert_eq!((plain.code, plain.peak > 0), (Some(0), true), "{}", plain.stderr);
    for Hostile { name, gzip, why } in hostile() {
        let file = format!("{name}.jsonl.gz");
        fs::write(folder.path().join(&file), gzip).unwrap();
        let watched = import(folder.path(), name, &file);
        let stderr = watched.stderr;
        assert_eq!(watched.code, Some(if why.is_some() { 3 } else { 0 }), "{name}: {stderr}");
        assert!(stderr.contains(why.unwrap_or_default()), "{name}: {stderr}");
        let more = watched.peak.saturating_sub(plain.peak);
        assert!(more < MORE_MEMORY, "{name}: {} MB more", more >> 20);
    }
}

#[test]
fn a_line_that_is_too_long_is_set_aside_alone_and_once() {
    let folder = tempfile::tempdir().unwrap();
    let long = body("long", &format!(r#","x":"{}""#, "x".repeat(LARGEST)));
    let blank = " ".repeat(LARGEST + 100) + &body("behind", "");
    let lines = [body("a", ""), long, body("b", "") + "\r", blank, body("c", "")].join("\n");
    fs::write(folder.path().join("bodies.jsonl"), lines).unwrap();
    let import = |code| roundup(folder.path()).args(["import", "--lake", "lake", "bodies.jsonl"]).assert().code(code);
    let stderr = String::from_utf8(import(3).get_output().stderr.clone()).unwrap();
    for line in [2, 4] {
        assert!(stderr.contains(&format!("bodies.jsonl:{line} is set aside")), "{stderr}");
    }
    assert_eq!(rows(&folder.path().join("lake"), "interviews").len(), 3);
    import(0);
    let listed = roundup(folder.path()).args(["quarantine", "list", "--lake", "lake"]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let why = "the body is larger than 16 MB";
    assert!(listed.lines().count() == 2 && listed.lines().all(|line| line.contains(why)), "{listed}");
}

#[test]
fn a_body_of_the_largest_size_is_imported_whatever_is_around_it() {
    let folder = tempfile::tempdir().unwrap();
    let short = body("whole", r#","x":"""#);
    let whole = short.replace(r#""x":"""#, &format!(r#""x":"{}""#, "x".repeat(LARGEST - short.len())));
    assert_eq!(whole.len(), LARGEST);
    fs::write(folder.path().join("bodies.jsonl"), [MARK, whole.as_bytes(), b"\r\n"].concat()).unwrap();
    roundup(folder.path()).args(["import", "--lake", "lake", "bodies.jsonl"]).assert().code(0);
    assert_eq!(rows(&folder.path().join("lake"), "interviews").len(), 1);
}

#[test]
fn half_a_character_costs_no_interview_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/data/field/half-characters.jsonl");
    let import = roundup(folder.path()).args(["import", "--lake", "lake", file]).assert().code(0);
    let said = String::from_utf8(import.get_output().stdout.clone()).unwrap();
    assert!(said.contains("3 with half characters, which were read as U+FFFD"), "{said}");
    let lake = folder.path().join("lake");
    assert_eq!(rows(&lake, "interviews").len(), 4);
    let transcripts: Vec<String> = rows(&lake, "responses").iter().map(|row| row["transcript"].clone()).collect();
    assert!(transcripts.contains(&"Great \u{FFFD}".to_owned()), "{transcripts:?}");
    let names: Vec<String> = rows(&lake, "candidates").iter().map(|row| row["name"].clone()).collect();
    assert!(names.contains(&"Jo \u{FFFD}".to_owned()), "{names:?}");
}

#[test]
fn files_that_were_put_together_are_read_as_one() {
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(INTERVIEWS).unwrap();
    let lines: Vec<&str> = text.lines().take(6).collect();
    let file = |lines: &[&str]| [MARK, lines.join("\r\n").as_bytes(), b"\r\n"].concat();
    let bytes: Vec<u8> = lines.chunks(2).flat_map(|lines| gzip(&file(lines))).collect();
    fs::write(folder.path().join("all.jsonl.gz"), bytes).unwrap();
    roundup(folder.path()).args(["import", "--lake", "lake", "all.jsonl.gz"]).assert().code(0);
    let lake = folder.path().join("lake");
    assert_eq!(rows(&lake, "interviews").len() + rows(&lake, "open_interviews").len(), lines.len());
}

/// An answer of a stand-in for the API.
struct Answer {
    encoding: Option<&'static str>,
    bytes: Vec<u8>,
}

/// Serves answers by the id of an interview, for as long as the tests run. Returns the address of the API.
fn host(answers: BTreeMap<String, Answer>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/api/v1", listener.local_addr().unwrap());
    let answers = Arc::new(answers);
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let answers = Arc::clone(&answers);
            thread::spawn(move || {
                let mut request = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                let first = request.next().unwrap_or_default();
                request.find(String::is_empty);
                let id = first.split(' ').nth(1).and_then(|path| path.rsplit('/').next()).unwrap_or_default();
                let Answer { encoding, bytes } = &answers[id];
                let encoding = encoding.map(|encoding| format!("Content-Encoding: {encoding}\r\n")).unwrap_or_default();
                let length = bytes.len();
                let head =
                    format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {length}\r\n{encoding}\r\n");
                // The client goes when it has read enough.
                let _is_gone = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(bytes));
            });
        }
    });
    address
}

fn ingest(folder: &Path, answers: BTreeMap<String, Answer>) -> Watched {
    fs::write(folder.join("ids.txt"), answers.keys().cloned().collect::<Vec<_>>().join("\n")).unwrap();
    let api = host(answers);
    let mut command = program(folder);
    command.args(["ingest", "--lake", "lake", "--questions", "none", "--requests-per-minute", "600000"]);
    command.args(["--api", &api, "ids.txt"]);
    watch(command)
}

fn set_aside(folder: &Path) -> BTreeMap<String, String> {
    let listed = roundup(folder).args(["quarantine", "list", "--format", "json", "--lake", "lake"]).output().unwrap();
    let listed: Vec<Value> = serde_json::from_slice(&listed.stdout).unwrap();
    let text = |one: &Value, field: &str| one[field].as_str().unwrap().to_owned();
    listed.iter().map(|one| (text(one, "id"), text(one, "reason"))).collect()
}

#[test]
#[cfg(target_os = "linux")]
fn no_body_that_is_fetched_takes_much_memory() {
    let plain = tempfile::tempdir().unwrap();
    let answer = Answer { encoding: None, bytes: body("plain", "").into_bytes() };
    let usual = ingest(plain.path(), BTreeMap::from([("plain".to_owned(), answer)]));
    assert_eq!(usual.code, Some(0), "{}", usual.stderr);
    for Hostile { name, gzip, why } in hostile() {
        let folder = tempfile::tempdir().unwrap();
        let answer = Answer { encoding: Some("gzip"), bytes: gzip };
        let watched = ingest(folder.path(), BTreeMap::from([(name.to_owned(), answer)]));
        let stderr = watched.stderr;
        assert_eq!(watched.code, Some(if why.is_some() { 3 } else { 0 }), "{name}: {stderr}");
        let aside = set_aside(folder.path());
        assert_eq!(aside.contains_key(name), why.is_some(), "{aside:?}");
        assert!(why.is_none_or(|why| aside[name].starts_with(why)), "{aside:?}");
        let more = watched.peak.saturating_sub(usual.peak);
        assert!(more < MORE_MEMORY, "{name}: {} MB more", more >> 20);
    }
}

#[test]
fn bodies_are_decoded_as_other_readers_decode_them() {
    let folder = tempfile::tempdir().unwrap();
    let members = |body: &[u8]| [gzip(&body[..30]), gzip(&body[30..])].concat();
    let mut answers = BTreeMap::new();
    let mut add = |id: &str, encoding, encode: &dyn Fn(&[u8]) -> Vec<u8>| {
        let bytes = encode(body(id, r#","job":{"title":"Half \ud83d"}"#).as_bytes());
        answers.insert(id.to_owned(), Answer { encoding, bytes });
    };
    add("plain", None, &<[u8]>::to_vec);
    add("usual", Some("gzip"), &gzip);
    add("members", Some("gzip"), &members);
    add("capitals", Some("GZIP"), &gzip);
    add("older", Some("x-gzip"), &members);
    add("mark", None, &|body| [MARK, body].concat());
    add("mark-in-gzip", Some("gzip"), &|body| gzip(&[MARK, body].concat()));
    add("padding", Some("gzip"), &|body| [&gzip(body)[..], &[0; 64]].concat());
    let good: Vec<String> = answers.keys().cloned().collect();
    let mut add = |id: &str, encoding, encode: &dyn Fn(&[u8]) -> Vec<u8>| {
        answers.insert(id.to_owned(), Answer { encoding, bytes: encode(body(id, "").as_bytes()) });
    };
    let cut = |body: &[u8]| {
        let mut bytes = gzip(body);
        bytes.truncate(bytes.len() - 9);
        bytes
    };
    add("cut", Some("gzip"), &cut);
    add("cut-second", Some("gzip"), &|body| [gzip(&body[..30]), cut(&body[30..])].concat());
    add("no-gzip", Some("gzip"), &<[u8]>::to_vec);
    add("unnamed", None, &gzip);
    let watched = ingest(folder.path(), answers);
    assert_eq!(watched.code, Some(3), "{}", watched.stderr);
    let lake = folder.path().join("lake");
    let read = rows(&lake, "interviews");
    let mut ids: Vec<String> = read.iter().map(|row| row["interview_id"].clone()).collect();
    ids.sort();
    assert_eq!(ids, good);
    assert!(read.iter().all(|row| row["job_title"] == "Half \u{FFFD}"));
    assert_eq!(set_aside(folder.path()), BTreeMap::from([("unnamed".to_owned(), "not valid UTF-8".to_owned())]));
    for id in ["cut", "cut-second", "no-gzip"] {
        assert!(watched.stderr.contains(&format!("interview {id} is left for the next run")), "{}", watched.stderr);
    }
}

//! `search` finds by the rules of keyword sets, counts what it finds under the filters, and shows nobody's name.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::{roundup, rows, sample};

/// A lake of bodies in a folder of its own.
struct Lake(TempDir);

impl Lake {
    fn of(bodies: &[Value]) -> Self {
        let lake = Self(tempfile::tempdir().unwrap());
        let text: String = bodies.iter().map(|body| format!("{body}\n")).collect();
        fs::write(lake.0.path().join("bodies.jsonl"), text).unwrap();
        lake.runs(&["import", "--lake", "lake", "bodies.jsonl"]);
        lake
    }

    /// Standard output and standard error of the program, which must end with 0.
    fn runs(&self, arguments: &[&str]) -> (String, String) {
        let output = roundup(self.0.path()).args(arguments).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {stderr}");
        (String::from_utf8(output.stdout).unwrap(), stderr)
    }

    fn searches(&self, arguments: &[&str]) -> String {
        self.runs(&[&["search", "--lake", "lake"], arguments].concat()).0
    }

    /// The counts and the mentions of a search.
    fn json(&self, arguments: &[&str]) -> (Value, Vec<Value>) {
        let text = self.searches(&[arguments, &["--format", "json"]].concat());
        let mut lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        (lines.next().unwrap(), lines.collect())
    }

    fn refuses(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = roundup(self.0.path()).args(["search", "--lake", "lake"]).args(arguments).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&output.stdout), "");
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }
}

/// A completed interview with these transcripts.
fn interview(id: &str, job: &str, day: &str, name: &str, transcripts: &[&str]) -> Value {
    let types = ["technical", "behavioral"];
    let answers: Vec<Value> = transcripts
        .iter()
        .enumerate()
        .map(|(at, text)| {
            json!({
                "question_id": format!("q-{at}"), "question_text": format!("Question number {at}?"),
                "question_type": types[at % 2], "transcript": text, "duration_seconds": 60,
            })
        })
        .collect();
    json!({
        "id": id, "status": "completed", "job": {"id": job, "title": format!("The {job}"), "department": format!("D-{job}")},
        "candidate": {"id": format!("c-{name}"), "name": name, "email": format!("{}@example.org", name.replace(' ', "."))},
        "created_at": format!("{day}T08:00:00Z"), "completed_at": format!("{day}T09:00:00Z"), "responses": answers,
    })
}

fn small() -> Lake {
    Lake::of(&[
        interview(
            "i-1",
            "alpha",
            "2026-04-10",
            "Nora Quist",
            &["I am Nora and we use Rust here.", "We like rust a lot, and Rust likes us."],
        ),
        interview("i-2", "alpha", "2026-05-11", "Sam Poe", &["Trust is not the word. C++ and C# are.", "   "]),
        interview(
            "i-3",
            "beta",
            "2026-05-12",
            "Nora Quist",
            &["In beta rust, write to nora@example.com please", "nothing of it"],
        ),
    ])
}

fn texts<'a>(hits: &'a [Value], field: &str) -> Vec<&'a str> {
    hits.iter().map(|hit| hit[field].as_str().unwrap()).collect()
}

#[test]
fn mentions_are_counted_each_of_how_many() {
    let (counts, hits) = small().json(&["rust"]);
    let of = json!({"words": 37, "answers": 5, "interviews": 3, "candidates": 2});
    assert_eq!(
        counts,
        json!({"mentions": 4, "answers": 3, "interviews": 2, "candidates": 1, "of": of, "per_1000_words": 4000.0 / 37.0})
    );
    assert_eq!(texts(&hits, "match"), ["Rust", "rust", "Rust", "rust"]);
    let keys: BTreeSet<&str> = hits[0].as_object().unwrap().keys().map(String::as_str).collect();
    let expected = ["interview_id", "position", "job_id", "question", "start", "end", "left", "match", "right"];
    assert_eq!(keys, BTreeSet::from(expected));
    assert_eq!((&hits[1]["interview_id"], &hits[1]["position"]), (&json!("i-1"), &json!(1)));
    assert_eq!((&hits[1]["start"], &hits[1]["end"]), (&json!(8), &json!(12)));
    assert_eq!((&hits[1]["job_id"], &hits[1]["question"]), (&json!("alpha"), &json!("Question number 1?")));
}

#[test]
fn words_phrases_near_and_patterns_are_found() {
    let lake = small();
    let found = |arguments: &[&str]| {
        let (counts, hits) = lake.json(arguments);
        assert_eq!(counts["mentions"], hits.len());
        texts(&hits, "match").into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(found(&["c++", "c#", "c"]), ["C++", "C#"]);
    assert_eq!(found(&["\"use rust\""]), ["use Rust"]);
    assert_eq!(found(&["rust", "--mode", "substring"]).len(), 5);
    assert_eq!(found(&["we NEAR/1 rust"]), ["we use Rust", "We like rust"]);
    assert_eq!(found(&["we", "NEAR/0", "rust"]), Vec::<String>::new());
    assert_eq!(found(&["/[RT]r?us?t|tus?/"]), ["Rust", "Rust", "Trust"]);
    assert_eq!(found(&["/trust/i"]), ["Trust"]);
}

#[test]
fn names_are_masked_unless_they_are_asked_for() {
    let lake = small();
    let (_, hits) = lake.json(&["rust", "--context", "20"]);
    assert_eq!(texts(&hits, "left"), ["I am [name] and we use ", "We like ", "We like rust a lot, and ", "In beta "]);
    assert_eq!(hits[3]["right"], ", write to [e-mail] please");
    // The term itself may be a name.
    let (counts, hits) = lake.json(&["nora", "--context", "1"]);
    assert_eq!((&counts["mentions"], texts(&hits, "match")), (&json!(2), vec!["[name]", "[e-mail]"]));
    for format in ["text", "csv"] {
        let shown = lake.searches(&["rust", "--context", "20", "--format", format]);
        assert!(!shown.contains("Nora") && !shown.contains("nora@") && shown.contains("[name]"), "{shown}");
    }
    // What mentions are sorted by tells no name either.
    let (_, hits) = lake.json(&["am NEAR/1 and", "/write to/", "--sort", "1R"]);
    assert_eq!(texts(&hits, "right"), [" [e-mail] please", " we use Rust here."]);
    let (_, hits) = lake.json(&["rust", "--context", "20", "--unmasked"]);
    assert!(hits[0]["left"].as_str().unwrap().contains("Nora"));
}

#[test]
fn whose_words_they_are_must_be_known() {
    let mut body = interview("i-4", "alpha", "2026-05-12", "x", &["My name is Ann, and Rust is my thing"]);
    body["candidate"] = Value::Null;
    let lake = Lake::of(&[body]);
    let (stdout, stderr) = lake.runs(&["search", "rust", "--lake", "lake"]);
    assert!(!stdout.contains("Ann") && stdout.contains("[not shown]") && stdout.contains("1 mention"), "{stdout}");
    assert!(stderr.contains("1 mention is not shown"), "{stderr}");
    assert!(lake.searches(&["rust", "--unmasked"]).contains("Ann"));
}

#[test]
fn filters_narrow_what_is_counted_and_what_it_is_counted_in() {
    let lake = small();
    let counts = |arguments: &[&str]| {
        let (counts, hits) = lake.json(&[&["rust"], arguments].concat());
        assert_eq!(counts["mentions"], hits.len(), "{arguments:?}");
        let of = |name: &str| counts["of"][name].as_u64().unwrap();
        (hits.len(), of("answers"), of("interviews"), of("candidates"))
    };
    assert_eq!(counts(&["--job", "alpha"]), (3, 3, 2, 2));
    assert_eq!(counts(&["--job", "THE BETA", "--job", "nowhere"]), (1, 2, 1, 1));
    assert_eq!(counts(&["--department", "d-beta"]), (1, 2, 1, 1));
    assert_eq!(counts(&["--department", "d-beta", "--job", "alpha"]), (0, 0, 0, 0));
    assert_eq!(counts(&["--question", "number  1"]), (2, 2, 2, 1));
    assert_eq!(counts(&["--question", "q-0"]), (2, 3, 3, 2));
    assert_eq!(counts(&["--type", "technical"]), (2, 3, 3, 2));
    assert_eq!(counts(&["--status", "expired"]), (0, 0, 0, 0));
    assert_eq!(counts(&["--status", "completed"]), (4, 5, 3, 2));
    assert_eq!(counts(&["--from", "2026-05-12"]), (1, 2, 1, 1));
    assert_eq!(counts(&["--until", "2026-05-12", "--from", "2026-04-11"]), (0, 1, 1, 1));
    assert_eq!(
        counts(&["--from", "2026-04-10", "--until", "2026-04-11", "--time-zone", "Pacific/Auckland"]),
        (3, 2, 1, 1)
    );
    let (_, stderr) = lake.runs(&["search", "rust", "--lake", "lake", "--job", "nobody"]);
    assert!(stderr.contains("no answer in the lake meets these filters"), "{stderr}");
}

#[test]
fn counts_come_by_job_question_type_and_month() {
    let lake = small();
    let (_, jobs) = lake.json(&["rust", "--by", "job"]);
    assert_eq!(
        (texts(&jobs, "job_id"), &jobs[0]["mentions"], &jobs[1]["mentions"]),
        (vec!["alpha", "beta"], &json!(3), &json!(1))
    );
    assert_eq!(jobs[0]["of"], json!({"words": 26, "answers": 3, "interviews": 2, "candidates": 2}));
    assert_eq!((&jobs[0]["interviews"], &jobs[0]["candidates"]), (&json!(1), &json!(1)));
    let (_, months) = lake.json(&["rust", "--by", "month"]);
    assert_eq!(texts(&months, "month"), ["2026-04", "2026-05"]);
    let (_, types) = lake.json(&["rust", "--by", "type"]);
    assert_eq!(types.iter().map(|row| row["of"]["interviews"].as_u64().unwrap()).collect::<Vec<_>>(), [2, 3]);
    let (all, questions) = lake.json(&["rust", "--by", "question", "--limit", "1"]);
    assert_eq!(
        (questions.len(), &questions[0]["job_id"], &questions[0]["question"]),
        (1, &json!("alpha"), &json!("Question number 1?"))
    );
    assert_eq!((&all["mentions"], &all["of"]["interviews"]), (&json!(4), &json!(3)));
    let text = lake.searches(&["rust", "--by", "job"]);
    assert!(text.contains("The alpha") && text.contains('█') && text.ends_with("1 of 2 candidates\n"), "{text}");
    let csv = lake.searches(&["rust", "--by", "month", "--format", "csv"]);
    assert!(csv.starts_with("\u{feff}month,mentions,answers,interviews,candidates,of.words,"), "{csv}");
}

#[test]
fn mentions_are_sorted_and_limited_and_all_are_counted() {
    let lake = small();
    let (counts, hits) = lake.json(&["rust", "--sort", "1L,1R"]);
    assert_eq!(
        texts(&hits, "left").iter().map(|left| left.split(' ').rev().nth(1).unwrap()).collect::<Vec<_>>(),
        ["and", "beta", "like", "use"]
    );
    assert_eq!(counts["mentions"], 4);
    for sorting in [&["--sort", "time"][..], &[]] {
        let (counts, hits) = lake.json(&[&["rust", "--limit", "3"], sorting].concat());
        assert_eq!((&counts["mentions"], hits.len()), (&json!(4), 3));
        assert_eq!(texts(&hits, "interview_id"), ["i-1", "i-1", "i-1"]);
    }
    let text = lake.searches(&["rust", "--limit", "2"]);
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(
        text.ends_with("4 mentions, 108.11 in 1,000 words: in 3 of 5 answers, 2 of 3 interviews, 1 of 2 candidates\n")
    );
    assert_eq!(lake.searches(&["rust", "--limit", "0"]).lines().count(), 1);
}

#[test]
fn every_mention_goes_to_a_file() {
    let lake = small();
    for name in ["hits.csv", "hits.jsonl", "hits.xlsx", "hits.parquet"] {
        let stdout = lake.searches(&["rust", "-o", name]);
        assert_eq!(stdout.lines().count(), 1, "only the counts: {stdout}");
        assert!(fs::metadata(lake.0.path().join(name)).unwrap().len() > 100);
    }
    let read = |name: &str| fs::read_to_string(lake.0.path().join(name)).unwrap();
    let mut csv =
        csv::Reader::from_reader(read("hits.csv").trim_start_matches('\u{feff}').as_bytes().to_vec().leak() as &[u8]);
    let ids: Vec<String> = csv.records().map(|row| row.unwrap()[0].to_owned()).collect();
    assert_eq!(ids, ["i-1", "i-1", "i-1", "i-3"]);
    let objects: Vec<Value> = read("hits.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(objects, lake.json(&["rust"]).1);
    assert!(lake.refuses(&["rust", "-o", "hits.txt"]).1.contains("in which format"));
    assert!(lake.refuses(&["rust", "-o", "lake/hits.csv"]).1.contains("lake"));
}

#[test]
fn what_cannot_be_searched_is_said_before_anything_is_read() {
    let lake = small();
    for (arguments, said) in [
        (&["?!"][..], "nothing but signs"),
        (&["/(/"], "unclosed group"),
        (&["/(?:\\w{1000}){1000}/"], "too large"),
        (&["a NEAR/5"], "lacks a side"),
        (&["rust", "--sort", "3M"], "cannot be sorted by `3M`"),
        (&["rust", "--from", "yesterday"], "is no day"),
        (&["rust", "--from", "2026-05-02", "--until", "2026-05-02"], "no day from --from on"),
        (&["rust", "--context", "900"], "--context"),
    ] {
        let (code, stderr) = lake.refuses(arguments);
        assert_eq!(code, Some(2), "{stderr}");
        assert!(stderr.contains(said), "{stderr}");
    }
    fs::create_dir(lake.0.path().join("empty")).unwrap();
    let output = roundup(lake.0.path()).args(["search", "rust", "--lake", "empty"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_lake_without_answers_has_no_mentions() {
    let open = json!({"id": "i-5", "status": "invited", "created_at": "2026-05-01T00:00:00Z"});
    let lake = Lake::of(&[open]);
    let (stdout, stderr) = lake.runs(&["search", "rust", "--lake", "lake"]);
    assert!(stdout.starts_with("0 mentions: in 0 of 0 answers"), "{stdout}");
    assert!(stderr.contains("no answer"), "{stderr}");
    let (counts, hits) = lake.json(&["rust"]);
    assert_eq!((&counts["per_1000_words"], hits.len()), (&Value::Null, 0));
}

/// What a terminal of so many columns shows of a command.
pub fn on_terminal(folder: &Path, columns: u16, arguments: &[&str]) -> String {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
    let side = OpenOptions::new().read(true).write(true).open(&name).unwrap();
    tcsetwinsize(&side, Winsize { ws_row: 50, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("roundup"));
    command.current_dir(folder).arg("--quiet").args(arguments).args(["--lake", "lake"]);
    let mut program = command.stdin(Stdio::null()).stdout(Stdio::from(side)).spawn().unwrap();
    drop(command);
    let (mut shown, mut terminal) = (Vec::new(), fs::File::from(terminal));
    let _closed = terminal.read_to_end(&mut shown);
    program.wait().unwrap();
    String::from_utf8(shown).unwrap().replace("\r\n", "\n")
}

#[test]
fn a_narrow_terminal_has_a_line_a_mention_and_no_control_characters() {
    let hostile =
        "before\u{1b}[31m the\rword\n\u{202e}rust\u{9b} and \u{5d0}\u{5dc}\u{5d2} \u{645}\u{631}\u{62d} after it";
    let lake =
        Lake::of(&[interview("i-6", "alpha", "2026-05-12", "Sam Poe", &[hostile, "東京に住んでいるrustの友達"])]);
    let shown = on_terminal(lake.0.path(), 40, &["search", "rust"]);
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 3, "{shown}");
    assert!(!shown.contains(|character: char| character.is_control() && character != '\n'), "{shown:?}");
    assert!(!shown.contains('\u{202e}'), "{shown:?}");
    for line in &lines[..2] {
        assert!(line.contains("  rust") && line.chars().count() <= 40, "{line:?}");
    }
    let counted = on_terminal(lake.0.path(), 40, &["search", "rust", "--by", "job"]);
    assert!(counted.lines().next_back().unwrap().starts_with("2 mentions"), "{counted}");
    // Pipes get the words as they are.
    assert!(lake.json(&["rust"]).1[0]["left"].as_str().unwrap().contains('\u{1b}'));
}

#[test]
fn a_reader_that_goes_is_no_error() {
    let lake = small();
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("roundup"));
    command.current_dir(lake.0.path()).args(["search", "rust", "--lake", "lake", "--format", "json"]);
    let mut program = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(program.stdout.take());
    let output = program.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap()), (Some(0), String::new()));
}

#[test]
fn mentions_are_those_of_an_analysis() {
    let lake = Lake::of(&sample());
    lake.runs(&["analyze", "--lake", "lake", "--keywords", "builtin:vendor-sample"]);
    let known = rows(&lake.0.path().join("lake"), "keyword_hits");
    for term in known.iter().map(|row| &row["term"]).collect::<BTreeSet<_>>() {
        let those: Vec<_> = known.iter().filter(|row| row["term"] == *term).collect();
        let (counts, hits) = lake.json(&[term, "--mode", "substring", "--limit", "1"]);
        let mentions: u64 = those.iter().map(|row| row["mentions"].parse::<u64>().unwrap()).sum();
        assert_eq!((&counts["mentions"], &counts["answers"]), (&json!(mentions), &json!(those.len())), "{term}");
        assert_eq!(hits.len(), 1);
    }
}

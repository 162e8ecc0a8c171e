//! Words of people, titles and names cannot control a terminal, and pipes get them as they are.

use std::fs::{self, OpenOptions};
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::common::roundup;

const FIELD: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/field/esc.jsonl");
/// What a hostile body can hold: sequences of escape, their eight-bit form, and characters that turn a line around.
const HOSTILE: &str = "x\u{1b}]52;c;ZXZpbA==\u{7}\u{9b}31m\u{202e}\u{7f}\rgone";

/// Runs the program with a terminal as stdout and stderr. Returns what reached the terminal.
fn on_terminal(folder: &Path, arguments: &[&str]) -> String {
    on_terminal_with(folder, arguments, [("TERM", "xterm"), ("NO_COLOR", "")])
}

fn on_terminal_with(folder: &Path, arguments: &[&str], environment: [(&str, &str); 2]) -> String {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
    let program_side = || Stdio::from(OpenOptions::new().read(true).write(true).open(&name).unwrap());
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("roundup"));
    command
        .current_dir(folder)
        .env("XDG_STATE_HOME", folder.join("state"))
        .env_remove("ROUNDZERO_API_KEY")
        .envs(environment);
    command.arg("--quiet").args(arguments).stdin(Stdio::null()).stdout(program_side()).stderr(program_side());
    let mut program = command.spawn().unwrap();
    // The program's side is closed once the program has ended, and reading fails then.
    drop(command);
    let (mut shown, mut terminal) = (Vec::new(), fs::File::from(terminal));
    let _closed = terminal.read_to_end(&mut shown);
    program.wait().unwrap();
    // The terminal itself makes two characters of a line feed.
    String::from_utf8(shown).unwrap().replace("\r\n", "\n")
}

fn piped(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    roundup(folder).arg("--quiet").args(arguments).output().unwrap().stdout
}

/// Checks that nothing in a text controls a terminal but the colours of our own messages.
#[track_caller]
fn check_is_harmless(shown: &str, what: &str) {
    // CSV ends its lines with both.
    let mut text = shown.replace("\r\n", "\n");
    for colour in ["\u{1b}[0m", "\u{1b}[31m", "\u{1b}[33m"] {
        for level in ["ERROR", " WARN"] {
            text = text.replace(&format!("{colour}{level}\u{1b}[0m"), level);
        }
    }
    let is_control = |character: char| {
        (character.is_control() && !"\n\t".contains(character)) || ('\u{202a}'..='\u{202e}').contains(&character)
    };
    assert!(!text.contains(is_control), "{what}: {shown:?}");
}

fn body(id: &str, responses: &str) -> String {
    let id = serde_json::to_string(id).unwrap();
    format!(r#"{{"id":{id},"status":"completed","completed_at":"2026-05-10T00:00:00Z","responses":{responses}}}"#)
}

#[test]
fn no_data_controls_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let hostile = serde_json::to_string(HOSTILE).unwrap();
    let answers = format!(r#"[{{"question_text":{hostile},"transcript":{hostile}}}]"#);
    fs::write(folder.path().join("more.jsonl"), body("esc-2", &answers) + "\n" + &body(HOSTILE, "7")).unwrap();
    fs::write(folder.path().join("set.txt"), "react\nzxzpba\n").unwrap();
    roundup(folder.path()).args(["import", "--lake", "lake", FIELD, "more.jsonl"]).assert().code(3);
    let list = String::from_utf8(piped(folder.path(), &["quarantine", "list", "--lake", "lake"])).unwrap();
    let set_aside = list.split_whitespace().find(|word| word.starts_with("import-")).unwrap();
    for arguments in [
        &["get", "esc-1", "esc-2", "--lake", "lake"][..],
        &["get", "esc-1", "esc-2", "--lake", "lake", "--format", "json"],
        &["keywords", "try", "set.txt", "--lake", "lake"],
        &["keywords", "try", "set.txt", "--lake", "lake", "--format", "json"],
        &["export", "--lake", "lake", "--what", "responses", "--format", "csv"],
        &["export", "--lake", "lake", "--what", "responses", "--format", "jsonl", "--raw"],
        &["export", "--lake", "lake", "--what", "interviews", "--format", "jsonl", "--raw"],
        &["quarantine", "show", set_aside, "--lake", "lake"],
        &["status", "--lake", "lake"],
    ] {
        let shown = on_terminal(folder.path(), arguments);
        assert!(shown.len() > 20, "{arguments:?}: {shown}");
        check_is_harmless(&shown, &format!("{arguments:?}"));
    }
    let shown = on_terminal(folder.path(), &["get", "esc-1", "--lake", "lake"]);
    assert!(shown.contains("react \\u001b]52;c;ZXZpbA==\\u0007 \\u001b[31mred"), "{shown}");
    // JSON is the same JSON.
    let json = ["get", "esc-2", "--lake", "lake", "--format", "json"];
    let parse = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).unwrap();
    assert_eq!(parse(on_terminal(folder.path(), &json).as_bytes()), parse(&piped(folder.path(), &json)));
    // A pipe gets what there is.
    let text = String::from_utf8(piped(folder.path(), &["get", "esc-2", "--lake", "lake"])).unwrap();
    assert!(text.contains(HOSTILE), "{text:?}");
    let kept = piped(folder.path(), &["quarantine", "show", set_aside, "--lake", "lake"]);
    assert_eq!(kept, body(HOSTILE, "7").into_bytes());
}

#[test]
fn no_message_controls_a_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let lines = [body(HOSTILE, "[]"), body(HOSTILE, r#"[{"transcript":"other"}]"#)].join("\n");
    for format in ["text", "json"] {
        // A file, an id and a folder in a warning and an error.
        let name = format!("{}.jsonl", HOSTILE.replace('\r', ""));
        fs::write(folder.path().join(&name), &lines).unwrap();
        let shown = on_terminal(folder.path(), &["--log-format", format, "import", "--lake", format, &name]);
        assert!(shown.contains("is left out") && shown.contains("\\u001b]52"), "{format}: {shown}");
        check_is_harmless(&shown, format);
        let shown = on_terminal(folder.path(), &["--log-format", format, "status", "--lake", HOSTILE]);
        assert!(shown.contains("there is no lake at x") && shown.contains("\\u009b31m"), "{format}: {shown}");
        check_is_harmless(&shown, format);
    }
    let output = roundup(folder.path()).args(["status", "--lake", HOSTILE]).output().unwrap();
    assert!(String::from_utf8(output.stderr).unwrap().contains(HOSTILE), "a file gets messages as they are");
}

#[test]
fn warnings_are_coloured_on_a_terminal_unless_the_user_wants_no_colours() {
    let folder = tempfile::tempdir().unwrap();
    fs::copy(FIELD, folder.path().join("bodies.jsonl")).unwrap();
    piped(folder.path(), &["import", "--lake", "lake", "bodies.jsonl"]);
    let export = ["export", "--lake", "lake", "--format", "csv", "--output", "out.csv", "--job", "Zookeeper"];
    let shown = |environment| on_terminal_with(folder.path(), &export, environment);
    let coloured = "\u{1b}[33m WARN\u{1b}[0m ";
    assert!(shown([("TERM", "xterm"), ("NO_COLOR", "")]).starts_with(coloured));
    for environment in [[("TERM", "xterm"), ("NO_COLOR", "1")], [("TERM", "dumb"), ("NO_COLOR", "")]] {
        let shown = shown(environment);
        assert!(shown.contains("WARN no interview of the lake is of the job `Zookeeper`"), "{shown:?}");
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
    }
}

//! What a person at a terminal reads page by page.

use std::fs::{self, OpenOptions};
use std::io::Read;
use std::process::{Command, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use serde_json::json;
use tempfile::TempDir;

use crate::common::roundup;

fn lake() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let body = json!({
        "id": "i-1", "status": "completed", "completed_at": "2026-05-10T00:00:00Z",
        "candidate": {"id": "c", "name": "Nora Quist", "email": "n@example.org"},
        "responses": [{"question_text": "What?", "transcript": "We use Rust \u{1b}[31m here"}],
    });
    fs::write(folder.path().join("bodies.jsonl"), body.to_string()).unwrap();
    roundup(folder.path()).args(["import", "--lake", "lake", "bodies.jsonl"]).assert().success();
    folder
}

/// What a terminal shows of a search by somebody who sits at it, and the exit code.
fn at_terminal(folder: &TempDir, pager: &str, terminal_type: &str) -> (String, Option<i32>) {
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
    let side = || Stdio::from(OpenOptions::new().read(true).write(true).open(&name).unwrap());
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("roundup"));
    command.current_dir(folder.path()).args(["--quiet", "search", "rust", "--lake", "lake"]);
    command.env("PAGER", pager).env("TERM", terminal_type).stdin(side()).stdout(side()).stderr(side());
    let mut program = command.spawn().unwrap();
    drop(command);
    let (mut shown, mut terminal) = (Vec::new(), fs::File::from(terminal));
    let _closed = terminal.read_to_end(&mut shown);
    let code = program.wait().unwrap().code();
    (String::from_utf8(shown).unwrap().replace("\r\n", "\n"), code)
}

#[test]
fn text_goes_through_the_pager_and_controls_nothing_there() {
    let folder = lake();
    let (shown, code) = at_terminal(&folder, "sed s/^/page:/", "xterm");
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.lines().all(|line| line.starts_with("page:")) && shown.lines().count() == 2, "{shown}");
    assert!(shown.contains("  Rust  ") && !shown.contains('\u{1b}'), "{shown:?}");
}

#[test]
fn text_is_shown_as_it_is_without_a_pager() {
    let folder = lake();
    for (pager, terminal_type) in
        [("cat", "xterm"), ("", "xterm"), ("sed s/^/page:/", "dumb"), ("no-such-pager", "xterm")]
    {
        let (shown, code) = at_terminal(&folder, pager, terminal_type);
        assert_eq!(code, Some(0), "{shown}");
        assert!(!shown.contains("page:") && shown.contains("  Rust  ") && shown.contains("1 mention"), "{shown}");
    }
}

#[test]
fn a_pager_that_is_left_ends_the_search() {
    let (shown, code) = at_terminal(&lake(), "true", "xterm");
    assert_eq!((shown.as_str(), code), ("", Some(0)));
}

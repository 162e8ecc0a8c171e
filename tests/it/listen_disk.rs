//! `listen` on a disk that is full for a while: what it could not keep it does not acknowledge, it says so to who asks for
//! its health, and it goes on when there is room.
#![cfg(target_os = "linux")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use roundup::inbox::file;
use roundup::inbox::follow::Follower;
use rustix::process::{Resource, Rlimit, getrlimit, prlimit};
use serde_json::{Value, json};

use crate::listen::{Listener, event, event_ids};

/// A receiver whose files can be given a limit, so that a write beyond it fails as on a full disk, after writing what
/// there is room for. Unless this signal is ignored, the system would end the program instead.
fn start(folder: &Path) -> Listener {
    Listener::start_through(folder, "trap '' XFSZ")
}

/// Leaves files of the receiver this room, or as much as before.
fn leave(listener: &Listener, bytes: Option<u64>) {
    let maximum = getrlimit(Resource::Fsize).maximum;
    let limit = Rlimit { current: bytes.or(maximum), maximum };
    prlimit(Some(listener.pid()), Resource::Fsize, limit).unwrap();
}

/// The status, and the text below the head.
fn health(listener: &Listener) -> (u16, String) {
    let text = listener.get("/healthz");
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn padded(number: u32, bytes: usize) -> Value {
    let mut event = event(number, "interview_ended", "a-1");
    event["padding"] = json!("p".repeat(bytes));
    event
}

fn inbox_bytes(folder: &Path) -> (usize, u64) {
    let files = file::files(&folder.join("lake/_roundup/inbox")).unwrap();
    (files.len(), files.iter().map(|file| fs::metadata(file).unwrap().len()).sum())
}

#[test]
fn a_full_disk_is_answered_503_until_there_is_room_and_nothing_acknowledged_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let listener = start(folder.path());
    let mut follower = Follower::new(folder.path().join("lake/_roundup/inbox")).unwrap();
    let mut acknowledged = BTreeSet::new();
    let mut send = |number: u32, expected: u16| {
        let (status, answer) = listener.send(&padded(number, if number < 10 { 3_000 } else { 30_000 }));
        assert_eq!(status, expected, "event {number}: {answer}");
        if status == 200 {
            acknowledged.insert(format!("evt_{number:032x}"));
        }
    };
    (1..=3).for_each(|number| send(number, 200));
    assert_eq!(health(&listener), (200, "ok\n".to_owned()));
    assert_eq!(listener.metric("inbox_writable"), 1);
    let before = inbox_bytes(folder.path());

    // There is room for a part of an event, also in a new file, and then for nothing at all.
    for bytes in [before.1 + 1000, 0] {
        leave(&listener, Some(bytes));
        (10..30).for_each(|number| send(number, 503));
        let (status, why) = health(&listener);
        assert_eq!(status, 503);
        assert!(why.starts_with("cannot write to the inbox: ") && why.lines().count() == 1, "{why}");
        assert_eq!(listener.metric("inbox_writable"), 0);
        assert_eq!(inbox_bytes(folder.path()), before, "what failed takes no room");
    }

    // Who asks for its health learns of the room before the next event comes.
    leave(&listener, None);
    assert_eq!(health(&listener), (200, "ok\n".to_owned()));
    assert_eq!(listener.metric("inbox_writable"), 1);
    (10..15).for_each(|number| send(number, 200));
    assert_eq!(listener.metric("webhook_requests_total{outcome=\"unavailable\"}"), 40);
    let seen: BTreeSet<String> = follower.news().unwrap().into_iter().map(|received| received.event.id).collect();
    assert_eq!(seen, acknowledged, "who follows the inbox sees the same");
    assert_eq!(listener.stop(), Some(0));
    let kept = event_ids(folder.path());
    assert_eq!(kept.len(), acknowledged.len());
    assert_eq!(kept.into_iter().collect::<BTreeSet<_>>(), acknowledged);
}

#[test]
fn a_full_disk_is_noticed_without_an_event_and_said_once() {
    let folder = tempfile::tempdir().unwrap();
    let listener = Listener::start(folder.path());
    let inbox = folder.path().join("lake/_roundup/inbox");
    fs::rename(&inbox, folder.path().join("away")).unwrap();
    for _ in 0..5 {
        assert_eq!(health(&listener).0, 503);
        assert_eq!(listener.send(&event(1, "interview_ended", "a-1")).0, 503);
    }
    fs::rename(folder.path().join("away"), &inbox).unwrap();
    assert_eq!(health(&listener).0, 200);
    let log = listener.log();
    assert!(log.matches("cannot write to the inbox: ").count() <= 10, "{log}");
    assert_eq!(log.matches("the inbox can be written again").count(), 1, "{log}");
    assert_eq!(fs::read_dir(&inbox).unwrap().count(), 1, "only the lock");
}

//! A run warns when events that used to come have stopped.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use roundup::inbox::stalled::warning;
use roundup::lake::Lake;
use roundup::ledger::TakenEvent;

use crate::common::{Row, Served, ledger_of, rows, serve};

const METRICS: &str = "[metrics]\nprometheus = \"roundup.prom\"\n";

fn run(served: &Served, lists: &str) -> (Vec<String>, String) {
    let text = fs::read_to_string(served.pipeline(METRICS)).unwrap();
    let pipeline = served.write("pipeline.toml", &text.replace("\"ids.txt\"", lists));
    let stdout = served.run(&pipeline, 0);
    let warnings = serde_json::from_value(served.last_run()["warnings"].clone()).unwrap();
    (warnings, stdout)
}

fn gauge(served: &Served) -> String {
    let text = fs::read_to_string(served.path("roundup.prom")).unwrap();
    text.lines().find(|line| line.starts_with("roundup_last_run_warnings ")).unwrap().to_owned()
}

/// Puts events into the ledger, each received some hours ago.
fn events(served: &Served, hours_ago: impl Iterator<Item = i64>) {
    let ledger = ledger_of(&served.lake());
    ledger.execute("DELETE FROM events", []).unwrap();
    for hours in hours_ago {
        let at = (Timestamp::now() - SignedDuration::from_hours(hours)).as_microsecond();
        let sql = "INSERT INTO events (id, source, interview_id, taken_at, is_open, received_at)
                   VALUES (?1, 'default', ?1, ?2, 0, ?2)";
        ledger.execute(sql, rusqlite::params![format!("evt_{hours}"), at]).unwrap();
    }
}

#[test]
fn events_that_stop_for_longer_than_ever_are_reported_everywhere() {
    let served = serve(Some(3));
    let inbox = "\"inbox\"";
    assert!(run(&served, inbox).0.is_empty(), "none ever came");
    let daily = |last: i64| (0..12).map(move |day| last + day * 24);
    events(&served, daily(70));
    assert!(run(&served, inbox).0.is_empty());
    assert_eq!(gauge(&served), "roundup_last_run_warnings 0");
    events(&served, daily(74));
    let (warnings, stdout) = run(&served, inbox);
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("no event of source default has come since "), "{warnings:?}");
    assert!(warnings[0].contains("never more than 24 hours apart"), "{warnings:?}");
    assert!(stdout.contains(&format!("warning    {}\n", warnings[0])), "{stdout}");
    assert_eq!(gauge(&served), "roundup_last_run_warnings 1");
    let quiet = served.roundup().args(["--quiet", "run"]).arg(served.path("pipeline.toml")).output().unwrap();
    assert!(String::from_utf8(quiet.stderr).unwrap().contains("no event of source default"));
    assert!(run(&served, "\"ids.txt\"").0.is_empty(), "who does not read the inbox expects none");
}

#[test]
fn interviews_that_were_completed_without_an_event_are_reported() {
    let served = serve(None);
    let both = "\"ids.txt\", \"inbox\"";
    run(&served, both);
    // Before the sample's interviews were completed; too few events for their gaps to say anything.
    events(&served, (0..3).map(|hour| 24 * 365 + hour));
    let (warnings, _) = run(&served, both);
    let last = (Timestamp::now() - SignedDuration::from_hours(24 * 365)).as_microsecond();
    let settled_at = |row: &Row| row.get("settled_at").and_then(|at| at.parse::<i64>().ok());
    let is_since = |row: &Row| row["status"] == "completed" && settled_at(row) > Some(last);
    let completed = rows(&served.lake(), "interviews").into_iter().filter(is_since).count();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].contains(&format!("though {completed} interviews were completed")), "{warnings:?}");
}

#[test]
fn the_warning_of_a_webhook_that_is_dead_for_months_stays() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::create(folder.path()).unwrap();
    let lock = lake.lock().unwrap();
    let mut ledger = lake.ledger(&lock).unwrap();
    let now = Timestamp::now();
    let day = |days: i64| now - SignedDuration::from_hours(24 * days);
    let event = |source: &str, days: i64| TakenEvent {
        id: format!("evt_{source}_{days}"),
        source: source.to_owned(),
        received_at: day(days),
        calls_for: None,
        refused_id: None,
    };
    // One a day, until one of the two webhooks was deleted 90 days ago.
    for days in (0..150).rev() {
        let sources: &[&str] = if days >= 90 { &["dead", "alive"] } else { &["alive"] };
        let events: Vec<_> = sources.iter().map(|source| event(source, days)).collect();
        assert_eq!(ledger.take_events(&events, day(days)).unwrap(), events.len() as u64);
    }
    let warned = warning(&ledger, "dead", now).unwrap().expect("it is still said");
    assert!(warned.contains("never more than 25 hours apart"), "{warned}");
    assert_eq!(warning(&ledger, "alive", now).unwrap(), None);
    let known = |source: &str| ledger.event_times(source, Timestamp::MIN).unwrap().len();
    assert_eq!((known("dead"), known("alive")), (29, 31), "and what is older is forgotten");
}

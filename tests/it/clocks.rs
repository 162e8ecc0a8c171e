//! A clock that was wrong in one run harms no later one: times that are still to come are not believed, and no wait is
//! longer than waits can be.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use roundup::inbox::stalled::warning;
use roundup::lake::Lake;
use roundup::ledger::{KeptLink, Ledger, LinkPlace, RecordingId, TakenEvent};
use roundup::model::Link;
use roundup::sandbox::SandboxOptions;

use crate::ats::ended;
use crate::common::{Served, rows, serve};

/// Requests a minute.
const PACE: &str = "6000";
const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);

/// A time that a clock which is a year ahead would have shown some hours ago.
fn ahead(hours_ago: i64) -> i64 {
    (Timestamp::now() + YEAR - SignedDuration::from_hours(hours_ago)).as_microsecond()
}

/// `roundup ingest` of one list, with a limit for which every request is recorded; returns its stderr.
fn ingest(served: &Served, list: &str) -> String {
    let api = served.sandbox.base_url();
    let mut command = served.roundup();
    command.args(["ingest", "--lake", "lake", "--api", &api, "--questions", "none", list]);
    command.args(["--requests-per-minute", PACE]);
    ended(command.output().unwrap(), 0).1
}

fn warnings(stderr: &str) -> Vec<&str> {
    stderr.lines().filter(|line| line.contains("clock")).collect()
}

#[test]
fn a_window_file_of_a_year_ahead_holds_nothing_back() {
    let served = serve(Some(40));
    let ids = served.ids();
    served.write("a.txt", &(ids[..20].join("\n") + "\n"));
    served.write("b.txt", &(ids[20..].join("\n") + "\n"));
    ingest(&served, "a.txt");
    let state = served.path("state/roundup");
    let file = fs::read_dir(&state).unwrap().next().unwrap().unwrap().path();
    // As earlier versions wrote it: a pause, a last due time and twenty requests, all by the wall clock.
    let header = [i64::from_le_bytes(*b"roundup1"), ahead(0), ahead(0), 0, 0, 0];
    let requests = (0..20).flat_map(|_| [ahead(1), ahead(1), 1]);
    let bytes: Vec<u8> = header.into_iter().chain(requests).flat_map(i64::to_le_bytes).collect();
    fs::write(&file, bytes).unwrap();
    // If it waited, it would end at this time and fetch nothing.
    let stop_at = (Timestamp::now() + SignedDuration::from_mins(20)).strftime("%H:%M").to_string();
    let api = served.sandbox.base_url();
    let mut command = served.roundup();
    command.env("TZ", "UTC").args(["ingest", "--lake", "lake", "--api", &api, "--questions", "none", "b.txt"]);
    command.args(["--requests-per-minute", PACE]);
    let (_, stderr) = ended(command.args(["--stop-at", &stop_at]).output().unwrap(), 0);
    assert_eq!(warnings(&stderr).len(), 1, "{stderr}");
    assert_eq!(rows(&served.lake(), "interviews").len() + rows(&served.lake(), "open_interviews").len(), 40);
    let again = ingest(&served, "b.txt");
    assert!(warnings(&again).is_empty(), "{again}");
}

#[test]
fn what_was_asked_in_the_future_is_due() {
    let served = serve(None);
    ingest(&served, "ids.txt");
    let ledger = served.ledger();
    let count = |filter: &str| {
        let sql = format!("SELECT count(*) FROM interviews WHERE {filter}");
        ledger.query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let open = count("state IN ('open', 'stale')");
    assert!(open > 3, "{open}");
    let year = i64::try_from(YEAR.as_micros()).unwrap();
    let hour = year / (365 * 24);
    // Some were asked for when the clock was a year ahead, two when it was an hour ahead, and one was left alone.
    ledger.execute("UPDATE interviews SET next_due = next_due + ?1, changed_at = changed_at + ?1", [year]).unwrap();
    let sql = "UPDATE interviews SET next_due = next_due - ?1, changed_at = changed_at - ?1 WHERE id IN
               (SELECT id FROM interviews WHERE state = 'open' ORDER BY id LIMIT 2)";
    ledger.execute(sql, [year - hour]).unwrap();
    let sql = "UPDATE interviews SET state = 'stale', next_due = NULL WHERE id =
               (SELECT id FROM interviews WHERE state = 'open' ORDER BY id DESC LIMIT 1)";
    ledger.execute(sql, []).unwrap();
    // The status, which changes nothing, counts those that are due too late.
    assert_eq!(served.status()["due"]["open"].as_i64(), Some(open - 3));
    let before = served.sandbox.stats().requests;
    let stderr = ingest(&served, "ids.txt");
    assert_eq!(warnings(&stderr).len(), 2, "{stderr}");
    assert_eq!(served.sandbox.stats().requests - before, u64::try_from(open).unwrap(), "{stderr}");
    assert_eq!(count(&format!("changed_at > {}", ahead(24 * 365 - 1))), count("state = 'settled'"));
    let before = served.sandbox.stats().requests;
    let stderr = ingest(&served, "ids.txt");
    assert_eq!(served.sandbox.stats().requests, before, "they are due in three days now");
    assert!(warnings(&stderr).is_empty(), "{stderr}");
}

#[test]
fn the_outbox_is_not_held_back_by_times_ahead() {
    let served = serve(None);
    served.run(&served.pipeline(""), 0);
    served.give_up_recordings();
    served.recipe("vendor-sample", |text| text);
    // A first run without a day, and everything that it would have sent being tried again later.
    served.ats("vendor-sample", &[], 3);
    let requests = || served.notes().iter().map(|note| note.times).sum::<u64>();
    let sent = requests();
    let ledger = served.ledger();
    // The clock that was ahead has written the journal, too, which would know better here.
    let no_journal = || fs::remove_file(served.lake().join("_roundup/deliveries")).unwrap();
    no_journal();
    let sql = "UPDATE outbox SET state = 'pending', next_due = ?1, changed_at = ?2, met_at = ?2, tries = 1,
                   version = version || 'x' WHERE state = 'delivered'";
    let pending = ledger.execute(sql, [ahead(-1), ahead(0)]).unwrap();
    ledger.execute("UPDATE connectors SET since = ?1", [ahead(0)]).unwrap();
    let (stdout, stderr) = ended(served.ats_command("vendor-sample").output().unwrap(), 0);
    assert!(stdout.contains(&format!("sent       {pending} interviews")), "{stdout}{stderr}");
    assert_eq!(requests(), sent + pending as u64);
    assert_eq!(warnings(&stderr).len(), 2, "{stderr}");
    assert!(stderr.contains("--since DAY"), "{stderr}");
    let since: i64 = ledger.query_row("SELECT since FROM connectors", [], |row| row.get(0)).unwrap();
    assert!(since <= Timestamp::now().as_microsecond());
    let (_, stderr) = ended(served.ats_command("vendor-sample").output().unwrap(), 0);
    assert!(warnings(&stderr).is_empty(), "{stderr}");
    // A day that is still to come was given by somebody who wants to wait for it.
    let day = ahead(0) / 86_400_000_000 * 86_400_000_000;
    no_journal();
    ledger.execute("UPDATE connectors SET since = ?1", [day]).unwrap();
    let (_, stderr) = ended(served.ats_command("vendor-sample").output().unwrap(), 0);
    assert!(warnings(&stderr).is_empty(), "{stderr}");
    let since: i64 = ledger.query_row("SELECT since FROM connectors", [], |row| row.get(0)).unwrap();
    assert_eq!(since, day);
}

#[test]
fn a_clock_that_is_behind_makes_a_connector_send_nothing_old() {
    let served = serve(None);
    served.run(&served.pipeline(""), 0);
    let lake = Lake::open(&served.lake()).unwrap();
    let lock = lake.lock().unwrap();
    let mut ledger = lake.ledger(&lock).unwrap();
    ledger.record_connector("ats", Timestamp::now()).unwrap();
    ledger.forget_times_ahead("1970-01-01T00:01:00Z".parse().unwrap()).unwrap();
    let last = "SELECT max(settled_at) FROM interviews";
    let last: i64 = served.ledger().query_row(last, [], |row| row.get(0)).unwrap();
    assert_eq!(ledger.connector_since("ats").unwrap().unwrap().as_microsecond(), last + 1);
}

#[test]
fn events_of_a_clock_that_was_ahead_hide_no_webhook_that_is_dead() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::create(folder.path()).unwrap();
    let lock = lake.lock().unwrap();
    let mut ledger = lake.ledger(&lock).unwrap();
    let now = Timestamp::now();
    let event = |days: i64| TakenEvent {
        id: format!("evt_{days}"),
        source: "default".to_owned(),
        received_at: now - SignedDuration::from_hours(24 * days),
        refused_id: None,
        calls_for: None,
    };
    let daily: Vec<TakenEvent> = (10..30).map(event).collect();
    ledger.take_events(&daily, now).unwrap();
    let said = warning(&ledger, "default", now).unwrap();
    assert!(said.is_some());
    ledger.take_events(&[event(-365)], now + YEAR).unwrap();
    assert_eq!(warning(&ledger, "default", now).unwrap(), said);
}

#[test]
fn recordings_of_the_future_wait_for_no_due_time_and_their_links_end_after_a_day() {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::create(folder.path()).unwrap();
    let lock = lake.lock().unwrap();
    let now = Timestamp::now();
    let recording = RecordingId { interview: "a".to_owned(), position: 0 };
    let link = KeptLink {
        recording: recording.clone(),
        object: "o.mp3".to_owned(),
        link: Link::new("https://x/".to_owned()),
        settled_at: None,
        fetched_at: now + YEAR,
    };
    lake.ledger(&lock).unwrap().keep_links(&[link]).unwrap();
    let mut ledger = lake.ledger(&lock).unwrap();
    let in_two_days = now + SignedDuration::from_hours(48);
    let of = |ledger: &Ledger, now| ledger.live_links().unwrap().of([&recording], now).len();
    assert_eq!((of(&ledger, now), of(&ledger, in_two_days)), (1, 0));
    ledger.forget_old_links(in_two_days).unwrap();
    assert!(ledger.links_after(&mut LinkPlace::default(), 10, now).unwrap().is_empty());
}

#[test]
fn a_recording_that_was_tried_in_the_future_is_tried_again() {
    let served = crate::audio::ingested("");
    let ledger = served.ledger();
    let (id, position) = crate::audio::with_audio(&served.lake()).into_iter().next().unwrap();
    let links = crate::audio::links(&served);
    let is_it = |link: &&KeptLink| link.recording.interview == id && link.recording.position.to_string() == position;
    let object = &links.iter().find(is_it).unwrap().object;
    let sql =
        "INSERT INTO recordings (interview_id, position, state, object, reason, kind, tries, counted_at, changed_at)
               VALUES (?1, ?2, 'failed', ?3, 'answered 500', 'unavailable', 1, ?4, ?4)";
    assert_eq!(ledger.execute(sql, (&id, &position, object, ahead(0))).unwrap(), 1);
    let (stdout, stderr) = crate::audio::archive(&served, &[], 0);
    let archived = crate::audio::table(&served);
    assert_eq!(archived.len(), crate::audio::with_audio(&served.lake()).len(), "{stdout}{stderr}");
    assert_eq!(warnings(&stderr).len(), 1, "{stderr}");
}

/// Answers every request with an open interview, and says that no request is left until a time.
fn used_up_until(reset: i64) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let addr = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            thread::spawn(move || {
                let mut buffer = [0; 4096];
                while let Ok(length) = stream.read(&mut buffer)
                    && length > 0
                {
                    let request = String::from_utf8_lossy(&buffer[..length]).into_owned();
                    let id = request.split_whitespace().nth(1).unwrap().rsplit('/').next().unwrap();
                    let body = format!("{{\"id\":\"{id}\",\"status\":\"invited\"}}");
                    let date = Timestamp::now().strftime("%a, %d %b %Y %H:%M:%S GMT");
                    let answer = format!(
                        "HTTP/1.1 200 OK\r\nDate: {date}\r\nX-RateLimit-Limit: 100\r\nX-RateLimit-Remaining: 0\r\n\
                         X-RateLimit-Reset: {reset}\r\nContent-Length: {}\r\n\r\n{body}",
                        body.len()
                    );
                    if stream.write_all(answer.as_bytes()).is_err() {
                        return;
                    }
                }
            });
        }
    });
    addr
}

#[test]
fn a_reset_in_the_far_future_is_waited_for_no_longer_than_a_429_and_said_once() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("ids.txt"), "a\nb\nc\n").unwrap();
    for reset in [7_258_000_000, Timestamp::now().as_second() + 24 * 3600] {
        let api = format!("http://{}/api/v1", used_up_until(reset));
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("roundup"));
        command.current_dir(folder.path()).env("XDG_STATE_HOME", folder.path().join(reset.to_string()));
        command.env("ROUNDZERO_API_KEY", SandboxOptions::default().key);
        let lake = format!("lake-{reset}");
        command.args(["ingest", "--lake", &lake, "--api", &api, "ids.txt"]);
        let mut run = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let stderr = run.stderr.take().unwrap();
        thread::spawn(move || BufReader::new(stderr).lines().for_each(|line| _ = sender.send(line.unwrap())));
        let said = first_wait(&lines);
        run.kill().unwrap();
        run.wait().unwrap();
        let line = said.expect("the wait is said");
        assert!(line.contains("no requests are left"), "{line}");
        let seconds: u64 = line.split("(in ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
        assert!((5..=15 * 60).contains(&seconds), "{line}");
    }
}

/// The first line that says when a wait ends, if one comes within a minute.
fn first_wait(lines: &Receiver<String>) -> Option<String> {
    loop {
        let line = lines.recv_timeout(Duration::from_secs(60)).ok()?;
        if line.contains("going on") {
            return Some(line);
        }
    }
}

//! What a connector does on later runs: whom it sends, whom it asks for again, and whom it leaves in peace.

use crate::ats::{JANE, completed_emails, dead, ended, lake_with};
use crate::common::{Served, sample};
use crate::replace::put;
use roundup::sandbox::AtsFault;
use std::collections::BTreeSet;
use std::io::Read;
use std::net::TcpListener;
use std::process::Stdio;

/// What is due, without a day, by a recipe.
fn plain(served: &Served, name: &str, code: i32) -> (String, String) {
    ended(served.ats_command(name).output().unwrap(), code)
}

#[test]
fn a_given_day_holds_for_its_call_alone() {
    let served = lake_with(&[], None);
    served.recipe("ashby", |text| text);
    plain(&served, "ashby", 0);
    served.ats("ashby", &[JANE], 0);
    served.ats("ashby", &["--job", "none-of-this-id"], 0);
    let (stdout, _) = plain(&served, "ashby", 0);
    assert!(stdout.contains("0 interviews to ashby in 0 requests"), "{stdout}");
    // The first run of a connector records the day that it is given.
    served.recipe("ashby", |text| text.replace("name = \"ashby\"", "name = \"another\""));
    served.ats("ashby", &["--job", "none-of-this-id"], 0);
    let before = served.notes().len();
    plain(&served, "ashby", 3);
    assert_eq!(served.notes().len() - before, completed_emails(usize::MAX).len());
}

#[test]
fn a_204_is_a_success_unless_something_is_asked_of_the_answer() {
    let served = lake_with(&[AtsFault::NoContent], Some(1));
    served.give_up_recordings();
    served.recipe("vendor-sample", |text| text);
    served.ats("vendor-sample", &[], 0);
    assert_eq!(served.notes().len(), 1);
    assert_eq!(served.status()["outbox"][0]["delivered"], 1);
    served.recipe("ashby", |text| text);
    served.ats("ashby", &[], 3);
    assert_eq!(dead(&served), ["add the note: answered 204 without what must be at /success"]);
}

/// The completed interviews whose candidate has a fault, each with the fault's number, and the e-mails of all others.
fn with_and_without_fault() -> (Vec<(String, usize)>, BTreeSet<String>) {
    let sample = sample();
    let email = |body: &serde_json::Value| body["candidate"]["email"].as_str().unwrap_or_default().to_lowercase();
    let (mut with, mut without) = (Vec::new(), BTreeSet::new());
    for body in sample.iter().filter(|body| body["status"] == "completed" && !email(body).is_empty()) {
        let first = sample.iter().position(|other| email(other) == email(body)).unwrap();
        if first.is_multiple_of(3) {
            with.push((body["id"].as_str().unwrap().to_owned(), first / 3));
        } else {
            without.insert(email(body));
        }
    }
    (with, without)
}

#[test]
fn one_that_is_refused_keeps_nobody_else_from_being_reached() {
    for (fault, reason) in [
        (AtsFault::Refused, "update the candidate: answered 403"),
        (AtsFault::Redirect, "update the candidate: answered 302"),
    ] {
        // The first of all has the fault, and a third of the others one that is none.
        let mut faults = vec![AtsFault::NoContent; 100];
        faults[0] = fault;
        let served = lake_with(&faults, None);
        served.give_up_recordings();
        served.recipe("vendor-sample", |text| text);
        let (stdout, stderr) = served.ats("vendor-sample", &[], 3);
        assert!(stderr.contains(reason), "{stderr}");
        assert!(
            stdout.contains("1 given up for now, to be tried again") && !stdout.contains("left for the next run"),
            "{stdout}"
        );
        assert_eq!(served.notes().len(), completed_emails(usize::MAX).len() - 1);
        assert_eq!(served.status()["outbox"][0]["pending"], 1);
    }
}

#[test]
fn two_refused_in_a_row_end_a_run_and_the_next_begins_with_others() {
    for (fault, code, words) in [
        (AtsFault::Refused, 5, "ashby does not accept the credentials (403)"),
        (AtsFault::Redirect, 1, "ashby answered 302, which leads elsewhere"),
    ] {
        let (with, without) = with_and_without_fault();
        let served = lake_with(&[fault], None);
        served.recipe("ashby", |text| text);
        let ids: Vec<&str> = with.iter().take(3).map(|(id, _)| id.as_str()).collect();
        let (stdout, stderr) = served.ats("ashby", &ids, code);
        assert!(stderr.contains(words) && stderr.contains("hint: "), "{stderr}");
        assert!(
            stdout.contains("1 given up for now, to be tried again\n           2 left for the next run"),
            "{stdout}"
        );
        assert!(dead(&served).is_empty());
        let reached =
            || -> BTreeSet<String> { served.notes().into_iter().map(|note| note.email.to_lowercase()).collect() };
        for _ in 0..with.len() {
            ended_any(served.ats_command("ashby").args(["--since", "2000-01-01"]).output().unwrap(), &[0, 3, code]);
        }
        assert_eq!(reached(), without);
    }
}

fn ended_any(output: std::process::Output, codes: &[i32]) {
    let code = output.status.code().unwrap();
    assert!(codes.contains(&code), "{code}: {}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn recordings_that_come_after_the_note_are_attached_without_another() {
    for (name, lookups) in [("vendor-sample", 0), ("lever", 1)] {
        let served = lake_with(&[], Some(1));
        served.recipe(name, |text| text);
        let run = |requests: usize| {
            let (stdout, _) = served.ats(name, &[], 0);
            assert!(stdout.contains(&format!("in {requests} request")), "{requests}: {stdout}");
        };
        // Completed long ago, and met now: it is waited for its recordings all the same.
        run(0);
        met_earlier(&served, 73);
        run(1 + lookups);
        assert_eq!((served.notes().len(), pending(&served)), (1, 1), "{name}");
        run(0);
        let archive = ["audio", "--lake", "lake", "--out", "archive", "--allow-loopback"];
        ended(served.roundup().args(archive).output().unwrap(), 0);
        run(7 + lookups);
        let written = served.sandbox.written();
        assert_eq!(written.len(), 8, "{name}");
        assert!(written.iter().all(|one| one.times == 1), "{name}");
        assert_eq!((served.notes().len(), pending(&served)), (1, 0), "{name}");
        run(0);
    }
}

#[test]
fn recordings_that_never_come_end_the_wait_after_ten_nights() {
    let served = lake_with(&[], Some(1));
    served.recipe("vendor-sample", |text| text);
    // One that is named is sent at once, and its recordings are still waited for.
    served.ats("vendor-sample", &[JANE], 0);
    assert_eq!((served.notes().len(), pending(&served)), (1, 1));
    met_earlier(&served, 241);
    let (stdout, _) = served.ats("vendor-sample", &[], 0);
    assert!(stdout.contains("in 0 requests"), "{stdout}");
    assert_eq!((served.notes().len(), pending(&served)), (1, 0));
    assert_eq!(served.status()["outbox"][0]["delivered"], 1);
}

fn met_earlier(served: &Served, hours: i64) {
    let sql = "UPDATE outbox SET met_at = met_at - ?1 * 3600000000";
    assert_eq!(served.ledger().execute(sql, [hours]).unwrap(), 1);
}

fn pending(served: &Served) -> u64 {
    served.status()["outbox"][0]["pending"].as_u64().unwrap()
}

#[test]
fn a_body_that_is_read_again_shortens_no_pause() {
    let served = lake_with(&[AtsFault::Page], Some(1));
    served.recipe("ashby", |text| text);
    served.ats("ashby", &[], 3);
    let ledger = served.ledger();
    ledger.execute("UPDATE interviews SET changed_at = changed_at + 1", []).unwrap();
    for _ in 0..2 {
        let (stdout, _) = served.ats("ashby", &[], 0);
        assert!(stdout.contains("0 interviews to ashby in 0 requests\n") && stdout.lines().count() == 1, "{stdout}");
    }
    let tries: u32 = ledger.query_row("SELECT tries FROM outbox", [], |row| row.get(0)).unwrap();
    assert_eq!(tries, 1);
}

#[test]
fn those_that_cannot_be_asked_for_do_not_end_a_run() {
    let served = lake_with(&[], None);
    let mut completed: Vec<_> = sample().into_iter().filter(|body| body["status"] == "completed").collect();
    completed.sort_by_key(|body| body["completed_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap());
    let last = completed.last().unwrap()["id"].as_str().unwrap();
    served.recipe("ashby", |text| {
        let to = format!("{{{{ interview.candidate.email if interview.id in ['{JANE}', '{last}'] }}}}");
        text.replace("match.text = \"{{ interview.candidate.email }}\"", &format!("match.text = \"{to}\""))
    });
    served.ats("ashby", &[], 3);
    assert_eq!(served.notes().len(), 2);
    assert_eq!(dead(&served).len(), completed.len() - 2);
}

#[test]
fn a_status_can_say_that_a_candidate_is_not_there_yet() {
    let served = lake_with(&[AtsFault::Unknown], Some(1));
    served.give_up_recordings();
    served.recipe("vendor-sample", |text| text);
    let (_, stderr) = served.ats("vendor-sample", &[], 0);
    assert!(stderr.contains("update the candidate: answered 404, and is waited for"), "{stderr}");
    assert_eq!(pending(&served), 1);
    for (wrong, words) in [("[503]", "wait-on: 503 has a meaning of its own"), ("[409]", "409 is in both")] {
        served.recipe("vendor-sample", |text| {
            let both = text.replace("must-not-have = [\"/error\"", "also-done = [409]\nmust-not-have = [\"/error\"");
            both.replace("wait-on = [404]", &format!("wait-on = {wrong}"))
        });
        let (_, stderr) = served.ats("vendor-sample", &[], 2);
        assert!(stderr.contains(words), "{stderr}");
    }
}

#[test]
fn one_that_is_missing_in_the_lake_is_given_up_once() {
    let served = lake_with(&[], Some(1));
    served.recipe("ashby", |text| text);
    served.ledger().execute("UPDATE interviews SET id = 'missing'", []).unwrap();
    let (stdout, _) = served.ats("ashby", &[], 3);
    assert!(stdout.contains("1 given up"), "{stdout}");
    assert_eq!(dead(&served), ["it is in the ledger, and not in the lake"]);
    let (stdout, _) = served.ats("ashby", &[], 0);
    assert!(!stdout.contains("given up"), "{stdout}");
}

#[test]
fn ids_are_checked_and_each_is_sent_once() {
    let served = lake_with(&[], Some(1));
    served.recipe("ashby", |text| text);
    let (_, stderr) = served.ats("ashby", &[".."], 2);
    assert!(stderr.contains("`..`: `.` and `..` are no interview ids"), "{stderr}");
    let (stdout, _) = served.ats("ashby", &[JANE, JANE], 0);
    assert!(
        stdout.contains("sent       1 interview to ashby in 2 requests\n") && stdout.lines().count() == 1,
        "{stdout}"
    );
}

#[test]
fn what_is_put_back_is_sent_under_another_key() {
    let served = lake_with(&[], Some(1));
    let typo = |text: String| text.replace("candidate.createNote", "candidate.createNotes");
    served.recipe("ashby", typo);
    let first = served.next_key("ashby");
    served.ats("ashby", &[], 3);
    served.recipe("ashby", |text| text);
    served.ats("ashby", &["--retry-dead"], 0);
    let written = served.notes().remove(0).idempotency_key;
    assert_ne!(written, first);
}

#[test]
fn an_interrupt_ends_the_wait_for_an_answer() {
    let served = lake_with(&[], Some(1));
    served.recipe("ashby", |text| text.replace("name = \"ashby\"", "name = \"ashby\"\ntimeout = \"10m\""));
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let api = format!("api=http://{}", silent.local_addr().unwrap());
    let child = served
        .process()
        .args(["ats", "--lake", "lake", "--connector", "ashby.toml", "--set", &api, JANE])
        .env("ASHBY_API_KEY", "very-secret")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut request, _) = silent.accept().unwrap();
    request.read_exact(&mut [0; 4]).unwrap();
    rustix::process::kill_process(rustix::process::Pid::from_child(&child), rustix::process::Signal::INT).unwrap();
    // The connection is closed by who waits no longer; the time-out of this read bounds the test.
    request.set_read_timeout(Some(std::time::Duration::from_secs(60))).unwrap();
    request.read_to_end(&mut Vec::new()).unwrap();
    let (stdout, stderr) = ended(child.wait_with_output().unwrap(), 130);
    assert!(stderr.contains("interrupted") && stdout.contains("1 left for the next run"), "{stderr}{stdout}");
    let tries: u32 = served.ledger().query_row("SELECT tries FROM outbox", [], |row| row.get(0)).unwrap();
    assert_eq!(tries, 0, "an interrupt is nobody's fault");
}

#[test]
fn a_dry_run_shows_one_that_is_named_whatever_became_of_it() {
    for fault in [AtsFault::Unprocessable, AtsFault::Limited] {
        let served = lake_with(&[fault], Some(1));
        served.recipe("ashby", |text| text);
        served.ats("ashby", &[], if fault == AtsFault::Limited { 0 } else { 3 });
        let dry = |more: &[&str]| {
            let dry = served.ats_command("ashby").args(["--since", "2000-01-01", "--dry-run"]).args(more).output();
            ended(dry.unwrap(), 0).0
        };
        assert_eq!(dry(&[]), "");
        let text = dry(&[JANE]);
        assert!(text.contains(&format!("# {JANE}: add the note\n")), "{text}");
    }
}

#[test]
fn answers_that_come_while_recordings_are_waited_for_are_sent_as_such() {
    let served = lake_with(&[], Some(1));
    served.recipe("vendor-sample", |text| {
        text.replace("\"screening_notes\":", "\"again\": {{ again }}, \"screening_notes\":")
    });
    served.ats("vendor-sample", &[JANE], 0);
    assert_eq!(pending(&served), 1);
    let mut body = sample().swap_remove(0);
    body["responses"][0]["transcript"] = "what came late".into();
    put(&served.lake(), &[body], true);
    met_earlier(&served, 73);
    served.ats("vendor-sample", &[], 0);
    let again: Vec<bool> = served.notes().iter().map(|note| note.body["again"] == true).collect();
    assert_eq!(again, [false, true]);
}

#[test]
fn those_that_failed_before_do_not_end_a_run_that_delivers_others() {
    let (with, _) = with_and_without_fault();
    let mut faults = vec![AtsFault::NoContent; 100];
    with[..2].iter().for_each(|(_, number)| faults[*number] = AtsFault::Refused);
    let served = lake_with(&faults, None);
    served.give_up_recordings();
    served.recipe("vendor-sample", |text| text);
    with[..2].iter().for_each(|(id, _)| _ = served.ats("vendor-sample", &[id], 3));
    assert_eq!(served.ledger().execute("UPDATE outbox SET next_due = 1", []).unwrap(), 2);
    let (stdout, _) = served.ats("vendor-sample", &[], 3);
    assert!(stdout.contains("2 given up for now") && !stdout.contains("left for the next run"), "{stdout}");
    assert_eq!(served.notes().len(), completed_emails(usize::MAX).len() - 2);
    // Alone, they cannot be told from a key that is refused.
    served.ledger().execute("UPDATE outbox SET next_due = 1", []).unwrap();
    served.ats("vendor-sample", &[], 5);
}

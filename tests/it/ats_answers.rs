//! Everything an applicant tracking system may answer: a clear record, nothing lost.

use roundup::sandbox::AtsFault;

use crate::ats::{JANE, completed_emails, dead, ended, lake_with};
use crate::common::Served;

/// What is said of a candidate with a fault.
fn with_fault(fault: AtsFault, name: &str, code: i32) -> (Served, String) {
    let served = lake_with(&[fault], Some(1));
    served.give_up_recordings();
    served.recipe(name, |text| text);
    let (_, stderr) = served.ats(name, &[], code);
    (served, stderr)
}

#[test]
fn a_200_with_an_error_is_a_dead_letter_with_its_place() {
    for (name, reason) in [
        ("greenhouse", "add the note: answered 200 with an error at /errors"),
        ("ashby", "add the note: answered 200 without what must be at /success"),
        ("vendor-sample", "update the candidate: answered 200 with an error at /errors"),
    ] {
        let (served, stderr) = with_fault(AtsFault::ErrorIn200, name, 3);
        assert_eq!(dead(&served), [reason]);
        assert!(stderr.contains(&format!("interview {JANE} is given up: {reason}")), "{stderr}");
        assert!(served.sandbox.written().is_empty());
    }
}

#[test]
fn a_409_and_a_422_are_dead_letters_and_can_be_put_back() {
    for (fault, reason) in [(AtsFault::Conflict, "answered 409"), (AtsFault::Unprocessable, "answered 422")] {
        let (served, _) = with_fault(fault, "ashby", 3);
        assert_eq!(dead(&served), [format!("add the note: {reason}")]);
        let (stdout, _) = served.ats("ashby", &[], 0);
        assert!(stdout.contains("0 interviews to ashby in 0 requests"), "{stdout}");
        let (_, stderr) = served.ats("ashby", &["--retry-dead", JANE], 3);
        assert!(stderr.contains("1 dead letters are put back"), "{stderr}");
        let (text, _) = ended(served.roundup().args(["status", "--lake", "lake"]).output().unwrap(), 0);
        assert!(text.contains("outbox     ashby: 0 delivered, 0 to be sent or tried again, 1 given up"), "{text}");
        assert!(text.contains(&format!("{JANE}  add the note: {reason} (1 try)")), "{text}");
    }
    // Where the connector says what a 409 means, it is a success.
    let served = lake_with(&[AtsFault::Conflict], Some(1));
    served.recipe("ashby", |text| {
        text.replace("must-be = { \"/success\" = true }\njson = '''", "also-done = [409]\njson = '''")
    });
    served.ats("ashby", &[], 0);
    assert_eq!(served.status()["outbox"][0]["delivered"], 1);
}

#[test]
fn what_passes_is_waited_for_within_the_run() {
    for fault in [AtsFault::Limited, AtsFault::Unavailable, AtsFault::TokenEnded, AtsFault::AnswerLost] {
        let (served, _) = with_fault(fault, "greenhouse", 0);
        let notes = served.notes();
        assert_eq!(notes.len(), 1, "{fault:?}");
        // A note whose answer was lost came twice, under one key.
        assert_eq!(notes[0].times, if fault == AtsFault::AnswerLost { 2 } else { 1 }, "{fault:?}");
        assert_eq!(served.status()["outbox"][0]["delivered"], 1);
    }
}

#[test]
fn nothing_and_no_json_are_tried_again() {
    let served = lake_with(&[AtsFault::Silence], Some(1));
    served.recipe("ashby", |text| text.replace("name = \"ashby\"", "name = \"ashby\"\ntimeout = \"300ms\""));
    served.ats("ashby", &[], 0);
    assert_eq!(served.notes().len(), 1);

    let (served, stderr) = with_fault(AtsFault::Page, "ashby", 3);
    assert!(stderr.contains("is tried again after"), "{stderr}");
    assert!(stderr.contains("add the note: answered 200 with something that is no JSON"), "{stderr}");
    assert_eq!(served.status()["outbox"][0]["pending"], 1);
    // Not due yet, but asked for.
    served.ats("ashby", &[], 0);
    assert!(served.notes().is_empty());
    served.ats("ashby", &[JANE], 0);
    assert_eq!(served.notes().len(), 1);
}

#[test]
fn a_candidate_who_is_not_known_yet_is_looked_for_again() {
    let (served, stderr) = with_fault(AtsFault::Unknown, "lever", 0);
    assert!(stderr.contains("find the opportunity: found nothing at /data"), "{stderr}");
    assert_eq!(served.status()["outbox"][0]["pending"], 1);
    assert!(dead(&served).is_empty());
    // After weeks it is given up, and listed.
    let ledger = served.ledger();
    assert_eq!(ledger.execute("UPDATE outbox SET tries = 8, next_due = 1", []).unwrap(), 1);
    served.ats("lever", &[], 3);
    assert_eq!(dead(&served), ["find the opportunity: found nothing at /data"]);
}

#[test]
fn a_lasting_limit_ends_the_run_and_loses_nothing() {
    let served = lake_with(&[AtsFault::OverLimit], None);
    served.recipe("ashby", |text| text);
    let (stdout, stderr) = served.ats("ashby", &[], 1);
    assert!(stderr.contains("ashby is over its limit of requests, and stays so\nhint: "), "{stderr}");
    assert!(stdout.contains("left for the next run"), "{stdout}");
    assert!(dead(&served).is_empty());
}

#[test]
fn without_a_token_nothing_is_sent() {
    let served = lake_with(&[], Some(1));
    served.recipe("greenhouse", |text| text);
    let nowhere = format!("auth=http://{}/ats/nowhere", served.sandbox.addr());
    let (_, stderr) = served.ats("greenhouse", &["--set", &nowhere], 5);
    assert!(stderr.contains("greenhouse: the request for a token was answered 404"), "{stderr}");
    assert_eq!(served.status()["outbox"][0]["pending"], 1);
    served.ats("greenhouse", &[], 0);
    assert_eq!(served.notes().len(), 1);
}

#[test]
fn a_system_that_is_not_there_is_nobodys_fault() {
    let served = lake_with(&[], Some(3));
    served.recipe("ashby", |text| text);
    // Nothing listens at a port that was just given back.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (stdout, stderr) = served.ats("ashby", &["--set", &format!("api=http://{free}")], 1);
    assert!(stderr.contains("cannot reach ashby: ") && stdout.contains("left for the next run"), "{stderr}{stdout}");
    served.ats("ashby", &[], 0);
    assert!(dead(&served).is_empty());
    assert_eq!(served.notes().len(), completed_emails(3).len());
}

#[test]
fn a_system_that_takes_nobody_is_not_asked_for_everybody() {
    let served = lake_with(&[], None);
    served.recipe("ashby", |text| text.replace("candidate.createNote", "candidate.createNotes"));
    let (stdout, stderr) = served.ats("ashby", &[], 1);
    assert!(stderr.contains("ashby: 5 interviews in a row could not be delivered"), "{stderr}");
    assert!(stdout.contains("42 left for the next run"), "{stdout}");
    assert_eq!(dead(&served), ["add the note: answered 404"; 5]);
    // The recipe put right, everybody is reached.
    served.recipe("ashby", |text| text);
    served.ats("ashby", &["--retry-dead"], 3);
    assert_eq!(served.notes().len(), completed_emails(usize::MAX).len());
}

//! Nothing reaches somebody else: whom a search means, and what becomes of an interview when that is not known.

use std::fs;
use std::os::unix::fs::symlink;

use roundup::sandbox::AtsFault;

use crate::ats::{JANE, dead, ended, lake_with};
use crate::common::{Served, rows};

const WITH_SEARCH: [&str; 3] = ["greenhouse", "ashby", "lever"];

/// A lake with one interview, whose candidate has a fault, sent by a recipe.
fn sent_with(fault: AtsFault, name: &str, code: i32) -> (Served, String) {
    let served = lake_with(&[fault], Some(1));
    served.give_up_recordings();
    served.recipe(name, |text| text);
    let (_, stderr) = served.ats(name, &[], code);
    (served, stderr)
}

fn reached(served: &Served) -> Vec<String> {
    served.notes().into_iter().map(|note| note.email).collect()
}

#[test]
fn the_one_who_matches_is_taken_among_others() {
    for name in WITH_SEARCH {
        let (served, _) = sent_with(AtsFault::Fuzzy, name, 0);
        assert_eq!(reached(&served), ["jane@example.com"], "{name}");
    }
}

#[test]
fn somebody_who_only_mentions_the_candidate_is_not_told_and_the_candidate_is_waited_for() {
    for name in WITH_SEARCH {
        let (served, stderr) = sent_with(AtsFault::OnlyOthers, name, 0);
        assert!(stderr.contains("found 1 at ") && stderr.contains(", and nobody who matches"), "{name}: {stderr}");
        assert_eq!(reached(&served), [""; 0], "{name}");
        assert_eq!(served.status()["outbox"][0]["pending"], 1, "{name}");
        // After weeks it is given up, and listed.
        served.ledger().execute("UPDATE outbox SET tries = 8, next_due = 1", []).unwrap();
        served.ats(name, &[], 3);
        assert!(dead(&served)[0].ends_with("and nobody who matches"), "{name}");
    }
}

#[test]
fn two_who_match_are_said_and_neither_is_told() {
    for name in WITH_SEARCH {
        let (served, _) = sent_with(AtsFault::Twins, name, 3);
        assert!(dead(&served)[0].ends_with("who match, and which is meant is not known"), "{name}");
        assert_eq!(reached(&served), [""; 0], "{name}");
    }
}

#[test]
fn a_candidate_who_was_merged_is_searched_again() {
    for name in WITH_SEARCH {
        let (served, _) = sent_with(AtsFault::Merged, name, 0);
        let notes = served.notes();
        assert_eq!((notes.len(), notes[0].times), (1, 1), "{name}");
        assert_eq!(served.status()["outbox"][0]["delivered"], 1, "{name}");
    }
}

#[test]
fn a_connector_of_the_former_kind_is_refused_with_what_to_do() {
    let served = lake_with(&[], Some(1));
    for (change, words) in [
        (
            "at-most-one = \"/results\"\nmust-mention = \"{{ interview.candidate.email }}\"\n",
            "step `find the candidate`: `must-mention` is not enough",
        ),
        ("match.among = \"/results\"\nmatch.text = \"x\"\nmatch.at = []\n", "`match` needs places in `match.at`"),
        ("match.text = \"x\"\nmatch.at = [\"email\"]\n", "`email` is no JSON pointer"),
        ("at-most-one = \"/results\"\nmatch.text = \"x\"\nmatch.at = [\"/email\"]\n", "no `at-most-one`"),
    ] {
        served.recipe("ashby", |text| {
            let (before, rest) = text.split_once("match.among").unwrap();
            let (_, after) = rest.split_once("capture.").unwrap();
            format!("{before}{change}capture.{after}")
        });
        let (_, stderr) = served.ats("ashby", &[], 2);
        assert!(stderr.contains(words), "{words}: {stderr}");
        assert!(!words.contains("must-mention") || stderr.contains("hint: `match.among`, `match.text`"), "{stderr}");
    }
    assert!(served.sandbox.written().is_empty());
}

#[test]
fn without_its_answers_no_interview_is_sent() {
    let served = lake_with(&[], Some(1));
    served.recipe("ashby", |text| text);
    let folder = fs::read_dir(served.path("lake/responses")).unwrap().next().unwrap().unwrap().path();
    let file = fs::read_dir(folder).unwrap().next().unwrap().unwrap().path();
    let away = served.path("away.parquet");
    fs::rename(&file, &away).unwrap();
    for more in [&["--dry-run"][..], &[]] {
        let (stdout, stderr) = served.ats("ashby", more, 1);
        assert!(!stdout.contains("note"), "{stdout}");
        assert!(stderr.contains(file.file_name().unwrap().to_str().unwrap()), "{stderr}");
    }
    assert!(served.notes().is_empty());
    fs::rename(away, file).unwrap();
    served.ats("ashby", &[], 0);
    assert!(served.notes()[0].body["note"].as_str().unwrap().contains("\nA: "));
}

#[test]
fn a_recording_outside_the_archive_is_not_sent() {
    let served = lake_with(&[], Some(1));
    let archive = ["audio", "--lake", "lake", "--out", "archive", "--allow-loopback"];
    ended(served.roundup().args(archive).output().unwrap(), 0);
    let object = rows(&served.lake(), "audio")[0]["object"].clone();
    let secret = served.write("secret.txt", "ID3 what nobody else may have");
    fs::remove_file(served.path("archive").join(&object)).unwrap();
    symlink(secret, served.path("archive").join(&object)).unwrap();
    served.recipe("vendor-sample", |text| text);
    let (_, stderr) = served.ats("vendor-sample", &[JANE], 3);
    assert!(stderr.contains("it is outside the archive"), "{stderr}");
    let name = format!("interview_{}", object.rsplit('/').next().unwrap());
    assert!(served.sandbox.written().iter().all(|one| one.body["file"] != name.as_str()));
}

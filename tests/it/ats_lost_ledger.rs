//! A ledger that is lost makes nobody be written to again: what was sent is in the lake, and what is under way is in the
//! journal of deliveries.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use jiff::Timestamp;
use proptest::prelude::*;
use roundup::lake::Lake;
use roundup::lake::deliveries::Outbox;
use roundup::ledger::{Ledger, Outgoing};
use roundup::sandbox::SandboxOptions;

use crate::ats::{JANE, dead, ended, lake_with};
use crate::common::{Served, rows, sample, serve_with};
use crate::replace::put;

/// Deletes the ledger and all that SQLite and the seal keep beside it.
fn lose_ledger(lake: &Path) {
    for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.seal"] {
        let _not_there = fs::remove_file(lake.join("_roundup").join(name));
    }
}

fn journal(served: &Served) -> std::path::PathBuf {
    served.lake().join("_roundup/deliveries")
}

/// What is due, without a day.
fn plain(served: &Served, name: &str, code: i32) -> (String, String) {
    ended(served.ats_command(name).output().unwrap(), code)
}

#[test]
fn what_was_sent_is_not_sent_again() {
    let served = lake_with(&[], None);
    served.recipe("ashby", |text| text);
    served.ats("ashby", &[], 3);
    let (notes, sent) = (served.notes().len(), rows(&served.lake(), "deliveries"));
    let outcome = |name: &str| sent.iter().filter(|row| row["outcome"] == name).count();
    assert_eq!((outcome("delivered"), outcome("given-up")), (notes, sent.len() - notes));
    assert!(notes > 10 && sent.len() > notes, "{sent:?}");
    assert!(sent.iter().all(|row| row.contains_key("reason") == (row["outcome"] == "given-up")));
    let outbox = served.status()["outbox"].clone();
    let lose: [&dyn Fn(); 3] = [
        &|| lose_ledger(&served.lake()),
        // Even with it: the ends are in the table.
        &|| {
            lose_ledger(&served.lake());
            fs::remove_file(journal(&served)).unwrap();
        },
        &|| _ = ended(served.roundup().args(["ledger", "rebuild", "--lake", "lake"]).output().unwrap(), 0),
    ];
    for lose in lose {
        lose();
        let (stdout, stderr) = plain(&served, "ashby", 0);
        assert!(stdout.contains(" in 0 requests"), "{stdout}");
        assert!(!stderr.contains("first run"), "{stderr}");
        assert_eq!(served.notes().len(), notes);
        assert_eq!(served.status()["outbox"], outbox);
        assert_eq!(rows(&served.lake(), "deliveries"), sent);
        ended(served.roundup().args(["status", "--check", "--lake", "lake"]).output().unwrap(), 0);
    }
}

#[test]
fn killed_at_any_step_and_without_its_ledger_it_goes_on_where_it_was() {
    let places = [
        "ats-enqueued",
        "ats-answered",
        "ats-step-journaled",
        "ats-step-recorded",
        "ats-end-journaled",
        "publish-staged",
        "publish-recorded",
        "publish-placed-all",
        "publish-committed",
        "ats-published",
    ];
    let served = serve_with(SandboxOptions { interviews: Some(1), limit: None, ..SandboxOptions::default() });
    served.run(&served.pipeline(""), 0);
    let archive = ["audio", "--lake", "lake", "--out", "archive", "--allow-loopback"];
    ended(served.roundup().args(archive).output().unwrap(), 0);
    for (number, place) in places.iter().enumerate() {
        // Another connector is another system to the outbox, and starts anew.
        let name = format!("name = \"system-{number}\"");
        served.recipe("vendor-sample", |text| text.replace("name = \"vendor-sample\"", &name));
        let before = served.sandbox.written().len();
        let output = served
            .ats_command("vendor-sample")
            .args(["--since", "2000-01-01"])
            .env("ROUNDUP_CRASH_AT", place)
            .output()
            .unwrap();
        assert_eq!(output.status.code(), None, "it did not die at {place}");
        lose_ledger(&served.lake());
        // Nothing but the journal says then what the id of the lake was.
        if number % 2 == 0 {
            fs::remove_dir_all(served.lake().join("_roundup/log")).unwrap();
        }
        served.ats("vendor-sample", &[], 0);
        let written = served.sandbox.written().split_off(before);
        assert_eq!(written.len(), 8, "{place}");
        // Of a request that was answered and not recorded, the system knows the key.
        let again = written.iter().filter(|one| one.times > 1).count();
        assert_eq!(again, usize::from(*place == "ats-answered"), "{place}");
        assert_eq!(rows(&served.lake(), "deliveries").len(), number + 1, "{place}");
    }
    ended(served.roundup().args(["status", "--check", "--lake", "lake"]).output().unwrap(), 0);
}

#[test]
fn what_was_given_up_stays_so_and_is_put_back_under_a_new_key() {
    let served = lake_with(&[], Some(1));
    let typo = |text: String| text.replace("candidate.createNote", "candidate.createNotes");
    served.recipe("ashby", typo);
    let mut keys = vec![served.next_key("ashby")];
    served.ats("ashby", &[], 3);
    let why = dead(&served);
    for _ in 0..2 {
        lose_ledger(&served.lake());
        plain(&served, "ashby", 0);
        assert_eq!(dead(&served), why);
        // Put back, given up again, and lost once more.
        served.ats("ashby", &["--retry-dead"], 3);
        keys.push(served.next_key("ashby"));
    }
    lose_ledger(&served.lake());
    served.recipe("ashby", |text| text);
    served.ats("ashby", &["--retry-dead"], 0);
    keys.push(served.notes().remove(0).idempotency_key);
    let count = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), count);
}

#[test]
fn without_its_journal_or_with_a_wrong_one_nothing_is_lost_as_long_as_the_ledger_is_there() {
    let other = lake_with(&[], Some(1));
    other.recipe("vendor-sample", |text| text);
    other.ats("vendor-sample", &[], 0);
    let foreign = fs::read(journal(&other)).unwrap();
    assert!(!foreign.is_empty());
    type Harm<'a> = &'a dyn Fn(&mut Vec<u8>);
    let harms: [(Harm<'_>, Option<&str>); 5] = [
        (&|bytes| bytes.clear(), None),
        (&|bytes| bytes.truncate(bytes.len() * 2 / 3), Some("is damaged or was cut short after ")),
        (&|bytes| bytes[60] ^= 4, Some("is damaged or was cut short after 0 of ")),
        (&|bytes| bytes.extend(b"\0\0\0"), Some("is damaged or was cut short after ")),
        (&|bytes| bytes.clone_from(&foreign), Some("is of another lake, and is moved to ")),
    ];
    for (number, (harm, says)) in harms.into_iter().enumerate() {
        let served = lake_with(&[], Some(1));
        served.give_up_recordings();
        served.recipe("vendor-sample", |text| text);
        let output = served
            .ats_command("vendor-sample")
            .args(["--since", "2000-01-01"])
            .env("ROUNDUP_CRASH_AT", "ats-step-recorded")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), None);
        let mut bytes = fs::read(journal(&served)).unwrap();
        harm(&mut bytes);
        fs::write(journal(&served), bytes).unwrap();
        let (_, stderr) = served.ats("vendor-sample", &[], 0);
        assert!(says.is_none_or(|says| stderr.contains(says)), "{number}: {stderr}");
        assert!(!stderr.contains("WARN") || says.is_some(), "{number}: {stderr}");
        assert_eq!(served.notes()[0].times, 1, "{number}");
        assert_eq!(rows(&served.lake(), "deliveries").len(), 1);
    }
}

#[test]
fn rows_of_deliveries_that_are_gone_are_written_again() {
    let served = lake_with(&[], Some(1));
    served.recipe("greenhouse", |text| text);
    served.ats("greenhouse", &[], 0);
    let sent = rows(&served.lake(), "deliveries");
    fs::remove_dir_all(served.lake().join("deliveries")).unwrap();
    ended(served.ats_command("greenhouse").output().unwrap(), 1);
    ended(served.roundup().args(["repair", "--lake", "lake"]).output().unwrap(), 0);
    plain(&served, "greenhouse", 0);
    assert_eq!(rows(&served.lake(), "deliveries"), sent);
    assert_eq!(served.notes().len(), 1);
}

/// A thing that happens to one interview in the outbox.
#[derive(Debug, Clone)]
enum Happens {
    /// Answers of some version are to be sent.
    Enqueued(u8),
    Step(u8),
    Delivered,
    GivenUp,
    PutBack,
    PassEnds,
    LedgerLost,
    JournalLost,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        3 => (0..3_u8).prop_map(Happens::Enqueued),
        3 => (0..3_u8).prop_map(Happens::Step),
        2 => Just(Happens::Delivered),
        2 => Just(Happens::GivenUp),
        1 => Just(Happens::PutBack),
        2 => Just(Happens::PassEnds),
        2 => Just(Happens::LedgerLost),
        1 => Just(Happens::JournalLost),
    ]
}

/// What decides what is sent, and under which key.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Standing {
    version: String,
    state: String,
    generation: u32,
    deliveries: u32,
    steps: Vec<String>,
}

/// An end: of which answers, whether they were delivered, and the counts by which it is told from others.
type End = (String, bool, u32, u32);

const SYSTEM: &str = "system";

fn standing(ledger: &Ledger) -> Option<Standing> {
    let outgoing = ledger.outgoing_one(SYSTEM, JANE).unwrap().unwrap();
    let entry = outgoing.entry?;
    let mut steps = ledger.done_steps(SYSTEM, JANE).unwrap();
    steps.sort();
    Some(Standing {
        version: entry.version,
        state: format!("{:?}", entry.state),
        generation: entry.generation,
        deliveries: entry.deliveries,
        steps,
    })
}

fn do_it(outbox: &mut Outbox<'_>, happens: &Happens) {
    let now = Timestamp::now();
    let is = standing(outbox.ledger);
    let is_pending = is.as_ref().is_some_and(|is| is.state == "Pending");
    match happens {
        // As a pass does it: only answers that differ.
        Happens::Enqueued(version) => {
            let version = format!("v{version}");
            if is.is_none_or(|is| is.version != version) {
                let outgoing = Outgoing { id: JANE.to_owned(), read_at: None, entry: None };
                outbox.ledger.enqueue(SYSTEM, &outgoing, &version, now).unwrap();
            }
        }
        Happens::Step(number) if is_pending => {
            outbox.record_step(SYSTEM, JANE, &format!("step {number}")).unwrap();
        }
        Happens::Delivered if is_pending => outbox.record_delivered(SYSTEM, JANE).unwrap(),
        Happens::GivenUp if is_pending => outbox.record_undelivered(SYSTEM, JANE, "answered 400", None).unwrap(),
        Happens::PutBack => _ = outbox.put_back(SYSTEM, &[]).unwrap(),
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn an_outbox_that_is_rebuilt_sends_what_the_lost_one_would_have(story in prop::collection::vec(happens(), 1..16)) {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("lake");
        put(&root, &sample()[..1], false);
        let lake = || Lake::create(&root).unwrap();
        let mut ends: BTreeMap<End, u32> = BTreeMap::new();
        for part in story.split_inclusive(|happens| {
            matches!(happens, Happens::PassEnds | Happens::LedgerLost | Happens::JournalLost)
        }) {
            let (before, is_published) = {
                let lake = lake();
                let lock = lake.lock().unwrap();
                let mut ledger = lake.ledger(&lock).unwrap();
                let mut outbox = Outbox::open(&lake, &mut ledger).unwrap();
                let mut is_enqueued = false;
                for happens in part {
                    // A pass comes to an interview once.
                    if matches!(happens, Happens::Enqueued(_)) && std::mem::replace(&mut is_enqueued, true) {
                        continue;
                    }
                    do_it(&mut outbox, happens);
                    let is = standing(outbox.ledger);
                    if let (Happens::Delivered | Happens::GivenUp, Some(is)) = (happens, is)
                        && is.state != "Pending"
                    {
                        ends.insert((is.version, is.state == "Delivered", is.generation, is.deliveries), 1);
                    }
                }
                let is_published = matches!(part.last(), Some(Happens::PassEnds));
                if is_published {
                    outbox.finish().unwrap();
                }
                (standing(&ledger), is_published)
            };
            match part.last() {
                Some(Happens::LedgerLost) => lose_ledger(&root),
                Some(Happens::JournalLost) => fs::remove_file(root.join("_roundup/deliveries")).unwrap(),
                _ => {}
            }
            let lake = lake();
            let lock = lake.lock().unwrap();
            let ledger = lake.ledger(&lock).unwrap();
            let after = standing(&ledger);
            let has_begun = |is: &Standing| is.state != "Pending" || !is.steps.is_empty();
            match &before {
                Some(before) if has_begun(before) || !matches!(part.last(), Some(Happens::LedgerLost)) => {
                    prop_assert_eq!(Some(before), after.as_ref());
                }
                // Of what was only to be sent, the earlier end is known, or nothing.
                Some(before) => {
                    let kept = after.is_none_or(|after| {
                        after.generation <= before.generation && after.deliveries <= before.deliveries
                    });
                    prop_assert!(kept);
                }
                None => prop_assert_eq!(None, after),
            }
            if is_published {
                prop_assert!(ledger.unpublished_deliveries().unwrap().is_empty());
            }
        }
        let lake = lake();
        let lock = lake.lock().unwrap();
        let mut ledger = lake.ledger(&lock).unwrap();
        Outbox::open(&lake, &mut ledger).unwrap().finish().unwrap();
        let mut published: BTreeMap<End, u32> = BTreeMap::new();
        for row in rows(&root, "deliveries") {
            let count = |column: &str| row[column].parse::<u32>().unwrap();
            let is_delivered = row["outcome"] == "delivered";
            let key = (row["answers_sha256"].clone(), is_delivered, count("put_back"), count("deliveries"));
            *published.entry(key).or_default() += 1;
        }
        // Each end once, but that one may be missing which other answers replaced before its pass had ended.
        prop_assert!(published.values().all(|count| *count == 1), "{:?}", published);
        prop_assert!(published.keys().all(|key| ends.contains_key(key)), "{:?} {:?}", published, ends);
    }
}

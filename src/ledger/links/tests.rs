use std::collections::HashMap;
use std::fs;

use proptest::prelude::*;
use rusqlite::{Connection, params};

use super::*;

fn recording(interview: u32, position: u32) -> RecordingId {
    RecordingId { interview: format!("interview-{interview}"), position }
}

fn kept(interview: u32, position: u32, link: &str, fetched_at: Timestamp) -> KeptLink {
    let object = format!("interviews/{interview}/q{position}.mp3");
    let link = Link::new(link.to_owned());
    KeptLink { recording: recording(interview, position), object, link, settled_at: Some(fetched_at), fetched_at }
}

fn ledger(folder: &tempfile::TempDir) -> Ledger {
    Ledger::open(&folder.path().join("ledger.db")).unwrap()
}

fn files(folder: &tempfile::TempDir) -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> = fs::read_dir(folder.path().join("links")).unwrap().map(|one| one.unwrap().path()).collect();
    files.sort();
    files
}

#[derive(Debug, Clone)]
enum Step {
    Keep { writer: usize, links: Vec<(u32, u32)>, age: i64 },
    Forget { writer: usize, interview: u32, position: u32 },
    Reopen { writer: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let key = || (0..6_u32, 0..3_u32);
    let keep = (0..2_usize, prop::collection::vec(key(), 1..8), 0..30_i64)
        .prop_map(|(writer, links, age)| Step::Keep { writer, links, age });
    let forget =
        (0..2_usize, key()).prop_map(|(writer, (interview, position))| Step::Forget { writer, interview, position });
    let reopen = (0..2_usize).prop_map(|writer| Step::Reopen { writer });
    prop::collection::vec(prop_oneof![4 => keep, 2 => forget, 1 => reopen], 0..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Two writers take turns, as an ingest and the archiving beside it do.
    #[test]
    fn the_newest_word_on_a_recording_counts(steps in steps()) {
        let folder = tempfile::tempdir().unwrap();
        let mut writers = [ledger(&folder), ledger(&folder)];
        // What a map would hold: when, and the link.
        let mut twin: HashMap<(u32, u32), (Timestamp, Option<String>)> = HashMap::new();
        for (number, step) in steps.into_iter().enumerate() {
            match step {
                Step::Keep { writer, links, age } => {
                    let at = Timestamp::now() - SignedDuration::from_hours(age);
                    let link = format!("https://x/{number}");
                    let links: Vec<KeptLink> = links
                        .into_iter()
                        .map(|(interview, position)| {
                            let entry = twin.entry((interview, position)).or_insert((Timestamp::MIN, None));
                            if entry.0 <= at {
                                *entry = (at, Some(link.clone()));
                            }
                            kept(interview, position, &link, at)
                        })
                        .collect();
                    writers[writer].keep_links(&links).unwrap();
                }
                Step::Forget { writer, interview, position } => {
                    let object = format!("interviews/{interview}/q{position}.mp3");
                    writers[writer].forget_link(&recording(interview, position), &object).unwrap();
                    twin.insert((interview, position), (Timestamp::now(), None));
                }
                Step::Reopen { writer } => writers[writer] = ledger(&folder),
            }
        }
        let at = Timestamp::now();
        let all: Vec<RecordingId> = (0..6).flat_map(|one| (0..3).map(move |position| recording(one, position))).collect();
        let found = writers[0].live_links().unwrap().of(&all, at);
        let expected: HashMap<(RecordingId, String), Link> = twin
            .into_iter()
            .filter(|(_, (fetched_at, _))| *fetched_at > links_dead_since(at))
            .filter_map(|((interview, position), (_, link))| {
                let object = format!("interviews/{interview}/q{position}.mp3");
                Some(((recording(interview, position), object), Link::new(link?)))
            })
            .collect();
        prop_assert_eq!(found, expected);
    }
}

#[test]
fn a_file_that_is_cut_short_or_damaged_ends_there_and_the_next_link_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let at = Timestamp::now();
    let mut writer = ledger(&folder);
    writer.keep_links(&[kept(0, 0, "https://x/0", at)]).unwrap();
    let first = fs::read(&files(&folder)[0]).unwrap().len();
    writer.keep_links(&[kept(1, 0, "https://x/1", at)]).unwrap();
    let path = files(&folder).remove(0);
    let whole = fs::read(&path).unwrap();
    let all = [recording(0, 0), recording(1, 0), recording(2, 0)];
    let mut damaged = whole.clone();
    *damaged.last_mut().unwrap() ^= 1;
    for (bytes, expected) in [
        (&whole[..], 2),
        (&whole[..whole.len() - 1], 1),
        (&damaged, 1),
        (&whole[..first], 1),
        (&whole[..first - 1], 0),
        (b"", 0),
        (b"no frame", 0),
    ] {
        fs::write(&path, bytes).unwrap();
        let mut next = ledger(&folder);
        assert_eq!(next.live_links().unwrap().of(&all, at).len(), expected);
        next.keep_links(&[kept(2, 0, "https://x/2", at)]).unwrap();
        assert_eq!(next.live_links().unwrap().of(&all, at).len(), expected + 1);
        fs::remove_file(files(&folder).last().unwrap()).unwrap();
    }
    // A whole folder that is gone.
    fs::remove_dir_all(folder.path().join("links")).unwrap();
    writer.keep_links(&[kept(0, 0, "https://x/0", at)]).unwrap();
    assert_eq!(writer.live_links().unwrap().of(&all, at).len(), 1);
}

#[test]
fn links_that_come_later_are_read_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let at = Timestamp::now();
    let (mut first, mut second, mut place) = (ledger(&folder), ledger(&folder), LinkPlace::default());
    let reader = ledger(&folder);
    let mut read = |reader: &Ledger, enough| -> Vec<String> {
        let links = reader.links_after(&mut place, enough, at).unwrap();
        links.into_iter().map(|kept| kept.recording.interview).collect()
    };
    first.keep_links(&[kept(0, 0, "https://x/", at)]).unwrap();
    second.keep_links(&[kept(1, 0, "https://x/", at)]).unwrap();
    assert_eq!(read(&reader, 9), ["interview-0", "interview-1"]);
    first.keep_links(&[kept(2, 0, "https://x/", at)]).unwrap();
    first.keep_links(&[kept(3, 0, "https://x/", at - SignedDuration::from_hours(25))]).unwrap();
    first.keep_links(&[kept(4, 0, "https://x/", at)]).unwrap();
    assert_eq!(read(&reader, 1), ["interview-2"]);
    assert_eq!(read(&reader, 9), ["interview-4"]);
    assert!(read(&reader, 9).is_empty());
}

#[test]
fn many_links_take_few_bytes_each_and_are_dropped_with_their_day() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let at = Timestamp::now();
    let mut writer = ledger(&folder);
    // In the sandbox's form, whose signature no compression makes shorter than its 32 bytes.
    let link = |number: u32| {
        let signature = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(number.to_le_bytes()));
        format!("https://127.0.0.1:8000/audio/{number}.mp3?expires=1780000000&signature={signature}")
    };
    for minute in 0..60 {
        let links: Vec<KeptLink> =
            (0..500).map(|one| kept(minute * 100 + one / 5, one % 5, &link(minute * 500 + one), at)).collect();
        writer.keep_links(&links).unwrap();
    }
    let bytes: u64 = files(&folder).iter().map(|path| path.metadata().unwrap().len()).sum();
    assert!(bytes < 60 * 30_000, "{bytes}");
    for path in files(&folder) {
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
    writer.forget_old_links(at + SignedDuration::from_hours(23)).unwrap();
    assert!(!files(&folder).is_empty());
    writer.forget_needless_links(|recording, _| recording.interview != "interview-7").unwrap();
    assert!(!files(&folder).is_empty());
    writer.forget_old_links(at + SignedDuration::from_hours(25)).unwrap();
    assert!(files(&folder).is_empty());
}

#[test]
fn an_erasure_keeps_all_other_links_however_long_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let at = Timestamp::now();
    let mut writer = ledger(&folder);
    let long = "x".repeat(8_000);
    let links: Vec<KeptLink> = (0..1_000).map(|one| kept(one, 0, &format!("https://x/{one}/{long}"), at)).collect();
    writer.keep_links(&links).unwrap();
    writer.erase(&["interview-0"].into()).unwrap();
    writer.keep_links(&[kept(1_000, 0, "https://x/1000", at)]).unwrap();
    let all: Vec<RecordingId> = (0..=1_000).map(|one| recording(one, 0)).collect();
    let found = writer.live_links().unwrap().of(&all, at);
    assert_eq!(found.len(), 1_000);
    assert!(found.keys().all(|(recording, _)| recording.interview != "interview-0"));
}

#[test]
fn what_a_killed_erasure_was_writing_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let at = Timestamp::now();
    let mut writer = ledger(&folder);
    writer.keep_links(&[kept(0, 0, "https://x/0", at)]).unwrap();
    let whole = files(&folder);
    let left = whole[0].with_extension("new");
    fs::copy(&whole[0], &left).unwrap();
    writer.forget_old_links(at).unwrap();
    assert_eq!(files(&folder), whole);
    // Also when its interview has no other link any more.
    fs::rename(&whole[0], &left).unwrap();
    writer.erase(&["interview-0"].into()).unwrap();
    assert!(files(&folder).is_empty());
}

#[test]
fn links_of_an_older_ledger_move_and_its_space_is_given_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    drop(ledger(&folder));
    let old = Connection::open(&path).unwrap();
    old.execute_batch("DELETE FROM migrations WHERE name = '0010-links'").unwrap();
    let table = include_str!("../migrations/0006-audio.sql");
    old.execute_batch(&table[..table.find("-- Recordings that are archived").unwrap()]).unwrap();
    let at = Timestamp::now();
    let sql = "WITH RECURSIVE one(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM one WHERE n < 99999)
               INSERT INTO links (interview_id, position, object, link, settled_at, fetched_at)
               SELECT 'interview-' || n, 0, 'o.mp3', 'https://x/' || hex(randomblob(200)) || n, NULL, ?1 FROM one";
    old.execute(sql, params![at.as_microsecond()]).unwrap();
    drop(old);
    let before = path.metadata().unwrap().len();
    assert!(before > 40_000_000, "{before}");
    let ledger = ledger(&folder);
    let found = ledger.live_links().unwrap().of(&[recording(70_000, 0)], at);
    assert!(found.into_values().all(|link| link.secret().ends_with("70000")));
    drop(ledger);
    let after = path.metadata().unwrap().len();
    assert!(after < 1_000_000, "{after}");
}

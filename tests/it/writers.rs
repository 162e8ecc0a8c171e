//! Two programs that write to a lake at once, as after a lock file that was deleted: whatever each does when, and
//! wherever it dies, no row is lost and none is doubled.

use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;
use roundup::ingest::cut::{Arrival, cut_interviews};
use roundup::lake::compact::compact;
use roundup::lake::read::parquet_files;
use roundup::lake::{Lake, crash};
use roundup::model::body::read_interview;
use roundup::model::{Provenance, Via};
use roundup::sandbox::SandboxOptions;
use tempfile::TempDir;

use crate::common::{Served, rows, sample, serve_with, until};
use crate::delta::are_the_last_version;

/// What a writer that has stopped at a point does next.
#[derive(Debug, Clone, Copy)]
enum Order {
    GoOn,
    Die,
}

/// How a writer stands.
#[derive(Debug, PartialEq, Eq)]
enum Standing {
    /// It waits for an order.
    Stopped,
    /// It has ended: whether it has published all that it wanted to.
    Ended(bool),
}

/// A program that opens a lake, publishes some interviews of the sample in two batches, and merges them.
struct Writer {
    orders: Sender<Order>,
    standings: Receiver<Standing>,
    thread: JoinHandle<()>,
}

impl Writer {
    fn start(root: PathBuf, first: usize) -> Self {
        let (orders, to_follow) = channel::<Order>();
        let (stand, standings) = channel();
        let thread = std::thread::spawn(move || {
            let stops = stand.clone();
            crash::at_points(move |_| {
                stops.send(Standing::Stopped).unwrap();
                if matches!(to_follow.recv(), Ok(Order::Die) | Err(_)) {
                    std::panic::resume_unwind(Box::new("dead"));
                }
            });
            let work = || {
                publish(&root, first..first + 3)?;
                publish(&root, first + 2..first + 5)?;
                merge(&root)
            };
            let ended = catch_unwind(AssertUnwindSafe(work));
            stand.send(Standing::Ended(ended.is_ok_and(|result| result.is_ok()))).unwrap();
        });
        Self { orders, standings, thread }
    }
}

/// Publishes some of the settled interviews of the sample, as a program does that holds the lock.
fn publish(root: &Path, which: std::ops::Range<usize>) -> roundup::model::Result<()> {
    let elsewhere = tempfile::tempdir().unwrap();
    let lock = Lake::create(elsewhere.path())?.lock()?;
    let lake = Lake::create(root)?;
    let mut ledger = lake.ledger(&lock)?;
    let arrival = |body: &serde_json::Value| Arrival {
        provenance: Provenance {
            source: "default".into(),
            via: Via::List,
            again: false,
            fetched_at: Timestamp::UNIX_EPOCH,
        },
        interview: read_interview(body.to_string().as_bytes()).unwrap(),
    };
    let bodies = settled();
    for part in bodies[which].chunks(2) {
        cut_interviews(&lake, &mut ledger, &lake.candidate_keys()?, part.iter().map(arrival).collect(), None)?;
    }
    Ok(())
}

/// Merges the files of a lake, as a program does that holds the lock.
fn merge(root: &Path) -> roundup::model::Result<()> {
    let elsewhere = tempfile::tempdir().unwrap();
    let lock = Lake::create(elsewhere.path())?.lock()?;
    let lake = Lake::create(root)?;
    let mut ledger = lake.ledger(&lock)?;
    compact(&lake, &mut ledger, 2, &|_, _| {}).map(drop)
}

fn settled() -> Vec<serde_json::Value> {
    sample().into_iter().filter(|body| body["status"] == "completed").collect()
}

/// The ids in a table, sorted, each as often as it is there; and that every file of the table is in the log.
fn ids(folder: &TempDir, table: &str) -> Vec<String> {
    let live = Lake::open(folder.path()).unwrap().files(roundup::lake::schema::table(table).unwrap()).unwrap();
    assert_eq!(parquet_files(&folder.path().join(table)).unwrap(), live, "{table}");
    let mut ids: Vec<String> = rows(folder.path(), table).into_iter().map(|row| row["interview_id"].clone()).collect();
    ids.sort();
    ids
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn of_two_writers_that_are_stopped_and_die_anywhere_nothing_is_lost_or_doubled(
        steps in prop::collection::vec((0_usize..2, prop::bool::weighted(0.06)), 10..120),
    ) {
        let folder = tempfile::tempdir().unwrap();
        // Their interviews overlap.
        let firsts = [0, 3];
        let mut writers: [Option<Writer>; 2] = [None, None];
        let step = |writers: &mut [Option<Writer>; 2], which: usize, order: Order| {
            match writers[which].take() {
                None => writers[which] = Some(Writer::start(folder.path().to_owned(), firsts[which])),
                Some(writer) => {
                    writer.orders.send(order).unwrap();
                    writers[which] = Some(writer);
                }
            }
            let standing = writers[which].as_ref().expect("just put there").standings.recv().unwrap();
            if let Standing::Ended(_) = standing {
                writers[which].take().expect("it was there").thread.join().unwrap();
            }
        };
        for (which, dies) in steps {
            step(&mut writers, which, if dies { Order::Die } else { Order::GoOn });
        }
        for which in 0..2 {
            while writers[which].is_some() {
                step(&mut writers, which, Order::GoOn);
            }
        }
        publish(folder.path(), 0..8).unwrap();
        let mut wanted: Vec<String> = settled()[..8].iter().map(|body| body["id"].as_str().unwrap().to_owned()).collect();
        wanted.sort();
        prop_assert_eq!(ids(&folder, "interviews"), wanted.clone());
        let mut answered = ids(&folder, "responses");
        answered.dedup();
        prop_assert_eq!(answered, wanted);
        let answers: usize = settled()[..8].iter().map(|body| body["responses"].as_array().map_or(0, Vec::len)).sum();
        prop_assert_eq!(rows(folder.path(), "responses").len(), answers);
        are_the_last_version(folder.path());
    }
}

/// Runs several programs on one lake, and deletes its lock file all the time, as the message about a lock invites to.
fn at_once(served: &Served, pipeline: &Path, programs: usize) {
    let start = || served.process().arg("run").arg(pipeline).spawn().unwrap();
    let mut running: Vec<Child> = (0..programs).map(|_| start()).collect();
    until("all programs have ended", || {
        let _not_there = fs::remove_file(served.path("lake/_roundup/lock"));
        running.retain_mut(|child| match child.try_wait().unwrap() {
            None => true,
            Some(status) => {
                assert!(matches!(status.code(), Some(0 | 1 | 3 | 6)), "{status}");
                false
            }
        });
        running.is_empty()
    });
}

#[test]
fn several_programs_without_a_lock_do_no_harm() {
    let served = serve_with(SandboxOptions {
        interviews: Some(60),
        latency: Duration::from_millis(5),
        limit: None,
        ..SandboxOptions::default()
    });
    let pipeline = served.pipeline("questions = \"all\"\n[analyze]\nkeywords = []\n");
    for programs in [2, 3, 2, 3] {
        at_once(&served, &pipeline, programs);
        let there = served.ids_in("interviews");
        let distinct: BTreeSet<&String> = there.iter().collect();
        assert_eq!(distinct.len(), there.len(), "nothing is doubled");
    }
    served.run(&pipeline, 0);
    let mut there = [served.ids_in("interviews"), served.ids_in("open_interviews")].concat();
    there.sort();
    let mut wanted = served.ids();
    wanted.sort();
    assert_eq!(there, wanted);
    let repaired = served.roundup().args(["repair", "--lake", "lake"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&repaired.stdout), "nothing to repair\n");
    are_the_last_version(&served.lake());
}

/// Copies a folder as an ordinary tool does while somebody is writing to it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        let is_left_out = name.starts_with("ledger.db") || name == "staging" || name == "spool";
        let target = to.join(&name);
        if entry.path().is_dir() {
            if is_left_out { fs::create_dir_all(&target).unwrap() } else { copy(&entry.path(), &target) }
        } else if !is_left_out {
            // One that is gone meanwhile is not copied.
            let _gone = fs::copy(entry.path(), target);
        }
    }
}

#[test]
fn a_copy_made_during_a_run_is_a_backup() {
    let served = serve_with(SandboxOptions {
        interviews: Some(120),
        latency: Duration::from_millis(5),
        limit: None,
        ..SandboxOptions::default()
    });
    let pipeline = served.pipeline("questions = \"none\"\nconcurrency = 4\n[analyze]\nkeywords = []\n");
    fs::write(served.path("first.txt"), served.ids()[..40].join("\n")).unwrap();
    let first = fs::read_to_string(&pipeline).unwrap().replace("ids.txt", "first.txt");
    served.run(&served.write("first.toml", &first), 0);
    let mut run = served.process().arg("run").arg(&pipeline).spawn().unwrap();
    let mut copies = 0;
    while run.try_wait().unwrap().is_none() {
        copy(&served.lake(), &served.path(&format!("backup-{copies}")));
        copies += 1;
    }
    assert!(copies > 0);
    for number in [0, copies / 2, copies - 1] {
        fs::remove_dir_all(served.lake()).unwrap();
        copy(&served.path(&format!("backup-{number}")), &served.lake());
        served.roundup().args(["repair", "--lake", "lake"]).assert().success();
        served.run(&pipeline, 0);
        let mut there = [served.ids_in("interviews"), served.ids_in("open_interviews")].concat();
        there.sort();
        let mut wanted = served.ids();
        wanted.sort();
        assert_eq!(there, wanted, "copy {number} of {copies}");
        are_the_last_version(&served.lake());
    }
}

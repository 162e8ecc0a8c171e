//! A run that is killed goes on where it was: at random moments, and at each step of spool, publish and recovery.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use roundup::lake::read::{ParquetFile, parquet_files};
use roundup::sandbox::Stats;
use tempfile::TempDir;

use crate::common::{Row, Served, lasting, process, rows, serve};
use crate::delta::{are_up_to_date, are_what_they_say};

const TABLES: &[&str] = &["interviews", "open_interviews", "responses", "candidates", "questions"];
const LIMIT: u64 = 200;
/// The keys of a second account.
const KEYS_OF_TWO: [&str; 2] = ["rz_live_2a2a2a2a2a2a2a2a2a2a2a2a", "rz_live_3b3b3b3b3b3b3b3b3b3b3b3b"];
const FAULTS: &str = r#"
seed = 5
[[fault]]
kind = "wrong-types"
share = 0.02
of = "interviews"
[[fault]]
kind = "status-503"
share = 0.03
[[fault]]
kind = "reset"
share = 0.02
[[fault]]
kind = "truncated-json"
share = 0.02
[[fault]]
kind = "slow-first-byte"
share = 0.02
delay = "150ms"
"#;

/// The sandbox as a process of its own.
struct Sandbox {
    process: Child,
    address: String,
}

impl Sandbox {
    /// Starts it with more flags. Its ids are in a file of the folder.
    fn start(folder: &Path, ids: &str, flags: &[&str]) -> Self {
        fs::write(folder.join("faults.toml"), FAULTS).unwrap();
        let limit = LIMIT.to_string();
        let mut process = program(folder)
            .args(["sandbox", "--requests-per-minute", &limit, "--window-length", "2s"])
            .args(["--faults", "faults.toml", "--ids-out", ids])
            .args(flags)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").unwrap().to_owned();
        Self { process, address }
    }

    /// A source of a pipeline that asks it. `keys` is what stands after `key-env`.
    fn source(&self, name: &str, keys: &str) -> String {
        let api = &self.address;
        format!(
            "[[source]]\nname = \"{name}\"\napi = \"{api}/api/v1\"\nkey-env = {keys}\ninterviews = [\"{name}.txt\"]\n"
        )
    }

    fn stats(&self) -> Stats {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let url = format!("{}/_sandbox/stats", self.address);
        let text = runtime.block_on(async { reqwest::get(url).await?.text().await }).unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _already_ended = self.process.kill();
        let _status = self.process.wait();
    }
}

fn program(folder: &Path) -> Command {
    let mut command = process(folder);
    command.env("KEY_TWO", KEYS_OF_TWO[0]).env("KEY_THREE", KEYS_OF_TWO[1]);
    command
}

/// A folder with a pipeline of some sources, whose lists are in another folder, and whose lake has the same candidate key
/// as every other of these tests. All questions are asked for, because whose are unseen depends on which interview came
/// first.
fn folder_for(sources: &str, home: &Path) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let rest = "[lake]\npath = \"lake\"\n\
                [ingest]\nlimit-window = \"2s\"\nrequests-per-minute = 600000\nquestions = \"all\"\n";
    fs::write(folder.path().join("pipeline.toml"), sources.to_owned() + rest).unwrap();
    for entry in fs::read_dir(home).unwrap().map(Result::unwrap) {
        if entry.path().extension().is_some_and(|extension| extension == "txt") {
            fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
        }
    }
    same_key(folder.path());
    folder
}

fn same_key(folder: &Path) {
    fs::create_dir_all(folder.join("lake/_roundup")).unwrap();
    fs::write(folder.join("lake/_roundup/candidate.key"), "5a".repeat(32)).unwrap();
}

/// All rows but for what tells the time of a run.
fn lake_of(folder: &Path) -> BTreeMap<&'static str, Vec<Row>> {
    let table = |name: &&'static str| {
        let mut rows = lasting(rows(&folder.join("lake"), name));
        rows.iter_mut().for_each(|row| _ = row.remove("first_seen_at"));
        rows.sort();
        (*name, rows)
    };
    TABLES.iter().map(table).collect()
}

fn every_file_opens(folder: &Path) {
    for table in TABLES {
        for path in parquet_files(&folder.join("lake").join(table)).unwrap() {
            ParquetFile::open(&path).unwrap();
        }
    }
}

/// Runs until nothing is given up any more.
fn finish(folder: &Path) {
    for _ in 0..10 {
        let status = program(folder).args(["run", "pipeline.toml"]).status().unwrap();
        let last = fs::read_to_string(folder.join("lake/_roundup/last-run.json")).unwrap();
        let last: serde_json::Value = serde_json::from_str(&last).unwrap();
        assert!(matches!(status.code(), Some(0 | 3)), "{last}");
        if last["complete"] == true {
            return;
        }
    }
    panic!("ten runs have not been enough");
}

/// How often runs are killed; `ROUNDUP_KILLS=1000` for the long version.
fn kills(usual: usize) -> usize {
    std::env::var("ROUNDUP_KILLS").map_or(usual, |count| count.parse().unwrap())
}

#[test]
fn killed_at_random_moments_a_run_ends_as_one_that_was_not() {
    killed_at_random_moments(kills(50), |home| {
        let sandbox = Sandbox::start(home, "one.txt", &["--interviews", "400"]);
        let source = sandbox.source("one", "\"ROUNDZERO_API_KEY\"");
        (vec![sandbox], source)
    });
}

/// The second account has two keys, and both list the interviews of the sample.
#[test]
fn killed_at_random_moments_several_accounts_end_as_if_they_were_not() {
    killed_at_random_moments(kills(25), |home| {
        let keys = ["--key", KEYS_OF_TWO[0], "--key", KEYS_OF_TWO[1]];
        let flags = [&["--interviews", "300", "--seed", "2"], &keys[..]].concat();
        let one = Sandbox::start(home, "one.txt", &["--interviews", "200"]);
        let two = Sandbox::start(home, "two.txt", &flags);
        let sources = one.source("one", "\"ROUNDZERO_API_KEY\"") + &two.source("two", "[\"KEY_TWO\", \"KEY_THREE\"]");
        (vec![one, two], sources)
    });
}

/// Runs of the sources of some sandboxes are killed. `start` starts those in a folder, and returns the sources.
fn killed_at_random_moments(kills: usize, start: impl Fn(&Path) -> (Vec<Sandbox>, String)) {
    let reference = {
        let home = tempfile::tempdir().unwrap();
        let (_sandboxes, sources) = start(home.path());
        let folder = folder_for(&sources, home.path());
        finish(folder.path());
        lake_of(folder.path())
    };
    let home = tempfile::tempdir().unwrap();
    let (sandboxes, sources) = start(home.path());
    let mut done = 0;
    let mut seed = 1_u64;
    while done < kills {
        // A lake that is complete has nothing left to be killed in, so another one begins.
        let folder = folder_for(&sources, home.path());
        // The same keys at the same addresses: one window each for all of these lakes.
        std::os::unix::fs::symlink(home.path().join("state"), folder.path().join("state")).unwrap();
        fs::create_dir_all(home.path().join("state")).unwrap();
        for _ in 0..50.min(kills - done) {
            let mut run = program(folder.path()).args(["run", "pipeline.toml"]).spawn().unwrap();
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let life = Duration::from_millis(20 + (seed >> 33) % 400);
            let began = Instant::now();
            while began.elapsed() < life && run.try_wait().unwrap().is_none() {
                std::thread::park_timeout(Duration::from_millis(1));
            }
            run.kill().unwrap();
            run.wait().unwrap();
            every_file_opens(folder.path());
            are_what_they_say(&folder.path().join("lake"));
            done += 1;
        }
        finish(folder.path());
        are_up_to_date(&folder.path().join("lake"));
        let lake = lake_of(folder.path());
        for table in TABLES {
            let (lake, reference) = (&lake[table], &reference[table]);
            assert_eq!(lake.len(), reference.len(), "{table}");
            assert!(lake == reference, "{table} has other rows than that of a run that was not killed");
        }
    }
    for stats in sandboxes.iter().map(Sandbox::stats) {
        assert!(stats.largest_window <= LIMIT, "{} requests in a window of {LIMIT}", stats.largest_window);
        assert!(stats.by_key.iter().all(|count| *count > 0), "{stats:?}");
        assert_eq!(stats.by_status.get(&429), None);
    }
}

const POINTS: &[&str] = &[
    "spool-made",
    "spool-appended",
    "spool-closed",
    "publish-staged",
    "publish-recorded",
    "publish-placed-one",
    "publish-placed-all",
    "delta-linked",
    "delta-committed",
    "publish-committed",
    "spool-published",
];
/// Places of a recovery, each with where the run before it died.
const RECOVERY_POINTS: &[(&str, &str)] = &[
    ("publish-recorded", "recovery-begun"),
    ("publish-placed-one", "publish-placed-one"),
    ("publish-placed-one", "publish-placed-all"),
    ("publish-placed-all", "publish-committed"),
    ("publish-placed-all", "delta-linked"),
    ("delta-linked", "delta-committed"),
    ("publish-recorded", "recovery-finished"),
    ("publish-staged", "recovery-fenced"),
    ("publish-staged", "recovery-clearing"),
    ("publish-recorded", "recovery-fenced"),
    ("spool-closed", "recovery-fenced"),
];

/// A run that must die at a place.
fn dies_at(served: &Served, pipeline: &Path, place: &str, loses_ledger: bool) {
    let status =
        program(served.folder.path()).env("ROUNDUP_CRASH_AT", place).arg("run").arg(pipeline).status().unwrap();
    assert_eq!(status.code(), None, "the run did not die at {place}");
    every_file_opens(served.folder.path());
    are_what_they_say(&served.lake());
    if loses_ledger {
        for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
            let _not_there = fs::remove_file(served.path("lake/_roundup").join(name));
        }
    }
}

#[test]
fn dead_at_any_step_also_twice_a_run_goes_on() {
    let served = serve(None);
    same_key(served.folder.path());
    let pipeline = served.pipeline("questions = \"all\"\n");
    served.run(&pipeline, 0);
    let reference = lake_of(served.folder.path());
    let twice = POINTS.iter().map(|point| (*point, *point)).chain(RECOVERY_POINTS.iter().copied());
    // Also when the ledger is lost after each death.
    let twice = twice.flat_map(|(first, second)| [(first, second, false), (first, second, true)]);
    for (first, second, loses_ledger) in twice {
        fs::remove_dir_all(served.lake()).unwrap();
        same_key(served.folder.path());
        dies_at(&served, &pipeline, first, loses_ledger);
        dies_at(&served, &pipeline, second, loses_ledger);
        served.run(&pipeline, 0);
        assert!(lake_of(served.folder.path()) == reference, "after {first} and {second}, {loses_ledger}");
        are_up_to_date(&served.lake());
        let left = fs::read_dir(served.path("lake/_roundup/spool")).unwrap().count()
            + fs::read_dir(served.path("lake/_roundup/staging")).unwrap().count();
        assert_eq!(left, 0, "after {first} and {second}");
    }
}

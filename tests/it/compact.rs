//! Merged files: the same rows as before, as if they had been written at once, whatever comes between.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use jiff::{SignedDuration, Timestamp};
use parquet::file::reader::{FileReader, SerializedFileReader};
use proptest::prelude::*;
use roundup::lake::compact::{Compaction, compact, plan_of};
use roundup::lake::read::parquet_files;
use roundup::lake::{Lake, check, find, retired, schema};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::common::{Row, Served, lasting, ledger_of, roundup, rows, sample, serve};
use crate::delta::{are_the_last_version, are_up_to_date, are_what_they_say};
use crate::listen::{Listener, event, event_ids};
use crate::replace::{bodies, came, lake_of, put};

/// Merges all files of a lake that can be, as the command does.
pub fn compacted(root: &Path) -> Compaction {
    let lake = Lake::create(root).unwrap();
    let lock = lake.lock().unwrap();
    let mut ledger = lake.ledger(&lock).unwrap();
    compact(&lake, &mut ledger, 2, &|_, _| {}).unwrap()
}

/// A lake in which each body came in a batch of its own. All lakes have the same candidate key.
fn one_by_one(root: &Path, bodies: &[Value]) {
    same_key(root);
    bodies.iter().for_each(|body| _ = put(root, std::slice::from_ref(body), false));
}

fn same_key(root: &Path) {
    fs::create_dir_all(root.join("_roundup")).unwrap();
    fs::write(root.join("_roundup/candidate.key"), "5a".repeat(32)).unwrap();
}

/// All rows of all tables but those that tell of runs and versions.
fn all_rows(root: &Path) -> BTreeMap<&'static str, Vec<Row>> {
    let tables = schema::TABLES.iter().filter(|table| table.name != "runs");
    tables.map(|table| (table.name, rows(root, table.name))).collect()
}

/// The bytes of the only file of each month of a table.
fn only_files(root: &Path, table: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut months = BTreeMap::new();
    for path in parquet_files(&root.join(table)).unwrap() {
        let month = path.parent().unwrap().strip_prefix(root).unwrap().to_owned();
        assert_eq!(months.insert(month, fs::read(&path).unwrap()), None, "{}", path.display());
    }
    months
}

#[track_caller]
fn is_sound(root: &Path) {
    let found = check::check(&Lake::open(root).unwrap(), &|_, _| {}).unwrap().findings;
    assert_eq!(found, [], "{}", root.display());
    are_up_to_date(root);
}

#[test]
fn merged_files_have_the_bytes_of_files_that_were_written_at_once() {
    let (folder, at_once) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let some = &bodies()[..20];
    one_by_one(folder.path(), some);
    same_key(at_once.path());
    put(at_once.path(), some, false);
    let before = all_rows(folder.path());
    let done = compacted(folder.path());
    assert!(done.kept.is_empty() && done.months.len() > 1, "{done:?}");
    assert!(all_rows(folder.path()) == before);
    for table in ["responses", "candidates"] {
        assert!(only_files(folder.path(), table) == only_files(at_once.path(), table), "{table}");
    }
    only_files(folder.path(), "interviews");
    is_sound(folder.path());
    assert!(compacted(folder.path()).months.is_empty(), "nothing is left to merge");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Whatever comes in whatever batches, merged in between or not, the lake holds what a plain map has.
    #[test]
    fn what_comes_after_a_compaction_finds_what_was_there(
        steps in prop::collection::vec((0_u8..3, prop::collection::vec((0_usize..12, 0_u8..4), 1..8)), 1..8),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let all = bodies();
        let mut model: BTreeMap<usize, Value> = BTreeMap::new();
        for (step, batch) in steps {
            if step == 2 {
                compacted(folder.path());
                are_up_to_date(folder.path());
                continue;
            }
            let again = step == 1;
            let came = came(&all, batch);
            put(folder.path(), &came.values().cloned().collect::<Vec<_>>(), again);
            for (index, body) in came {
                if again || !model.contains_key(&index) {
                    model.insert(index, body);
                }
            }
        }
        let fresh = tempfile::tempdir().unwrap();
        put(fresh.path(), &model.into_values().collect::<Vec<_>>(), false);
        prop_assert!(lake_of(folder.path()) == lake_of(fresh.path()));
    }
}

/// A lake of several batches with questions, figures and hits, and its pipeline.
fn analysed(served: &Served) -> PathBuf {
    let lines: Vec<String> = sample().iter().map(Value::to_string).collect();
    for (number, part) in lines.chunks(12).enumerate() {
        let name = format!("part-{number}.jsonl");
        served.write(&name, &part.join("\n"));
        served.roundup().args(["import", "--lake", "lake", &name]).assert().success();
    }
    let pipeline = served.pipeline(
        "questions = \"all\"\n[analyze]\nkeywords = [\"builtin:fillers\", \"builtin:engineering\"]\n\
         [report]\nout = \"reports\"\nperiod = \"130w\"\nuntil = \"2026-06-01\"\nformats = [\"csv\"]\n",
    );
    served.run(&pipeline, 0);
    pipeline
}

#[test]
fn figures_and_hits_are_copied_and_have_the_bytes_that_an_analysis_makes() {
    let served = serve(None);
    let pipeline = analysed(&served);
    let before = all_rows(&served.lake());
    let report = || -> BTreeMap<PathBuf, Vec<u8>> {
        let files = fs::read_dir(served.path("reports/latest")).unwrap().map(|entry| entry.unwrap().path());
        let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "csv"));
        files.map(|path| (path.clone(), fs::read(path).unwrap())).collect()
    };
    let said = report();
    assert!(!said.is_empty());
    let output = served.roundup().args(["compact", "--lake", "lake", "--format", "json"]).output().unwrap();
    let done: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((output.status.code(), &done["kept"]), (Some(0), &json!([])), "{done}");
    assert!(all_rows(&served.lake()) == before);
    for table in ["interviews", "responses", "candidates", "response_metrics", "interview_metrics", "keyword_hits"] {
        only_files(&served.lake(), table);
    }
    is_sound(&served.lake());
    let derived =
        || ["response_metrics", "interview_metrics", "keyword_hits"].map(|table| only_files(&served.lake(), table));
    let copied = derived();
    served.run(&pipeline, 0);
    assert_eq!(served.last_run()["analyze"]["files_made"], 0, "all are up to date");
    assert!(report() == said, "the report is the same");
    let sets = ["--keywords", "builtin:fillers", "builtin:engineering"];
    served.roundup().args(["analyze", "--lake", "lake", "--force"]).args(sets).assert().success();
    assert!(derived() == copied, "copied is as computed");
    served.roundup().args(["run", "--refetch"]).arg(&pipeline).assert().success();
    assert_eq!(served.last_run()["ingest"]["replaced"], 0, "the same bodies change nothing");
    served.roundup().args(["ledger", "rebuild", "--lake", "lake"]).assert().success();
    for table in ["interviews", "responses", "candidates", "response_metrics", "keyword_hits"] {
        assert!(lasting(rows(&served.lake(), table)) == lasting(before[table].clone()), "{table}");
    }
}

#[test]
fn a_late_transcript_and_late_questions_find_their_interview_in_a_merged_file() {
    let served = serve(None);
    let gaps = bodies().into_iter().map(|mut body| {
        for response in body["responses"].as_array_mut().into_iter().flatten() {
            response["transcript"] = json!(null);
        }
        body.to_string()
    });
    for (number, part) in gaps.collect::<Vec<_>>().chunks(12).enumerate() {
        let name = format!("gaps-{number}.jsonl");
        served.write(&name, &part.join("\n"));
        served.roundup().args(["import", "--lake", "lake", &name]).assert().success();
    }
    compacted(&served.lake());
    let id = bodies().iter().find(|body| body["responses"][0]["transcript"].is_string()).unwrap()["id"].clone();
    served.make_due(&[id.as_str().unwrap().to_owned()]);
    let pipeline = served.pipeline("questions = \"all\"\n[analyze]\nkeywords = [\"builtin:fillers\"]\n");
    served.run(&pipeline, 0);
    assert_eq!(served.last_run()["ingest"]["replaced"], 1);
    let with_text: BTreeSet<String> = rows(&served.lake(), "responses")
        .into_iter()
        .filter(|row| row.contains_key("transcript"))
        .map(|row| row["interview_id"].clone())
        .collect();
    assert_eq!(with_text.into_iter().collect::<Vec<_>>(), [id.as_str().unwrap()]);
    assert!(!rows(&served.lake(), "questions").is_empty());
    is_sound(&served.lake());
}

#[test]
fn a_run_merges_the_files_of_a_month_that_has_many() {
    let served = serve(None);
    let like = bodies().into_iter().find(|body| body["status"] == "completed").unwrap();
    let bodies: Vec<Value> = (0..33)
        .map(|number| {
            let mut body = like.clone();
            body["id"] = json!(format!("00000000-0000-4000-8000-{number:012}"));
            body
        })
        .collect();
    one_by_one(&served.lake(), &bodies[..32]);
    let pipeline = served.pipeline("questions = \"none\"\n[analyze]\nkeywords = [\"builtin:fillers\"]\n");
    served.roundup().args(["run", "--only", "analyze"]).arg(&pipeline).assert().success();
    assert_eq!(served.last_run()["compact"], json!([]), "32 are not too many");
    put(&served.lake(), &bodies[32..], false);
    served.roundup().args(["run", "--only", "analyze"]).arg(&pipeline).assert().success();
    let run = served.last_run();
    assert_eq!((run["compact"].as_array().unwrap().len(), &run["warnings"]), (1, &json!([])), "{run}");
    // Six files of interviews and two for each keyword set; the rows of runs are two.
    assert_eq!(run["compact"][0]["files_before"], 33 * 6, "{run}");
    assert_eq!(only_files(&served.lake(), "responses").len(), 1);
    assert_eq!(rows(&served.lake(), "interview_metrics").len(), 33);
    is_sound(&served.lake());
}

const POINTS: &[&str] = &[
    "publish-staged",
    "publish-recorded",
    "compact-taken",
    "compact-exchanged-one",
    "publish-placed-one",
    "publish-placed-all",
    "delta-linked",
    "delta-committed",
    "publish-committed",
];
/// Where a recovery dies, and where the compaction before it did.
const RECOVERY_POINTS: &[(&str, &str)] = &[
    ("publish-staged", "recovery-fenced"),
    ("publish-staged", "recovery-clearing"),
    ("publish-recorded", "recovery-fenced"),
    ("publish-recorded", "compact-taken"),
    ("compact-taken", "compact-taken"),
    ("compact-taken", "compact-exchanged-one"),
    ("compact-exchanged-one", "compact-exchanged-one"),
    ("compact-exchanged-one", "publish-placed-one"),
    ("publish-placed-all", "recovery-finished"),
    ("delta-linked", "delta-committed"),
];

#[test]
fn dead_at_any_step_also_twice_a_compaction_loses_nothing() {
    let home = tempfile::tempdir().unwrap();
    let all = bodies();
    let (settled, open) = (&all[..8], sample().into_iter().find(|body| body["status"] == "invited").unwrap());
    one_by_one(&home.path().join("lake"), settled);
    put(&home.path().join("lake"), &[open], false);
    let run = |folder: &Path, arguments: &[&str], place: &str| {
        let mut program = roundup(folder);
        if !place.is_empty() {
            program.env("ROUNDUP_CRASH_AT", place);
        }
        program.args(arguments).output().unwrap().status.code()
    };
    assert_eq!(run(home.path(), &["analyze", "--lake", "lake", "--keywords", "builtin:fillers"], ""), Some(0));
    let before = all_rows(&home.path().join("lake"));
    // A day that only the ledger knows: whoever reads merged rows as new ones forgets it.
    ledger_of(&home.path().join("lake"))
        .execute("UPDATE interviews SET next_due = next_due + 7 WHERE state = 'open'", [])
        .unwrap();
    let next_due = |lake: &Path| -> Vec<Option<i64>> {
        let ledger = ledger_of(lake);
        let mut due = ledger.prepare("SELECT next_due FROM interviews ORDER BY id").unwrap();
        due.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap()
    };
    let due = next_due(&home.path().join("lake"));
    let once = POINTS.iter().map(|point| (*point, ""));
    for (first, second) in once.chain(RECOVERY_POINTS.iter().copied()) {
        let folder = tempfile::tempdir().unwrap();
        copy(&home.path().join("lake"), &folder.path().join("lake"));
        let lake = folder.path().join("lake");
        for place in [first, second].into_iter().filter(|place| !place.is_empty()) {
            assert_eq!(run(folder.path(), &["compact", "--lake", "lake"], place), None, "it did not die at {place}");
            are_what_they_say(&lake);
            assert!(all_rows(&lake)["responses"] == before["responses"], "readers of the glob after {first}, {second}");
        }
        assert_eq!(run(folder.path(), &["compact", "--lake", "lake"], ""), Some(0), "after {first} and {second}");
        assert!(all_rows(&lake) == before, "after {first} and {second}");
        assert_eq!(next_due(&lake), due, "after {first} and {second}");
        ["responses", "interviews", "response_metrics"].iter().for_each(|table| _ = only_files(&lake, table));
        assert_eq!(fs::read_dir(lake.join("_roundup/staging")).unwrap().count(), 0, "after {first} and {second}");
        is_sound(&lake);
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
}

/// Counts rows as a tool does that knows of the glob alone: it lists all files and then opens them. `None` if one is
/// gone meanwhile.
fn rows_of_glob(table: &Path) -> Option<i64> {
    let paths = parquet_files(table).ok()?;
    let rows = |path: &PathBuf| {
        let file = SerializedFileReader::new(File::open(path).ok()?).ok()?;
        Some(file.metadata().file_metadata().num_rows())
    };
    paths.iter().map(rows).sum()
}

#[test]
fn a_reader_of_the_glob_sees_all_rows_or_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let all = bodies();
    let answers = |bodies: &[Value]| -> i64 {
        bodies.iter().map(|body| body["responses"].as_array().map_or(0, Vec::len) as i64).sum()
    };
    one_by_one(folder.path(), &all[..2]);
    let (is_done, reads) = (AtomicBool::new(false), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = BTreeSet::new();
            while !is_done.load(Ordering::Relaxed) {
                seen.extend(rows_of_glob(&folder.path().join("responses")));
                reads.fetch_add(1, Ordering::Relaxed);
            }
            seen
        });
        for index in 2..all.len().min(24) {
            put(folder.path(), &all[index..=index], false);
            compacted(folder.path());
        }
        is_done.store(true, Ordering::Relaxed);
        let seen = reader.join().unwrap();
        // Each body that came is there whole, since its answers are one file; months may be seen at different times.
        let possible: BTreeSet<i64> = (2..=all.len().min(24)).map(|count| answers(&all[..count])).collect();
        assert!(seen.is_subset(&possible), "{:?} of {possible:?}", seen.difference(&possible));
        assert!(seen.len() > 1, "{} reads", reads.load(Ordering::Relaxed));
    });
}

#[test]
fn who_has_begun_to_read_goes_on_in_the_old_files() {
    let folder = tempfile::tempdir().unwrap();
    let all = bodies().split_off(30);
    one_by_one(folder.path(), &all);
    let reader = Lake::open(folder.path()).unwrap();
    let files = reader.files(&schema::RESPONSES).unwrap();
    compacted(folder.path());
    assert!(files.iter().filter(|path| !path.exists()).count() > 10, "all of a month with others were merged");
    let ids: Vec<String> = all.iter().map(|body| body["id"].as_str().unwrap().to_owned()).collect();
    let found = find::interviews(&reader, &ids).unwrap();
    assert_eq!(found.len(), all.len());
    let named = all.iter().filter(|body| body["candidate"]["name"].is_string()).count();
    assert_eq!(found.values().filter(|interview| interview.candidate.name.is_some()).count(), named);
    let old = folder.path().join("_roundup/old");
    let batches = fs::read_dir(&old).unwrap().count();
    assert!(batches > 0);
    let in_minutes = |minutes| Timestamp::now() + SignedDuration::from_mins(minutes);
    retired::clear(folder.path(), in_minutes(59)).unwrap();
    assert_eq!(fs::read_dir(&old).unwrap().count(), batches, "for an hour");
    retired::clear(folder.path(), in_minutes(61)).unwrap();
    assert!(!old.exists() && find::interviews(&reader, &ids).is_err());
}

#[test]
fn on_a_full_disk_all_stays_as_it_was() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("lake");
    let mut all = bodies();
    all.retain(|body| body["completed_at"].as_str().is_some_and(|at| at.starts_with("2026-03")));
    // Hashes, since they compress badly: half a megabyte each.
    for (number, body) in (0..).zip(&mut all[..6]) {
        let hash = |line: u32| hex::encode(Sha256::digest(format!("{number} {line}")));
        body["responses"][0]["transcript"] = json!((0..16_000).map(hash).collect::<Vec<_>>().join(" "));
    }
    one_by_one(&root, &all[..6]);
    let before = all_rows(&root);
    let files = parquet_files(&root).unwrap();
    // Files of more than a megabyte cannot be written, and the merged one is larger.
    let script = "trap '' XFSZ; ulimit -f 2048; exec \"$0\" \"$@\"";
    let program = assert_cmd::cargo::cargo_bin!("roundup");
    let output = std::process::Command::new("sh")
        .current_dir(home.path())
        .args(["-c", script])
        .arg(program)
        .args(["compact", "--lake", "lake"])
        .output()
        .unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && stderr.contains(".parquet"), "{stderr}");
    assert!(all_rows(&root) == before);
    assert!(files.iter().all(|path| path.exists()), "{stderr}");
    assert_eq!(fs::read_dir(root.join("_roundup/staging")).unwrap().count(), 0);
    compacted(&root);
    assert!(all_rows(&root) == before);
    only_files(&root, "responses");
    is_sound(&root);
}

#[test]
fn events_are_taken_while_files_are_merged() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("lake");
    one_by_one(&root, &bodies()[..6]);
    let listener = Listener::start(home.path());
    let mut merge = std::process::Command::new(assert_cmd::cargo::cargo_bin!("roundup"));
    let mut merge = merge.current_dir(home.path()).args(["-q", "compact", "--lake", "lake"]).spawn().unwrap();
    let mut sent = 0;
    while merge.try_wait().unwrap().is_none() || sent < 2 {
        sent += 1;
        assert_eq!(listener.send(&event(sent, "interview.completed", &format!("interview-{sent}"))).0, 200);
    }
    assert!(merge.wait().unwrap().success());
    assert_eq!(listener.stop(), Some(0));
    assert_eq!(event_ids(home.path()).len(), sent as usize);
    assert!(plan_of(&Lake::open(&root).unwrap(), 2).unwrap().months.is_empty());
}

#[test]
fn readers_of_delta_keep_the_old_files_and_read_nothing_again() {
    let folder = tempfile::tempdir().unwrap();
    one_by_one(folder.path(), &bodies()[..6]);
    compacted(folder.path());
    let tables = are_the_last_version(folder.path());
    let log = folder.path().join("delta/responses/_delta_log");
    let last = fs::read_to_string(log.join(format!("{:020}.json", tables["responses"].versions.len() - 1))).unwrap();
    let actions: Vec<Value> = last.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let changes = |kind: &str| -> Vec<&Value> {
        actions.iter().filter_map(|action| action.get(kind)).map(|action| &action["dataChange"]).collect()
    };
    assert!(changes("remove").len() > 1 && !changes("add").is_empty(), "{last}");
    assert!([changes("remove"), changes("add")].concat().iter().all(|change| **change == json!(false)), "{last}");
}

#[test]
fn what_delta_missed_besides_a_compaction_is_a_change() {
    let folder = tempfile::tempdir().unwrap();
    let same_month: Vec<Value> = bodies()
        .into_iter()
        .filter(|body| body["completed_at"].as_str().is_some_and(|at| at.starts_with("2026-03")))
        .collect();
    one_by_one(folder.path(), &same_month[..3]);
    let without = |work: &dyn Fn(&Lake, &mut roundup::ledger::Ledger)| {
        let lake = Lake::open(folder.path()).unwrap().with_delta(false);
        let lock = lake.lock().unwrap();
        work(&lake, &mut lake.ledger(&lock).unwrap());
    };
    without(&|lake, ledger| _ = compact(lake, ledger, 2, &|_, _| {}).unwrap());
    put(folder.path(), &same_month[3..4], false);
    let tables = are_up_to_date(folder.path());
    let log = folder.path().join("delta/responses/_delta_log");
    let text = |version: usize| fs::read_to_string(log.join(format!("{version:020}.json"))).unwrap();
    let last = tables["responses"].versions.len() - 1;
    assert!(text(last).contains("\"dataChange\":true") && text(last - 1).contains("\"dataChange\":false"));
}

#[test]
fn what_is_not_the_lakes_own_or_not_analysed_alike_is_left_and_said() {
    let home = tempfile::tempdir().unwrap();
    let lake = home.path().join("lake");
    let same_month: Vec<Value> = bodies()
        .into_iter()
        .filter(|body| body["completed_at"].as_str().is_some_and(|at| at.starts_with("2026-03")))
        .collect();
    one_by_one(&lake, &same_month[..3]);
    let analyze = ["analyze", "--lake", "lake", "--keywords", "builtin:fillers"];
    roundup(home.path()).args(analyze).assert().success();
    one_by_one(&lake, &same_month[3..5]);
    put(
        &lake,
        &[{
            let mut body = same_month[0].clone();
            body["responses"].as_array_mut().unwrap().pop();
            body
        }],
        true,
    );
    let inode = |path: &Path| fs::metadata(path).unwrap().ino();
    let old: BTreeMap<PathBuf, u64> =
        parquet_files(&lake.join("responses")).unwrap().into_iter().map(|path| (path.clone(), inode(&path))).collect();
    // Two that were analysed become one, and two that were not; the one that has changed since is linked.
    let done = compacted(&lake);
    assert!(done.kept.iter().any(|why| why.contains("not up to date")), "{done:?}");
    let new = parquet_files(&lake.join("responses")).unwrap();
    assert_eq!(new.len(), 3, "{new:?}");
    let stayed: Vec<&PathBuf> = new.iter().filter(|path| old.contains_key(*path)).collect();
    assert_eq!(stayed.len(), 1);
    assert_eq!(inode(stayed[0]), old[stayed[0]], "it is the same file");
    roundup(home.path()).args(analyze).assert().success();
    is_sound(&lake);
    fs::write(stayed[0].with_file_name("notes.txt"), "mine").unwrap();
    let done = compacted(&lake);
    assert!(done.months.iter().all(|month| month.month != "2026-03"), "{done:?}");
    assert!(done.kept.iter().any(|why| why.contains("notes.txt is not the lake's own")), "{done:?}");
    fs::remove_file(stayed[0].with_file_name("notes.txt")).unwrap();
    compacted(&lake);
    only_files(&lake, "responses");
    is_sound(&lake);
}

#[test]
fn a_dry_run_changes_nothing_and_a_lake_that_is_held_is_left_alone() {
    let home = tempfile::tempdir().unwrap();
    let root = home.path().join("lake");
    one_by_one(&root, &bodies()[..6]);
    let before = parquet_files(&root).unwrap();
    let plan = plan_of(&Lake::open(&root).unwrap(), 2).unwrap();
    let text = |arguments: &[&str]| {
        let output = roundup(home.path()).args(["compact", "--lake", "lake"]).args(arguments).output().unwrap();
        (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    };
    let (code, said) = text(&["--dry-run"]);
    assert!(code == Some(0) && said.contains("become") && said.contains("without --dry-run"), "{said}");
    assert_eq!(parquet_files(&root).unwrap(), before);
    let lock = Lake::open(&root).unwrap().lock().unwrap();
    assert_eq!(text(&[]).0, Some(6));
    drop(lock);
    assert_eq!(text(&[]).0, Some(0));
    assert_eq!(text(&[]).1, "nothing to compact\n");
    assert!(plan.months.iter().all(|month| month.files_after < month.files_before));
    assert_eq!(rows(&root, "runs").last().unwrap()["command"], "compact");
}

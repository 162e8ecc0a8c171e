//! The analysis in units of work, done anywhere, ends in the tables of one machine, byte for byte.

use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use roundup::analyze::work::{Unit, UnitResult, read_lines};
use roundup::lake::Lake;
use roundup::lake::temporary::TemporaryFolder;
use serde_json::json;
use tempfile::TempDir;

use crate::common::{INTERVIEWS, process, roundup, rows};
use crate::replace::{bodies, put};

const DERIVED: [&str; 3] = ["response_metrics", "interview_metrics", "keyword_hits"];
const SETS: [&str; 3] = ["--keywords", "builtin:engineering", "builtin:vendor-sample"];

/// The sample's lake, not analysed, and the same lake, analysed on one machine.
struct Lakes {
    folder: TempDir,
}

impl Lakes {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lakes = Self { folder };
        lakes.done(&["import", "--lake", "lake", INTERVIEWS], 0);
        copy(&lakes.path("lake"), &lakes.path("plain"));
        lakes.done(&[&["analyze", "--lake", "plain"], &SETS[..]].concat(), 0);
        lakes
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the program, which must end with a code.
    #[track_caller]
    fn done(&self, arguments: &[&str], code: i32) -> Output {
        let output = roundup(self.folder.path()).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// The units of work, which are in `units.jsonl` then.
    fn list(&self) -> Vec<Unit> {
        let listed = self.done(&[&["analyze", "--lake", "lake", "--list-work"], &SETS[..]].concat(), 0).stdout;
        fs::write(self.path("units.jsonl"), &listed).unwrap();
        read_lines(std::str::from_utf8(&listed).unwrap(), "units").unwrap()
    }

    /// Does the units of a file, and returns their results.
    #[track_caller]
    fn make(&self, units: &str, code: i32) -> Vec<UnitResult> {
        let made = self.done(&[&["analyze", "--work-from", units], &SETS[..]].concat(), code).stdout;
        read_lines(std::str::from_utf8(&made).unwrap(), "results").unwrap()
    }

    #[track_caller]
    fn collect(&self, results: &[UnitResult], code: i32) -> serde_json::Value {
        self.write("results.jsonl", results);
        let collect = ["analyze", "--lake", "lake", "--collect", "results.jsonl", "--format", "json"];
        serde_json::from_slice(&self.done(&collect, code).stdout).unwrap()
    }

    fn write(&self, name: &str, lines: &[impl serde::Serialize]) {
        let text: String = lines.iter().map(|line| serde_json::to_string(line).unwrap() + "\n").collect();
        fs::write(self.path(name), text).unwrap();
    }

    /// The derived files of both lakes are the same, in the folder and in the log.
    #[track_caller]
    fn are_equal(&self) {
        let (lake, plain) = (derived(&self.path("lake")), derived(&self.path("plain")));
        assert!(lake.len() > 6 && lake.keys().eq(plain.keys()), "{:?}", lake.keys());
        assert!(lake == plain);
        let live = |name: &str| {
            let version = Lake::open(&self.path(name)).unwrap().version().unwrap().unwrap();
            version.files().filter(|file| DERIVED.contains(&file.table.as_str())).cloned().collect::<Vec<_>>()
        };
        assert_eq!(live("lake"), live("plain"));
    }
}

fn copy(from: &Path, to: &Path) {
    let copied = Command::new("cp").args(["-a".as_ref(), from.as_os_str(), to.as_os_str()]).status().unwrap();
    assert!(copied.success());
}

/// The bytes of all derived files, by their path in the lake.
fn derived(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let lake = Lake::open(root).unwrap();
    let tables = DERIVED.map(|name| lake.files(roundup::lake::schema::table(name).unwrap()).unwrap());
    let file = |path: PathBuf| (path.strip_prefix(root).unwrap().display().to_string(), fs::read(&path).unwrap());
    tables.into_iter().flatten().map(file).collect()
}

#[test]
fn units_make_the_tables_of_one_machine_in_any_order_and_more_than_once() {
    let lakes = Lakes::new();
    let mut units = lakes.list();
    assert!(units.len() > 2 && units.iter().all(|unit| unit.outputs.len() == 4), "{units:?}");
    assert!(units.is_sorted_by(|one, other| one.bytes >= other.bytes), "the largest first");
    assert!(derived(&lakes.path("lake")).is_empty(), "listing does nothing");
    assert_eq!(lakes.list(), units);
    units.reverse();
    let third = units.len().div_ceil(3);
    let mut results = Vec::new();
    for (number, part) in units.chunks(third).enumerate() {
        let name = format!("part-{number}.jsonl");
        // The last unit of each part is one of the next, too.
        let next = units.get((number + 1) * third);
        lakes.write(&name, &part.iter().chain(next).collect::<Vec<_>>());
        results.extend(lakes.make(&name, 0));
    }
    assert!(derived(&lakes.path("lake")).is_empty(), "a worker does not write into the lake");
    let files = units.iter().map(|unit| unit.outputs.len()).sum::<usize>();
    let collected = lakes.collect(&results, 0);
    assert_eq!(collected, json!({"collected": files, "fresh": 0, "superseded": 0, "failed": 0}));
    lakes.are_equal();
    assert!(lakes.list().is_empty());
    assert_eq!(lakes.collect(&results, 0)["collected"], 0, "collected already");
    lakes.done(&[&["analyze", "--lake", "lake"], &SETS[..]].concat(), 0);
    lakes.are_equal();
    let left = fs::read_dir(lakes.path("lake/_roundup/work")).unwrap().count();
    assert_eq!(left, 0, "what was collected is deleted where it was made");
}

#[test]
fn what_workers_made_for_themselves_alone_is_for_all_once_it_is_collected() {
    let lakes = Lakes::new();
    lakes.list();
    let results = lakes.make("units.jsonl", 0);
    for file in results.iter().flat_map(|result| &result.files) {
        fs::set_permissions(&file.at, Permissions::from_mode(0o600)).unwrap();
    }
    lakes.collect(&results, 0);
    let modes = |name: &str| {
        let root = lakes.path(name);
        let mode = |path: String| (fs::metadata(root.join(&path)).unwrap().permissions().mode(), path);
        derived(&root).into_keys().map(mode).collect::<Vec<_>>()
    };
    assert_eq!(modes("lake"), modes("plain"));
}

#[test]
fn what_killed_workers_left_goes_when_the_lake_is_opened() {
    let lakes = Lakes::new();
    let units = lakes.list();
    let unit = Path::new(&units[0].outputs[0].to).parent().unwrap().to_owned();
    fs::create_dir_all(unit.join(".making-a1b2c3")).unwrap();
    for name in [".making-a1b2c3/rows", ".part-a1b2c3"] {
        fs::write(unit.join(name), "half of the rows").unwrap();
    }
    let living = TemporaryFolder::new(&unit, ".making-").unwrap();
    lakes.done(&["ledger", "rebuild", "--lake", "lake"], 0);
    let left: Vec<PathBuf> = fs::read_dir(&unit).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left, [living.path()], "one that works stays");
    drop(living);
    lakes.make("units.jsonl", 0);
    assert_eq!(fs::read_dir(&unit).unwrap().count(), units[0].outputs.len(), "and goes when it is killed");
}

#[test]
fn what_was_made_and_not_collected_goes_with_the_person() {
    let lakes = Lakes::new();
    lakes.list();
    let results = lakes.make("units.jsonl", 0);
    let row = rows(&lakes.path("lake"), "responses").into_iter().find(|row| row.contains_key("transcript")).unwrap();
    let forget = ["forget", "--lake", "lake", "--interview", &row["interview_id"], "--yes", "--verify"];
    lakes.done(&forget, 0);
    // What is collected later is not of the answers that there are now, or is gone.
    let collected = lakes.collect(&results, 3);
    assert!(collected["failed"].as_u64() > Some(0) && collected["collected"].as_u64() > Some(0), "{collected}");
    lakes.done(&[&["analyze", "--lake", "lake"], &SETS[..]].concat(), 0);
    lakes.done(&forget[..5].iter().copied().chain(["--verify"]).collect::<Vec<_>>(), 0);
}

#[test]
fn two_machines_at_once_end_in_one_result() {
    let lakes = Lakes::new();
    lakes.list();
    let start = || {
        let mut worker = process(lakes.folder.path());
        worker.args(["analyze", "--work-from", "units.jsonl"]).args(SETS);
        worker.stdout(Stdio::piped()).spawn().unwrap()
    };
    let workers = [start(), start(), start()];
    let outputs = workers.map(|worker| worker.wait_with_output().unwrap());
    let mut results: Vec<UnitResult> = Vec::new();
    for output in outputs {
        assert!(output.status.success());
        results.extend(read_lines::<UnitResult>(std::str::from_utf8(&output.stdout).unwrap(), "results").unwrap());
    }
    lakes.collect(&results, 0);
    lakes.are_equal();
}

#[test]
fn a_poisoned_file_fails_alone_and_is_named() {
    let lakes = Lakes::new();
    let units = lakes.list();
    let poisoned = units[0].inputs.iter().find(|input| input.table == "responses").unwrap();
    let whole = fs::read(&poisoned.from).unwrap();
    let mut bytes = whole.clone();
    bytes[100] ^= 1;
    fs::write(&poisoned.from, bytes).unwrap();
    let results = lakes.make("units.jsonl", 3);
    assert_eq!(results.len(), units.len());
    let failed: Vec<&UnitResult> = results.iter().filter(|result| result.error.is_some()).collect();
    assert_eq!(failed.len(), 1);
    assert!(failed[0].error.as_ref().unwrap().contains(&poisoned.from), "{failed:?}");
    let collected = lakes.collect(&results, 3);
    assert_eq!(
        (collected["failed"].as_u64(), collected["collected"].as_u64()),
        (Some(1), Some(units.len() as u64 * 4 - 4))
    );
    // Put back from a backup: the rest is what is left to do.
    fs::write(&poisoned.from, whole).unwrap();
    assert_eq!(lakes.list().len(), 1);
    let results = lakes.make("units.jsonl", 0);
    lakes.collect(&results, 0);
    lakes.are_equal();
}

#[test]
fn a_worker_with_another_program_or_set_makes_nothing() {
    let lakes = Lakes::new();
    let units = lakes.list();
    let fails = |arguments: &[&str], why: &str| {
        let output = lakes.done(&[&["analyze", "--work-from", "units.jsonl"], arguments].concat(), 3);
        let results: Vec<UnitResult> = read_lines(std::str::from_utf8(&output.stdout).unwrap(), "results").unwrap();
        assert_eq!(results.len(), units.len());
        assert!(results.iter().all(|result| result.error.as_ref().unwrap().contains(why)), "{results:?}");
    };
    fails(&SETS[..2], "keyword_hits of vendor-sample: no such set was given");
    let set = "name = \"engineering\"\nversion = \"1\"\n[[terms]]\nname = \"Rust\"\n";
    fs::write(lakes.path("engineering.toml"), set).unwrap();
    fails(&["--keywords", "engineering.toml", "builtin:vendor-sample"], "the keyword set is another one here");
    fails(&[&SETS[..], &["--metrics", "words"]].concat(), "the groups of figures are others here");
    let other: Vec<Unit> = units.iter().cloned().map(|unit| Unit { by: "0.0.1".to_owned(), ..unit }).collect();
    lakes.write("units.jsonl", &other);
    fails(&SETS, "listed by roundup 0.0.1");
    assert!(!lakes.path("lake/_roundup/work").exists());
    fs::write(lakes.path("units.jsonl"), "{\"unit\":\n").unwrap();
    let output = lakes.done(&["analyze", "--work-from", "units.jsonl"], 2);
    assert!(String::from_utf8_lossy(&output.stderr).contains("units.jsonl:1: is not JSON"));
}

/// Another answer takes the place of one that is in the lake.
fn an_answer_changes(lakes: &Lakes) {
    let mut all = bodies();
    let late = all.iter_mut().find(|body| body["responses"].as_array().is_some_and(|list| list.len() > 2)).unwrap();
    late["responses"][0]["transcript"] = json!("what came late");
    put(&lakes.path("lake"), std::slice::from_ref(late), true);
}

#[test]
fn results_of_newer_answers_are_collected_also_before_older_ones() {
    let lakes = Lakes::new();
    let files = lakes.list().len() * 4;
    let old = lakes.make("units.jsonl", 0);
    an_answer_changes(&lakes);
    fs::remove_dir_all(lakes.path("plain")).unwrap();
    copy(&lakes.path("lake"), &lakes.path("plain"));
    lakes.done(&[&["analyze", "--lake", "plain"], &SETS[..]].concat(), 0);
    lakes.list();
    let mut results = lakes.make("units.jsonl", 0);
    results.extend(old);
    let collected = lakes.collect(&results, 0);
    assert_eq!(collected, json!({"collected": files, "fresh": 0, "superseded": 4, "failed": 0}));
    lakes.are_equal();
    assert_eq!(fs::read_dir(lakes.path("lake/_roundup/staging")).unwrap().count(), 0);
}

#[test]
fn what_was_made_from_older_answers_is_left_out() {
    let lakes = Lakes::new();
    lakes.list();
    let results = lakes.make("units.jsonl", 0);
    an_answer_changes(&lakes);
    let collected = lakes.collect(&results, 0);
    assert_eq!(collected["superseded"], 4, "{collected}");
    assert_eq!(collected["failed"], 0, "{collected}");
    assert_eq!(lakes.list().len(), 1);
    let again = lakes.make("units.jsonl", 0);
    assert_eq!(lakes.collect(&again, 0)["collected"], 4);
}

#[test]
fn a_result_that_is_not_what_it_says_is_refused() {
    let lakes = Lakes::new();
    lakes.list();
    let mut results = lakes.make("units.jsonl", 0);
    let number = results.len() as u64;
    let first = results[0].files[0].at.clone();
    let mut bytes = fs::read(&first).unwrap();
    bytes[50] ^= 1;
    fs::write(&first, bytes).unwrap();
    results[1].files[0].table = "../interviews".to_owned();
    let hits = results[1].files.iter_mut().find(|file| file.set.is_some()).unwrap();
    hits.set = Some("../../x".to_owned());
    let collected = lakes.collect(&results, 3);
    assert_eq!(collected, json!({"collected": number * 4 - 3, "fresh": 0, "superseded": 0, "failed": 3}));
    let version = Lake::open(&lakes.path("lake")).unwrap().version().unwrap().unwrap();
    assert_eq!(version.files().filter(|file| DERIVED.contains(&file.table.as_str())).count() as u64, number * 4 - 3);
}

#[test]
fn only_what_a_unit_makes_is_taken_or_deleted() {
    let lakes = Lakes::new();
    lakes.list();
    let results = lakes.make("units.jsonl", 0);
    let key = lakes.path("lake/_roundup/candidate.key");
    let (key_at, key_bytes) = (key.display().to_string(), fs::read(&key).unwrap());
    let made = &results[0].files[0].at;
    let work = lakes.path("lake/_roundup/work").display().to_string();
    let with = |unit: &str, place: &str, at: &str| {
        let mut result = results[0].clone();
        (result.unit, result.place) = (unit.to_owned(), place.to_owned());
        result.files.truncate(1);
        result.files[0].at = at.to_owned();
        result
    };
    let UnitResult { unit, place, .. } = &results[0];
    // Of a batch that the lake does not have, and so too late.
    let elsewhere = "month=2020-01/other.parquet";
    let name = format!("{}--{}", results[0].files[0].table, elsewhere.replace('/', "--"));
    let lines = [
        with(unit, place, &key_at),
        with(unit, elsewhere, &key_at),
        with(unit, elsewhere, &format!("file://{key_at}")),
        with(unit, elsewhere, &format!("{work}/{unit}/../../candidate.key")),
        with(unit, elsewhere, &format!("{work}/../work/{unit}/{name}")),
        with(unit, elsewhere, made),
        with("..", elsewhere, &format!("{work}/../{name}")),
        with("", elsewhere, &format!("{work}//{name}")),
        with(&"A".repeat(32), elsewhere, &format!("{work}/{}/{name}", "A".repeat(32))),
    ];
    let collected = lakes.collect(&lines, 3);
    assert_eq!(collected, json!({"collected": 0, "fresh": 0, "superseded": 0, "failed": lines.len()}));
    assert_eq!(fs::read(&key).unwrap(), key_bytes);
    assert!(Path::new(made).exists());
    // Nor when the lake has what the line says.
    lakes.collect(&results, 0);
    lakes.collect(&lines[..1], 3);
    assert_eq!(fs::read(&key).unwrap(), key_bytes);
}

#[test]
fn units_of_a_mirror_are_done_elsewhere_and_collected_into_the_lake() {
    let lakes = Lakes::new();
    let at = |name: &str| format!("file://{}", lakes.path(name).display());
    let (mirror, out) = (at("mirror"), at("out"));
    lakes.done(&["mirror", "--lake", "lake", "--to", &mirror, "--exclude-table", "candidates"], 0);
    let list = [&["analyze", "--list-work", "--lake", &mirror], &SETS[..]].concat();
    assert!(String::from_utf8_lossy(&lakes.done(&list, 2).stderr).contains("workers do not write into a mirror"));
    let list = [&list[..], &["--outputs", &out]].concat();
    let listed = lakes.done(&list, 0).stdout;
    fs::write(lakes.path("units.jsonl"), &listed).unwrap();
    let units: Vec<Unit> = read_lines(std::str::from_utf8(&listed).unwrap(), "units").unwrap();
    assert!(units.iter().all(|unit| unit.inputs[0].from.starts_with(&mirror)), "{units:?}");
    // Twice: the same objects.
    lakes.make("units.jsonl", 0);
    let results = lakes.make("units.jsonl", 0);
    assert!(results.iter().flat_map(|result| &result.files).all(|file| file.at.starts_with(&out)));
    lakes.collect(&results, 0);
    lakes.are_equal();
    // The mirror is behind until it is made again; then nothing is left to do.
    lakes.done(&["mirror", "--lake", "lake", "--to", &mirror, "--exclude-table", "candidates"], 0);
    assert!(lakes.done(&list, 0).stdout.is_empty());
}

#[test]
fn relative_outputs_are_the_same_in_every_folder() {
    let lakes = Lakes::new();
    let mirror = format!("file://{}", lakes.path("mirror").display());
    lakes.done(&["mirror", "--lake", "lake", "--to", &mirror], 0);
    let folder = lakes.folder.path().canonicalize().unwrap();
    let up = format!("../{}/up", folder.file_name().unwrap().display());
    let goes_to = |arguments: &[&str], out: PathBuf| {
        let listed = lakes.done(&[&["analyze", "--list-work"], arguments].concat(), 0).stdout;
        let units: Vec<Unit> = read_lines(std::str::from_utf8(&listed).unwrap(), "units").unwrap();
        let below = |to: &str| Path::new(to).starts_with(&out) && !to.contains("/../");
        let outputs: Vec<&str> = units.iter().flat_map(|unit| &unit.outputs).map(|output| &*output.to).collect();
        assert!(!outputs.is_empty() && outputs.iter().all(|to| below(to)), "{outputs:?}");
    };
    for lake in ["lake", &mirror] {
        goes_to(&["--lake", lake, "--outputs", "out"], folder.join("out"));
        goes_to(&["--lake", lake, "--outputs", &up], folder.join("up"));
    }
    goes_to(&["--lake", "lake/../lake"], folder.join("lake/_roundup/work"));
}

#[test]
fn a_damaged_object_of_a_mirror_fails_alone() {
    let lakes = Lakes::new();
    let at = |name: &str| format!("file://{}", lakes.path(name).display());
    lakes.done(&["mirror", "--lake", "lake", "--to", &at("mirror")], 0);
    let list = ["analyze", "--list-work", "--lake", &at("mirror"), "--outputs", &at("out")];
    fs::write(lakes.path("units.jsonl"), lakes.done(&[&list, &SETS[..]].concat(), 0).stdout).unwrap();
    let units: Vec<Unit> = read_lines(&fs::read_to_string(lakes.path("units.jsonl")).unwrap(), "units").unwrap();
    let path = |address: &str| PathBuf::from(address.strip_prefix("file://").unwrap());
    let (damaged, missing) = (&units[0].inputs[1].from, &units[1].inputs[0].from);
    fs::write(path(damaged), "not Parquet").unwrap();
    fs::remove_file(path(missing)).unwrap();
    let results = lakes.make("units.jsonl", 3);
    let wrong: Vec<&String> = results.iter().filter_map(|result| result.error.as_ref()).collect();
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(wrong.iter().any(|why| why.contains(damaged) && why.contains("its bytes are others")), "{wrong:?}");
    assert!(wrong.iter().any(|why| why.contains(missing) && why.contains("is missing")), "{wrong:?}");
}

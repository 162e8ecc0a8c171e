//! The Delta tables of a lake, read as their protocol says and by nothing of the program's own: each is the lake's
//! version, byte for byte, whatever has happened to it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use roundup::lake::read::{ParquetFile, parquet_files};
use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::common::{INTERVIEWS, roundup, sample, serve};
use crate::replace::{bodies as settled, put};

/// The files of a table by their place below it: their hash and rows.
type Files = BTreeMap<String, (String, u64)>;

/// A Delta table as a reader sees it.
#[derive(Debug)]
pub struct DeltaTable {
    folder: PathBuf,
    pub id: String,
    /// The paths of each version, and the lake's version that it follows.
    pub versions: Vec<(u64, BTreeSet<String>)>,
    sizes: BTreeMap<String, (u64, u64)>,
}

impl DeltaTable {
    /// Replays all commits, from the first one on.
    pub fn read(folder: &Path) -> Self {
        let log = folder.join("_delta_log");
        let (mut live, mut sizes, mut versions) = (BTreeSet::new(), BTreeMap::new(), Vec::new());
        let mut id = String::new();
        for version in 0.. {
            let Ok(text) = fs::read_to_string(log.join(format!("{version:020}.json"))) else { break };
            assert!(text.ends_with('\n'), "version {version} of {} is cut", folder.display());
            let mut lake_version = None;
            for line in text.lines() {
                let line: Value = serde_json::from_str(line).unwrap();
                let (kind, action) = line.as_object().unwrap().iter().next().unwrap();
                let path = || percent_decode_str(action["path"].as_str().unwrap()).decode_utf8().unwrap().into_owned();
                match kind.as_str() {
                    "commitInfo" => lake_version = action["lakeVersion"].as_u64(),
                    "protocol" => {
                        assert_eq!((&action["minReaderVersion"], &action["minWriterVersion"]), (&1.into(), &2.into()));
                    }
                    "metaData" => action["id"].as_str().unwrap().clone_into(&mut id),
                    "add" => {
                        let stats: Value = serde_json::from_str(action["stats"].as_str().unwrap()).unwrap();
                        assert_eq!(stats.as_object().unwrap().len(), 1, "{stats}");
                        sizes.insert(path(), (action["size"].as_u64().unwrap(), stats["numRecords"].as_u64().unwrap()));
                        for (column, value) in action["partitionValues"].as_object().unwrap() {
                            let folder = format!("{column}={}", value.as_str().unwrap());
                            assert!(path().split('/').any(|part| part == folder), "{line}");
                        }
                        assert!(live.insert(path()), "{line} was there");
                    }
                    "remove" => assert!(live.remove(&path()), "{line} was not there"),
                    other => panic!("{other}"),
                }
            }
            versions.push((lake_version.unwrap(), live.clone()));
        }
        assert!(!versions.is_empty(), "{} has no log", folder.display());
        Self { folder: folder.to_owned(), id, versions, sizes }
    }

    /// The files of a version by the place that they have in the lake. Every path is looked up and read.
    fn files(&self, version: usize) -> Files {
        let file = |path: &String| {
            let bytes = fs::read(self.folder.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
            let (size, rows) = self.sizes[path];
            assert_eq!(bytes.len() as u64, size, "{path}");
            assert_eq!(ParquetFile::open(&self.folder.join(path)).unwrap().rows(), rows, "{path}");
            let (place, _) = path.rsplit_once('-').unwrap();
            (format!("{place}.parquet"), (hex::encode(Sha256::digest(&bytes)), rows))
        };
        self.versions[version].1.iter().map(file).collect()
    }
}

/// The files of all tables in each version of a lake, by table, read from its log. One that a repair began anew begins with
/// what the ledger knew, which is no whole version.
fn versions_of(lake: &Path) -> BTreeMap<u64, BTreeMap<String, Files>> {
    let read = |name: String| fs::read_to_string(lake.join("_roundup/log").join(name));
    let mut tables: BTreeMap<String, Files> = BTreeMap::new();
    let add = |tables: &mut BTreeMap<String, Files>, file: &Value| {
        let (table, place) = file["path"].as_str().unwrap().split_once('/').unwrap();
        let hash_and_rows = (file["sha256"].as_str().unwrap().to_owned(), file["rows"].as_u64().unwrap());
        tables.entry(table.to_owned()).or_default().insert(place.to_owned(), hash_and_rows);
    };
    let mut first = 0;
    if read(format!("{:020}.json", 0)).is_err() {
        let known =
            (1..1_000).find_map(|version| Some((version, read(format!("{version:020}.checkpoint.json")).ok()?)));
        let (version, known) = known.expect("the log begins with a commit or a checkpoint");
        known.lines().skip(1).for_each(|file| add(&mut tables, &serde_json::from_str(file).unwrap()));
        first = version + 1;
    }
    let mut versions = BTreeMap::new();
    for version in first.. {
        let Ok(text) = read(format!("{version:020}.json")) else { break };
        let commit: Value = serde_json::from_str(&text).unwrap();
        for path in commit["remove"].as_array().unwrap() {
            let (table, place) = path.as_str().unwrap().split_once('/').unwrap();
            tables.get_mut(table).unwrap().remove(place);
        }
        commit["add"].as_array().unwrap().iter().for_each(|file| add(&mut tables, file));
        versions.insert(version, tables.clone());
    }
    versions
}

/// Checks that every version of every Delta table is, byte for byte, the version of the lake that it says it follows.
/// Returns the tables.
#[track_caller]
pub fn are_what_they_say(lake: &Path) -> BTreeMap<String, DeltaTable> {
    let versions = versions_of(lake);
    let mut tables = BTreeMap::new();
    for entry in fs::read_dir(lake.join("delta")).into_iter().flatten() {
        let folder = entry.unwrap().path();
        // One that is being made has no commit yet.
        if !folder.join(format!("_delta_log/{:020}.json", 0)).exists() {
            continue;
        }
        let name = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let table = DeltaTable::read(&folder);
        for (version, (lake_version, _)) in table.versions.iter().enumerate() {
            let Some(of_lake) = versions.get(lake_version) else {
                assert!(versions.keys().next().is_some_and(|first| lake_version < first), "version {lake_version}");
                continue;
            };
            let of_lake = of_lake.get(&name).cloned().unwrap_or_default();
            assert!(table.files(version) == of_lake, "version {version} of {name} is not version {lake_version}");
        }
        tables.insert(name, table);
    }
    tables
}

/// Checks that every table of a lake's last version is there, too.
#[track_caller]
pub fn are_the_last_version(lake: &Path) -> BTreeMap<String, DeltaTable> {
    let tables = are_what_they_say(lake);
    for (name, files) in versions_of(lake).pop_last().unwrap().1 {
        let table = tables.get(&name).unwrap_or_else(|| panic!("{name} has no Delta table"));
        assert!(table.files(table.versions.len() - 1) == files, "{name} is not the last version");
    }
    tables
}

/// Checks that there is no link but theirs either.
#[track_caller]
pub fn are_up_to_date(lake: &Path) -> BTreeMap<String, DeltaTable> {
    let tables = are_the_last_version(lake);
    for table in tables.values() {
        let on_disk: BTreeSet<String> = parquet_files(&table.folder)
            .unwrap()
            .iter()
            .map(|path| path.strip_prefix(&table.folder).unwrap().display().to_string())
            .filter(|path| !path.starts_with("_delta_log/"))
            .collect();
        let known: BTreeSet<String> = table.versions.iter().flat_map(|(_, paths)| paths.clone()).collect();
        assert!(on_disk.is_subset(&known), "{:?}", on_disk.difference(&known));
    }
    tables
}

fn run(folder: &Path, arguments: &[&str]) -> String {
    let output = roundup(folder).args(arguments).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {stderr}");
    stderr
}

fn write_lines(path: &Path, bodies: &[Value]) {
    fs::write(path, bodies.iter().map(|body| body.to_string() + "\n").collect::<String>()).unwrap();
}

/// A folder with a lake of two imports and an analysis.
fn analysed() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let bodies = sample();
    write_lines(&folder.path().join("half.jsonl"), &bodies[..bodies.len() / 2]);
    run(folder.path(), &["import", "--lake", "lake", "half.jsonl"]);
    run(folder.path(), &["analyze", "--lake", "lake", "--keywords", "builtin:fillers"]);
    run(folder.path(), &["import", "--lake", "lake", INTERVIEWS]);
    run(folder.path(), &["analyze", "--lake", "lake", "--keywords", "builtin:fillers", "builtin:hedges"]);
    folder
}

fn last_log_file(lake: &Path, table: &str) -> PathBuf {
    let log = lake.join("delta").join(table).join("_delta_log");
    let names = fs::read_dir(log).unwrap().map(|entry| entry.unwrap().path());
    names.filter(|path| path.extension().is_some_and(|extension| extension == "json")).max().unwrap()
}

#[test]
fn every_table_of_a_run_is_a_delta_table() {
    let served = serve(None);
    let pipeline = served.pipeline("questions = \"all\"\n[analyze]\nkeywords = [\"builtin:fillers\"]\n");
    served.run(&pipeline, 0);
    let tables = are_up_to_date(&served.lake());
    let names: Vec<&str> = tables.keys().map(String::as_str).collect();
    let expected = [
        "candidates",
        "interview_metrics",
        "interviews",
        "keyword_hits",
        "open_interviews",
        "questions",
        "response_metrics",
        "responses",
        "runs",
    ];
    assert!(expected.iter().all(|name| names.contains(name)), "{names:?}");
    // A night on which nothing is new adds its own row, and no more.
    served.run(&pipeline, 0);
    let again = are_up_to_date(&served.lake());
    for (name, table) in &tables {
        assert_eq!(again[name].id, table.id);
        let grown = again[name].versions.len() - table.versions.len();
        assert_eq!(grown, usize::from(name == "runs"), "{name}");
    }
}

#[test]
fn a_reader_that_holds_a_snapshot_reads_on_while_its_files_are_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    let mut bodies = settled();
    put(&lake, &bodies, false);
    run(folder.path(), &["analyze", "--lake", "lake"]);
    let held = are_up_to_date(&lake);
    let contents = |tables: &BTreeMap<String, DeltaTable>| -> BTreeMap<String, Files> {
        held.iter().map(|(name, table)| (name.clone(), tables[name].files(table.versions.len() - 1))).collect()
    };
    let before = contents(&held);
    // Other answers come, so that files are replaced under their own names.
    for body in &mut bodies {
        for response in body["responses"].as_array_mut().into_iter().flatten() {
            response["transcript"] = "Something else was said.".into();
        }
    }
    put(&lake, &bodies, true);
    run(folder.path(), &["analyze", "--lake", "lake"]);
    let after = are_up_to_date(&lake);
    for name in ["responses", "interviews", "response_metrics"] {
        assert_eq!(after[name].id, held[name].id);
        assert_eq!(after[name].versions.len(), held[name].versions.len() + 1, "{name}");
        let (_, paths) = after[name].versions.last().unwrap();
        assert!(paths.is_disjoint(&held[name].versions.last().unwrap().1), "a path that comes back is read twice");
    }
    assert_eq!(contents(&after), before, "the old version is still there");
}

#[test]
fn what_is_deleted_cut_or_of_another_lake_is_made_again() {
    let folder = analysed();
    let lake = folder.path().join("lake");
    are_up_to_date(&lake);
    let other = analysed();
    let harms: [(&str, &dyn Fn()); 6] = [
        ("deleted", &|| fs::remove_dir_all(lake.join("delta")).unwrap()),
        ("one table deleted", &|| fs::remove_dir_all(lake.join("delta/responses")).unwrap()),
        ("cut", &|| {
            let last = last_log_file(&lake, "responses");
            let bytes = fs::read(&last).unwrap();
            fs::write(&last, &bytes[..bytes.len() / 2]).unwrap();
        }),
        ("emptied", &|| fs::write(last_log_file(&lake, "responses"), "").unwrap()),
        ("of another lake", &|| {
            fs::remove_dir_all(lake.join("delta")).unwrap();
            copy(&other.path().join("lake/delta"), &lake.join("delta"));
        }),
        ("written to by another program", &|| {
            let last = last_log_file(&lake, "responses");
            let next = DeltaTable::read(&lake.join("delta/responses")).versions.len();
            let line = "{\"commitInfo\":{\"timestamp\":1,\"operation\":\"OPTIMIZE\"}}\n";
            fs::write(last.with_file_name(format!("{next:020}.json")), line).unwrap();
        }),
    ];
    for (what, harm) in harms {
        let id = DeltaTable::read(&lake.join("delta/responses")).id;
        harm();
        let stderr = run(folder.path(), &["analyze", "--lake", "lake", "--keywords", "builtin:fillers"]);
        assert!(!stderr.contains("Delta"), "{what}: {stderr}");
        let after = are_up_to_date(&lake);
        assert_ne!(after["responses"].id, id, "{what}: a stream would read rows twice");
        // It goes on from there.
        run(folder.path(), &["analyze", "--lake", "lake", "--keywords", "builtin:fillers", "--force"]);
        are_up_to_date(&lake);
    }
}

#[test]
fn a_lake_that_is_behind_is_brought_up_under_the_same_id() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    let bodies = sample();
    write_lines(&folder.path().join("half.jsonl"), &bodies[..bodies.len() / 2]);
    run(folder.path(), &["import", "--lake", "lake", "half.jsonl"]);
    let before = are_up_to_date(&lake);
    // By a flag, and by the environment: nothing is made, and the tables are as they would be with it.
    let stderr = run(folder.path(), &["import", "--lake", "lake", "--no-delta", INTERVIEWS]);
    assert!(stderr.contains("delete it"), "{stderr}");
    roundup(folder.path()).env("ROUNDUP_NO_DELTA", "1").args(["analyze", "--lake", "lake"]).assert().success();
    let behind = are_what_they_say(&lake);
    assert_eq!(behind["interviews"].versions.len(), 1);
    assert!(!behind.contains_key("response_metrics"));
    run(folder.path(), &["analyze", "--lake", "lake"]);
    let after = are_up_to_date(&lake);
    assert_eq!(after["interviews"].id, before["interviews"].id);
    assert_eq!(after["interviews"].versions.len(), 2, "what was missed is one commit");
    assert!(after.contains_key("response_metrics"));
}

#[test]
fn delta_can_be_turned_off() {
    let served = serve(Some(12));
    let pipeline = served.pipeline("");
    let text = fs::read_to_string(&pipeline).unwrap();
    fs::write(&pipeline, text.replace("[lake]\n", "[lake]\ndelta = false\n")).unwrap();
    served.run(&pipeline, 0);
    assert!(!served.path("lake/delta").exists());
    roundup(served.folder.path()).args(["status", "--check", "--lake", "lake"]).assert().success();
}

#[test]
fn a_crash_between_links_and_commit_is_made_up_for() {
    for point in ["delta-linked", "delta-committed"] {
        let folder = tempfile::tempdir().unwrap();
        let lake = folder.path().join("lake");
        let mut import = roundup(folder.path());
        import.env("ROUNDUP_CRASH_AT", point).args(["import", "--lake", "lake", INTERVIEWS]);
        assert_eq!(import.output().unwrap().status.code(), None, "{point}");
        are_what_they_say(&lake);
        // Twice in a row, then not.
        let mut again = roundup(folder.path());
        again.env("ROUNDUP_CRASH_AT", point).args(["analyze", "--lake", "lake"]);
        assert_eq!(again.output().unwrap().status.code(), None, "{point}");
        are_what_they_say(&lake);
        run(folder.path(), &["analyze", "--lake", "lake"]);
        are_up_to_date(&lake);
    }
}

#[test]
fn a_derived_file_that_is_in_no_commit_is_in_no_delta_table() {
    let folder = analysed();
    let lake = folder.path().join("lake");
    let held = are_up_to_date(&lake)["response_metrics"].versions.len();
    // As an analysis leaves it that is killed before its commit: a new file is in the place of the one in the log.
    let other = |number: u8| {
        let path = parquet_files(&lake.join("response_metrics")).unwrap().remove(0);
        let mut bytes = fs::read(&path).unwrap();
        bytes[10] ^= number;
        fs::write(path.with_extension("new"), bytes).unwrap();
        fs::rename(path.with_extension("new"), path).unwrap();
    };
    other(1);
    run(folder.path(), &["import", "--lake", "lake", INTERVIEWS]);
    assert_eq!(are_up_to_date(&lake)["response_metrics"].versions.len(), held, "the link has the old bytes");
    fs::remove_dir_all(lake.join("delta")).unwrap();
    other(2);
    run(folder.path(), &["import", "--lake", "lake", INTERVIEWS]);
    let tables = are_what_they_say(&lake);
    assert!(tables.contains_key("responses") && !tables.contains_key("response_metrics"), "{:?}", tables.keys());
    run(folder.path(), &["analyze", "--lake", "lake", "--keywords", "builtin:fillers", "builtin:hedges", "--force"]);
    are_up_to_date(&lake);
}

#[test]
fn what_goes_wrong_there_is_a_warning_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    fs::create_dir(&lake).unwrap();
    fs::write(lake.join("delta"), "in the way").unwrap();
    let stderr = run(folder.path(), &["import", "--lake", "lake", INTERVIEWS]);
    assert!(stderr.contains("the Delta table of interviews is not up to date"), "{stderr}");
    assert!(!parquet_files(&lake.join("interviews")).unwrap().is_empty());
    fs::remove_file(lake.join("delta")).unwrap();
    run(folder.path(), &["analyze", "--lake", "lake"]);
    are_up_to_date(&lake);
}

#[test]
fn whoever_only_reads_writes_no_delta() {
    let folder = analysed();
    let lake = folder.path().join("lake");
    fs::remove_dir_all(lake.join("delta")).unwrap();
    for command in [
        &["status", "--lake", "lake"][..],
        &["jobs", "--lake", "lake"],
        &["export", "--lake", "lake", "--format", "csv"],
        &["files", "interviews", "--lake", "lake"],
        &["report", "--lake", "lake"],
    ] {
        roundup(folder.path()).args(command).assert().success();
        assert!(!lake.join("delta").exists(), "{command:?}");
    }
}

#[test]
fn links_are_no_files_of_the_lake() {
    let folder = analysed();
    let lake = folder.path().join("lake");
    let mut linked = 0;
    for path in parquet_files(&lake.join("delta")).unwrap() {
        linked += usize::from(fs::metadata(&path).unwrap().nlink() > 1);
    }
    assert!(linked > 10, "nothing is copied");
    roundup(folder.path()).args(["status", "--check", "--lake", "lake"]).assert().success();
    let repaired = roundup(folder.path()).args(["repair", "--lake", "lake"]).assert().success();
    assert_eq!(String::from_utf8_lossy(&repaired.get_output().stdout), "nothing to repair\n");
}

#[test]
fn a_repaired_lake_has_delta_tables_of_its_own() {
    let folder = analysed();
    let lake = folder.path().join("lake");
    let id = are_up_to_date(&lake)["interviews"].id.clone();
    // Another program has deleted a file.
    let file = parquet_files(&lake.join("interviews")).unwrap().pop().unwrap();
    fs::remove_file(file).unwrap();
    run(folder.path(), &["repair", "--lake", "lake"]);
    assert_eq!(are_up_to_date(&lake)["interviews"].id, id);
    // Its log is gone, and goes on from what the ledger knows.
    fs::remove_dir_all(lake.join("_roundup/log")).unwrap();
    run(folder.path(), &["repair", "--lake", "lake"]);
    assert_eq!(are_up_to_date(&lake)["interviews"].id, id);
    // The ledger is gone, too, so that it becomes another lake.
    fs::remove_dir_all(lake.join("_roundup/log")).unwrap();
    fs::write(lake.join("_roundup/ledger.db"), "").unwrap();
    run(folder.path(), &["repair", "--lake", "lake"]);
    assert_ne!(are_up_to_date(&lake)["interviews"].id, id);
}

#[test]
fn delta_tables_have_the_access_of_their_tables() {
    let folder = analysed();
    let lake = folder.path().join("lake");
    let mode = |path: &str| fs::metadata(lake.join(path)).unwrap().mode() & 0o7777;
    assert_eq!(mode("delta/candidates") & 0o027, 0);
    assert_eq!(mode("delta/candidates"), mode("candidates"));
    assert_eq!(mode("delta/interviews"), mode("interviews"));
    for (table, new) in [("candidates", 0o700), ("interviews", 0o750)] {
        fs::set_permissions(lake.join(table), fs::Permissions::from_mode(new)).unwrap();
    }
    run(folder.path(), &["analyze", "--lake", "lake"]);
    assert_eq!((mode("delta/candidates"), mode("delta/interviews")), (0o700, 0o750));
}

#[test]
fn where_files_cannot_be_linked_delta_is_off_and_that_is_said_once() {
    let folder = tempfile::tempdir().unwrap();
    // A folder on another file system cannot have links to files of this one.
    let Ok(elsewhere) = tempfile::tempdir_in("/dev/shm") else { return };
    let device = |path: &Path| fs::metadata(path).unwrap().dev();
    if device(elsewhere.path()) == device(folder.path()) {
        return;
    }
    fs::create_dir(folder.path().join("lake")).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), folder.path().join("lake/delta")).unwrap();
    for arguments in [&["import", "--lake", "lake", INTERVIEWS][..], &["analyze", "--lake", "lake"]] {
        let stderr = run(folder.path(), arguments);
        assert_eq!(stderr.matches("cannot be linked").count(), 1, "{stderr}");
        assert!(stderr.contains("delta = false"), "{stderr}");
    }
    assert_eq!(parquet_files(elsewhere.path()).unwrap(), Vec::<PathBuf>::new());
    roundup(folder.path()).args(["status", "--check", "--lake", "lake"]).assert().success();
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

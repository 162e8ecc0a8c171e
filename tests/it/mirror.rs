//! A mirror has whole versions only, whatever happens to it, and a lake that is restored from it is the lake.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use jiff::Timestamp;
use roundup::lake::Lake;
use roundup::lake::delta::links_of;
use roundup::lake::log::{Commit, CommitKind, append, checkpoint_bytes, read_log};
use roundup::lake::schema::TABLES;
use roundup::mirror::MirrorReader;
use roundup::objects::Objects;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::common::{INTERVIEWS, roundup, rows, serve};
use crate::replace::{bodies, put};

/// A lake of the sample, analysed, and a folder for its mirror.
pub struct Mirrored {
    folder: TempDir,
    pub runtime: Runtime,
}

impl Mirrored {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mirrored = Self { folder, runtime: Runtime::new().unwrap() };
        mirrored.done(&["import", "--lake", "lake", INTERVIEWS], 0);
        mirrored.done(&["analyze", "--lake", "lake", "--keywords", "builtin:fillers"], 0);
        mirrored
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn address(&self) -> String {
        format!("file://{}", self.path("mirror").display())
    }

    pub fn command(&self, arguments: &[&str]) -> assert_cmd::Command {
        let mut command = roundup(self.folder.path());
        command.args(arguments);
        command
    }

    #[track_caller]
    pub fn done(&self, arguments: &[&str], code: i32) -> Output {
        let output = self.command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {}", said(&output));
        output
    }

    /// Mirrors the lake, with more flags.
    #[track_caller]
    pub fn mirror(&self, more: &[&str], code: i32) -> Output {
        self.done(&[&["mirror", "--lake", "lake", "--to", &self.address()], more].concat(), code)
    }

    #[track_caller]
    pub fn summary(&self, more: &[&str]) -> Value {
        serde_json::from_slice(&self.mirror(&[&["--format", "json"], more].concat(), 0).stdout).unwrap()
    }

    pub fn restore_into(&self, lake: &str) -> Vec<String> {
        let restore = ["restore", "--from", &self.address(), "--lake", lake, "--candidate-key-file"];
        restore.into_iter().map(str::to_owned).chain(["lake/_roundup/candidate.key".to_owned()]).collect()
    }

    #[track_caller]
    pub fn restore(&self, lake: &str, code: i32) -> Output {
        let restore = self.restore_into(lake);
        self.done(&restore.iter().map(String::as_str).collect::<Vec<_>>(), code)
    }

    /// Answers that come late replace a file of the lake.
    pub fn replace(&self, text: &str) {
        let mut all = bodies();
        let late = all.iter_mut().find(|body| body["responses"].as_array().is_some_and(|list| list.len() > 2)).unwrap();
        late["responses"][0]["transcript"] = json!(text);
        put(&self.path("lake"), std::slice::from_ref(late), true);
    }

    pub fn objects(&self) -> Objects {
        Objects::open("the mirror", &self.address(), self.runtime.handle().clone()).unwrap()
    }
}

pub fn said(output: &Output) -> String {
    String::from_utf8([output.stderr.clone(), output.stdout.clone()].concat()).unwrap()
}

/// The bytes of every live file, by its path.
pub fn files(root: &Path) -> BTreeMap<String, Vec<u8>> {
    let version = Lake::open(root).unwrap().version().unwrap().unwrap();
    version.files().map(|file| (file.path.clone(), fs::read(root.join(&file.path)).unwrap())).collect()
}

/// Every file of the mirror's version is there, and so is every file of its Delta tables. Returns the version.
#[track_caller]
pub fn is_whole(objects: &Objects) -> Option<u64> {
    let mirror = MirrorReader::open(objects).ok()?;
    for file in mirror.files() {
        let name = mirror.address(file).strip_prefix(&objects.address("")).unwrap().trim_start_matches('/').to_owned();
        assert_eq!(objects.sha256(&name).unwrap().as_ref(), Some(&file.sha256), "{name}");
    }
    let names: BTreeSet<String> = objects.list("delta").unwrap().into_iter().map(|listed| listed.name).collect();
    for table in TABLES {
        let folder = tempfile::tempdir().unwrap();
        let log = format!("delta/{}/_delta_log", table.name);
        fs::create_dir(folder.path().join("_delta_log")).unwrap();
        for name in names.iter().filter(|name| name.starts_with(&log)) {
            let file = folder.path().join("_delta_log").join(name.rsplit_once('/').unwrap().1);
            fs::write(file, objects.read(name).unwrap().unwrap()).unwrap();
        }
        for link in links_of(folder.path()).unwrap().unwrap_or_default() {
            assert!(names.contains(&format!("delta/{}/{link}", table.name)), "{link} of {}", table.name);
        }
    }
    Some(mirror.version.number)
}

const POINTS: [&str; 7] = [
    "mirror-claimed",
    "mirror-uploaded-one",
    "mirror-uploaded",
    "mirror-checkpoint",
    "mirror-logged-one",
    "mirror-logged",
    "mirror-delta-one",
];

/// The store is the disk of the mirror: nothing more can be written there from the step on.
#[test]
fn a_mirror_is_whole_though_its_store_is_full_at_any_step() {
    let mirrored = Mirrored::new();
    for (number, point) in POINTS.iter().enumerate() {
        let before = is_whole(&mirrored.objects());
        mirrored.replace(&format!("late {number}"));
        let mut full = Command::new("sh");
        full.current_dir(mirrored.folder.path()).args(["-c", "trap '' XFSZ; exec \"$@\"", "sh"]);
        full.arg(assert_cmd::cargo::cargo_bin!("roundup")).args([
            "mirror",
            "--lake",
            "lake",
            "--to",
            &mirrored.address(),
        ]);
        full.env("XDG_STATE_HOME", mirrored.path("state")).env("ROUNDUP_FULL_AT", point);
        let output = full.output().unwrap();
        // After its last step nothing is written.
        if !output.status.success() {
            assert_eq!(output.status.code(), Some(1), "{point}: {}", said(&output));
            assert!(said(&output).contains("File too large"), "{point}: {}", said(&output));
        }
        assert!(!output.status.success() || number > 0, "{point}");
        let after = is_whole(&mirrored.objects());
        assert!(after >= before, "{point}: {after:?} after {before:?}");
        mirrored.mirror(&[], 0);
        mirrored.mirror(&["--verify"], 0);
        let newest = read_log(&mirrored.path("lake/_roundup/log")).unwrap().unwrap().version.number;
        assert_eq!(is_whole(&mirrored.objects()), Some(newest), "{point}");
    }
}

#[test]
fn a_mirror_is_whole_after_a_kill_at_every_step() {
    let mirrored = Mirrored::new();
    for (number, point) in POINTS.iter().enumerate() {
        let before = is_whole(&mirrored.objects());
        // Of two replaced versions, the files of the first are gone.
        mirrored.replace(&format!("late {number}"));
        mirrored.replace(&format!("later {number}"));
        for _ in 0..2 {
            let mut killed = mirrored.command(&["mirror", "--lake", "lake", "--to", &mirrored.address()]);
            let output = killed.env("ROUNDUP_CRASH_AT", point).output().unwrap();
            assert!(!output.status.success() || *point == "mirror-claimed" || number > 0, "{point}");
            let after = is_whole(&mirrored.objects());
            assert!(after >= before, "{point}: {after:?} after {before:?}");
        }
        mirrored.mirror(&["--keep-old", "0s"], 0);
        mirrored.mirror(&["--verify"], 0);
        let newest = read_log(&mirrored.path("lake/_roundup/log")).unwrap().unwrap().version.number;
        assert_eq!(is_whole(&mirrored.objects()), Some(newest), "{point}");
    }
    mirrored.restore("restored", 0);
    assert!(files(&mirrored.path("lake")) == files(&mirrored.path("restored")));
}

#[test]
fn a_table_that_was_withheld_is_there_once_its_files_are() {
    let mirrored = Mirrored::new();
    for (number, point) in POINTS.iter().enumerate() {
        mirrored.mirror(&["--exclude-table", "candidates"], 0);
        mirrored.replace(&format!("late {number}"));
        let mut killed = mirrored.command(&["mirror", "--lake", "lake", "--to", &mirrored.address()]);
        let _killed_or_done = killed.env("ROUNDUP_CRASH_AT", point).output().unwrap();
        is_whole(&mirrored.objects()).unwrap();
        mirrored.restore(&format!("restored-{number}"), 0);
    }
}

#[test]
fn an_erasure_is_not_over_while_a_mirror_is_not_mounted() {
    let mirrored = Mirrored::new();
    mirrored.mirror(&[], 0);
    let first = bodies().remove(0);
    let id = first["id"].as_str().unwrap();
    let (there, away) = (mirrored.path("mirror"), mirrored.path("away"));
    fs::rename(&there, &away).unwrap();
    fs::create_dir(&there).unwrap();
    let text = said(&mirrored.done(&["forget", "--lake", "lake", "--interview", id, "--yes"], 1));
    assert!(text.contains("there is no mirror at") && text.contains("_roundup/outputs"), "{text}");
    fs::remove_dir(&there).unwrap();
    fs::rename(&away, &there).unwrap();
    mirrored.done(&["analyze", "--lake", "lake"], 0);
    mirrored.restore("restored", 0);
    let restored = Lake::open(&mirrored.path("restored")).unwrap();
    assert!(!rows(restored.root(), "interviews").iter().any(|row| row["interview_id"] == id));
}

#[test]
fn a_damaged_log_of_a_mirror_is_named_by_its_object() {
    let mirrored = Mirrored::new();
    mirrored.mirror(&[], 0);
    mirrored.replace("what came late");
    mirrored.mirror(&[], 0);
    let newest = read_log(&mirrored.path("lake/_roundup/log")).unwrap().unwrap().version.number;
    fs::write(mirrored.path("mirror/_roundup/log").join(format!("{newest:020}.json")), "{").unwrap();
    let object = format!("{}/_roundup/log/{newest:020}.json", mirrored.address());
    let text = said(&mirrored.restore("restored", 1));
    assert!(text.contains(&format!("a mirror cannot be read: the log of the lake is damaged at {object}: ")), "{text}");
    assert!(!text.contains("repair"), "{text}");
}

#[test]
fn another_lake_and_other_things_are_refused() {
    let mirrored = Mirrored::new();
    mirrored.mirror(&[], 0);
    mirrored.done(&["import", "--lake", "other", INTERVIEWS], 0);
    let to = mirrored.address();
    let output = said(&mirrored.done(&["mirror", "--lake", "other", "--to", &to], 2));
    assert!(output.contains("is the mirror of another lake"), "{output}");
    assert_eq!(
        said(&mirrored.done(&["mirror", "--lake", "other", "--to", &to, "--verify"], 2)),
        output.replace("hint: give each lake a prefix of its own\n", "")
    );
    fs::create_dir(mirrored.path("full")).unwrap();
    fs::write(mirrored.path("full/notes.txt"), "somebody's own").unwrap();
    let full = format!("file://{}", mirrored.path("full").display());
    let output = said(&mirrored.done(&["mirror", "--lake", "other", "--to", &full], 2));
    assert!(output.contains("holds something that is no mirror of a lake"), "{output}");
    for (flags, why) in [
        (&["--to", "ftp://example.org/lake"][..], "is at no address that can be used"),
        (&["--to", "file://backup/lake"], "is at no address that can be used"),
        (&["--to", &to, "--exclude-table", "people"], "there is no table `people`"),
        (&["--to", &to, "--exclude-table", "responses"], "would be none of the lake"),
        (&["--to", &to, "--keep-old", "soon"], "is no time for which old files can stay"),
    ] {
        let output = said(&mirrored.done(&[&["mirror", "--lake", "other"], flags].concat(), 2));
        assert!(output.contains(why), "{output}");
    }
    let empty = format!("file://{}", mirrored.path("empty").display());
    let output = said(&mirrored.done(&["restore", "--from", &empty, "--lake", "new"], 2));
    assert!(output.contains("there is no mirror of a lake at"), "{output}");
}

#[test]
fn mirrors_at_once_end_in_one() {
    let mirrored = Mirrored::new();
    for round in 0..3 {
        let to = mirrored.address();
        let start = |_| {
            let mut mirror = Command::new(assert_cmd::cargo::cargo_bin!("roundup"));
            mirror.current_dir(mirrored.folder.path()).args(["mirror", "--lake", "lake", "--to", &to]);
            mirror.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let all: Vec<_> = (0..3).map(start).collect();
        for one in all {
            let output = one.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", said(&output));
        }
        mirrored.mirror(&["--verify"], 0);
        mirrored.replace(&format!("late {round}"));
    }
}

#[test]
fn old_files_stay_for_a_time_and_withheld_ones_do_not() {
    let mirrored = Mirrored::new();
    let there = |table: &str| {
        let listed = mirrored.objects().list(&format!("delta/{table}")).unwrap();
        listed
            .into_iter()
            .filter(|listed| listed.name.ends_with(".parquet") && !listed.name.contains("_delta_log"))
            .count()
    };
    mirrored.mirror(&[], 0);
    let (before, people) = (there("responses"), there("candidates"));
    assert!(people > 0);
    mirrored.replace("what came late");
    mirrored.mirror(&[], 0);
    assert_eq!(there("responses"), before + 1, "a reader may hold the version before");
    mirrored.mirror(&["--keep-old", "0s"], 0);
    assert_eq!(there("responses"), before);
    let summary = mirrored.summary(&["--exclude-table", "candidates"]);
    assert!(summary["deleted"].as_u64().unwrap() >= people as u64, "{summary}");
    assert!(mirrored.objects().list("delta/candidates").unwrap().is_empty());
    mirrored.mirror(&["--verify"], 0);
    mirrored.mirror(&[], 0);
    assert_eq!(there("candidates"), people, "it is not withheld any more");
    mirrored.mirror(&["--verify"], 0);
}

#[test]
fn what_was_erased_is_gone_from_the_mirror_at_once() {
    for point in [None, Some("mirror-logged"), Some("mirror-delta-one")] {
        let mirrored = Mirrored::new();
        mirrored.mirror(&[], 0);
        mirrored.replace("what came late");
        mirrored.mirror(&[], 0);
        let lake = Lake::open(&mirrored.path("lake")).unwrap();
        let version = lake.version().unwrap().unwrap();
        let erased = version.files().find(|file| file.table == "keyword_hits").unwrap().clone();
        // As an erasure leaves the lake: a commit, a checkpoint, and nothing older.
        fs::remove_file(lake.root().join(&erased.path)).unwrap();
        let commit = Commit {
            version: version.number + 1,
            lake: version.lake.clone(),
            parent: Some(version.sha256.clone()),
            batch: "20260601T000000000Z".to_owned(),
            kind: CommitKind::Erase,
            at: Timestamp::UNIX_EPOCH,
            by: "0".to_owned(),
            key: None,
            add: Vec::new(),
            remove: vec![erased.path.clone()],
        };
        let log = lake.log_folder();
        append(&log, &commit, &lake.staging_folder().join("commit")).unwrap();
        let version = read_log(&log).unwrap().unwrap().version;
        fs::write(log.join(format!("{:020}.checkpoint.json", version.number)), checkpoint_bytes(&version)).unwrap();
        (0..version.number).for_each(|number| fs::remove_file(log.join(format!("{number:020}.json"))).unwrap());
        if let Some(point) = point {
            let mut killed = mirrored.command(&["mirror", "--lake", "lake", "--to", &mirrored.address()]);
            assert!(!killed.env("ROUNDUP_CRASH_AT", point).output().unwrap().status.success());
        }
        mirrored.mirror(&[], 0);
        mirrored.mirror(&["--verify"], 0);
        let objects = mirrored.objects();
        let names: Vec<String> = objects.list("").unwrap().into_iter().map(|listed| listed.name).collect();
        let live = version.files().count();
        let data = names.iter().filter(|name| name.ends_with(".parquet") && !name.contains("_delta_log")).count();
        assert_eq!(data, live, "nothing but what is live: {names:?}");
        assert!(!names.iter().any(|name| name == "_roundup/erasing"));
        for name in names {
            let bytes = objects.read(&name).unwrap().unwrap();
            let has = bytes.windows(64).any(|window| window == erased.sha256.as_bytes());
            assert!(!has, "{name} still has the hash of what was erased");
        }
    }
}

#[test]
fn an_erasure_waits_for_the_mirror() {
    let mirrored = Mirrored::new();
    mirrored.mirror(&[], 0);
    let first = fs::read_to_string(INTERVIEWS).unwrap();
    let first: Value = serde_json::from_str(first.lines().next().unwrap()).unwrap();
    let id = first["id"].as_str().unwrap();
    let forget = |how: &str, code| said(&mirrored.done(&["forget", "--lake", "lake", "--interview", id, how], code));
    let status = || String::from_utf8(mirrored.done(&["status", "--lake", "lake"], 0).stdout).unwrap();
    // It cannot be read for now.
    let head = mirrored.path("mirror/_roundup/mirror.json");
    let whole = fs::read(&head).unwrap();
    fs::write(&head, "{").unwrap();
    let text = forget("--yes", 1);
    assert!(text.contains("all is erased here, but not yet in a mirror"), "{text}");
    assert!(status().contains("1 erasure is not over"), "{}", status());
    assert!(forget("--verify", 1).contains("/mirror/"), "what is left is there alone");
    assert!(!mirrored.done(&["jobs", "--lake", "lake"], 0).stdout.is_empty(), "the lake can be read meanwhile");
    fs::write(&head, whole).unwrap();
    mirrored.done(&["analyze", "--lake", "lake", "--keywords", "builtin:fillers"], 0);
    assert!(!status().contains("not over"), "{}", status());
    forget("--verify", 0);
    mirrored.mirror(&["--verify"], 0);
}

#[test]
fn a_damaged_mirror_is_said_and_not_restored() {
    let mirrored = Mirrored::new();
    mirrored.mirror(&[], 0);
    let reader_of = mirrored.objects();
    let mirror = MirrorReader::open(&reader_of).unwrap();
    let path = |file: &roundup::ledger::LiveFile| PathBuf::from(mirror.address(file).strip_prefix("file://").unwrap());
    let files: Vec<_> = mirror.files().filter(|file| file.table == "responses").collect();
    let mut bytes = fs::read(path(files[0])).unwrap();
    bytes[20] ^= 1;
    fs::write(path(files[0]), bytes).unwrap();
    let output = said(&mirrored.mirror(&["--verify"], 1));
    assert!(output.contains(&mirror.address(files[0])) && output.contains("its bytes are not those"), "{output}");
    let output = said(&mirrored.restore("restored", 1));
    assert!(output.contains("are not those of the lake"), "{output}");
    fs::remove_file(path(files[0])).unwrap();
    assert!(said(&mirrored.mirror(&["--verify"], 1)).contains("it is missing"));
    mirrored.mirror(&[], 0);
    mirrored.mirror(&["--verify"], 0);
    mirrored.restore("restored", 0);
}

#[test]
fn a_run_mirrors_after_its_stages() {
    let served = serve(None);
    let to = format!("file://{}", served.path("mirror").display());
    let pipeline = served.pipeline(&format!("[analyze]\n[mirror]\nto = \"{to}\"\nexclude-tables = [\"candidates\"]\n"));
    let output = served.run(&pipeline, 0);
    assert!(output.contains(&format!("to {to}: ")) && output.contains("without candidates"), "{output}");
    assert!(served.last_run()["mirror"]["files"].as_u64().unwrap() > 5);
    served.roundup().args(["mirror", "--lake", "lake", "--to", &to, "--verify"]).assert().success();
    let wrong = served.pipeline("[mirror]\nto = \"ftp://x/y\"\nexclude-tables = [\"people\"]\nkeep-old = \"soon\"\n");
    let output = served.roundup().arg("check").arg(&wrong).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    for what in ["is at no address", "there is no table `people`", "`soon` is no time"] {
        assert!(said(&output).contains(what), "{}", said(&output));
    }
}

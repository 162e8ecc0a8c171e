//! Whatever is lost or exchanged below `_roundup/`, and in the tables: the next import and run double nothing and lose
//! nothing, or refuse the lake and name the way out, which works.

use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;
use tempfile::TempDir;

use crate::common::{INTERVIEWS, roundup, rows, sample};
use crate::delta::are_the_last_version;

/// What happens to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Harm {
    Deleted,
    Emptied,
    Cut,
    Flipped,
    /// That of another lake has its place.
    OfAnother,
    /// That of the day before has its place.
    OfYesterday,
}

const HARMS: [Harm; 6] = [Harm::Deleted, Harm::Emptied, Harm::Cut, Harm::Flipped, Harm::OfAnother, Harm::OfYesterday];

/// A lake with what it was yesterday, and another lake.
struct Lakes {
    folder: TempDir,
}

impl Lakes {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lines: Vec<String> = sample().iter().map(|body| body.to_string() + "\n").collect();
        fs::write(folder.path().join("half.jsonl"), lines[..lines.len() / 2].concat()).unwrap();
        let lakes = Self { folder };
        lakes.roundup(&["import", "--lake", "yesterday", "half.jsonl"]);
        lakes.roundup(&["analyze", "--lake", "yesterday"]);
        copy(&lakes.at("yesterday"), &lakes.at("today"));
        for lake in ["today", "another"] {
            lakes.roundup(&["import", "--lake", lake, INTERVIEWS]);
            lakes.roundup(&["analyze", "--lake", lake]);
        }
        lakes
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn roundup(&self, arguments: &[&str]) {
        roundup(self.folder.path()).args(arguments).assert().success();
    }

    /// Every file of a lake below one of its folders, relative to it.
    fn files(&self, below: &str) -> Vec<PathBuf> {
        let mut found = Vec::new();
        collect(&self.at("today").join(below), &mut found);
        found.sort();
        found.into_iter().map(|path| path.strip_prefix(self.at("today")).unwrap().to_owned()).collect()
    }

    /// Does harm to files of a copy of the lake, and goes on as a user would.
    fn survives(&self, harms: &[(&PathBuf, Harm)]) {
        let folder = tempfile::tempdir().unwrap();
        let lake = folder.path().join("lake");
        copy(&self.at("today"), &lake);
        for (path, harm) in harms {
            self.harm(&lake, path, *harm);
        }
        fs::write(folder.path().join("ids.txt"), ids_of(&sample()).join("\n")).unwrap();
        let pipeline = "[source]\napi = \"sandbox\"\ninterviews = [\"ids.txt\"]\n[lake]\npath = \"lake\"\n\
                        [ingest]\nrequests-per-minute = 600000\nquestions = \"none\"\n[analyze]\nkeywords = []\n";
        fs::write(folder.path().join("pipeline.toml"), pipeline).unwrap();
        let run = |arguments: &[&str]| {
            let output = roundup(folder.path()).args(arguments).output().unwrap();
            (output.status.code(), String::from_utf8_lossy(&[output.stderr, output.stdout].concat()).into_owned())
        };
        // A flipped byte of a table is found when somebody looks.
        if harms.iter().any(|(path, harm)| *harm == Harm::Flipped && !path.starts_with("_roundup")) {
            assert_eq!(run(&["repair", "--lake", "lake"]).0, Some(0), "{harms:?}");
        }
        let key = Path::new("_roundup/candidate.key");
        for arguments in [&["import", "--lake", "lake", INTERVIEWS][..], &["run", "pipeline.toml"]] {
            let mut hints = Vec::new();
            loop {
                let (code, text) = run(arguments);
                if code == Some(0) {
                    break;
                }
                assert!(
                    !text.contains("panicked") && text.contains("hint:") && hints.len() < 4,
                    "{harms:?}: {text} {hints:?}"
                );
                // As the hint says: a key comes from a backup, and all else is repaired.
                let is_of_the_key = |text: &str| text.contains("candidate key");
                let repaired = if is_of_the_key(&text) { None } else { Some(run(&["repair", "--lake", "lake"])) };
                match repaired {
                    Some((Some(0), _)) => {}
                    Some((_, said)) if !is_of_the_key(&said) => panic!("{harms:?}: {said}"),
                    _ => _ = fs::copy(self.at("today").join(key), lake.join(key)).unwrap(),
                }
                hints.push(text);
            }
        }
        let mut there: Vec<String> = ["interviews", "open_interviews"]
            .iter()
            .flat_map(|table| rows(&lake, table))
            .map(|row| row["interview_id"].clone())
            .collect();
        there.sort();
        let mut wanted = ids_of(&sample());
        wanted.sort();
        assert_eq!(there, wanted, "{harms:?}");
        are_the_last_version(&lake);
        for table in ["responses", "candidates"] {
            assert_eq!(rows(&lake, table).len(), rows(&self.at("today"), table).len(), "{table} after {harms:?}");
        }
    }

    fn harm(&self, lake: &Path, path: &Path, harm: Harm) {
        let target = lake.join(path);
        let bytes = fs::read(&target).unwrap_or_default();
        let from = |name: &str| fs::read(self.at(name).join(path)).ok();
        let harmed = match harm {
            Harm::Deleted => None,
            Harm::Emptied => Some(Vec::new()),
            Harm::Cut => Some(bytes[..bytes.len() * 2 / 3].to_vec()),
            Harm::Flipped => {
                let mut bytes = bytes;
                let middle = bytes.len() / 2;
                bytes.iter_mut().skip(middle).take(1).for_each(|byte| *byte ^= 4);
                Some(bytes)
            }
            Harm::OfAnother => from("another"),
            Harm::OfYesterday => from("yesterday"),
        };
        match harmed {
            Some(bytes) => fs::write(&target, bytes).unwrap(),
            None => _ = fs::remove_file(&target),
        }
    }
}

fn ids_of(bodies: &[serde_json::Value]) -> Vec<String> {
    bodies.iter().map(|body| body["id"].as_str().unwrap().to_owned()).collect()
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { collect(&path, found) } else { found.push(path) }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() { copy(&entry.path(), &target) } else { _ = fs::copy(entry.path(), target).unwrap() }
    }
}

#[test]
fn every_file_of_the_program_alone_and_in_pairs() {
    let lakes = Lakes::new();
    let files = lakes.files("_roundup");
    let single: Vec<(&PathBuf, Harm)> = files.iter().flat_map(|path| HARMS.map(|harm| (path, harm))).collect();
    assert!(single.len() >= 42, "{files:?}");
    single.par_iter().for_each(|harm| lakes.survives(&[*harm]));
    // All pairs with ROUNDUP_PAIRS=all; every 30th otherwise.
    let every = if std::env::var_os("ROUNDUP_PAIRS").is_some() { 1 } else { 30 };
    let pairs = single.iter().enumerate().flat_map(|(at, one)| single[at..].iter().map(move |other| [*one, *other]));
    let pairs: Vec<_> = pairs.filter(|[one, other]| one.0 != other.0).step_by(every).collect();
    pairs.par_iter().for_each(|pair| lakes.survives(pair));
}

#[test]
fn a_file_of_each_table() {
    let lakes = Lakes::new();
    let tables = ["interviews", "open_interviews", "responses", "candidates", "response_metrics", "interview_metrics"];
    let files: Vec<PathBuf> = tables.iter().map(|table| lakes.files(table).swap_remove(0)).collect();
    let harms: Vec<_> = files.iter().flat_map(|path| HARMS.map(|harm| (path, harm))).collect();
    harms.par_iter().for_each(|harm| lakes.survives(&[*harm]));
}

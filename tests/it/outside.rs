//! Nothing but the lake's own files is ever written inside it, however the way there is spelled.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::common::{INTERVIEWS, Served, rows, serve};

/// Every file of a folder with its length, but for what SQLite keeps beside the ledger while it is read.
fn files(folder: &Path) -> BTreeMap<PathBuf, u64> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
            match entry.metadata().unwrap() {
                metadata if metadata.is_dir() => folders.push(entry.path()),
                _ if entry.file_name().to_string_lossy().starts_with("ledger.db-") => {}
                metadata => _ = found.insert(entry.path(), metadata.len()),
            }
        }
    }
    found
}

/// A lake of the sample, and links that lead into it.
fn with_links() -> Served {
    let served = serve(Some(3));
    served.roundup().args(["import", "--lake", "lake", INTERVIEWS]).assert().success();
    symlink("lake", served.path("link")).unwrap();
    symlink("lake/interviews/made-later", served.path("dangling")).unwrap();
    served
}

fn refused(served: &Served, arguments: &[&str]) {
    let output = served.roundup().args(arguments).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {stderr}");
    assert!(stderr.contains("is inside the lake, which is for tables"), "{arguments:?}: {stderr}");
}

const SPELLINGS: [&str; 6] =
    ["lake/interviews/new", "link/interviews/new", "lake/not/there/yet", "dangling", "new/../lake/x", "lake/../link/x"];

#[test]
fn no_command_writes_into_the_lake() {
    let served = with_links();
    let (before, count) = (files(&served.lake()), rows(&served.lake(), "interviews").len());
    for place in SPELLINGS {
        refused(&served, &["export", "--lake", "lake", "--format", "parquet", "-o", place]);
        refused(&served, &["export", "--lake", "link", "--format", "csv", "--output", place]);
        refused(&served, &["report", "--lake", "lake", "--out", place]);
        refused(&served, &["audio", "--lake", "lake", "--out", place]);
    }
    assert!(files(&served.lake()) == before);
    assert_eq!(rows(&served.lake(), "interviews").len(), count);
    // What only begins like the lake's name, or holds the lake, is outside.
    served.roundup().args(["export", "--lake", "lake", "--format", "csv", "-o", "lake.csv"]).assert().success();
    served.roundup().args(["export", "--lake", "lake", "--format", "csv", "-o", "lake/../out.csv"]).assert().success();
}

#[test]
fn no_stage_writes_into_the_lake() {
    let served = with_links();
    let (before, count) = (files(&served.lake()), rows(&served.lake(), "interviews").len());
    for place in SPELLINGS {
        for section in [
            format!("[export]\noutput = \"{place}\"\nformat = \"parquet\"\n"),
            format!("[report]\nout = \"{place}\"\n"),
            format!("[audio]\nout = \"{place}\"\n"),
        ] {
            served.pipeline(&section);
            refused(&served, &["check", "pipeline.toml"]);
            refused(&served, &["run", "pipeline.toml"]);
        }
    }
    assert!(files(&served.lake()) == before);
    assert_eq!(rows(&served.lake(), "interviews").len(), count);
    assert_eq!(served.sandbox.stats().requests, 0);
}

#[test]
fn a_link_to_a_lake_that_is_not_made_yet_leads_into_it() {
    let served = serve(Some(3));
    symlink("lake", served.path("link")).unwrap();
    served.pipeline("[report]\nout = \"link/reports\"\n");
    refused(&served, &["run", "pipeline.toml"]);
    assert!(!served.lake().exists());
}

//! `roundup files`: the files of a table at a version, and what has changed since one.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::common::{INTERVIEWS, roundup};
use crate::replace::{bodies, put};

fn files(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = roundup(folder);
    command.args(["files"]).args(arguments).args(["--lake", "lake"]).output().unwrap()
}

fn listed(folder: &Path, arguments: &[&str]) -> Value {
    let output = files(folder, &[arguments, &["--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn column<'a>(files: &'a Value, name: &str) -> BTreeSet<&'a str> {
    files.as_array().unwrap().iter().map(|file| file[name].as_str().unwrap()).collect()
}

#[test]
fn files_are_listed_at_any_version_and_what_was_replaced_is_removed_and_added() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    let mut all = bodies();
    put(&lake, &all, false);
    let before = listed(folder.path(), &["responses"]);
    let version = before["version"].as_u64().unwrap().to_string();
    for file in before["files"].as_array().unwrap() {
        let path = file["path"].as_str().unwrap();
        assert_eq!(file["partitions"]["month"], path.split(['=', '/']).nth(2).unwrap());
        assert_eq!(file["bytes"], lake.join(path).metadata().unwrap().len());
        assert!(file["rows"].as_u64().is_some());
    }
    // One answer becomes another, so the file with it is replaced under its own name.
    let index = all.iter().position(|body| body["responses"][0]["transcript"].is_string()).unwrap();
    all[index]["responses"][0]["transcript"] = "what came late".into();
    put(&lake, &all[index..=index], true);
    let changed = listed(folder.path(), &["responses", "--since", &version]);
    let (added, removed) = (&changed["added"], &changed["removed"]);
    assert_eq!((added.as_array().unwrap().len(), column(added, "path")), (1, column(removed, "path")));
    assert_ne!(column(added, "sha256"), column(removed, "sha256"));
    assert_eq!(listed(folder.path(), &["responses", "--version", &version]), before);
    let nothing = listed(folder.path(), &["responses", "--version", &version, "--since", &version]);
    assert_eq!((&nothing["added"], &nothing["removed"]), (&Value::Array(vec![]), &Value::Array(vec![])));
    // Back to what it was is a change, too.
    let text = String::from_utf8(files(folder.path(), &["responses", "--since", "0"]).stdout).unwrap();
    assert_eq!(
        text.lines().filter(|line| line.starts_with("+ responses/month=")).count(),
        column(&before["files"], "path").len()
    );
    assert!(!text.contains("\n- "), "{text}");
}

#[test]
fn what_cannot_be_listed_is_said() {
    let folder = tempfile::tempdir().unwrap();
    roundup(folder.path()).args(["import", "--lake", "lake", INTERVIEWS]).assert().success();
    for (arguments, code, said) in [
        (&["transcripts"][..], 2, "there is no table `transcripts`"),
        (&["responses", "--version", "7"], 2, "the lake is at version 2"),
        (&["responses", "--since", "7"], 2, "version 7 comes after version 2"),
        (&["responses", "--version", "0", "--since", "1"], 2, "version 1 comes after version 0"),
        (&["responses", "--version", "last"], 2, "invalid"),
    ] {
        let output = files(folder.path(), arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
        assert!(stderr.contains(said), "{arguments:?}: {stderr}");
    }
}

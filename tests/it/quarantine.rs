//! What is set aside can be looked at, tried again and given up.

use std::fs;

use roundup::sandbox::{Faults, SandboxOptions};

use crate::common::{Served, roundup, serve, serve_with};

/// A lake with some bodies of wrong types set aside, and their ids.
fn spoilt() -> (Served, Vec<String>) {
    let faults = "seed = 4\n[[fault]]\nkind = \"wrong-types\"\nshare = 0.1\nof = \"interviews\"\n";
    let faults = Some(Faults::parse(faults, "faults.toml").unwrap());
    let served = serve_with(SandboxOptions { faults, limit: None, ..SandboxOptions::default() });
    served.run(&served.pipeline("questions = \"none\"\n"), 3);
    let there = [served.ids_in("interviews"), served.ids_in("open_interviews")].concat();
    let missing: Vec<String> = served.ids().into_iter().filter(|id| !there.contains(id)).collect();
    assert!(missing.len() > 2, "{missing:?}");
    (served, missing)
}

fn quarantine(served: &Served, arguments: &[&str], code: i32) -> (String, String) {
    let output = served.roundup().arg("quarantine").args(arguments).args(["--lake", "lake"]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    (String::from_utf8(output.stdout).unwrap(), stderr)
}

#[test]
fn bodies_are_listed_with_the_reason_and_shown_as_they_came() {
    let (served, ids) = spoilt();
    let (list, _) = quarantine(&served, &["list", "--format", "json"], 0);
    let list: Vec<serde_json::Value> = serde_json::from_str(&list).unwrap();
    let mut listed: Vec<&str> = list.iter().map(|one| one["id"].as_str().unwrap()).collect();
    listed.sort_unstable();
    let mut expected: Vec<&str> = ids.iter().map(String::as_str).collect();
    expected.sort_unstable();
    assert_eq!(listed, expected);
    assert_eq!(list[0]["reason"], "responses is a string, expected a list");
    let (body, _) = quarantine(&served, &["show", &ids[0]], 0);
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!((body["id"].as_str(), body["responses"].as_str()), (Some(ids[0].as_str()), Some("none")));
    let (_, stderr) = quarantine(&served, &["show", "nobody"], 2);
    assert!(stderr.contains("no body of nobody is set aside"), "{stderr}");
}

#[test]
fn what_is_tried_again_is_published_or_asked_for_again() {
    let (served, ids) = spoilt();
    // As if a later version could read it.
    let body = served.path("lake/_roundup/quarantine").join(format!("body-{}.json", ids[0]));
    let text = fs::read_to_string(&body).unwrap();
    fs::write(&body, text.replace("\"responses\":\"none\"", "\"responses\":[]")).unwrap();
    let (said, _) = quarantine(&served, &["retry", "--all"], 0);
    assert!(said.starts_with(&format!("1 published, {} to be asked for", ids.len() - 1)), "{said}");
    assert!([served.ids_in("interviews"), served.ids_in("open_interviews")].concat().contains(&ids[0]));
    assert!(!body.exists());
    let before = served.sandbox.stats().requests;
    served.run(&served.pipeline("questions = \"none\"\n"), 3);
    assert_eq!(served.sandbox.stats().requests - before, 3 * (ids.len() as u64 - 1));
}

#[test]
fn what_is_discarded_is_gone_for_good_and_only_with_a_yes() {
    let (served, ids) = spoilt();
    let (_, stderr) = quarantine(&served, &["discard", "--all"], 2);
    assert!(stderr.contains("without a yes"), "{stderr}");
    quarantine(&served, &["discard", "--yes", &ids[0]], 0);
    let (list, _) = quarantine(&served, &["list"], 0);
    assert!(!list.contains(&ids[0]) && list.lines().count() == ids.len() - 1, "{list}");
    quarantine(&served, &["discard", "--yes", "--all"], 0);
    assert_eq!(quarantine(&served, &["list"], 0).0, "nothing is set aside\n");
    let before = served.sandbox.stats().requests;
    served.run(&served.pipeline("questions = \"none\"\n"), 0);
    assert_eq!(served.sandbox.stats().requests, before);
}

#[test]
fn a_line_that_cannot_be_imported_is_set_aside_once() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("bad.jsonl"), "{\"id\":7}\n").unwrap();
    let import = |code| {
        roundup(folder.path()).args(["import", "--lake", "lake", "bad.jsonl"]).assert().code(code);
    };
    import(3);
    import(0);
    let output = roundup(folder.path()).args(["quarantine", "list", "--lake", "lake"]).output().unwrap();
    let list = String::from_utf8(output.stdout).unwrap();
    assert_eq!(list.lines().count(), 1);
    assert!(list.contains("import-") && list.contains("id is a number, expected a string"), "{list}");
}

#[test]
fn what_an_import_sets_aside_is_said_everywhere() {
    let served = serve(Some(12));
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/data/field/setaside.jsonl");
    served.roundup().args(["import", "--lake", "lake", file]).assert().code(3);
    let report =
        "[analyze]\n[report]\nout = \"reports\"\nperiod = \"13w\"\nuntil = \"2026-06-01\"\nformats = [\"json\"]\n";
    let pipeline = served.pipeline(&format!("{report}[metrics]\nprometheus = \"metrics.prom\"\n"));
    let said = served.run(&pipeline, 0);
    assert!(said.contains("set aside  7 bodies"), "{said}");
    assert_eq!(served.last_run()["set_aside"], 7);
    let metrics = fs::read_to_string(served.path("metrics.prom")).unwrap();
    assert!(metrics.contains("roundup_interviews{state=\"quarantined\"} 7\n"), "{metrics}");
    let summary = |name: &str| -> serde_json::Value {
        let text = fs::read(served.path("reports/2026-06-01/summary.json")).unwrap();
        serde_json::from_slice::<serde_json::Value>(&text).unwrap()[name].clone()
    };
    assert_eq!(summary("quality")["quarantined"], 7);
    let left_out = summary("provenance")["left_out"].clone();
    let bodies = left_out.as_array().unwrap().iter().find(|one| one["what"] == "bodies").unwrap().clone();
    assert_eq!(bodies["count"], 7, "{left_out}");
    let status = |served: &Served| -> serde_json::Value {
        let output = served.roundup().args(["status", "--lake", "lake", "--format", "json"]).output().unwrap();
        serde_json::from_slice(&output.stdout).unwrap()
    };
    assert_eq!(status(&served)["interviews"]["quarantined"], 7);
    let list = quarantine(&served, &["list"], 0).0;
    assert_eq!(list.lines().count(), 7);
    let first = list.split_whitespace().find(|word| word.starts_with("import-")).unwrap();
    quarantine(&served, &["discard", "--yes", first], 0);
    assert_eq!(status(&served)["interviews"]["quarantined"], 6);
}

#[test]
fn the_list_and_the_counts_agree_whatever_became_of_a_body() {
    let (served, ids) = spoilt();
    let counts = || {
        let output = served.roundup().args(["status", "--lake", "lake", "--format", "json"]).output().unwrap();
        let status: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let listed = quarantine(&served, &["list", "--format", "json"], 0).0;
        let listed: Vec<serde_json::Value> = serde_json::from_str(&listed).unwrap();
        let count = |name: &str| status["interviews"][name].as_u64().unwrap() as usize;
        assert_eq!(listed.len(), count("quarantined"));
        (count("quarantined"), count("discarded"))
    };
    assert_eq!(counts(), (ids.len(), 0));
    quarantine(&served, &["discard", "--yes", &ids[0]], 0);
    assert_eq!(counts(), (ids.len() - 1, 1));
    // One that is imported later is set aside no more.
    let body = served.path("lake/_roundup/quarantine").join(format!("body-{}.json", ids[1]));
    let text = fs::read_to_string(body).unwrap().replace("\"responses\":\"none\"", "\"responses\":[]");
    served.write("mended.jsonl", &text);
    served.roundup().args(["import", "--lake", "lake", "mended.jsonl"]).assert().success();
    assert_eq!(counts(), (ids.len() - 2, 1));
}

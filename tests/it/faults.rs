//! The fault matrix: whatever goes wrong between the API and a run, what is good is all there, and the rest is said.

use std::collections::BTreeSet;
use std::time::Duration;

use roundup::sandbox::{Faults, SandboxOptions};

use crate::common::{Served, rows, sample, serve_with};

/// What becomes of interviews that always have a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// They are in the lake like all others.
    Fine,
    /// Their bodies are set aside.
    Quarantined,
    /// They are given up for this run.
    Failed,
}

const MATRIX: &[(&str, End)] = &[
    ("status-500", End::Failed),
    ("status-502", End::Failed),
    ("status-503", End::Failed),
    ("slow-first-byte", End::Fine),
    ("stall", End::Failed),
    ("reset", End::Failed),
    ("cut", End::Failed),
    ("truncated-json", End::Quarantined),
    ("html", End::Quarantined),
    ("wrong-types", End::Quarantined),
    ("missing-fields", End::Quarantined),
    ("nulls", End::Fine),
    ("unknown-status", End::Fine),
    ("extra-fields", End::Fine),
    ("duplicate-ids", End::Fine),
    ("other-id", End::Quarantined),
    ("huge-transcript", End::Fine),
    ("deep", End::Quarantined),
    ("invalid-utf8", End::Quarantined),
    ("clock-skew", End::Fine),
    ("no-limit-headers", End::Fine),
    ("redirect", End::Failed),
];
const STORMS: &[&str] = &["rate-limited", "rate-limited-retry-after-0", "rate-limited-retry-after-date"];

fn faulty(faults: &str) -> Served {
    let faults = Some(Faults::parse(faults, "faults.toml").unwrap());
    serve_with(SandboxOptions {
        faults,
        limit: Some(300),
        window_length: Duration::from_secs(2),
        ..SandboxOptions::default()
    })
}

fn pipeline(served: &Served) -> std::path::PathBuf {
    served.pipeline("questions = \"none\"\nlimit-window = \"2s\"\n")
}

fn in_lake(served: &Served) -> BTreeSet<String> {
    let ids = [served.ids_in("interviews"), served.ids_in("open_interviews")].concat();
    let set: BTreeSet<String> = ids.iter().cloned().collect();
    assert_eq!(set.len(), ids.len(), "nothing is doubled");
    set
}

/// Every fifth interview or so always has the fault; the others are untouched.
fn alone(kind: &str, end: End) {
    let served = faulty(&format!(
        "seed = 4\n[[fault]]\nkind = \"{kind}\"\nshare = 0.2\nof = \"interviews\"\ndelay = \"100ms\"\n"
    ));
    served.run(&pipeline(&served), if end == End::Fine { 0 } else { 3 });
    let given = served.sandbox.stats().faults.values().sum::<u64>();
    assert!(given > 4, "{kind}: {given}");
    let run = served.last_run();
    let count = |key: &str| run["ingest"][key].as_u64().unwrap();
    let there = in_lake(&served);
    let missing = (served.ids().len() - there.len()) as u64;
    match end {
        End::Fine => assert_eq!(missing, 0, "{kind}"),
        End::Quarantined => {
            assert_eq!((count("quarantined"), count("failed")), (missing, 0), "{kind}");
            assert_eq!(given, 3 * missing, "{kind}: believed after three tries");
            let kept = std::fs::read_dir(served.path("lake/_roundup/quarantine")).unwrap().count() as u64;
            assert_eq!(kept, missing, "{kind}: every body is kept");
        }
        End::Failed => assert_eq!((count("quarantined"), count("failed")), (0, missing), "{kind}"),
    }
    assert!(missing < 25, "{kind}: {missing}");
    // What is there is as it was served.
    if end != End::Fine {
        let titles: BTreeSet<String> = sample().iter().map(|body| body["job"]["title"].to_string()).collect();
        for row in rows(&served.lake(), "interviews") {
            assert!(titles.contains(&format!("\"{}\"", row["job_title"])), "{kind}");
        }
    }
}

#[test]
fn each_fault_alone_costs_what_it_spoils_and_nothing_else() {
    // They mostly wait, so all at once.
    std::thread::scope(|scope| {
        for (kind, end) in MATRIX {
            scope.spawn(|| alone(kind, *end));
        }
    });
}

#[test]
fn storms_of_429_are_waited_out() {
    std::thread::scope(|scope| {
        for kind in STORMS {
            scope.spawn(move || {
                let served = faulty(&format!("seed = 2\n[[fault]]\nkind = \"{kind}\"\nshare = 0.05\n"));
                served.run(&pipeline(&served), 0);
                assert_eq!(in_lake(&served).len(), served.ids().len(), "{kind}");
                let run = served.last_run();
                assert_eq!(
                    run["ingest"]["limited"].as_u64().unwrap(),
                    served.sandbox.stats().by_status[&429],
                    "{kind}"
                );
                assert_eq!(run["ingest"]["failed"], 0, "{kind}: a 429 is no failure of an interview");
            });
        }
    });
}

#[test]
fn all_faults_together_end_with_all_that_is_good() {
    let mut faults = "seed = 9\n".to_owned();
    let transient =
        MATRIX.iter().filter(|(kind, _)| *kind != "redirect" && *kind != "unknown-status" && *kind != "nulls");
    for kind in transient.map(|(kind, _)| kind).chain(&["rate-limited"]) {
        faults += &format!("[[fault]]\nkind = \"{kind}\"\nshare = 0.01\ndelay = \"100ms\"\n");
    }
    let served = faulty(&faults);
    let output = served.roundup().arg("run").arg(pipeline(&served)).output().unwrap();
    // A fault is drawn for every try anew, so hardly any interview has three of them in a row.
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(in_lake(&served).len(), served.ids().len());
    assert!(served.sandbox.stats().faults.len() > 5);
}

#[test]
fn an_address_that_answers_with_pages_is_not_the_api() {
    let served = faulty("[[fault]]\nkind = \"html\"\nshare = 1\n");
    let output = served.roundup().arg("run").arg(pipeline(&served)).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("is not the API"), "{stderr}");
    assert_eq!(served.last_run()["ingest"]["quarantined"], 0);
}

#[test]
fn a_wrong_faults_file_is_refused_with_its_line() {
    let served = faulty("fault = []\n");
    for (text, words) in [
        ("[[fault]]\nkind = \"fire\"\nshare = 1\n", "faults.toml:2"),
        ("[[fault]]\nkind = \"cut\"\nshare = 2\n", "fault 1: a share is from 0 to 1"),
    ] {
        served.write("faults.toml", text);
        let output = served.roundup().args(["sandbox", "--faults", "faults.toml"]).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(words), "{stderr}");
    }
}

#[test]
fn what_is_drawn_follows_from_the_seed_alone_and_keeps_its_share() {
    let faults = Faults::parse("seed = 3\n[[fault]]\nkind = \"cut\"\nshare = 0.1\n", "f").unwrap();
    let drawn = |faults: &Faults| -> Vec<bool> {
        (0..100_usize)
            .flat_map(|one| (0..20_u64).map(move |n| (one, n)))
            .map(|(one, n)| faults.draw(one, false, n).is_some())
            .collect()
    };
    let all = drawn(&faults);
    assert_eq!(all, drawn(&faults));
    let count = all.iter().filter(|drawn| **drawn).count();
    assert!((140..260).contains(&count), "{count} of 2,000");
    let other = Faults::parse("seed = 4\n[[fault]]\nkind = \"cut\"\nshare = 0.1\n", "f").unwrap();
    assert_ne!(all, drawn(&other));
}

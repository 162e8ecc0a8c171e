//! Ctrl-C, SIGTERM or SIGHUP in any stage: no later one begins, and the run is recorded.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use roundup::analyze::{AnalyzeRequest, Plan, PreparedSet};
use roundup::keywords::Mode;
use roundup::lake::Lake;
use roundup::model::Kind;
use roundup::pipeline::MetricGroup;
use roundup::pipeline::sets::load_set;
use roundup::sandbox::{DEFAULT_KEY, Faults, SandboxOptions};
use rustix::process::{Pid, Signal, kill_process};

use crate::common::{Served, rows, serve, serve_with, until};
use crate::listen::{Listener, event};

/// A run as a process of its own.
fn start(served: &Served, arguments: &[&str]) -> Child {
    Command::new(assert_cmd::cargo::cargo_bin!("roundup"))
        .current_dir(served.folder.path())
        .env("ROUNDZERO_API_KEY", DEFAULT_KEY)
        .env("ATS_API_KEY", "k")
        .env("XDG_STATE_HOME", served.path("state"))
        .args(["run", "pipeline.toml"])
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Interrupts a run once, and waits until it has said that it ends.
fn interrupt(run: &mut Child, signal: Signal) {
    kill_process(Pid::from_child(run), signal).unwrap();
    let mut lines = BufReader::new(run.stderr.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("ending; once more to end at once")));
    // Whatever it says from now on is read, so that it never waits for a reader.
    std::thread::spawn(move || lines.for_each(drop));
}

#[test]
fn in_the_audio_pass_it_keeps_the_connectors_from_starting() {
    let stalls = "seed = 1\n[[fault]]\nkind = \"audio-stall\"\nshare = 0.05\nof = \"interviews\"\ndelay = \"60s\"\n";
    let faults = Some(Faults::parse(stalls, "faults.toml").unwrap());
    let served = serve_with(SandboxOptions { faults, limit: None, ..SandboxOptions::default() });
    served.run(&served.pipeline("questions = \"none\"\n"), 0);
    served.recipe("vendor-sample", |text| text);
    let api = served.settings("vendor-sample")[0].replace("api=", "");
    served.pipeline(&format!(
        "questions = \"none\"\n[audio]\nout = \"archive\"\nallow-loopback = true\n[ats]\n\
         connector = \"vendor-sample.toml\"\nsince = \"2000-01-01\"\nset.api = \"{api}\"\n"
    ));
    let mut run = start(&served, &["--only", "audio", "--only", "ats"]);
    until("a recording stalls", || {
        served.path("archive/.roundup").read_dir().is_ok_and(|mut files| files.next().is_some())
    });
    interrupt(&mut run, Signal::INT);
    assert_eq!(run.wait().unwrap().code(), Some(130));
    let recorded = served.last_run();
    assert_eq!((&recorded["exit_code"], &recorded["complete"]), (&130.into(), &false.into()));
    assert!(recorded["ats"].is_null() && served.notes().is_empty(), "{recorded}");
}

#[test]
fn in_the_report_it_ends_the_run_after_it_and_is_recorded() {
    std::thread::scope(|scope| {
        for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
            scope.spawn(move || in_the_report(signal));
        }
    });
}

fn in_the_report(signal: Signal) {
    let served = serve(None);
    // A pipe: who reads it waits until this test writes.
    let jobs = served.path("jobs.toml");
    assert!(Command::new("mkfifo").arg(&jobs).status().unwrap().success());
    served.pipeline(
        "[analyze]\nkeywords = []\n[report]\nout = \"reports\"\njobs = \"jobs.toml\"\n\
         [export]\noutput = \"out.csv\"\nformat = \"csv\"\n",
    );
    let mut run = start(&served, &[]);
    // It is read once before anything is done, and then by the report.
    drop(OpenOptions::new().write(true).open(&jobs).unwrap());
    until("it was read", || run.try_wait().unwrap().is_some() || served.lake().join("_roundup/lock").exists());
    let report_waits: File = OpenOptions::new().write(true).open(&jobs).unwrap();
    interrupt(&mut run, signal);
    if signal == Signal::HUP {
        // A terminal that is closed says so more than once, and nobody means the second one.
        kill_process(Pid::from_child(&run), signal).unwrap();
    }
    // The report hashes what it read: that is to be no pipe, which would wait once more.
    std::fs::rename(served.write("plain.toml", ""), &jobs).unwrap();
    drop(report_waits);
    assert_eq!(run.wait().unwrap().code(), Some(130));
    let recorded = served.last_run();
    assert_eq!((&recorded["exit_code"], &recorded["complete"]), (&130.into(), &false.into()));
    assert!(recorded["report"].is_string() && recorded["export"].is_null(), "{recorded}");
    assert!(served.path("reports/latest").exists() && !served.path("out.csv").exists());
    assert_eq!(rows(&served.lake(), "runs")[0]["exit_code"], "130");
}

#[test]
fn in_the_analysis_it_leaves_the_rest_for_the_next() {
    let served = serve(None);
    served.run(&served.pipeline(""), 0);
    let lake = Lake::open(&served.lake()).unwrap();
    let lock = lake.lock().unwrap();
    let mut ledger = lake.ledger(&lock).unwrap();
    let fillers = PreparedSet::new(load_set("builtin:fillers", Mode::Word).unwrap()).unwrap();
    let request = AnalyzeRequest { sets: &[], fillers: &fillers, metrics: &MetricGroup::all(), force: false };
    let plan = Plan::new(&lake, request).unwrap();
    let ended = plan.run(&lake, &mut ledger, &|_, _| {}, &|| false).unwrap_err();
    assert_eq!(ended.kind(), Kind::Interrupted);
    assert!(rows(&served.lake(), "interview_metrics").is_empty());
    let made = plan.run(&lake, &mut ledger, &|_, _| {}, &|| true).unwrap();
    assert!(made.files_made > 0);
}

#[test]
fn servers_end_when_their_terminal_goes() {
    let folder = tempfile::tempdir().unwrap();
    let listener = Listener::start(folder.path());
    listener.signal(Signal::HUP);
    assert_eq!(listener.ended(), Some(0));
    let mut sandbox = Command::new(assert_cmd::cargo::cargo_bin!("roundup"));
    let mut sandbox = sandbox.arg("sandbox").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    BufReader::new(sandbox.stdout.take().unwrap()).read_line(&mut String::new()).unwrap();
    kill_process(Pid::from_child(&sandbox), Signal::HUP).unwrap();
    assert_eq!(sandbox.wait().unwrap().code(), Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn who_is_started_with_the_hangup_ignored_goes_on_ignoring_it() {
    let folder = tempfile::tempdir().unwrap();
    let listener = Listener::start_through(folder.path(), "trap '' HUP");
    let status = std::fs::read_to_string(format!("/proc/{}/status", listener.pid().as_raw_nonzero())).unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    assert!(u64::from_str_radix(ignored.trim(), 16).unwrap() & 1 == 1, "{ignored}");
    listener.signal(Signal::HUP);
    assert_eq!(listener.send(&event(1, "interview_ended", "a-1")).0, 200);
    assert_eq!(listener.stop(), Some(0));
}

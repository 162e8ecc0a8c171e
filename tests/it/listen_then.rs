//! `listen --then run`: events start runs, one at a time, whatever becomes of a run or of the receiver.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use roundup::lake::Lake;
use roundup::sandbox::{DEFAULT_KEY, SandboxOptions};
use rustix::process::{Pid, Signal, kill_process};

use crate::common::{Served, sample, serve, serve_with, until};
use crate::listen::{Listener, SECRET, event};

/// A run is held up at its end, by its notification, until the file `go` is there. Two at once leave the file `two`.
const HELD_UP: &str = "[notify]\ncommand = [\"sh\", \"-c\", \"mkdir one || touch two; touch waiting; \
                       until [ -e go ]; do sleep 0.02; done; rmdir one\"]\ntimeout = \"10m\"\n";

fn pipeline(served: &Served, more: &str) -> PathBuf {
    let api = served.sandbox.base_url();
    served.write(
        "nightly.toml",
        &format!(
            "[source]\napi = \"{api}\"\ninterviews = [\"inbox\"]\n[lake]\npath = \"lake\"\n\
             [ingest]\nrequests-per-minute = 600000\nconcurrency = 1\nquestions = \"none\"\n{more}"
        ),
    )
}

fn listener(served: &Served, debounce: &str) -> Listener {
    listener_with(served, debounce, |command| command)
}

fn listener_with(served: &Served, debounce: &str, change: impl FnOnce(&mut Command) -> &mut Command) -> Listener {
    Listener::start_with(served.folder.path(), |command| {
        command.env("ROUNDZERO_API_KEY", DEFAULT_KEY).env("XDG_STATE_HOME", served.path("state"));
        change(command.args(["--then", "run", "nightly.toml", "--debounce", debounce]))
    })
}

fn completed() -> Vec<String> {
    let bodies = sample();
    let done = bodies.iter().filter(|body| body["status"] == "completed");
    done.map(|body| body["id"].as_str().unwrap().to_owned()).collect()
}

fn runs(listener: &Listener, exit_code: &str) -> u64 {
    listener.metric(&format!("listen_runs_total{{exit_code=\"{exit_code}\"}}"))
}

fn send(listener: &Listener, number: u32, id: &str) {
    assert_eq!(listener.send(&event(number, "interview_ended", id)).0, 200);
}

#[test]
fn an_event_starts_a_run_that_does_not_know_the_webhooks_secret() {
    let served = serve(None);
    pipeline(&served, "[notify]\ncommand = [\"sh\", \"-c\", \"env > environment.txt\"]\n");
    let listener = listener(&served, "200ms");
    let ids = completed();
    send(&listener, 1, &ids[0]);
    until("the run is done", || runs(&listener, "0") >= 1);
    assert_eq!(served.ids_in("interviews"), [ids[0].as_str()]);
    let environment = fs::read_to_string(served.path("environment.txt")).unwrap();
    assert!(environment.contains("PATH=") && !environment.contains(SECRET), "the run's own processes see it");
    assert!(environment.contains("HOOK_SECRET_OLD"), "what is no secret of this receiver stays");
    assert!(listener.get("/healthz").ends_with("ok\n"));
    let before = runs(&listener, "0");
    send(&listener, 2, &ids[1]);
    until("another run is done", || runs(&listener, "0") > before);
    assert_eq!(served.ids_in("interviews").len(), 2);
    assert_eq!(listener.stop(), Some(0));
}

#[test]
fn events_that_come_during_a_run_start_another_after_it() {
    let served = serve(None);
    pipeline(&served, HELD_UP);
    let listener = listener(&served, "100ms");
    let ids = completed();
    send(&listener, 1, &ids[0]);
    until("the run is held up", || served.path("waiting").exists());
    assert_eq!(served.ids_in("interviews").len(), 1);
    send(&listener, 2, &ids[1]);
    assert_eq!(runs(&listener, "0"), 0);
    served.write("go", "");
    until("the event of meanwhile has its run", || served.ids_in("interviews").len() == 2);
    until("both are counted", || runs(&listener, "0") >= 2);
    assert!(!served.path("two").exists(), "never two at once");
}

#[test]
fn a_lake_that_another_run_holds_is_tried_again() {
    let served = serve(None);
    pipeline(&served, "");
    let lake = Lake::create(&served.lake()).unwrap();
    let lock = lake.lock().unwrap();
    let listener = listener(&served, "50ms");
    let ids = completed();
    send(&listener, 1, &ids[0]);
    until("the run is refused", || runs(&listener, "6") >= 1);
    send(&listener, 2, &ids[1]);
    drop(lock);
    until("it is done later", || runs(&listener, "0") >= 1);
    assert_eq!(served.ids_in("interviews").len(), 2);
    assert!(listener.log().contains("another run holds the lake; trying again in 1 s"), "{}", listener.log());
}

#[test]
fn a_run_that_fails_or_dies_leaves_the_receiver_as_it_was() {
    let served = serve(None);
    pipeline(&served, "");
    let ids = completed();
    let refused = listener_with(&served, "50ms", |command| command.env("ROUNDZERO_API_KEY", "rz_live_wrong"));
    send(&refused, 1, &ids[0]);
    until("the API refuses the key", || runs(&refused, "5") >= 1);
    assert!(refused.log().contains("ended with exit code 5") && !refused.log().contains("rz_live_wrong"));
    assert_eq!(refused.stop(), Some(0));
    // The event is in the ledger now, and asked for after a restart.
    let dying = listener_with(&served, "50ms", |command| command.env("ROUNDUP_CRASH_AT", "spool-appended"));
    until("the run dies", || runs(&dying, "other") >= 1);
    send(&dying, 2, &ids[1]);
    until("the next one, too", || runs(&dying, "other") >= 2);
    assert!(dying.log().contains("was ended by a signal"));
    dying.kill();
    let well = listener(&served, "50ms");
    until("what is left is asked for", || runs(&well, "0") >= 1);
    assert_eq!(served.ids_in("interviews").len(), 2);
}

#[test]
fn events_that_a_killed_receiver_left_start_a_run() {
    let served = serve(None);
    pipeline(&served, HELD_UP);
    let ids = completed();
    let first = listener(&served, "1h");
    send(&first, 1, &ids[0]);
    first.kill();
    // Killed while its run is under way, which goes on alone.
    let second = listener(&served, "50ms");
    until("the run is held up", || served.path("waiting").exists());
    send(&second, 2, &ids[1]);
    second.kill();
    let third = listener(&served, "50ms");
    served.write("go", "");
    until("the second event has its run", || runs(&third, "0") >= 1);
    assert_eq!(served.ids_in("interviews").len(), 2);
}

#[test]
fn a_receiver_that_is_stopped_ends_its_run_in_good_order() {
    let served =
        serve_with(SandboxOptions { latency: Duration::from_secs(1), limit: None, ..SandboxOptions::default() });
    let pipeline = pipeline(&served, "");
    let ids = completed();
    let listener = listener(&served, "50ms");
    let few = &ids[..4];
    few.iter().zip(1..).for_each(|(id, number)| send(&listener, number, id));
    until("the run asks for the first", || served.sandbox.stats().requests >= 1);
    let log = served.path("listen.log");
    assert_eq!(listener.stop(), Some(0));
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("ended with exit code 130"), "{log}");
    assert!(served.ids_in("interviews").len() < few.len());
    Lake::open(&served.lake()).unwrap().lock().expect("nobody holds the lake any more");
    served.run(&pipeline, 0);
    assert_eq!(served.ids_in("interviews").len(), few.len());
}

/// A receiver whose run waits for an answer that takes a minute, and what becomes of both is for the signals to say.
fn waiting_run() -> (Served, Listener) {
    let served =
        serve_with(SandboxOptions { latency: Duration::from_mins(1), limit: None, ..SandboxOptions::default() });
    pipeline(&served, "");
    let listener = listener(&served, "50ms");
    send(&listener, 1, &completed()[0]);
    until("the run asks", || served.sandbox.stats().requests >= 1);
    (served, listener)
}

#[test]
fn a_second_signal_ends_the_run_at_once_and_with_it_the_receiver() {
    let served = serve(None);
    let jobs = served.write("jobs.toml", "");
    pipeline(&served, "[analyze]\nkeywords = []\n[report]\nout = \"reports\"\njobs = \"jobs.toml\"\n");
    let listener = listener(&served, "50ms");
    // From now on a pipe: the run's report waits for what this test never writes.
    fs::remove_file(&jobs).unwrap();
    assert!(Command::new("mkfifo").arg(&jobs).status().unwrap().success());
    send(&listener, 1, &completed()[0]);
    let write = || fs::OpenOptions::new().write(true).open(&jobs).unwrap();
    drop(write());
    until("the run has the lake", || served.lake().join("_roundup/lock").exists());
    let _report_waits = write();
    listener.signal(Signal::INT);
    until("the receiver waits for it", || listener.log().contains("waiting for the run"));
    listener.signal(Signal::TERM);
    let log = served.path("listen.log");
    assert_eq!(listener.ended(), Some(0));
    assert!(fs::read_to_string(log).unwrap().contains("ended with exit code 130"));
    assert!(!served.lake().join("_roundup/last-run.json").exists(), "the run was cut short");
    Lake::open(&served.lake()).unwrap().lock().expect("nobody holds the lake any more");
}

#[test]
fn a_third_signal_ends_the_receiver_whatever_the_run_does() {
    let (served, listener) = waiting_run();
    let log = served.path("listen.log");
    let run = fs::read_to_string(served.lake().join("_roundup/lock")).unwrap().parse().unwrap();
    let run = Pid::from_raw(run).unwrap();
    // A process that is stopped hears nothing.
    kill_process(run, Signal::STOP).unwrap();
    for says in ["waiting for the run", "to end at once"] {
        listener.signal(Signal::INT);
        until(says, || listener.log().contains(says));
    }
    listener.signal(Signal::INT);
    let code = listener.ended();
    kill_process(run, Signal::KILL).unwrap();
    assert_eq!(code, Some(130));
    assert!(fs::read_to_string(log).unwrap().contains("goes on alone"));
}

#[test]
fn a_pipeline_that_would_not_see_the_events_is_refused_at_start() {
    let served = serve(Some(3));
    let right = fs::read_to_string(pipeline(&served, "")).unwrap();
    let check = |words: &[&str], text: &str, more: &[&str], message: &str| {
        served.write("nightly.toml", text);
        let mut command = served.roundup();
        command.env("HOOK_SECRET", SECRET).args(["listen", "--lake", "lake", "--addr", "127.0.0.1:0"]);
        let output = command.args(["--secret-env", "HOOK_SECRET"]).args(words).args(more).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(message) && output.stdout.is_empty(), "no {message:?} in {stderr}");
        assert!(!served.lake().exists(), "{message}");
    };
    let run = ["--then", "run", "nightly.toml"];
    check(&["--then", "ingest", "nightly.toml"], &right, &[], "--then cannot start `ingest`");
    check(&["--then", "run"], &right, &[], "--then");
    check(&["--debounce", "1m"], &right, &[], "--then");
    check(&["--then", "run", "none.toml"], &right, &[], "none.toml");
    check(&run, &right, &["--debounce", "soon"], "a time such as 60s");
    check(&run, &right, &["--debounce", "2562047788015215h"], "a time is at most 30 days");
    check(&run, &right, &["--source", "berlin"], "there is no source berlin");
    let listed = right.replace("\"inbox\"", "\"ids.txt\"");
    check(&run, &listed, &[], "does not read the inbox");
    check(&run, &right.replace("\"inbox\"", "\"inbox\", \"-\""), &[], "no standard input");
    check(&run, &right.replace("path = \"lake\"", "path = \"other\""), &[], "its lake is other");
    check(&run, &right.replace("[ingest]", "[ingst]"), &[], "nightly.toml:6");
    check(&run, &right.replace("[source]", "[source]\nkey-env = \"NO_SUCH_KEY\""), &[], "NO_SUCH_KEY is not set");
}

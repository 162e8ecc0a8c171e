//! A message that cannot be written changes nothing: not what is done, not the data, not the exit code.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, pipe};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use roundup::sandbox::{AtsFault, DEFAULT_KEY, Faults, SandboxOptions};
use rustix::process::{Pid, Signal, kill_process};

use crate::common::{INTERVIEWS, Served, sample, serve_with, until};
use crate::listen::{Listener, SECRET, event, event_ids};

/// Lines of which 300 are no JSON, and 30 are interviews.
const BROKEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/field/broken-lines.jsonl");

/// Where messages go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Log {
    Kept,
    /// To a disk without room.
    Full,
    /// To a pipe whose reader has gone.
    Gone,
}

impl Log {
    /// Those that cannot be written.
    fn lost() -> impl Iterator<Item = Self> {
        let has_full_device = Path::new("/dev/full").exists();
        [Self::Full, Self::Gone].into_iter().filter(move |log| has_full_device || *log != Self::Full)
    }

    fn open(self) -> Stdio {
        match self {
            Self::Kept => Stdio::piped(),
            Self::Full => File::options().write(true).open("/dev/full").unwrap().into(),
            Self::Gone => pipe().unwrap().1.into(),
        }
    }
}

/// A sandbox where some of everything goes wrong.
fn faulty() -> Served {
    let fault = |kind: &str| format!("[[fault]]\nkind = \"{kind}\"\nshare = 0.1\nof = \"interviews\"\n");
    let faults = "seed = 4\n".to_owned() + &fault("wrong-types") + &fault("redirect") + &fault("audio-html");
    serve_with(SandboxOptions {
        faults: Some(Faults::parse(&faults, "faults.toml").unwrap()),
        ats_faults: vec![AtsFault::ErrorIn200],
        limit: None,
        ..SandboxOptions::default()
    })
}

/// Each command that has something to say, one after the other, in one folder. Returns their data.
fn day(log: Log, format: &str) -> Vec<String> {
    let served = faulty();
    served.recipe("vendor-sample", |text| text);
    let ats_api = served.settings("vendor-sample")[0].replace("api=", "");
    let api = served.sandbox.base_url();
    served.pipeline(
        "questions = \"none\"\n[analyze]\n[report]\nout = \"reports\"\nuntil = \"2026-06-01\"\n\
         [export]\noutput = \"out.csv\"\nformat = \"csv\"\n\
         [notify]\ncommand = [\"sh\", \"-c\", \"cat > told.json\"]\n",
    );
    served.write("wrong.toml", "[source]\ninterviews = [\"ids.txt\"]\n[lake]\npth = \"lake\"\n");
    let open = sample().into_iter().find(|body| body["status"] == "invited").unwrap();
    let open = open["id"].as_str().unwrap();
    let paced = format!("--api {api} --requests-per-minute 600000");
    let ats = format!(
        "ats --lake lake --recordings archive --requests-per-minute 600000 --connector vendor-sample.toml \
         --set api={ats_api}"
    );
    // Each with its exit code, and whether it has something to say also with `--quiet`.
    let commands = [
        ("run pipeline.toml".to_owned(), 3, true),
        (format!("ingest --lake ingested {paced} ids.txt"), 3, true),
        (format!("import --lake imported {BROKEN} {INTERVIEWS}"), 3, true),
        ("analyze --lake lake --force".to_owned(), 0, false),
        ("report --lake lake --out reports --until 2026-06-01".to_owned(), 0, false),
        ("export --lake lake --format csv --from 2040-01-01".to_owned(), 0, true),
        ("export --lake lake --format parquet".to_owned(), 2, true),
        (format!("get {paced} {open}"), 4, true),
        (format!("get {paced} nobody"), 1, true),
        (format!("wait {paced} --max-wait 1ms {open}"), 4, true),
        (format!("audio --lake lake --out archive --allow-loopback {paced}"), 3, true),
        (format!("{ats} --since 2000-01-01"), 3, true),
        ("quarantine show --lake lake nobody".to_owned(), 2, true),
        ("quarantine retry --lake lake --all".to_owned(), 0, false),
        ("quarantine discard --lake lake --all".to_owned(), 2, true),
        ("status --lake lake --format json".to_owned(), 0, false),
        ("keywords lint builtin:nothing".to_owned(), 2, true),
        ("check wrong.toml".to_owned(), 2, true),
        ("schema nothing".to_owned(), 2, true),
        ("run --no-such-flag".to_owned(), 2, true),
    ];
    let mut stdout = Vec::new();
    for (command, code, speaks) in commands {
        let output = Command::new(assert_cmd::cargo::cargo_bin!("roundup"))
            .current_dir(served.folder.path())
            .env("ROUNDZERO_API_KEY", DEFAULT_KEY)
            .env("ATS_API_KEY", "k")
            .env("XDG_STATE_HOME", served.path("state"))
            .args(["--quiet", "--log-format", format])
            .args(command.split(' '))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.open())
            .spawn()
            .unwrap()
            .wait_with_output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{log:?}: {command}: {stderr}");
        assert!(log != Log::Kept || stderr.is_empty() != speaks, "{command}: {stderr}");
        // The status depends on the time.
        if !command.starts_with("status") {
            stdout.push(String::from_utf8(output.stdout).unwrap());
        }
    }
    assert_eq!(served.last_run()["exit_code"], 3, "{log:?}");
    assert!(served.path("told.json").exists() && served.path("out.csv").exists(), "{log:?}");
    stdout
}

#[test]
fn a_log_that_cannot_be_written_changes_nothing_that_any_command_does() {
    // They mostly wait, so all at once.
    std::thread::scope(|scope| {
        let day = |log, format| scope.spawn(move || day(log, format));
        let kept = [day(Log::Kept, "text"), day(Log::Kept, "json")];
        let lost = Log::lost().flat_map(|log| ["text", "json"].map(|format| (log, format, day(log, format))));
        let lost: Vec<_> = lost.collect();
        let [expected, json] = kept.map(|day| day.join().unwrap());
        assert_eq!(json, expected);
        for (log, format, day) in lost {
            assert_eq!(day.join().unwrap(), expected, "{log:?}, {format}");
        }
    });
}

#[test]
fn a_receiver_goes_on_without_its_log() {
    for log in Log::lost() {
        let folder = tempfile::tempdir().unwrap();
        let listener = Listener::start_with(folder.path(), |command| command.stderr(log.open()));
        let refused = listener.get("/nothing");
        assert!(refused.starts_with("HTTP/1.1 404"), "{refused}");
        let inbox = folder.path().join("lake/_roundup/inbox");
        fs::remove_dir_all(&inbox).unwrap();
        assert_eq!(listener.send(&event(1, "interview_ended", "a-1")).0, 503, "{log:?}");
        fs::create_dir(&inbox).unwrap();
        assert_eq!(listener.send(&event(1, "interview_ended", "a-1")).0, 200, "{log:?}");
        assert!(listener.get("/healthz").ends_with("ok\n"), "{log:?}");
        assert_eq!(event_ids(folder.path()).len(), 1);
        assert_eq!(listener.stop(), Some(0), "{log:?}");
    }
}

#[test]
fn the_sandbox_goes_on_without_its_log() {
    for log in Log::lost() {
        let folder = tempfile::tempdir().unwrap();
        let listener = Listener::start(folder.path());
        let mut sandbox = Command::new(assert_cmd::cargo::cargo_bin!("roundup"))
            .args(["sandbox", "--interviews", "3", "--webhook-secret", SECRET])
            .arg("--webhook-to")
            .arg(format!("http://{}/webhooks/round0", listener.addr))
            .stdout(Stdio::piped())
            .stderr(log.open())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(sandbox.stdout.take().unwrap()).read_line(&mut line).unwrap();
        until("its events have come", || !event_ids(folder.path()).is_empty());
        let addr = line.trim().strip_prefix("listening on http://").unwrap();
        // It says that all are sent, and serves on.
        assert!(TcpStream::connect(addr).is_ok(), "{log:?}");
        kill_process(Pid::from_child(&sandbox), Signal::TERM).unwrap();
        assert_eq!(sandbox.wait().unwrap().code(), Some(0), "{log:?}");
    }
}

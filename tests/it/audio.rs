//! Recordings: each is archived once, whole, under the vendor's sample's name, and what is no recording is not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use roundup::round0::sandbox::{Faults, Options};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::common::{Row, Served, rows, sample, serve, serve_with, until};

const HERE: &[&str] = &["--requests-per-minute", "600000", "--allow-loopback"];

/// A sandbox whose interviews are in a lake, as an ingest leaves it.
fn ingested(faults: &str) -> Served {
    let faults = (!faults.is_empty()).then(|| Faults::parse(faults, "faults.toml").unwrap());
    let served = serve_with(Options { faults, limit: None, ..Options::default() });
    served.run(&served.pipeline("questions = \"none\"\n"), 0);
    served
}

/// The command, with what it must end with; stdout and stderr.
fn archive(served: &Served, more: &[&str], code: i32) -> (String, String) {
    let mut command = served.roundup();
    // Verbose, as no level of the log may show a link.
    command.args(["-v", "audio", "--lake", "lake", "--out", "archive"]);
    if !more.contains(&"--api") {
        command.args(["--api", &served.sandbox.base_url()]);
    }
    // No proxy is asked, whatever the environment says: these would answer nothing.
    for name in ["http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env(name, "http://127.0.0.1:9");
    }
    let output = command.args(HERE).args(more).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(code), "{stdout}{stderr}");
    for said in [&stdout, &stderr] {
        assert!(!said.contains("signature") && !said.contains("://"), "a link is a secret: {said}");
    }
    (stdout, stderr)
}

/// The files of the archive, by name below it, without what is still coming.
fn files(served: &Served) -> BTreeMap<String, Vec<u8>> {
    let root = served.path("archive");
    let mut found = BTreeMap::new();
    let mut folders = vec![root.join("interviews")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(&root).unwrap().display().to_string();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

fn still_coming(served: &Served) -> usize {
    fs::read_dir(served.path("archive/.roundup")).map_or(0, Iterator::count)
}

/// Answers with a recording: interview and position.
fn with_audio(lake: &Path) -> BTreeSet<(String, String)> {
    let has_audio = rows(lake, "responses").into_iter().filter(|row| row["has_audio"] == "true");
    has_audio.map(|row| (row["interview_id"].clone(), row["position"].clone())).collect()
}

/// The table, which must agree with the files.
fn table(served: &Served) -> Vec<Row> {
    let rows = rows(&served.lake(), "audio");
    let files = files(served);
    let keys: BTreeSet<_> = rows.iter().map(|row| (&row["interview_id"], &row["position"])).collect();
    let objects: BTreeSet<_> = rows.iter().map(|row| &row["object"]).collect();
    assert_eq!((keys.len(), objects.len()), (rows.len(), rows.len()), "no recording and no name twice");
    for row in &rows {
        let bytes = &files[&row["object"]];
        assert_eq!(row["bytes"], bytes.len().to_string());
        assert_eq!(row["sha256"], hex::encode(Sha256::digest(bytes)));
        assert_eq!(row["content_type"], "audio/mpeg");
    }
    rows
}

fn ledger(served: &Served) -> rusqlite::Connection {
    rusqlite::Connection::open(served.path("lake/_roundup/ledger.db")).unwrap()
}

fn links(served: &Served) -> i64 {
    ledger(served).query_row("SELECT count(*) FROM links", [], |row| row.get(0)).unwrap()
}

fn status(served: &Served) -> Value {
    let output = served.roundup().args(["status", "--lake", "lake", "--format", "json"]).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn each_recording_is_archived_once_under_the_samples_name() {
    let served = ingested("");
    let wanted = with_audio(&served.lake());
    assert_eq!(links(&served), wanted.len() as i64, "an ingest keeps the links");
    let requests = served.sandbox.stats().requests;
    let (stdout, _) = archive(&served, &["--dry-run"], 0);
    assert!(stdout.contains(&format!("{} recordings are not archived", wanted.len())), "{stdout}");
    assert!(!served.path("archive").exists() && served.sandbox.stats().recordings == 0);
    archive(&served, &[], 0);
    let rows = table(&served);
    let archived: BTreeSet<_> = rows.iter().map(|row| (row["interview_id"].clone(), row["position"].clone())).collect();
    assert_eq!(archived, wanted);
    assert_eq!(files(&served).len(), wanted.len());
    let name = "interviews/660f9511-f30c-52e5-b827-557766551111/q880h1733-h52e-74g7-d049-779988773333.mp3";
    assert!(files(&served).contains_key(name));
    assert_eq!(served.sandbox.stats().requests, requests, "links that still open cost no call");
    // Archived links are gone, also from what the file was before.
    assert_eq!((links(&served), still_coming(&served)), (0, 0));
    for file in fs::read_dir(served.path("lake/_roundup")).unwrap() {
        let path = file.unwrap().path();
        if path.is_file() {
            let bytes = fs::read(&path).unwrap();
            assert!(!bytes.windows(10).any(|window| window == b"signature="), "{}", path.display());
        }
    }
    let asked = served.sandbox.stats().recordings;
    let (stdout, _) = archive(&served, &[], 0);
    assert!(stdout.starts_with("archived   0 recordings"), "{stdout}");
    assert_eq!(served.sandbox.stats().recordings, asked, "never twice");
    assert_eq!(table(&served), rows);
}

#[test]
fn a_pipeline_archives_beside_its_ingest_and_what_is_left_after_it() {
    let served = serve(None);
    let pipeline = served.pipeline("[audio]\nout = \"archive\"\nallow-loopback = true\n");
    served.run(&pipeline, 0);
    let wanted = with_audio(&served.lake()).len();
    assert_eq!(table(&served).len(), wanted);
    assert_eq!(
        (&served.last_run()["audio"]["archived"], &served.last_run()["complete"]),
        (&wanted.into(), &true.into())
    );
    let stats = served.sandbox.stats();
    assert_eq!(stats.recordings, wanted as u64);
    assert_eq!(stats.largest_per_id, 1, "no interview was asked for again");
    // Asked for again, an interview has new links to recordings that are there.
    served.roundup().args(["run", "--refetch"]).arg(&pipeline).assert().success();
    assert_eq!((table(&served).len(), links(&served)), (wanted, 0));
    assert_eq!(served.sandbox.stats().recordings, wanted as u64);
    let output = served.roundup().arg("check").arg(&pipeline).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("audio      to archive: 0 recordings are not archived"), "{stdout}");
}

#[test]
fn a_first_day_holds_beside_the_ingest_and_what_came_is_always_told() {
    let served = serve(None);
    let section = "[audio]\nout = \"archive\"\nallow-loopback = true\n";
    let pipeline = served.pipeline(&format!("{section}from = \"2026-05-01\"\n"));
    served.run(&pipeline, 0);
    let may = "2026-05-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond();
    let archived = table(&served);
    assert!(!archived.is_empty() && archived.len() < with_audio(&served.lake()).len());
    assert!(archived.iter().all(|row| row["settled_at"].parse::<i64>().unwrap() >= may));
    assert_eq!(files(&served).len(), archived.len());
    // Dead with recordings archived that only the ledger knows: a narrower pass tells of them, too.
    let other = ingested("");
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("roundup"));
    command.args(["audio", "--lake", "lake", "--out", "archive", "--allow-loopback"]);
    command.current_dir(other.folder.path()).env("ROUNDUP_CRASH_AT", "publish-staged");
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    assert_eq!(command.status().unwrap().code(), None);
    archive(&other, &["--from", "2031-01-01"], 0);
    assert_eq!(table(&other).len(), with_audio(&other.lake()).len());
}

#[test]
fn recordings_follow_the_answers_of_an_interview_that_is_replaced() {
    let served = ingested("");
    archive(&served, &[], 0);
    let before = table(&served);
    let of = |rows: &[Row], id: &str| rows.iter().filter(|row| row["interview_id"] == id).cloned().collect::<Vec<_>>();
    let has_two = |body: &Value| of(&before, body["id"].as_str().unwrap()).len() > 1;
    let mut body = sample().into_iter().find(has_two).unwrap();
    let id = body["id"].as_str().unwrap().to_owned();
    let archived = of(&before, &id).len();
    // An answer in front of the others, and another month.
    let mut first = body["responses"][0].clone();
    first["question_id"] = "one-more".into();
    body["responses"].as_array_mut().unwrap().insert(0, first);
    body["completed_at"] = "2031-07-01T00:00:00Z".into();
    assert_eq!(crate::replace::put(&served.lake(), &[body.clone()], true).replaced, 1);
    let moved = of(&table(&served), &id);
    assert_eq!(moved.len(), archived);
    let settled = "2031-07-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond().to_string();
    let answers = rows(&served.lake(), "responses");
    for row in &moved {
        let key = |other: &&Row| (&other["interview_id"], &other["position"]) == (&id, &row["position"]);
        assert_eq!(answers.iter().find(key).unwrap().get("question_id"), row.get("question_id"));
        assert_eq!(row["settled_at"], settled);
    }
    assert_eq!(fs::read_dir(served.path("lake/audio/month=2031-07")).unwrap().count(), 1);
    assert_eq!(table(&served).len(), before.len());
    // The first answer is another one to the same question: what is archived is not its recording.
    body["responses"].as_array_mut().unwrap().remove(0);
    body["responses"][0]["answered_at"] = "2031-06-30T00:00:00Z".into();
    assert_eq!(crate::replace::put(&served.lake(), &[body], true).replaced, 1);
    assert_eq!(of(&table(&served), &id).len(), archived - 1);
}

/// Names of the files of what has come of a recording, without their extension.
fn staged_as(object: &str) -> String {
    hex::encode(Sha256::digest(object))[..32].to_owned()
}

#[test]
fn one_that_another_program_downloads_is_left_to_it() {
    let served = ingested("");
    archive(&served, &["--dry-run"], 0);
    let object: String = ledger(&served).query_row("SELECT object FROM links LIMIT 1", [], |row| row.get(0)).unwrap();
    let part = served.write(&format!("archive/.roundup/{}.part", staged_as(&object)), "");
    let held = fs::File::options().write(true).open(part).unwrap();
    held.lock().unwrap();
    let (stdout, _) = archive(&served, &[], 0);
    assert!(stdout.contains("1 left for the next run"), "{stdout}");
    assert_eq!(table(&served).len(), with_audio(&served.lake()).len() - 1);
    assert_eq!(status(&served)["recordings"].as_array().unwrap().len(), 0);
    drop(held);
    archive(&served, &[], 0);
    assert!(files(&served).contains_key(&object));
}

#[test]
fn an_archive_that_cannot_be_written_ends_it_without_a_panic() {
    let served = ingested("");
    for (id, _) in with_audio(&served.lake()) {
        served.write(&format!("archive/interviews/{id}"), "a file where a folder is to be");
    }
    let (_, stderr) = archive(&served, &[], 1);
    assert!(stderr.contains("archive/interviews/"), "{stderr}");
    assert!(!stderr.contains("panicked"), "{stderr}");
}

#[test]
fn what_had_come_whole_is_put_into_its_place_and_what_is_wrong_is_begun_anew() {
    use std::os::unix::fs::PermissionsExt;
    let clean = ingested("");
    archive(&clean, &[], 0);
    let whole = files(&clean);
    let served = ingested("");
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("roundup"));
    command.args(["audio", "--lake", "lake", "--out", "archive", "--allow-loopback"]);
    command.current_dir(served.folder.path()).env("ROUNDUP_CRASH_AT", "audio-whole");
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    assert_eq!(command.status().unwrap().code(), None);
    let staging = served.path("archive/.roundup");
    let tags = || {
        fs::read_dir(&staging)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().unwrap() == "tag")
    };
    let tag = tags().next().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&staging), mode(&tag), mode(&tag.with_extension("part"))), (0o700, 0o600, 0o600));
    let before = served.sandbox.stats();
    archive(&served, &[], 0);
    let after = served.sandbox.stats();
    assert!(after.recordings - before.recordings < whole.len() as u64, "one that was there whole came again");
    assert!(files(&served) == whole);
    assert_eq!(mode(&served.path("archive").join(whole.keys().next().unwrap())), 0o600);
    assert!(table(&served).iter().all(|row| row["content_type"] == "audio/mpeg"));
    // One that is longer than what its host has, and one of which more is there than was synced.
    let other = ingested("");
    command.current_dir(other.folder.path());
    assert_eq!(command.status().unwrap().code(), None);
    let staging = other.path("archive/.roundup");
    for entry in fs::read_dir(&staging).unwrap() {
        let tag = entry.unwrap().path();
        if tag.extension().unwrap() == "tag" {
            let text = fs::read_to_string(&tag).unwrap();
            let lines: Vec<&str> = text.lines().collect();
            // Others may have died in the midst of it.
            if lines.len() < 3 {
                continue;
            }
            let longer = lines[1].parse::<u64>().unwrap() + 10;
            fs::write(&tag, format!("{}\n{longer}\n{}\n", lines[0], lines[2])).unwrap();
            fs::File::options().write(true).open(tag.with_extension("part")).unwrap().set_len(longer + 5).unwrap();
        }
    }
    archive(&other, &[], 0);
    assert!(files(&other) == whole);
}

#[test]
fn an_account_that_refuses_leaves_the_others_their_turn() {
    let served = serve(None);
    let ids = served.ids();
    served.write("a.txt", &ids[..25].join("\n"));
    served.write("b.txt", &ids[25..].join("\n"));
    let api = served.sandbox.base_url();
    let source = |name: &str, key: &str| {
        format!("[[source]]\nname = \"{name}\"\napi = \"{api}\"\nkey-env = \"{key}\"\ninterviews = [\"{name}.txt\"]\n")
    };
    let text = source("a", "FIRST_KEY") + &source("b", "ROUNDZERO_API_KEY");
    let more = "[lake]\npath = \"lake\"\n[ingest]\nrequests-per-minute = 600000\n\
                [audio]\nout = \"archive\"\nallow-loopback = true\n";
    let pipeline = served.write("both.toml", &(text + more));
    let run = |key: &str, only: &str, code: i32| {
        let mut command = served.roundup();
        let output = command.args(["run", "--only", only]).arg(&pipeline).env("FIRST_KEY", key).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{stderr}");
        stderr
    };
    run(&Options::default().key, "ingest", 0);
    ledger(&served).execute("DELETE FROM links", []).unwrap();
    run("rz_live_wrong", "audio", 5);
    let of_b = with_audio(&served.lake()).into_iter().filter(|(id, _)| ids[25..].contains(id)).count();
    assert!(of_b > 0);
    assert_eq!(table(&served).len(), of_b);
    assert_eq!(status(&served)["recordings"].as_array().unwrap().len(), 0, "it is no recording's fault");
    run(&Options::default().key, "audio", 0);
    assert_eq!(table(&served).len(), with_audio(&served.lake()).len());
}

#[test]
fn reports_wait_for_no_download() {
    let stalls = "[[fault]]\nkind = \"audio-stall\"\nshare = 0.02\nof = \"interviews\"\ndelay = \"600s\"\n";
    let faults = Some(Faults::parse(stalls, "faults.toml").unwrap());
    let served = serve_with(Options { faults, limit: None, ..Options::default() });
    let pipeline = served.pipeline(
        "[analyze]\nkeywords = [\"builtin:vendor-sample\"]\n[report]\nout = \"reports\"\nperiod = \"13w\"\n\
         until = \"2026-06-01\"\n[audio]\nout = \"archive\"\nallow-loopback = true\n",
    );
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("roundup"));
    command.arg("run").arg(&pipeline).current_dir(served.folder.path());
    command.env("ROUNDZERO_API_KEY", &Options::default().key).env("XDG_STATE_HOME", served.path("state"));
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut run = command.spawn().unwrap();
    until("the report is there", || served.path("reports/latest/index.html").exists());
    assert_eq!(run.try_wait().unwrap(), None, "recordings are still coming");
    rustix::process::kill_process(rustix::process::Pid::from_child(&run), rustix::process::Signal::INT).unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(130));
}

#[test]
fn what_ends_the_archiving_beside_an_ingest_is_said_once() {
    let faults = Some(Faults::parse("[[fault]]\nkind = \"audio-html\"\nshare = 1\n", "faults.toml").unwrap());
    let served = serve_with(Options { faults, limit: None, ..Options::default() });
    let pipeline = served.pipeline("[audio]\nout = \"archive\"\nallow-loopback = true\n");
    let output = served.roundup().arg("run").arg(&pipeline).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert_eq!(stderr.matches("none of the last 20 recordings could be archived").count(), 1, "{stderr}");
    assert!(status(&served)["recordings"].as_array().unwrap().len() < 40);
}

#[test]
fn downloads_begin_while_the_ingest_goes_on_and_die_with_it_without_harm() {
    let window_length = std::time::Duration::from_secs(2);
    let served = serve_with(Options { limit: Some(20), window_length, ..Options::default() });
    let pipeline = served
        .pipeline("questions = \"none\"\nlimit-window = \"2s\"\n[audio]\nout = \"archive\"\nallow-loopback = true\n");
    let start = |crash_at: &str| {
        let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("roundup"));
        command.arg("run").arg(&pipeline).current_dir(served.folder.path()).env("ROUNDUP_CRASH_AT", crash_at);
        command.env("ROUNDZERO_API_KEY", &Options::default().key).env("XDG_STATE_HOME", served.path("state"));
        command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap()
    };
    // Dead as soon as the first recording is known to be archived, while interviews are still being fetched.
    assert_eq!(start("audio-recorded").wait().unwrap().code(), None);
    assert!(!files(&served).is_empty() && rows(&served.lake(), "interviews").is_empty());
    let (before, mut run, mut was_beside) = (files(&served).len(), start(""), false);
    while run.try_wait().unwrap().is_none() {
        was_beside |= files(&served).len() > before && served.sandbox.stats().by_status[&200] < 50;
        std::thread::park_timeout(std::time::Duration::from_millis(5));
    }
    assert!(was_beside, "downloads waited for the ingest");
    assert_eq!(run.wait().unwrap().code(), Some(0));
    assert_eq!(table(&served).len(), with_audio(&served.lake()).len());
    assert_eq!(served.sandbox.stats().by_status.get(&429), None);
}

#[test]
fn the_sandbox_inside_the_process_serves_its_recordings_too() {
    let served = serve(Some(0));
    let text = "[source]\napi = \"sandbox\"\n[lake]\npath = \"lake\"\n[ingest]\nrequests-per-minute = 600000\n\
                [audio]\nout = \"archive\"\nallow-loopback = true\n";
    let pipeline = served.write("p.toml", text);
    served.roundup().args(["run", "--only", "ingest"]).arg(&pipeline).assert().success();
    assert!(table(&served).is_empty());
    // The links are to a sandbox that is gone: an account is opened anew when one is needed.
    ledger(&served).execute("UPDATE links SET fetched_at = 1", []).unwrap();
    served.roundup().args(["run", "--only", "audio"]).arg(&pipeline).assert().success();
    assert_eq!(table(&served).len(), with_audio(&served.lake()).len());
}

/// Faults of the recordings' host, and what is said of a recording that always has it.
const UNFIT: &[(&str, &str)] = &[
    ("audio-html", "it is a web page"),
    ("audio-empty", "it is empty"),
    ("audio-endless", "it is longer than 300000 bytes"),
    ("audio-huge", "it is 5000000000 bytes long, and 300000 are the most"),
    ("audio-redirect", "its link leads elsewhere (302), which is not followed"),
    ("audio-expired", "its link does not open (403), nor does a new one"),
    ("audio-status-500", "its host answered 500 Internal Server Error"),
];

fn one_fault(kind: &str, says: &str) {
    let served = ingested(&format!("seed = 2\n[[fault]]\nkind = \"{kind}\"\nshare = 0.03\nof = \"interviews\"\n"));
    let lake = rows(&served.lake(), "responses");
    let wanted = with_audio(&served.lake());
    archive(&served, &["--max-bytes", "300KB"], 3);
    let archived: BTreeSet<_> =
        table(&served).iter().map(|row| (row["interview_id"].clone(), row["position"].clone())).collect();
    let troubled = status(&served)["recordings"].as_array().unwrap().clone();
    assert!(!troubled.is_empty() && troubled.len() < 30, "{kind}: {}", troubled.len());
    for one in &troubled {
        assert_eq!((&one["reason"], &one["given_up"]), (&says.into(), &false.into()), "{kind}");
        let key = (one["interview_id"].as_str().unwrap().to_owned(), one["position"].to_string());
        assert!(wanted.contains(&key) && !archived.contains(&key), "{kind}");
    }
    assert_eq!(archived.len() + troubled.len(), wanted.len(), "{kind}: all others are there");
    assert_eq!(files(&served).len(), archived.len(), "{kind}: and nothing else");
    assert_eq!(still_coming(&served), 0, "{kind}");
    assert_eq!(rows(&served.lake(), "responses"), lake, "{kind}");
}

#[test]
fn what_is_no_recording_is_recorded_with_its_reason_and_stops_no_other() {
    std::thread::scope(|scope| {
        for (kind, says) in UNFIT {
            scope.spawn(|| one_fault(kind, says));
        }
    });
}

#[test]
fn one_that_never_ends_is_left_when_its_time_is_up() {
    let served = ingested("[[fault]]\nkind = \"audio-stall\"\nshare = 0.01\nof = \"interviews\"\ndelay = \"60s\"\n");
    archive(&served, &["--max-time", "1s"], 3);
    let troubled = status(&served)["recordings"].as_array().unwrap().clone();
    assert!(!troubled.is_empty());
    assert!(troubled.iter().all(|one| one["reason"] == "it was not there after 1 s"), "{troubled:?}");
    assert_eq!(table(&served).len() + troubled.len(), with_audio(&served.lake()).len());
    assert_eq!(still_coming(&served), 2 * troubled.len(), "what has come is gone on with");
}

#[test]
fn an_interrupt_ends_it_in_good_order() {
    let stalls = "seed = 1\n[[fault]]\nkind = \"audio-stall\"\nshare = 0.05\nof = \"interviews\"\ndelay = \"60s\"\n";
    let served = ingested(stalls);
    let mut process = std::process::Command::new(assert_cmd::cargo::cargo_bin!("roundup"))
        .args(["audio", "--lake", "lake", "--out", "archive", "--allow-loopback"])
        .current_dir(served.folder.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let began = std::time::Instant::now();
    while still_coming(&served) == 0 || files(&served).is_empty() {
        assert!(began.elapsed() < std::time::Duration::from_secs(60), "nothing stalls");
        std::thread::park_timeout(std::time::Duration::from_millis(5));
    }
    rustix::process::kill_process(rustix::process::Pid::from_child(&process), rustix::process::Signal::INT).unwrap();
    assert_eq!(process.wait().unwrap().code(), Some(130));
    assert!(table(&served).len() <= files(&served).len());
    assert_eq!(status(&served)["recordings"].as_array().unwrap().len(), 0, "an interrupt is nobody's fault");
    archive(&served, &["--max-time", "1s"], 3);
    let stalled = status(&served)["recordings"].as_array().unwrap().len();
    assert_eq!(table(&served).len() + stalled, with_audio(&served.lake()).len());
}

#[test]
fn what_broke_off_is_gone_on_with_and_is_whole_in_the_end() {
    let clean = ingested("");
    archive(&clean, &[], 0);
    let served = ingested("seed = 7\n[[fault]]\nkind = \"audio-cut\"\nshare = 0.2\n");
    archive(&served, &[], 0);
    assert!(files(&served) == files(&clean));
    let stats = served.sandbox.stats();
    assert!(stats.recordings_continued > 30, "{stats:?}");
    assert_eq!(stats.recordings, table(&served).len() as u64, "none began anew");
    assert_eq!(still_coming(&served), 0);
}

#[test]
fn a_link_past_its_day_is_refreshed_by_asking_for_the_interview() {
    let served = ingested("");
    let interviews = with_audio(&served.lake()).into_iter().map(|(id, _)| id).collect::<BTreeSet<_>>();
    ledger(&served).execute("UPDATE links SET fetched_at = fetched_at - 86400000000", []).unwrap();
    let (stdout, _) = archive(&served, &["--dry-run"], 0);
    assert!(
        stdout.contains(&format!("{} interviews are asked for again for their links", interviews.len())),
        "{stdout}"
    );
    // That needs the key, which is said before anything is done.
    let mut command = served.roundup();
    let output = command.args(["audio", "--lake", "lake", "--out", "archive"]).env_remove("ROUNDZERO_API_KEY").output();
    assert_eq!(output.unwrap().status.code(), Some(2));
    assert!(!served.path("archive").exists());
    let requests = served.sandbox.stats().requests;
    let (_, stderr) = archive(&served, &[], 0);
    assert!(stderr.contains(&format!("{} interviews are asked for again", interviews.len())), "{stderr}");
    assert_eq!(served.sandbox.stats().requests - requests, interviews.len() as u64, "once each");
    assert_eq!(table(&served).len(), with_audio(&served.lake()).len());
}

#[test]
fn an_interview_that_the_api_no_longer_has_is_given_up_if_it_has_others() {
    let served = ingested("");
    let fewer = serve(Some(served.ids().len() / 2));
    let kept: BTreeSet<String> = fewer.ids().into_iter().collect();
    let wanted = with_audio(&served.lake());
    let gone = wanted.iter().find(|(id, position)| !kept.contains(id) && position == "1").unwrap().0.clone();
    let other = wanted.iter().find(|(id, _)| kept.contains(id)).unwrap().0.clone();
    let sql = "DELETE FROM links WHERE interview_id IN (?1, ?2)";
    ledger(&served).execute(sql, [&gone, &other]).unwrap();
    let api = ["--api", &fewer.sandbox.base_url()];
    let of_gone = wanted.iter().filter(|(id, _)| *id == gone).count();
    assert!(of_gone > 1);
    for (ids, given_up) in [(vec![&gone], false), (vec![&gone, &other], true)] {
        let arguments: Vec<&str> = api.into_iter().chain(ids.into_iter().map(String::as_str)).collect();
        archive(&served, &arguments, 3);
        let troubled = status(&served)["recordings"].as_array().unwrap().clone();
        assert_eq!(troubled.len(), of_gone);
        for one in &troubled {
            let says = "the API does not know the interview any more";
            assert_eq!((&one["reason"], &one["given_up"]), (&says.into(), &given_up.into()));
        }
    }
    archive(&served, &[], 0);
    assert_eq!(table(&served).len() + of_gone, wanted.len());
}

#[test]
fn an_api_that_knows_no_interview_gives_up_none() {
    let served = ingested("");
    let other = serve(Some(0));
    ledger(&served).execute("DELETE FROM links", []).unwrap();
    let (_, stderr) = archive(&served, &["--api", &other.sandbox.base_url()], 1);
    let says = "the API gave no link to a recording of the last 20 interviews: the API does not know the interview";
    assert!(stderr.contains(says), "{stderr}");
    assert!(other.sandbox.stats().requests <= 40, "{:?}", other.sandbox.stats());
    let troubled = status(&served)["recordings"].as_array().unwrap().clone();
    assert!(!troubled.is_empty() && troubled.len() < 200, "{}", troubled.len());
    assert!(troubled.iter().all(|one| one["given_up"] == false && one["tries"] == 0), "{troubled:?}");
    archive(&served, &[], 0);
    assert_eq!(table(&served).len(), with_audio(&served.lake()).len());
}

#[test]
fn a_host_that_opens_no_link_gives_up_none_and_costs_few_calls() {
    let served = ingested("[[fault]]\nkind = \"audio-expired\"\nshare = 1\n");
    let requests = served.sandbox.stats().requests;
    for _ in 0..4 {
        let (_, stderr) = archive(&served, &[], 1);
        assert!(
            stderr.contains("none of the last 20 recordings could be archived: its link does not open"),
            "{stderr}"
        );
    }
    let troubled = status(&served)["recordings"].as_array().unwrap().clone();
    assert!(!troubled.is_empty() && troubled.len() < 4 * 40, "{}", troubled.len());
    assert!(troubled.iter().all(|one| one["given_up"] == false), "{troubled:?}");
    assert!(served.sandbox.stats().requests - requests <= 4 * 40, "{:?}", served.sandbox.stats());
}

#[test]
fn many_that_are_too_long_keep_no_others_from_being_archived() {
    let served = ingested("seed = 3\n[[fault]]\nkind = \"audio-huge\"\nshare = 0.95\nof = \"interviews\"\n");
    archive(&served, &["--max-bytes", "300KB"], 3);
    let troubled = status(&served)["recordings"].as_array().unwrap().len();
    let archived = table(&served).len();
    assert!(troubled > 200 && archived > 5, "{troubled} and {archived}");
    assert_eq!(troubled + archived, with_audio(&served.lake()).len());
}

#[test]
fn a_link_that_does_not_open_is_refreshed_once() {
    let served = ingested("seed = 5\n[[fault]]\nkind = \"audio-expired\"\nshare = 0.15\n");
    let requests = served.sandbox.stats().requests;
    archive(&served, &[], 3);
    let troubled = status(&served)["recordings"].as_array().unwrap().len();
    let refused = served.sandbox.stats().faults.values().sum::<u64>();
    assert!(troubled > 0 && refused > 2 * troubled as u64, "{refused} and {troubled}");
    let asked = served.sandbox.stats().requests - requests;
    assert!(asked > 10 && asked <= refused, "{asked}");
    assert_eq!(table(&served).len() + troubled, with_audio(&served.lake()).len());
}

#[test]
fn after_three_nights_a_recording_is_left_alone_until_its_interview_is_named() {
    let served = ingested("seed = 2\n[[fault]]\nkind = \"audio-html\"\nshare = 0.02\nof = \"interviews\"\n");
    let a_night_passes = || {
        let sql = "UPDATE recordings SET counted_at = counted_at - 86400000000";
        ledger(&served).execute(sql, []).unwrap();
    };
    for night in 1..=2 {
        // Runs of one night are one try.
        for _ in 0..3 {
            archive(&served, &[], 3);
            let troubled = status(&served)["recordings"].as_array().unwrap().clone();
            assert!(troubled.iter().all(|one| one["given_up"] == false && one["tries"] == night), "{troubled:?}");
        }
        a_night_passes();
    }
    // Trouble of another kind begins anew, and so does what has come further.
    let changed = "UPDATE recordings SET kind = 'unavailable', tries = 9 WHERE interview_id = ?1";
    let first = status(&served)["recordings"][0]["interview_id"].as_str().unwrap().to_owned();
    ledger(&served).execute(changed, [&first]).unwrap();
    archive(&served, &[&first], 3);
    assert_eq!(status(&served)["recordings"][0]["tries"], 1);
    ledger(&served).execute("UPDATE recordings SET tries = 2", []).unwrap();
    a_night_passes();
    let (stdout, _) = archive(&served, &[], 3);
    assert!(stdout.contains("given up, and left alone"), "{stdout}");
    let troubled = status(&served)["recordings"].as_array().unwrap().clone();
    assert!(troubled.iter().all(|one| one["given_up"] == true && one["tries"] == 3), "{troubled:?}");
    let asked = served.sandbox.stats().recordings;
    archive(&served, &[], 0);
    assert_eq!(served.sandbox.stats().recordings, asked);
    archive(&served, &[troubled[0]["interview_id"].as_str().unwrap()], 3);
    assert!(served.sandbox.stats().recordings > asked);
}

#[test]
fn a_host_that_gives_pages_for_everything_ends_the_run_before_all_are_given_up() {
    let served = ingested("[[fault]]\nkind = \"audio-html\"\nshare = 1\n");
    let (_, stderr) = archive(&served, &[], 1);
    assert!(stderr.contains("none of the last 20 recordings could be archived: it is a web page"), "{stderr}");
    assert!(status(&served)["recordings"].as_array().unwrap().len() < 40);
}

#[test]
fn this_machine_is_not_reached_unless_it_is_allowed() {
    let served = ingested("");
    let output = served.roundup().args(["audio", "--lake", "lake", "--out", "archive"]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("its link is not https"), "{stderr}");
    // Nor with TLS, under any name.
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0x7f.1", "169.254.169.254"] {
        let sql = "UPDATE links SET link = 'https://' || ?1 || '/a.mp3'";
        ledger(&served).execute(sql, [host]).unwrap();
        let id = served.ids()[0].clone();
        let output = served.roundup().args(["audio", "--lake", "lake", "--out", "archive", &id]).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(3), "{stderr}");
        assert!(stderr.contains("its link leads to an address that is not public"), "{host}: {stderr}");
        assert!(!stderr.contains(host), "{stderr}");
    }
    assert_eq!(served.sandbox.stats().recordings, 0);
    assert!(files(&served).is_empty());
}

#[test]
fn what_is_in_the_place_already_is_recorded_if_it_is_the_same_and_stays_if_it_is_not() {
    let first = ingested("");
    archive(&first, &[], 0);
    let whole = files(&first);
    let served = ingested("");
    let names: Vec<&String> = whole.keys().collect();
    let mut other = whole[names[1]].clone();
    other.push(0);
    for (name, bytes) in [(names[0], &whole[names[0]]), (names[1], &other)] {
        let path = served.path("archive").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let (stdout, _) = archive(&served, &[], 3);
    assert!(stdout.contains("1 were there already"), "{stdout}");
    let troubled = status(&served)["recordings"].as_array().unwrap().clone();
    assert_eq!(troubled.len(), 1);
    assert_eq!(troubled[0]["reason"], "another file is in its place in the archive");
    assert!(files(&served)[names[1]] == other, "it stays as it was");
    assert_eq!(table(&served).len(), whole.len() - 1);
}

#[test]
fn answers_to_one_question_have_names_of_their_own() {
    let served = ingested("[[fault]]\nkind = \"duplicate-ids\"\nshare = 1\nof = \"interviews\"\n");
    archive(&served, &[], 0);
    let names: BTreeSet<String> = table(&served).into_iter().map(|row| row["object"].clone()).collect();
    assert_eq!(names.len(), with_audio(&served.lake()).len());
    let doubled = names.iter().filter(|name| name.trim_end_matches(".mp3").contains('.')).count();
    assert!(doubled > 30, "{doubled}");
}

#[test]
fn a_selection_archives_that_alone() {
    let served = ingested("");
    let may = "2026-05-01T00:00:00Z".parse::<jiff::Timestamp>().unwrap().as_microsecond();
    let is_of_may = |row: &Row| row["settled_at"].parse::<i64>().unwrap() >= may;
    let answers = rows(&served.lake(), "responses");
    let job = answers.iter().find(|row| is_of_may(row) && row["has_audio"] == "true").unwrap()["job_id"].clone();
    let of_job: BTreeSet<&String> =
        answers.iter().filter(|row| row.get("job_id") == Some(&job)).map(|row| &row["interview_id"]).collect();
    archive(&served, &["--job", &job, "--from", "2026-05-01"], 0);
    let archived = table(&served);
    assert!(!archived.is_empty() && archived.len() < with_audio(&served.lake()).len() / 2);
    assert!(archived.iter().all(|row| of_job.contains(&row["interview_id"]) && is_of_may(row)));
}

#[test]
fn wrong_flags_and_settings_are_refused_with_words_that_help() {
    let served = ingested("");
    let refuses = |arguments: &[&str], words: &str| {
        let output = served.roundup().args(["audio", "--lake", "lake"]).args(arguments).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(words), "{stderr}");
    };
    refuses(&["--out", "lake/recordings"], "is inside the lake");
    refuses(&["--out", "./lake/../lake"], "is inside the lake");
    refuses(&["--out", "ftp://host/archive"], "s3://");
    if !cfg!(feature = "cloud") {
        refuses(&["--out", "s3://bucket/archive"], "--features cloud");
    }
    refuses(&["--out", "archive", "nobody"], "the lake knows no interview nobody");
    refuses(&["--out", "archive", "--max-bytes", "much"], "`much` is no size");
    refuses(&["--out", "archive", "--max-time", "0s"], "no time for a recording");
    refuses(&["--out", "archive", "--from", "May"], "`May` is no day");
    for (section, words) in [
        ("out = \"lake/x\"", "is inside the lake"),
        ("out = \"archive\"\nconcurrency = 0", "at least 1"),
        ("out = \"archive\"\nmax-byte = \"1MB\"", "max-byte"),
    ] {
        let pipeline = served.pipeline(&format!("[audio]\n{section}\n"));
        let output = served.roundup().arg("check").arg(&pipeline).output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{stderr}");
        assert!(stderr.contains(words), "{stderr}");
    }
}

/// Where an archiving dies, and how often in a row: what is past its point of no return is not done again.
const POINTS: &[(&str, usize)] = &[
    ("audio-appended", 2),
    ("audio-whole", 2),
    ("audio-placed", 2),
    ("audio-recorded", 2),
    ("publish-staged", 2),
    ("publish-recorded", 1),
    ("publish-placed-one", 2),
    ("publish-committed", 1),
    ("audio-published", 1),
];

#[test]
fn dead_at_any_step_an_archiving_goes_on_and_archives_nothing_twice() {
    let reference = ingested("");
    archive(&reference, &[], 0);
    let wanted = files(&reference);
    for (point, times) in POINTS {
        let served = ingested("");
        for _ in 0..*times {
            let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("roundup"));
            command.args(["audio", "--lake", "lake", "--out", "archive", "--allow-loopback"]);
            command.current_dir(served.folder.path()).env("ROUNDUP_CRASH_AT", point);
            command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
            assert_eq!(command.status().unwrap().code(), None, "it did not die at {point}");
            // What is in its place is whole, and the table tells of nothing that is not there.
            assert!(files(&served).iter().all(|(name, bytes)| wanted[name] == *bytes), "{point}");
            table(&served);
        }
        archive(&served, &[], 0);
        assert!(files(&served) == wanted, "{point}");
        assert_eq!(table(&served).len(), wanted.len(), "{point}");
        assert_eq!((still_coming(&served), links(&served)), (0, 0), "{point}");
        let left: i64 = ledger(&served).query_row("SELECT count(*) FROM recordings", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 0, "{point}");
    }
}

#[test]
fn links_of_a_killed_run_are_read_from_its_spool() {
    let served = serve(None);
    let pipeline: PathBuf = served.pipeline("questions = \"none\"\n");
    let mut command = std::process::Command::new(assert_cmd::cargo::cargo_bin!("roundup"));
    command.arg("run").arg(&pipeline).current_dir(served.folder.path()).env("ROUNDUP_CRASH_AT", "spool-closed");
    command.env("ROUNDZERO_API_KEY", &Options::default().key).env("XDG_STATE_HOME", served.path("state"));
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    assert_eq!(command.status().unwrap().code(), None);
    served.run(&pipeline, 0);
    let asked = served.sandbox.stats().requests;
    archive(&served, &[], 0);
    assert_eq!(served.sandbox.stats().requests, asked);
    assert_eq!(table(&served).len(), with_audio(&served.lake()).len());
}

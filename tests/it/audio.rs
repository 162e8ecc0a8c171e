//! Recordings: each is archived once, whole, under the vendor's sample's name, and what is no recording is not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use roundup::ledger::{KeptLink, Ledger, LinkPlace};
use roundup::model::Link;
use roundup::model::recording::LINK_LIFETIME;
use roundup::sandbox::{Faults, SandboxOptions};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::common::{Row, Served, ledger_of, rows, sample, serve, serve_with, until};

const HERE: &[&str] = &["--requests-per-minute", "600000", "--allow-loopback"];

/// A sandbox whose interviews are in a lake, as an ingest leaves it.
pub fn ingested(faults: &str) -> Served {
    let faults = (!faults.is_empty()).then(|| Faults::parse(faults, "faults.toml").unwrap());
    let served = serve_with(SandboxOptions { faults, limit: None, ..SandboxOptions::default() });
    served.run(&served.pipeline("questions = \"none\"\n"), 0);
    served
}

/// The command of what dies or is ended while it runs.
const ARCHIVE: [&str; 6] = ["audio", "--lake", "lake", "--out", "archive", "--allow-loopback"];

/// Runs [`ARCHIVE`], which dies at a point. Returns its exit code if it did not.
fn died(served: &Served, point: &str) -> Option<i32> {
    served.process().args(ARCHIVE).env("ROUNDUP_CRASH_AT", point).status().unwrap().code()
}

/// The command, with what it must end with; stdout and stderr.
pub fn archive(served: &Served, more: &[&str], code: i32) -> (String, String) {
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
pub fn with_audio(lake: &Path) -> BTreeSet<(String, String)> {
    let has_audio = rows(lake, "responses").into_iter().filter(|row| row["has_audio"] == "true");
    has_audio.map(|row| (row["interview_id"].clone(), row["position"].clone())).collect()
}

/// The table, which must agree with the files.
pub fn table(served: &Served) -> Vec<Row> {
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

pub fn ledger(served: &Served) -> rusqlite::Connection {
    ledger_of(&served.lake())
}

/// The links that are kept and still open.
pub fn links(served: &Served) -> Vec<KeptLink> {
    let ledger = Ledger::open_for_reading(&served.lake().join("_roundup/ledger.db")).unwrap();
    ledger.links_after(&mut LinkPlace::default(), usize::MAX, Timestamp::now()).unwrap()
}

/// Puts other links in the place of those that are kept.
pub fn change_links(served: &Served, change: impl FnMut(KeptLink) -> Option<KeptLink>) {
    let links: Vec<KeptLink> = links(served).into_iter().filter_map(change).collect();
    fs::remove_dir_all(served.lake().join("_roundup/links")).unwrap();
    Ledger::open(&served.lake().join("_roundup/ledger.db")).unwrap().keep_links(&links).unwrap();
}

pub fn status(served: &Served) -> Value {
    let output = served.roundup().args(["status", "--lake", "lake", "--format", "json"]).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn each_recording_is_archived_once_under_the_samples_name() {
    let served = ingested("");
    let wanted = with_audio(&served.lake());
    assert_eq!(links(&served).len(), wanted.len(), "an ingest keeps the links");
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
    assert_eq!((links(&served).len(), still_coming(&served)), (0, 0));
    assert_eq!(fs::read_dir(served.path("lake/_roundup/links")).unwrap().count(), 0);
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
    assert_eq!((table(&served).len(), links(&served).len()), (wanted, 0));
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
    let may = "2026-05-01T00:00:00Z".parse::<Timestamp>().unwrap().as_microsecond();
    let archived = table(&served);
    assert!(!archived.is_empty() && archived.len() < with_audio(&served.lake()).len());
    assert!(archived.iter().all(|row| row["settled_at"].parse::<i64>().unwrap() >= may));
    assert_eq!(files(&served).len(), archived.len());
    // Dead with recordings archived that only the ledger knows: a narrower pass tells of them, too.
    let other = ingested("");
    assert_eq!(died(&other, "publish-staged"), None);
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
    let settled = "2031-07-01T00:00:00Z".parse::<Timestamp>().unwrap().as_microsecond().to_string();
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
    let object = links(&served)[0].object.clone();
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
fn what_had_come_whole_is_put_into_its_place_and_what_is_wrong_is_begun_anew() {
    use std::os::unix::fs::PermissionsExt;
    let clean = ingested("");
    archive(&clean, &[], 0);
    let whole = files(&clean);
    let served = ingested("");
    assert_eq!(died(&served, "audio-whole"), None);
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
    assert_eq!(died(&other, "audio-whole"), None);
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
fn reports_wait_for_no_download() {
    let stalls = "[[fault]]\nkind = \"audio-stall\"\nshare = 0.02\nof = \"interviews\"\ndelay = \"600s\"\n";
    let faults = Some(Faults::parse(stalls, "faults.toml").unwrap());
    let served = serve_with(SandboxOptions { faults, limit: None, ..SandboxOptions::default() });
    let pipeline = served.pipeline(
        "[analyze]\nkeywords = [\"builtin:vendor-sample\"]\n[report]\nout = \"reports\"\nperiod = \"13w\"\n\
         until = \"2026-06-01\"\n[audio]\nout = \"archive\"\nallow-loopback = true\n",
    );
    let mut run = served.process().arg("run").arg(&pipeline).spawn().unwrap();
    until("the report is there", || served.path("reports/latest/index.html").exists());
    assert_eq!(run.try_wait().unwrap(), None, "recordings are still coming");
    rustix::process::kill_process(rustix::process::Pid::from_child(&run), rustix::process::Signal::INT).unwrap();
    assert_eq!(run.wait().unwrap().code(), Some(130));
}

#[test]
fn downloads_begin_while_the_ingest_goes_on_and_die_with_it_without_harm() {
    let window_length = std::time::Duration::from_secs(2);
    let served = serve_with(SandboxOptions { limit: Some(20), window_length, ..SandboxOptions::default() });
    let pipeline = served
        .pipeline("questions = \"none\"\nlimit-window = \"2s\"\n[audio]\nout = \"archive\"\nallow-loopback = true\n");
    let start =
        |crash_at: &str| served.process().arg("run").arg(&pipeline).env("ROUNDUP_CRASH_AT", crash_at).spawn().unwrap();
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
    change_links(&served, |link| Some(KeptLink { fetched_at: Timestamp::UNIX_EPOCH, ..link }));
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
    let mut process = served.process().args(ARCHIVE).spawn().unwrap();
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
    change_links(&served, |link| Some(KeptLink { fetched_at: link.fetched_at - LINK_LIFETIME, ..link }));
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
fn this_machine_is_not_reached_unless_it_is_allowed() {
    let served = ingested("");
    let output = served.roundup().args(["audio", "--lake", "lake", "--out", "archive"]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("its link is not https"), "{stderr}");
    // Nor with TLS, under any name.
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0x7f.1", "169.254.169.254"] {
        let elsewhere = Link::new(format!("https://{host}/a.mp3"));
        change_links(&served, |link| Some(KeptLink { link: elsewhere.clone(), ..link }));
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
    assert!(stdout.contains("1 was there already"), "{stdout}");
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
    let may = "2026-05-01T00:00:00Z".parse::<Timestamp>().unwrap().as_microsecond();
    let is_of_may = |row: &Row| row["settled_at"].parse::<i64>().unwrap() >= may;
    let answers = rows(&served.lake(), "responses");
    let job = answers.iter().find(|row| is_of_may(row) && row["has_audio"] == "true").unwrap()["job_id"].clone();
    let of_job: BTreeSet<&String> =
        answers.iter().filter(|row| row.get("job_id") == Some(&job)).map(|row| &row["interview_id"]).collect();
    let interviews = rows(&served.lake(), "interviews");
    let title = &interviews.iter().find(|row| row.get("job_id") == Some(&job)).unwrap()["job_title"];
    let planned = |name: &str| archive(&served, &["--job", name, "--from", "2026-05-01", "--dry-run"], 0);
    assert_eq!(planned(title), planned(&job), "a job is named by its title as well");
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
            assert_eq!(died(&served, point), None, "it did not die at {point}");
            // What is in its place is whole, and the table tells of nothing that is not there.
            assert!(files(&served).iter().all(|(name, bytes)| wanted[name] == *bytes), "{point}");
            table(&served);
        }
        archive(&served, &[], 0);
        assert!(files(&served) == wanted, "{point}");
        assert_eq!(table(&served).len(), wanted.len(), "{point}");
        assert_eq!((still_coming(&served), links(&served).len()), (0, 0), "{point}");
        let left: i64 = ledger(&served).query_row("SELECT count(*) FROM recordings", [], |row| row.get(0)).unwrap();
        assert_eq!(left, 0, "{point}");
    }
}

#[test]
fn links_of_a_killed_run_are_read_from_its_spool() {
    let served = serve(None);
    let pipeline: PathBuf = served.pipeline("questions = \"none\"\n");
    let dying = served.process().arg("run").arg(&pipeline).env("ROUNDUP_CRASH_AT", "spool-closed").status();
    assert_eq!(dying.unwrap().code(), None);
    served.run(&pipeline, 0);
    let asked = served.sandbox.stats().requests;
    archive(&served, &[], 0);
    assert_eq!(served.sandbox.stats().requests, asked);
    assert_eq!(table(&served).len(), with_audio(&served.lake()).len());
}

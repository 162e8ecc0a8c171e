//! Persons are erased everywhere, nothing else changes, and they do not come back.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use roundup::inbox::file::{InboxWriter, ReceivedEvent};
use roundup::lake::Lake;
use roundup::lake::read::parquet_files;
use roundup::lake::schema::TABLES;
use roundup::ledger::{InterviewState, Ledger};
use roundup::round0::webhook::Event;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::common::{INTERVIEWS, Row, Served, lasting, roundup, rows, sample, serve};

/// Everything that a pipeline can do with persons on this machine.
pub const ALL: &str = "questions = \"all\"\n[analyze]\nkeywords = [\"builtin:engineering\"]\n\
    [report]\nout = \"reports\"\nperiod = \"26w\"\nuntil = \"2026-06-01\"\nwhole-answers = true\n\
    [[export]]\noutput = \"exports/answers.csv\"\nformat = \"csv\"\nwhat = \"responses\"\n\
    [audio]\nout = \"archive\"\nallow-loopback = true\n";

/// Rows of each table but those that tell of commands, without the columns that tell when.
pub fn tables(lake: &Path) -> BTreeMap<&'static str, Vec<Row>> {
    let kept = TABLES.iter().filter(|table| !["runs", "erasures", "jobs"].contains(&table.name));
    kept.map(|table| (table.name, lasting(rows(lake, table.name)))).collect()
}

/// The same without the rows of some interviews.
pub fn without(mut tables: BTreeMap<&'static str, Vec<Row>>, ids: &[String]) -> BTreeMap<&'static str, Vec<Row>> {
    for rows in tables.values_mut() {
        rows.retain(|row| !ids.contains(&row["interview_id"]));
    }
    tables
}

/// Runs a command that must end with a code; returns its stdout and stderr.
pub fn ended(command: &mut assert_cmd::Command, code: i32) -> (String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(code), "{stdout}{stderr}");
    (stdout, stderr)
}

/// Whether a text is in any file below a folder, as it is.
pub fn is_in_files(folder: &Path, text: &str) -> bool {
    fs::read_dir(folder).into_iter().flatten().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return is_in_files(&path, text);
        }
        memchr::memmem::find(&fs::read(path).unwrap(), text.as_bytes()).is_some()
    })
}

/// The addresses and interviews of persons whom a report quotes.
pub fn quoted(lake: &Path) -> Vec<(String, Vec<String>)> {
    let record = fs::read_dir(lake.join("_roundup/quotes")).unwrap().next().unwrap().unwrap().path();
    let record: Value = serde_json::from_slice(&fs::read(record).unwrap()).unwrap();
    let candidates = rows(lake, "candidates");
    let quoted = record["interviews"].as_array().unwrap().iter().filter_map(|id| {
        let row = candidates.iter().find(|row| row["interview_id"] == id.as_str().unwrap())?;
        let mut ids: Vec<String> = candidates
            .iter()
            .filter(|other| other.get("candidate_key") == row.get("candidate_key"))
            .map(|other| other["interview_id"].clone())
            .collect();
        ids.sort();
        Some((row.get("email")?.clone(), ids))
    });
    let mut quoted: Vec<(String, Vec<String>)> = quoted.collect();
    quoted.sort();
    quoted.dedup();
    quoted
}

pub fn archived(served: &Served, id: &str) -> usize {
    fs::read_dir(served.path("archive/interviews").join(id)).map_or(0, Iterator::count)
}

/// Brings erased interviews back in every way that there is, in vain, and without a loss for others.
fn stay_away(served: &Served, all: &[String], expected: &BTreeMap<&'static str, Vec<Row>>) {
    let lake = served.lake();
    // By the list, a refetch, an import, or a ledger that is made anew.
    let again: [&[&str]; 5] = [
        &["run", "pipeline.toml"],
        &[
            "ingest",
            "--lake",
            "lake",
            "ids.txt",
            "--refetch",
            "--api",
            &served.sandbox.base_url(),
            "--requests-per-minute",
            "600000",
        ],
        &["import", "--lake", "lake", INTERVIEWS],
        &["ledger", "rebuild", "--lake", "lake"],
        &["run", "pipeline.toml"],
    ];
    for arguments in again {
        let (stdout, _) = ended(served.roundup().args(arguments), 0);
        let now = tables(&lake);
        assert_eq!(now, without(now.clone(), all), "{arguments:?}");
        for row in &expected["interviews"] {
            assert!(
                now["interviews"].iter().any(|other| other["interview_id"] == row["interview_id"]),
                "{arguments:?}"
            );
        }
        if arguments[0] == "import" {
            assert!(stdout.contains(&format!("{} erased before, and not loaded", all.len())), "{stdout}");
        }
    }
}

#[test]
fn a_person_is_erased_everywhere_and_does_not_come_back() {
    let served = serve(None);
    let pipeline = served.pipeline(ALL);
    served.run(&pipeline, 0);
    let lake = served.lake();
    let (email, ids) = quoted(&lake).into_iter().find(|(_, ids)| archived(&served, &ids[0]) > 0).unwrap();
    let open_candidates = rows(&lake, "open_interviews");
    let key =
        &rows(&lake, "interviews").into_iter().find(|row| row["interview_id"] == ids[0]).unwrap()["candidate_key"];
    let mut all = ids.clone();
    all.extend(
        open_candidates
            .into_iter()
            .filter(|row| row.get("candidate_key") == Some(key))
            .map(|row| row["interview_id"].clone()),
    );
    let expected = without(tables(&lake), &all);
    let page = |served: &Served| fs::read_to_string(served.path("reports/2026-06-01/index.html")).unwrap();
    assert!(page(&served).contains("<html"));

    let forget = |more: &[&str], code| {
        ended(served.roundup().args(["forget", "--lake", "lake", "--candidate", &email]).args(more), code)
    };
    let before = is_in_files(&lake, &ids[0]);
    assert!(before);
    let (dry, _) = forget(&["--dry-run"], 0);
    for part in ["responses", "keyword_hits", "ledger", "recording", "reports/2026-06-01", "exports/answers.csv"] {
        assert!(dry.contains(part), "{part}: {dry}");
    }
    assert_eq!(tables(&lake)["responses"].len(), rows(&lake, "responses").len());
    let (refused, stderr) = forget(&[], 2);
    assert!(refused.contains("erase") && stderr.contains("without a yes"), "{stderr}");
    let (_, found) = forget(&["--verify", "--interview", &ids[0]], 1);
    assert!(!found.contains(&email));

    let (erased, stderr) = forget(&["--yes", "--verify"], 0);
    assert!(erased.contains("no id and no address is left"), "{erased}{stderr}");
    for said in [&erased, &stderr] {
        assert!(!said.contains(&email) && !said.contains(&ids[0]), "{said}");
    }
    assert_eq!(tables(&lake), expected);
    let receipt = &rows(&lake, "erasures")[0];
    assert_eq!((receipt["kind"].as_str(), receipt["reports_made_anew"].as_str()), ("forget", "1"), "{receipt:?}");
    assert!(receipt["recordings"].parse::<u64>().unwrap() > 0 && receipt["exports"] == "1", "{receipt:?}");
    for id in &all {
        assert_eq!(archived(&served, id), 0);
        assert!(!served.path("archive/interviews").join(id).exists());
        for folder in ["lake", "archive", "reports"] {
            assert!(!is_in_files(&served.path(folder), id), "{id} in {folder}");
        }
    }
    assert!(page(&served).contains("<html"));
    ended(served.roundup().args(["status", "--check", "--lake", "lake"]), 0);
    let (stdout, _) = forget(&["--dry-run"], 1);
    assert_eq!(stdout, "");

    stay_away(&served, &all, &expected);
    let (clean, _) = forget(&["--verify", "--interview", &all[0]], 0);
    assert!(clean.contains("no id and no address is left"), "{clean}");
}

/// A folder with a lake of the sample, analysed and with a report that quotes.
pub fn imported() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| ended(roundup(folder.path()).args(arguments), 0);
    run(&["import", "--lake", "lake", INTERVIEWS]);
    run(&["analyze", "--lake", "lake", "--keywords", "builtin:engineering"]);
    run(&[
        "report",
        "--lake",
        "lake",
        "--out",
        "reports",
        "--period",
        "26w",
        "--until",
        "2026-06-01",
        "--whole-answers",
        "--formats",
        "html",
    ]);
    folder
}

/// A body of the sample with another id and person.
pub fn body(id: &str, candidate: &str, email: &str) -> Value {
    let mut body = sample().into_iter().find(|body| body["status"] == "completed").unwrap();
    body["id"] = json!(id);
    body["candidate"] = json!({"id": candidate, "name": "Nora Quist", "email": email});
    body
}

fn import(folder: &Path, bodies: &[Value], code: i32) -> String {
    let lines: String = bodies.iter().map(|body| body.to_string() + "\n").collect();
    fs::write(folder.join("bodies.jsonl"), lines).unwrap();
    ended(roundup(folder).args(["import", "--lake", "lake", "bodies.jsonl"]), code).0
}

#[test]
fn a_person_in_the_inbox_alone_is_found_and_the_receiver_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    import(folder.path(), &[body("first-1", "person-1", "first@quist.example")], 0);
    let lake = folder.path().join("lake");
    let run = |arguments: &[&str], code| {
        ended(roundup(folder.path()).args(["forget", "--lake", "lake"]).args(arguments), code)
    };
    let mut inbox = InboxWriter::new(Lake::open(&lake).unwrap().inbox_folder()).unwrap();
    let event = |id: &str, interview: &str, email: &str| ReceivedEvent {
        event: Event {
            id: id.to_owned(),
            kind: "interview_ended".to_owned(),
            interview: Some(interview.to_owned()),
            body: json!({"interview": {"id": interview}, "candidate": {"email": email}}).to_string().into_bytes(),
        },
        source: "default".to_owned(),
        at: jiff::Timestamp::UNIX_EPOCH,
    };
    inbox
        .append(&[event("e-1", "inbox-1", "inbox@quist.example"), event("e-2", "inbox-2", "other@quist.example")])
        .unwrap();
    run(&["--candidate", "inbox@quist.example", "--yes", "--verify"], 0);
    // The receiver goes on in another file.
    inbox.append(&[event("e-3", "inbox-3", "other@quist.example")]).unwrap();
    let left = roundup::inbox::file::files(&Lake::open(&lake).unwrap().inbox_folder()).unwrap();
    let left: Vec<String> = left
        .iter()
        .flat_map(|path| roundup::inbox::file::read(path).unwrap())
        .map(|received| received.event.id)
        .collect();
    assert_eq!(left, ["e-2", "e-3"]);
}

#[test]
fn persons_are_found_wherever_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str], code| {
        ended(roundup(folder.path()).args(["forget", "--lake", "lake"]).args(arguments), code)
    };
    let mut open = body("open-1", "person-open", "open@quist.example");
    open["status"] = json!("invited");
    let mut broken = body("broken-1", "person-broken", "broken@quist.example");
    broken["status"] = json!(7);
    import(
        folder.path(),
        &[
            body("first-1", "person-1", "shared@quist.example"),
            body("second-1", "person-2", "Shared@Quist.example"),
            body("third-1", "person-3", "third@quist.example"),
            open,
            broken,
        ],
        3,
    );
    let lake = folder.path().join("lake");
    // Nobody, and an interview that nobody knows.
    let (stdout, stderr) = run(&["--candidate", "nobody@quist.example", "--yes"], 1);
    assert!(stdout.is_empty() && stderr.contains("nobody in the lake has the address"), "{stderr}");
    assert!(!stderr.contains("nobody@quist"), "{stderr}");
    run(&["--interview", "unknown", "--yes"], 1);
    run(&["--yes"], 2);
    // Several with one address.
    let (stdout, _) = run(&["--candidate", "shared@quist.example", "--yes"], 2);
    let key = stdout.split_whitespace().next().unwrap().to_owned();
    assert_eq!((stdout.lines().count(), key.len()), (2, 64), "{stdout}");
    run(&["--candidate", "shared@quist.example", "--id", &key, "--yes"], 0);
    assert_eq!(rows(&lake, "interviews").len(), 2);
    // The other one may come again.
    import(
        folder.path(),
        &[body(
            "fourth-1",
            if rows(&lake, "interviews").iter().any(|row| row["interview_id"] == "first-1") {
                "person-1"
            } else {
                "person-2"
            },
            "shared@quist.example",
        )],
        0,
    );
    assert_eq!(rows(&lake, "interviews").len(), 3);
    // Only open, and only set aside.
    run(&["--candidate", "open@quist.example", "--yes"], 1);
    run(&["--candidate", "person-open", "--yes"], 0);
    assert_eq!(rows(&lake, "open_interviews").len(), 0);
    run(&["--candidate", "broken@quist.example", "--yes", "--verify"], 0);
    assert_eq!(fs::read_dir(lake.join("_roundup/quarantine")).unwrap().count(), 0);
    // A broken body of somebody who was erased is not set aside again.
    let mut broken = body("broken-1", "person-broken", "broken@quist.example");
    broken["status"] = json!(7);
    let stdout = import(folder.path(), &[broken], 0);
    assert!(stdout.contains("1 erased before, and not loaded"), "{stdout}");
    // An application after the erasure is a new one.
    run(&["--candidate", "third@quist.example", "--yes"], 0);
    let mut later = body("third-2", "person-3", "third@quist.example");
    import(folder.path(), std::slice::from_ref(&later), 0);
    assert!(rows(&lake, "interviews").iter().all(|row| row["interview_id"] != "third-2"));
    later["id"] = json!("third-3");
    later["created_at"] = json!("2999-01-01T00:00:00Z");
    import(folder.path(), &[later], 0);
    assert!(rows(&lake, "interviews").iter().any(|row| row["interview_id"] == "third-3"));
    // Nobody else may write meanwhile.
    let lock = Lake::open(&lake).unwrap();
    let _lock = lock.lock().unwrap();
    run(&["--interview", "third-3", "--yes"], 6);
    run(&["--interview", "third-3", "--dry-run"], 0);
}

#[test]
fn what_is_planted_anywhere_is_found() {
    const ID: &str = "planted-7d1f";
    let folder = tempfile::tempdir().unwrap();
    import(folder.path(), &[body("first-1", "person-1", "first@quist.example")], 0);
    fs::create_dir(folder.path().join("reports")).unwrap();
    let verify = |code| {
        let mut command = roundup(folder.path());
        command.args([
            "forget",
            "--lake",
            "lake",
            "--interview",
            ID,
            "--verify",
            "--reports",
            "reports",
            "--format",
            "json",
        ]);
        serde_json::from_str::<Value>(&ended(&mut command, code).0).unwrap()
    };
    assert_eq!(verify(0)["left"], json!([]));
    let elsewhere = tempfile::tempdir().unwrap();
    // A dictionary, a page, minima and maxima of Parquet.
    import(elsewhere.path(), &[body(ID, "person-1", "first@quist.example")], 0);
    let table = |name: &str| {
        let mut files = parquet_files(&elsewhere.path().join("lake").join(name)).unwrap();
        fs::read(files.remove(0)).unwrap()
    };
    // A page of SQLite, and one that is free.
    let database = elsewhere.path().join("one.db");
    let sql = rusqlite::Connection::open(&database).unwrap();
    sql.execute_batch("CREATE TABLE t (x TEXT); PRAGMA secure_delete = OFF;").unwrap();
    sql.execute("INSERT INTO t VALUES (?1)", [ID]).unwrap();
    let page = fs::read(&database).unwrap();
    sql.execute_batch("DROP TABLE t").unwrap();
    drop(sql);
    let free = fs::read(&database).unwrap();
    let zst = zstd::encode_all(format!("{{\"i\":\"{ID}\"}}").as_bytes(), 3).unwrap();
    let gz = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut encoder, ID.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let xlsx = {
        let mut book = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        for text in ["nothing", ID] {
            book.start_file(format!("xl/{text}.xml"), options).unwrap();
            std::io::Write::write_all(&mut book, format!("<t>{text}</t>").repeat(1000).as_bytes()).unwrap();
        }
        book.finish().unwrap().into_inner()
    };
    for (place, bytes) in [
        ("lake/interviews/month=2026-05/x.parquet", table("interviews")),
        ("lake/responses/month=2026-05/x.parquet", table("responses")),
        ("lake/delta/interviews/x.parquet", table("interviews")),
        ("lake/_roundup/foreign/a/ledger.db", page),
        ("lake/_roundup/foreign/a/ledger.db", free),
        ("lake/_roundup/links/00000009.zst", zst),
        ("lake/_roundup/spool/x.gz", gz),
        ("lake/_roundup/quarantine/body-planted-7d1f.json", b"{}".to_vec()),
        ("lake/_roundup/last-run.new", format!("\"{ID}\"").into_bytes()),
        ("lake/_roundup/log/x.json", ID.to_uppercase().into_bytes()),
        ("reports/2026-06-01/index.html", format!("<p>{ID}</p>").into_bytes()),
        ("reports/2026-06-01/roundup.xlsx", xlsx),
    ] {
        let path = folder.path().join(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        let verified = verify(1);
        assert_eq!(verified["left"].as_array().unwrap().len(), 1, "{place}: {verified}");
        assert!(verified["left"][0][0].as_str().unwrap().ends_with(&place[place.len() - 12..]), "{place}: {verified}");
        fs::remove_file(&path).unwrap();
    }
    assert_eq!(verify(0)["left"], json!([]));
    // What is not there was not looked through.
    fs::rename(folder.path().join("reports"), folder.path().join("moved")).unwrap();
    assert_eq!(verify(1)["not_there"], json!(["reports"]));
}

fn run_in(folder: &Path, arguments: &[&str], code: i32) -> (String, String) {
    ended(roundup(folder).args(arguments), code)
}

const ANALYZE: [&str; 5] = ["analyze", "--lake", "lake", "--keywords", "builtin:engineering"];

#[test]
fn a_transcript_that_goes_leaves_its_figures() {
    let folder = imported();
    let lake = folder.path().join("lake");
    let before = tables(&lake);
    let retain = ["retain", "--lake", "lake", "--transcripts-days", "1"];
    let (dry, _) = run_in(folder.path(), &[&retain[..], &["--dry-run"]].concat(), 0);
    assert!(dry.contains("responses") && dry.contains("reports/2026-06-01"), "{dry}");
    run_in(folder.path(), &retain, 2);
    assert_eq!(tables(&lake), before);
    run_in(folder.path(), &[&retain[..], &["--yes"]].concat(), 0);
    let derived = ["response_metrics", "interview_metrics", "keyword_hits", "candidates"];
    let is_as_before = || {
        let now = tables(&lake);
        for table in derived {
            assert_eq!(now[table], before[table], "{table}");
        }
        now
    };
    let now = is_as_before();
    let had = before["responses"].iter().filter(|row| row.contains_key("transcript")).count();
    assert!(now["responses"].iter().all(|row| !row.contains_key("transcript")));
    assert_eq!(now["responses"].iter().filter(|row| row.contains_key("transcript_erased_at")).count(), had);
    // Nothing is stale, and nothing is computed of what is not there, whatever is asked for.
    let (stdout, _) = run_in(folder.path(), &ANALYZE, 0);
    assert!(stdout.contains("0 files"), "{stdout}");
    run_in(folder.path(), &[&ANALYZE[..], &["--force"]].concat(), 0);
    is_as_before();
    run_in(folder.path(), &["status", "--check", "--lake", "lake"], 0);
    // Neither do the transcripts come back.
    run_in(folder.path(), &["import", "--lake", "lake", INTERVIEWS], 0);
    let other = tempfile::tempdir().unwrap();
    fs::create_dir_all(other.path().join("lake/_roundup")).unwrap();
    for name in ["tombstones", "candidate.key"] {
        fs::copy(lake.join("_roundup").join(name), other.path().join("lake/_roundup").join(name)).unwrap();
    }
    run_in(other.path(), &["import", "--lake", "lake", INTERVIEWS], 0);
    let responses = rows(&other.path().join("lake"), "responses");
    assert_eq!(responses.len(), before["responses"].len());
    assert!(responses.iter().all(|row| !row.contains_key("transcript")));
    // Reports say it, and quote nobody.
    let report = ["report", "--lake", "lake", "--out", "reports", "--period", "26w", "--until", "2026-06-01"];
    run_in(folder.path(), &report, 0);
    let summary = fs::read_to_string(folder.path().join("reports/2026-06-01/summary.json")).unwrap();
    assert!(summary.contains("transcripts of answers"), "{summary}");
    assert!(!lake.join("_roundup/quotes").read_dir().unwrap().any(|_| true));
}

#[test]
fn names_recordings_and_interviews_go_by_age() {
    let served = serve(None);
    let pipeline = served.pipeline(ALL);
    served.run(&pipeline, 0);
    let lake = served.lake();
    assert!(!rows(&lake, "audio").is_empty() && !rows(&lake, "candidates").is_empty());
    let pipeline = served.pipeline(&format!("{ALL}[retain]\naudio-days = 1\ncandidates-days = 2\n"));
    let (planned, _) = ended(served.roundup().arg("check").arg(&pipeline), 0);
    assert!(planned.contains("retain ") && planned.contains("candidates"), "{planned}");
    let screen = served.run(&pipeline, 0);
    assert!(screen.contains("erased  "), "{screen}");
    assert!(served.last_run()["retain"]["rows"].as_u64().unwrap() > 0);
    assert!(rows(&lake, "audio").is_empty() && rows(&lake, "candidates").is_empty());
    let of_archive = || fs::read_dir(served.path("archive/interviews")).unwrap().count();
    assert_eq!(of_archive(), 0);
    // Recordings are not archived again.
    served.run(&pipeline, 0);
    assert!(rows(&lake, "audio").is_empty() && of_archive() == 0);
    assert_eq!(served.last_run()["retain"], Value::Null);
    let ids = served.ids_in("interviews");
    let (stdout, _) = ended(served.roundup().args(["retain", "--lake", "lake", "--interviews-days", "3", "--yes"]), 0);
    assert!(stdout.contains(&format!("{} interviews", ids.len())), "{stdout}");
    for table in ["interviews", "responses", "response_metrics", "keyword_hits", "questions"] {
        assert!(rows(&lake, table).is_empty(), "{table}");
    }
    served.run(&pipeline, 0);
    let ingest = &served.last_run()["ingest"];
    assert!(ingest["erased"].as_u64().unwrap() >= ids.len() as u64, "{ingest}");
    assert!(rows(&lake, "interviews").is_empty());
    ended(served.roundup().args(["status", "--check", "--lake", "lake"]), 0);
}

#[test]
fn only_exports_that_have_the_person_or_are_away_are_listed() {
    let folder = imported();
    let lake = folder.path().join("lake");
    let run = |arguments: &[&str]| run_in(folder.path(), arguments, 0).0;
    let (email, ids) = quoted(&lake).remove(0);
    let jobs = |is_theirs: bool| -> Vec<String> {
        let settled = rows(&lake, "interviews").into_iter();
        let of = settled.filter(|row| ids.contains(&row["interview_id"]) == is_theirs);
        of.filter_map(|row| row.get("job_id").cloned()).collect()
    };
    let theirs = jobs(true);
    let other = jobs(false).into_iter().find(|job| !theirs.contains(job)).unwrap();
    run(&["export", "--lake", "lake", "--what", "responses", "--format", "csv", "-o", "all.csv"]);
    run(&["export", "--lake", "lake", "--what", "responses", "--format", "xlsx", "--job", &other, "-o", "other.xlsx"]);
    run(&["search", "--lake", "lake", "the", "--output", "found.parquet"]);
    run(&["discover", "--lake", "lake", "--output", "terms.csv"]);
    let outputs = Lake::open(&lake).unwrap().outputs().unwrap();
    for name in ["all.csv", "other.xlsx", "found.parquet", "terms.csv"] {
        assert!(outputs.iter().any(|output| output.path.ends_with(name)), "{name}: {outputs:?}");
    }
    let listed = || run(&["forget", "--lake", "lake", "--candidate", &email, "--dry-run"]);
    let plan = listed();
    assert!(plan.contains("all.csv") && plan.contains("found.parquet"), "{plan}");
    assert!(!plan.contains("other.xlsx") && !plan.contains("terms.csv"), "{plan}");
    fs::rename(folder.path().join("other.xlsx"), folder.path().join("moved.xlsx")).unwrap();
    assert!(listed().contains("other.xlsx"), "{}", listed());
}

#[test]
fn an_archive_that_is_away_holds_up_nobody_and_the_erasure_goes_on_when_it_is_back() {
    let served = serve(Some(30));
    served.run(&served.pipeline(ALL), 0);
    let row = rows(&served.lake(), "audio").remove(0);
    let (id, away) = (&row["interview_id"], served.path("away"));
    fs::rename(served.path("archive"), &away).unwrap();
    let (_, stderr) = ended(served.roundup().args(["forget", "--lake", "lake", "--interview", id, "--yes"]), 1);
    assert!(stderr.contains("is not there") && !stderr.contains(id.as_str()), "{stderr}");
    let status = || ended(served.roundup().args(["status", "--lake", "lake"]), 0).0;
    assert!(status().contains("1 erasure is not over"), "{}", status());
    assert!(!served.ids_in("interviews").contains(id), "it is gone from the lake");
    let (_, stderr) = ended(served.roundup().args(ANALYZE), 0);
    assert!(stderr.contains("is not over"), "{stderr}");
    // Nor is the folder of a disk that is not mounted the archive.
    fs::create_dir(served.path("archive")).unwrap();
    ended(served.roundup().args(ANALYZE), 0);
    assert!(status().contains("1 erasure is not over"), "{}", status());
    // An archive that was made in it would be in the way here.
    fs::remove_dir(served.path("archive")).unwrap();
    fs::rename(&away, served.path("archive")).unwrap();
    ended(served.roundup().args(ANALYZE), 0);
    assert!(!status().contains("not over"));
    assert!(!served.path("archive/interviews").join(id).exists());
    assert_eq!(rows(&served.lake(), "erasures").len(), 1);
}

#[test]
fn who_applies_again_while_an_erasure_is_not_over_is_not_erased() {
    let served = serve(Some(30));
    served.run(&served.pipeline(ALL), 0);
    let lake = served.lake();
    let recorded = rows(&lake, "audio");
    let is_recorded = |row: &Row| recorded.iter().any(|other| other["interview_id"] == row["interview_id"]);
    let mut persons = rows(&lake, "candidates").into_iter().filter(is_recorded);
    let email = persons.find_map(|row| row.get("email").cloned()).unwrap();
    let away = served.path("away");
    fs::rename(served.path("archive"), &away).unwrap();
    ended(served.roundup().args(["forget", "--lake", "lake", "--candidate", &email, "--all", "--yes"]), 1);
    // Their new interview waits in the inbox, and another one that breaks the contract is set aside.
    let created = "2999-01-01T00:00:00Z";
    let event = |id: &str, created: &str| {
        let interview = json!({"id": format!("{id}-1"), "created_at": created});
        let body = json!({"id": id, "data": {"interview": interview, "candidate": {"email": email}}});
        let (kind, interview) = ("interview_started".to_owned(), Some(format!("{id}-1")));
        let event = Event { id: id.to_owned(), kind, interview, body: body.to_string().into_bytes() };
        ReceivedEvent { event, source: "default".to_owned(), at: jiff::Timestamp::UNIX_EPOCH }
    };
    let inbox = Lake::open(&lake).unwrap().inbox_folder();
    let events = [event("new", created), event("old", "2020-01-01T00:00:00Z")];
    InboxWriter::new(inbox.clone()).unwrap().append(&events).unwrap();
    let mut broken = body("new-2", "person-new", &email);
    (broken["status"], broken["created_at"]) = (json!(7), json!(created));
    import(served.folder.path(), &[broken], 3);
    let are_left = || {
        let waiting = roundup::inbox::file::files(&inbox).unwrap();
        let events = waiting.iter().flat_map(|path| roundup::inbox::file::read(path).unwrap());
        let events: Vec<String> = events.map(|received| received.event.id).collect();
        assert_eq!(events, ["new"]);
        assert_eq!(fs::read_dir(lake.join("_roundup/quarantine")).unwrap().count(), 1);
    };
    let (_, stderr) = ended(served.roundup().args(ANALYZE), 0);
    assert!(stderr.contains("is not over"), "{stderr}");
    are_left();
    fs::rename(&away, served.path("archive")).unwrap();
    ended(served.roundup().args(ANALYZE), 0);
    assert_eq!(rows(&lake, "erasures").len(), 1);
    are_left();
}

#[test]
fn bodies_that_wait_or_are_set_aside_are_found_by_the_persons_key() {
    let (id, email) = ("person-keyed", "keyed@quist.example");
    for by_key in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let mut broken = body("keyed-2", id, "another@quist.example");
        broken["status"] = json!(7);
        import(folder.path(), &[body("keyed-1", id, email), broken, body("first-1", "person-1", "f@quist.example")], 3);
        let lake = folder.path().join("lake");
        let event = Event {
            id: "e-1".to_owned(),
            kind: "interview_started".to_owned(),
            interview: Some("keyed-3".to_owned()),
            body: json!({"data": {"interview": {"id": "keyed-3"}, "candidate": {"id": id}}}).to_string().into_bytes(),
        };
        let received = ReceivedEvent { event, source: "default".to_owned(), at: jiff::Timestamp::UNIX_EPOCH };
        InboxWriter::new(Lake::open(&lake).unwrap().inbox_folder()).unwrap().append(&[received]).unwrap();
        let settled = rows(&lake, "interviews");
        let key = &settled.iter().find(|row| row["interview_id"] == "keyed-1").unwrap()["candidate_key"];
        let who = if by_key { key } else { email };
        let forget = ["forget", "--lake", "lake", "--candidate", who, "--yes", "--verify"];
        let (said, _) = run_in(folder.path(), &forget, 0);
        assert!(said.contains("no id and no address is left"), "{said}");
        assert_eq!(fs::read_dir(lake.join("_roundup/quarantine")).unwrap().count(), 0);
        for text in [id, "keyed-1", "keyed-2", "keyed-3", "another@quist.example"] {
            assert!(!is_in_files(&lake, text), "{text}");
        }
        assert_eq!(rows(&lake, "interviews").len(), 1);
    }
}

#[test]
fn an_address_that_keeps_interviews_out_is_not_written_down_and_what_was_is_erased() {
    let email = sample().iter().find_map(|body| Some(body["candidate"]["email"].as_str()?.to_owned())).unwrap();
    let served = serve(None);
    let text = fs::read_to_string(served.pipeline("questions = \"none\"\n")).unwrap();
    let exclude = format!("[source]\nexclude = [\"{email}\"]\n");
    served.run(&served.write("pipeline.toml", &text.replace("[source]\n", &exclude)), 0);
    let lake = served.lake();
    assert!(served.last_run()["ingest"]["excluded"].as_u64() > Some(0));
    assert!(!is_in_files(&lake, &email));
    let forget = ["forget", "--lake", "lake", "--candidate", &email, "--yes", "--verify"];
    ended(served.roundup().args(forget), 1);
    // As older versions wrote it.
    let mut ledger = Ledger::open_sealed(&lake.join("_roundup/ledger.db")).unwrap();
    let reason = format!("kept out by `{email}`");
    ledger.record_end("kept-out-1", "default", InterviewState::Excluded, &reason).unwrap();
    drop(ledger);
    let (said, _) = ended(served.roundup().args(forget), 0);
    assert!(said.contains("no id and no address is left"), "{said}");
    assert!(!is_in_files(&lake, &email) && !is_in_files(&lake, "kept-out-1"));
}

#[test]
fn what_killed_programs_left_half_written_goes_too() {
    let folder = tempfile::tempdir().unwrap();
    let bodies = ["half-1", "first-1"].map(|id| body(id, &format!("person-{id}"), &format!("{id}@quist.example")));
    import(folder.path(), &bodies, 0);
    let own = folder.path().join("lake/_roundup");
    let places = ["spool/20260601T000000000Z.new", "inbox/20260601T000000000Z.new", "quarantine/body-x.new", "x.new"];
    for place in places {
        fs::write(own.join(place), bodies[0].to_string()).unwrap();
    }
    let forget = ["forget", "--lake", "lake", "--candidate", "half-1@quist.example", "--yes", "--verify"];
    let (said, _) = run_in(folder.path(), &forget, 0);
    assert!(said.contains("no id and no address is left"), "{said}");
    for place in places {
        assert!(!own.join(place).exists(), "{place}");
    }
}

#[test]
fn an_erasure_waits_for_reports_that_are_away_and_not_for_one_that_was_deleted() {
    let folder = imported();
    let lake = folder.path().join("lake");
    let (reports, away) = (folder.path().join("reports"), folder.path().join("away"));
    let persons = quoted(&lake);
    let is_over = || fs::read_dir(lake.join("_roundup/erasing")).unwrap().next().is_none();
    let forget = |email: &str, code| {
        run_in(folder.path(), &["forget", "--lake", "lake", "--candidate", email, "--all", "--yes"], code).1
    };
    let (email, ids) = &persons[0];
    fs::rename(&reports, &away).unwrap();
    let stderr = forget(email, 1);
    assert!(stderr.contains("is not there") && stderr.contains("_roundup/quotes"), "{stderr}");
    assert!(!stderr.contains(email.as_str()) && !stderr.contains(&ids[0]), "{stderr}");
    // The folder of a disk that is not mounted.
    fs::create_dir(&reports).unwrap();
    let (_, stderr) = run_in(folder.path(), &ANALYZE, 0);
    assert!(stderr.contains("is not over") && !is_over(), "{stderr}");
    fs::remove_dir(&reports).unwrap();
    fs::rename(&away, &reports).unwrap();
    run_in(folder.path(), &ANALYZE, 0);
    assert!(is_over());
    assert!(reports.join("2026-06-01/index.html").exists() && !is_in_files(&reports, &ids[0]));
    assert_eq!(rows(&lake, "erasures")[0]["reports_made_anew"], "1");
    // Of somebody else, the report was deleted: `latest` shows that its folder is there.
    let (email, _) = quoted(&lake).remove(0);
    fs::remove_dir_all(reports.join("2026-06-01")).unwrap();
    let stderr = forget(&email, 0);
    assert!(stderr.contains("is not there any more") && is_over(), "{stderr}");
    assert_eq!(fs::read_dir(lake.join("_roundup/quotes")).unwrap().count(), 0);
}

#[test]
fn an_open_interview_that_an_erased_address_keeps_out_is_followed_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let mut open = sample().into_iter().find(|body| body["status"] == "invited").unwrap();
    open["id"] = json!("open-1");
    open["candidate"] = json!({"id": "person-2", "name": "Nora Quist", "email": "nora@quist.example"});
    import(folder.path(), &[body("ended-1", "person-1", "nora@quist.example"), open], 0);
    let lake = folder.path().join("lake");
    assert_eq!(rows(&lake, "open_interviews").len(), 1);
    ended(roundup(folder.path()).args(["forget", "--lake", "lake", "--candidate", "person-1", "--yes"]), 0);
    let said = import(folder.path(), &[body("open-1", "person-2", "nora@quist.example")], 0);
    assert!(said.contains("1 erased before"), "{said}");
    assert_eq!(rows(&lake, "open_interviews").len(), 0);
    // The file as it was before is there for an hour, for readers of Delta.
    let verify = ["forget", "--lake", "lake", "--interview", "open-1", "--verify"];
    let verified = roundup(folder.path()).args(verify).output().unwrap();
    let verified = String::from_utf8(verified.stdout).unwrap();
    let left: Vec<&str> = verified.lines().filter(|line| line.starts_with("left ")).collect();
    assert!(left.len() == 1 && left[0].contains("lake/delta/open_interviews/"), "{verified}");
}

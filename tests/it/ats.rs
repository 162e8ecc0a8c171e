//! Interviews reach an applicant tracking system: each recipe against its stand-in, once, whatever happens to the program.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::process::Output;

use assert_cmd::Command;
use roundup::sandbox::{AtsFault, AtsWrite, SandboxOptions};
use serde_json::Value;

use crate::common::{Served, ledger_of, rows, sample, serve_with};
use crate::replace::put;

pub const JANE: &str = "660f9511-f30c-52e5-b827-557766551111";
const RECIPES: [&str; 4] = ["greenhouse", "ashby", "lever", "vendor-sample"];

/// A sandbox with faults, and a lake that holds its first interviews.
pub fn lake_with(faults: &[AtsFault], interviews: Option<usize>) -> Served {
    let served = serve_with(SandboxOptions {
        interviews,
        limit: None,
        ats_faults: faults.to_vec(),
        ..SandboxOptions::default()
    });
    let pipeline = served.pipeline("");
    served.run(&pipeline, 0);
    served
}

impl Served {
    /// A recipe for the stand-in, with other settings where a test wants them.
    pub fn recipe(&self, name: &str, change: impl FnOnce(String) -> String) -> PathBuf {
        let path = format!("{}/docs/ats/{name}.toml", env!("CARGO_MANIFEST_DIR"));
        self.write(&format!("{name}.toml"), &change(fs::read_to_string(path).unwrap()))
    }

    /// The settings of a recipe for the stand-in.
    pub fn settings(&self, name: &str) -> Vec<String> {
        let base = format!("http://{}/ats", self.sandbox.addr());
        let mut settings = match name {
            "greenhouse" => vec![format!("api={base}/greenhouse/v3"), format!("auth={base}/greenhouse")],
            "lever" => vec![format!("api={base}/lever/v1")],
            "vendor-sample" => vec![format!("api={base}/sample")],
            _ => vec![format!("api={base}/{name}")],
        };
        if ["greenhouse", "lever"].contains(&name) {
            settings.push("user=4711".to_owned());
        }
        settings
    }

    /// `roundup ats` with a recipe.
    pub fn ats_command(&self, name: &str) -> Command {
        let mut command = self.roundup();
        command.args(["ats", "--lake", "lake", "--recordings", "archive", "--requests-per-minute", "600000"]);
        command.args(["--connector", &format!("{name}.toml")]);
        self.settings(name).iter().for_each(|setting| _ = command.args(["--set", setting]));
        for name in
            ["GREENHOUSE_CLIENT_ID", "GREENHOUSE_CLIENT_SECRET", "ASHBY_API_KEY", "LEVER_API_KEY", "ATS_API_KEY"]
        {
            command.env(name, "very-secret");
        }
        command
    }

    /// Sends with a recipe, everything that is in the lake being due.
    pub fn ats(&self, name: &str, more: &[&str], code: i32) -> (String, String) {
        ended(self.ats_command(name).args(["--since", "2000-01-01"]).args(more).output().unwrap(), code)
    }

    /// The key under which Jane's note would be sent now, by a dry run.
    pub fn next_key(&self, name: &str) -> String {
        let dry = ["--dry-run", "--format", "json", JANE];
        let (lines, _) = ended(self.ats_command(name).args(dry).output().unwrap(), 0);
        let note: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
        note["request"]["headers"]["idempotency-key"].as_str().unwrap().to_owned()
    }

    pub fn ledger(&self) -> rusqlite::Connection {
        ledger_of(&self.lake())
    }

    /// Has every recording given up, so that none is waited for.
    pub fn give_up_recordings(&self) {
        let ledger = self.ledger();
        for row in rows(&self.lake(), "responses") {
            let sql = "INSERT INTO recordings (interview_id, position, state, object, reason, changed_at)
                       VALUES (?1, ?2, 'given-up', '', 'answered 404', 0)";
            ledger.execute(sql, [&row["interview_id"], &row["position"]]).unwrap();
        }
    }

    pub fn status(&self) -> Value {
        let (stdout, _) =
            ended(self.roundup().args(["status", "--lake", "lake", "--format", "json"]).output().unwrap(), 0);
        serde_json::from_str(&stdout).unwrap()
    }

    pub fn notes(&self) -> Vec<AtsWrite> {
        self.sandbox.written().into_iter().filter(|written| written.kind == "note").collect()
    }
}

pub fn ended(output: Output, code: i32) -> (String, String) {
    let stderr = String::from_utf8(output.stderr).unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(code), "{stderr}{stdout}");
    assert!(!stderr.contains("very-secret"), "{stderr}");
    (stdout, stderr)
}

/// The e-mails of completed interviews of the sample, one for each interview.
pub fn completed_emails(of: usize) -> Vec<String> {
    let completed = sample().into_iter().take(of).filter(|body| body["status"] == "completed");
    completed.filter_map(|body| body["candidate"]["email"].as_str().map(str::to_owned)).collect()
}

#[test]
fn every_recipe_reaches_its_system_once() {
    let served = lake_with(&[], None);
    served.give_up_recordings();
    let mut emails = completed_emails(usize::MAX);
    emails.sort();
    for name in RECIPES {
        served.recipe(name, |text| text);
        let before = served.notes().len();
        // Two of the sample have no candidate to be found, and are given up with the reason.
        let (_, stderr) = served.ats(name, &[], 3);
        let reason = if name == "ashby" {
            "match: the interview has nothing for it"
        } else {
            "url: a value in the address is empty"
        };
        assert_eq!(stderr.matches(reason).count(), 2, "{stderr}");
        let notes = served.notes().split_off(before);
        let mut reached: Vec<String> = notes.iter().map(|note| note.email.clone()).collect();
        reached.sort();
        assert_eq!(reached, emails, "{name}");
        assert!(notes.iter().all(|note| note.times == 1 && note.idempotency_key.len() == 64));
        // What is delivered is not sent again, and what is dead stays so.
        let (stdout, _) = served.ats(name, &[], 0);
        assert!(stdout.contains("sent       0 interviews"), "{stdout}");
        assert_eq!(served.notes().len(), before + notes.len());
    }
    let jane = |system: &str| {
        let notes = served.notes();
        notes.iter().find(|note| note.system == system && note.email == "jane@example.com").unwrap().body.clone()
    };
    let note = jane("greenhouse");
    assert_eq!((&note["user_id"], &note["note_type"]), (&4711.into(), &"NOTE".into()));
    assert!(note["body"].as_str().unwrap().starts_with("Screening of 2024-01-16\n\nQ1: "), "{note}");
    let note = jane("sample");
    assert_eq!(note["screening_status"], "completed");
    assert_eq!(note["screening_completed_at"], "2024-01-16T14:52:00Z");
    let (text, _) = ended(served.roundup().args(["get", "--lake", "lake", JANE]).output().unwrap(), 0);
    assert_eq!(note["screening_notes"].as_str().unwrap().trim_end(), text.trim_end());
}

/// Why what is given up is.
pub fn dead(served: &Served) -> Vec<String> {
    let status = served.status();
    let letters = status["dead_letters"].as_array().unwrap().iter();
    letters.map(|letter| letter["reason"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn templates_have_the_figures_that_are_up_to_date() {
    let served = lake_with(&[], Some(1));
    served.give_up_recordings();
    let json = r#"json = '''{"screening_notes": {{ notes }}, "figures": {{ analysis }},
        "react": {{ analysis.keywords["vendor-sample"].react if analysis else none }}}'''
"#;
    let sent_as = |name: &str| {
        served.recipe("vendor-sample", |text| {
            let (before, rest) = text.split_once("json = '''").unwrap();
            let (_, after) = rest.split_once("'''\n").unwrap();
            format!("{before}{json}{after}").replace("name = \"vendor-sample\"", &format!("name = \"{name}\""))
        });
        served.ats("vendor-sample", &[], 0);
        served.notes().pop().unwrap().body
    };
    let body = sent_as("before");
    assert!(body["figures"].is_null() && body["react"].is_null(), "{body}");
    let run = |arguments: &[&str]| ended(served.roundup().args(arguments).output().unwrap(), 0).0;
    run(&["analyze", "--lake", "lake", "--keywords", "builtin:vendor-sample"]);
    let export = run(&["export", "--lake", "lake", "--format", "jsonl", "--what", "analysis"]);
    let export: Value = serde_json::from_str(&export).unwrap();
    // Under another name the same interview is sent anew.
    let body = sent_as("after");
    assert_eq!(body["figures"]["total_duration_seconds"], export["totalDuration"]);
    assert_eq!(body["figures"]["average_response_length"], export["averageResponseLength"]);
    assert_eq!(body["react"], export["keywordMatches"]["react"]);
    assert!(body["react"].as_i64() > Some(0));
}

#[test]
fn one_that_may_still_get_a_transcript_waits_for_it() {
    let served = lake_with(&[], Some(1));
    served.recipe("ashby", |text| text);
    let ledger = served.ledger();
    let set = |due: &str| {
        let sql = format!("UPDATE interviews SET settled_at = unixepoch() * 1000000 - 3600000000, next_due = {due}");
        assert_eq!(ledger.execute(&sql, []).unwrap(), 1);
    };
    set("unixepoch() * 1000000 + 3600000000");
    let (stdout, _) = served.ats("ashby", &[], 0);
    assert!(stdout.contains("sent       0 interviews"), "{stdout}");
    set("NULL");
    served.ats("ashby", &[], 0);
    assert_eq!(served.notes().len(), 1);
}

#[test]
fn killed_before_it_is_recorded_a_request_comes_again_under_its_key() {
    for place in ["ats-enqueued", "ats-answered", "ats-step-recorded"] {
        let served = lake_with(&[], Some(1));
        served.give_up_recordings();
        served.recipe("vendor-sample", |text| text);
        let mut command = served.roundup();
        command.args(["ats", "--lake", "lake", "--recordings", "archive", "--since", "2000-01-01"]);
        command.args(["--connector", "vendor-sample.toml", "--set", &served.settings("vendor-sample")[0]]);
        let output = command.env("ATS_API_KEY", "k").env("ROUNDUP_CRASH_AT", place).output().unwrap();
        assert_eq!(output.status.code(), None, "it did not die at {place}");
        assert_eq!(served.status()["outbox"][0]["pending"], 1);
        served.ats("vendor-sample", &[], 0);
        let notes = served.notes();
        assert_eq!(notes.len(), 1, "{place}");
        // What was answered and not recorded came again, and the system can know it.
        assert_eq!(notes[0].times, if place == "ats-answered" { 2 } else { 1 }, "{place}");
        assert_eq!(served.status()["outbox"][0]["delivered"], 1);
    }
}

#[test]
fn a_dry_run_shows_the_requests_and_sends_nothing() {
    let served = lake_with(&[], Some(1));
    served.recipe("greenhouse", |text| text);
    let mut command = served.roundup();
    command.args(["ats", "--lake", "lake", "--connector", "greenhouse.toml", "--dry-run", JANE, "--set", "user=7"]);
    let (text, _) = ended(command.output().unwrap(), 0);
    let wanted = [
        &format!("# {JANE}: find the candidate\n"),
        "GET https://harvest.greenhouse.io/v3/candidates?email=jane%40example.com\nauthorization: (a token)\n",
        "POST https://harvest.greenhouse.io/v3/notes\n",
        "\"candidate_id\": \"found.candidate\"",
        "\"user_id\": 7",
        "idempotency-key: ",
    ];
    wanted.iter().for_each(|wanted| assert!(text.contains(*wanted), "{wanted}: {text}"));
    let (lines, _) = ended(command.args(["--format", "json"]).output().unwrap(), 0);
    let requests: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(requests.len(), 2);
    assert_eq!(requests[1]["request"]["method"], "POST");
    assert!(served.sandbox.written().is_empty());
    assert_eq!(served.status()["outbox"], Value::Array(Vec::new()));
}

#[test]
fn the_first_run_without_a_day_sends_nothing_old() {
    let served = lake_with(&[], None);
    served.recipe("ashby", |text| text);
    let mut command = served.roundup();
    let settings = served.settings("ashby");
    command.args(["ats", "--lake", "lake", "--connector", "ashby.toml", "--set", &settings[0]]);
    let (stdout, stderr) = ended(command.env("ASHBY_API_KEY", "k").output().unwrap(), 0);
    assert!(stdout.contains("sent       0 interviews"), "{stdout}");
    assert!(stderr.contains("this is its first run, and what was completed before"), "{stderr}");
    let (_, stderr) = ended(command.output().unwrap(), 0);
    assert!(!stderr.contains("first run"), "{stderr}");
    // One that is named is sent all the same.
    ended(command.arg(JANE).output().unwrap(), 0);
    assert_eq!(served.notes().len(), 1);
}

#[test]
fn other_answers_are_sent_again_and_the_same_ones_are_not() {
    let served = lake_with(&[], Some(1));
    served.recipe("greenhouse", |text| text);
    served.ats("greenhouse", &[], 0);
    let ledger = served.ledger();
    let read_again = || ledger.execute("UPDATE interviews SET changed_at = changed_at + 1", []).unwrap();
    read_again();
    let (stdout, _) = served.ats("greenhouse", &[], 0);
    assert!(stdout.contains("1 sent before with the same answers"), "{stdout}");
    let (stdout, _) = served.ats("greenhouse", &[], 0);
    assert!(!stdout.contains("sent before"), "{stdout}");
    let mut body = sample().swap_remove(0);
    body["responses"][0]["transcript"] = "what came late".into();
    put(&served.lake(), &[body], true);
    served.ats("greenhouse", &[], 0);
    let notes = served.notes();
    assert_eq!(notes.len(), 2);
    let note = notes[1].body["body"].as_str().unwrap();
    assert!(note.starts_with("Screening of 2024-01-16 (answers that came later)"), "{note}");
    assert!(note.contains("A: what came late\n"), "{note}");
    assert_eq!(served.status()["outbox"][0]["delivered"], 1);
}

#[test]
fn recordings_are_attached_and_a_note_is_not_written_twice_for_their_sake() {
    for name in ["vendor-sample", "lever"] {
        let served = lake_with(&[], Some(1));
        let archive = ["audio", "--lake", "lake", "--out", "archive", "--allow-loopback"];
        ended(served.roundup().args(archive).output().unwrap(), 0);
        let mut recordings: Vec<PathBuf> = fs::read_dir(served.path("archive/interviews").join(JANE))
            .unwrap()
            .map(|file| file.unwrap().path())
            .collect();
        recordings.sort();
        assert_eq!(recordings.len(), 7);
        let (away, elsewhere) = (&recordings[6], served.path("elsewhere.mp3"));
        fs::rename(away, &elsewhere).unwrap();
        served.recipe(name, |text| text);
        let (_, stderr) = served.ats(name, &[], 3);
        assert!(stderr.contains(": cannot read the recording archive/interviews/"), "{stderr}");
        fs::rename(&elsewhere, away).unwrap();
        served.ats(name, &[JANE], 0);
        let written = served.sandbox.written();
        assert_eq!(written[0].kind, "note", "{name}");
        assert!(written[1..].iter().all(|one| one.kind == "file") && written.len() == 8, "{name}");
        assert!(written.iter().all(|one| one.times == 1), "{name}");
        let expected: BTreeSet<String> = recordings
            .iter()
            .map(|path| format!("interview_{}", path.file_name().unwrap().to_str().unwrap()))
            .collect();
        let files: BTreeSet<String> =
            written[1..].iter().map(|one| one.body["file"].as_str().unwrap().to_owned()).collect();
        assert_eq!(files, expected);
        let bytes: u64 = written[1..].iter().map(|one| one.body["bytes"].as_u64().unwrap()).sum();
        assert!(bytes > recordings.iter().map(|path| path.metadata().unwrap().len()).sum());
        assert_eq!(served.status()["outbox"][0]["delivered"], 1);
    }
}

#[test]
fn a_pipeline_attaches_what_it_has_just_archived() {
    let served = serve_with(SandboxOptions { interviews: Some(3), limit: None, ..SandboxOptions::default() });
    served.recipe("vendor-sample", |text| text);
    let api = served.settings("vendor-sample")[0].replace("api=", "");
    let pipeline = served.pipeline(&format!(
        "[audio]\nout = \"archive\"\nallow-loopback = true\n[ats]\nconnector = \"vendor-sample.toml\"\n\
         since = \"2000-01-01\"\nrequests-per-minute = 600000\nset.api = \"{api}\"\n"
    ));
    ended(served.roundup().env("ATS_API_KEY", "k").arg("run").arg(&pipeline).output().unwrap(), 0);
    let archived = served.last_run()["audio"]["archived"].as_u64().unwrap();
    let files = served.sandbox.written().iter().filter(|one| one.kind == "file").count();
    assert!(archived > 5 && files as u64 == archived, "{files} files of {archived}");
}

#[test]
fn an_interview_waits_for_its_recordings_until_they_are_given_up() {
    let served = lake_with(&[], Some(1));
    served.recipe("vendor-sample", |text| text);
    served.recipe("ashby", |text| text);
    let (stdout, _) = served.ats("vendor-sample", &[], 0);
    assert!(
        stdout.contains("1 whose candidate it does not know yet, or whose recordings are not archived yet"),
        "{stdout}"
    );
    assert!(served.sandbox.written().is_empty());
    served.ats("ashby", &[], 0);
    assert_eq!(served.notes().len(), 1, "a system that gets no recordings waits for none");
    served.give_up_recordings();
    served.ats("vendor-sample", &[], 0);
    assert_eq!(served.notes().len(), 2);
}

#[test]
fn a_pipeline_sends_last_and_says_so() {
    let served = serve_with(SandboxOptions {
        limit: None,
        ats_faults: vec![AtsFault::Unprocessable],
        ..SandboxOptions::default()
    });
    served.recipe("ashby", |text| text);
    let api = served.settings("ashby")[0].clone().replace("api=", "");
    let pipeline = served.pipeline(&format!(
        "[ats]\nconnector = \"ashby.toml\"\nsince = \"2026-01-01\"\nrequests-per-minute = 600000\nset.api = \"{api}\"\n\
         [notify]\ncommand = [\"sh\", \"-c\", \"env > notified.txt\"]\n"
    ));
    let run =
        |code| ended(served.roundup().env("ASHBY_API_KEY", "k").arg("run").arg(&pipeline).output().unwrap(), code);
    let (_, stderr) = ended(served.roundup().arg("check").arg(&pipeline).output().unwrap(), 2);
    assert!(stderr.contains("ashby.toml: the environment variable ASHBY_API_KEY is not set"), "{stderr}");
    let (stdout, _) =
        ended(served.roundup().env("ASHBY_API_KEY", "k").arg("check").arg(&pipeline).output().unwrap(), 0);
    assert!(stdout.contains("ats        ashby: interviews completed from 2026-01-01 on"), "{stdout}");
    let (stdout, _) = run(3);
    assert!(stdout.contains("interviews to ashby in "), "{stdout}");
    let told = fs::read_to_string(served.path("notified.txt")).unwrap();
    assert!(told.contains("PATH=") && !told.contains("ASHBY_API_KEY"), "{told}");
    let last = served.last_run();
    let ats = &last["ats"][0];
    let given_up: u64 = ats["dead"].as_u64().unwrap();
    assert!(given_up > 3 && ats["delivered"].as_u64().unwrap() > 20, "{ats}");
    assert_eq!(last["exit_code"], 3);
    // Nothing is newly given up by the next run.
    let (_, _) = run(0);
    assert_eq!(served.last_run()["ats"][0]["requests"], 0);
    assert_eq!(dead(&served).len() as u64, given_up);
}

#[test]
fn a_secret_is_read_from_a_file_beside_the_connector() {
    let served = lake_with(&[], Some(1));
    served.recipe("ashby", |text| text.replace("env = \"ASHBY_API_KEY\"", "file = \"key.txt\""));
    let (_, stderr) = served.ats("ashby", &[], 2);
    assert!(stderr.contains("ashby.toml: cannot read the secret file key.txt"), "{stderr}");
    served.write("key.txt", "very-secret and more\n");
    let (_, stderr) = served.ats("ashby", &[], 2);
    assert!(stderr.contains("what is read from key.txt is no secret that can be sent"), "{stderr}");
    served.write("key.txt", "very-secret\n");
    served.ats("ashby", &[], 0);
    assert_eq!(served.notes().len(), 1);
}

/// Connectors that are wrong, and what is said of them.
#[test]
fn a_connector_that_is_wrong_is_said_to_be_before_anything_is_sent() {
    let served = lake_with(&[], Some(1));
    let changes: BTreeMap<&str, [&str; 3]> = BTreeMap::from([
        ("a field that there is not", ["must-be", "must-bee", "ashby.toml:27: unknown field `must-bee`"]),
        (
            "a value that there is not",
            [
                "interview.candidate.email }}}",
                "interview.candidate.mail }}}",
                "step `find the candidate`: json: line 1: ",
            ],
        ),
        ("a template that is none", ["~ notes) }}", "~ notes }}", "step `add the note`: json: line "]),
        (
            "a body that is no JSON",
            [
                "\"sendNotifications\": false,",
                "\"sendNotifications\": ,",
                "json: what it is filled to is no JSON (line 3",
            ],
        ),
        ("no encryption", ["{{ settings.api }}/candidate.search", "http://ats.example/x", "must begin with https://"]),
        (
            "an address by the candidate",
            [
                "{{ settings.api }}/candidate.search",
                "https://{{ interview.job.id }}.example/x",
                "the url leads elsewhere",
            ],
        ),
        ("a place that is none", ["\"/id\"", "\"id\"", "`id` is no JSON pointer"]),
        ("a secret in the file", ["\"ASHBY_API_KEY\"", "\"very-secret\"", "does not hold the secret itself"]),
        ("a name that is none", ["name = \"ashby\"", "name = \"a b\"", "the name of a connector is made of"]),
    ]);
    for (what, [from, to, words]) in changes {
        served.recipe("ashby", |text| {
            assert!(text.contains(from), "{what}");
            text.replacen(from, to, 1)
        });
        let (_, stderr) = served.ats("ashby", &[], 2);
        assert!(stderr.contains(words), "{what}: {stderr}");
    }
    served.recipe("ashby", |text| text);
    let (_, stderr) = served.ats("ashby", &["--set", "apj=x"], 2);
    assert!(stderr.contains("there is no setting `apj`\nhint: there are: api"), "{stderr}");
    let (_, stderr) = served.ats("ashby", &["no-such-interview"], 2);
    assert!(stderr.contains("no-such-interview is no completed interview of this lake"), "{stderr}");
    assert!(served.sandbox.written().is_empty());
}

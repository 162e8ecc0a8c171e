//! `discover` finds what `tests/oracle/discover.py` finds with SciPy and statsmodels in the same lake, and says what it
//! cannot do.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use unicode_width::UnicodeWidthStr;

use crate::common::{roundup, serve};
use crate::search::on_terminal;

/// Standard output and standard error of the program, which must end with this code.
fn runs(folder: &Path, arguments: &[&str], code: i32) -> (String, String) {
    let output = roundup(folder).args(arguments).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
    (String::from_utf8(output.stdout).unwrap(), stderr)
}

fn json_of(folder: &Path, arguments: &[&str]) -> (Value, Vec<Value>) {
    let (text, _) = runs(folder, &[&["discover", "--lake", "lake", "--format", "json"], arguments].concat(), 0);
    let mut lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
    (lines.next().unwrap(), lines.collect())
}

#[test]
fn findings_are_those_of_scipy_and_statsmodels() {
    let golden: Value = serde_json::from_str(include_str!("../../data/golden/discover.json")).unwrap();
    let served = serve(Some(240));
    served.run(&served.pipeline("questions = \"all\"\n"), 0);
    let known: Vec<&str> = golden["known"].as_array().unwrap().iter().map(|term| term.as_str().unwrap()).collect();
    fs::write(served.path("known.txt"), known.join("\n")).unwrap();
    let (totals, findings) = json_of(&served.path("."), &["--keywords", "known.txt"]);
    assert_eq!(totals, golden["totals"]);
    let mut by_key: BTreeMap<(String, String), &Value> = BTreeMap::new();
    let mut jobs: BTreeMap<&str, [u64; 2]> = BTreeMap::new();
    for one in &findings {
        let text = |name: &str| one[name].as_str().unwrap().to_owned();
        by_key.insert((text("job_id"), text("term")), one);
        let counts = jobs.entry(one["job_id"].as_str().unwrap()).or_default();
        counts[0] += 1;
        counts[1] += u64::from(one["echoes"] == true);
    }
    for (job, counts) in golden["jobs"].as_object().unwrap() {
        assert_eq!(json!({"findings": jobs[job.as_str()][0], "echoes": jobs[job.as_str()][1]}), *counts, "{job}");
    }
    let expected = golden["findings"].as_array().unwrap();
    assert!(expected.len() > 100);
    for theirs in expected {
        let key = ["job_id", "term"].map(|name| theirs[name].as_str().unwrap().to_owned());
        check_is_close(by_key[&key.into()], theirs);
    }
}

#[test]
fn what_tells_a_period_from_the_one_before_is_that_of_scipy_and_statsmodels() {
    let golden: Value = serde_json::from_str(include_str!("../../data/golden/discover-previous.json")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let bodies = concat!(env!("CARGO_MANIFEST_DIR"), "/data/golden/periods.jsonl");
    runs(folder.path(), &["import", "--lake", "lake", bodies], 0);
    let known: Vec<&str> = golden["known"].as_array().unwrap().iter().map(|term| term.as_str().unwrap()).collect();
    fs::write(folder.path().join("known.txt"), known.join("\n")).unwrap();
    let period = ["--against", "previous", "--from", "2026-05-01", "--until", "2026-05-31"];
    let (totals, findings) = json_of(folder.path(), &[&["--keywords", "known.txt"], &period[..]].concat());
    assert_eq!(totals, golden["totals"]);
    let expected = golden["findings"].as_array().unwrap();
    assert!(expected.len() >= 5 && expected.len() == findings.len());
    for theirs in expected {
        let ours = findings.iter().find(|ours| ours["term"] == theirs["term"]);
        check_is_close(ours.unwrap_or_else(|| panic!("{theirs}")), theirs);
    }
}

/// Checks that a finding has the figures of another one, up to how these are rounded.
#[track_caller]
fn check_is_close(ours: &Value, theirs: &Value) {
    let close = |ours: &Value, theirs: &Value| match (ours.as_f64(), theirs.as_f64()) {
        (Some(ours), Some(theirs)) => (ours - theirs).abs() <= 2e-9 * theirs.abs().max(1e-12),
        _ => ours == theirs,
    };
    assert_eq!(ours.as_object().unwrap().len(), theirs.as_object().unwrap().len());
    for (name, value) in theirs.as_object().unwrap() {
        assert!(close(&ours[name], value), "{name}: {ours} is not {theirs}");
    }
}

/// Two jobs of twelve candidates. All of the first speak of C I / C D and of pipelines, all of the second of a quota; in
/// May, both speak of a migration.
fn small() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut bodies = String::new();
    for number in 0..48 {
        let (job, month) = (["alpha", "beta"][number % 2], ["04", "05"][number / 2 % 2]);
        let what = [["CI/CD", "ci-cd", "CI & CD"][number / 4 % 3], "our quota"][number % 2];
        let more = if month == "05" { "then the migration came" } else { "nothing came" };
        let day = format!("2026-{month}-{:02}T09:00:00Z", 1 + number / 4);
        let body = json!({
            "id": format!("i-{number}"), "status": "completed", "completed_at": day,
            "job": {"id": job, "title": format!("The {job}"), "department": format!("D-{job}")},
            "candidate": {"id": format!("c-{number}"), "name": format!("Nora{number} Quist"), "email": "n@example.org"},
            "responses": [{
                "question_id": "q", "question_text": format!("What do you say of {}?", ["pipelines", "numbers"][number % 2]),
                "question_type": "technical", "duration_seconds": 60,
                "transcript": format!("We care for {what}. {}! Fine. {more}.", ["Pipelines", "Numbers"][number % 2]),
            }],
        });
        bodies += &format!("{body}\n");
    }
    fs::write(folder.path().join("bodies.jsonl"), bodies).unwrap();
    runs(folder.path(), &["import", "--lake", "lake", "bodies.jsonl"], 0);
    folder
}

fn terms(findings: &[Value]) -> Vec<&str> {
    findings.iter().map(|one| one["term"].as_str().unwrap()).collect()
}

#[test]
fn jobs_are_told_apart_and_echoes_are_marked() {
    let folder = small();
    let (totals, findings) = json_of(folder.path(), &["--job", "The alpha"]);
    assert_eq!(totals["of"], json!({"answers": 48, "interviews": 48, "candidates": 48}));
    assert!(findings.iter().all(|one| one["job_id"] == "alpha"));
    let one = |term: &str| findings.iter().find(|one| one["term"] == term).unwrap_or_else(|| panic!("{term}"));
    let ours = one("we care for ci");
    assert_eq!((&ours["candidates"], &ours["of"], &ours["other_candidates"]), (&json!(24), &json!(24), &json!(0)));
    assert_eq!(
        (&ours["uses"], &ours["largest_share"], &ours["echoes"]),
        (&json!(24), &json!(1.0 / 24.0), &json!(false))
    );
    assert_eq!(one("numbers")["candidates"], 0, "what others say is said, too");
    let echo = one("pipelines");
    assert_eq!(echo["echoes"], true, "pipelines: {findings:?}");
    assert_eq!(findings.last().unwrap()["echoes"], true, "echoes come last");
    let text = runs(folder.path(), &["discover", "--lake", "lake", "--department", "d-beta"], 0).0;
    assert!(text.starts_with("The beta: 24 candidates, 24 of other jobs\n") && text.contains("100 %"), "{text}");
    assert!(
        !text.contains("The alpha") && text.trim_end().ends_with("48 answers, 48 interviews, 48 candidates"),
        "{text}"
    );
    let csv = runs(folder.path(), &["discover", "--lake", "lake", "--format", "csv", "--limit", "1"], 0).0;
    assert!(csv.starts_with("\u{feff}job_id,term,echoes,candidates,of,share,") && csv.lines().count() == 3, "{csv}");
}

#[test]
fn a_period_is_compared_with_the_one_before() {
    let folder = small();
    let period = ["--against", "previous", "--from", "2026-05-01", "--until", "2026-05-31"];
    let (_, findings) = json_of(folder.path(), &period);
    assert!(terms(&findings).contains(&"then the migration came"), "{findings:?}");
    assert!(findings.iter().all(|one| one.get("job_id").is_none() && one["of"] == 24 && one["other_of"] == 24));
    let (_, findings) = json_of(folder.path(), &[&period[..], &["--job", "beta"]].concat());
    assert!(findings.iter().all(|one| one["of"] == 12 && one["other_of"] == 12) && !findings.is_empty());
    let said = runs(folder.path(), &["discover", "--lake", "lake", "--against", "previous"], 2).1;
    assert!(said.contains("nothing says when it begins"), "{said}");
}

#[test]
fn terms_of_sets_in_use_are_left_out_and_a_draft_is_a_set() {
    let folder = small();
    fs::write(folder.path().join("known.txt"), "quota\n").unwrap();
    let (_, findings) = json_of(folder.path(), &["--keywords", "known.txt"]);
    assert!(!terms(&findings).iter().any(|term| term.contains("quota")), "{findings:?}");
    runs(folder.path(), &["discover", "--lake", "lake", "--job", "alpha", "--draft", "My draft.toml"], 0);
    let draft = fs::read_to_string(folder.path().join("My draft.toml")).unwrap();
    assert!(
        draft.starts_with("name = \"my-draft\"\nversion = \"1\"\n") && draft.contains("category = \"The alpha\""),
        "{draft}"
    );
    assert!(draft.contains("ci & cd") && !draft.contains("name = \"pipelines\""), "{draft}");
    let (said, _) = runs(folder.path(), &["keywords", "lint", "My draft.toml", "--lake", "lake"], 0);
    assert!(!said.contains("stands in no answer") && !said.contains("never counts"), "{said}");
    // Somebody may have edited it.
    let said = runs(folder.path(), &["discover", "--lake", "lake", "--draft", "My draft.toml"], 2).1;
    assert!(said.contains("is there already"), "{said}");
    runs(folder.path(), &["analyze", "--lake", "lake", "--keywords", "My draft.toml"], 0);
    let said = runs(folder.path(), &["discover", "--lake", "lake"], 0).1;
    assert!(said.contains("terms of my-draft may be among these"), "{said}");
}

#[test]
fn what_cannot_be_compared_is_said() {
    let folder = small();
    let said = |arguments: &[&str], code: i32| {
        runs(folder.path(), &[&["discover", "--lake", "lake"], arguments].concat(), code)
    };
    assert!(said(&["--status", "expired"], 0).1.contains("no answer in the lake meets these filters"));
    assert!(said(&["--until", "2026-04-03"], 0).1.contains("it takes five candidates"));
    assert!(said(&["-o", "findings.txt"], 2).1.contains("in which format"));
    assert!(said(&["--draft", "set.yaml"], 2).1.contains("end it with .toml"));
    assert!(said(&["--draft", "lake/set.toml"], 2).1.contains("lake"));
    assert!(said(&["--keywords", "nowhere.toml"], 2).1.contains("nowhere.toml"));
    for name in ["findings.csv", "findings.jsonl", "findings.xlsx", "findings.parquet"] {
        let (text, _) = said(&["-o", name], 0);
        assert_eq!(text.lines().count(), 1, "only the counts: {text}");
        assert!(fs::metadata(folder.path().join(name)).unwrap().len() > 100);
    }
}

#[test]
fn a_narrow_terminal_has_a_line_a_term_in_every_script_and_no_control_characters() {
    let folder = tempfile::tempdir().unwrap();
    let hostile = "\u{1b}[31m\u{202e}";
    let answers = [
        format!("{hostile} \u{5d0}\u{5e0}\u{5d9} \u{5e2}\u{5d5}\u{5d1}\u{5d3}\u{9b} today"),
        format!("a word and\r\nan \u{645}\u{631}\u{62d}\u{628}\u{627} {}", "extraordinarily".repeat(4)),
    ];
    let body = |number: usize| {
        json!({
            "id": format!("i-{number}"), "status": "completed", "completed_at": "2026-05-10T00:00:00Z",
            "job": {"id": format!("j{}", number % 2), "title": format!("{hostile}Job of a name that is long {}", number % 2)},
            "candidate": {"id": format!("c-{number}")},
            "responses": [{"question_text": "What?", "transcript": answers[number % 2]}],
        })
    };
    let bodies: String = (0..40).map(|number| body(number).to_string() + "\n").collect();
    fs::write(folder.path().join("bodies.jsonl"), bodies).unwrap();
    runs(folder.path(), &["import", "--lake", "lake", "bodies.jsonl"], 0);
    let shown = on_terminal(folder.path(), 40, &["discover"]);
    assert!(!shown.contains(|character: char| character.is_control() && character != '\n'), "{shown:?}");
    assert!(!shown.contains('\u{202e}'), "{shown:?}");
    for script in ["\u{5d0}\u{5e0}\u{5d9}", "\u{645}\u{631}\u{62d}\u{628}\u{627}"] {
        assert!(shown.lines().any(|line| line.contains(script)), "{shown}");
    }
    // The last line is what was compared.
    let lines: Vec<&str> = shown.lines().collect();
    let [table @ .., _] = &lines[..] else { panic!("{shown}") };
    assert!(table.iter().all(|line| line.width() <= 40), "{shown}");
}

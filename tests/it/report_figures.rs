//! The figures of a report are those that others make of the same lake: `tests/oracle/figures.py`, which is DuckDB's SQL,
//! wrote `data/golden/figures.json`, and `tests/oracle/distinctive.py`, with SciPy and statsmodels, the other.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::common::serve;
use crate::replace::put;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/golden");
const STAGES: &str = "questions = \"all\"
[analyze]
keywords = [\"builtin:engineering\", \"builtin:data\", \"builtin:sales\", \"builtin:vendor-sample\"]
[report]
out = \"reports\"
period = \"13w\"
until = \"2026-06-01\"
";

/// How many figures were compared.
#[derive(Debug, Default)]
struct Compared {
    equal: usize,
    rounded: usize,
}

#[track_caller]
fn close(shown: f64, golden: f64, what: &str) {
    assert!((shown - golden).abs() <= 1e-9 * golden.abs().max(1e-9), "{what}: {shown} is not {golden}");
}

impl Compared {
    /// A figure is the golden one, and none is missing.
    #[track_caller]
    fn figure(&mut self, shown: &Value, golden: &Value, what: &str) {
        match (shown.as_f64(), golden.as_f64()) {
            (Some(shown), Some(golden)) => close(shown, golden, what),
            (None, None) => {}
            _ => panic!("{what}: {shown} is shown, and DuckDB has {golden}"),
        }
        self.equal += usize::from(shown.is_number());
    }

    /// All of a figure of 20 persons or more, a rounded median of fewer, and nothing of fewer than 5. A question has
    /// quartiles only.
    #[track_caller]
    fn distribution(&mut self, shown: &Value, golden: &Value, name: &str, parts: &[&str]) {
        let of = |part: &str| &golden[format!("{name}_{part}")];
        let persons = of("persons").as_i64().unwrap_or_default();
        for part in ["n", "median", "quartile_1", "quartile_3", "mean", "standard_deviation"] {
            let what = format!("{name} {part} of {persons}");
            match part {
                "n" if parts.contains(&part) => self.figure(&shown[part], of(part), &what),
                "median" if (5..20).contains(&persons) => {
                    let (shown, golden) = (shown[part].as_f64().unwrap(), of(part).as_f64().unwrap());
                    assert_eq!(format!("{shown:.1e}").parse(), Ok(shown), "{what}: two digits");
                    let digit = 10f64.powf(golden.abs().log10().floor() - 1.0);
                    assert!((shown - golden).abs() <= digit * (0.5 + 1e-6), "{what}: {shown} of {golden}");
                    self.rounded += 1;
                }
                part if persons >= 20 && parts.contains(&part) => self.figure(&shown[part], of(part), &what),
                _ => assert!(shown[part].is_null(), "{what}: {}", shown[part]),
            }
        }
    }

    fn all(&mut self, shown: &Value, golden: &Value) {
        for name in ["completed", "expired", "responses", "answered"] {
            self.figure(&shown[name], &golden[name], name);
        }
        if golden["words_per_minute_persons"].as_i64() >= Some(20) {
            let name = "pooled_words_per_minute";
            self.figure(&shown[name], &golden[name], name);
        }
        for name in [
            "total_duration_seconds",
            "average_response_length",
            "elapsed_seconds",
            "days_to_complete",
            "word_count",
            "words_per_minute",
        ] {
            let parts = ["n", "median", "quartile_1", "quartile_3", "mean", "standard_deviation"];
            self.distribution(&shown[name], golden, name, &parts);
        }
        let count = |name: &str| golden[name].as_f64().unwrap();
        let (completed, expired, open) = (count("cohort_completed"), count("cohort_expired"), count("cohort_open"));
        let settled = completed + expired;
        self.figure(&shown["completion_cohort"], &(settled + open).into(), "cohort");
        self.figure(&shown["still_open_share"], &(open / (settled + open)).into(), "open");
        self.figure(&shown["completion_rate"], &(completed / settled).into(), "completion rate");
        assert_eq!([&shown["completion_from"], &shown["completion_last"]], [&golden["first_day"], &golden["last_day"]]);
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn golden(file: &str) -> Value {
    serde_json::from_slice(&fs::read(format!("{GOLDEN}/{file}")).unwrap()).unwrap()
}

#[test]
fn every_shown_figure_is_the_one_that_others_make_of_the_same_lake() {
    let golden = golden("figures.json");
    let served = serve(Some(240));
    served.run(&served.pipeline(STAGES), 0);
    let summary: Value =
        serde_json::from_slice(&fs::read(served.path("reports/latest/summary.json")).unwrap()).unwrap();
    let mut compared = Compared::default();
    compared.all(&summary["overall"], &golden["overall"]);
    for name in ["interviews_without_answers", "answers_without_duration", "answers_paced_above_400"] {
        compared.figure(&summary["quality"][name], &golden["overall"][name], name);
    }
    let jobs: BTreeMap<&str, &Value> = list(&golden["jobs"]).iter().map(|job| (text(&job["key"]), job)).collect();
    let mut by_job: Vec<(&str, &Value)> = vec![("", &summary)];
    for job in list(&summary["jobs"]) {
        let id = text(&job["job_id"]);
        by_job.push((id, job));
        compared.all(&job["figures"], jobs[id]);
        questions(&mut compared, job, list(&golden["questions"]));
    }
    assert_eq!(by_job.len(), 8, "seven jobs, and all");
    for (id, group) in by_job {
        keywords(&mut compared, id, group, &summary["weeks"], &golden);
    }
    assert!(compared.equal > 2000 && compared.rounded > 100, "{compared:?}");
    distinctive(list(&summary["jobs"]));
}

fn normalised(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Questions that five persons were asked have a row, and all others one together.
fn questions(compared: &mut Compared, job: &Value, golden: &[Value]) {
    let own = golden.iter().filter(|question| question["job_id"] == job["job_id"]);
    let (common, few): (Vec<&Value>, Vec<&Value>) = own.partition(|one| one["persons"].as_i64() >= Some(5));
    let mut rows = list(&job["questions"]).to_vec();
    if !few.is_empty() {
        assert_eq!(rows.pop().unwrap()["other_texts"], few.len());
    }
    assert_eq!(rows.len(), common.len());
    for question in &rows {
        let text = normalised(text(&question["question_text"]));
        let golden = common.iter().find(|golden| golden["question"] == *text).unwrap();
        compared.figure(&question["asked"], &golden["asked"], "asked");
        let coverage = golden["answered"].as_f64().unwrap_or(0.0) / golden["asked"].as_f64().unwrap();
        compared.figure(&question["coverage"], &coverage.into(), "coverage");
        // Of fewer than 30 interviews no health is shown.
        let is_enough = golden["asked"].as_i64() >= Some(30);
        for (name, with, of) in
            [("at_limit_share", "at_limit", "time_limit_share_n"), ("thin_share", "thin", "of_known_length")]
        {
            let [with, of] = [with, of].map(|name| golden[name].as_f64().unwrap_or(0.0));
            let share = (is_enough && of > 0.0).then(|| with / of);
            compared.figure(&question[name], &share.into(), name);
        }
        for name in ["word_count", "duration_seconds", "time_limit_share"] {
            compared.distribution(&question[name], golden, name, &["median", "quartile_1", "quartile_3"]);
        }
    }
}

fn keywords(compared: &mut Compared, id: &str, group: &Value, weeks: &Value, golden: &Value) {
    let counts: BTreeMap<[&str; 5], &Value> = list(&golden["keywords"])
        .iter()
        .map(|row| (["job_id", "set", "term", "by", "of"].map(|name| text(&row[name])), row))
        .collect();
    let asked = |of: &str| -> f64 {
        let types = list(&golden["question_types"]).iter().filter(|one| one["question_type"] == of);
        // A type counts in the jobs where enough were asked a question of it.
        let shown = types.filter(|one| (id.is_empty() || one["job_id"] == id) && one["persons"].as_i64() >= Some(5));
        shown.map(|one| one["asked"].as_f64().unwrap()).sum()
    };
    let described: Vec<f64> = list(&group["spans"]).iter().map(|span| span["described"].as_f64().unwrap()).collect();
    for keyword in list(&group["keywords"]) {
        let key = |by, of| [id, text(&keyword["set"]), text(&keyword["term"]), by, of];
        for name in ["interviews", "responses", "mentions", "negated"] {
            compared.figure(&keyword["counts"][name], &counts[&key("all", "")][name], name);
        }
        let count = |by, of| counts.get(&key(by, of)).map_or(0.0, |row| row["interviews"].as_f64().unwrap());
        for (at, cell) in list(&keyword["by_question_type"]).iter().enumerate() {
            let of = if id.is_empty() { text(&cell["of"]) } else { text(&group["question_types"][at]) };
            compared.figure(&cell["share"], &(count("question_type", of) / asked(of)).into(), of);
        }
        for ((span, described), cell) in list(&group["spans"]).iter().zip(&described).zip(list(&keyword["by_span"])) {
            let [week, length] = ["week", "weeks"].map(|name| usize::try_from(span[name].as_u64().unwrap()).unwrap());
            let names = list(weeks)[week..week + length].iter().map(|week| text(&week["name"]));
            let interviews: f64 = names.map(|name| count("week", name)).sum();
            compared.figure(&cell["interviews"], &interviews.into(), "in a span");
            if *described > 0.0 {
                compared.figure(&cell["share"], &(interviews / described).into(), "share in a span");
            }
        }
    }
}

fn distinctive(jobs: &[Value]) {
    let golden = golden("distinctive.json");
    let mut compared = 0;
    for job in jobs {
        let mut own: Vec<&Value> = list(&golden).iter().filter(|one| one["job_id"] == job["job_id"]).collect();
        let shown = list(&job["distinctive"]);
        assert_eq!(shown.len(), own.len().min(10));
        for one in shown {
            let at = own.iter().position(|golden| golden["set"] == one["set"] && golden["term"] == one["term"]);
            let golden = own.remove(at.expect("a term that is significant"));
            for name in ["n", "others_n", "share", "others_share", "log_odds_ratio", "signed_root_g2", "p", "q"] {
                close(one[name].as_f64().unwrap(), golden[name].as_f64().unwrap(), name);
                compared += 1;
            }
        }
        let strength = |one: &Value| one["signed_root_g2"].as_f64().unwrap().abs();
        if let Some(weakest) = shown.last() {
            assert!(own.iter().all(|left| strength(left) <= strength(weakest) + 1e-9), "the strongest are shown");
        }
    }
    assert!(compared > 400, "{compared}");
}

/// The files of a report without its provenance, which names files and versions of the lake.
fn figures_of(root: &Path, threads: &str) -> BTreeMap<String, Vec<u8>> {
    let roundup = |args: &[&str]| {
        crate::common::roundup(root).env("RAYON_NUM_THREADS", threads).args(args).assert().success();
    };
    roundup(&["analyze", "--lake", "lake", "--keywords", "builtin:vendor-sample"]);
    let period = ["--until", "2026-06-01", "--period", "13w", "--formats", "json,csv"];
    roundup(&[&["report", "--lake", "lake", "--out", "reports"][..], &period].concat());
    let latest = root.join("reports/latest");
    let mut files: BTreeMap<String, Vec<u8>> = fs::read_dir(&latest)
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_file())
        .map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap()))
        .collect();
    let mut summary: Value = serde_json::from_slice(&files["summary.json"]).unwrap();
    assert!(summary["overall"]["pooled_words_per_minute"].is_number());
    summary.as_object_mut().unwrap().remove("provenance").unwrap();
    files.insert("summary.json".to_owned(), serde_json::to_vec(&summary).unwrap());
    files
}

#[test]
fn neither_files_nor_their_order_nor_threads_show_in_the_last_digit() {
    // Three of each, of other people, and with durations that have many digits.
    let mut bodies: Vec<Value> = Vec::new();
    for copy in 0..3u32 {
        for (number, mut body) in (0u32..).zip(crate::replace::bodies()) {
            let id = format!("{copy:08x}-0000-4000-8000-{number:012x}");
            body["id"] = id.clone().into();
            body["candidate"]["id"] = id.clone().into();
            body["candidate"]["email"] = format!("{id}@example.com").into();
            for response in body["responses"].as_array_mut().into_iter().flatten() {
                if let Some(seconds) = response["duration_seconds"].as_f64() {
                    response["duration_seconds"] = (seconds + 1.0 / f64::from(3 + copy + number)).into();
                }
            }
            bodies.push(body);
        }
    }
    let report = |batches: &mut dyn Iterator<Item = &[Value]>, threads| {
        let folder = tempfile::tempdir().unwrap();
        batches.for_each(|batch| _ = put(&folder.path().join("lake"), batch, false));
        figures_of(folder.path(), threads)
    };
    let at_once = report(&mut [&bodies[..]].into_iter(), "1");
    assert!(report(&mut bodies.chunks(bodies.len().div_ceil(100)), "2") == at_once, "a hundred files");
    bodies.reverse();
    assert!(report(&mut bodies.chunks(17), "7") == at_once, "in another order");
}

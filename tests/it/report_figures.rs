//! The figures of a report are those that DuckDB's SQL makes of the same lake: `tests/oracle/figures.py` wrote
//! `data/golden/figures.json`.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use crate::common::serve;

const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/golden/figures.json");
const STAGES: &str = "questions = \"all\"
[analyze]
keywords = [\"builtin:engineering\", \"builtin:data\", \"builtin:sales\", \"builtin:vendor-sample\"]
[report]
out = \"reports\"
period = \"13w\"
until = \"2026-06-01\"
";

/// How many figures were compared, and how many of the golden ones are held back.
#[derive(Debug, Default)]
struct Compared {
    equal: usize,
    held_back: usize,
}

impl Compared {
    /// A figure that is shown is the golden one.
    #[track_caller]
    fn figure(&mut self, shown: &Value, golden: &Value, what: &str) {
        match (shown.as_f64(), golden.as_f64()) {
            (Some(shown), Some(golden)) => {
                assert!((shown - golden).abs() <= 1e-9 * golden.abs().max(1e-9), "{what}: {shown} is not {golden}");
                self.equal += 1;
            }
            (None, _) => self.held_back += 1,
            (Some(shown), None) => panic!("{what}: {shown} is shown, and DuckDB has none"),
        }
    }

    fn distribution(&mut self, shown: &Value, golden: &Value, name: &str) {
        for part in ["n", "median", "quartile_1", "quartile_3", "mean", "standard_deviation"] {
            self.figure(&shown[part], &golden[format!("{name}_{part}")], &format!("{name} {part}"));
        }
    }

    fn all(&mut self, shown: &Value, golden: &Value) {
        for name in ["completed", "expired", "responses", "answered", "pooled_words_per_minute"] {
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
            self.distribution(&shown[name], golden, name);
        }
    }
}

fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[test]
fn every_shown_figure_is_the_one_that_duckdb_makes_of_the_same_lake() {
    let golden: Value = serde_json::from_slice(&fs::read(GOLDEN).unwrap()).unwrap();
    let served = serve(Some(240));
    served.run(&served.pipeline(STAGES), 0);
    let summary: Value =
        serde_json::from_slice(&fs::read(served.path("reports/latest/summary.json")).unwrap()).unwrap();
    let mut compared = Compared::default();

    let overall = &summary["overall"];
    let golden_overall = &golden["overall"];
    compared.all(overall, golden_overall);
    let rate = |group: &Value| {
        let count = |name: &str| group[name].as_f64().unwrap();
        count("cohort_completed") / (count("cohort_completed") + count("cohort_expired"))
    };
    compared.figure(&overall["completion_rate"], &rate(golden_overall).into(), "completion rate");

    let jobs: BTreeMap<&str, &Value> = list(&golden["jobs"]).iter().map(|job| (text(&job["key"]), job)).collect();
    let weeks: Vec<&str> = list(&summary["weeks"]).iter().map(|week| text(&week["name"])).collect();
    let questions: BTreeMap<(&str, &str), &Value> = list(&golden["questions"])
        .iter()
        .map(|question| ((text(&question["job_id"]), text(&question["question"])), question))
        .collect();
    let keywords: BTreeMap<[&str; 5], &Value> = list(&golden["keywords"])
        .iter()
        .map(|row| (["job_id", "set", "term", "by", "of"].map(|name| text(&row[name])), row))
        .collect();
    let normalised = |text: &str| text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ");
    let mut by_job: Vec<(&str, &Value)> = vec![("", &summary)];
    for job in list(&summary["jobs"]) {
        let id = text(&job["job_id"]);
        by_job.push((id, job));
        compared.all(&job["figures"], jobs[id]);
        for question in list(&job["questions"]) {
            let own = normalised(text(&question["question_text"]));
            let golden = questions[&(id, own.as_str())];
            compared.figure(&question["asked"], &golden["asked"], "asked");
            compared.figure(&question["answered"], &golden["answered"], "answered");
            compared.distribution(&question["word_count"], golden, "word_count");
            compared.distribution(&question["duration_seconds"], golden, "duration_seconds");
            compared.distribution(&question["time_limit_share"], golden, "time_limit_share");
        }
    }
    assert_eq!(by_job.len(), 8, "seven jobs, and all");
    for (id, group) in by_job {
        for keyword in list(&group["keywords"]) {
            let key = |by, of| [id, text(&keyword["set"]), text(&keyword["term"]), by, of];
            let golden = keywords[&key("all", "")];
            for name in ["interviews", "responses", "mentions", "negated"] {
                compared.figure(&keyword["counts"][name], &golden[name], name);
            }
            let question_types = list(&keyword["by_question_type"]).iter().enumerate().map(|(at, cell)| {
                let of = if id.is_empty() { text(&cell["of"]) } else { text(&group["question_types"][at]) };
                (key("question_type", of), cell)
            });
            let weeks = list(&keyword["by_week"]).iter().zip(&weeks).map(|(cell, week)| (key("week", week), cell));
            for (key, cell) in question_types.chain(weeks) {
                // Parts of fewer than five are not among the golden ones, and zero is shown.
                let count = cell["interviews"].as_i64();
                match keywords.get(&key) {
                    Some(golden) => compared.figure(&cell["interviews"], &golden["interviews"], "a part"),
                    None => assert!(count.is_none_or(|count| count == 0), "{key:?}: {count:?}"),
                }
            }
        }
    }
    assert!(compared.equal > 1200, "{compared:?}");
    assert!(compared.held_back > 100, "some of so small a lake is held back: {compared:?}");
}

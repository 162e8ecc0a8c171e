//! `figures.parquet`: the figures of the other files, as rows.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use roundup::lake::read::ParquetFile;
use serde_json::Value;

use crate::common::{INTERVIEWS, serve};
use crate::report::{SPRING, report_of};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/report.md");
const PARTS: [&str; 5] = ["median", "quartile_1", "quartile_3", "mean", "standard_deviation"];
const DISTRIBUTIONS: [&str; 8] = [
    "total_duration_seconds",
    "average_response_length",
    "elapsed_seconds",
    "days_to_complete",
    "word_count",
    "words_per_minute",
    "question_count",
    "answered_share",
];
const QUALITY: [&str; 5] = [
    "interviews_without_answers",
    "answers_without_duration",
    "answers_without_transcript",
    "answers_with_empty_transcript",
    "answers_paced_above_400",
];

/// What tells a figure from all others: the columns that are not null, in their order, as text.
type Key = Vec<String>;
type FigureRows = BTreeMap<Key, (Option<i64>, Option<f64>)>;

fn read(file: &Path) -> RecordBatch {
    let reader = ParquetRecordBatchReaderBuilder::try_new(fs::File::open(file).unwrap()).unwrap();
    let batch = arrow::compute::concat_batches(
        &reader.schema().clone(),
        &reader.build().unwrap().collect::<Result<Vec<_>, _>>().unwrap(),
    );
    batch.unwrap()
}

/// The rows of the file, no two of which are of one figure.
fn rows_of(batch: &RecordBatch) -> FigureRows {
    let text = |name: &str, row: usize| {
        let column = batch.column_by_name(name).unwrap();
        column.is_valid(row).then(|| match column.data_type() {
            DataType::Date32 => column.as_primitive::<Date32Type>().value_as_date(row).unwrap().to_string(),
            _ => column.as_string::<i32>().value(row).to_owned(),
        })
    };
    let mut rows = FigureRows::new();
    for row in 0..batch.num_rows() {
        let named = ["scope", "job_id", "span", "first_day", "until_day", "figure"]
            .map(|name| text(name, row).unwrap_or_default());
        let about = ["question_text", "question_type", "keyword_set", "term", "status"];
        let key: Key = named.into_iter().chain(about.into_iter().filter_map(|name| text(name, row))).collect();
        let (n, value) = (batch.column_by_name("n").unwrap(), batch.column_by_name("value").unwrap());
        let n = n.is_valid(row).then(|| n.as_primitive::<Int64Type>().value(row));
        let value = value.is_valid(row).then(|| value.as_primitive::<Float64Type>().value(row));
        assert_eq!(rows.insert(key.clone(), (n, value)), None, "{key:?} twice");
    }
    rows
}

/// The figures of `summary.json`, as rows.
struct Expected {
    rows: FigureRows,
    scope: &'static str,
    job: String,
    span: [String; 3],
}

impl Expected {
    fn span(&mut self, name: &str, from: &Value, until: &Value) {
        self.span = [name, text(from), text(until)].map(str::to_owned);
    }

    fn put(&mut self, figure: &str, about: &[&Value], n: Option<i64>, value: &Value) {
        let [span, from, until] = self.span.clone();
        let about = about.iter().filter_map(|value| value.as_str()).map(str::to_owned);
        let key: Key = [self.scope.to_owned(), self.job.clone(), span, from, until, figure.to_owned()]
            .into_iter()
            .chain(about)
            .collect();
        let n = value.as_f64().and(n);
        assert_eq!(self.rows.insert(key.clone(), (n, value.as_f64())), None, "{key:?} twice");
    }

    fn count(&mut self, figure: &str, about: &[&Value], value: &Value) {
        self.put(figure, about, value.as_i64(), value);
    }

    fn distribution(&mut self, figure: &str, about: &[&Value], of: &Value) {
        for part in PARTS {
            self.put(&format!("{figure}_{part}"), about, of["n"].as_i64(), &of[part]);
        }
    }

    fn figures(&mut self, figures: &Value) {
        if figures.is_null() {
            return;
        }
        for name in ["completed", "expired", "completion_cohort"] {
            self.count(name, &[], &figures[name]);
        }
        for (name, of) in [("completion_rate", "completion_settled"), ("still_open_share", "completion_cohort")] {
            self.put(name, &[], figures[of].as_i64(), &figures[name]);
        }
        self.said(figures);
    }

    fn said(&mut self, figures: &Value) {
        for name in ["described", "responses", "answered"] {
            self.count(name, &[], &figures[name]);
        }
        let pace = "pooled_words_per_minute";
        self.put(pace, &[], figures["words_per_minute"]["n"].as_i64(), &figures[pace]);
        for name in DISTRIBUTIONS {
            self.distribution(name, &[], &figures[name]);
        }
    }

    /// A job, or the whole summary.
    fn group(&mut self, scope: &'static str, summary: &Value, group: &Value, figures: &Value, previous: &Value) {
        self.scope = scope;
        let [period, before] = ["period", "previous_period"].map(|name| &summary[name]);
        let weeks = list(&summary["weeks"]);
        self.job = text(&group["job_id"]).to_owned();
        self.span("previous_period", &before["from"], &before["until"]);
        self.figures(previous);
        self.span("now", &Value::Null, &Value::Null);
        for status in list(&group["open"]["by_status"]) {
            self.count("open_interviews", &[&status["status"]], &status["interviews"]);
        }
        self.count("expiring_within_72_hours", &[], &group["open"]["expiring"]);
        for name in ["stale", "gone"].into_iter().filter(|name| !group["open"][name].is_null()) {
            self.count(name, &[], &group["open"][name]);
        }
        if !group["quality"]["quarantined"].is_null() {
            self.count("quarantined", &[], &group["quality"]["quarantined"]);
        }
        for (at, week) in list(&group["weekly"]).iter().enumerate() {
            let until = weeks.get(at + 1).map_or(&period["until"], |next| &next["from"]);
            self.span("week", &weeks[at]["from"], until);
            self.count("completed", &[], &week["completed"]);
            self.count("expired", &[], &week["expired"]);
            self.put("completion_rate", &[], None, &week["completion_rate"]);
        }
        for (at, span) in list(&group["spans"]).iter().enumerate() {
            let (first, count) = (span["week"].as_u64().unwrap() as usize, span["weeks"].as_u64().unwrap() as usize);
            let until = weeks.get(first + count).map_or(&period["until"], |next| &next["from"]);
            self.span("weeks", &weeks[first]["from"], until);
            let n = span["described"].as_i64();
            self.count("described", &[], &span["described"]);
            self.put("total_duration_seconds_median", &[], n, &span["median_duration_seconds"]);
            self.put("average_response_length_median", &[], n, &span["median_response_length"]);
            self.put("words_per_minute_median", &[], n, &span["median_words_per_minute"]);
            for keyword in list(&group["keywords"]) {
                let (about, part) = ([&keyword["set"], &keyword["term"]], &keyword["by_span"][at]);
                self.count("keyword_interviews", &about, &part["interviews"]);
                self.put("keyword_share", &about, n, &part["share"]);
            }
        }
        self.span("previous_period", &before["from"], &before["until"]);
        for keyword in list(&group["keywords"]) {
            let about = [&keyword["set"], &keyword["term"]];
            self.put("keyword_share", &about, previous["described"].as_i64(), &keyword["previous_share"]);
        }
        self.span("period", &period["from"], &period["until"]);
        self.figures(figures);
        for name in QUALITY.into_iter().filter(|_| !group["quality"].is_null()) {
            self.count(name, &[], &group["quality"][name]);
        }
        let questions = list(&group["questions"]);
        for question in questions {
            let about = [&question["question_text"], &question["question_type"]];
            self.count("question_asked", &about, &question["asked"]);
            self.put("question_coverage", &about, question["asked"].as_i64(), &question["coverage"]);
            for name in ["word_count", "duration_seconds", "words_per_minute", "time_limit_share"] {
                for part in ["median", "quartile_1", "quartile_3"] {
                    self.put(&format!("question_{name}_{part}"), &about, None, &question[name][part]);
                }
            }
            self.put("question_time_limit_seconds", &about, None, &question["time_limit_seconds"]);
            self.put("question_at_limit_share", &about, question["asked"].as_i64(), &question["at_limit_share"]);
            self.put("question_thin_share", &about, question["asked"].as_i64(), &question["thin_share"]);
        }
        for keyword in list(&group["keywords"]) {
            let about = [&keyword["set"], &keyword["term"]];
            for name in ["interviews", "responses", "mentions", "negated"] {
                self.count(&format!("keyword_{name}"), &about, &keyword["counts"][name]);
            }
            self.put("keyword_share", &about, figures["described"].as_i64(), &keyword["counts"]["share"]);
            for (question, part) in questions.iter().zip(list(&keyword["by_question"])) {
                let about = [&question["question_text"], &question["question_type"], about[0], about[1]];
                self.put("keyword_share_by_question", &about, question["asked"].as_i64(), &part["share"]);
            }
            for (at, part) in list(&keyword["by_question_type"]).iter().enumerate() {
                let named = if part["of"].is_null() { &group["question_types"][at] } else { &part["of"] };
                self.put("keyword_share_by_question_type", &[named, about[0], about[1]], None, &part["share"]);
            }
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn every_figure_of_the_summary_is_a_row_and_there_are_no_others() {
    let served = serve(Some(240));
    served.run(
        &served.pipeline(
            "questions = \"all\"\n[analyze]\nkeywords = [\"builtin:engineering\", \"builtin:sales\"]\n\
             [report]\nout = \"reports\"\nperiod = \"13w\"\nuntil = \"2026-06-01\"\n",
        ),
        0,
    );
    let summary: Value =
        serde_json::from_slice(&fs::read(served.path("reports/latest/summary.json")).unwrap()).unwrap();
    let mut expected = Expected { rows: FigureRows::new(), scope: "", job: String::new(), span: Default::default() };
    expected.group("all_jobs", &summary, &summary, &summary["overall"], &summary["overall_previous"]);
    for job in list(&summary["jobs"]) {
        expected.group("job", &summary, job, &job["figures"], &job["previous"]);
    }
    if !summary["other_jobs"].is_null() {
        (expected.scope, expected.job) = ("other_jobs", String::new());
        expected.span("period", &summary["period"]["from"], &summary["period"]["until"]);
        expected.said(&summary["other_jobs"]["figures"]);
    }
    let shown = rows_of(&read(&served.path("reports/latest/figures.parquet")));
    for (key, figure) in &expected.rows {
        assert_eq!(shown.get(key), Some(figure), "{key:?}");
    }
    let more: Vec<&Key> = shown.keys().filter(|key| !expected.rows.contains_key(*key)).collect();
    assert!(more.is_empty(), "not in summary.json: {more:?}");
    let with_value = shown.values().filter(|(_, value)| value.is_some()).count();
    assert!(with_value > 2000, "{with_value} of {}", shown.len());
}

#[test]
fn the_rows_of_jobs_are_the_cells_of_the_table() {
    let report = report_of(&fs::read_to_string(INTERVIEWS).unwrap(), &SPRING);
    let shown = rows_of(&read(&report.folder.path().join("reports/latest/figures.parquet")));
    let mut compared = 0;
    for job in report.rows("jobs.csv").iter().filter(|job| !job["job_id"].is_empty()) {
        for (column, cell) in job {
            let (figure, span) = match column.strip_prefix("previous_") {
                Some(figure) => (figure, "previous_period"),
                None if column == "expiring_within_72_hours" => (column.as_str(), "now"),
                None => (column.as_str(), "period"),
            };
            let is_it = |key: &&Key| key[1] == job["job_id"] && key[2] == span && key[5] == figure && key.len() == 6;
            let Some(key) = shown.keys().find(is_it) else { continue };
            assert_eq!(cell.parse::<f64>().ok(), shown[key].1, "{key:?}");
            compared += 1;
        }
    }
    assert!(compared > 100, "{compared}");
}

#[test]
fn the_documentation_has_every_column_and_every_figure() {
    let report = report_of(&fs::read_to_string(INTERVIEWS).unwrap(), &SPRING);
    let file = report.folder.path().join("reports/latest/figures.parquet");
    let batch = read(&file);
    let page = fs::read_to_string(PAGE).unwrap();
    for field in batch.schema().fields() {
        let kind = match field.data_type() {
            DataType::Utf8 => "VARCHAR",
            DataType::Int64 => "BIGINT",
            DataType::Float64 => "DOUBLE",
            DataType::Date32 => "DATE",
            other => panic!("{other} is none of the types that every program knows"),
        };
        let null = if field.is_nullable() { "yes" } else { "no" };
        let line = format!("| `{}` | {kind} | {null} | {} |", field.name(), field.metadata()["description"]);
        assert!(page.lines().any(|its| its == line), "docs/report.md lacks: {line}");
    }
    let figures: BTreeSet<&str> = batch.column_by_name("figure").unwrap().as_string::<i32>().iter().flatten().collect();
    assert!(figures.len() > 50, "{figures:?}");
    for figure in figures {
        let of_distribution = PARTS.iter().filter_map(|part| figure.strip_suffix(&format!("_{part}")));
        let known = of_distribution.map(|name| format!("`{name}_*`")).chain([format!("`{figure}`")]);
        assert!(known.into_iter().any(|name| page.contains(&name)), "docs/report.md lacks {figure}");
    }
    // It is a Parquet file like those of the lake.
    assert!(ParquetFile::open(&file).is_ok());
}

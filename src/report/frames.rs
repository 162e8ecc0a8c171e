//! The lake's columns as Polars frames: only the rows of a period, only the columns that aggregates need.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use arrow::array::{Array, TimestampMicrosecondArray};
use arrow::record_batch::RecordBatch;
use polars::prelude::{Column, DataFrame};

use crate::lake::Lake;
use crate::lake::read::{
    ParquetFile, float_at, floats, integer_at, integers, parquet_files, string_at, strings, times,
};
use crate::lake::schema::{self, Table};
use crate::model::{Error, Result};

/// `[from, until)` in microseconds since 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: i64,
    pub until: i64,
}

impl Span {
    fn contains(self, column: &TimestampMicrosecondArray, row: usize) -> bool {
        column.is_valid(row) && (self.from..self.until).contains(&column.value(row))
    }
}

/// A job's latest title and department that are not null.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JobName {
    pub title: Option<String>,
    pub department: Option<String>,
}

/// The rows of a period, and the names of all jobs.
pub struct Frames {
    /// Settled interviews: `interview_id`, `status`, `job_id`, `candidate_key`, `total_duration_seconds`,
    /// `average_response_length`, `response_count`, `answered_count`.
    pub interviews: DataFrame,
    /// Interviews, open ones too, that were created in the period and first seen through an id list: `job_id`,
    /// `status`. Others would count only those that ended well: an event comes when an interview has ended.
    pub cohort: DataFrame,
    /// Answers of completed interviews: `job_id`, `word_count`, `words_per_minute`, `duration_seconds`.
    pub responses: DataFrame,
    /// Keyword hits in completed interviews: `interview_id`, `job_id`, `set`, `term`, `category`, `mentions`, `negated`.
    pub hits: DataFrame,
    /// Sets that were searched for, by name.
    pub sets: Vec<String>,
    /// Sets of which not every answer has an up-to-date result: their shares would come out too low.
    pub sets_left_out: Vec<String>,
    pub jobs: BTreeMap<String, JobName>,
    /// Settled interviews of the lake that are outside the period or have no time.
    pub outside: u64,
}

/// Reads what a report of the period needs. A missing job id is read as the empty one.
///
/// # Errors
/// When a file cannot be read, or was not analysed yet.
pub fn read(lake: &Lake, span: Span) -> Result<Frames> {
    let mut interviews = Interviews::default();
    let mut names = Names::default();
    for path in lake.files(&schema::INTERVIEWS)? {
        interviews.add(lake, &path, span, &mut names)?;
    }
    for path in lake.files(&schema::OPEN_INTERVIEWS)? {
        let open = ParquetFile::open(&path)?.all(&["status", "job_id", "created_at", "first_seen_via"])?;
        interviews.cohort.add(&open, span);
    }
    let mut responses = Responses::default();
    for path in lake.files(&schema::RESPONSES)? {
        responses.add(lake, &path, &interviews.completed)?;
    }
    let mut hits = Hits::default();
    let mut sets = Vec::new();
    let mut sets_left_out = Vec::new();
    for set in searched_sets(lake)? {
        if is_complete(lake, &set)? { &mut sets } else { &mut sets_left_out }.push(set);
    }
    for set in &sets {
        let folder = lake.root().join(schema::KEYWORD_HITS.name).join(format!("set={set}"));
        for path in parquet_files(&folder)? {
            hits.add(&path, set, &interviews.completed)?;
        }
    }
    Ok(Frames {
        outside: interviews.outside,
        cohort: std::mem::take(&mut interviews.cohort).frame(),
        interviews: interviews.frame(),
        responses: responses.frame(),
        hits: hits.frame(),
        sets,
        sets_left_out,
        jobs: names.latest(),
    })
}

/// The sets there are results of, sorted.
fn searched_sets(lake: &Lake) -> Result<Vec<String>> {
    let folder = lake.root().join(schema::KEYWORD_HITS.name);
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Error::path("list", &folder, error)),
    };
    let mut sets = Vec::new();
    for entry in entries {
        let name = entry.map_err(|error| Error::path("list", &folder, error))?.file_name();
        sets.extend(name.to_str().and_then(|name| name.strip_prefix("set=")).map(str::to_owned));
    }
    sets.sort();
    Ok(sets)
}

/// Whether every file of answers was searched for a set, as it is now and with one version of the set.
fn is_complete(lake: &Lake, set: &str) -> Result<bool> {
    let mut version = None;
    for path in lake.files(&schema::RESPONSES)? {
        let figures = derived(lake, &schema::RESPONSES, &schema::RESPONSE_METRICS, &path)?;
        let place =
            path.strip_prefix(lake.root().join(schema::RESPONSES.name)).expect("a table's file is in its folder");
        let hits = lake.root().join(schema::KEYWORD_HITS.name).join(format!("set={set}")).join(place);
        let Ok(hits) = ParquetFile::open(&hits) else { return Ok(false) };
        let made_by = hits.metadata(schema::SET_SHA256).map(str::to_owned);
        if hits.metadata(schema::SOURCE_SHA256) != figures.metadata(schema::SOURCE_SHA256)
            || *version.get_or_insert_with(|| made_by.clone()) != made_by
        {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The file of figures that was made from a file of rows: the same rows in the same order.
fn derived(lake: &Lake, table: &Table, metrics: &Table, path: &Path) -> Result<ParquetFile> {
    let place = path.strip_prefix(lake.root().join(table.name)).expect("a table's file is in its folder");
    let target = lake.root().join(metrics.name).join(place);
    let file = ParquetFile::open(&target).map_err(|error| {
        error.hint(format!("`roundup analyze --lake {}` makes what a report needs", lake.root().display()))
    })?;
    if file.rows() == ParquetFile::open(path)?.rows() {
        return Ok(file);
    }
    Err(Error::path("use", &target, "it has other rows than the file it was made from").hint("run `roundup analyze`"))
}

#[derive(Default)]
struct Cohort {
    job_id: Vec<String>,
    status: Vec<String>,
}

impl Cohort {
    fn add(&mut self, interviews: &RecordBatch, span: Span) {
        let created = times(interviews, "created_at");
        for row in 0..interviews.num_rows() {
            let text = |name: &str| string_at(strings(interviews, name), row).unwrap_or_default();
            if span.contains(created, row) && text("first_seen_via") == "list" {
                self.job_id.push(text("job_id").to_owned());
                self.status.push(text("status").to_owned());
            }
        }
    }

    fn frame(self) -> DataFrame {
        frame(vec![Column::new("job_id".into(), self.job_id), Column::new("status".into(), self.status)])
    }
}

#[derive(Default)]
struct Interviews {
    outside: u64,
    cohort: Cohort,
    /// Job of each completed interview of the period. Rows are matched here rather than by a join, which would leave
    /// their order, and with it the last digits of sums, to the number of threads.
    completed: HashMap<String, String>,
    interview_id: Vec<String>,
    status: Vec<String>,
    job_id: Vec<String>,
    candidate_key: Vec<Option<String>>,
    total_duration_seconds: Vec<Option<f64>>,
    average_response_length: Vec<Option<f64>>,
    response_count: Vec<i64>,
    answered_count: Vec<i64>,
}

impl Interviews {
    fn add(&mut self, lake: &Lake, path: &Path, span: Span, names: &mut Names) -> Result<()> {
        let metrics = derived(lake, &schema::INTERVIEWS, &schema::INTERVIEW_METRICS, path)?.all(&[
            "total_duration_seconds",
            "average_response_length",
            "response_count",
            "answered_count",
        ])?;
        let interviews = ParquetFile::open(path)?.all(&[
            "interview_id",
            "status",
            "job_id",
            "job_title",
            "department",
            "candidate_key",
            "created_at",
            "settled_at",
            "first_seen_via",
        ])?;
        self.cohort.add(&interviews, span);
        let text = |name: &str, row: usize| string_at(strings(&interviews, name), row).map(str::to_owned);
        let settled = times(&interviews, "settled_at");
        for row in 0..interviews.num_rows() {
            let job = text("job_id", row).unwrap_or_default();
            names.see(&job, settled.value(row), text("job_title", row), text("department", row));
            if !span.contains(settled, row) {
                self.outside += 1;
                continue;
            }
            let (id, status) = (text("interview_id", row).unwrap_or_default(), text("status", row).unwrap_or_default());
            if status == "completed" {
                self.completed.insert(id.clone(), job.clone());
            }
            self.interview_id.push(id);
            self.status.push(status);
            self.job_id.push(job);
            self.candidate_key.push(text("candidate_key", row));
            self.total_duration_seconds.push(float_at(floats(&metrics, "total_duration_seconds"), row));
            self.average_response_length.push(float_at(floats(&metrics, "average_response_length"), row));
            self.response_count.push(integers(&metrics, "response_count").value(row));
            self.answered_count.push(integers(&metrics, "answered_count").value(row));
        }
        Ok(())
    }

    fn frame(self) -> DataFrame {
        frame(vec![
            Column::new("interview_id".into(), self.interview_id),
            Column::new("status".into(), self.status),
            Column::new("job_id".into(), self.job_id),
            Column::new("candidate_key".into(), self.candidate_key),
            Column::new("total_duration_seconds".into(), self.total_duration_seconds),
            Column::new("average_response_length".into(), self.average_response_length),
            Column::new("response_count".into(), self.response_count),
            Column::new("answered_count".into(), self.answered_count),
        ])
    }
}

#[derive(Default)]
struct Responses {
    job_id: Vec<String>,
    word_count: Vec<Option<i64>>,
    words_per_minute: Vec<Option<f64>>,
    duration_seconds: Vec<Option<f64>>,
}

impl Responses {
    fn add(&mut self, lake: &Lake, path: &Path, completed: &HashMap<String, String>) -> Result<()> {
        let metrics = derived(lake, &schema::RESPONSES, &schema::RESPONSE_METRICS, path)?;
        let metrics = metrics.all(&["interview_id", "word_count", "words_per_minute"])?;
        let responses = ParquetFile::open(path)?.all(&["duration_seconds"])?;
        let ids = strings(&metrics, "interview_id");
        for row in 0..metrics.num_rows() {
            let Some(job) = completed.get(ids.value(row)) else { continue };
            self.job_id.push(job.clone());
            self.word_count.push(integer_at(integers(&metrics, "word_count"), row));
            self.words_per_minute.push(float_at(floats(&metrics, "words_per_minute"), row));
            self.duration_seconds.push(float_at(floats(&responses, "duration_seconds"), row));
        }
        Ok(())
    }

    fn frame(self) -> DataFrame {
        frame(vec![
            Column::new("job_id".into(), self.job_id),
            Column::new("word_count".into(), self.word_count),
            Column::new("words_per_minute".into(), self.words_per_minute),
            Column::new("duration_seconds".into(), self.duration_seconds),
        ])
    }
}

#[derive(Default)]
struct Hits {
    interview_id: Vec<String>,
    job_id: Vec<String>,
    set: Vec<String>,
    term: Vec<String>,
    category: Vec<Option<String>>,
    mentions: Vec<i64>,
    negated: Vec<i64>,
}

impl Hits {
    fn add(&mut self, path: &Path, set: &str, completed: &HashMap<String, String>) -> Result<()> {
        let columns = ["interview_id", "term", "category", "mentions", "negated"];
        let hits = ParquetFile::open(path)?.all(&columns)?;
        let ids = strings(&hits, "interview_id");
        for row in 0..hits.num_rows() {
            let Some(job) = completed.get(ids.value(row)) else { continue };
            self.interview_id.push(ids.value(row).to_owned());
            self.job_id.push(job.clone());
            self.set.push(set.to_owned());
            self.term.push(strings(&hits, "term").value(row).to_owned());
            self.category.push(string_at(strings(&hits, "category"), row).map(str::to_owned));
            self.mentions.push(integers(&hits, "mentions").value(row));
            self.negated.push(integers(&hits, "negated").value(row));
        }
        Ok(())
    }

    fn frame(self) -> DataFrame {
        frame(vec![
            Column::new("interview_id".into(), self.interview_id),
            Column::new("job_id".into(), self.job_id),
            Column::new("set".into(), self.set),
            Column::new("term".into(), self.term),
            Column::new("category".into(), self.category),
            Column::new("mentions".into(), self.mentions),
            Column::new("negated".into(), self.negated),
        ])
    }
}

/// Titles and departments as they come, each with its time, so that the latest can be told.
#[derive(Default)]
struct Names {
    seen: BTreeMap<String, (Latest, Latest)>,
}

type Latest = Option<(i64, String)>;

impl Names {
    fn see(&mut self, job: &str, at: i64, title: Option<String>, department: Option<String>) {
        let (latest_title, latest_department) = self.seen.entry(job.to_owned()).or_default();
        // Of several at one time the greatest wins, so that the order of files does not matter.
        *latest_title = latest_title.take().max(title.map(|title| (at, title)));
        *latest_department = latest_department.take().max(department.map(|department| (at, department)));
    }

    fn latest(self) -> BTreeMap<String, JobName> {
        let name = |(title, department): (Latest, Latest)| JobName {
            title: title.map(|(_, title)| title),
            department: department.map(|(_, department)| department),
        };
        self.seen.into_iter().map(|(job, latest)| (job, name(latest))).collect()
    }
}

fn frame(columns: Vec<Column>) -> DataFrame {
    DataFrame::new_infer_height(columns).expect("columns grow together")
}

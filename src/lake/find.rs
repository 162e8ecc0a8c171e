//! Finds interviews and questions in the lake by interview id.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use arrow::array::{Array, RecordBatch, StringArray};
use jiff::Timestamp;

use super::places::Lake;
use super::read::{
    ParquetFile, flags, float_at, floats, integer_at, integers, string_at, strings, times, timestamp_at,
};
use super::retired::is_there;
use super::schema::{CANDIDATES, INTERVIEWS, QUESTIONS, RESPONSES, Table};
use crate::model::{Candidate, Error, Interview, Job, Question, Response, Result, Status};

/// The settled interviews with some ids. They lack the vendor's id of the candidate, which is not in a lake.
///
/// # Errors
/// When the lake cannot be read.
pub fn interviews(lake: &Lake, ids: &[String]) -> Result<HashMap<String, Interview>> {
    let wanted: HashSet<&str> = ids.iter().map(String::as_str).collect();
    let mut found = HashMap::new();
    for path in lake.files(&INTERVIEWS)? {
        let mut here: HashMap<String, Interview> = HashMap::new();
        each_row(&INTERVIEWS, &path, &wanted, &mut |row| {
            let interview = row.interview();
            here.insert(interview.id.clone(), interview);
        })?;
        if here.is_empty() {
            continue;
        }
        let place = lake.place_of(&INTERVIEWS, &path);
        let file_of = |table: &Table| lake.root().join(table.name).join(place);
        // Each batch has this file, also where nobody answered: without it, it is not known what was said. The rows of an
        // interview are sorted by position.
        each_row(&RESPONSES, &file_of(&RESPONSES), &wanted, &mut |row| {
            here.entry(row.id()).and_modify(|interview| interview.responses.push(row.response()));
        })?;
        if let Some(path) = Some(file_of(&CANDIDATES)).filter(|path| is_there(path)) {
            each_row(&CANDIDATES, &path, &wanted, &mut |row| {
                let candidate = Candidate { id: None, name: row.text("name"), email: row.text("email") };
                here.entry(row.id()).and_modify(|interview| interview.candidate = candidate);
            })?;
        }
        found.extend(here);
    }
    Ok(found)
}

/// The questions of some interviews, as far as they were fetched.
///
/// # Errors
/// When the lake cannot be read.
pub fn questions(lake: &Lake, ids: &[String]) -> Result<HashMap<String, Vec<Question>>> {
    let wanted: HashSet<&str> = ids.iter().map(String::as_str).collect();
    let mut found: HashMap<String, Vec<Question>> = HashMap::new();
    for path in lake.files(&QUESTIONS)? {
        each_row(&QUESTIONS, &path, &wanted, &mut |row| found.entry(row.id()).or_default().push(row.question()))?;
    }
    Ok(found)
}

/// Calls `take` with the rows of some interviews in a table's file. Reads the ids first, and then only the wanted rows.
///
/// # Errors
/// When the file cannot be read.
pub fn each_row(table: &Table, path: &Path, wanted: &HashSet<&str>, take: &mut dyn FnMut(&TableRow)) -> Result<()> {
    let file = ParquetFile::open(path)?;
    for group in 0..file.row_groups() {
        let ids = file.row_group(group, &["interview_id"])?;
        let ids = strings(&ids, "interview_id");
        let rows: Vec<usize> =
            (0..ids.len()).filter(|row| string_at(ids, *row).is_some_and(|id| wanted.contains(id))).collect();
        if rows.is_empty() {
            continue;
        }
        let batch = file.rows_of_group(group, &rows, &file.present(&table.column_names()))?;
        let batch = table.conform(&batch).map_err(|error| Error::path("read", path, error))?;
        (0..batch.num_rows()).for_each(|at| take(&TableRow { batch: &batch, at }));
    }
    Ok(())
}

/// A row of a table.
pub struct TableRow<'a> {
    batch: &'a RecordBatch,
    at: usize,
}

impl TableRow<'_> {
    pub fn id(&self) -> String {
        self.text("interview_id").unwrap_or_default()
    }

    pub fn text(&self, column: &str) -> Option<String> {
        let column: &StringArray = strings(self.batch, column);
        string_at(column, self.at).map(str::to_owned)
    }

    fn time(&self, column: &str) -> Option<Timestamp> {
        timestamp_at(times(self.batch, column), self.at)
    }

    pub fn integer(&self, column: &str) -> Option<i64> {
        integer_at(integers(self.batch, column), self.at)
    }

    pub fn flag(&self, column: &str) -> bool {
        flags(self.batch, column).value(self.at)
    }

    pub fn float(&self, column: &str) -> Option<f64> {
        float_at(floats(self.batch, column), self.at)
    }

    fn interview(&self) -> Interview {
        Interview {
            id: self.id(),
            status: Status::from_word(&self.text("status").unwrap_or_default()),
            job: Job { id: self.text("job_id"), title: self.text("job_title"), department: self.text("department") },
            candidate: Candidate::default(),
            created_at: self.time("created_at"),
            started_at: self.time("started_at"),
            completed_at: self.time("completed_at"),
            expires_at: self.time("expires_at"),
            responses: Vec::new(),
            mended: false,
        }
    }

    fn response(&self) -> Response {
        Response {
            question_id: self.text("question_id"),
            question_text: self.text("question_text"),
            question_type: self.text("question_type"),
            transcript: self.text("transcript"),
            duration_seconds: self.float("duration_seconds"),
            answered_at: self.time("answered_at"),
            has_audio: self.flag("has_audio"),
            link: None,
        }
    }

    fn question(&self) -> Question {
        Question {
            id: self.text("question_id"),
            text: self.text("question_text"),
            question_type: self.text("question_type"),
            time_limit_seconds: self.float("time_limit_seconds"),
            order: self.integer("question_order"),
            is_custom: self.flag("is_custom"),
        }
    }
}

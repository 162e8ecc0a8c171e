//! Turns interviews and questions into the columns of the lake's tables.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float64Array, Int64Array, ListArray, RecordBatch, StringArray, StructArray,
    TimestampMicrosecondArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::DataType;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::schema::{self, ColumnType, Table};
use crate::ledger::FirstSeen;
use crate::model::{Interview, Provenance, Question};

/// An interview with everything that its rows need.
#[derive(Debug, Clone)]
pub struct InterviewRow {
    pub provenance: Provenance,
    pub interview: Interview,
    /// HMAC-SHA256 of the candidate's id, in hex.
    pub candidate_key: Option<String>,
    pub settled_at: Option<Timestamp>,
    pub first_seen: FirstSeen,
    /// When the row comes into the lake.
    pub changed_at: Timestamp,
    /// How often an open interview was fetched after its expiry, this time included.
    pub asks_after_expiry: Option<u32>,
    /// When the transcripts were erased; its answers have none then.
    pub transcripts_erased_at: Option<Timestamp>,
}

/// A question with the data of its interview.
#[derive(Debug, Clone)]
pub struct QuestionRow {
    pub interview_id: String,
    pub job_id: Option<String>,
    pub settled_at: Option<Timestamp>,
    pub question: Question,
}

/// Rows of `interviews` or `open_interviews`.
#[must_use]
pub fn interviews(rows: &[InterviewRow]) -> RecordBatch {
    let body = |get: fn(&Interview) -> Option<&str>| strings(rows.iter().map(|row| get(&row.interview)));
    let at = |get: fn(&Interview) -> Option<Timestamp>| times(rows.iter().map(|row| get(&row.interview)));
    batch(
        &schema::INTERVIEWS,
        vec![
            body(|interview| Some(&interview.id)),
            strings(rows.iter().map(|row| Some(row.provenance.source.as_str()))),
            body(|interview| Some(interview.status.as_str())),
            body(|interview| interview.job.id.as_deref()),
            body(|interview| interview.job.title.as_deref()),
            body(|interview| interview.job.department.as_deref()),
            strings(rows.iter().map(|row| row.candidate_key.as_deref())),
            at(|interview| interview.created_at),
            at(|interview| interview.started_at),
            at(|interview| interview.completed_at),
            at(|interview| interview.expires_at),
            times(rows.iter().map(|row| row.settled_at)),
            times(rows.iter().map(|row| Some(row.first_seen.at))),
            strings(rows.iter().map(|row| Some(row.first_seen.via.as_str()))),
            strings(rows.iter().map(|row| Some(row.first_seen.status.as_str()))),
            times(rows.iter().map(|row| Some(row.changed_at))),
            times(rows.iter().map(|row| Some(row.provenance.fetched_at))),
            integers(rows.iter().map(|row| row.asks_after_expiry.map(Into::into))),
        ],
    )
}

/// Rows of `responses`.
#[must_use]
pub fn responses(rows: &[InterviewRow]) -> RecordBatch {
    let all = || {
        rows.iter()
            .flat_map(|row| row.interview.responses.iter().enumerate().map(move |(at, response)| (row, at, response)))
    };
    batch(
        &schema::RESPONSES,
        vec![
            strings(all().map(|(row, ..)| Some(row.interview.id.as_str()))),
            integers(all().map(|(_, at, _)| i64::try_from(at).ok())),
            strings(all().map(|(row, ..)| row.interview.job.id.as_deref())),
            times(all().map(|(row, ..)| row.settled_at)),
            strings(all().map(|(.., response)| response.question_id.as_deref())),
            strings(all().map(|(.., response)| response.question_text.as_deref())),
            strings(all().map(|(.., response)| response.question_type.as_deref())),
            strings(all().map(|(row, _, response)| {
                response.transcript.as_deref().filter(|_| row.transcripts_erased_at.is_none())
            })),
            floats(all().map(|(.., response)| response.duration_seconds)),
            times(all().map(|(.., response)| response.answered_at)),
            flags(all().map(|(.., response)| response.has_audio)),
            times(all().map(|(row, _, response)| row.transcripts_erased_at.filter(|_| response.transcript.is_some()))),
        ],
    )
}

/// Rows of `candidates`. An interview that names nobody has no row.
#[must_use]
pub fn candidates(rows: &[InterviewRow]) -> RecordBatch {
    let known = |row: &&InterviewRow| {
        let candidate = &row.interview.candidate;
        candidate.id.is_some() || candidate.name.is_some() || candidate.email.is_some()
    };
    let rows = || rows.iter().filter(known);
    batch(
        &schema::CANDIDATES,
        vec![
            strings(rows().map(|row| row.candidate_key.as_deref())),
            strings(rows().map(|row| Some(row.interview.id.as_str()))),
            strings(rows().map(|row| row.interview.candidate.name.as_deref())),
            strings(rows().map(|row| row.interview.candidate.email.as_deref())),
        ],
    )
}

/// Rows of `questions`.
#[must_use]
pub fn questions(rows: &[QuestionRow]) -> RecordBatch {
    batch(
        &schema::QUESTIONS,
        vec![
            strings(rows.iter().map(|row| Some(row.interview_id.as_str()))),
            strings(rows.iter().map(|row| row.job_id.as_deref())),
            times(rows.iter().map(|row| row.settled_at)),
            strings(rows.iter().map(|row| row.question.id.as_deref())),
            strings(rows.iter().map(|row| row.question.text.as_deref())),
            strings(rows.iter().map(|row| row.question.question_type.as_deref())),
            floats(rows.iter().map(|row| row.question.time_limit_seconds)),
            integers(rows.iter().map(|row| row.question.order)),
            flags(rows.iter().map(|row| row.question.is_custom)),
        ],
    )
}

/// Makes a batch of columns with a table's schema.
///
/// # Panics
/// When the columns do not fit the schema, which is a mistake in this program.
#[must_use]
pub fn batch(table: &Table, columns: Vec<ArrayRef>) -> RecordBatch {
    RecordBatch::try_new(table.arrow(), columns).unwrap_or_else(|error| panic!("rows of {}: {error}", table.name))
}

pub fn strings<'a>(values: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    Arc::new(values.collect::<StringArray>())
}

pub fn integers(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
    Arc::new(values.collect::<Int64Array>())
}

pub fn floats(values: impl Iterator<Item = Option<f64>>) -> ArrayRef {
    Arc::new(values.collect::<Float64Array>())
}

/// One list of names with counts, or null.
pub fn counts(named: Option<&Map<String, Value>>) -> ArrayRef {
    let entries = || named.into_iter().flatten();
    let columns = vec![
        strings(entries().map(|(name, _)| Some(name.as_str()))),
        integers(entries().map(|(_, count)| Some(count.as_i64().unwrap_or_default()))),
    ];
    let DataType::List(field) = ColumnType::Counts.arrow() else { unreachable!("counts are a list") };
    let values = Arc::new(StructArray::new(schema::count_fields(), columns, None));
    let offsets = OffsetBuffer::from_lengths([entries().count()]);
    Arc::new(ListArray::new(field, offsets, values, Some(NullBuffer::from(vec![named.is_some()]))))
}

pub fn flags(values: impl Iterator<Item = bool>) -> ArrayRef {
    Arc::new(values.map(Some).collect::<BooleanArray>())
}

pub fn times(values: impl Iterator<Item = Option<Timestamp>>) -> ArrayRef {
    let micros = values.map(|time| time.map(Timestamp::as_microsecond));
    Arc::new(micros.collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
}

//! Mentions as rows.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::context::Shown;
use crate::lake::rows::{integers, strings};

/// One mention.
#[derive(Debug, Clone, Default)]
pub struct Hit {
    pub interview_id: String,
    pub position: i64,
    pub job_id: Option<String>,
    /// The question as it was asked.
    pub question: Option<String>,
    /// When the interview settled, in microseconds since 1970.
    pub settled_at: Option<i64>,
    /// Where it begins and ends: bytes in the transcript as it is in the lake.
    pub start: u32,
    pub end: u32,
    pub shown: Shown,
}

/// The columns of mentions.
#[must_use]
pub fn hit_schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let number = |name: &str| Field::new(name, DataType::Int64, true);
    Arc::new(Schema::new(vec![
        text("interview_id"),
        number("position"),
        text("job_id"),
        text("question"),
        number("start"),
        number("end"),
        text("left"),
        text("match"),
        text("right"),
    ]))
}

/// Mentions as rows of [`hit_schema`].
///
/// # Panics
/// Never: the columns are those of the schema.
#[must_use]
pub fn hit_rows(hits: &[Hit]) -> RecordBatch {
    let text = |of: fn(&Hit) -> Option<&str>| strings(hits.iter().map(of));
    let number = |of: fn(&Hit) -> i64| integers(hits.iter().map(|hit| Some(of(hit))));
    let columns: Vec<ArrayRef> = vec![
        text(|hit| Some(&hit.interview_id)),
        number(|hit| hit.position),
        text(|hit| hit.job_id.as_deref()),
        text(|hit| hit.question.as_deref()),
        number(|hit| hit.start.into()),
        number(|hit| hit.end.into()),
        text(|hit| Some(&hit.shown.left)),
        text(|hit| Some(&hit.shown.matched)),
        text(|hit| Some(&hit.shown.right)),
    ];
    RecordBatch::try_new(hit_schema(), columns).expect("the columns are those of the schema")
}

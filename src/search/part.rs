//! The counts of parts as rows.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StructArray};
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};

use super::tally::{By, Totals};
use crate::lake::rows::{floats, integers, strings};

/// The counts of a job, a question of a job, a type of question, or a month.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    pub job_id: Option<String>,
    /// The question as it was asked, the type, or the month.
    pub value: Option<String>,
    pub totals: Totals,
}

/// The columns of parts.
#[must_use]
pub fn part_schema(by: By) -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let number = |name: &str| Field::new(name, DataType::Int64, true);
    let mut columns = match by {
        By::Job => vec![text("job_id")],
        By::Question => vec![text("job_id"), text("question")],
        By::Type => vec![text("type")],
        By::Month => vec![text("month")],
    };
    columns.extend(["mentions", "answers", "interviews", "candidates"].map(number));
    columns.push(Field::new("of", DataType::Struct(of_fields()), false));
    columns.push(Field::new("per_1000_words", DataType::Float64, true));
    Arc::new(Schema::new(columns))
}

fn of_fields() -> Fields {
    ["words", "answers", "interviews", "candidates"].map(|name| Field::new(name, DataType::Int64, true)).to_vec().into()
}

/// Parts as rows of [`part_schema`].
///
/// # Panics
/// Never: the columns are those of the schema.
#[must_use]
pub fn part_rows(by: By, parts: &[Part]) -> RecordBatch {
    let number = |of: fn(&Totals) -> u64| integers(parts.iter().map(|part| i64::try_from(of(&part.totals)).ok()));
    let job = || strings(parts.iter().map(|part| part.job_id.as_deref()));
    let value = || strings(parts.iter().map(|part| part.value.as_deref()));
    let mut columns: Vec<ArrayRef> = match by {
        By::Job => vec![job()],
        By::Question => vec![job(), value()],
        By::Type | By::Month => vec![value()],
    };
    columns.extend([
        number(|totals| totals.mentions),
        number(|totals| totals.answers),
        number(|totals| totals.interviews),
        number(|totals| totals.candidates),
    ]);
    let of = vec![
        number(|totals| totals.of.words),
        number(|totals| totals.of.answers),
        number(|totals| totals.of.interviews),
        number(|totals| totals.of.candidates),
    ];
    columns.push(Arc::new(StructArray::new(of_fields(), of, None)));
    columns.push(floats(parts.iter().map(|part| part.totals.per_1000_words)));
    RecordBatch::try_new(part_schema(by), columns).expect("the columns are those of the schema")
}

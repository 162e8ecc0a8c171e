//! Helpers for rewriting a file of the lake: reading its rows, sorting them, and splitting them into row groups.

use arrow::array::RecordBatch;
use arrow::compute::{SortColumn, SortOptions, lexsort_to_indices, take_record_batch};
use arrow::error::ArrowError;

use super::places::Lake;
use super::read::{ParquetFile, string_at, strings};
use super::row_groups::{InterviewSize, row_groups};
use super::schema::Table;
use crate::model::{Error, Result};

/// Reads all rows of a table's file.
pub(super) fn read(lake: &Lake, table: &Table, place: &str) -> Result<RecordBatch> {
    let path = lake.root().join(table.name).join(place);
    let file = ParquetFile::open(&path)?;
    let rows = file.all(&file.present(&table.column_names()))?;
    table.conform(&rows).map_err(|error| fail(table, place, &error))
}

/// Sorts rows in the order that the table declares.
pub(super) fn sorted(batch: &RecordBatch, table: &Table) -> RecordBatch {
    let options = Some(SortOptions { descending: false, nulls_first: true });
    let by = |name: &&str| SortColumn { values: batch.column_by_name(name).expect("own column").clone(), options };
    let order = lexsort_to_indices(&table.sorted_by.iter().map(by).collect::<Vec<_>>(), None);
    order.and_then(|order| take_record_batch(batch, &order)).expect("texts and numbers can be sorted")
}

/// Splits the rows of a table into row groups. Those of an interview stay together.
pub(super) fn grouped(batch: &RecordBatch) -> Vec<RecordBatch> {
    let ids = strings(batch, "interview_id");
    let transcripts = batch.column_by_name("transcript").map(|_| strings(batch, "transcript"));
    let bytes_of = |row: usize| transcripts.and_then(|column| string_at(column, row)).map_or(0, str::len);
    let mut begin = 0;
    let sizes = std::iter::from_fn(|| {
        let rows = begin..batch.num_rows();
        let id = ids.value(rows.clone().next()?);
        begin = rows.clone().find(|row| ids.value(*row) != id).unwrap_or(rows.end);
        let rows = rows.start..begin;
        Some(InterviewSize { rows: rows.len(), transcript_bytes: rows.map(bytes_of).sum() })
    });
    row_groups(sizes).map(|group| batch.slice(group.rows.start, group.rows.len())).collect()
}

pub(super) fn fail(table: &Table, place: &str, error: &ArrowError) -> Error {
    Error::failed(format!("cannot replace rows of {}/{place}: {error}", table.name))
}

//! What every rewriting of a file of the lake needs: its rows as they are, in the table's order, in row groups.

use arrow::array::RecordBatch;
use arrow::compute::{SortColumn, SortOptions, lexsort_to_indices, take_record_batch};
use arrow::error::ArrowError;

use super::Lake;
use super::read::{ParquetFile, string_at, strings};
use super::schema::Table;
use super::write::{ROW_GROUP_ROWS, ROW_GROUP_TRANSCRIPT_BYTES};
use crate::model::{Error, Result};

pub(super) fn read(lake: &Lake, table: &Table, place: &str) -> Result<RecordBatch> {
    let path = lake.root().join(table.name).join(place);
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name).collect();
    let rows = ParquetFile::open(&path)?.all(&columns)?;
    rows.with_schema(table.arrow()).map_err(|error| fail(table, place, &error))
}

/// The rows in the order that the table declares.
pub(super) fn sorted(batch: &RecordBatch, table: &Table) -> RecordBatch {
    let options = Some(SortOptions { descending: false, nulls_first: true });
    let by = |name: &&str| SortColumn { values: batch.column_by_name(name).expect("own column").clone(), options };
    let order = lexsort_to_indices(&table.sorted_by.iter().map(by).collect::<Vec<_>>(), None);
    order.and_then(|order| take_record_batch(batch, &order)).expect("texts and numbers can be sorted")
}

/// Slices of at most so many rows and bytes of transcript, which never split an interview.
pub(super) fn row_groups(batch: &RecordBatch) -> Vec<RecordBatch> {
    let ids = strings(batch, "interview_id");
    let transcripts = batch.column_by_name("transcript").map(|_| strings(batch, "transcript"));
    let bytes_of = |row: usize| transcripts.and_then(|column| string_at(column, row)).map_or(0, str::len);
    let mut groups = Vec::new();
    let (mut begin, mut bytes, mut row) = (0, 0, 0);
    while row < batch.num_rows() {
        let end = (row..batch.num_rows()).find(|next| ids.value(*next) != ids.value(row)).unwrap_or(batch.num_rows());
        let more: usize = (row..end).map(bytes_of).sum();
        if row > begin && (bytes + more > ROW_GROUP_TRANSCRIPT_BYTES || end - begin > ROW_GROUP_ROWS) {
            groups.push(batch.slice(begin, row - begin));
            (begin, bytes) = (row, 0);
        }
        bytes += more;
        row = end;
    }
    groups.push(batch.slice(begin, row - begin));
    groups
}

pub(super) fn fail(table: &Table, place: &str, error: &ArrowError) -> Error {
    Error::failed(format!("cannot replace rows of {}/{place}: {error}", table.name))
}

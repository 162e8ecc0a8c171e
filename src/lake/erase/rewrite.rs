//! Writes files anew without what is erased.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch, StringArray};
use arrow::compute::filter_record_batch;
use jiff::Timestamp;

use super::find::{Change, Touched, mentions};
use super::record::Rows;
use crate::lake::log::CommitKind;
use crate::lake::places::Lake;
use crate::lake::publish::Staging;
use crate::lake::read::{ParquetFile, string_at, strings, times, timestamp_at};
use crate::lake::rows;
use crate::lake::schema::{
    INTERVIEWS, RESPONSES, RUNS, SCHEMA, SCHEMA_VERSION, SOURCE_SHA256, TABLE, Table, is_source,
};
use crate::lake::sources::{source_place, source_sha256};
use crate::ledger::{Change as Learned, Ledger};
use crate::model::{Error, Result};

/// What stands in a message for an id that is erased.
const ERASED: &str = "[erased]";

/// Erases rows from the files that were found, in one commit. `at` is when the erasure was asked for.
///
/// # Errors
/// When the lake cannot be read or written. Nothing is erased then, or the next opening finishes it.
pub fn erase_rows(lake: &Lake, ledger: &mut Ledger, found: &[Touched], what: &Rows, at: Timestamp) -> Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let mut staging = Staging::begin(lake, ledger, CommitKind::Erase)?;
    // The table of jobs is counted anew when they are published.
    let (sources, derived): (Vec<&Touched>, Vec<&Touched>) =
        found.iter().partition(|touched| is_source(touched.table.name));
    for touched in sources.into_iter().chain(derived) {
        rewrite(lake, &mut staging, touched, what, at)?;
    }
    staging.publish(ledger, Learned::default())
}

/// Writes a file anew, row group by row group. So a row group of figures stays that of the same row group of answers.
fn rewrite(lake: &Lake, staging: &mut Staging<'_>, touched: &Touched, what: &Rows, at: Timestamp) -> Result<()> {
    let Touched { file, table, .. } = touched;
    let path = lake.root().join(&file.path);
    let opened = ParquetFile::open(&path)?;
    let columns = opened.present(&table.column_names());
    let change = Change::of(table, what);
    let mut failed = None;
    let groups = (0..opened.row_groups()).map_while(|group| {
        let rows = opened
            .row_group(group, &columns)
            .and_then(|rows| table.conform(&rows).map_err(|error| Error::path("read", &path, error)));
        match rows {
            Ok(rows) => Some(without(table, rows, &change, what, at)),
            Err(error) => {
                failed = Some(error);
                None
            }
        }
    });
    let metadata = metadata(staging, &opened, touched);
    let pairs: Vec<(&str, &str)> = metadata.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    staging.replace_with(&file.path, table, &pairs, groups)?;
    failed.map_or(Ok(()), Err)
}

/// The metadata of a derived file, which names the new bytes of its source. One that was of other bytes before, or of an
/// older version of the tables, stays one that has to be made again.
fn metadata(staging: &Staging<'_>, opened: &ParquetFile, touched: &Touched) -> Vec<(String, String)> {
    let Touched { file, table, .. } = touched;
    let place = file.path.split_once('/').map_or("", |(_, place)| source_place(place));
    let [interviews, responses] = [&INTERVIEWS, &RESPONSES].map(|source| format!("{}/{place}", source.name));
    let before = source_sha256(table, staging.sha256_before(&interviews), staging.sha256_before(&responses));
    let after = source_sha256(table, staging.sha256_after(&interviews), staging.sha256_after(&responses));
    let is_current = opened.metadata(SCHEMA) == Some(SCHEMA_VERSION)
        && before.is_some_and(|before| opened.metadata(SOURCE_SHA256) == Some(&before));
    let own = opened.own_metadata().filter(|(key, _)| ![TABLE, SCHEMA].contains(key));
    own.map(|(key, value)| {
        let new = after.as_deref().filter(|_| key == SOURCE_SHA256 && is_current);
        (key.to_owned(), new.unwrap_or(value).to_owned())
    })
    .collect()
}

/// The rows of a table without what is erased.
fn without(table: &Table, rows: RecordBatch, change: &Change<'_>, what: &Rows, at: Timestamp) -> RecordBatch {
    if table.name == RUNS.name {
        let errors = strings(&rows, "error").iter().map(|text| text.map(|text| redacted(text, what)));
        let errors: StringArray = errors.collect();
        return with_columns(table, &rows, &[("error", Arc::new(errors))]);
    }
    let ids = strings(&rows, "interview_id");
    let is_kept: BooleanArray = (0..rows.num_rows()).map(|row| Some(!change.drop.contains(ids.value(row)))).collect();
    let kept = filter_record_batch(&rows, &is_kept).expect("a flag for each row");
    if change.blank.is_empty() {
        return kept;
    }
    let ids = strings(&kept, "interview_id");
    let (texts, erased) = (strings(&kept, "transcript"), times(&kept, "transcript_erased_at"));
    let goes = |row: usize| change.blank.contains(ids.value(row));
    let transcripts = rows::strings((0..kept.num_rows()).map(|row| string_at(texts, row).filter(|_| !goes(row))));
    let erased_at = rows::times((0..kept.num_rows()).map(|row| {
        let now = (goes(row) && texts.is_valid(row)).then_some(at);
        timestamp_at(erased, row).or(now)
    }));
    with_columns(table, &kept, &[("transcript", transcripts), ("transcript_erased_at", erased_at)])
}

/// Rows with other values in some columns.
fn with_columns(table: &Table, rows: &RecordBatch, new: &[(&str, ArrayRef)]) -> RecordBatch {
    let column = |(index, old): (usize, &ArrayRef)| {
        let name = table.columns[index].name;
        new.iter().find(|(changed, _)| *changed == name).map_or_else(|| Arc::clone(old), |(_, new)| Arc::clone(new))
    };
    rows::batch(table, rows.columns().iter().enumerate().map(column).collect())
}

/// A message without the ids that are erased.
fn redacted(text: &str, what: &Rows) -> String {
    if !mentions(text, what) {
        return text.to_owned();
    }
    what.interviews.iter().fold(text.to_owned(), |text, id| text.replace(id.as_str(), ERASED))
}

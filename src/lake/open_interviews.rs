//! The table of open interviews: one file, replaced as a whole by each batch that changes it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::Field;

use super::places::Lake;
use super::read::{ParquetFile, string_at, strings, times, timestamp_at};
use super::rows::{self, InterviewRow};
use super::schema;
use super::write::ROW_GROUP_ROWS;
use crate::ledger::{InterviewState, Ledger};
use crate::model::{Error, Result};

/// The path of the one file of `open_interviews`, relative to the lake.
#[must_use]
pub fn open_interviews_path() -> String {
    format!("{0}/{0}.parquet", schema::OPEN_INTERVIEWS.name)
}

/// The table of open interviews as it will be after a batch: old and new rows in order. It is never in memory twice.
pub struct OpenTable {
    /// The old table, then the new rows.
    sources: [RecordBatch; 2],
    /// The rows in order, each as the index of its source and the index of the row.
    order: Vec<(usize, usize)>,
}

impl OpenTable {
    /// The row groups of the table.
    pub fn groups(&self) -> impl Iterator<Item = RecordBatch> {
        let sources = self.sources.each_ref();
        let group = move |rows| interleave_record_batch(&sources, rows).expect("both are of this table");
        self.order.chunks(ROW_GROUP_ROWS).map(group)
    }
}

/// The table of open interviews as it will be after a batch, or `None` when it does not change. Interviews that are
/// gone, set aside or erased now are removed.
///
/// # Errors
/// When the table or the ledger cannot be read.
pub fn open_interviews_after(
    lake: &Lake,
    ledger: &Ledger,
    settled: &[InterviewRow],
    open: &[InterviewRow],
    erased: &HashSet<String>,
) -> Result<Option<OpenTable>> {
    let table = &schema::OPEN_INTERVIEWS;
    let path = lake.root().join(open_interviews_path());
    let new = rows::interviews(open).with_schema(table.arrow()).expect("both tables have the same columns");
    let before = if path.exists() {
        let file = ParquetFile::open(&path)?;
        let rows = file.all(&file.present(&table.column_names()))?;
        table.conform(&rows).map_err(|error| Error::path("read", &path, error))?
    } else {
        RecordBatch::new_empty(table.arrow())
    };
    let new = with_old_times(new, &before);
    let touched: HashSet<&str> = settled.iter().chain(open).map(|row| row.interview.id.as_str()).collect();
    let mut order = Vec::with_capacity(before.num_rows() + new.num_rows());
    for (row, id) in strings(&before, "interview_id").iter().flatten().enumerate() {
        let state = ledger.state(id)?.unwrap_or(InterviewState::Open);
        if !touched.contains(id)
            && !erased.contains(id)
            && matches!(state, InterviewState::Open | InterviewState::Stale | InterviewState::Failed)
        {
            order.push((0, row));
        }
    }
    if open.is_empty() && order.len() == before.num_rows() {
        return Ok(None);
    }
    order.extend((0..new.num_rows()).map(|row| (1, row)));
    let sources = [before, new];
    let keys =
        sources.each_ref().map(|rows| table.sorted_by.iter().map(|name| strings(rows, name)).collect::<Vec<_>>());
    order.sort_unstable_by(|&(a, a_row), &(b, b_row)| {
        let key = |source: usize, row| keys[source].iter().map(move |column| string_at(column, row));
        key(a, a_row).cmp(key(b, b_row))
    });
    Ok(Some(OpenTable { sources, order }))
}

/// New rows with the `changed_at` of the old ones that say the same. Only when they were asked for is new then.
fn with_old_times(new: RecordBatch, old: &RecordBatch) -> RecordBatch {
    const TIMES: [&str; 3] = ["changed_at", "asked_at", "asks_after_expiry"];
    let (new_ids, old_ids) = (strings(&new, "interview_id"), strings(old, "interview_id"));
    let places: HashMap<&str, usize> = old_ids.iter().flatten().zip(0..).collect();
    let schema = new.schema();
    let said: Vec<usize> =
        (0..schema.fields().len()).filter(|index| !TIMES.contains(&schema.field(*index).name().as_str())).collect();
    let (new_said, old_said) = (new.project(&said).expect("own columns"), old.project(&said).expect("own columns"));
    let (new_times, old_times) = (times(&new, "changed_at"), times(old, "changed_at"));
    let changed_at = (0..new.num_rows()).map(|row| {
        let place = places.get(new_ids.value(row)).filter(|place| new_said.slice(row, 1) == old_said.slice(**place, 1));
        place.and_then(|place| timestamp_at(old_times, *place)).or_else(|| timestamp_at(new_times, row))
    });
    let changed_at = rows::times(changed_at);
    let column = |(field, column): (&Arc<Field>, &ArrayRef)| {
        Arc::clone(if field.name() == "changed_at" { &changed_at } else { column })
    };
    let columns = schema.fields().iter().zip(new.columns()).map(column).collect();
    rows::batch(&schema::OPEN_INTERVIEWS, columns)
}

//! Answers whose transcript was erased keep the figures and hits that they had: nothing can be computed of them any more,
//! whatever is asked for.

use std::collections::HashMap;
use std::path::Path;

use arrow::array::{Array, ArrayRef, RecordBatch, UInt64Array};
use arrow::compute::{SortColumn, SortOptions, concat_batches, interleave, lexsort_to_indices, take_record_batch};

use crate::lake::read::{ParquetFile, integer_at, integers, strings};
use crate::lake::schema::Table;
use crate::model::{Error, Result};

/// What identifies a row: its interview and, of an answer, its position.
type Key = (String, Option<i64>);

/// Rows of a file by what identifies them.
type Places = HashMap<Key, Vec<usize>>;

/// The erased answers of a file, by row group: a key where a row is one.
pub struct Erased {
    groups: Vec<Vec<Option<Key>>>,
}

impl Erased {
    /// Finds them. `None` if there are none.
    pub fn of(answers: &ParquetFile) -> Result<Option<Self>> {
        if answers.present(&["transcript_erased_at"]).is_empty() {
            return Ok(None);
        }
        // With its ids as plain texts.
        let answers = ParquetFile::open(answers.path())?;
        let keys = |group: usize| -> Result<Vec<Option<Key>>> {
            if answers.is_all_null(group, "transcript_erased_at") {
                return Ok(vec![None; answers.rows_in_group(group)]);
            }
            let rows = answers.row_group(group, &["interview_id", "position", "transcript_erased_at"])?;
            let erased = rows.column_by_name("transcript_erased_at").expect("it was read");
            let key = |row: usize| erased.is_valid(row).then(|| key_of(&rows, row, true));
            Ok((0..rows.num_rows()).map(key).collect())
        };
        let groups: Vec<Vec<Option<Key>>> = (0..answers.row_groups()).map(keys).collect::<Result<_>>()?;
        Ok(groups.iter().flatten().any(Option::is_some).then_some(Self { groups }))
    }

    /// Puts the figures that erased answers had into new columns, by row group.
    pub fn carry_figures(&self, table: &Table, old: &Path, columns: &mut [Vec<ArrayRef>]) -> Result<()> {
        carry(table, old, true, columns, &self.groups)
    }

    /// Puts the figures that interviews had into new columns, by row group, if an answer of theirs is erased.
    pub fn carry_interviews(
        &self,
        table: &Table,
        old: &Path,
        interviews: &ParquetFile,
        columns: &mut [Vec<ArrayRef>],
    ) -> Result<()> {
        let erased: std::collections::HashSet<&str> =
            self.groups.iter().flatten().flatten().map(|(id, _)| id.as_str()).collect();
        let keys = |group: usize| -> Result<Vec<Option<Key>>> {
            let rows = interviews.row_group(group, &["interview_id"])?;
            let ids = strings(&rows, "interview_id");
            let key = |row: usize| erased.contains(ids.value(row)).then(|| (ids.value(row).to_owned(), None));
            Ok((0..rows.num_rows()).map(key).collect())
        };
        let keys: Vec<Vec<Option<Key>>> = (0..interviews.row_groups()).map(keys).collect::<Result<_>>()?;
        carry(table, old, false, columns, &keys)
    }

    /// Adds the hits that erased answers had to new ones, by row group.
    pub fn carry_hits(&self, table: &Table, old: &Path, hits: &mut [RecordBatch]) -> Result<()> {
        let Some((rows, places)) = rows_of(table, old, true)? else { return Ok(()) };
        for (batch, keys) in hits.iter_mut().zip(&self.groups) {
            let mine: UInt64Array =
                keys.iter().flatten().filter_map(|key| places.get(key)).flatten().map(|row| *row as u64).collect();
            if mine.is_empty() {
                continue;
            }
            let carried = take_record_batch(&rows, &mine).expect("the rows are there");
            let all = concat_batches(&table.arrow(), &[table.conform(batch).expect("own columns"), carried]);
            let all = all.expect("rows of one table");
            let options = Some(SortOptions { descending: false, nulls_first: true });
            let by = table.sorted_by.iter().chain(&["term"]);
            let by: Vec<SortColumn> = by
                .map(|name| SortColumn { values: all.column_by_name(name).expect("own column").clone(), options })
                .collect();
            let order = lexsort_to_indices(&by, None).and_then(|order| take_record_batch(&all, &order));
            *batch = order.expect("texts and numbers can be sorted");
        }
        Ok(())
    }
}

/// Puts values of an older file into new columns, which are the table's last ones, where a row has a key.
fn carry(
    table: &Table,
    old: &Path,
    by_position: bool,
    columns: &mut [Vec<ArrayRef>],
    keys: &[Vec<Option<Key>>],
) -> Result<()> {
    let Some((rows, places)) = rows_of(table, old, by_position)? else { return Ok(()) };
    for (columns, keys) in columns.iter_mut().zip(keys) {
        let first = table.columns.len() - columns.len();
        let place = |(row, key): (usize, &Option<Key>)| {
            let old = key.as_ref().and_then(|key| places.get(key)?.first());
            old.map_or((0, row), |old| (1, *old))
        };
        let indices: Vec<(usize, usize)> = keys.iter().enumerate().map(place).collect();
        if indices.iter().all(|(from, _)| *from == 0) {
            continue;
        }
        for (at, column) in columns.iter_mut().enumerate() {
            let carried = interleave(&[column.as_ref(), rows.column(first + at).as_ref()], &indices);
            *column = carried.expect("columns of one table");
        }
    }
    Ok(())
}

/// The rows of a file that was derived before, and where each key is. `None` if it cannot be read.
fn rows_of(table: &Table, path: &Path, by_position: bool) -> Result<Option<(RecordBatch, Places)>> {
    if !path.exists() {
        return Ok(None);
    }
    let file = ParquetFile::open(path)?;
    let rows = file.all(&file.present(&table.column_names()))?;
    let rows = table.conform(&rows).map_err(|error| Error::path("read", path, error))?;
    let mut places = Places::new();
    for row in 0..rows.num_rows() {
        places.entry(key_of(&rows, row, by_position)).or_default().push(row);
    }
    Ok(Some((rows, places)))
}

fn key_of(rows: &RecordBatch, row: usize, by_position: bool) -> Key {
    let position = if by_position { integer_at(integers(rows, "position"), row) } else { None };
    (strings(rows, "interview_id").value(row).to_owned(), position)
}

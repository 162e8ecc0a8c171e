//! Reads all pages of a file, and looks at what its rows are: their keys, whom they belong to, and their month.

use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use jiff::Timestamp;
use rayon::prelude::*;

use super::keys::{Key, KeyColumns, repeated};
use crate::lake::read::{ParquetFile, time_at, times};
use crate::lake::schema::{ColumnType, Table};
use crate::model::Result;
use crate::model::interview::month_of;

/// Rows that are in memory at once, of each row group that is being read.
const ROWS: usize = 4_096;

/// What the rows of a file have to be.
pub struct Rules<'a> {
    pub table: &'a Table,
    /// The month that its folder names.
    pub month: Option<&'a str>,
    /// What its rows belong to: columns, and the sorted keys that these may have.
    pub parents: Option<(&'a [&'a str], &'a [Key])>,
}

/// What the rows of a file are.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Walked {
    pub rows: u64,
    /// Sorted, without those that are null in part.
    pub keys: Vec<Key>,
    /// Keys that are there more than once.
    pub repeated: u64,
    /// Rows that belong to nothing.
    pub orphans: u64,
    /// Rows of another month than the folder's.
    pub misplaced: u64,
}

/// Opens a file to be walked. Its texts are read as views of its pages, without copying them.
///
/// # Errors
/// When it is no Parquet file.
pub fn open(path: &Path, table: &Table) -> Result<ParquetFile> {
    let texts = table.columns.iter().filter(|column| column.column_type == ColumnType::Text);
    ParquetFile::open_as(path, &texts.map(|column| (column.name, DataType::Utf8View)).collect::<Vec<_>>())
}

/// Reads every page of every column.
///
/// # Errors
/// When one cannot be read.
pub fn walk(file: &ParquetFile, rules: &Rules<'_>) -> Result<Walked> {
    let columns: Vec<&str> = file.schema().fields().iter().map(|field| field.name().as_str()).collect();
    let groups = (0..file.row_groups()).into_par_iter().map(|group| {
        let mut walked = Walked::default();
        for batch in file.batches(group, &columns, ROWS)? {
            look_at(&batch?, rules, &mut walked);
        }
        Ok(walked)
    });
    let mut all = Walked::default();
    for Walked { rows, keys, orphans, misplaced, .. } in groups.collect::<Result<Vec<_>>>()? {
        all.rows += rows;
        all.orphans += orphans;
        all.misplaced += misplaced;
        all.keys.extend(keys);
    }
    all.keys.sort_unstable();
    all.repeated = repeated(&all.keys);
    Ok(all)
}

fn look_at(batch: &RecordBatch, rules: &Rules<'_>, walked: &mut Walked) {
    let Rules { table, month, parents } = rules;
    walked.rows += batch.num_rows() as u64;
    let own = KeyColumns::of(batch, table, table.key);
    walked.keys.extend((0..batch.num_rows()).filter_map(|row| own.key(row)));
    if let Some((columns, keys)) = parents {
        let parent = KeyColumns::of(batch, table, columns);
        // Rows of one parent follow one another.
        let mut last = (None, true);
        for key in (0..batch.num_rows()).map(|row| parent.key(row)) {
            if last.0 != Some(key) {
                last = (Some(key), key.is_none_or(|key| keys.binary_search(&key).is_ok()));
            }
            walked.orphans += u64::from(!last.1);
        }
    }
    if let (Some(month), Some(dated)) = (month, dated_by(table)) {
        let dates = times(batch, dated);
        let mut month = Month { name: month, known: None };
        walked.misplaced += (0..batch.num_rows()).filter(|row| !month.has(time_at(dates, *row))).count() as u64;
    }
}

/// The column whose month names the folder. `candidates` has none: its rows follow those of their interviews.
pub fn dated_by(table: &Table) -> Option<&'static str> {
    ["settled_at", "started_at", "sent_at", "erased_at"]
        .into_iter()
        .find(|name| table.columns.iter().any(|column| column.name == *name))
}

/// A month, with times that are known to be in it: whatever is between two times of a month is in it, too.
struct Month<'a> {
    name: &'a str,
    known: Option<(i64, i64)>,
}

impl Month<'_> {
    fn has(&mut self, micros: Option<i64>) -> bool {
        if let (Some(micros), Some((first, last))) = (micros, self.known)
            && (first..=last).contains(&micros)
        {
            return true;
        }
        let time = micros.and_then(|micros| Timestamp::from_microsecond(micros).ok());
        let is_in = month_of(time) == self.name;
        if let (true, Some(_), Some(micros)) = (is_in && self.name != month_of(None), time, micros) {
            let (first, last) = self.known.unwrap_or((micros, micros));
            self.known = Some((first.min(micros), last.max(micros)));
        }
        is_in
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_has_the_times_that_month_of_says() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
        let times = [
            None,
            Some(i64::MIN),
            Some(i64::MAX),
            Some(at("-000100-01-01T00:00:00Z")),
            Some(at("2024-02-01T00:00:00Z")),
            Some(at("2024-02-29T23:59:59.999999Z")),
            Some(at("2024-01-31T23:59:59.999999Z")),
            Some(at("2024-03-01T00:00:00Z")),
            Some(at("2024-02-11T10:00:00Z")),
            Some(0),
        ];
        for name in ["2024-02", "2024-01", "unknown", "1970-01"] {
            let mut month = Month { name, known: None };
            for micros in times.into_iter().chain(times) {
                let time = micros.and_then(|micros| Timestamp::from_microsecond(micros).ok());
                assert_eq!(month.has(micros), month_of(time) == name, "{micros:?} in {name}");
            }
        }
    }
}

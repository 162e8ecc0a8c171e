//! Replaces interviews that are in the lake: their files are rewritten under the same names with the new rows.

use std::collections::{BTreeMap, HashMap, HashSet};

use arrow::array::{RecordBatch, UInt64Array};
use arrow::compute::{concat_batches, take_record_batch};

use super::places::Lake;
use super::publish::Staging;
use super::read::{ParquetFile, string_at, strings};
use super::recordings::{self, Answers};
use super::rewrite::{fail, grouped, read, sorted};
use super::rows::{self, InterviewRow};
use super::schema::{self, Table};
use crate::model::Result;
use crate::model::interview::month_of;

/// Makes a table's rows from interviews.
type RowsOf = fn(&[InterviewRow]) -> RecordBatch;

/// The tables that hold rows of a settled interview's body, and the functions that make these rows.
const TABLES: [(&Table, RowsOf); 3] = [
    (&schema::CANDIDATES, rows::candidates),
    (&schema::RESPONSES, rows::responses),
    (&schema::INTERVIEWS, rows::interviews),
];

/// The index of the table of answers.
const RESPONSES: usize = 1;

/// The result of replacing interviews.
pub struct Replaced {
    /// How many interviews were replaced.
    pub count: u64,
    /// Interviews whose month has changed. The batch removes their old rows, and their new ones are still to be
    /// written.
    pub moved: Vec<InterviewRow>,
}

/// Rewrites the rows of interviews that are in the lake into a batch that is being staged. Interviews whose rows are
/// the same are left alone, and so are their files. Rows of their recordings are rewritten as well.
///
/// Keeps the files of one batch and month in memory at a time.
///
/// # Errors
/// When the lake cannot be read or the batch cannot be written.
pub fn replace(lake: &Lake, staging: &mut Staging<'_>, rows: Vec<InterviewRow>) -> Result<Replaced> {
    let mut replaced = Replaced { count: 0, moved: Vec::new() };
    let mut recorded = HashMap::new();
    for (place, rows) in places(lake, rows)? {
        let mut before = Vec::new();
        for (table, _) in TABLES {
            before.push(read(lake, table, &place)?);
        }
        let is_other = |row: &InterviewRow| {
            let mut tables = TABLES.iter().zip(&before);
            tables.any(|((table, rows_of), before)| {
                let ids = HashSet::from([row.interview.id.as_str()]);
                said(&only(before, &ids, true), table) != said(&rows_of(std::slice::from_ref(row)), table)
            })
        };
        let changed: Vec<InterviewRow> = rows.into_iter().filter(is_other).collect();
        if changed.is_empty() {
            continue;
        }
        replaced.count += changed.len() as u64;
        let ids: HashSet<&str> = changed.iter().map(|row| row.interview.id.as_str()).collect();
        let (stay, move_on): (Vec<&InterviewRow>, Vec<&InterviewRow>) =
            changed.iter().partition(|row| place.starts_with(&format!("month={}/", month_of(row.settled_at))));
        let stay: Vec<InterviewRow> = stay.into_iter().cloned().collect();
        for ((table, rows_of), before) in TABLES.iter().zip(&before) {
            let batches = [only(before, &ids, false), rows_of(&stay)];
            let all = concat_batches(&table.arrow(), &batches).map_err(|error| fail(table, &place, &error))?;
            staging.replace(&format!("{}/{place}", table.name), table, grouped(&sorted(&all, table)))?;
        }
        replaced.moved.extend(move_on.into_iter().cloned());
        let answers = &before[RESPONSES];
        recorded.extend(changed.iter().map(|row| (row.interview.id.clone(), Answers::of(row, answers))));
    }
    recordings::replace(lake, staging, &recorded)?;
    Ok(replaced)
}

/// What rows say of interviews, sorted: without the columns that only tell when they were read.
fn said(rows: &RecordBatch, table: &Table) -> RecordBatch {
    let mut rows = sorted(rows, table);
    for column in ["changed_at", "asked_at"] {
        if let Ok(index) = rows.schema().index_of(column) {
            rows.remove_column(index);
        }
    }
    rows
}

/// Groups interviews by the file that they are in, `month=…/<batch>.parquet`, which has the same name in each table.
fn places(lake: &Lake, rows: Vec<InterviewRow>) -> Result<BTreeMap<String, Vec<InterviewRow>>> {
    let mut wanted: HashMap<String, InterviewRow> =
        rows.into_iter().map(|row| (row.interview.id.clone(), row)).collect();
    let mut places: BTreeMap<String, Vec<InterviewRow>> = BTreeMap::new();
    if wanted.is_empty() {
        return Ok(places);
    }
    for path in lake.files(&schema::INTERVIEWS)? {
        let ids = ParquetFile::open(&path)?.all(&["interview_id"])?;
        let found: Vec<InterviewRow> =
            strings(&ids, "interview_id").iter().flatten().filter_map(|id| wanted.remove(id)).collect();
        if !found.is_empty() {
            places.insert(lake.place_of(&schema::INTERVIEWS, &path).display().to_string(), found);
        }
    }
    Ok(places)
}

/// The rows of some interviews, or if not `wanted`, of all others.
fn only(batch: &RecordBatch, ids: &HashSet<&str>, wanted: bool) -> RecordBatch {
    let column = strings(batch, "interview_id");
    let is_wanted = |row: &usize| string_at(column, *row).is_some_and(|id| ids.contains(id)) == wanted;
    let rows: UInt64Array = (0..batch.num_rows()).filter(is_wanted).map(|row| row as u64).collect();
    take_record_batch(batch, &rows).expect("the rows are there")
}

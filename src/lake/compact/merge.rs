//! Merges files of a table that are sorted into row groups that are. Holds one row group and a few rows of each file.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::mem;

use arrow::array::{RecordBatch, StringArray};
use arrow::compute::{SortOptions, interleave_record_batch};
use arrow::row::{OwnedRow, RowConverter, Rows, SortField};

use crate::lake::read::{ParquetFile, string_at, strings};
use crate::lake::schema::Table;
use crate::lake::write::{ROW_GROUP_ROWS, ROW_GROUP_TRANSCRIPT_BYTES};
use crate::model::{Error, Result};

/// About how many bytes of rows are read ahead of all files together.
const AHEAD_BYTES: usize = 64 << 20;
/// Least and most rows that are read ahead of one file.
const AHEAD_ROWS: [usize; 2] = [16, 8192];

/// Compares the rows of tables that are sorted by the same columns.
pub struct Order(RowConverter);

impl Order {
    /// The order that a table declares: ascending, nulls first.
    ///
    /// # Panics
    /// Never: all columns that tables are sorted by can be compared.
    pub fn of(table: &Table) -> Self {
        let options = SortOptions { descending: false, nulls_first: true };
        let field = |name: &&str| {
            let column = table.columns.iter().find(|column| column.name == *name).expect("its own column");
            SortField::new_with_options(column.column_type.arrow(), options)
        };
        let fields = table.sorted_by.iter().map(field).collect();
        Self(RowConverter::new(fields).expect("texts, numbers and times can be compared"))
    }

    fn rows(&self, table: &Table, batch: &RecordBatch) -> Rows {
        let column = |name: &&str| batch.column_by_name(name).expect("its own column").clone();
        let columns: Vec<_> = table.sorted_by.iter().map(column).collect();
        self.0.convert_columns(&columns).expect("its own types")
    }
}

/// Where row groups end.
pub enum Ends {
    /// Where they are full, as in a file that is written at once: interviews stay together.
    Full,
    /// After the rows that are not greater than each of these.
    At(Vec<OwnedRow>),
}

/// A file that is being read.
struct Cursor<'a> {
    batches: Box<dyn Iterator<Item = Result<RecordBatch>> + Send + 'a>,
    path: String,
    /// The rows that were read last: which of [`Merge::batches`] they are, their keys, and the next of them.
    batch: usize,
    keys: Option<Rows>,
    at: usize,
}

/// A row by the number of its batch and its place there.
type Place = (usize, usize);

/// Rows that stay together.
#[derive(Default)]
struct Unit {
    /// The key of the first of them.
    key: Option<OwnedRow>,
    rows: Vec<Place>,
    transcript_bytes: usize,
}

/// The row groups of the merged file.
pub struct Merge<'a> {
    table: &'a Table,
    order: &'a Order,
    ends: Ends,
    cursors: Vec<Cursor<'a>>,
    /// The next row of each file that has one but the one that is read from; of equal ones that of the first file.
    next: BinaryHeap<Reverse<(OwnedRow, usize)>>,
    /// The file that is read from.
    from: Option<usize>,
    batches: Vec<RecordBatch>,
    /// Rows that the last group had no room for.
    left: Option<Unit>,
    /// The last key of each group so far.
    pub last_keys: Vec<OwnedRow>,
    /// How many groups were made.
    made: usize,
}

impl<'a> Merge<'a> {
    /// Begins to merge files, whose rows are sorted as their table declares.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn of(table: &'a Table, order: &'a Order, files: &'a [ParquetFile], ends: Ends) -> Result<Self> {
        let mut merge = Self {
            table,
            order,
            ends,
            cursors: Vec::new(),
            next: BinaryHeap::new(),
            from: None,
            batches: Vec::new(),
            left: None,
            last_keys: Vec::new(),
            made: 0,
        };
        for (index, file) in files.iter().enumerate() {
            let rows = usize::try_from(file.rows()).unwrap_or(usize::MAX).max(1);
            let row_bytes = usize::try_from(file.uncompressed_bytes()).unwrap_or(usize::MAX) / rows;
            let ahead = (AHEAD_BYTES / files.len() / row_bytes.max(1)).clamp(AHEAD_ROWS[0], AHEAD_ROWS[1]);
            let stream = file.stream(&file.present(&table.column_names()), ahead)?;
            // A reader holds some memory for each column, which adds up over hundreds of small files.
            let batches: Box<dyn Iterator<Item = Result<RecordBatch>> + Send> =
                if rows <= ahead { Box::new(stream.collect::<Vec<_>>().into_iter()) } else { Box::new(stream) };
            let path = file.path().display().to_string();
            merge.cursors.push(Cursor { batches, path, batch: 0, keys: None, at: 0 });
            merge.read_on(index)?;
            merge.wait(index);
        }
        Ok(merge)
    }

    /// Reads the next rows of a file.
    fn read_on(&mut self, index: usize) -> Result<()> {
        let cursor = &mut self.cursors[index];
        let before = cursor.keys.take().filter(|keys| keys.num_rows() > 0);
        for batch in cursor.batches.by_ref() {
            let fail = |error: &dyn std::fmt::Display| Error::path("read", cursor.path.as_ref(), error);
            let batch = self.table.conform(&batch?).map_err(|error| fail(&error))?;
            if batch.num_rows() == 0 {
                continue;
            }
            let keys = self.order.rows(self.table, &batch);
            let last = before.as_ref().map(|keys| keys.row(keys.num_rows() - 1));
            if !keys.iter().is_sorted() || last.is_some_and(|last| last > keys.row(0)) {
                return Err(fail(&"its rows are not sorted"));
            }
            (cursor.batch, cursor.at, cursor.keys) = (self.batches.len(), 0, Some(keys));
            self.batches.push(batch);
            break;
        }
        Ok(())
    }

    /// Lets a file wait for its turn, if it has another row.
    fn wait(&mut self, index: usize) {
        let cursor = &self.cursors[index];
        if let Some(keys) = &cursor.keys {
            self.next.push(Reverse((keys.row(cursor.at).owned(), index)));
        }
    }

    /// The next row, which is not taken yet.
    fn peek(&mut self) -> Option<(usize, Place)> {
        let from = match self.from {
            Some(from) => from,
            None => self.next.pop()?.0.1,
        };
        self.from = Some(from);
        Some((from, (self.cursors[from].batch, self.cursors[from].at)))
    }

    /// Goes on after the next row.
    fn advance(&mut self, index: usize) -> Result<()> {
        let cursor = &mut self.cursors[index];
        cursor.at += 1;
        if cursor.keys.as_ref().is_some_and(|keys| cursor.at == keys.num_rows()) {
            self.read_on(index)?;
        }
        let cursor = &self.cursors[index];
        let goes_on = cursor.keys.as_ref().is_some_and(|keys| {
            self.next.peek().is_none_or(|Reverse((key, other))| (keys.row(cursor.at), index) <= (key.row(), *other))
        });
        if !goes_on {
            self.from = None;
            self.wait(index);
        }
        Ok(())
    }

    fn text(&self, column: &str, (batch, row): Place) -> Option<&str> {
        let column: &StringArray =
            self.batches[batch].column_by_name(column).map(|_| strings(&self.batches[batch], column))?;
        string_at(column, row)
    }

    /// The rows that stay together with the next one: those of its interview.
    fn unit(&mut self) -> Result<Option<Unit>> {
        let mut unit = Unit::default();
        while let Some((index, place)) = self.peek() {
            if let Some(first) = unit.rows.first()
                && (self.text("interview_id", *first).is_none()
                    || self.text("interview_id", *first) != self.text("interview_id", place))
            {
                break;
            }
            unit.transcript_bytes += self.text("transcript", place).map_or(0, str::len);
            let keys = self.cursors[index].keys.as_ref();
            unit.key = unit.key.or_else(|| keys.map(|keys| keys.row(place.1).owned()));
            unit.rows.push(place);
            self.advance(index)?;
        }
        Ok((!unit.rows.is_empty()).then_some(unit))
    }

    fn key(&self, (batch, row): Place) -> OwnedRow {
        self.order.rows(self.table, &self.batches[batch].slice(row, 1)).row(0).owned()
    }

    /// The next row group. It is empty if no row belongs to it; `None` after the last one.
    fn group(&mut self) -> Result<Option<RecordBatch>> {
        let end = if let Ends::At(ends) = &self.ends { Some(ends.get(self.made).cloned()) } else { None };
        if end == Some(None) {
            if self.left.is_none() && self.peek().is_none() {
                return Ok(None);
            }
            return Err(Error::failed(format!("{} has rows of no answer or interview", self.table.name)));
        }
        let end = end.flatten();
        let mut all = Unit::default();
        while let Some(unit) = match self.left.take() {
            Some(unit) => Some(unit),
            None => self.unit()?,
        } {
            let fits = match &end {
                Some(end) => unit.key.as_ref().is_some_and(|key| key <= end),
                None => {
                    all.rows.is_empty()
                        || all.rows.len() + unit.rows.len() <= ROW_GROUP_ROWS
                            && all.transcript_bytes + unit.transcript_bytes <= ROW_GROUP_TRANSCRIPT_BYTES
                }
            };
            if !fits {
                self.left = Some(unit);
                break;
            }
            all.rows.extend(unit.rows);
            all.transcript_bytes += unit.transcript_bytes;
        }
        let Some(last) = all.rows.last() else {
            self.made += 1;
            return Ok(end.map(|_| RecordBatch::new_empty(self.table.arrow())));
        };
        self.last_keys.push(self.key(*last));
        let batches: Vec<&RecordBatch> = self.batches.iter().collect();
        let group = interleave_record_batch(&batches, &all.rows);
        let group =
            group.map_err(|error| Error::failed(format!("cannot merge rows of {}: {error}", self.table.name)))?;
        self.forget();
        self.made += 1;
        Ok(Some(group))
    }

    /// Drops all rows that are taken.
    fn forget(&mut self) {
        let old = mem::take(&mut self.batches);
        let mut new: HashMap<usize, usize> = HashMap::new();
        let mut keep = |batch: &mut usize| {
            *batch = *new.entry(*batch).or_insert_with(|| {
                self.batches.push(old[*batch].clone());
                self.batches.len() - 1
            });
        };
        self.cursors.iter_mut().filter(|cursor| cursor.keys.is_some()).for_each(|cursor| keep(&mut cursor.batch));
        self.left.iter_mut().flat_map(|unit| &mut unit.rows).for_each(|(batch, _)| keep(batch));
    }
}

impl Iterator for Merge<'_> {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        self.group().transpose()
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, new_null_array};
    use arrow::compute::concat_batches;
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::lake::rewrite::{grouped, sorted};
    use crate::lake::rows;
    use crate::lake::schema::{Column, RESPONSES};
    use crate::lake::write::{write_file, write_groups};

    /// An interview of a job, with so many answers of so many bytes.
    #[derive(Debug, Clone)]
    struct Answered {
        job: Option<u8>,
        id: u32,
        answers: usize,
        bytes: usize,
    }

    fn batch(interviews: &[Answered]) -> RecordBatch {
        let each = || interviews.iter().flat_map(|one| (0..one.answers).map(move |position| (one, position)));
        let ids: Vec<String> = each().map(|(one, _)| format!("{:06}", one.id)).collect();
        let jobs: Vec<Option<String>> = each().map(|(one, _)| one.job.map(|job| format!("job {job}"))).collect();
        let texts: Vec<String> = each().map(|(one, position)| position.to_string().repeat(one.bytes)).collect();
        let column = |column: &Column| -> ArrayRef {
            match column.name {
                "interview_id" => rows::strings(ids.iter().map(|id| Some(id.as_str()))),
                "job_id" => rows::strings(jobs.iter().map(Option::as_deref)),
                "position" => rows::integers(each().map(|(_, position)| i64::try_from(position).ok())),
                "transcript" => rows::strings(texts.iter().map(|text| Some(text.as_str()))),
                "has_audio" => rows::flags(each().map(|_| false)),
                _ => new_null_array(&column.column_type.arrow(), ids.len()),
            }
        };
        sorted(&rows::batch(&RESPONSES, RESPONSES.columns.iter().map(column).collect()), &RESPONSES)
    }

    /// Merges files of these interviews, and compares with sorting all rows in memory: rows, groups and bytes.
    fn is_as_sorted(files: &[Vec<Answered>]) {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(format!("{name}.parquet"));
        let batches: Vec<RecordBatch> = files.iter().map(|file| batch(file)).collect();
        let open: Vec<ParquetFile> = batches
            .iter()
            .enumerate()
            .map(|(number, batch)| {
                let path = path(&number.to_string());
                write_file(&path, &RESPONSES, &[], grouped(batch)).unwrap();
                ParquetFile::open(&path).unwrap()
            })
            .collect();
        let expected = grouped(&sorted(&concat_batches(&RESPONSES.arrow(), &batches).unwrap(), &RESPONSES));
        let order = Order::of(&RESPONSES);
        let mut merge = Merge::of(&RESPONSES, &order, &open, Ends::Full).unwrap();
        let merged: Vec<RecordBatch> = merge.by_ref().collect::<Result<_>>().unwrap();
        assert!(merged == expected, "{} and {} groups", merged.len(), expected.len());
        // The same ends give the same groups, also of what has other rows or none.
        let ends = Ends::At(merge.last_keys);
        let again: Result<Vec<RecordBatch>> = Merge::of(&RESPONSES, &order, &open, ends).unwrap().collect();
        assert!(again.unwrap() == merged);
        let at_once = write_file(&path("plain"), &RESPONSES, &[], expected).unwrap();
        let merge = Merge::of(&RESPONSES, &order, &open, Ends::Full).unwrap();
        assert_eq!(write_groups(&path("merged"), &RESPONSES, &[], merge).unwrap(), at_once);
    }

    fn split(interviews: Vec<(u8, Answered)>) -> Vec<Vec<Answered>> {
        let mut files = vec![Vec::new(); 4];
        for (id, (file, one)) in (0..).zip(interviews) {
            // Ids that are in no order.
            files[usize::from(file)].push(Answered { id: id * 7919 % 100_003, ..one });
        }
        files
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

        #[test]
        fn merged_files_are_as_sorted_rows(
            interviews in vec(
                (
                    0_u8..4,
                    (prop::option::of(0_u8..3), 0_usize..5, prop_oneof![20 => Just(3_usize), 1 => Just(5 << 20)])
                        .prop_map(|(job, answers, bytes)| Answered { job, id: 0, answers, bytes }),
                ),
                0..40,
            ),
        ) {
            is_as_sorted(&split(interviews));
        }
    }

    #[test]
    fn more_rows_than_a_group_holds_are_several() {
        let one = |number: u32| {
            let job = Some(u8::try_from(number % 5).unwrap());
            (u8::try_from(number % 4).unwrap(), Answered { job, id: 0, answers: 4, bytes: 1 })
        };
        is_as_sorted(&split((0..20_000).map(one).collect()));
    }

    #[test]
    fn a_file_that_is_not_sorted_and_rows_of_nothing_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let answered = |id| Answered { job: None, id, answers: 1, bytes: 1 };
        let rows = batch(&[answered(1), answered(2)]);
        let order = Order::of(&RESPONSES);
        let write = |name: &str, rows: &[RecordBatch]| {
            let path = folder.path().join(name);
            write_file(&path, &RESPONSES, &[], rows.to_vec()).unwrap();
            [ParquetFile::open(&path).unwrap()]
        };
        let wrong = write("wrong.parquet", &[rows.slice(1, 1), rows.slice(0, 1)]);
        let merged: Result<Vec<RecordBatch>> =
            Merge::of(&RESPONSES, &order, &wrong, Ends::Full).and_then(Iterator::collect);
        assert!(merged.unwrap_err().to_string().contains("not sorted"));
        let right = write("right.parquet", std::slice::from_ref(&rows));
        let first = order.rows(&RESPONSES, &rows).row(0).owned();
        let mut merge = Merge::of(&RESPONSES, &order, &right, Ends::At(vec![first])).unwrap();
        assert_eq!(merge.next().unwrap().unwrap().num_rows(), 1);
        assert!(merge.next().unwrap().is_err());
    }
}

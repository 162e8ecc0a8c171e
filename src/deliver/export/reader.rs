//! The rows of an export, read from the lake a few thousand at a time.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use arrow::datatypes::SchemaRef;

use super::analysis::AnalysisReader;
use super::batches::{OnBatch, ROWS};
use super::plan::RowType;
use super::selection::InterviewSelection;
use crate::lake::Lake;
use crate::lake::read::{ParquetFile, strings};
use crate::lake::schema::{INTERVIEWS, OPEN_INTERVIEWS, RESPONSES, Table};
use crate::model::{Error, Result};

/// Reads the rows of an export.
pub struct RowReader<'a> {
    lake: &'a Lake,
    selection: &'a InterviewSelection,
    rows: Rows<'a>,
}

enum Rows<'a> {
    Interviews,
    Responses,
    Analysis(AnalysisReader<'a>),
}

impl<'a> RowReader<'a> {
    /// # Errors
    /// When the ledger cannot be read, or the lake was not analysed with the set.
    pub fn new(lake: &'a Lake, what: &'a RowType, selection: &'a InterviewSelection) -> Result<Self> {
        let rows = match what {
            RowType::Interviews => Rows::Interviews,
            RowType::Responses => Rows::Responses,
            RowType::Analysis { sets, reference } => {
                Rows::Analysis(AnalysisReader::new(lake, sets, reference, selection)?)
            }
        };
        Ok(Self { lake, selection, rows })
    }

    pub fn schema(&self) -> SchemaRef {
        match &self.rows {
            Rows::Interviews => INTERVIEWS.arrow(),
            Rows::Responses => RESPONSES.arrow(),
            Rows::Analysis(analysis) => analysis.schema(),
        }
    }

    /// Calls `take` with every selected row, in batches.
    ///
    /// # Errors
    /// When the lake cannot be read, or `take` fails.
    pub fn each_batch(&self, progress: &dyn Fn(u64, u64), take: OnBatch) -> Result<()> {
        match &self.rows {
            Rows::Interviews => self.interviews(progress, take),
            Rows::Responses => {
                each_file(self.lake.files(&RESPONSES)?, progress, |path| self.responses_of(path, &mut *take))
            }
            Rows::Analysis(analysis) => {
                each_file(self.lake.files(&INTERVIEWS)?, progress, |path| analysis.of_file(path, &mut *take))
            }
        }
    }

    /// Reads settled interviews, then open ones. An interview that settles meanwhile is in both tables for an instant,
    /// so open ones are read first and passed on last, without those that turned out to be settled.
    fn interviews(&self, progress: &dyn Fn(u64, u64), take: OnBatch) -> Result<()> {
        let mut open = Vec::new();
        for path in self.lake.files(&OPEN_INTERVIEWS)? {
            self.table(&OPEN_INTERVIEWS, &path, None, &mut |batch| {
                open.push(batch.clone());
                Ok(())
            })?;
        }
        let mut only_open: HashSet<String> = HashSet::new();
        for batch in &open {
            only_open.extend(strings(batch, "interview_id").iter().flatten().map(str::to_owned));
        }
        each_file(self.lake.files(&INTERVIEWS)?, progress, |path| {
            self.table(&INTERVIEWS, path, None, &mut |batch| {
                if !only_open.is_empty() {
                    strings(batch, "interview_id").iter().flatten().for_each(|id| _ = only_open.remove(id));
                }
                take(batch)
            })
        })?;
        for batch in &open {
            let keep: BooleanArray =
                strings(batch, "interview_id").iter().map(|id| id.map(|id| only_open.contains(id))).collect();
            pass_on(&INTERVIEWS, batch, &keep, take)?;
        }
        Ok(())
    }

    fn responses_of(&self, path: &Path, take: OnBatch) -> Result<()> {
        if self.selection.statuses.is_empty() {
            return self.table(&RESPONSES, path, None, take);
        }
        // Answers do not have the status of their interview.
        let interviews = self.lake.root().join(INTERVIEWS.name).join(self.lake.place_of(&RESPONSES, path));
        let file = ParquetFile::open(&interviews)?;
        let mut wanted = HashSet::new();
        for group in 0..file.row_groups() {
            let batch = file.row_group(group, &["interview_id", "status"])?;
            let rows = strings(&batch, "interview_id").iter().zip(strings(&batch, "status").iter());
            wanted.extend(
                rows.filter(|(_, status)| self.selection.has_status(*status))
                    .filter_map(|(id, _)| id.map(str::to_owned)),
            );
        }
        self.table(&RESPONSES, path, Some(&wanted), take)
    }

    /// Reads the selected rows of a table's file. `interviews` limits them to those of some interviews.
    fn table(&self, table: &Table, path: &Path, interviews: Option<&HashSet<String>>, take: OnBatch) -> Result<()> {
        let file = ParquetFile::open(path)?;
        for group in 0..file.row_groups() {
            for batch in file.batches(group, &file.present(&table.column_names()), ROWS)? {
                let batch = batch?;
                let mut keep = self.selection.keeps(&batch);
                if let Some(interviews) = interviews {
                    let ids = strings(&batch, "interview_id").iter().zip(keep.iter());
                    keep = ids
                        .map(|(id, keep)| keep.map(|keep| keep && id.is_some_and(|id| interviews.contains(id))))
                        .collect();
                }
                pass_on(table, &batch, &keep, take)?;
            }
        }
        Ok(())
    }
}

/// Passes on the rows to keep, under the table's own schema.
fn pass_on(table: &Table, batch: &RecordBatch, keep: &BooleanArray, take: OnBatch) -> Result<()> {
    if keep.true_count() == 0 {
        return Ok(());
    }
    let kept = filter_record_batch(batch, keep).and_then(|kept| table.conform(&kept));
    take(&kept.map_err(|error| Error::failed(format!("cannot read {}: {error}", table.name)))?)
}

fn each_file(
    files: Vec<PathBuf>,
    progress: &dyn Fn(u64, u64),
    mut read: impl FnMut(&Path) -> Result<()>,
) -> Result<()> {
    let of = files.len() as u64;
    for (done, path) in (1..).zip(&files) {
        read(path)?;
        progress(done, of);
    }
    Ok(())
}

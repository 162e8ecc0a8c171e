//! Finds the files that have rows of what is erased.

use std::collections::{BTreeMap, HashSet};

use arrow::array::Array;
use rayon::prelude::*;

use super::record::Rows;
use crate::lake::log::Version;
use crate::lake::places::Lake;
use crate::lake::read::{ParquetFile, string_at, strings};
use crate::lake::schema::{
    AUDIO, CANDIDATES, INTERVIEW_METRICS, INTERVIEWS, KEYWORD_HITS, RESPONSE_METRICS, RESPONSES, RUNS, Table,
    is_source, table,
};
use crate::lake::sources::source_place;
use crate::ledger::LiveFile;
use crate::model::Result;

/// A file that is written anew.
#[derive(Debug, Clone)]
pub struct Touched {
    pub file: LiveFile,
    pub table: &'static Table,
    /// How many rows go, or lose a part. None of a derived file whose source is written anew.
    pub rows: u64,
}

/// What becomes of the rows of a table, by the ids of their interviews.
pub(super) struct Change<'a> {
    /// Those that go.
    pub drop: HashSet<&'a str>,
    /// Those that lose their transcript.
    pub blank: HashSet<&'a str>,
}

impl<'a> Change<'a> {
    pub fn of(table: &Table, rows: &'a Rows) -> Self {
        let also = match table.name {
            name if name == CANDIDATES.name => Some(&rows.candidates),
            name if name == AUDIO.name => Some(&rows.audio),
            _ => None,
        };
        let drop = rows.interviews.iter().chain(also.into_iter().flatten()).map(String::as_str).collect();
        let blank = (table.name == RESPONSES.name).then_some(&rows.transcripts);
        Self { drop, blank: blank.into_iter().flatten().map(String::as_str).collect() }
    }

    fn is_empty(&self) -> bool {
        self.drop.is_empty() && self.blank.is_empty()
    }

    pub fn has(&self, id: &str) -> bool {
        self.drop.contains(id) || self.blank.contains(id)
    }
}

/// The files of a version that have rows of what is erased, and those that are derived from them, sorted by path.
///
/// # Errors
/// When a file cannot be read.
pub fn touched(lake: &Lake, version: &Version, rows: &Rows) -> Result<Vec<Touched>> {
    let files: Vec<(&LiveFile, &'static Table)> =
        version.files().filter_map(|file| Some((file, table(&file.table)?))).collect();
    let look = |(file, table): &(&LiveFile, &'static Table)| -> Result<Option<Touched>> {
        let count = count(lake, file, table, rows)?;
        Ok((count > 0).then(|| Touched { file: (*file).clone(), table, rows: count }))
    };
    let found = files.par_iter().map(look).collect::<Result<Vec<_>>>()?;
    let mut found: BTreeMap<String, Touched> =
        found.into_iter().flatten().map(|touched| (touched.file.path.clone(), touched)).collect();
    for (file, table) in files.into_iter().filter(|(file, _)| !is_source(&file.table)) {
        let Some((_, place)) = file.path.split_once('/') else { continue };
        let place = source_place(place);
        let is_new = |source: &Table| found.contains_key(&format!("{}/{place}", source.name));
        let follows = match table.name {
            name if name == RESPONSE_METRICS.name || name == KEYWORD_HITS.name => is_new(&RESPONSES),
            name if name == INTERVIEW_METRICS.name => is_new(&RESPONSES) || is_new(&INTERVIEWS),
            _ => false,
        };
        if follows {
            found.entry(file.path.clone()).or_insert_with(|| Touched { file: file.clone(), table, rows: 0 });
        }
    }
    Ok(found.into_values().collect())
}

fn count(lake: &Lake, file: &LiveFile, table: &Table, rows: &Rows) -> Result<u64> {
    let path = lake.root().join(&file.path);
    if table.name == RUNS.name {
        let all = ParquetFile::open(&path)?;
        let names = all.present(&["error"]);
        let errors = all.all(&names)?;
        let has = |row: &usize| {
            names.iter().any(|name| string_at(strings(&errors, name), *row).is_some_and(|text| mentions(text, rows)))
        };
        return Ok((0..errors.num_rows()).filter(has).count() as u64);
    }
    let change = Change::of(table, rows);
    if change.is_empty() || table.columns.iter().all(|column| column.name != "interview_id") {
        return Ok(0);
    }
    let opened = ParquetFile::open(&path)?;
    let transcript = opened.present(&["transcript"]);
    let mut count = 0;
    for group in 0..opened.row_groups() {
        if !opened.may_have(group, "interview_id", change.drop.iter().chain(&change.blank).copied())? {
            continue;
        }
        let ids = opened.row_group(group, &["interview_id"])?;
        let ids = strings(&ids, "interview_id");
        let mine: Vec<usize> =
            (0..ids.len()).filter(|row| string_at(ids, *row).is_some_and(|id| change.has(id))).collect();
        if mine.is_empty() {
            continue;
        }
        // An answer without a transcript loses none.
        let texts = opened.rows_of_group(group, &mine, &[&transcript[..], &["interview_id"]].concat())?;
        let of = strings(&texts, "interview_id");
        let is_there = |row: usize| texts.column_by_name("transcript").is_none_or(|column| column.is_valid(row));
        let counts = |row: &usize| change.drop.contains(of.value(*row)) || is_there(*row);
        count += (0..texts.num_rows()).filter(counts).count() as u64;
    }
    Ok(count)
}

/// Whether the message of a run names an interview that is erased.
pub(super) fn mentions(text: &str, rows: &Rows) -> bool {
    rows.interviews.iter().any(|id| text.contains(id.as_str()))
}

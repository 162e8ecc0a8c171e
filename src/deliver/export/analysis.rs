//! Rows with the figures that the vendor's sample computes, under the same names, read from the derived tables.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StructArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{Field, Fields, Schema, SchemaRef};

use super::batches::{OnBatch, ROWS};
use super::searched::{SearchedSet, sets_of};
use super::selection::InterviewSelection;
use crate::deliver::fresh::SourceHashes;
use crate::keywords::KeywordSet;
use crate::lake::Lake;
use crate::lake::read::{ParquetFile, string_at, strings};
use crate::lake::retired::is_there;
use crate::lake::rows;
use crate::lake::schema::{CANDIDATES, ColumnType, INTERVIEW_METRICS, INTERVIEWS, RESPONSES, SOURCE_SHA256};
use crate::model::{Error, Result};

/// The columns of the export, with their types.
const COLUMNS: &[(&str, ColumnType)] = &[
    ("interview_id", ColumnType::Text),
    ("job_id", ColumnType::Text),
    ("job_title", ColumnType::Text),
    ("candidate", ColumnType::Text),
    ("completedAt", ColumnType::Time),
    ("totalDuration", ColumnType::Float),
    ("averageResponseLength", ColumnType::Float),
];
/// The keyword set of the vendor's sample, which finds terms as the sample does.
const SAMPLE_SET: &str = "builtin:vendor-sample";
/// Columns that are read of `interviews`.
const READ: &[&str] = &["interview_id", "status", "job_id", "job_title", "completed_at", "settled_at"];
/// Columns that are read of `interview_metrics`.
const FIGURES: &[&str] = &["total_duration_seconds", "average_response_length"];

/// Reads the rows of an analysis.
pub struct AnalysisReader<'a> {
    lake: &'a Lake,
    sets: Vec<SearchedSet>,
    reference: &'a str,
    selection: &'a InterviewSelection,
    schema: SchemaRef,
    terms: Fields,
    hashes: SourceHashes,
}

impl<'a> AnalysisReader<'a> {
    /// Looks whether everything is there. `sets` are those whose terms are counted, or if there are none, those that the
    /// lake was searched for; `reference` is how they are written after `roundup analyze --keywords`.
    ///
    /// # Errors
    /// When the ledger cannot be read, or a file was not analysed as it is now.
    pub fn new(
        lake: &'a Lake,
        sets: &[KeywordSet],
        reference: &'a str,
        selection: &'a InterviewSelection,
    ) -> Result<Self> {
        let hashes = SourceHashes::of(lake)?;
        let sets = if sets.is_empty() { sets_of(lake, &hashes)? } else { sets.iter().map(SearchedSet::of).collect() };
        let terms: Fields =
            columns_of(&sets).into_iter().map(|name| Field::new(name, ColumnType::Integer.arrow(), false)).collect();
        let mut fields: Vec<Field> =
            COLUMNS.iter().map(|(name, kind)| Field::new(*name, kind.arrow(), *name != "interview_id")).collect();
        if !terms.is_empty() {
            fields.push(Field::new_struct("keywordMatches", terms.clone(), false));
        }
        let schema = Arc::new(Schema::new(fields));
        let reader = Self { lake, sets, reference, selection, schema, terms, hashes };
        for path in lake.files(&INTERVIEWS)? {
            reader.figures_of(&path)?;
            reader.hits_of(lake.place_of(&INTERVIEWS, &path))?;
        }
        Ok(reader)
    }

    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// Reads the rows of a file of interviews.
    ///
    /// # Errors
    /// When a file cannot be read, or has no figures that are up to date.
    pub fn of_file(&self, path: &Path, take: OnBatch) -> Result<()> {
        let figures = self.figures_of(path)?;
        let place = self.lake.place_of(&INTERVIEWS, path);
        let matches = self.matches_of(place)?;
        let names = self.names_of(place)?;
        let file = ParquetFile::open(path)?;
        for group in 0..file.row_groups() {
            // Both files have the same interviews in the same order.
            for (batch, figures) in file.batches(group, READ, ROWS)?.zip(figures.batches(group, FIGURES, ROWS)?) {
                let (batch, figures) = (batch?, figures?);
                let keep = self.selection.keeps(&batch);
                if keep.true_count() > 0 {
                    let row = self.rows(&batch, &figures, &names, &matches);
                    let kept = row.and_then(|rows| filter_record_batch(&rows, &keep));
                    take(&kept.map_err(|error| Error::path("read", path, error))?)?;
                }
            }
        }
        Ok(())
    }

    fn rows(
        &self,
        batch: &RecordBatch,
        figures: &RecordBatch,
        names: &HashMap<String, String>,
        matches: &HashMap<String, Vec<i64>>,
    ) -> Result<RecordBatch, arrow::error::ArrowError> {
        let column = |batch: &RecordBatch, name: &str| Arc::clone(batch.column_by_name(name).expect("it was read"));
        let ids = strings(batch, "interview_id");
        let of_term = |term: usize| -> ArrayRef {
            let count = |id: Option<&str>| id.and_then(|id| matches.get(id)).map_or(0, |counts| counts[term]);
            rows::integers(ids.iter().map(|id| Some(count(id))))
        };
        let terms = (0..self.terms.len()).map(of_term).collect();
        let mut columns = vec![
            column(batch, "interview_id"),
            column(batch, "job_id"),
            column(batch, "job_title"),
            rows::strings(ids.iter().map(|id| names.get(id?).map(String::as_str))),
            column(batch, "completed_at"),
            column(figures, "total_duration_seconds"),
            column(figures, "average_response_length"),
        ];
        if !self.terms.is_empty() {
            columns.push(Arc::new(StructArray::try_new(self.terms.clone(), terms, None)?));
        }
        RecordBatch::try_new(self.schema(), columns)
    }

    /// Opens the figures of a file of interviews, which must be up to date.
    fn figures_of(&self, path: &Path) -> Result<ParquetFile> {
        let figures = self.lake.derived(&INTERVIEWS, &INTERVIEW_METRICS, path);
        let figures = figures.map_err(|error| error.hint(self.hint()))?;
        let now = self.hashes.of_interviews(self.lake, self.lake.place_of(&INTERVIEWS, path));
        if figures.metadata(SOURCE_SHA256) == Some(&now) {
            return Ok(figures);
        }
        Err(self.not_analysed(path, "has changed since it was analysed"))
    }

    fn not_analysed(&self, path: &Path, why: &str) -> Error {
        Error::failed(format!("{} {why}", path.display())).hint(self.hint())
    }

    fn hint(&self) -> String {
        let reference = if self.reference.is_empty() { SAMPLE_SET } else { self.reference };
        format!("roundup analyze --lake {} --keywords {reference}", self.lake.root().display())
    }

    /// The names of candidates, by interview.
    fn names_of(&self, place: &Path) -> Result<HashMap<String, String>> {
        let path = self.lake.root().join(CANDIDATES.name).join(place);
        let mut names = HashMap::new();
        if is_there(&path) {
            let batch = ParquetFile::open(&path)?.all(&["interview_id", "name"])?;
            let (ids, texts) = (strings(&batch, "interview_id"), strings(&batch, "name"));
            names.extend(
                (0..batch.num_rows())
                    .filter_map(|row| Some((string_at(ids, row)?.to_owned(), string_at(texts, row)?.to_owned()))),
            );
        }
        Ok(names)
    }

    /// The hits in the answers of a batch, by set; none if the batch has no answers.
    fn hits_of(&self, place: &Path) -> Result<Vec<ParquetFile>> {
        let responses = self.lake.root().join(RESPONSES.name).join(place);
        if !is_there(&responses) {
            return Ok(Vec::new());
        }
        if self.sets.is_empty() {
            return Err(self.not_analysed(&responses, "was searched for no keyword set"));
        }
        let hits = self.sets.iter().map(|set| {
            let why = || format!("was not searched for the keyword set {} as it is now", set.name);
            set.hits(self.lake, &self.hashes, place).ok_or_else(|| self.not_analysed(&responses, &why()))
        });
        hits.collect()
    }

    /// For each interview with any hit, the number of answers in which each term occurs.
    fn matches_of(&self, place: &Path) -> Result<HashMap<String, Vec<i64>>> {
        let mut matches: HashMap<String, Vec<i64>> = HashMap::new();
        let mut first = 0;
        for (set, hits) in self.sets.iter().zip(self.hits_of(place)?) {
            let numbers: HashMap<&str, usize> = set.terms.iter().map(String::as_str).zip(first..).collect();
            for group in 0..hits.row_groups() {
                // Each row is one answer and one term.
                let batch = hits.row_group(group, &["interview_id", "term"])?;
                let (ids, terms) = (strings(&batch, "interview_id"), strings(&batch, "term"));
                for (id, term) in ids.iter().zip(terms.iter()) {
                    let (Some(id), Some(number)) = (id, term.and_then(|term| numbers.get(term))) else { continue };
                    match matches.get_mut(id) {
                        Some(counts) => counts[*number] += 1,
                        None => {
                            let mut counts = vec![0; self.terms.len()];
                            counts[*number] = 1;
                            matches.insert(id.to_owned(), counts);
                        }
                    }
                }
            }
            first += set.terms.len();
        }
        Ok(matches)
    }
}

/// The columns of the terms. One that several sets have is told apart by its set.
fn columns_of(sets: &[SearchedSet]) -> Vec<String> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    sets.iter().flat_map(|set| &set.terms).for_each(|term| *seen.entry(term).or_default() += 1);
    let column = |set: &SearchedSet, term: &String| {
        if seen[term.as_str()] > 1 { format!("{term} ({})", set.name) } else { term.clone() }
    };
    sets.iter()
        .flat_map(|set| set.terms.iter().map(move |term| (set, term)))
        .map(|(set, term)| column(set, term))
        .collect()
}

//! One pass over a row group of answers: decoded once, and everything that is asked for made of it.

use std::ops::AddAssign;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, RecordBatch};
use serde::Serialize;

use super::figures::{self, Answer};
use super::hits::HitRows;
use super::responses::{self, ResponseRow};
use super::richness::Vocabulary;
use super::{PreparedSet, language};
use crate::keywords::{Scratch, Texts};
use crate::lake::read::{ParquetFile, float_at, floats, string_at, strings, view_at, views};
use crate::model::Result;
use crate::pipeline::MetricGroup;

/// Answers are worked on some at a time, so that a text that was folded is still near when it is searched.
const BLOCK_ROWS: usize = 256;

/// The columns that derived rows repeat of the answers they describe.
const SHARED: [&str; 4] = ["interview_id", "position", "job_id", "settled_at"];

/// What is to be made of a file of answers.
pub struct Wanted<'a> {
    /// The groups of figures and the set of fillers, if rows of `response_metrics` are to be made.
    pub figures: Option<(&'a [MetricGroup], &'a PreparedSet)>,
    /// A batch of `keyword_hits` for each.
    pub sets: Vec<&'a PreparedSet>,
    /// Whether the figures of interviews are to be made.
    pub answers: bool,
}

/// What was made of a row group.
#[derive(Default)]
pub struct Made {
    pub figures: Option<RecordBatch>,
    /// In the order of [`Wanted::sets`].
    pub hits: Vec<RecordBatch>,
    /// Neighbours have different interviews.
    pub answers: Vec<(String, Vec<Answer>)>,
    pub steps: Steps,
}

/// Where the time went, in seconds of all threads together, and over how much text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Steps {
    /// Reading and decompressing columns.
    pub decode: f64,
    /// Lower-casing ASCII text for the search.
    pub fold: f64,
    /// Lengths, words, pace and richness.
    pub words: f64,
    pub language: f64,
    /// Keyword sets and fillers: word starts, found once for all, included, and the folding of text beyond ASCII.
    pub r#match: f64,
    /// Writing derived files.
    pub encode: f64,
    /// Of transcripts.
    pub bytes: u64,
}

impl AddAssign for Steps {
    fn add_assign(&mut self, other: Self) {
        self.decode += other.decode;
        self.fold += other.fold;
        self.words += other.words;
        self.language += other.language;
        self.r#match += other.r#match;
        self.encode += other.encode;
        self.bytes += other.bytes;
    }
}

/// Runs a step and adds what it took.
pub fn timed<T>(seconds: &mut f64, step: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let result = step();
    *seconds += Duration::as_secs_f64(&begun.elapsed());
    result
}

/// Opens a file of answers.
///
/// # Errors
/// When it is missing or is no Parquet.
pub fn open(answers: &Path) -> Result<ParquetFile> {
    ParquetFile::open_viewing(answers, "transcript")
}

/// Makes what is wanted of one row group of answers, opened by [`open`].
///
/// # Errors
/// When the file cannot be read.
pub fn row_group(source: &ParquetFile, group: usize, wanted: &Wanted) -> Result<Made> {
    let mut steps = Steps::default();
    let asks_types = wanted.sets.iter().any(|set| set.set.terms().iter().any(|term| !term.question_types.is_empty()));
    let mut columns = SHARED.to_vec();
    columns.extend(["transcript", "duration_seconds"]);
    columns.extend(asks_types.then_some("question_type"));
    let answers = timed(&mut steps.decode, || source.row_group(group, &columns))?;
    let transcripts = views(&answers, "transcript");
    let durations = floats(&answers, "duration_seconds");
    let types = asks_types.then(|| strings(&answers, "question_type"));
    let question_type = |row: usize| types.and_then(|types| string_at(types, row));

    let mut rows: Vec<ResponseRow> = Vec::new();
    let mut hits: Vec<HitRows> = wanted.sets.iter().map(|set| HitRows::new(set)).collect();
    let (mut scratch, mut vocabulary) = (Scratch::default(), Vocabulary::default());
    for first in (0..answers.num_rows()).step_by(BLOCK_ROWS) {
        let block = first..answers.num_rows().min(first + BLOCK_ROWS);
        let texts = timed(&mut steps.fold, || Texts::new(block.clone().map(|row| view_at(transcripts, row)).collect()));
        steps.bytes += texts.iter().map(|(_, text)| text.len() as u64).sum::<u64>();
        if let Some((groups, fillers)) = wanted.figures {
            timed(&mut steps.words, || {
                rows.extend(block.map(|row| {
                    let (text, duration) = (view_at(transcripts, row), float_at(durations, row));
                    let figures = figures::response(text, duration, groups, &mut vocabulary);
                    ResponseRow { figures, ..ResponseRow::default() }
                }));
            });
            if groups.contains(&MetricGroup::Language) {
                timed(&mut steps.language, || {
                    texts.iter().for_each(|(at, text)| rows[first + at].language = language::detect(text));
                });
            }
            if groups.contains(&MetricGroup::Fillers) {
                timed(&mut steps.r#match, || {
                    texts.iter().for_each(|(at, _)| rows[first + at].filler_count = Some(0));
                    fillers.matcher.find_all(
                        &texts,
                        |_| None,
                        &mut scratch,
                        |at, hits| {
                            rows[first + at].filler_count = Some(hits.len() as u64);
                        },
                    );
                });
            }
        }
        timed(&mut steps.r#match, || {
            for (set, rows) in wanted.sets.iter().zip(&mut hits) {
                set.matcher.find_all(
                    &texts,
                    |at| question_type(first + at),
                    &mut scratch,
                    |at, hits| {
                        rows.push(u32::try_from(first + at).expect("row groups are far smaller"), hits);
                    },
                );
            }
        });
    }

    let shared = repeated(&answers, &SHARED);
    Ok(Made {
        hits: hits.into_iter().map(|hits| hits.finish(&shared)).collect(),
        figures: wanted.figures.map(|_| responses::batch(shared, &rows)),
        answers: if wanted.answers { by_interview(&answers) } else { Vec::new() },
        steps,
    })
}

/// The answers of a row group, together with their neighbours of the same interview.
fn by_interview(batch: &RecordBatch) -> Vec<(String, Vec<Answer>)> {
    let ids = strings(batch, "interview_id");
    let transcripts = views(batch, "transcript");
    let durations = floats(batch, "duration_seconds");
    let mut all: Vec<(String, Vec<Answer>)> = Vec::new();
    for row in 0..batch.num_rows() {
        let transcript = view_at(transcripts, row);
        let answer = Answer {
            length_utf16: transcript.map(figures::length_utf16),
            is_blank: transcript.is_none_or(|text| text.trim().is_empty()),
            duration_seconds: float_at(durations, row),
        };
        match all.last_mut() {
            Some((id, answers)) if id == ids.value(row) => answers.push(answer),
            _ => all.push((ids.value(row).to_owned(), vec![answer])),
        }
    }
    all
}

/// The columns that a derived row repeats of the row it describes.
pub fn repeated(batch: &RecordBatch, names: &[&str]) -> Vec<ArrayRef> {
    names.iter().map(|name| Arc::clone(batch.column_by_name(name).expect("was read"))).collect()
}

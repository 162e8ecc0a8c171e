//! One pass over a row group of answers, which is decoded once for everything that is made from it.

use std::cell::{Cell, OnceCell};
use std::path::Path;

use arrow::array::{ArrayAccessor, ArrayRef, RecordBatch};
use arrow::datatypes::DataType;

use super::figures::{self, AnswerMeasures};
use super::hits::HitRows;
use super::language;
use super::request::PreparedSet;
use super::responses::{self, ResponseRow};
use super::richness::Vocabulary;
use super::summary::{StepTimes, timed};
use crate::keywords::{Prefilter, Scratch, Text, TextBuffers, Texts};
use crate::lake::read::{ParquetFile, dictionary, float_at, floats, string_at, strings, view_at, views};
use crate::model::Result;
use crate::pipeline::MetricGroup;

/// Number of answers decoded at a time: about as many as a page holds, so that memory is reused while it is in a cache.
const DECODED_ROWS: usize = 1024;
/// Number of answers worked on at a time. It is smaller than [`DECODED_ROWS`] so that a folded text is still in a
/// nearer cache when it is searched.
const BLOCK_ROWS: usize = 64;

/// The columns of `responses` that rows of hits repeat.
const REPEATED: [&str; 4] = ["interview_id", "position", "job_id", "settled_at"];

/// The figures and hits to make from a file of answers.
pub struct PassRequest<'a> {
    /// The groups of figures and the set of fillers; `None` if no columns of `response_metrics` are to be made.
    pub figures: Option<(&'a [MetricGroup], &'a PreparedSet)>,
    /// The sets to search for. Each gets a batch of `keyword_hits`.
    pub sets: Vec<&'a PreparedSet>,
    /// Whether to collect the measures that figures of interviews are computed from.
    pub answers: bool,
    /// The prefilter for the fillers and the sets. It may be made for further sets too.
    pub prefilter: &'a Prefilter,
}

/// The result of a pass over one row group.
#[derive(Default)]
pub struct RowGroupResult {
    /// The columns that `response_metrics` has besides those of `responses`.
    pub figures: Option<Vec<ArrayRef>>,
    /// The hits of each set, in the order of [`PassRequest::sets`].
    pub hits: Vec<RecordBatch>,
    /// The measures of the answers, grouped by the id of their interview. Neighbouring groups have different ids.
    pub answers: Vec<(String, Vec<AnswerMeasures>)>,
    pub steps: StepTimes,
}

/// Opens a file of answers.
///
/// # Errors
/// When the file is missing or is not Parquet.
pub fn open(answers: &Path) -> Result<ParquetFile> {
    let repeated = || DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let columns = [("transcript", DataType::Utf8View), ("interview_id", repeated()), ("job_id", repeated())];
    ParquetFile::open_as(answers, &columns)
}

/// Makes everything that `request` asks for from one row group of a file opened by [`open`].
///
/// # Errors
/// When the file cannot be read.
pub fn row_group(source: &ParquetFile, group: usize, request: &PassRequest) -> Result<RowGroupResult> {
    let asks_types = request.sets.iter().any(|set| set.set.terms().iter().any(|term| !term.question_types.is_empty()));
    let mut columns = vec!["transcript", "duration_seconds"];
    columns.extend(asks_types.then_some("question_type"));
    let mut pass = Pass::new(request, source.rows_in_group(group));
    let mut decoded = source.batches(group, &columns, DECODED_ROWS)?;
    while let Some(answers) = timed(&mut pass.steps.decode, || decoded.next()) {
        pass.read(&answers?);
    }

    let Pass { figures, hits, answers, mut steps, buffers, .. } = pass;
    SPARE.set(buffers);
    // Without hits, only the interview ids are needed, to group the answers.
    let asked = if hits.is_empty() { &REPEATED[..1] } else { &REPEATED };
    let repeated = timed(&mut steps.decode, || source.row_group(group, asked))?;
    Ok(RowGroupResult {
        figures: request.figures.map(|_| responses::columns(&figures)),
        hits: hits.into_iter().map(|hits| hits.finish(repeated.columns())).collect(),
        answers: if request.answers { by_interview(&repeated, answers) } else { Vec::new() },
        steps,
    })
}

/// A pass in progress: everything made from the answers that were read so far.
struct Pass<'a> {
    request: &'a PassRequest<'a>,
    rows: usize,
    figures: Vec<ResponseRow>,
    hits: Vec<HitRows<'a>>,
    answers: Vec<AnswerMeasures>,
    steps: StepTimes,
    buffers: PassBuffers,
}

/// Buffers used for one text after another. Their contents have no meaning between two texts.
#[derive(Default)]
struct PassBuffers {
    texts: TextBuffers,
    scratch: Scratch,
    vocabulary: Vocabulary,
}

thread_local! {
    /// Buffers kept for the thread's next row group. The system has to clear new memory first, which takes longer than
    /// computing many a figure.
    static SPARE: Cell<PassBuffers> = Cell::default();
}

impl<'a> Pass<'a> {
    /// Begins a pass over a row group with this number of answers.
    fn new(request: &'a PassRequest<'a>, answers: usize) -> Self {
        Self {
            request,
            rows: 0,
            figures: Vec::with_capacity(if request.figures.is_some() { answers } else { 0 }),
            hits: request.sets.iter().map(|set| HitRows::new(set)).collect(),
            answers: Vec::with_capacity(if request.answers { answers } else { 0 }),
            steps: StepTimes::default(),
            buffers: SPARE.take(),
        }
    }

    fn read(&mut self, answers: &RecordBatch) {
        let transcripts = views(answers, "transcript");
        let durations = floats(answers, "duration_seconds");
        let types = answers.column_by_name("question_type").map(|_| strings(answers, "question_type"));
        for first in (0..answers.num_rows()).step_by(BLOCK_ROWS) {
            let block = first..answers.num_rows().min(first + BLOCK_ROWS);
            let texts: Vec<Option<Text>> = block.clone().map(|row| view_at(transcripts, row).map(Text::from)).collect();
            let durations: Vec<Option<f64>> = block.clone().map(|row| float_at(durations, row)).collect();
            self.read_block(&texts, &durations, |row| types.and_then(|types| string_at(types, first + row)));
        }
    }

    fn read_block<'q>(
        &mut self,
        transcripts: &[Option<Text>],
        durations: &[Option<f64>],
        question_type: impl Fn(usize) -> Option<&'q str>,
    ) {
        let Self { request, steps, buffers: PassBuffers { texts: text_buffers, scratch, vocabulary }, .. } = self;
        let first = self.rows;
        self.rows += transcripts.len();
        steps.bytes += transcripts.iter().flatten().map(|text| text.as_bytes().len() as u64).sum::<u64>();
        if request.answers {
            self.answers.extend(
                transcripts.iter().zip(durations).map(|(text, duration)| AnswerMeasures::new(*text, *duration)),
            );
        }
        let fillers = request.figures.filter(|(groups, _)| groups.contains(&MetricGroup::Fillers));
        if let Some((groups, _)) = request.figures {
            timed(&mut steps.words, || {
                self.figures.extend(transcripts.iter().zip(durations).map(|(text, duration)| {
                    let figures = figures::response(*text, *duration, groups, vocabulary);
                    ResponseRow { figures, ..ResponseRow::default() }
                }));
            });
            if groups.contains(&MetricGroup::Language) {
                timed(&mut steps.language, || {
                    for (row, text) in self.figures[first..].iter_mut().zip(transcripts) {
                        row.language = text.and_then(|text| language::detect(text.as_str()));
                    }
                });
            }
        }
        if fillers.is_none() && request.sets.is_empty() {
            return;
        }
        let texts = timed(&mut steps.fold, || Texts::new(transcripts.iter().copied(), request.prefilter, text_buffers));
        timed(&mut steps.r#match, || {
            if let Some((_, fillers)) = fillers {
                for (row, text) in self.figures[first..].iter_mut().zip(transcripts) {
                    row.filler_count = text.map(|_| 0);
                }
                let count = |at: usize, count: usize| self.figures[first + at].filler_count = Some(count as u64);
                fillers.matcher.count_all(&texts, |_| None, scratch, count);
            }
            // Only answers with hits are asked, and each of them once.
            let english: Vec<OnceCell<bool>> = transcripts.iter().map(|_| OnceCell::new()).collect();
            let may_be_english =
                |at: usize, text: Text| *english[at].get_or_init(|| language::may_be_english(text.as_str()));
            for (set, rows) in request.sets.iter().zip(&mut self.hits) {
                let row = |at: usize| u32::try_from(first + at).expect("row groups are far smaller");
                set.matcher.find_all(&texts, &question_type, scratch, |at, hits| {
                    let text = transcripts[at].expect("a text with hits is there");
                    rows.push(row(at), text, hits, may_be_english(at, text));
                });
            }
        });
    }
}

/// Groups the answers of a row group by interview. Only neighbouring answers are put together.
fn by_interview(repeated: &RecordBatch, answers: Vec<AnswerMeasures>) -> Vec<(String, Vec<AnswerMeasures>)> {
    let ids = dictionary(repeated, "interview_id");
    let mut all: Vec<(String, Vec<AnswerMeasures>)> = Vec::new();
    for (row, answer) in answers.into_iter().enumerate() {
        match all.last_mut() {
            Some((id, answers)) if id == ids.value(row) => answers.push(answer),
            _ => all.push((ids.value(row).to_owned(), vec![answer])),
        }
    }
    all
}

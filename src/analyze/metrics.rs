//! Rows of `response_metrics` and `interview_metrics` from the rows they describe.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Int64Array, RecordBatch, TimestampMicrosecondArray};
use jiff::Timestamp;

use super::PreparedSet;
use super::figures::{self, Answer, InterviewFigures, ResponseFigures};
use crate::keywords::Scratch;
use crate::lake::read::{ParquetFile, float_at, floats, string_at, strings, times};
use crate::lake::rows;
use crate::lake::schema;
use crate::model::Result;

/// The figures of one row group of answers.
pub fn of_responses(source: &ParquetFile, group: usize, fillers: &PreparedSet) -> Result<RecordBatch> {
    let columns = ["interview_id", "position", "job_id", "settled_at", "transcript", "duration_seconds"];
    let answers = source.row_group(group, &columns)?;
    let transcripts = strings(&answers, "transcript");
    let durations = floats(&answers, "duration_seconds");
    let mut scratch = Scratch::default();
    let mut hits = Vec::new();
    let mut filler_counts = Vec::with_capacity(answers.num_rows());
    let mut all: Vec<ResponseFigures> = Vec::with_capacity(answers.num_rows());
    for row in 0..answers.num_rows() {
        let transcript = string_at(transcripts, row);
        all.push(figures::response(transcript, float_at(durations, row)));
        filler_counts.push(transcript.map(|text| {
            hits.clear();
            fillers.matcher.find(text, None, &mut scratch, &mut hits);
            hits.len() as u64
        }));
    }
    let count = |get: fn(&ResponseFigures) -> Option<u64>| counts(all.iter().map(get));
    let mut columns = same(&answers, &["interview_id", "position", "job_id", "settled_at"]);
    columns.extend([
        count(|figures| figures.length_utf16),
        count(|figures| figures.char_count),
        count(|figures| figures.word_count),
        count(|figures| figures.unique_words),
        rows::floats(all.iter().map(|figures| figures.words_per_minute)),
        counts(filler_counts.into_iter()),
    ]);
    Ok(rows::batch(&schema::RESPONSE_METRICS, columns))
}

/// The figures of all interviews of a file, a batch for each of its row groups.
pub fn of_interviews(source: &ParquetFile, responses: Option<&ParquetFile>) -> Result<Vec<RecordBatch>> {
    let mut answers: HashMap<String, Vec<Answer>> = HashMap::new();
    if let Some(responses) = responses {
        for group in 0..responses.row_groups() {
            collect_answers(responses, group, &mut answers)?;
        }
    }
    (0..source.row_groups()).map(|group| of_interview_group(source, group, &answers)).collect()
}

/// Adds the answers of a row group by interview. Rows of a file are sorted by position within an interview.
fn collect_answers(responses: &ParquetFile, group: usize, answers: &mut HashMap<String, Vec<Answer>>) -> Result<()> {
    let batch = responses.row_group(group, &["interview_id", "transcript", "duration_seconds"])?;
    let ids = strings(&batch, "interview_id");
    let transcripts = strings(&batch, "transcript");
    let durations = floats(&batch, "duration_seconds");
    for row in 0..batch.num_rows() {
        let transcript = string_at(transcripts, row);
        let answer = Answer {
            length_utf16: transcript.map(|text| text.encode_utf16().count() as u64),
            is_blank: transcript.is_none_or(|text| text.trim().is_empty()),
            duration_seconds: float_at(durations, row),
        };
        answers.entry(ids.value(row).to_owned()).or_default().push(answer);
    }
    Ok(())
}

fn of_interview_group(
    source: &ParquetFile,
    group: usize,
    answers: &HashMap<String, Vec<Answer>>,
) -> Result<RecordBatch> {
    let columns = ["interview_id", "job_id", "settled_at", "created_at", "started_at", "completed_at"];
    let batch = source.row_group(group, &columns)?;
    let ids = strings(&batch, "interview_id");
    let all: Vec<InterviewFigures> = (0..batch.num_rows())
        .map(|row| figures::interview(answers.get(ids.value(row)).map_or(&[][..], Vec::as_slice)))
        .collect();
    let completed = times(&batch, "completed_at");
    let since = |name: &str| -> Vec<Option<f64>> {
        let from = times(&batch, name);
        (0..batch.num_rows()).map(|row| figures::seconds_between(time_at(from, row), time_at(completed, row))).collect()
    };
    let days = since("created_at").into_iter().map(|seconds| seconds.map(|seconds| seconds / 86_400.0));
    let mut columns = same(&batch, &["interview_id", "job_id", "settled_at"]);
    columns.extend([
        rows::floats(all.iter().map(|figures| figures.total_duration_seconds)),
        rows::floats(all.iter().map(|figures| figures.average_response_length)),
        counts(all.iter().map(|figures| Some(figures.response_count))),
        counts(all.iter().map(|figures| Some(figures.answered_count))),
        rows::floats(since("started_at").into_iter()),
        rows::floats(days),
    ]);
    Ok(rows::batch(&schema::INTERVIEW_METRICS, columns))
}

/// The columns that a derived row repeats of the row it describes.
pub fn same(batch: &RecordBatch, names: &[&str]) -> Vec<ArrayRef> {
    names.iter().map(|name| Arc::clone(batch.column_by_name(name).expect("was read"))).collect()
}

fn counts(values: impl Iterator<Item = Option<u64>>) -> ArrayRef {
    let signed = |count| i64::try_from(count).expect("no count reaches 2^63");
    Arc::new(values.map(|count| count.map(signed)).collect::<Int64Array>())
}

fn time_at(column: &TimestampMicrosecondArray, row: usize) -> Option<Timestamp> {
    column.is_valid(row).then(|| Timestamp::from_microsecond(column.value(row)).ok()).flatten()
}

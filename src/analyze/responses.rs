//! Rows of `response_metrics`.

use arrow::array::ArrayRef;

use super::figures::ResponseFigures;
use crate::lake::rows;

/// The figures of one answer: the values of its row in `response_metrics`.
#[derive(Debug, Clone, Copy, Default)]
pub struct ResponseRow {
    pub figures: ResponseFigures,
    pub filler_count: Option<u64>,
    pub language: Option<&'static str>,
}

/// Returns the columns that `response_metrics` has besides those of `responses`.
pub fn columns(answers: &[ResponseRow]) -> Vec<ArrayRef> {
    let count = |get: fn(&ResponseRow) -> Option<u64>| counts(answers.iter().map(get));
    vec![
        count(|row| row.figures.length_utf16),
        count(|row| row.figures.char_count),
        count(|row| row.figures.word_count),
        count(|row| row.figures.unique_words),
        rows::floats(answers.iter().map(|row| row.figures.words_per_minute)),
        count(|row| row.filler_count),
        rows::floats(answers.iter().map(|row| row.figures.mattr_50)),
        rows::strings(answers.iter().map(|row| row.language)),
    ]
}

/// A column of counts, stored as signed integers.
pub fn counts(values: impl Iterator<Item = Option<u64>>) -> ArrayRef {
    let signed = |count| i64::try_from(count).expect("no count reaches 2^63");
    rows::integers(values.map(|count| count.map(signed)))
}

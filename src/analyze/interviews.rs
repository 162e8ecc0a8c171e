//! Rows of `interview_metrics`, made from the rows of `interviews` and the measures of their answers.

use std::collections::HashMap;

use arrow::array::ArrayRef;

use super::figures::{self, AnswerMeasures, InterviewFigures};
use super::responses::counts;
use crate::lake::read::{ParquetFile, strings, times, timestamp_at};
use crate::lake::rows;
use crate::model::Result;

/// The measures of answers by the id of their interview, in the order of the answers.
pub type AnswersByInterview = HashMap<String, Vec<AnswerMeasures>>;

/// Returns the columns that `interview_metrics` has besides those of `interviews`, for each row group of a file.
pub fn columns(source: &ParquetFile, answers: &AnswersByInterview) -> Result<Vec<Vec<ArrayRef>>> {
    (0..source.row_groups()).map(|group| columns_of(source, group, answers)).collect()
}

fn columns_of(source: &ParquetFile, group: usize, answers: &AnswersByInterview) -> Result<Vec<ArrayRef>> {
    let batch = source.row_group(group, &["interview_id", "created_at", "started_at", "completed_at"])?;
    let ids = strings(&batch, "interview_id");
    let all: Vec<InterviewFigures> = (0..batch.num_rows())
        .map(|row| figures::interview(answers.get(ids.value(row)).map_or(&[][..], Vec::as_slice)))
        .collect();
    let completed = times(&batch, "completed_at");
    let since = |name: &str| -> Vec<Option<f64>> {
        let from = times(&batch, name);
        (0..batch.num_rows())
            .map(|row| figures::seconds_between(timestamp_at(from, row), timestamp_at(completed, row)))
            .collect()
    };
    let days = since("created_at").into_iter().map(|seconds| seconds.map(|seconds| seconds / 86_400.0));
    Ok(vec![
        rows::floats(all.iter().map(|figures| figures.total_duration_seconds)),
        rows::floats(all.iter().map(|figures| figures.average_response_length)),
        counts(all.iter().map(|figures| Some(figures.response_count))),
        counts(all.iter().map(|figures| Some(figures.answered_count))),
        rows::floats(since("started_at").into_iter()),
        rows::floats(days),
    ])
}

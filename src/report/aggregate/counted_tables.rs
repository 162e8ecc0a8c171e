//! The rows that are counted, each with its groups and its candidate.

use polars::prelude::{BooleanChunked, Column, DataFrame, PolarsResult};

use super::share::share;
use crate::report::frames::Frames;

/// Name of the column that puts every row into one group, as the `job` column puts it into that of its job.
pub const ALL: &str = "all";
pub const JOB: &str = "job";

/// The rows that are counted.
pub struct CountedTables {
    pub interviews: DataFrame,
    pub cohort: DataFrame,
    pub responses: DataFrame,
    pub hits: DataFrame,
}

impl CountedTables {
    pub fn new(frames: &Frames) -> PolarsResult<Self> {
        let candidate = &frames.interviews.candidate;
        let responses = with_candidates(frames.responses.frame(), candidate)?;
        Ok(Self {
            interviews: with_all(interviews(frames)?)?,
            cohort: with_all(frames.interviews.cohort.frame())?,
            hits: with_all(with_candidates(frames.hits.frame(&responses), candidate)?)?,
            responses: with_all(responses)?,
        })
    }

    /// The rows of some jobs, whose numbers are sorted.
    pub fn of_jobs(&self, jobs: &[u32]) -> PolarsResult<Self> {
        let of = |frame: &DataFrame| -> PolarsResult<DataFrame> {
            let is_of: BooleanChunked =
                frame.column(JOB)?.u32()?.into_no_null_iter().map(|job| jobs.binary_search(&job).is_ok()).collect();
            frame.filter(&is_of)
        };
        Ok(Self {
            interviews: of(&self.interviews)?,
            cohort: of(&self.cohort)?,
            responses: of(&self.responses)?,
            hits: of(&self.hits)?,
        })
    }
}

/// All settled interviews with their figures, and with the questions they were asked where those were fetched.
fn interviews(frames: &Frames) -> PolarsResult<DataFrame> {
    let mut frame = frames.interviews.frame();
    let rows = &frames.interviews;
    let counts: Vec<Option<i64>> =
        (0u32..).take(rows.ids.len()).map(|row| frames.responses.question_count.get(&row).copied()).collect();
    let share_of = |(asked, answered): (&Option<i64>, &i64)| asked.and_then(|asked| share(*answered, asked));
    let shares: Vec<Option<f64>> = counts.iter().zip(&rows.answered_count).map(share_of).collect();
    frame.with_column(Column::new("question_count".into(), counts))?;
    frame.with_column(Column::new("answered_share".into(), shares))?;
    Ok(frame)
}

/// Adds the column that puts every row into one group.
fn with_all(mut frame: DataFrame) -> PolarsResult<DataFrame> {
    frame.with_column(Column::new(ALL.into(), vec![0u32; frame.height()]))?;
    Ok(frame)
}

/// Adds the candidate of each row's interview.
fn with_candidates(mut frame: DataFrame, candidate: &[u32]) -> PolarsResult<DataFrame> {
    let of_rows: Vec<u32> =
        frame.column("interview")?.u32()?.into_no_null_iter().map(|row| candidate[row as usize]).collect();
    frame.with_column(Column::new("candidate".into(), of_rows))?;
    Ok(frame)
}

//! Figures of a group of interviews.

use jiff::civil::Date;
use serde::Serialize;

/// One figure on top of a page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Card {
    /// `completed`, `completion_rate`, `median_duration_seconds`, `median_response_length` or
    /// `median_words_per_minute`.
    pub name: &'static str,
    /// Name of the figure on the page: "Completed".
    pub label: &'static str,
    pub unit: Unit,
    /// The figure, also if it is a count; null if it cannot be computed.
    pub value: Option<f64>,
    pub previous: Option<f64>,
    /// `value − previous` for shares, `(value − previous) / previous` for all other figures; null if either value is
    /// null.
    pub change: Option<f64>,
    /// Number of interviews behind the value; of answers for the pace. Null without a value.
    pub n: Option<i64>,
    /// What the figure is of, or why there is none, if that needs saying.
    pub note: Option<String>,
    /// The course of the figure, oldest first.
    pub series: Vec<SeriesPoint>,
}

/// A figure in some weeks.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SeriesPoint {
    /// Index of the first week in `Report::weeks`.
    pub week: usize,
    /// Number of weeks.
    pub weeks: usize,
    /// Null where there is nothing.
    pub value: Option<f64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Interviews,
    /// A share from 0 to 1.
    Share,
    Seconds,
    /// A length in UTF-16 code units.
    Characters,
    WordsPerMinute,
    Words,
}

/// Summary of one figure. Of fewer than 20 persons there is only a rounded median; without enough persons, or in a group
/// that is counted with others, everything is null. Quantiles are interpolated linearly; the standard deviation divides
/// by n − 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Distribution {
    /// Number of interviews or answers that have the figure. Null by question, where `asked` says of how many it is.
    pub n: Option<i64>,
    pub median: Option<f64>,
    pub quartile_1: Option<f64>,
    pub quartile_3: Option<f64>,
    /// Null by question, as a sum would follow from it.
    pub mean: Option<f64>,
    /// Null by question.
    pub standard_deviation: Option<f64>,
}

/// Completion of a cohort that has had its time: the interviews that were created in some days and first seen through
/// an id list.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Completion {
    /// First day on which the cohort was created; null without a cohort.
    pub completion_from: Option<Date>,
    /// Last day on which the cohort was created.
    pub completion_last: Option<Date>,
    /// Interviews of the cohort, including open ones.
    pub completion_cohort: i64,
    /// Interviews of the cohort that were completed or expired.
    pub completion_settled: i64,
    /// Completed / (completed + expired).
    pub completion_rate: Option<f64>,
    /// Share of the cohort that is neither completed nor expired yet.
    pub still_open_share: Option<f64>,
    /// Reason why there is no rate; null if there is one.
    pub completion_rate_missing: Option<String>,
}

/// Figures of a group of interviews in a period. Counts of interviews are always there. What was said, how, and how long
/// it took is of completed interviews; the distributions of word count and pace are of their answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    pub completed: i64,
    pub expired: i64,
    #[serde(flatten)]
    pub completion: Completion,
    /// Completed interviews that all figures below are of. Those of jobs with too few persons are counted with other
    /// jobs: in the figures of such a job there are none, and in those of some jobs these are left out.
    pub described: i64,
    /// Null, as all below, if none is described.
    pub responses: Option<i64>,
    /// Answers whose transcript is not blank.
    pub answered: Option<i64>,
    /// Total duration of an interview's answers, in seconds.
    pub total_duration_seconds: Distribution,
    /// Mean length of an interview's answers, in UTF-16 code units.
    pub average_response_length: Distribution,
    /// Time from start to end of an interview, in seconds.
    pub elapsed_seconds: Distribution,
    /// Time from creation to end of an interview, in days.
    pub days_to_complete: Distribution,
    /// Number of words in an answer.
    pub word_count: Distribution,
    /// Pace of an answer, in words per minute.
    pub words_per_minute: Distribution,
    /// Σ words / Σ minutes over the answers for which both are known. Null of fewer than 20 persons.
    pub pooled_words_per_minute: Option<f64>,
    /// Number of questions asked in an interview, over the interviews whose questions were fetched.
    pub question_count: Distribution,
    /// Answered questions / questions asked in an interview, over the interviews whose questions were fetched.
    pub answered_share: Distribution,
    pub duration_bins: Vec<Bin>,
    pub length_bins: Vec<Bin>,
}

/// Number of completed interviews with a figure in `[from, until)`. A bin of too few persons is one with its neighbours,
/// so bins differ in width: a chart shows density, interviews / width.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bin {
    pub from: f64,
    pub until: f64,
    pub interviews: i64,
}

/// Counts of a group in one week of `Report::weeks`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct WeekFigures {
    pub completed: i64,
    pub expired: i64,
    /// Completion rate of those created in the week; null until they have had their time.
    pub completion_rate: Option<f64>,
}

/// What was said in some weeks, which are as many as it takes for enough persons.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SpanFigures {
    /// Index of the first week in `Report::weeks`.
    pub week: usize,
    /// Number of weeks.
    pub weeks: usize,
    /// Completed interviews that the figures are of.
    pub described: i64,
    pub median_duration_seconds: Option<f64>,
    pub median_response_length: Option<f64>,
    pub median_words_per_minute: Option<f64>,
}

/// Interviews that are not settled, as the lake has them now.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct OpenFigures {
    /// Interviews by the vendor's status, in alphabetical order of the statuses.
    pub by_status: Vec<StatusCount>,
    /// Interviews that expire within 72 hours after the end of the period.
    pub expiring: i64,
    /// When the first of the `expiring` interviews expires, RFC 3339; null if there is none.
    pub first_expiry: Option<String>,
    /// Interviews that are open past their expiry and no longer polled; only in the figures over all jobs.
    pub stale: Option<i64>,
    /// Interviews that the API does not know; only in the figures over all jobs.
    pub gone: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatusCount {
    pub status: String,
    pub interviews: i64,
}

/// Gaps and doubts in the data of completed interviews.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Quality {
    pub interviews_without_answers: i64,
    pub answers_without_duration: i64,
    /// Answers that have no transcript at all.
    pub answers_without_transcript: i64,
    /// Answers whose transcript is blank.
    pub answers_with_empty_transcript: i64,
    /// Answers of more than 400 words a minute, which nobody speaks: their duration or transcript is wrong.
    pub answers_paced_above_400: i64,
    /// Bodies that were set aside because they break the contract. Only in the figures over all jobs, as their job is
    /// not known.
    pub quarantined: Option<i64>,
}

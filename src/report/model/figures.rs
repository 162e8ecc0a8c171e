//! Figures of a group of interviews.

use serde::Serialize;

use super::count::Count;

/// One figure on top of a page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Card {
    /// `completed`, `completion_rate`, `median_duration_seconds`, `median_response_length` or
    /// `median_words_per_minute`.
    pub name: &'static str,
    /// Name of the figure on the page: "Completed".
    pub label: &'static str,
    pub unit: Unit,
    /// The figure, also if it is a count; null if it is held back or cannot be computed.
    pub value: Option<f64>,
    /// Whether `value` is a count that is held back and written "<5".
    pub hidden: bool,
    pub previous: Option<f64>,
    pub previous_hidden: bool,
    /// `value − previous` for shares, `(value − previous) / previous` for all other figures; null if either value is
    /// null.
    pub change: Option<f64>,
    /// Number of interviews behind the value; of answers for the pace.
    pub n: Count,
    /// Reason why there is no value, if it is known.
    pub missing: Option<String>,
    /// The figure by week, in the order of `Report::weeks`; null where it is held back or absent.
    pub series: Vec<Option<f64>>,
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

/// Count and summary of one figure. If `n` is below the privacy floor, everything else is null. Quantiles are
/// interpolated linearly; the standard deviation divides by n − 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Distribution {
    pub n: Count,
    pub median: Option<f64>,
    pub quartile_1: Option<f64>,
    pub quartile_3: Option<f64>,
    pub mean: Option<f64>,
    pub standard_deviation: Option<f64>,
}

/// Completion of a cohort: the interviews that were created in the period and first seen through an id list, whenever
/// they settled.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Completion {
    /// Interviews of the cohort, including open ones.
    pub completion_cohort: Count,
    /// Completed / (completed + expired).
    pub completion_rate: Option<f64>,
    /// Share of the cohort that is neither completed nor expired yet.
    pub still_open_share: Option<f64>,
    /// Reason why there is no rate; null if there is one.
    pub completion_rate_missing: Option<&'static str>,
}

/// Figures of a group of interviews in a period. Each distribution is over completed interviews, except those of word
/// count and pace, which are over answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    pub completed: Count,
    pub expired: Count,
    #[serde(flatten)]
    pub completion: Completion,
    pub responses: Count,
    /// Answers whose transcript is not blank.
    pub answered: Count,
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
    /// Σ words / Σ minutes over the answers for which both are known.
    pub pooled_words_per_minute: Option<f64>,
    /// Number of questions asked in an interview, over the interviews whose questions were fetched.
    pub question_count: Distribution,
    /// Answered questions / questions asked in an interview, over the interviews whose questions were fetched.
    pub answered_share: Distribution,
    pub duration_bins: Vec<Bin>,
    pub length_bins: Vec<Bin>,
}

/// Number of completed interviews with a figure in `[from, until)`. A bin below the privacy floor is pooled with its
/// neighbours, so bins differ in width: a chart shows density, interviews / width.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bin {
    pub from: f64,
    pub until: f64,
    pub interviews: i64,
}

/// Figures of a group in one week of `Report::weeks`. Medians are null below the privacy floor.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct WeekFigures {
    pub completed: Count,
    pub expired: Count,
    pub completion_rate: Option<f64>,
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
    pub expiring: Count,
    /// When the first of the `expiring` interviews expires, RFC 3339; null if `expiring` is 0 or held back.
    pub first_expiry: Option<String>,
    /// Interviews that are open past their expiry and no longer polled; only in the figures over all jobs.
    pub stale: Option<Count>,
    /// Interviews that the API does not know; only in the figures over all jobs.
    pub gone: Option<Count>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatusCount {
    pub status: String,
    pub interviews: Count,
}

/// Gaps in the data of completed interviews.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Quality {
    pub interviews_without_answers: Count,
    pub answers_without_duration: Count,
    /// Answers that have no transcript at all.
    pub answers_without_transcript: Count,
    /// Answers whose transcript is blank.
    pub answers_with_empty_transcript: Count,
    /// Bodies that were set aside because they break the contract. Only in the figures over all jobs, as their job is
    /// not known.
    pub quarantined: Option<Count>,
}

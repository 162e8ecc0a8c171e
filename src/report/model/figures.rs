//! Figures of a group of interviews.

use serde::Serialize;

use super::count::Count;

/// One figure on top of a page.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Card {
    /// `completed`, `completion_rate`, `median_duration_seconds`, `median_response_length`, `median_words_per_minute`
    pub name: &'static str,
    /// For people: "Completed".
    pub label: &'static str,
    pub unit: Unit,
    /// A count as a number; null when it is held back or cannot be computed.
    pub value: Option<f64>,
    /// Whether `value` is a count that is held back: written "<5".
    pub hidden: bool,
    pub previous: Option<f64>,
    pub previous_hidden: bool,
    /// value − previous for shares, (value − previous) / previous for all else; null where either is.
    pub change: Option<f64>,
    /// Interviews (answers for pace) that the value is of.
    pub n: Count,
    /// Why there is no value, if that can be said.
    pub missing: Option<String>,
    /// By week, as `weeks`; null where held back or absent.
    pub series: Vec<Option<f64>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    Interviews,
    /// 0 to 1.
    Share,
    Seconds,
    /// UTF-16 code units.
    Characters,
    WordsPerMinute,
    Words,
}

/// n and the usual summary of one figure; all but n are null for n below the floor. Quantiles are linear, the standard
/// deviation has n − 1.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Distribution {
    pub n: Count,
    pub median: Option<f64>,
    pub quartile_1: Option<f64>,
    pub quartile_3: Option<f64>,
    pub mean: Option<f64>,
    pub standard_deviation: Option<f64>,
}

/// How many of those who were asked came to the end: over the interviews that were created in the period and first
/// seen through an id list, whenever they settled.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Completion {
    /// Interviews of the cohort, open ones too.
    pub completion_cohort: Count,
    /// completed / (completed + expired)
    pub completion_rate: Option<f64>,
    /// Those neither completed nor expired yet, of the cohort.
    pub still_open_share: Option<f64>,
    /// Why there is no rate, if there is none.
    pub completion_rate_missing: Option<&'static str>,
}

/// Figures of a group of interviews in a period. n is completed interviews, except for words and pace: answers.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    pub completed: Count,
    pub expired: Count,
    #[serde(flatten)]
    pub completion: Completion,
    pub responses: Count,
    /// Answers whose transcript is not blank.
    pub answered: Count,
    /// Seconds of answers in an interview.
    pub total_duration_seconds: Distribution,
    /// Mean UTF-16 length of an interview's answers.
    pub average_response_length: Distribution,
    /// From start to end of an interview, in seconds.
    pub elapsed_seconds: Distribution,
    /// From creation to end of an interview, in days.
    pub days_to_complete: Distribution,
    /// Words of an answer.
    pub word_count: Distribution,
    /// Words a minute of an answer.
    pub words_per_minute: Distribution,
    /// Σ words / Σ minutes over the answers that have both.
    pub pooled_words_per_minute: Option<f64>,
    /// Questions asked of an interview, of those whose questions were fetched.
    pub question_count: Distribution,
    /// Answered questions / questions asked, of the same.
    pub answered_share: Distribution,
    pub duration_bins: Vec<Bin>,
    pub length_bins: Vec<Bin>,
}

/// Completed interviews with a figure in `[from, until)`. Bins that fewer than the floor fell into were pooled with
/// their neighbours, so widths differ: a chart shows density, interviews / width.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bin {
    pub from: f64,
    pub until: f64,
    pub interviews: i64,
}

/// A group in one week of `weeks`; medians are null below the floor.
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
    /// By the vendor's word for the status, in the order of the words.
    pub by_status: Vec<StatusCount>,
    /// Those that expire within 72 hours after the period's end.
    pub expiring: Count,
    /// When the first of these expires, RFC 3339; null when `expiring` is 0 or held back.
    pub first_expiry: Option<String>,
    /// Open past their expiry and no longer asked for; over all jobs only.
    pub stale: Option<Count>,
    /// Unknown to the API; over all jobs only.
    pub gone: Option<Count>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatusCount {
    pub status: String,
    pub interviews: Count,
}

/// What is missing in the data of completed interviews.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Quality {
    pub interviews_without_answers: Count,
    pub answers_without_duration: Count,
    /// No transcript at all.
    pub answers_without_transcript: Count,
    /// A transcript that is blank.
    pub answers_with_empty_transcript: Count,
    /// Bodies set aside because they break the contract; over all jobs only, as their job is not known.
    pub quarantined: Option<Count>,
}

//! What a report says, final and suppressed: every page, sheet and file renders this and computes no figure of its own.
//!
//! Figures are in [`Report`]; words of people are in [`Evidence`] and nowhere else, so that only pages hold them.
//! A null figure could not be computed, or its group is below the privacy floor. Titles, departments, questions and
//! terms are text as it came: whoever renders it escapes it.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use serde::{Serialize, Serializer};

/// A count of interviews, answers or mentions; `None` is written "<5": it is one of 1 to 4, or one by which such a
/// count could be worked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count(pub Option<i64>);

impl Default for Count {
    fn default() -> Self {
        Self(Some(0))
    }
}

impl Serialize for Count {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Some(count) => serializer.serialize_i64(count),
            None => serializer.serialize_str(HIDDEN),
        }
    }
}

impl fmt::Display for Count {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(count) => write!(formatter, "{count}"),
            None => formatter.write_str(HIDDEN),
        }
    }
}

/// How a count that is held back is written, in every format.
pub const HIDDEN: &str = "<5";

/// Fewest candidates of a group whose figures are shown.
pub const PRIVACY_FLOOR: i64 = 5;

/// A report before it is rendered. Holds no time of its making: the same lake and flags give the same bytes.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Report {
    pub period: Period,
    /// What every figure is compared with; null when the report compares nothing.
    pub previous_period: Option<Period>,
    pub provenance: Provenance,
    /// What the report was narrowed to; empty lists for everything.
    pub selection: Selection,
    /// The ISO weeks of every weekly series, oldest first. The last one ends with the period.
    pub weeks: Vec<Week>,
    /// Over all jobs; null for fewer candidates than the floor.
    pub overall: Option<Figures>,
    pub overall_previous: Option<Figures>,
    /// The five figures on top: completed, completion rate, median duration, median answer length, median pace.
    pub cards: Vec<Card>,
    pub weekly: Vec<WeekFigures>,
    pub open: Open,
    pub changes: Changes,
    /// By department, title and id.
    pub jobs: Vec<JobReport>,
    /// Over all jobs: set by set, most interviews first, then by term.
    pub keywords: Vec<Keyword>,
    pub quality: Option<Quality>,
    pub privacy_floor: i64,
}

/// Whole days `[from, until)` in a time zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Period {
    pub from: Date,
    /// The first day that is no longer in it.
    pub until: Date,
    /// The last day that is in it.
    pub last: Date,
    pub days: u32,
    pub time_zone: String,
}

impl Default for Period {
    fn default() -> Self {
        let day = jiff::civil::date(2026, 1, 1);
        Self { from: day, until: day, last: day, days: 0, time_zone: "UTC".to_owned() }
    }
}

/// An ISO week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Week {
    /// `2026-W22`
    pub name: String,
    /// Its Monday.
    pub from: Date,
}

/// Where the figures come from.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Provenance {
    /// When the newest interview before the period's end was settled, RFC 3339; null for none.
    pub data_until: Option<String>,
    /// The newest run that filled the lake; null when it was filled without one.
    pub run: Option<Run>,
    /// SHA-256 over the names and hashes of all files that the figures were made from.
    pub inputs_sha256: String,
    /// The sets that were searched for.
    pub keyword_sets: Vec<KeywordSetName>,
    /// Settled interviews in the lake, in the period, and in the previous one.
    pub interviews_in_lake: Count,
    pub interviews_in_period: Count,
    pub interviews_in_previous_period: Option<Count>,
    /// What is not in the figures, and why.
    pub left_out: Vec<LeftOut>,
    /// Whole weeks from the first settled interview of the lake to the end of the period.
    pub weeks_of_history: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    pub run_id: String,
    /// RFC 3339.
    pub started_at: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeywordSetName {
    pub name: String,
    pub sha256: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// As a sentence goes on after the count: "interviews outside the period".
    pub what: String,
    /// Null where it is not a matter of counting.
    pub count: Option<Count>,
    pub why: String,
}

/// Names as they were asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Selection {
    pub jobs: Vec<String>,
    pub departments: Vec<String>,
}

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
pub struct Open {
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

/// What differs from the previous period beyond chance.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Changes {
    /// At most three, the most certain first.
    pub findings: Vec<Finding>,
    /// How many comparisons were made.
    pub comparisons: u64,
    /// Why nothing was compared, if nothing was.
    pub missing: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// Null over all jobs.
    pub job_id: Option<String>,
    /// Title of the job; null over all jobs.
    pub job: Option<String>,
    /// Page of the job; null over all jobs.
    pub page: Option<String>,
    /// As in [`Card::name`], or `keyword`.
    pub figure: &'static str,
    /// For people: "median duration", "share of interviews that mention “react”".
    pub label: String,
    pub unit: Unit,
    /// Medians for numbers, shares for shares.
    pub value: f64,
    pub previous: f64,
    pub n: i64,
    pub previous_n: i64,
    /// "Mann-Whitney" or "Fisher".
    pub test: &'static str,
    pub p: f64,
    /// Adjusted by Benjamini and Hochberg over all comparisons.
    pub q: f64,
    /// Rank-biserial correlation for numbers, difference of shares for shares.
    pub effect: f64,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct JobReport {
    pub job_id: String,
    pub job_title: Option<String>,
    pub department: Option<String>,
    /// Safe as a file name, unique among the jobs of the lake, and the same tomorrow.
    pub slug: String,
    /// `jobs/<slug>.html`
    pub page: String,
    /// Null for a group below the privacy floor, or one that would give such a group away; then all lists below are
    /// empty.
    pub figures: Option<Figures>,
    pub previous: Option<Figures>,
    pub cards: Vec<Card>,
    pub weekly: Vec<WeekFigures>,
    pub open: Open,
    /// In the order in which they are asked.
    pub questions: Vec<Question>,
    /// The kinds of question, sorted: what `Keyword::by_question_type` is of.
    pub question_types: Vec<String>,
    /// Set by set, most interviews first, then by term.
    pub keywords: Vec<Keyword>,
    /// Terms that this job's interviews hold more, or less, than those of the other jobs; the most distinctive first.
    pub distinctive: Vec<Distinctive>,
    pub quality: Option<Quality>,
}

/// A question of a job over its completed interviews; grouped by its text without regard to case and white space.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Question {
    pub question_text: Option<String>,
    pub question_type: Option<String>,
    /// `question-` and hex digits: an anchor on the job's page.
    pub anchor: String,
    /// Interviews that were asked it.
    pub asked: Count,
    /// Interviews with an answer to it whose transcript is not blank.
    pub answered: Count,
    /// answered / asked
    pub coverage: Option<f64>,
    pub word_count: Distribution,
    pub duration_seconds: Distribution,
    pub words_per_minute: Distribution,
    /// Σ words / Σ minutes over its answers that have both.
    pub pooled_words_per_minute: Option<f64>,
    /// Median of the limits; null where questions were not fetched.
    pub time_limit_seconds: Option<f64>,
    /// Duration / limit of an answer; may be above 1.
    pub time_limit_share: Distribution,
}

/// A keyword over completed interviews, of one job or of all.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Keyword {
    pub set: String,
    pub term: String,
    pub category: Option<String>,
    /// `term-` and hex digits: an anchor on the job's page, the same for a term in every job.
    pub anchor: String,
    /// Null is written "<5", and then the lists below are empty.
    pub counts: Option<KeywordCounts>,
    /// Share of completed interviews in the previous period; null when held back or not compared.
    pub previous_share: Option<f64>,
    /// As the job's `questions`; empty over all jobs.
    pub by_question: Vec<Cell>,
    /// As the job's `question_types`; over all jobs as their union, sorted, in [`Cell::of`].
    pub by_question_type: Vec<Cell>,
    /// As `weeks`.
    pub by_week: Vec<Cell>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct KeywordCounts {
    /// Completed interviews in which it occurs.
    pub interviews: i64,
    /// Of the completed interviews of the group.
    pub share: f64,
    /// Answers in which it occurs.
    pub responses: i64,
    pub mentions: i64,
    /// Mentions with a negation shortly before.
    pub negated: Count,
}

/// A keyword in one question, question type or week.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Cell {
    /// The question type, over all jobs; null elsewhere: the place in the list says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Completed interviews in which it occurs there.
    pub interviews: Count,
    /// Of the completed interviews that were asked it, or were completed in the week; null when either is held back
    /// or there are none.
    pub share: Option<f64>,
}

/// Log-odds ratio of a term against all other jobs, with an informative Dirichlet prior (Monroe, Colaresi and Quinn
/// 2008), over interviews that contain it.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Distinctive {
    pub set: String,
    pub term: String,
    pub anchor: String,
    /// Interviews of this job that contain it.
    pub n: i64,
    pub share: f64,
    /// Share of the other jobs' interviews.
    pub others_share: f64,
    pub log_odds_ratio: f64,
    /// The ratio in standard deviations; below 0 when the term is rarer here.
    pub z: f64,
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

/// Words of people, for pages alone.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Evidence {
    /// By `job_id`; no job below the floor is in it.
    pub jobs: BTreeMap<String, JobEvidence>,
    /// Why there are no quotes, if there are none.
    pub missing: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct JobEvidence {
    /// In the order of the job's keywords; those without quotes are absent.
    pub keywords: Vec<KeywordQuotes>,
    /// Whole answers by question, when they were asked for.
    pub questions: Vec<QuestionAnswers>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct KeywordQuotes {
    pub set: String,
    pub term: String,
    /// As [`Keyword::anchor`].
    pub anchor: String,
    pub quotes: Vec<Quote>,
}

/// A match with the words around it. The candidate's own name, e-mail and phone numbers are masked, best effort.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Quote {
    /// Stands for the answer, and leads to no person without the lake: hex digits.
    pub reference: String,
    /// `quote-` and hex digits, unique on the page.
    pub anchor: String,
    /// As [`Question::anchor`]; null for a question that is not among those of the job, since few were asked it.
    pub question: Option<String>,
    /// Null where the question has none, and where few were asked it: it may speak to one of them by name.
    pub question_text: Option<String>,
    /// Begins with "…" when it was cut.
    pub before: String,
    pub matched: String,
    /// Ends with "…" when it was cut.
    pub after: String,
    /// Whether a negation stands shortly before the match.
    pub negated: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct QuestionAnswers {
    /// As [`Question::anchor`].
    pub anchor: String,
    pub question_text: Option<String>,
    pub answers: Vec<WholeAnswer>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct WholeAnswer {
    pub reference: String,
    pub text: String,
}

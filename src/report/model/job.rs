//! A job with its questions and keywords.

use serde::Serialize;

use super::count::Count;
use super::figures::{Card, Distribution, Figures, OpenFigures, Quality, WeekFigures};

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
    pub open: OpenFigures,
    /// In the order in which they are asked.
    pub questions: Vec<QuestionReport>,
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
pub struct QuestionReport {
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
    pub by_question: Vec<KeywordPart>,
    /// As the job's `question_types`; over all jobs as their union, sorted, in [`KeywordPart::of`].
    pub by_question_type: Vec<KeywordPart>,
    /// As `weeks`.
    pub by_week: Vec<KeywordPart>,
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
pub struct KeywordPart {
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

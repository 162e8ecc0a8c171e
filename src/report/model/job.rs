//! A job with its questions and keywords.

use serde::Serialize;

use super::count::Count;
use super::figures::{Card, Distribution, Figures, OpenFigures, Quality, WeekFigures};

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct JobReport {
    pub job_id: String,
    pub job_title: Option<String>,
    pub department: Option<String>,
    /// Name of the job in file names: safe as one, unique among the jobs of the lake, and stable as long as the title
    /// is.
    pub slug: String,
    /// Path of the job's page in the report's folder: `jobs/<slug>.html`.
    pub page: String,
    /// Figures of the period. Null for a group below the privacy floor, or one that would give such a group away; all
    /// lists below are empty then.
    pub figures: Option<Figures>,
    pub previous: Option<Figures>,
    pub cards: Vec<Card>,
    pub weekly: Vec<WeekFigures>,
    pub open: OpenFigures,
    /// Questions in the order in which they are asked.
    pub questions: Vec<QuestionReport>,
    /// Types of the job's questions, sorted. `Keyword::by_question_type` has one entry for each.
    pub question_types: Vec<String>,
    /// Keywords by set, then by number of interviews, largest first, then by term.
    pub keywords: Vec<Keyword>,
    /// Terms that are more frequent, or rarer, in this job's interviews than in those of the other jobs, the most
    /// distinctive first.
    pub distinctive: Vec<Distinctive>,
    pub quality: Option<Quality>,
}

/// A question over the completed interviews of a job. Questions whose texts differ only in case and white space are
/// one.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct QuestionReport {
    pub question_text: Option<String>,
    pub question_type: Option<String>,
    /// Anchor of the question on the job's page: `question-` and hex digits.
    pub anchor: String,
    /// Interviews in which the question was asked.
    pub asked: Count,
    /// Interviews with an answer to the question whose transcript is not blank.
    pub answered: Count,
    /// Answered / asked.
    pub coverage: Option<f64>,
    pub word_count: Distribution,
    pub duration_seconds: Distribution,
    pub words_per_minute: Distribution,
    /// Σ words / Σ minutes over the answers for which both are known.
    pub pooled_words_per_minute: Option<f64>,
    /// Median of the time limits, in seconds; null if the questions were not fetched.
    pub time_limit_seconds: Option<f64>,
    /// Duration of an answer / its time limit; may be above 1.
    pub time_limit_share: Distribution,
}

/// A keyword over the completed interviews of one job, or of all jobs.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Keyword {
    pub set: String,
    pub term: String,
    pub category: Option<String>,
    /// Anchor of the keyword on a job's page: `term-` and hex digits. A term has the same anchor in every job.
    pub anchor: String,
    /// Counts of the keyword; null if they are held back and written "<5". All lists below are empty then.
    pub counts: Option<KeywordCounts>,
    /// Share of the completed interviews in the previous period; null if it is held back or not compared.
    pub previous_share: Option<f64>,
    /// The keyword by question, in the order of the job's `questions`; empty over all jobs.
    pub by_question: Vec<KeywordPart>,
    /// The keyword by question type, in the order of the job's `question_types`. Over all jobs, the union of the types,
    /// sorted, each named in [`KeywordPart::of`].
    pub by_question_type: Vec<KeywordPart>,
    /// The keyword by week, in the order of `Report::weeks`.
    pub by_week: Vec<KeywordPart>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct KeywordCounts {
    /// Completed interviews in which the keyword occurs.
    pub interviews: i64,
    /// Share of the group's completed interviews in which the keyword occurs.
    pub share: f64,
    /// Answers in which the keyword occurs.
    pub responses: i64,
    pub mentions: i64,
    /// Mentions with a negation shortly before them.
    pub negated: Count,
}

/// A keyword in one question, question type or week.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct KeywordPart {
    /// The question type, in the figures over all jobs. Null elsewhere, where the position in the list identifies the
    /// part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Completed interviews with the keyword in this question, question type or week.
    pub interviews: Count,
    /// Share of the completed interviews in which the question or type was asked, or that were completed in the week.
    /// Null if either count is held back, or if there are none.
    pub share: Option<f64>,
}

/// How distinctive a term is for a job: the log-odds ratio against all other jobs, with an informative Dirichlet prior
/// (Monroe, Colaresi and Quinn 2008), over the interviews that contain the term.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Distinctive {
    pub set: String,
    pub term: String,
    pub anchor: String,
    /// Interviews of this job that contain the term.
    pub n: i64,
    pub share: f64,
    /// Share of the other jobs' interviews that contain the term.
    pub others_share: f64,
    pub log_odds_ratio: f64,
    /// The log-odds ratio in standard deviations; below 0 if the term is rarer in this job.
    pub z: f64,
}

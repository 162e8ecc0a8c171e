//! A job with its questions and keywords.

use jiff::civil::Date;
use serde::Serialize;

use super::figures::{Card, Distribution, Figures, OpenFigures, Quality, SpanFigures, WeekFigures};
use super::findings::Finding;

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
    pub figures: Figures,
    /// Figures of the previous period; null if the report compares nothing.
    pub previous: Option<Figures>,
    /// Whether the job has too few persons in the period, or stands in for one that has: what was said in it is counted
    /// with other jobs. `spans` and all lists and figures after `open` are empty then, as they are without interviews.
    pub is_pooled: bool,
    /// What needs a look in this job, at most five, the most urgent first.
    pub findings: Vec<Finding>,
    pub cards: Vec<Card>,
    pub weekly: Vec<WeekFigures>,
    pub spans: Vec<SpanFigures>,
    pub open: OpenFigures,
    /// Questions in the order in which they are asked; then those that few were asked, as one.
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

/// The jobs of a department together.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DepartmentReport {
    pub department: String,
    pub job_ids: Vec<String>,
    pub figures: Figures,
    /// Null if the report compares nothing.
    pub previous: Option<Figures>,
    /// Open interviews that expire within 72 hours after the period.
    pub expiring: i64,
}

/// Jobs of too few persons each, which are counted together.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct OtherJobs {
    pub job_ids: Vec<String>,
    pub figures: Figures,
}

/// A question over the completed interviews of a job. Questions whose texts differ only in case, white space, quotation
/// marks and invisible characters are one.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct QuestionReport {
    /// The most frequent spelling. Null for a question without a text, and for `other_texts`.
    pub question_text: Option<String>,
    pub question_type: Option<String>,
    /// Anchor of the question on the job's page: `question-` and hex digits.
    pub anchor: String,
    /// Number of texts, in the row of the questions that too few persons were asked; null in all others.
    pub other_texts: Option<i64>,
    /// Interviews in which the question was asked. Null if even all other texts were asked of too few persons.
    pub asked: Option<i64>,
    /// Share of `asked` with an answer to the question whose transcript is not blank.
    pub coverage: Option<f64>,
    pub word_count: Distribution,
    pub duration_seconds: Distribution,
    pub words_per_minute: Distribution,
    /// Median of the time limits, in seconds; null if the questions were not fetched.
    pub time_limit_seconds: Option<f64>,
    /// Duration of an answer / its time limit; may be above 1.
    pub time_limit_share: Distribution,
    /// Share of the answers that are of 95 % of the time limit or more. Null, as below, if fewer than 30 interviews were
    /// asked the question, or nothing is known.
    pub at_limit_share: Option<f64>,
    /// Share of the answers that are blank or of fewer than ten words.
    pub thin_share: Option<f64>,
    /// The question by its place in the interview, if it was asked at two places or more, each of enough persons.
    pub by_place: Vec<PlaceOfQuestion>,
    /// All texts that the question has had over the weeks of the report, the first one first; empty if it was not reworded.
    pub wordings: Vec<WordingReport>,
}

/// A question at one place in the interview.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PlaceOfQuestion {
    /// 1-based place among the answers.
    pub place: i64,
    pub answers: i64,
    pub median_words: Option<f64>,
}

/// One text of a question that was reworded.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WordingReport {
    pub question_text: Option<String>,
    /// Days on which the first and the last interview with this text was completed.
    pub first: Date,
    pub last: Date,
    pub median_words: Option<f64>,
}

/// A keyword over the completed interviews of one job, or of all jobs.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Keyword {
    pub set: String,
    pub term: String,
    pub category: Option<String>,
    /// Anchor of the keyword on a job's page: `term-` and hex digits. A term has the same anchor in every job.
    pub anchor: String,
    pub counts: KeywordCounts,
    /// Share of the completed interviews in the previous period; null if it is not compared.
    pub previous_share: Option<f64>,
    /// The keyword by question, in the order of the job's `questions`; empty over all jobs.
    pub by_question: Vec<KeywordPart>,
    /// The keyword by question type, in the order of the job's `question_types`. Over all jobs, the union of the types,
    /// sorted, each named in [`KeywordPart::of`].
    pub by_question_type: Vec<KeywordPart>,
    /// The keyword by the `spans` of its job, or of all jobs.
    pub by_span: Vec<KeywordPart>,
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
    pub negated: i64,
}

/// A keyword in one question, question type or span.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct KeywordPart {
    /// The question type, in the figures over all jobs. Null elsewhere, where the position in the list identifies the
    /// part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    /// Completed interviews of the span with the keyword. Null by question and question type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interviews: Option<i64>,
    /// Share of the completed interviews in which the question or type was asked, or that were completed in the span.
    /// Null where there are none, or too few persons.
    pub share: Option<f64>,
}

/// How distinctive a term is for a job. Everybody counts once, with their last interview in the job, and with their last
/// one in all other jobs.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Distinctive {
    pub set: String,
    pub term: String,
    pub anchor: String,
    /// Persons of this job.
    pub n: i64,
    /// Persons of the other jobs.
    pub others_n: i64,
    /// Share of the persons of this job in whose interview the term occurs.
    pub share: f64,
    pub others_share: f64,
    /// With two more interviews on each side, of the share that both sides have together.
    pub log_odds_ratio: f64,
    /// The root of G², below 0 if the term is rarer in this job.
    pub signed_root_g2: f64,
    /// p-value of Fisher's exact test.
    pub p: f64,
    /// The p-value, adjusted by Benjamini and Hochberg over all terms of all jobs.
    pub q: f64,
}

//! Candidates' words.

use std::collections::BTreeMap;

use serde::Serialize;

/// Candidates' words, which only pages show.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Evidence {
    /// Evidence by `job_id`. Jobs that are counted with others are absent.
    pub jobs: BTreeMap<String, JobEvidence>,
    /// Reason why there are no quotes; null if there are some.
    pub missing: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct JobEvidence {
    /// Quotes in the order of the job's keywords. Keywords without quotes are absent.
    pub keywords: Vec<KeywordQuotes>,
    /// Whole answers by question, if the report was asked for them.
    pub questions: Vec<QuestionAnswers>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct KeywordQuotes {
    pub set: String,
    pub term: String,
    /// Anchor of the keyword, `Keyword::anchor`.
    pub anchor: String,
    pub quotes: Vec<Quote>,
}

/// A match with the words around it. The candidate's own name, e-mail address and phone numbers are masked, on a
/// best-effort basis.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Quote {
    /// Hex digits that identify the answer. They lead to no person without the lake.
    pub reference: String,
    /// Anchor of the quote, unique on the page: `quote-` and hex digits.
    pub anchor: String,
    /// Anchor of the question, `QuestionReport::anchor`. Null if the question is not among those of the job because few
    /// were asked it.
    pub question: Option<String>,
    /// Text of the question. Null if it has none, and if few were asked it: it may address one of them by name.
    pub question_text: Option<String>,
    /// The words before the match. They begin with "…" if they were cut.
    pub before: String,
    pub matched: String,
    /// The words after the match. They end with "…" if they were cut.
    pub after: String,
    /// Whether a negation stands shortly before the match.
    pub negated: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct QuestionAnswers {
    /// Anchor of the question, `QuestionReport::anchor`.
    pub anchor: String,
    pub question_text: Option<String>,
    pub answers: Vec<WholeAnswer>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct WholeAnswer {
    pub reference: String,
    pub text: String,
}

//! Words of people.

use std::collections::BTreeMap;

use serde::Serialize;

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
    /// As `Keyword::anchor`.
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
    /// As `QuestionReport::anchor`; null for a question that is not among those of the job, since few were asked it.
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
    /// As `QuestionReport::anchor`.
    pub anchor: String,
    pub question_text: Option<String>,
    pub answers: Vec<WholeAnswer>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct WholeAnswer {
    pub reference: String,
    pub text: String,
}

//! Chooses the keywords and questions on a page: those that most interviews have, so that the page stays small.

use std::cmp::Reverse;

use crate::report::model::{JobReport, Keyword, QuestionReport, Report};

/// Number of keywords on a page, over all sets. The others are in `keywords.csv`. Keywords with their cells and quotes
/// make up most of a page's size.
const KEYWORDS_SHOWN: usize = 26;
/// Number of keywords that a set may always show, even if the page then has more than [`KEYWORDS_SHOWN`].
const KEYWORDS_OF_A_SET: usize = 8;
/// Number of questions on a page, at most: those that were asked most. The others are in `questions.csv`.
const QUESTIONS_SHOWN: usize = 18;

/// A question on the page, with its 1-based position among all questions of the job.
pub struct NumberedQuestion<'a> {
    pub number: usize,
    pub question: &'a QuestionReport,
}

/// The part of a keyword set that is shown.
pub struct ShownSet<'a> {
    pub name: &'a str,
    /// Its first keywords.
    pub keywords: Vec<&'a Keyword>,
    /// Number of other keywords that occur.
    pub others: usize,
}

pub fn shown_by_set<'a>(report: &'a Report, keywords: &'a [Keyword], most: usize) -> Vec<ShownSet<'a>> {
    let sets = report.provenance.keyword_sets.iter();
    sets.map(|set| {
        let of_set = || keywords.iter().filter(|keyword| keyword.set == set.name);
        let shown: Vec<&Keyword> = of_set().take(most).collect();
        ShownSet { name: &set.name, others: of_set().count() - shown.len(), keywords: shown }
    })
    .collect()
}

/// The keywords that have a row on the page of a job, by set.
pub fn shown<'a>(report: &'a Report, job: &'a JobReport) -> Vec<ShownSet<'a>> {
    let most = (KEYWORDS_SHOWN / report.provenance.keyword_sets.len().max(1)).max(KEYWORDS_OF_A_SET);
    shown_by_set(report, &job.keywords, most)
}

/// The questions on the page of a job, in their order.
pub fn most_asked(questions: &[QuestionReport]) -> Vec<NumberedQuestion<'_>> {
    let mut all: Vec<NumberedQuestion> =
        questions.iter().enumerate().map(|(at, question)| NumberedQuestion { number: at + 1, question }).collect();
    if all.len() > QUESTIONS_SHOWN {
        all.sort_by_key(|one| (Reverse(one.question.asked), one.number));
        all.truncate(QUESTIONS_SHOWN);
        all.sort_by_key(|one| one.number);
    }
    all
}

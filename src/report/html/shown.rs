//! Which keywords and questions have a place on a page: those that most interviews have, so that it stays light.

use std::cmp::Reverse;

use crate::report::model::{JobReport, Keyword, QuestionReport, Report};

/// Keywords of a page, all sets together, and the fewest of a set; the others are in `keywords.csv`. They, their cells
/// and their quotes are most of a page's weight.
const KEYWORDS_SHOWN: usize = 60;
const KEYWORDS_OF_A_SET: usize = 10;
/// Questions of a page: those that were asked most. The others are in `questions.csv`.
const QUESTIONS_SHOWN: usize = 24;

/// A question of the page with its number, from 1, which is its place among all questions of the job.
pub struct NumberedQuestion<'a> {
    pub number: usize,
    pub question: &'a QuestionReport,
}

/// What is shown of a keyword set.
pub struct ShownSet<'a> {
    pub name: &'a str,
    /// The first ones that enough interviews have.
    pub keywords: Vec<&'a Keyword>,
    /// How many others occur.
    pub others: usize,
}

pub fn shown_by_set<'a>(report: &'a Report, keywords: &'a [Keyword], most: usize) -> Vec<ShownSet<'a>> {
    let sets = report.provenance.keyword_sets.iter();
    sets.map(|set| {
        let of_set = || keywords.iter().filter(|keyword| keyword.set == set.name);
        let shown: Vec<&Keyword> = of_set().filter(|keyword| keyword.counts.is_some()).take(most).collect();
        ShownSet { name: &set.name, others: of_set().count() - shown.len(), keywords: shown }
    })
    .collect()
}

/// The keywords that have a row on the page of a job.
pub fn shown<'a>(report: &'a Report, job: &'a JobReport) -> Vec<ShownSet<'a>> {
    let most = (KEYWORDS_SHOWN / report.provenance.keyword_sets.len().max(1)).max(KEYWORDS_OF_A_SET);
    shown_by_set(report, &job.keywords, most)
}

/// The questions of the page of a job, in their order.
pub fn most_asked(questions: &[QuestionReport]) -> Vec<NumberedQuestion<'_>> {
    let mut all: Vec<NumberedQuestion> =
        questions.iter().enumerate().map(|(at, question)| NumberedQuestion { number: at + 1, question }).collect();
    if all.len() > QUESTIONS_SHOWN {
        all.sort_by_key(|one| (Reverse(one.question.asked.0), one.number));
        all.truncate(QUESTIONS_SHOWN);
        all.sort_by_key(|one| one.number);
    }
    all
}

//! What the page of a job is filled with.

use std::cmp::Reverse;

use minijinja::context;
use minijinja::value::Value;

use super::evidence::Quoted;
use super::index::{cards, keyword_row};
use super::{drawn, value};
use crate::report::model::{Evidence, Figures, JobReport, Keyword, Question, Report, Unit};

/// Keywords of a page, all sets together, and the fewest of a set; the others are in `keywords.csv`. They, their cells
/// and their quotes are most of a page's weight.
const KEYWORDS_SHOWN: usize = 60;
const KEYWORDS_OF_A_SET: usize = 10;
/// Questions of a page: those that were asked most. The others are in `questions.csv`.
const QUESTIONS_SHOWN: usize = 24;
/// Questions side by side in the matrix, so that it fits on paper.
const QUESTIONS_ACROSS: usize = 12;
/// Weeks side by side in a table.
const WEEKS_ACROSS: usize = 13;

/// A question of the page with its number, from 1, which is its place among all questions of the job.
pub struct Numbered<'a> {
    pub number: usize,
    pub question: &'a Question,
}

/// What is shown of a keyword set.
pub struct Shown<'a> {
    pub name: &'a str,
    /// The first ones that enough interviews have.
    pub keywords: Vec<&'a Keyword>,
    /// How many others occur.
    pub others: usize,
}

pub fn shown_by_set<'a>(report: &'a Report, keywords: &'a [Keyword], most: usize) -> Vec<Shown<'a>> {
    let sets = report.provenance.keyword_sets.iter();
    sets.map(|set| {
        let of_set = || keywords.iter().filter(|keyword| keyword.set == set.name);
        let shown: Vec<&Keyword> = of_set().filter(|keyword| keyword.counts.is_some()).take(most).collect();
        Shown { name: &set.name, others: of_set().count() - shown.len(), keywords: shown }
    })
    .collect()
}

/// The keywords that have a row on the page of a job.
pub fn shown<'a>(report: &'a Report, job: &'a JobReport) -> Vec<Shown<'a>> {
    let most = (KEYWORDS_SHOWN / report.provenance.keyword_sets.len().max(1)).max(KEYWORDS_OF_A_SET);
    shown_by_set(report, &job.keywords, most)
}

pub fn page(report: &Report, job: &JobReport, evidence: &Evidence) -> Value {
    let sets = shown(report, job);
    let questions = most_asked(&job.questions);
    let quoted = Quoted::new(evidence.jobs.get(&job.job_id), &sets, &questions);
    context! {
        job => context! {
            job_id => &job.job_id,
            job_title => &job.job_title,
            department => &job.department,
            figures => value(&job.figures),
            previous => value(&job.previous),
            open => value(&job.open),
            quality => value(&job.quality),
        },
        cards => cards(&job.cards),
        changes => value(&report.changes.findings.iter().filter(|one| one.job_id.as_ref() == Some(&job.job_id)).collect::<Vec<_>>()),
        volume => drawn::volume(&report.weeks, &job.weekly),
        weeks => value(&report.weeks),
        weekly => value(&job.weekly),
        spread => job.figures.as_ref().map(spread),
        questions => question_rows(&questions),
        questions_left_out => job.questions.len() - questions.len(),
        sets => sets.iter().map(|one| set(report, one, &questions, &quoted)).collect::<Vec<_>>(),
        distinctive => job.distinctive.iter().map(|one| context! { has_quotes => quoted.has(&one.set, &one.term), ..value(one) }).collect::<Vec<_>>(),
        evidence => quoted.sections(&sets),
        answers => quoted.answers(),
        evidence_missing => &evidence.missing,
    }
}

fn most_asked(questions: &[Question]) -> Vec<Numbered<'_>> {
    let mut all: Vec<Numbered> =
        questions.iter().enumerate().map(|(at, question)| Numbered { number: at + 1, question }).collect();
    if all.len() > QUESTIONS_SHOWN {
        all.sort_by_key(|one| (Reverse(one.question.asked.0), one.number));
        all.truncate(QUESTIONS_SHOWN);
        all.sort_by_key(|one| one.number);
    }
    all
}

fn spread(figures: &Figures) -> Value {
    context! {
        durations => drawn::spread("Minutes of answers in an interview", &figures.duration_bins, &figures.total_duration_seconds, Unit::Seconds),
        lengths => drawn::spread("Mean characters of an interview's answers", &figures.length_bins, &figures.average_response_length, Unit::Characters),
    }
}

fn question_rows(questions: &[Numbered]) -> Vec<Value> {
    let words = drawn::strips(questions.iter().map(|one| &one.question.word_count));
    let limits = drawn::strips(questions.iter().map(|one| &one.question.time_limit_share));
    let pictures = words.into_iter().zip(limits);
    questions
        .iter()
        .zip(pictures)
        .map(|(one, (words, limits))| {
            let bar = drawn::bar(one.question.coverage);
            context! { number => one.number, bar, words, limits, ..value(one.question) }
        })
        .collect()
}

/// A keyword set: its table, its matrix by question, and its weeks.
fn set(report: &Report, set: &Shown, questions: &[Numbered], quoted: &Quoted) -> Value {
    let Shown { name, keywords: shown, others } = set;
    let has_quotes = |keyword: &Keyword| quoted.has(&keyword.set, &keyword.term);
    let rows: Vec<Value> =
        shown.iter().map(|keyword| context! { has_quotes => has_quotes(keyword), ..keyword_row(keyword) }).collect();
    let matrices: Vec<Value> = questions
        .chunks(QUESTIONS_ACROSS)
        .map(|across| {
            let rows: Vec<Value> = shown
                .iter()
                .map(|keyword| {
                    let cells: Vec<Value> = across
                        .iter()
                        .map(|one| {
                            let cell = keyword.by_question.get(one.number - 1);
                            let quote = quoted.quote(&keyword.set, &keyword.term, one.question);
                            context! { cell => value(&cell), quote }
                        })
                        .collect();
                    context! { term => &keyword.term, anchor => &keyword.anchor, has_quotes => has_quotes(keyword), cells }
                })
                .collect();
            let questions: Vec<Value> = across
                .iter()
                .map(|one| context! { number => one.number, anchor => &one.question.anchor, text => &one.question.question_text })
                .collect();
            context! { questions, rows }
        })
        .collect();
    let (weeks, by_week) = by_week(report, shown);
    context! { name => *name, others, rows, matrices, weeks, by_week }
}

/// The newest weeks, and the course of each of these keywords in them.
pub fn by_week(report: &Report, keywords: &[&Keyword]) -> (Value, Vec<Value>) {
    let from = report.weeks.len().saturating_sub(WEEKS_ACROSS);
    let row = |keyword: &&Keyword| {
        context! { term => &keyword.term, cells => value(&keyword.by_week.get(from..).unwrap_or_default()) }
    };
    (value(&report.weeks.get(from..).unwrap_or_default()), keywords.iter().map(row).collect())
}

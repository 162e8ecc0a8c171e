//! Fills the page of a job.

use minijinja::context;
use minijinja::value::Value;

use super::evidence::QuoteIndex;
use super::pictures;
use super::rows::{by_span, cards, keyword_rows, value, weeks};
use super::shown::{NumberedQuestion, ShownSet, most_asked, shown};
use crate::report::model::{Evidence, Figures, Finding, JobReport, Keyword, Report, Unit};

/// Number of questions side by side in the matrix, so that it fits on paper.
const QUESTIONS_ACROSS: usize = 12;

pub fn page(report: &Report, job: &JobReport, evidence: &Evidence) -> Value {
    let sets = shown(report, job);
    let questions = most_asked(&job.questions);
    let quoted = QuoteIndex::new(evidence.jobs.get(&job.job_id), &sets, &questions);
    context! {
        job => context! {
            job_id => &job.job_id,
            job_title => &job.job_title,
            department => &job.department,
            figures => value(&job.figures),
            previous => value(&job.previous),
            open => value(&job.open),
            quality => value(&job.quality),
            is_pooled => job.is_pooled,
        },
        cards => cards(&job.cards, report),
        findings => findings(job, &questions),
        of_department => value(&report.departments.iter().find(|one| Some(&one.department) == job.department.as_ref() && one.job_ids.len() > 1)),
        volume => pictures::volume(&report.weeks, &job.weekly),
        weeks => weeks(report, &job.weekly, &job.spans),
        spread => spread(&job.figures),
        questions => question_rows(&questions),
        questions_left_out => job.questions.len() - questions.len(),
        sets => sets.iter().map(|one| set((report, job), one, &questions, &quoted)).collect::<Vec<_>>(),
        distinctive => job.distinctive.iter().map(|one| context! { has_quotes => quoted.has(&one.set, &one.term), ..value(one) }).collect::<Vec<_>>(),
        evidence => quoted.sections(&sets),
        answers => quoted.answers(),
        evidence_missing => &evidence.missing,
    }
}

/// What needs a look, with anchors that are on the page: not every question has a row.
fn findings(job: &JobReport, questions: &[NumberedQuestion]) -> Vec<Value> {
    let is_there =
        |anchor: &str| !anchor.starts_with("question-") || questions.iter().any(|one| one.question.anchor == anchor);
    let anchor = |one: &Finding| if is_there(&one.anchor) { one.anchor.clone() } else { "questions".to_owned() };
    job.findings.iter().map(|one| context! { anchor => anchor(one), ..value(one) }).collect()
}

fn spread(figures: &Figures) -> Value {
    context! {
        durations => pictures::spread("Minutes of answers in an interview", &figures.duration_bins, &figures.total_duration_seconds, Unit::Seconds),
        lengths => pictures::spread("Mean characters of an interview's answers", &figures.length_bins, &figures.average_response_length, Unit::Characters),
    }
}

fn question_rows(questions: &[NumberedQuestion]) -> Vec<Value> {
    let words = pictures::strips(questions.iter().map(|one| &one.question.word_count));
    let limits = pictures::strips(questions.iter().map(|one| &one.question.time_limit_share));
    let pictures = words.into_iter().zip(limits);
    questions
        .iter()
        .zip(pictures)
        .map(|(one, (words, limits))| {
            let bar = pictures::bar(one.question.coverage);
            context! { number => one.number, bar, words, limits, ..value(one.question) }
        })
        .collect()
}

/// A keyword set with its table, its matrix by question, and its weeks.
fn set(
    (report, job): (&Report, &JobReport),
    set: &ShownSet,
    questions: &[NumberedQuestion],
    quoted: &QuoteIndex,
) -> Value {
    let ShownSet { name, keywords: shown, others } = set;
    let has_quotes = |keyword: &Keyword| quoted.has(&keyword.set, &keyword.term);
    let rows = keyword_rows(report, &job.spans, shown).into_iter().zip(shown);
    let rows: Vec<Value> = rows.map(|(row, keyword)| context! { has_quotes => has_quotes(keyword), ..row }).collect();
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
    let (spans, by_span) = by_span(report, &job.spans, shown);
    context! { name => *name, others, rows, matrices, spans, by_span }
}

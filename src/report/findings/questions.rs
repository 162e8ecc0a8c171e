//! Questions that most cannot finish in time, that many leave out or hardly answer, and that were reworded with effect.

use foldhash::HashMap;
use jiff::Timestamp;

use super::compared::medians;
use super::found::{Found, Measured, day};
use crate::model::statistics::{lower_bound, upper_bound};
use crate::pipeline::FindingKind;
use crate::report::aggregate::{Counted, QuestionHealth, Value, Wording, asked, last};
use crate::report::anchors;
use crate::report::html::format::{figure, percent};
use crate::report::model::Unit;

/// Least number of persons of whom a question's answers are judged.
const ENOUGH: usize = 30;
/// Least number of persons on each side of a rewording.
const ENOUGH_OF_A_WORDING: usize = 20;
/// A share is too large if it is this for sure, and a coverage too small if it is at most one less this.
const MANY: f64 = 0.25;
/// Longest part of a question's text in a sentence, in characters.
const LONGEST_TEXT: usize = 80;

/// Findings about the questions of some jobs that hold in the period.
pub fn questions(counted: &Counted<'_>, jobs: &[u32]) -> Vec<Found> {
    let mut found = Vec::new();
    for (job, questions) in counted.question_numbers() {
        if jobs.binary_search(&job).is_err() || !counted.is_shown(job, &counted.calendar.current_segments) {
            continue;
        }
        for question in questions {
            let [now, before] =
                [asked::CURRENT, asked::PREVIOUS].map(|period| troubles(counted, counted.asked.of(question, &period)));
            for trouble in now {
                let is_new = !before.iter().any(|other| other.kind == trouble.kind);
                found.push(of_question(counted, job, question, trouble, is_new));
            }
        }
    }
    found
}

/// What is wrong with a question.
struct Trouble {
    kind: FindingKind,
    share: f64,
    n: usize,
    /// The bound of the share that is beyond what is tolerated.
    bound: f64,
}

fn troubles(counted: &Counted<'_>, rows: &[u32]) -> Vec<Trouble> {
    if rows.len() < ENOUGH {
        return Vec::new();
    }
    let once = once_each(counted, rows);
    let health = QuestionHealth::of(counted.frames, &once);
    let trouble = |kind, [with, n]: [u64; 2], bound: f64| Trouble { kind, share: of(with, n), n: size(n), bound };
    // A bound costs a while: only what could be beyond it is worth one.
    let too_many = |kind, [with, n]: [u64; 2]| {
        let bound = if is_enough(n) && of(with, n) >= MANY { lower_bound(with, n) } else { 0.0 };
        (bound >= MANY).then(|| trouble(kind, [with, n], bound))
    };
    let too_few = |kind, [with, n]: [u64; 2]| {
        let bound = if is_enough(n) && of(with, n) <= 1.0 - MANY { upper_bound(with, n) } else { 1.0 };
        (bound <= 1.0 - MANY).then(|| trouble(kind, [with, n], bound))
    };
    let skipped = too_few(FindingKind::Skipped, health.covered);
    // A blank answer is thin, too, but that is said already.
    let thin = if skipped.is_some() { None } else { too_many(FindingKind::Thin, health.thin) };
    [skipped, too_many(FindingKind::AtLimit, health.at_limit), thin].into_iter().flatten().collect()
}

/// The answers of each person's last interview among these.
fn once_each(counted: &Counted<'_>, rows: &[u32]) -> Vec<u32> {
    let interviews = &counted.frames.interviews;
    let interview = |row: u32| counted.frames.responses.interview[row as usize];
    let person = |row: u32| interviews.candidate[interview(row) as usize];
    let last: HashMap<u32, u32> = last(counted.frames, rows.iter().map(|row| (person(*row), interview(*row))));
    rows.iter().copied().filter(|row| last[&person(*row)] == interview(*row)).collect()
}

fn of_question(counted: &Counted<'_>, job: u32, question: u32, trouble: Trouble, is_new: bool) -> Found {
    let Trouble { kind, share, n, bound } = trouble;
    let name = name(counted, question);
    let text = match kind {
        FindingKind::Skipped => format!("{} leave out {name} (n {n})", percent(Some(1.0 - share))),
        FindingKind::AtLimit => format!("{} reach the time limit of {name} (n {n})", percent(Some(share))),
        _ => format!("{} answer {name} in fewer than ten words (n {n})", percent(Some(share))),
    };
    let asked = &counted.frames.responses.questions[question as usize];
    Found {
        job: Some(job),
        kind,
        is_new,
        anchor: anchors::question(asked.normalised.as_deref()),
        text,
        about: asked.normalised.clone().unwrap_or_default(),
        weight: if kind == FindingKind::Skipped { 1.0 - share } else { share },
        measured: Measured { test: "bound", effect: Some(bound), ..Measured::plain(Unit::Share, share, n) },
    }
}

/// Comparisons of the answers before and after a rewording that began in this period or the one before, whatever came of
/// them. Their q-values are not set.
pub fn rewordings(counted: &Counted<'_>, jobs: &[u32]) -> Vec<Found> {
    let recent = counted.calendar.previous_segments.as_ref().unwrap_or(&counted.calendar.current_segments);
    let mut found = Vec::new();
    for (old, new) in &counted.rewordings.successions {
        let responses = &counted.frames.responses;
        let asked = &responses.questions[new.question as usize];
        let job = asked.job;
        let began = counted.calendar.segment(Some(new.first)).map(|segment| segment as usize);
        let is_current = began.is_some_and(|began| counted.calendar.current_segments.contains(&began));
        let is_recent = is_current || began.is_some_and(|began| recent.contains(&began));
        if jobs.binary_search(&job).is_err() || !is_recent {
            continue;
        }
        let [before, now] = [old, new].map(|wording| words(counted, wording));
        if before.len() < ENOUGH_OF_A_WORDING || now.len() < ENOUGH_OF_A_WORDING {
            continue;
        }
        let Some(measured) = medians(Unit::Words, &now, &before) else { continue };
        let word = if measured.effect.is_some_and(|effect| effect > 0.0) { "longer" } else { "shorter" };
        let previous = measured.previous.unwrap_or_default();
        let [value, previous] = [measured.value, previous].map(|value| figure(Some(value), Unit::Words));
        let text = format!(
            "answers to {} are {word} since it was reworded on {}: {previous} words before and {value} now (n {} and {})",
            name(counted, new.question),
            moment_day(counted, new.first),
            before.len(),
            now.len()
        );
        found.push(Found {
            job: Some(job),
            kind: FindingKind::Reworded,
            is_new: is_current,
            anchor: anchors::question(asked.normalised.as_deref()),
            text,
            about: asked.normalised.clone().unwrap_or_default(),
            weight: 0.0,
            measured,
        });
    }
    found
}

/// Words of each person's last answer to a wording.
fn words(counted: &Counted<'_>, wording: &Wording) -> Vec<Value> {
    let (interviews, responses) = (&counted.frames.interviews, &counted.frames.responses);
    let once = once_each(counted, counted.rows_ever(wording.question));
    let known = once.into_iter().filter_map(|row| {
        let person = interviews.candidate[responses.interview[row as usize] as usize];
        #[expect(clippy::cast_precision_loss, reason = "no answer has 2^53 words")]
        responses.word_count(row as usize).map(|words| Value { value: words as f64, person, row })
    });
    known.collect()
}

/// A question in quotation marks, cut to what a sentence can bear.
fn name(counted: &Counted<'_>, question: u32) -> String {
    let text = counted.frames.responses.questions[question as usize].text.as_deref().map(str::trim);
    let Some(text) = text.filter(|text| !text.is_empty()) else { return "a question without a text".to_owned() };
    match text.char_indices().nth(LONGEST_TEXT) {
        Some((at, _)) => format!("“{}…”", text[..at].trim_end()),
        None => format!("“{text}”"),
    }
}

fn moment_day(counted: &Counted<'_>, at: i64) -> String {
    let at = Timestamp::from_microsecond(at).unwrap_or_default();
    day(counted.calendar.zone.to_datetime(at).date())
}

fn is_enough(n: u64) -> bool {
    n >= ENOUGH as u64
}

fn size(n: u64) -> usize {
    usize::try_from(n).expect("a count in memory")
}

#[expect(clippy::cast_precision_loss, reason = "counts of persons are far below 2^53")]
fn of(with: u64, n: u64) -> f64 {
    with as f64 / n as f64
}

//! The health of a question: whether it is answered, in how many words, and whether there is time enough.

use std::collections::BTreeMap;

use foldhash::HashSet;
use jiff::Timestamp;

use super::asked::EVER;
use super::counted::Counted;
use super::share::share;
use super::values::{Value, has_persons, median};
use crate::report::atoms::SMALLEST_GROUP;
use crate::report::frames::Frames;
use crate::report::model::{PlaceOfQuestion, QuestionReport, WordingReport};

/// Least number of interviews in which a question was asked of whose health anything is said.
const LEAST_ASKED: i64 = 30;

/// An answer of this share of the time limit, or more, was ended by it.
const AT_LIMIT: f64 = 0.95;
/// An answer of fewer words is thin.
const ENOUGH_WORDS: i64 = 10;

/// Counts over answers, and over questions that were left out: how many of how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QuestionHealth {
    /// Interviews with an answer that is not blank, of those that were asked the question.
    pub covered: [u64; 2],
    /// Answers at the time limit, of those whose duration and limit are known.
    pub at_limit: [u64; 2],
    /// Answers that are blank or of few words, of those whose words are known.
    pub thin: [u64; 2],
}

impl QuestionHealth {
    /// Counts rows of one question.
    #[must_use]
    pub fn of(frames: &Frames, rows: &[u32]) -> Self {
        let responses = &frames.responses;
        let mut health = Self::default();
        let (mut asked, mut answered) = (HashSet::default(), HashSet::default());
        for row in rows.iter().map(|row| *row as usize) {
            asked.insert(responses.interview[row]);
            if responses.answered[row] {
                answered.insert(responses.interview[row]);
            }
            if let Some(share) = responses.time_limit_share(row) {
                health.at_limit = add(health.at_limit, share >= AT_LIMIT);
            }
            let words = responses.word_count(row).filter(|_| responses.has_transcript[row]);
            let is_blank = responses.has_transcript[row] && !responses.answered[row];
            if words.is_some() || is_blank {
                health.thin = add(health.thin, is_blank || words.is_some_and(|words| words < ENOUGH_WORDS));
            }
        }
        health.covered = [answered.len() as u64, asked.len() as u64];
        health
    }
}

impl Counted<'_> {
    /// Shares of answers at the limit and of thin ones, in the row of a question.
    pub fn health(&self, rows: &[u32], asked: i64) -> QuestionReport {
        if asked < LEAST_ASKED {
            return QuestionReport::default();
        }
        let health = QuestionHealth::of(self.frames, rows);
        let share = |[with, all]: [u64; 2]| share(signed(with), signed(all));
        QuestionReport {
            at_limit_share: share(health.at_limit),
            thin_share: share(health.thin),
            ..QuestionReport::default()
        }
    }

    /// A question by its place, if enough persons had it at two places or more.
    pub fn by_place(&self, rows: &[u32]) -> Vec<PlaceOfQuestion> {
        let responses = &self.frames.responses;
        let mut by_place: BTreeMap<i64, Vec<Value>> = BTreeMap::new();
        for row in rows {
            let at = *row as usize;
            let person = self.frames.interviews.candidate[responses.interview[at] as usize];
            if let (Some(place), Some(words)) = (responses.position(at), responses.word_count(at)) {
                #[expect(clippy::cast_precision_loss, reason = "no answer has 2^53 words")]
                let value = words as f64;
                by_place.entry(place).or_default().push(Value { value, person, row: *row });
            }
        }
        let enough = by_place.into_iter().filter(|(_, answers)| has_persons(answers, SMALLEST_GROUP));
        let places: Vec<PlaceOfQuestion> = enough
            .map(|(place, answers)| PlaceOfQuestion {
                place: place + 1,
                answers: signed(answers.len() as u64),
                median_words: median(&answers),
            })
            .collect();
        if places.len() > 1 { places } else { Vec::new() }
    }

    /// Answers to a question, and questions without one, over all weeks.
    #[must_use]
    pub fn rows_ever(&self, question: u32) -> &[u32] {
        self.asked.of(question, &EVER)
    }

    /// Median words of the answers to a question, if enough persons have some.
    #[must_use]
    pub fn median_words(&self, question: u32) -> Option<f64> {
        let frames = self.frames;
        let value = |row: &u32| {
            #[expect(clippy::cast_precision_loss, reason = "no answer has 2^53 words")]
            let value = frames.responses.word_count(*row as usize)? as f64;
            let person = frames.interviews.candidate[frames.responses.interview[*row as usize] as usize];
            Some(Value { value, person, row: *row })
        };
        let words: Vec<Value> = self.rows_ever(question).iter().filter_map(value).collect();
        if has_persons(&words, SMALLEST_GROUP) { median(&words) } else { None }
    }

    /// The texts that a question has had.
    pub fn wordings(&self, question: u32) -> Vec<WordingReport> {
        let day = |at: i64| self.calendar.zone.to_datetime(Timestamp::from_microsecond(at).unwrap_or_default()).date();
        let wordings = self.rewordings.of(question).iter();
        wordings
            .map(|wording| WordingReport {
                question_text: self.frames.responses.questions[wording.question as usize].text.clone(),
                first: day(wording.first),
                last: day(wording.last),
                median_words: self.median_words(wording.question),
            })
            .collect()
    }
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).expect("a count in memory")
}

fn add([with, all]: [u64; 2], has: bool) -> [u64; 2] {
    [with + u64::from(has), all + 1]
}

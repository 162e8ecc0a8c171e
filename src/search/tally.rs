//! Counts of mentions, and of what they are counted in.

use std::collections::BTreeMap;

use foldhash::HashSet;
use serde::Serialize;

/// What answers are counted by, beside all together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    Job,
    Question,
    Type,
    Month,
}

/// Counts of all answers that were searched, or of a part of them.
#[derive(Debug, Default)]
pub struct Tally {
    pub with: Side,
    pub of: Side,
    pub mentions: u64,
    /// Mentions in answers whose words can be counted.
    pub mentions_among_words: u64,
    pub words: u64,
}

/// Answers, their interviews, and whose these are.
#[derive(Debug, Default)]
pub struct Side {
    pub answers: u64,
    pub interviews: u64,
    /// The candidates, by their keys.
    people: HashSet<u128>,
    /// Interviews that do not say whose they are. Each counts as a person of its own.
    nameless: u64,
}

/// A [`Tally`], as it is told.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Totals {
    pub mentions: u64,
    pub answers: u64,
    pub interviews: u64,
    pub candidates: u64,
    pub of: TotalsOf,
    /// Mentions per 1,000 words of answers whose words can be counted; null if there are none.
    pub per_1000_words: Option<f64>,
}

/// What there is under the same filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct TotalsOf {
    pub words: u64,
    pub answers: u64,
    pub interviews: u64,
    pub candidates: u64,
}

impl Tally {
    pub fn totals(&self) -> Totals {
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
        let rate = || self.mentions_among_words as f64 * 1000.0 / self.words as f64;
        Totals {
            mentions: self.mentions,
            answers: self.with.answers,
            interviews: self.with.interviews,
            candidates: self.with.candidates(),
            of: TotalsOf {
                words: self.words,
                answers: self.of.answers,
                interviews: self.of.interviews,
                candidates: self.of.candidates(),
            },
            per_1000_words: (self.words > 0).then(rate),
        }
    }

    pub fn merge(&mut self, other: Self) {
        self.with.merge(other.with);
        self.of.merge(other.of);
        self.mentions += other.mentions;
        self.mentions_among_words += other.mentions_among_words;
        self.words += other.words;
    }
}

impl Side {
    pub fn add_interview(&mut self, person: Option<u128>) {
        self.interviews += 1;
        match person {
            Some(person) => _ = self.people.insert(person),
            None => self.nameless += 1,
        }
    }

    fn candidates(&self) -> u64 {
        self.people.len() as u64 + self.nameless
    }

    fn merge(&mut self, other: Self) {
        self.answers += other.answers;
        self.interviews += other.interviews;
        self.nameless += other.nameless;
        if self.people.is_empty() {
            self.people = other.people;
        } else {
            self.people.extend(other.people);
        }
    }
}

/// What a part has in common: a job, a question of a job, a type, or a month; all empty for all answers together.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartKey {
    pub job_id: Option<String>,
    /// The text of a question as it is compared, a type, or a month.
    pub value: Option<String>,
}

/// The counts of the parts of a search, each with how it is shown.
#[derive(Debug, Default)]
pub struct Parts(pub BTreeMap<PartKey, (Option<String>, Tally)>);

impl Parts {
    /// Adds counts of a part. Of several spellings of a question, the first in alphabetical order is shown.
    pub fn add(&mut self, key: PartKey, shown: Option<String>, tally: Tally) {
        let (known, all) = self.0.entry(key).or_insert_with(|| (shown.clone(), Tally::default()));
        if *known > shown {
            *known = shown;
        }
        all.merge(tally);
    }
}

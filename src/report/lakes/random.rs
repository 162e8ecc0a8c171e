//! Random lakes, and what is true of them.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::Value;

use crate::model::random::Random;
use crate::pipeline::ReportPlan;
use crate::report::aggregate::{Counted, aggregate, wanted};
use crate::report::findings::needs_a_look;
use crate::report::frames::random::{TERMS, TrueAnswer, Truth, frames};
use crate::report::make::assembled;
use crate::report::model::{KeywordSetName, Provenance, Report};
use crate::report::period::Calendar;

/// In microseconds.
const DAY: i64 = 24 * 3600 * 1_000_000;

/// The interviews of a lake, and how it is reported.
pub struct Lake {
    pub truth: Vec<Truth>,
    pub jobs: u32,
    pub calendar: Calendar,
    pub plan: ReportPlan,
}

/// A lake of up to six jobs, and of as many interviews as few or many reports have.
pub fn random_lake(seed: u64) -> Lake {
    let mut random = Random(seed);
    let until = jiff::civil::date(2026, 6, 1).checked_add(jiff::Span::new().days(random.below(7) as i64)).unwrap();
    let days = [1, 7, 10, 14, 28, 91][random.below(6) as usize];
    let plan = ReportPlan { days, until: Some(until), ..ReportPlan::new(PathBuf::from("reports")) };
    let calendar = Calendar::new(&plan, Timestamp::UNIX_EPOCH).unwrap();
    let jobs = 1 + random.below(6) as u32;
    let persons = 20 + random.below(200);
    let mut truth = Vec::new();
    for job in 0..jobs {
        let most = [4, 12, 40, 90][random.below(4) as usize];
        let rarely_timed = random.one_in(4);
        for _ in 0..random.below(most) {
            let longest = if random.one_in(2) { 28 } else { 100 };
            let ago = random.below(longest) as i64;
            let at = calendar.current.until - ago * DAY - random.below(DAY.unsigned_abs()) as i64;
            let answer = |random: &mut Random, question: u32| TrueAnswer {
                question,
                words: (!random.one_in(8)).then(|| 1 + random.below(200) as i64),
                seconds: (!(if rarely_timed { random.below(4) < 3 } else { random.one_in(20) }))
                    .then(|| 20.0 + random.below(100) as f64),
                terms: (0u32..).take(TERMS.len()).filter(|term| random.one_in(3 + u64::from(*term) * 4)).collect(),
            };
            let mut answers: Vec<TrueAnswer> = (0..3).map(|question| answer(&mut random, question)).collect();
            if random.one_in(5) {
                let follow_up = 3 + random.below(8) as u32;
                answers.push(answer(&mut random, follow_up));
            }
            let is_open = random.one_in(10);
            let completed = !is_open && !random.one_in(8);
            truth.push(Truth {
                job,
                person: (!random.one_in(15)).then(|| random.below(persons) as u32),
                created_at: at - 3 * DAY,
                settled_at: (!is_open).then_some(at),
                completed,
                answers: if completed { answers } else { Vec::new() },
            });
        }
    }
    Lake { truth, jobs, calendar, plan }
}

impl Lake {
    /// The report of the interviews of some jobs.
    pub fn report(&self, is_wanted: impl Fn(u32) -> bool) -> Report {
        let frames = frames(&self.truth, self.jobs, &self.calendar, is_wanted);
        let counted = Counted::new(&frames, &self.calendar, &wanted(&frames));
        let mut aggregates = aggregate(&counted);
        let needs_a_look = needs_a_look(&counted, &mut aggregates, &[], 20);
        let keyword_sets = vec![KeywordSetName { name: "set".to_owned(), sha256: "hash".to_owned() }];
        let provenance = Provenance { keyword_sets, ..Provenance::default() };
        assembled(&self.plan, self.calendar.clone(), aggregates, needs_a_look, provenance)
    }

    /// Completed interviews of some jobs in some segments.
    pub fn rows(&self, jobs: &BTreeSet<u32>, segments: &Range<usize>) -> BTreeSet<usize> {
        let is_in = |one: &Truth| {
            let segment = self.calendar.segment(one.settled_at).map(|segment| segment as usize);
            one.completed && jobs.contains(&one.job) && segment.is_some_and(|segment| segments.contains(&segment))
        };
        (0..self.truth.len()).filter(|row| is_in(&self.truth[*row])).collect()
    }

    /// How many interviews of some jobs were completed, or expired, in some segments.
    pub fn count(&self, jobs: &BTreeSet<u32>, segments: &Range<usize>, completed: bool) -> usize {
        if completed {
            return self.rows(jobs, segments).len();
        }
        let expired = self.truth.iter().filter(|one| !one.completed && jobs.contains(&one.job));
        let segment = |one: &&Truth| self.calendar.segment(one.settled_at).map(|segment| segment as usize);
        expired.filter(|one| segment(one).is_some_and(|segment| segments.contains(&segment))).count()
    }

    /// How many persons some interviews are of.
    pub fn persons(&self, rows: &BTreeSet<usize>) -> usize {
        rows.iter().map(|row| self.truth[*row].candidate(*row)).collect::<BTreeSet<u32>>().len()
    }

    /// In how many of some interviews a term was found.
    pub fn with_term(&self, rows: &BTreeSet<usize>, term: u32) -> usize {
        let has = |row: &&usize| self.truth[**row].answers.iter().any(|answer| answer.terms.contains(&term));
        rows.iter().filter(has).count()
    }

    /// The segments of a span of weeks in a report.
    pub fn segments_of(&self, span: &Value) -> Range<usize> {
        let at = |name: &str| usize::try_from(span[name].as_u64().unwrap()).unwrap();
        let weeks = &self.calendar.week_segments;
        weeks[at("week")].start..weeks[at("week") + at("weeks") - 1].end
    }
}

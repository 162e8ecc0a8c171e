//! Counts of keywords.

use std::ops::Range;

use foldhash::HashMap;

use super::people::{People, period};
use crate::report::atoms::Atom;
use crate::report::frames::{Frames, Hits};
use crate::report::model::KeywordCounts;
use crate::report::period::Calendar;

/// Numbers of a job and a term.
type Key = (u32, u32);

/// Counts of terms in completed interviews.
#[derive(Default)]
pub struct Terms {
    /// Counts of the period. The shares are not set.
    current: HashMap<Key, KeywordCounts>,
    /// Interviews that contain the term, by segment.
    by_segment: HashMap<Key, Vec<(u32, i64)>>,
    /// Interviews of the period that contain the term, by the numbers of the question and the term.
    by_question: HashMap<(u32, u32), Distinct>,
    /// The same by the numbers of the job, the type of question and the term.
    by_type: HashMap<(u32, u32, u32), Distinct>,
    /// Persons of each period whose last interview in the job contains the term.
    pub persons: HashMap<Key, [u64; 2]>,
    /// The same over the jobs that the report is of, by term.
    pub persons_of_group: HashMap<u32, [u64; 2]>,
    /// Persons whose last interview of all contains the term.
    persons_of_all: HashMap<u32, u64>,
    /// Those among them whose last interview is in the job.
    persons_last_here: HashMap<Key, u64>,
    /// Persons whose last interview is in the job, and whose last one elsewhere contains the term.
    persons_also_elsewhere: HashMap<Key, u64>,
}

/// Number of interviews, which come one after another.
#[derive(Debug, Clone, Copy, Default)]
struct Distinct {
    last: Option<u32>,
    count: i64,
}

impl Distinct {
    fn add(&mut self, interview: u32) {
        self.count += i64::from(self.last.replace(interview) != Some(interview));
    }
}

impl Terms {
    pub fn new(frames: &Frames, calendar: &Calendar, people: &People) -> Self {
        let mut terms = Self::default();
        let (rows, responses, hits) = (&frames.interviews, &frames.responses, &frames.hits);
        let mut last = vec![None; hits.terms.len()];
        for (hit, (response, term)) in hits.response.iter().zip(&hits.term).enumerate() {
            let response = *response as usize;
            let interview = responses.interview[response];
            let (job, segment) = (rows.job[interview as usize], rows.segment[interview as usize]);
            let period = period(calendar, segment);
            // The hits of a set in one interview follow one another.
            let is_first = last[*term as usize].replace(interview) != Some(interview);
            if is_first {
                terms.add_interview(frames, people, interview, *term, period);
            }
            if period == Some(0) {
                let counts = terms.current.entry((job, *term)).or_default();
                counts.interviews += i64::from(is_first);
                counts.responses += 1;
                counts.mentions += i64::from(hits.mentions[hit]);
                counts.negated += i64::from(hits.negated[hit]);
                terms.by_question.entry((responses.question[response], *term)).or_default().add(interview);
                if let Some(kind) = responses.question_type(response) {
                    terms.by_type.entry((job, kind, *term)).or_default().add(interview);
                }
            }
        }
        terms
    }

    fn add_interview(&mut self, frames: &Frames, people: &People, interview: u32, term: u32, period: Option<usize>) {
        let at = interview as usize;
        let (job, segment) = (frames.interviews.job[at], frames.interviews.segment[at]);
        let segments = self.by_segment.entry((job, term)).or_default();
        match segments.iter_mut().find(|(other, _)| *other == segment) {
            Some((_, count)) => *count += 1,
            None => segments.push((segment, 1)),
        }
        let Some(period) = period else { return };
        if people.in_job[at] {
            self.persons.entry((job, term)).or_default()[period] += 1;
        }
        if people.in_group[at] {
            self.persons_of_group.entry(term).or_default()[period] += 1;
        }
        if people.in_all[at] {
            *self.persons_of_all.entry(term).or_default() += 1;
            *self.persons_last_here.entry((job, term)).or_default() += 1;
        }
        if let Some(outside) = people.outside_of[at] {
            *self.persons_also_elsewhere.entry((outside, term)).or_default() += 1;
        }
    }

    /// Counts in the period over some jobs; `None` if the term does not occur in them.
    pub fn of(&self, jobs: &[u32], term: u32) -> Option<KeywordCounts> {
        let found = jobs.iter().filter_map(|job| self.current.get(&(*job, term)));
        found.cloned().reduce(|mut sum, other| {
            sum.interviews += other.interviews;
            sum.responses += other.responses;
            sum.mentions += other.mentions;
            sum.negated += other.negated;
            sum
        })
    }

    /// Interviews of a job and some segments that contain the term.
    pub fn interviews(&self, job: u32, term: u32, segments: &Range<usize>) -> i64 {
        let by_segment = self.by_segment.get(&(job, term)).map_or(&[][..], Vec::as_slice);
        by_segment.iter().filter(|(segment, _)| segments.contains(&(*segment as usize))).map(|(_, count)| count).sum()
    }

    pub fn in_atoms(&self, atoms: &[&Atom], term: u32) -> i64 {
        let of_atom =
            |atom: &&Atom| -> i64 { atom.jobs.iter().map(|job| self.interviews(*job, term, &atom.segments)).sum() };
        atoms.iter().map(of_atom).sum()
    }

    pub fn in_question(&self, question: u32, term: u32) -> i64 {
        self.by_question.get(&(question, term)).map_or(0, |distinct| distinct.count)
    }

    pub fn in_type(&self, job: u32, question_type: u32, term: u32) -> i64 {
        self.by_type.get(&(job, question_type, term)).map_or(0, |distinct| distinct.count)
    }

    /// Persons whose last interview that is not in the job contains the term.
    pub fn persons_elsewhere(&self, job: u32, term: u32) -> u64 {
        let all = self.persons_of_all.get(&term).copied().unwrap_or_default();
        let here = self.persons_last_here.get(&(job, term)).copied().unwrap_or_default();
        all - here + self.persons_also_elsewhere.get(&(job, term)).copied().unwrap_or_default()
    }
}

/// Numbers of the terms, ordered by set and name.
pub fn order(hits: &Hits) -> Vec<u32> {
    let mut order: Vec<u32> = (0u32..).take(hits.terms.len()).collect();
    order.sort_by_key(|term| &hits.terms[*term as usize]);
    order
}

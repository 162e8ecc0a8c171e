//! The wordings of a question: texts that came under one id of the vendor's, or one after another at one place of the
//! interview.

use std::collections::BTreeMap;

use super::asked::EVER;

use crate::report::atoms::{Grid, SMALLEST_GROUP, distinct};
use crate::report::frames::Frames;

/// Of a text that another took the place of, at most this share of the answers is of the time when both were asked:
/// interviews that were under way keep the old one.
const MOST_TOGETHER: f64 = 0.25;

/// One text of a question, of which enough persons were asked.
#[derive(Debug, Clone, Copy)]
pub struct Wording {
    pub question: u32,
    /// When the first and the last interview with it was completed, in microseconds since 1970.
    pub first: i64,
    pub last: i64,
    /// Place in the interview at which it was asked most.
    place: Option<i64>,
}

/// All texts of reworded questions, over all weeks that a report knows.
pub struct Rewordings {
    /// Wordings of one question each, two or more, in the order in which they began.
    groups: Vec<Vec<Wording>>,
    /// Each wording with the one that took its place. Texts that are asked side by side are none.
    pub successions: Vec<(Wording, Wording)>,
}

impl Rewordings {
    #[must_use]
    pub fn new(frames: &Frames, asked: &Grid<u32>) -> Self {
        let responses = &frames.responses;
        let known: Vec<Wording> =
            (0u32..).take(responses.questions.len()).filter_map(|question| wording(frames, asked, question)).collect();
        let settled = |question: u32| asked.of(question, &EVER).iter().map(|row| settled_at(frames, *row));
        let follows = |old: &Wording, new: &Wording| {
            old.first < new.first
                && share(settled(old.question), |at| at >= new.first) <= MOST_TOGETHER
                && share(settled(new.question), |at| at <= old.last) <= MOST_TOGETHER
        };
        let mut parents: Vec<usize> = (0..responses.questions.len()).collect();
        for [a, b] in &responses.same_id {
            join(&mut parents, *a, *b);
        }
        let mut by_place: BTreeMap<(u32, i64), Vec<&Wording>> = BTreeMap::new();
        for wording in &known {
            if let Some(place) = wording.place {
                let job = responses.questions[wording.question as usize].job;
                by_place.entry((job, place)).or_default().push(wording);
            }
        }
        for wordings in by_place.values_mut() {
            wordings.sort_unstable_by_key(|wording| (wording.first, wording.question));
            for pair in wordings.windows(2).filter(|pair| follows(pair[0], pair[1])) {
                join(&mut parents, pair[0].question, pair[1].question);
            }
        }
        let mut groups: BTreeMap<usize, Vec<Wording>> = BTreeMap::new();
        for wording in known {
            groups.entry(root(&mut parents, wording.question as usize)).or_default().push(wording);
        }
        let mut groups: Vec<Vec<Wording>> = groups.into_values().filter(|group| group.len() > 1).collect();
        groups.iter_mut().for_each(|group| group.sort_unstable_by_key(|wording| (wording.first, wording.question)));
        let pairs = groups.iter().flat_map(|group| group.windows(2));
        let successions = pairs.filter(|pair| follows(&pair[0], &pair[1])).map(|pair| (pair[0], pair[1])).collect();
        Self { groups, successions }
    }

    /// The wordings of a question, its own among them; none if it was never reworded.
    #[must_use]
    pub fn of(&self, question: u32) -> &[Wording] {
        let mut groups = self.groups.iter();
        groups.find(|group| group.iter().any(|wording| wording.question == question)).map_or(&[], Vec::as_slice)
    }
}

fn wording(frames: &Frames, asked: &Grid<u32>, question: u32) -> Option<Wording> {
    let responses = &frames.responses;
    let rows = asked.of(question, &EVER);
    let person = |row: &u32| frames.interviews.candidate[responses.interview[*row as usize] as usize];
    if distinct(rows.iter().map(person), SMALLEST_GROUP) < SMALLEST_GROUP {
        return None;
    }
    let times = || rows.iter().map(|row| settled_at(frames, *row));
    let mut places: BTreeMap<i64, usize> = BTreeMap::new();
    for place in rows.iter().filter_map(|row| responses.position(*row as usize)) {
        *places.entry(place).or_default() += 1;
    }
    let place = places.into_iter().max_by_key(|(place, count)| (*count, -place)).map(|(place, _)| place);
    Some(Wording { question, first: times().min()?, last: times().max()?, place })
}

fn settled_at(frames: &Frames, row: u32) -> i64 {
    frames.interviews.settled_at[frames.responses.interview[row as usize] as usize]
}

/// Share of these times of which something is so.
fn share(times: impl Iterator<Item = i64>, is_so: impl Fn(i64) -> bool) -> f64 {
    let (so, all) = times.fold((0.0, 0.0), |(so, all), at| (so + f64::from(u8::from(is_so(at))), all + 1.0));
    so / all
}

/// Puts two questions, and those that are with them already, into one group.
fn join(parents: &mut [usize], a: u32, b: u32) {
    let (kept, other) = (root(parents, a as usize), root(parents, b as usize));
    parents[other] = kept;
}

/// The question that stands for the group of a question.
fn root(parents: &mut [usize], mut question: usize) -> usize {
    while parents[question] != question {
        parents[question] = parents[parents[question]];
        question = parents[question];
    }
    question
}

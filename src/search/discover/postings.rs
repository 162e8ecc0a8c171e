//! Which interviews use each n-gram, for as many n-grams at a time as fit into a fixed amount of memory.

use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::count::{Answers, each_interview};
use super::standing::Standing;
use super::table::Table;
use crate::model::Result;

/// Bytes for postings, about.
const ROOM: u64 = 128 << 20;
/// Bytes of an n-gram itself and of one interview that uses it, about.
const OF_GRAM: u64 = 96;
const OF_INTERVIEW: u64 = 4;

/// The n-grams of a range of numbers, each with its interviews and its words.
pub struct Postings {
    first: u32,
    /// Where the interviews of each begin, and where those of the last one end.
    begins: Vec<u32>,
    filled: Vec<AtomicU32>,
    interviews: Vec<AtomicU32>,
    phrases: Vec<OnceLock<Box<str>>>,
}

/// Cuts the numbers of the n-grams into ranges whose postings fit into memory. Those that are replaced need none.
pub fn ranges(table: &Table, replaced: &[bool]) -> Vec<Range<u32>> {
    let mut ranges = Vec::new();
    let (mut begin, mut end, mut room) = (0, 0, 0);
    for (tally, is_replaced) in table.tallies.iter().zip(replaced) {
        room += if *is_replaced { 0 } else { OF_GRAM + OF_INTERVIEW * u64::from(tally.interviews) };
        end += 1;
        if room >= ROOM {
            ranges.push(begin..end);
            (begin, room) = (end, 0);
        }
    }
    if begin < end {
        ranges.push(begin..end);
    }
    ranges
}

impl Postings {
    /// Reads the answers for the n-grams of a range.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn read(
        answers: &impl Answers,
        standing: &Standing,
        table: &Table,
        replaced: &[bool],
        range: Range<u32>,
    ) -> Result<Self> {
        let postings = Self::with_room(table, replaced, range.clone());
        each_interview(
            answers,
            |interview| standing.counts(interview),
            |seen: &mut Vec<u32>, interview, words| {
                seen.clear();
                words.each_gram(|gram| {
                    let Some(number) = table.number(gram.hash) else { return false };
                    if range.contains(&number) && !replaced[number as usize] {
                        seen.push(number);
                        let phrase = &postings.phrases[(number - range.start) as usize];
                        phrase.get_or_init(|| words.phrase(gram).into_boxed_str());
                    }
                    true
                });
                seen.sort_unstable();
                seen.dedup();
                seen.iter().for_each(|number| postings.add(*number, interview));
            },
        )?;
        Ok(postings)
    }

    fn with_room(table: &Table, replaced: &[bool], range: Range<u32>) -> Self {
        let numbers = range.start as usize..range.end as usize;
        let (mut begins, mut end) = (vec![0], 0);
        for (tally, is_replaced) in table.tallies[numbers.clone()].iter().zip(&replaced[numbers]) {
            end += if *is_replaced { 0 } else { tally.interviews };
            begins.push(end);
        }
        let mut postings =
            Self { first: range.start, begins, filled: Vec::new(), interviews: Vec::new(), phrases: Vec::new() };
        postings.filled.resize_with(range.len(), AtomicU32::default);
        postings.interviews.resize_with(end as usize, AtomicU32::default);
        postings.phrases.resize_with(range.len(), OnceLock::new);
        postings
    }

    fn add(&self, number: u32, interview: u32) {
        let at = (number - self.first) as usize;
        let place = self.begins[at] + self.filled[at].fetch_add(1, Ordering::Relaxed);
        self.interviews[place as usize].store(interview, Ordering::Relaxed);
    }

    /// The words of an n-gram that is not replaced.
    pub fn phrase(&self, number: u32) -> Option<&str> {
        self.phrases[(number - self.first) as usize].get().map(AsRef::as_ref)
    }

    /// The interviews that use an n-gram, in no order.
    pub fn interviews(&self, number: u32) -> impl Iterator<Item = u32> {
        let at = (number - self.first) as usize;
        let interviews = &self.interviews[self.begins[at] as usize..self.begins[at + 1] as usize];
        interviews.iter().map(|interview| interview.load(Ordering::Relaxed))
    }
}

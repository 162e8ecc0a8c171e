//! Which n-grams enough persons use, counted by hash first and exactly for those that may be enough.
//!
//! The answers are read once for each step, rather than kept: what is in memory is counters, then what is counted of the
//! n-grams that passed them.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use super::sketch::Sketch;
use super::standing::Standing;
use super::table::{Table, Tallies};
use super::words::Words;
use crate::model::Result;

/// Persons who must use an n-gram.
pub const FLOOR: u8 = 5;
/// Tenths of the uses of an n-gram that a longer one holds that takes its place.
const HELD: u64 = 9;

/// Answers that can be read again and again, in parts that are read at once.
pub trait Answers: Sync {
    fn parts(&self) -> usize;

    /// Calls `take` with the number of an interview and each of its answers. Those of an interview are consecutive, and
    /// in one part.
    ///
    /// # Errors
    /// When they cannot be read.
    fn each(&self, part: usize, take: &mut dyn FnMut(u32, &str)) -> Result<()>;
}

/// Calls `take` with the words of each interview that is wanted, on all threads, each with a memory of its own. Returns
/// these memories.
pub fn each_interview<M: Default + Send>(
    answers: &impl Answers,
    is_wanted: impl Fn(u32) -> bool + Sync,
    take: impl Fn(&mut M, u32, &Words) + Sync,
) -> Result<Vec<M>> {
    let read = |(mut words, mut memory): (Words, M), part| -> Result<(Words, M)> {
        let mut current = None;
        answers.each(part, &mut |interview, answer| {
            if current != Some(interview) {
                current.into_iter().for_each(|current| take(&mut memory, current, &words));
                words.clear();
                current = is_wanted(interview).then_some(interview);
            }
            if current.is_some() {
                words.add(answer);
            }
        })?;
        current.into_iter().for_each(|current| take(&mut memory, current, &words));
        words.clear();
        Ok((words, memory))
    };
    let read = (0..answers.parts()).into_par_iter().try_fold(Default::default, read);
    read.map(|read| read.map(|(_, memory)| memory)).collect()
}

/// The n-grams that enough persons use.
pub fn count(answers: &impl Answers, standing: &Standing, words: u64) -> Result<Table> {
    let sketch = Sketch::new(words, FLOOR);
    let is_last = |interview| standing.is_last(interview);
    each_interview(answers, is_last, |seen: &mut Vec<u64>, _, words| {
        seen.clear();
        words.each_gram(|gram| {
            seen.push(gram.hash);
            true
        });
        seen.sort_unstable();
        seen.dedup();
        seen.iter().for_each(|hash| sketch.add(*hash));
    })?;
    let tallies = Tallies::new();
    let counts = |interview| standing.counts(interview);
    each_interview(answers, counts, |seen: &mut Vec<u64>, interview, words| {
        seen.clear();
        words.each_gram(|gram| {
            let may_be_enough = sketch.has_enough(gram.hash);
            if may_be_enough {
                seen.push(gram.hash);
            }
            may_be_enough
        });
        seen.sort_unstable();
        tallies.add(seen, standing.is_last(interview));
    })?;
    Ok(tallies.into_table(FLOOR.into()))
}

/// Which n-grams a longer one takes the place of, by their numbers. If it has more than one word more, so does one that
/// has one word more, since that holds all its uses.
pub fn replaced(answers: &impl Answers, standing: &Standing, table: &Table) -> Result<Vec<bool>> {
    let mut replaced = Vec::new();
    replaced.resize_with(table.tallies.len(), || AtomicBool::new(false));
    let is_last = |interview| standing.is_last(interview);
    each_interview(answers, is_last, |(): &mut (), _, words| {
        words.each_gram(|gram| {
            let Some(number) = table.number(gram.hash) else { return false };
            if gram.length > 1 {
                let uses = u64::from(table.tallies[number as usize].uses);
                for part in words.parts(gram).into_iter().filter_map(|part| table.number(part)) {
                    if uses * 10 >= u64::from(table.tallies[part as usize].uses) * HELD {
                        replaced[part as usize].store(true, Ordering::Relaxed);
                    }
                }
            }
            true
        });
    })?;
    Ok(replaced.into_iter().map(AtomicBool::into_inner).collect())
}

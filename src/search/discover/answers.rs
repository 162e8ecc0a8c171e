//! Answers that are read again and again, rather than kept.

use rayon::prelude::*;

use super::words::Words;
use crate::model::Result;

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

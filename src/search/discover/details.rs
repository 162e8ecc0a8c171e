//! How the uses of what was found spread, and how it is written.

use std::collections::HashMap;

use super::candidates::Difference;
use super::count::{Answers, each_interview};
use super::standing::Standing;
use crate::model::Result;

/// The uses of an n-gram in a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Uses {
    pub all: u64,
    /// Those of the person who has the most.
    pub most: u64,
}

/// What is said of n-grams once they are found, by their hashes.
#[derive(Default)]
pub struct Details {
    /// By group, too.
    pub uses: HashMap<(u64, u32), Uses>,
    /// How often each is written in which way; of those that a draft is made of.
    pub written: HashMap<u64, HashMap<String, u64>>,
}

/// What one thread has seen.
#[derive(Default)]
struct Seen {
    details: Details,
    /// Uses in the current interview.
    here: HashMap<u64, u64>,
}

impl Details {
    /// Reads the answers for some differences.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn read(
        answers: &impl Answers,
        standing: &Standing,
        differences: &[Difference],
        is_drafted: bool,
    ) -> Result<Self> {
        let mut wanted: HashMap<u64, Vec<u32>> = HashMap::new();
        differences.iter().for_each(|one| wanted.entry(one.hash).or_default().push(one.group));
        let counts = |interview| standing.counts(interview) && !wanted.is_empty();
        let all = each_interview(answers, counts, |seen: &mut Seen, interview, words| {
            let Seen { details, here } = seen;
            here.clear();
            words.each_gram(|gram| {
                if wanted.contains_key(&gram.hash) {
                    *here.entry(gram.hash).or_default() += 1;
                    if is_drafted {
                        let written = details.written.entry(gram.hash).or_default();
                        *written.entry(words.written(gram).to_owned()).or_default() += 1;
                    }
                }
                true
            });
            let group = standing.group(interview);
            for (hash, count) in here.iter().filter(|(hash, _)| wanted[*hash].contains(&group)) {
                details.uses.entry((*hash, group)).or_default().add(Uses { all: *count, most: *count });
            }
        })?;
        let mut details = Self::default();
        for Seen { details: seen, .. } in all {
            seen.uses.into_iter().for_each(|(key, uses)| details.uses.entry(key).or_default().add(uses));
            for (hash, written) in seen.written {
                let all = details.written.entry(hash).or_default();
                written.into_iter().for_each(|(text, count)| *all.entry(text).or_default() += count);
            }
        }
        Ok(details)
    }
}

impl Uses {
    fn add(&mut self, other: Self) {
        self.all += other.all;
        self.most = self.most.max(other.most);
    }
}

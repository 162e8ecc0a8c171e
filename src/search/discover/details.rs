//! How the uses of what was found spread, and how it is written.

use std::collections::HashMap;

use rayon::prelude::*;

use super::answers::{Answers, each_interview};
use super::candidates::Difference;
use super::filter::Filter;
use super::grams::each_gram;
use super::standing::Standing;
use super::tokens::Tokens;
use super::vocabulary::BREAK;
use crate::model::Result;

/// The uses of an n-gram in a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Uses {
    pub all: u64,
    /// Those of the person who has the most.
    pub most: u64,
}

/// How n-grams are used, by their hashes and the groups in which they were found.
pub type UsesOfAll = HashMap<(u64, u32), Uses>;

/// How often n-grams are written in which way, by their hashes.
pub type Written = HashMap<u64, HashMap<String, u64>>;

/// Counts the uses of what was found.
///
/// # Errors
/// When the answers cannot be read.
pub fn uses<A: Answers>(tokens: &Tokens<A>, standing: &Standing, differences: &[Difference]) -> Result<UsesOfAll> {
    let wanted = by_hash(differences);
    if wanted.is_empty() {
        return Ok(UsesOfAll::new());
    }
    let filter = Filter::of(wanted.keys().copied());
    let read = |part| -> Result<UsesOfAll> {
        let (mut all, mut here) = (UsesOfAll::new(), HashMap::new());
        tokens.each(
            part,
            |_| true,
            |interview, words| {
                here.clear();
                let mut add = |hash: u64| {
                    if filter.may_have(hash) && wanted.contains_key(&hash) {
                        *here.entry(hash).or_default() += 1;
                    }
                };
                let alone = words.iter().filter(|word| **word != BREAK);
                alone.for_each(|word| add(tokens.vocabulary.word(*word).hash));
                each_gram(words, &tokens.vocabulary, |gram| {
                    add(gram.hash);
                    true
                });
                let group = standing.group(interview);
                for (hash, count) in here.iter().filter(|(hash, _)| wanted[*hash].contains(&group)) {
                    all.entry((*hash, group)).or_default().add(Uses { all: *count, most: *count });
                }
            },
        )?;
        Ok(all)
    };
    let add = |mut all: UsesOfAll, part: UsesOfAll| {
        part.into_iter().for_each(|(key, uses)| all.entry(key).or_default().add(uses));
        Ok(all)
    };
    (0..tokens.parts()).into_par_iter().map(read).try_reduce(UsesOfAll::new, add)
}

/// Reads the answers for how what was found is written.
///
/// # Errors
/// When they cannot be read.
pub fn written(answers: &impl Answers, standing: &Standing, differences: &[Difference]) -> Result<Written> {
    let wanted = by_hash(differences);
    let counts = |interview| standing.counts(interview) && !wanted.is_empty();
    let all = each_interview(answers, counts, |written: &mut Written, _, words| {
        words.each_gram(|gram| {
            if wanted.contains_key(&gram.hash) {
                let written = written.entry(gram.hash).or_default();
                *written.entry(words.written(gram).to_owned()).or_default() += 1;
            }
        });
    })?;
    let mut written = Written::new();
    for (hash, texts) in all.into_iter().flatten() {
        let all = written.entry(hash).or_default();
        texts.into_iter().for_each(|(text, count)| *all.entry(text).or_default() += count);
    }
    Ok(written)
}

/// The groups in which each n-gram was found.
fn by_hash(differences: &[Difference]) -> HashMap<u64, Vec<u32>> {
    let mut wanted: HashMap<u64, Vec<u32>> = HashMap::new();
    differences.iter().for_each(|one| wanted.entry(one.hash).or_default().push(one.group));
    wanted
}

impl Uses {
    fn add(&mut self, other: Self) {
        self.all += other.all;
        self.most = self.most.max(other.most);
    }
}

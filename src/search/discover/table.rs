//! The n-grams that may be found, each with a number, and what is counted of each.

use std::ops::Range;

use foldhash::HashMap;

use super::filter::Filter;
use super::hash::parts;
use super::shards::{SHARDS, first_of};
use super::tally::Tally;
use super::vocabulary::{Vocabulary, Word};

/// An n-gram that is being counted.
#[derive(Debug, Clone, Copy)]
pub struct Counted {
    pub tally: Tally,
    /// The interview that used it last.
    last_interview: u32,
    length: u8,
    first: u32,
    last: u32,
}

/// N-grams with what is counted of them, ordered by hash. The number of an n-gram is its place.
#[derive(Default)]
pub struct Table {
    hashes: Vec<u64>,
    /// As in [`Tally`].
    pub uses: Vec<u32>,
    pub interviews: Vec<u32>,
    lengths: Vec<u8>,
    /// The numbers of the first and the last word of each.
    ends: Vec<[u32; 2]>,
    index: Option<Index>,
}

/// Where n-grams are found by their hashes.
struct Index {
    /// For each value of the upper bits of a hash, where the hashes begin that have it; and where the last one ends.
    begins: Vec<u32>,
    shift: u32,
    filter: Filter,
}

impl Counted {
    /// An n-gram that is not counted yet.
    pub fn new(length: u8, [first, last]: [u32; 2]) -> Self {
        Self { tally: Tally::default(), last_interview: u32::MAX, length, first, last }
    }

    /// A word that is counted already.
    pub fn of_word(number: u32, word: &Word) -> Self {
        Self { tally: word.tally, last_interview: u32::MAX, length: 1, first: number, last: number }
    }

    /// Counts a use. Those of an interview are counted one after the other.
    pub fn add(&mut self, interview: u32, is_last: bool) {
        self.tally.add(self.last_interview != interview, is_last);
        self.last_interview = interview;
    }
}

impl Table {
    /// Adds those n-grams of some shards that so many persons use. Shards are added in their order.
    pub fn add(&mut self, shards: Vec<HashMap<u64, Counted>>, floor: u32) {
        let is_kept = |counted: &Counted| counted.tally.persons >= floor;
        let more = shards.iter().map(|shard| shard.values().filter(|counted| is_kept(counted)).count()).sum();
        // No more than that, since there are millions of them.
        self.hashes.reserve_exact(more);
        self.uses.reserve_exact(more);
        self.interviews.reserve_exact(more);
        self.lengths.reserve_exact(more);
        self.ends.reserve_exact(more);
        for shard in shards {
            let mut kept: Vec<(u64, Counted)> = shard.into_iter().filter(|(_, counted)| is_kept(counted)).collect();
            kept.sort_unstable_by_key(|(hash, _)| *hash);
            for (hash, Counted { tally, length, first, last, .. }) in kept {
                self.hashes.push(hash);
                self.uses.push(tally.uses);
                self.interviews.push(tally.interviews);
                self.lengths.push(length);
                self.ends.push([first, last]);
            }
        }
    }

    /// Makes n-grams findable, once all are there.
    pub fn index(&mut self) {
        // About as many values as there are n-grams.
        let bits = self.hashes.len().max(2).ilog2();
        let shift = 64 - bits;
        let (mut at, mut begins) = (0, Vec::new());
        for value in 0..1_u64 << bits {
            while self.hashes.get(at).is_some_and(|hash| hash >> shift < value) {
                at += 1;
            }
            begins.push(number(at));
        }
        begins.push(number(self.hashes.len()));
        self.index = Some(Index { begins, shift, filter: Filter::of(self.hashes.iter().copied()) });
    }

    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// The hash of an n-gram.
    pub fn hash(&self, number: u32) -> u64 {
        self.hashes[number as usize]
    }

    fn get_index(&self) -> &Index {
        self.index.as_ref().expect("all n-grams are there")
    }

    /// Whether an n-gram may be here. One that is here always may.
    pub fn may_have(&self, hash: u64) -> bool {
        self.get_index().filter.may_have(hash)
    }

    /// The number of an n-gram, if it is here.
    pub fn number(&self, hash: u64) -> Option<u32> {
        let Index { begins, shift, .. } = self.get_index();
        let value = usize::try_from(hash >> shift).expect("fewer bits than n-grams have numbers");
        let (begin, end) = (begins[value] as usize, begins[value + 1] as usize);
        let at = self.hashes[begin..end].iter().position(|other| *other == hash)?;
        Some(number(begin + at))
    }

    /// The numbers of the n-grams of a shard.
    pub fn of_shard(&self, shard: usize) -> Range<usize> {
        let first = self.hashes.partition_point(|hash| *hash < first_of(shard));
        let many = self.hashes[first..].iter();
        let count = match shard + 1 {
            SHARDS => many.len(),
            next => self.hashes[first..].partition_point(|hash| *hash < first_of(next)),
        };
        first..first + count
    }

    /// The numbers of the two n-grams that an n-gram holds all but one word of, as far as they are here: what is stop words
    /// alone is not.
    pub fn parts(&self, number: u32, vocabulary: &Vocabulary) -> [Option<u32>; 2] {
        let at = number as usize;
        if self.lengths[at] == 1 {
            return [None; 2];
        }
        let [first, last] = self.ends[at].map(|word| vocabulary.word(word).hash);
        parts(self.hashes[at], self.lengths[at].into(), first, last).map(|part| self.number(part))
    }

    /// The words of an n-gram as they are shown, with single spaces.
    pub fn phrase(&self, number: u32, vocabulary: &Vocabulary) -> String {
        let words = self.words(number, vocabulary);
        words.iter().map(|word| vocabulary.spelling(*word)).collect::<Vec<_>>().join(" ")
    }

    fn words(&self, number: u32, vocabulary: &Vocabulary) -> Vec<u32> {
        let [first, last] = self.ends[number as usize];
        match (self.lengths[number as usize], self.parts(number, vocabulary)) {
            (1, _) => vec![first],
            (2, _) => vec![first, last],
            (_, [Some(beginning), _]) => [self.words(beginning, vocabulary), vec![last]].concat(),
            // The beginning is stop words alone, so the rest is not.
            (_, [None, Some(rest)]) => [vec![first], self.words(rest, vocabulary)].concat(),
            (_, [None, None]) => unreachable!("a part that is used as often, and is more than stop words"),
        }
    }
}

fn number(at: usize) -> u32 {
    u32::try_from(at).expect("n-grams that fit into memory")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::search::discover::shards::shard_of;

    proptest! {
        #[test]
        fn what_enough_persons_use_is_found_by_its_hash(
            interviews in vec((vec((any::<u8>(), prop_oneof![Just(0_u64), Just(1 << 63), Just(7 << 56)]), 0..40), any::<bool>()), 0..20),
            floor in 1_u32..4,
        ) {
            let mut shards: Vec<HashMap<u64, Counted>> = vec![HashMap::default(); SHARDS];
            let mut plain: BTreeMap<u64, Tally> = BTreeMap::new();
            for (interview, (hashes, is_last)) in (0..).zip(&interviews) {
                let mut hashes: Vec<u64> = hashes.iter().map(|(low, high)| u64::from(*low % 16) + high).collect();
                for hash in &hashes {
                    let counted = shards[shard_of(*hash)].entry(*hash).or_insert_with(|| Counted::new(2, [1, 2]));
                    counted.add(interview, *is_last);
                    plain.entry(*hash).or_default().uses += u32::from(*is_last);
                }
                hashes.sort_unstable();
                hashes.dedup();
                for hash in hashes {
                    let tally = plain.get_mut(&hash).unwrap();
                    tally.interviews += 1;
                    tally.persons += u32::from(*is_last);
                }
            }
            let mut table = Table::default();
            let others = shards.split_off(SHARDS / 3);
            [shards, others].into_iter().for_each(|shards| table.add(shards, floor));
            table.index();
            let mut found = 0;
            for (hash, tally) in plain {
                let number = table.number(hash);
                let counts = number.map(|number| (table.uses[number as usize], table.interviews[number as usize]));
                prop_assert_eq!(counts, (tally.persons >= floor).then_some((tally.uses, tally.interviews)));
                prop_assert_eq!(table.number(hash ^ 1 << 40), None);
                if let Some(number) = number {
                    prop_assert!(table.may_have(hash) && table.hash(number) == hash);
                    prop_assert!(table.of_shard(shard_of(hash)).contains(&(number as usize)));
                    found += 1;
                }
            }
            prop_assert_eq!(table.len(), found);
            prop_assert_eq!((0..SHARDS).map(|shard| table.of_shard(shard).len()).sum::<usize>(), found);
        }
    }
}

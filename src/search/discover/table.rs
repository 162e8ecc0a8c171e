//! The n-grams that may be found, each with a number, and what is counted of each.

use std::sync::{Mutex, PoisonError};

use foldhash::HashMap;

/// Binary logarithm of how many shards tallies are in, so that threads seldom wait for one another.
const SHARD_BITS: u32 = 8;

/// What is counted of an n-gram.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Persons whose last interview uses it.
    pub persons: u32,
    /// Its uses in these interviews.
    pub uses: u32,
    /// Interviews that use it, among all that count for anything.
    pub interviews: u32,
}

/// Tallies that are being counted, by the hashes of their n-grams. A shard has those between two hashes.
pub struct Tallies(Vec<Mutex<HashMap<u64, Tally>>>);

/// N-grams with their tallies, ordered by hash. The number of an n-gram is its place.
pub struct Table {
    hashes: Vec<u64>,
    pub tallies: Vec<Tally>,
    /// For each value of the upper bits of a hash, where the hashes begin that have it; and where the last one ends.
    begins: Vec<u32>,
    shift: u32,
}

impl Tallies {
    pub fn new() -> Self {
        Self((0..1 << SHARD_BITS).map(|_| Mutex::default()).collect())
    }

    /// Counts an interview that uses these n-grams. They are ordered, and as often there as they are used.
    pub fn add(&self, hashes: &[u64], is_last: bool) {
        let shard = |hash: u64| usize::try_from(hash >> (64 - SHARD_BITS)).expect("a few bits");
        for together in hashes.chunk_by(|a, b| shard(*a) == shard(*b)) {
            let mut tallies = self.0[shard(together[0])].lock().unwrap_or_else(PoisonError::into_inner);
            for uses in together.chunk_by(|a, b| a == b) {
                let tally = tallies.entry(uses[0]).or_default();
                tally.interviews += 1;
                if is_last {
                    tally.persons += 1;
                    tally.uses = tally.uses.saturating_add(u32::try_from(uses.len()).unwrap_or(u32::MAX));
                }
            }
        }
    }

    /// Those that enough persons use.
    pub fn into_table(self, floor: u32) -> Table {
        let mut table = Table { hashes: Vec::new(), tallies: Vec::new(), begins: Vec::new(), shift: 0 };
        for shard in self.0 {
            let tallies = shard.into_inner().unwrap_or_else(PoisonError::into_inner);
            let mut kept: Vec<(u64, Tally)> = tallies.into_iter().filter(|(_, tally)| tally.persons >= floor).collect();
            kept.sort_unstable_by_key(|(hash, _)| *hash);
            table.hashes.extend(kept.iter().map(|(hash, _)| *hash));
            table.tallies.extend(kept.iter().map(|(_, tally)| *tally));
        }
        table.index();
        table
    }
}

impl Table {
    /// Makes `begins`, of about as many values as there are n-grams.
    fn index(&mut self) {
        let bits = self.hashes.len().max(2).ilog2();
        self.shift = 64 - bits;
        let mut at = 0;
        for value in 0..1_u64 << bits {
            while self.hashes.get(at).is_some_and(|hash| hash >> self.shift < value) {
                at += 1;
            }
            self.begins.push(number(at));
        }
        self.begins.push(number(self.hashes.len()));
    }

    /// The hash of an n-gram.
    pub fn hash(&self, number: u32) -> u64 {
        self.hashes[number as usize]
    }

    /// The number of an n-gram, if it is here.
    pub fn number(&self, hash: u64) -> Option<u32> {
        let value = usize::try_from(hash >> self.shift).expect("fewer bits than n-grams have numbers");
        let (begin, end) = (self.begins[value] as usize, self.begins[value + 1] as usize);
        let at = self.hashes[begin..end].iter().position(|other| *other == hash)?;
        Some(number(begin + at))
    }
}

fn number(at: usize) -> u32 {
    u32::try_from(at).expect("n-grams that fit into memory")
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_enough_persons_use_is_found_by_its_hash(
            interviews in vec((vec((any::<u8>(), prop_oneof![Just(0_u64), Just(1 << 63), Just(7 << 56)]), 0..40), any::<bool>()), 0..20),
            floor in 1_u32..4,
        ) {
            let tallies = Tallies::new();
            let mut plain: std::collections::BTreeMap<u64, Tally> = std::collections::BTreeMap::new();
            for (hashes, is_last) in &interviews {
                let mut hashes: Vec<u64> = hashes.iter().map(|(low, high)| u64::from(*low % 16) + high).collect();
                hashes.sort_unstable();
                tallies.add(&hashes, *is_last);
                for hash in &hashes {
                    plain.entry(*hash).or_default().uses += u32::from(*is_last);
                }
                hashes.dedup();
                for hash in hashes {
                    let tally = plain.get_mut(&hash).unwrap();
                    tally.interviews += 1;
                    tally.persons += u32::from(*is_last);
                }
            }
            let table = tallies.into_table(floor);
            let mut found = 0;
            for (hash, tally) in plain {
                let number = table.number(hash);
                prop_assert_eq!(number.map(|number| table.tallies[number as usize]), (tally.persons >= floor).then_some(tally));
                prop_assert_eq!(table.number(hash ^ 1 << 40), None);
                found += usize::from(number.is_some());
            }
            prop_assert_eq!(found, table.tallies.len());
        }
    }
}

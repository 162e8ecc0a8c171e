//! Which n-grams may be used by enough persons, in a fixed amount of memory.

use std::sync::{Mutex, PoisonError};

use super::shards::SHARDS;

/// Binary logarithms of the fewest and of the most counters.
const SMALLEST: u32 = 16;
const LARGEST: u32 = 27;

/// Counters of uses, of which several n-grams may share one. So a count is that of any of its n-grams or more.
pub struct Sketch {
    /// Those of the hashes of each shard.
    shards: Vec<Mutex<Vec<u8>>>,
    shift: u32,
    enough: u8,
}

/// Which counters have counted enough.
pub struct Enough {
    bits: Vec<u64>,
    shift: u32,
}

impl Sketch {
    /// Makes counters for about so many uses, that count up to `enough`.
    pub fn new(uses: u64, enough: u8) -> Self {
        let bits = uses.checked_ilog2().unwrap_or(0).clamp(SMALLEST, LARGEST);
        let shards = (0..SHARDS).map(|_| Mutex::new(vec![0; (1 << bits) / SHARDS])).collect();
        Self { shards, shift: u64::BITS - bits, enough }
    }

    /// Adds uses of n-grams of a shard.
    pub fn add(&self, shard: usize, hashes: &[u64]) {
        let mut counters = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        // As many as there are in each shard, which is a power of two.
        let below = counters.len() - 1;
        for hash in hashes {
            let counter = &mut counters[upper(*hash, self.shift) & below];
            // What is enough is not counted on, so that a counter cannot overflow.
            *counter += u8::from(*counter < self.enough);
        }
    }

    pub fn enough(self) -> Enough {
        let Self { shards, shift, enough } = self;
        let mut bits = Vec::new();
        for shard in shards {
            let counters = shard.into_inner().unwrap_or_else(PoisonError::into_inner);
            let (words, _) = counters.as_chunks::<64>();
            bits.extend(
                words
                    .iter()
                    .map(|word| word.iter().rev().fold(0, |bits, counter| bits << 1 | u64::from(*counter >= enough))),
            );
        }
        Enough { bits, shift }
    }
}

impl Enough {
    /// Whether an n-gram may have been added often enough.
    pub fn has(&self, hash: u64) -> bool {
        let upper = upper(hash, self.shift);
        self.bits[upper / 64] >> (upper % 64) & 1 != 0
    }

    /// How many counters have counted enough.
    pub fn count(&self) -> usize {
        self.bits.iter().map(|bits| bits.count_ones() as usize).sum()
    }
}

fn upper(hash: u64, shift: u32) -> usize {
    usize::try_from(hash >> shift).expect("fewer than 2^27")
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
        fn what_is_used_often_enough_is_never_missed(
            hashes in vec(prop_oneof![any::<u64>(), (0_u64..20).prop_map(|few| few << 59 | few)], 0..300), enough in 1_u8..6,
        ) {
            let sketch = Sketch::new(hashes.len() as u64, enough);
            let mut counts: BTreeMap<u64, u8> = BTreeMap::new();
            for hash in &hashes {
                sketch.add(shard_of(*hash), &[*hash]);
                let count = counts.entry(*hash).or_default();
                *count = count.saturating_add(1);
            }
            let found = sketch.enough();
            prop_assert!(found.count() <= hashes.len());
            for (hash, count) in counts {
                prop_assert!(count < enough || found.has(hash));
                prop_assert!(hashes.len() >= enough.into() || !found.has(hash));
            }
        }
    }
}

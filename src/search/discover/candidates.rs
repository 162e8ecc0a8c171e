//! Differences that may count. Which of them do is known only when all tests are made, and of a large lake there are more than
//! fit into memory. So only the clearest are kept, and of the others how many have which p, about: enough to tell in the end
//! whether one of them would count after all.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::statistics::{FALSE_DISCOVERIES, adjusted};

/// Most differences that are kept: about 75 MB.
const MOST: usize = 1 << 19;
/// Bits of a p that tell those of the others apart: its exponent, and enough for steps of half a percent.
const BITS: u32 = 20;

/// A group whose persons use an n-gram more often or more rarely than all others, beyond chance.
#[derive(Debug, Clone)]
pub struct Difference {
    pub phrase: Arc<str>,
    /// Of the n-gram.
    pub hash: u64,
    pub group: u32,
    /// Persons with and without it, in the group and outside of it.
    pub here: [u64; 2],
    pub others: [u64; 2],
    pub p: f64,
    pub q: f64,
}

/// The clearest differences so far.
pub struct Candidates {
    kept: Vec<Difference>,
    most: usize,
    /// The largest p that is kept.
    bound: f64,
    /// How many others there are, by the upper bits of their p.
    others: BTreeMap<u64, u64>,
}

impl Candidates {
    /// Keeps those that can count at all, as many as fit into memory.
    pub fn new() -> Self {
        Self::with(FALSE_DISCOVERIES, MOST)
    }

    /// Keeps all up to a p.
    pub fn up_to(bound: f64) -> Self {
        Self::with(bound, usize::MAX)
    }

    fn with(bound: f64, most: usize) -> Self {
        Self { kept: Vec::new(), most, bound, others: BTreeMap::new() }
    }

    /// Adds differences.
    pub fn add(&mut self, differences: Vec<Difference>) {
        for one in differences {
            if one.p <= self.bound { self.kept.push(one) } else { leave_out(&mut self.others, one.p) }
        }
        if self.kept.len() > self.most {
            self.keep_half();
        }
    }

    fn keep_half(&mut self) {
        let middle = self.kept.len() / 2;
        let (_, one, _) = self.kept.select_nth_unstable_by(middle, |a, b| a.p.total_cmp(&b.p));
        let middle = one.p;
        let smallest = self.kept.iter().map(|one| one.p).fold(f64::INFINITY, f64::min);
        // Of many that are equal, all or none are kept.
        self.bound = if smallest < middle { middle.next_down() } else { middle };
        let Self { kept, bound, others, .. } = self;
        kept.retain(|one| {
            let is_kept = one.p <= *bound;
            if !is_kept {
                leave_out(others, one.p);
            }
            is_kept
        });
        if self.kept.len() > self.most / 2 {
            self.most = self.kept.len() * 2;
        }
    }

    /// A p up to which differences must be kept, if some that were not may count in so many tests.
    pub fn lacks(&self, tests: usize) -> Option<f64> {
        let mut count = self.kept.len() as u64;
        let mut needed = None;
        for (upper, others) in &self.others {
            count += others;
            let least = f64::from_bits(upper << (64 - BITS));
            if least * float(tests as u64) <= FALSE_DISCOVERIES * float(count) {
                needed = Some(f64::from_bits(((upper + 1) << (64 - BITS)) - 1));
            }
        }
        needed
    }

    /// Those that count in so many tests, adjusted by Benjamini and Hochberg, in no order. None is lacking.
    pub fn counted(self, tests: usize) -> Vec<Difference> {
        let mut kept = self.kept;
        let p: Vec<f64> = kept.iter().map(|one| one.p).collect();
        let q = adjusted(&p, tests);
        kept.iter_mut().zip(q).for_each(|(one, q)| one.q = q);
        kept.retain(|one| one.q <= FALSE_DISCOVERIES);
        kept
    }
}

/// Counts a difference that is not kept, by its p.
fn leave_out(others: &mut BTreeMap<u64, u64>, p: f64) {
    *others.entry(p.to_bits() >> (64 - BITS)).or_default() += 1;
}

#[expect(clippy::cast_precision_loss, reason = "tests are far fewer than 2^53")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn difference(p: f64) -> Difference {
        Difference { phrase: "".into(), hash: 0, group: 0, here: [0; 2], others: [0; 2], p, q: 1.0 }
    }

    fn sorted(differences: Vec<Difference>) -> Vec<(f64, f64)> {
        let mut found: Vec<(f64, f64)> = differences.into_iter().map(|one| (one.p, one.q)).collect();
        found.sort_by(|a, b| a.0.total_cmp(&b.0));
        found
    }

    proptest! {
        #[test]
        fn what_counts_is_as_if_all_were_kept(
            p in vec(prop_oneof![(1_u32..30).prop_map(|power| 0.05 / f64::from(1_u32 << power)), 0.0..0.05, Just(0.01)], 0..300),
            more in 0_usize..3000,
            most in 1_usize..100,
        ) {
            let tests = p.len() + more;
            let mut plain = Candidates::up_to(FALSE_DISCOVERIES);
            plain.add(p.iter().copied().map(difference).collect());
            prop_assert_eq!(plain.lacks(tests), None);
            let fill = |mut candidates: Candidates| {
                p.chunks(7).for_each(|chunk| candidates.add(chunk.iter().copied().map(difference).collect()));
                candidates
            };
            let mut few = fill(Candidates::with(FALSE_DISCOVERIES, most));
            if let Some(bound) = few.lacks(tests) {
                few = fill(Candidates::up_to(bound));
                prop_assert_eq!(few.lacks(tests), None, "a second time is enough");
            }
            prop_assert_eq!(sorted(few.counted(tests)), sorted(plain.counted(tests)));
        }
    }
}

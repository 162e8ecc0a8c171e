//! A set of hashes that may seem to have others, too, but is small enough for the processor's cache.

/// Binary logarithm of how many bits there are for each hash.
const BITS_OF_HASH: u32 = 4;
/// Binary logarithms of the fewest and of the most bits.
const SMALLEST: u32 = 10;
const LARGEST: u32 = 28;

/// A bit for each value of the upper bits of a hash.
pub struct Filter {
    bits: Vec<u64>,
    shift: u32,
}

impl Filter {
    pub fn of(hashes: impl ExactSizeIterator<Item = u64>) -> Self {
        let binary = (hashes.len().max(1).ilog2() + 1 + BITS_OF_HASH).clamp(SMALLEST, LARGEST);
        let mut filter = Self { bits: vec![0; 1 << (binary - u64::BITS.ilog2())], shift: u64::BITS - binary };
        for hash in hashes {
            let (at, bit) = filter.place(hash);
            filter.bits[at] |= bit;
        }
        filter
    }

    /// Whether a hash may be in the set. One that is in it always may.
    pub fn may_have(&self, hash: u64) -> bool {
        let (at, bit) = self.place(hash);
        self.bits[at] & bit != 0
    }

    fn place(&self, hash: u64) -> (usize, u64) {
        let upper = hash >> self.shift;
        (usize::try_from(upper / 64).expect("fewer than 2^28"), 1 << (upper % 64))
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_in_a_set_is_never_missed(hashes in vec(any::<u64>(), 0..200), others in vec(any::<u64>(), 200)) {
            let filter = Filter::of(hashes.iter().copied());
            prop_assert!(hashes.iter().all(|hash| filter.may_have(*hash)));
            prop_assert!(others.iter().filter(|hash| filter.may_have(**hash)).count() < 100, "most others are told apart");
        }
    }
}

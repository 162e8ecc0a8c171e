//! One small filter for many sets, so that a text is looked through once for all of them. It turns a place away before
//! any set is asked if no set has an anchor for it.

/// Number of places in the filter for each key. About one key in as many passes without need, and each set turns away
/// those it gets.
const PLACES_A_KEY: usize = 32;
/// The smallest number of places in a filter.
const SMALLEST: usize = 1 << 13;

/// The keys of [`super::starts`] that may be worth a look. The highest bits of a key say its place, which has one bit.
#[derive(Debug)]
pub struct Prefilter {
    bits: Vec<u64>,
    shift: u32,
    /// The hashes of the sets that the filter is made for.
    sets: Vec<String>,
}

impl Prefilter {
    /// Creates a filter for the sets with these hashes, which look for these keys.
    pub(in crate::keywords) fn new(sets: Vec<String>, mut keys: Vec<u64>) -> Self {
        keys.sort_unstable();
        keys.dedup();
        let places = (keys.len() * PLACES_A_KEY).next_power_of_two().max(SMALLEST);
        let mut filter = Self { bits: vec![0; places / 64], shift: 64 - places.trailing_zeros(), sets };
        for key in keys {
            let place = key >> filter.shift;
            filter.bits[(place / 64) as usize] |= 1 << (place % 64);
        }
        filter
    }

    /// Creates a filter that turns nothing away.
    #[cfg(test)]
    pub(in crate::keywords) fn open() -> Self {
        Self { bits: vec![u64::MAX], shift: 58, sets: Vec::new() }
    }

    /// Whether the filter lets through everything that the set with this hash looks for.
    pub(in crate::keywords) fn is_for(&self, set_hash: &str) -> bool {
        self.sets.iter().any(|set| set == set_hash)
    }

    #[inline]
    pub(in crate::keywords) fn passes(&self, key: u64) -> bool {
        let place = key >> self.shift;
        self.bits[(place / 64) as usize] >> (place % 64) & 1 == 1
    }
}

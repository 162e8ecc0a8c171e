//! What many sets look for, in one small filter, so that a text is looked through once for all of them: a place that no
//! set has anything for is turned away before a set is asked.

/// Places of the filter for each key. False alarms are one in so many; each set turns away those it gets.
const PLACES_A_KEY: usize = 32;
const SMALLEST: usize = 1 << 13;

/// Which keys of [`super::starts`] may be worth a look: a bit for each place that the highest bits of a key say.
#[derive(Debug)]
pub struct Prefilter {
    bits: Vec<u64>,
    shift: u32,
    /// The hashes of the sets it is made for.
    sets: Vec<String>,
}

impl Prefilter {
    /// For the sets with these hashes, which look for these keys.
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

    /// Turns nothing away.
    #[cfg(test)]
    pub(in crate::keywords) fn open() -> Self {
        Self { bits: vec![u64::MAX], shift: 58, sets: Vec::new() }
    }

    /// Whether nothing that the set with this hash looks for is turned away.
    pub(in crate::keywords) fn is_for(&self, set_hash: &str) -> bool {
        self.sets.iter().any(|set| set == set_hash)
    }

    #[inline]
    pub(in crate::keywords) fn passes(&self, key: u64) -> bool {
        let place = key >> self.shift;
        self.bits[(place / 64) as usize] >> (place % 64) & 1 == 1
    }
}

//! A small deterministic generator (splitmix64): the same seed makes the same interviews everywhere and for ever, which
//! no crate promises across its versions.

/// A stream of numbers, determined by a seed and the number of the stream.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64, stream: u64) -> Self {
        Self(mix(mix(seed).wrapping_add(stream)))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number from 0 to `count` − 1; 0 if `count` is 0.
    pub fn below(&mut self, count: usize) -> usize {
        ((u128::from(self.next()) * count as u128) >> 64) as usize
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high - low + 1)
    }
}

/// Scatters a number over all 64 bits. No two numbers give the same one.
pub fn mix(number: u64) -> u64 {
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

/// The inverse of [`mix`]. The factors are the inverses of those in `mix` modulo 2^64.
pub fn unmix(mixed: u64) -> u64 {
    let number = (mixed ^ (mixed >> 31) ^ (mixed >> 62)).wrapping_mul(0x3196_42b2_d24d_8ec3);
    let number = (number ^ (number >> 27) ^ (number >> 54)).wrapping_mul(0x96de_1b17_3f11_9089);
    number ^ (number >> 30) ^ (number >> 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unmix_undoes_mix() {
        let mut random = Random::new(1, 1);
        for number in (0..1000).chain([u64::MAX, 1 << 63]).chain(std::iter::repeat_with(|| random.next()).take(1000)) {
            assert_eq!(unmix(mix(number)), number);
        }
    }

    #[test]
    fn below_reaches_every_number_and_no_other() {
        let mut random = Random::new(2, 0);
        let mut seen = [0_u32; 7];
        (0..7000).for_each(|_| seen[random.below(7)] += 1);
        assert!(seen.iter().all(|&count| (800..1200).contains(&count)), "{seen:?}");
        assert_eq!(random.below(0), 0);
    }
}

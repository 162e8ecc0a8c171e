//! Columns whose values may be missing, in no more bytes than the values take: a lake may have twenty million answers.

use foldhash::HashMap;

/// Room is made for so many rows at once, at most: what a damaged file says of itself may be anything.
pub const MOST_RESERVED: usize = 1 << 26;

/// A type with one value that no figure has. It stands for a missing one.
pub trait Pack: Copy {
    const MISSING: Self;

    fn is_missing(self) -> bool;
}

impl Pack for f64 {
    const MISSING: Self = Self::NAN;

    fn is_missing(self) -> bool {
        self.is_nan()
    }
}

impl Pack for u32 {
    const MISSING: Self = Self::MAX;

    fn is_missing(self) -> bool {
        self == Self::MAX
    }
}

/// A column of values that may be missing.
#[derive(Debug)]
pub struct Packed<T>(Vec<T>);

impl<T> Default for Packed<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: Pack> Packed<T> {
    /// Makes room for so many more, so that a column of millions is not copied as it grows.
    pub fn reserve(&mut self, more: usize) {
        self.0.reserve(more);
    }

    pub fn push(&mut self, value: Option<T>) {
        self.0.push(value.unwrap_or(T::MISSING));
    }

    pub fn at(&self, row: usize) -> Option<T> {
        Some(self.0[row]).filter(|value| !value.is_missing())
    }
}

/// Paces of answers in words per minute. Nearly all follow from the words and the seconds of the answer, and take a byte.
#[derive(Debug, Default)]
pub struct Paces {
    follows: Vec<bool>,
    /// Those that do not follow; empty until there is one.
    others: Packed<f64>,
}

impl Paces {
    pub fn reserve(&mut self, more: usize) {
        self.follows.reserve(more);
    }

    /// Adds the pace of an answer, of which these are the words and the seconds.
    pub fn push(&mut self, pace: Option<f64>, words: Option<i64>, seconds: Option<f64>) {
        let follows = pace.is_some() && pace.map(f64::to_bits) == pace_of(words, seconds).map(f64::to_bits);
        let other = pace.filter(|_| !follows);
        if other.is_some() && self.others.0.is_empty() {
            self.others.0.resize(self.follows.len(), f64::MISSING);
        }
        if other.is_some() || !self.others.0.is_empty() {
            self.others.push(other);
        }
        self.follows.push(follows);
    }

    /// The pace of an answer, of which these are the words and the seconds.
    pub fn at(&self, row: usize, words: Option<i64>, seconds: Option<f64>) -> Option<f64> {
        if self.follows[row] {
            return pace_of(words, seconds);
        }
        if self.others.0.is_empty() { None } else { self.others.at(row) }
    }
}

/// 60 · words / seconds.
fn pace_of(words: Option<i64>, seconds: Option<f64>) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "no answer has 2^53 words")]
    words.zip(seconds).map(|(words, seconds)| 60.0 * words as f64 / seconds)
}

/// Values of which there are few different ones, as numbers of these.
#[derive(Debug, Default)]
pub struct Few {
    numbers: Packed<u32>,
    values: Vec<f64>,
    known: HashMap<u64, u32>,
}

impl Few {
    pub fn reserve(&mut self, more: usize) {
        self.numbers.reserve(more);
    }

    pub fn push(&mut self, value: Option<f64>) {
        let number = value.map(|value| {
            *self.known.entry(value.to_bits()).or_insert_with(|| {
                self.values.push(value);
                u32::try_from(self.values.len() - 1).expect("a lake has fewer than 2^32 answers")
            })
        });
        self.numbers.push(number);
    }

    pub fn at(&self, row: usize) -> Option<f64> {
        self.numbers.at(row).map(|number| self.values[number as usize])
    }
}

/// A count as it is packed. One that is too large, which only a damaged file has, is the largest.
pub fn packed_count(count: i64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX).min(u32::MAX - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_missing_is_missing_and_all_else_is_what_it_was() {
        let mut floats = Packed::default();
        let values = [Some(0.0), None, Some(-1.5), Some(f64::INFINITY), Some(f64::MAX)];
        values.iter().for_each(|value| floats.push(*value));
        assert_eq!([0, 1, 2, 3, 4].map(|row| floats.at(row)), values);
        let mut counts = Packed::default();
        for count in [Some(7), None, Some(-1), Some(i64::MAX)] {
            counts.push(count.map(packed_count));
        }
        assert_eq!([0, 1, 2, 3].map(|row| counts.at(row)), [Some(7), None, Some(u32::MAX - 1), Some(u32::MAX - 1)]);
    }

    proptest! {
        #[test]
        fn paces_and_limits_are_what_they_were(
            rows in prop::collection::vec(
                (prop::option::of(0i64..900), prop::option::of(0.0..400.0f64), prop::option::of(prop_oneof![9 => Just(None), 1 => (0.0..500.0f64).prop_map(Some)])),
                0..60,
            ),
        ) {
            let (mut paces, mut limits) = (Paces::default(), Few::default());
            // `Some(None)` is a pace that follows.
            let pace = |(words, seconds, pace): &(Option<i64>, Option<f64>, Option<Option<f64>>)| {
                pace.and_then(|pace| pace.or_else(|| pace_of(*words, *seconds).filter(|pace| pace.is_finite())))
            };
            for row in &rows {
                paces.push(pace(row), row.0, row.1);
                limits.push(row.1.map(|seconds| (seconds / 100.0).floor()));
            }
            for (at, row) in rows.iter().enumerate() {
                prop_assert_eq!(paces.at(at, row.0, row.1).map(f64::to_bits), pace(row).map(f64::to_bits));
                prop_assert_eq!(limits.at(at), row.1.map(|seconds| (seconds / 100.0).floor()));
            }
        }
    }
}

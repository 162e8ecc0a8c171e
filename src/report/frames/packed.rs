//! Columns whose values may be missing, in no more bytes than the values take: a lake may have twenty million answers.

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
    pub fn push(&mut self, value: Option<T>) {
        self.0.push(value.unwrap_or(T::MISSING));
    }

    pub fn at(&self, row: usize) -> Option<T> {
        Some(self.0[row]).filter(|value| !value.is_missing())
    }
}

/// A count as it is packed. One that is too large, which only a damaged file has, is the largest.
pub fn packed_count(count: i64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX).min(u32::MAX - 1)
}

#[cfg(test)]
mod tests {
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
}

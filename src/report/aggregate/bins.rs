//! Histograms in which no bin singles anybody out.

use super::values::{Value, has_persons, is_of_many};
use crate::report::atoms::SMALLEST_GROUP;
use crate::report::model::Bin;

/// Number of bins, at most.
const BINS: f64 = 12.0;

/// Puts values into bins of equal, round width. A bin of too few persons is one with those after it, and the last one
/// with the bin before it. Returns nothing for values of few persons.
pub fn bins(mut values: Vec<Value>) -> Vec<Bin> {
    // A bin that holds an extreme value could not end after it.
    values.retain(|value| value.value.abs() < f64::MAX);
    if !is_of_many(values.iter().map(|value| value.person)) {
        return Vec::new();
    }
    values.sort_unstable_by(|a, b| a.value.total_cmp(&b.value));
    let (least, most) = (values[0].value, values[values.len() - 1].value);
    // A few very large values must not press all others into one bin.
    let nearly_most = values[(values.len() - 1) * 49 / 50].value;
    let width = round_width((nearly_most - least) / BINS);
    let mut bins: Vec<Bin> = Vec::new();
    let mut from = ((least / width).floor() * width).min(least);
    let mut rest = &values[..];
    while !rest.is_empty() {
        let mut until = (from + width).min(f64::MAX);
        let mut count = rest.partition_point(|value| value.value < until);
        while count < rest.len() && !has_persons(&rest[..count], SMALLEST_GROUP) {
            // Skips to the bin where the next value is: the gap between two may be long.
            until = end_of_bin(rest[count].value, width).max((until + width).min(f64::MAX));
            count = rest.partition_point(|value| value.value < until);
        }
        let left = &rest[count..];
        if !left.is_empty() && !has_persons(left, SMALLEST_GROUP) {
            until = end_of_bin(most, width);
            count = rest.len();
        }
        bins.push(Bin { from, until, interviews: i64::try_from(count).expect("a count of interviews") });
        rest = &rest[count..];
        from = until;
    }
    bins
}

/// The end of the bin that holds a value. It is always above the value, even if the width is too small to change it.
fn end_of_bin(value: f64, width: f64) -> f64 {
    ((value / width).floor() * width + width).max(value.next_up()).min(f64::MAX)
}

/// Rounds a width up to 1, 2, 5, 10, … and to at least 1. Times are in seconds, for which 15, 30, 60, … would be
/// rounder, but this is close enough.
fn round_width(width: f64) -> f64 {
    if width <= 1.0 || !width.is_finite() {
        return 1.0;
    }
    let power = 10f64.powf(width.log10().floor());
    let round = [1.0, 2.0, 5.0, 10.0].into_iter().map(|factor| factor * power).find(|round| *round >= width);
    round.unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Values of different persons.
    fn of(values: &[f64]) -> Vec<Value> {
        (0u32..).zip(values).map(|(row, value)| Value { value: *value, person: row, row }).collect()
    }

    #[test]
    fn sparse_bins_are_one() {
        let low: Vec<f64> = (0..18).map(|value| f64::from(value) / 2.0).collect();
        let bins = bins(of(&[&low[..], &[30.0, 31.0, 500.0]].concat()));
        let shown: Vec<_> = bins.iter().map(|bin| (bin.from, bin.until, bin.interviews)).collect();
        assert_eq!(shown, [(0.0, 5.0, 10), (5.0, 505.0, 11)]);
    }

    #[test]
    fn a_few_values_out_of_all_proportion_are_a_bin_too() {
        for odd in [1.7e18, 1e200, f64::MAX.next_down()] {
            let values = [vec![30.0; 300], vec![odd; 6]].concat();
            let bins = bins(of(&values));
            let shown: Vec<_> = bins.iter().map(|bin| bin.interviews).collect();
            assert_eq!(shown, [300, 6], "{odd}");
            assert!(bins[1].until > odd && bins[1].until.is_finite());
        }
    }

    proptest! {
        #[test]
        fn every_value_is_in_one_bin_and_no_bin_is_of_few(
            values in prop::collection::vec((prop_oneof![9 => 0.0..1e6f64, 1 => 0.0..1e308f64], 0..60u32), 0..120)
        ) {
            let values: Vec<Value> = values.into_iter().map(|(value, person)| Value { value, person, row: 0 }).collect();
            let bins = bins(values.clone());
            prop_assert_eq!(bins.is_empty(), !has_persons(&values, 20));
            for pair in bins.windows(2) {
                prop_assert_eq!(pair[0].until, pair[1].from);
            }
            for bin in &bins {
                let inside: Vec<Value> =
                    values.iter().copied().filter(|value| (bin.from..bin.until).contains(&value.value)).collect();
                prop_assert_eq!(i64::try_from(inside.len()).unwrap(), bin.interviews);
                prop_assert!(has_persons(&inside, 5));
            }
            let all: i64 = bins.iter().map(|bin| bin.interviews).sum();
            prop_assert!(bins.is_empty() || all == i64::try_from(values.len()).unwrap());
        }
    }
}

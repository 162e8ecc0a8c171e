//! Two spellings near one another, by the words between them.

use std::ops::Range;

/// Adds the stretches that begin with a hit of one spelling and end with one of the other, with at most `most` words
/// between them. Of stretches that hold one another only the innermost counts, and of those that overlap the first.
/// Hits and words are sorted.
pub fn stretches(hits: [&[Range<u32>]; 2], words: &[Range<u32>], most: usize, mut found: impl FnMut(Range<u32>)) {
    let [one, other] = hits;
    let mut candidates: Vec<Range<u32>> = Vec::new();
    for (firsts, seconds) in [(one, other), (other, one)] {
        for first in firsts {
            let Some(second) = seconds.get(seconds.partition_point(|second| second.start < first.end)) else {
                continue;
            };
            let from = words.partition_point(|word| word.start < first.end);
            let until = words.partition_point(|word| word.end <= second.start);
            if until.saturating_sub(from) <= most {
                candidates.push(first.start..second.end);
            }
        }
    }
    candidates.sort_unstable_by_key(|stretch| (stretch.start, u32::MAX - stretch.end));
    candidates.dedup();
    let mut innermost: Vec<Range<u32>> = Vec::new();
    for stretch in candidates.into_iter().rev() {
        if innermost.last().is_none_or(|inner| stretch.end < inner.end) {
            innermost.push(stretch);
        }
    }
    let mut end = 0;
    for stretch in innermost.into_iter().rev() {
        if stretch.start >= end {
            end = stretch.end;
            found(stretch);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    /// Words are two bytes long, with a byte between them.
    fn word(at: u32) -> Range<u32> {
        at * 3..at * 3 + 2
    }

    fn near(one: &[u32], other: &[u32], most: usize) -> Vec<(u32, u32)> {
        let ranges = |hits: &[u32]| hits.iter().map(|at| word(*at)).collect::<Vec<_>>();
        let words: Vec<_> = (0..40).map(word).collect();
        let mut found = Vec::new();
        stretches([&ranges(one), &ranges(other)], &words, most, |stretch| {
            found.push((stretch.start / 3, stretch.end / 3));
        });
        found
    }

    #[test]
    fn words_between_are_counted_in_either_order() {
        assert_eq!(near(&[0], &[3], 2), [(0, 3)]);
        assert_eq!(near(&[0], &[3], 1), []);
        assert_eq!(near(&[3], &[0], 2), [(0, 3)]);
        assert_eq!(near(&[0, 1], &[2], 9), [(1, 2)], "the innermost");
        assert_eq!(near(&[0, 2], &[1], 0), [(0, 1)], "none is in two");
        assert_eq!(near(&[0, 1, 5], &[0, 1, 5], 0), [(0, 1)], "a spelling near itself");
    }

    /// The definition, word for word.
    fn plainly(one: &[u32], other: &[u32], most: usize) -> Vec<(u32, u32)> {
        let mut all = Vec::new();
        for (firsts, seconds) in [(one, other), (other, one)] {
            for &first in firsts {
                let later = seconds.iter().filter(|second| **second > first && (**second - first - 1) as usize <= most);
                all.extend(later.map(|second| (first, *second)));
            }
        }
        let holds = |outer: &(u32, u32), inner: &(u32, u32)| outer != inner && outer.0 <= inner.0 && inner.1 <= outer.1;
        let mut left: Vec<_> =
            all.iter().filter(|outer| !all.iter().any(|inner| holds(outer, inner))).copied().collect();
        left.sort_unstable();
        left.dedup();
        let mut found: Vec<(u32, u32)> = Vec::new();
        for stretch in left {
            if found.last().is_none_or(|last| stretch.0 > last.1) {
                found.push(stretch);
            }
        }
        found
    }

    proptest! {
        #[test]
        fn stretches_are_those_of_the_definition(
            of in vec(0_u8..5, 40),
            most in 0_usize..8,
        ) {
            let those = |sign| (0..40_u32).filter(|at| of[*at as usize] == sign).collect::<Vec<_>>();
            let (one, other) = (those(0), those(1));
            prop_assert_eq!(near(&one, &other, most), plainly(&one, &other, most));
        }
    }
}

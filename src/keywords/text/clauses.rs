//! Where a clause ends between two words.

use std::ops::Range;

use super::boundary::is_clause_break;

/// The places of the characters between two words of a text that separate two clauses.
pub(in crate::keywords) fn breaks(text: &str, between: Range<usize>) -> impl Iterator<Item = usize> {
    let places = text[between.clone()].char_indices().map(move |(at, _)| between.start + at);
    places.filter(|&place| is_clause_break(text, place))
}

/// Whether a clause ends between two words of a text.
#[must_use]
pub fn ends_between(text: &str, between: Range<usize>) -> bool {
    // Mostly there is one space.
    text.as_bytes()[between.clone()] != *b" " && breaks(text, between).next().is_some()
}

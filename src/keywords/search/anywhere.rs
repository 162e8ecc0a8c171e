//! Finds anchors anywhere in a text, overlapping ones too.

use std::ops::Range;

use aho_corasick::packed::{self, Searcher};
use aho_corasick::{AhoCorasick, AhoCorasickKind, BuildError, MatchKind, Span};

/// The most bytes of anchors for which an automaton is a table, which is faster. Beyond, a compact one is built.
const LARGEST_TABLE: usize = 16 * 1024;

/// A search for anchors anywhere in a text.
#[derive(Debug)]
pub(in crate::keywords) enum AnywhereSearch {
    /// Few anchors, found with vector instructions. These report one match where several begin, and none that overlaps
    /// it. So all anchors are compared at each match, and the search goes on one byte after its start.
    Few { searcher: Searcher, anchors: Vec<Box<[u8]>> },
    /// Many anchors, found with an automaton.
    Many(AhoCorasick),
}

impl AnywhereSearch {
    /// Creates a search. Anchors are numbered by their place in the list; none may be empty.
    pub(in crate::keywords) fn new<S: AsRef<[u8]>>(anchors: &[S]) -> Result<Self, BuildError> {
        if let Some(searcher) = packed::Config::new().builder().extend(anchors).build() {
            let anchors = anchors.iter().map(|anchor| anchor.as_ref().into()).collect();
            return Ok(Self::Few { searcher, anchors });
        }
        Self::automaton(anchors).map(Self::Many)
    }

    /// Builds an automaton for the anchors, which needs no vector instructions.
    pub(in crate::keywords) fn automaton<S: AsRef<[u8]>>(anchors: &[S]) -> Result<AhoCorasick, BuildError> {
        let bytes: usize = anchors.iter().map(|anchor| anchor.as_ref().len()).sum();
        let kind = (bytes <= LARGEST_TABLE).then_some(AhoCorasickKind::DFA);
        AhoCorasick::builder().match_kind(MatchKind::Standard).kind(kind).build(anchors)
    }

    /// Calls `found` with the number and the place of every anchor in a text.
    pub(in crate::keywords) fn find(&self, text: &str, mut found: impl FnMut(usize, Range<usize>)) {
        match self {
            Self::Few { searcher, anchors } => {
                let bytes = text.as_bytes();
                let mut from = 0;
                while let Some(first) = searcher.find_in(bytes, Span { start: from, end: bytes.len() }) {
                    let start = first.start();
                    for (number, anchor) in anchors.iter().enumerate() {
                        if bytes[start..].starts_with(anchor) {
                            found(number, start..start + anchor.len());
                        }
                    }
                    from = start + 1;
                }
            }
            Self::Many(automaton) => {
                for candidate in automaton.find_overlapping_iter(text) {
                    found(candidate.pattern().as_usize(), candidate.range());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::btree_set;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn few_and_many_find_all_that_is_there(anchors in btree_set("[abc ]{1,4}", 1..8), text in "[abc ]{0,200}") {
            let anchors: Vec<String> = anchors.into_iter().collect();
            let mut all = Vec::new();
            for start in 0..text.len() {
                for (number, anchor) in anchors.iter().enumerate() {
                    if text[start..].starts_with(anchor.as_str()) {
                        all.push((start..start + anchor.len(), number));
                    }
                }
            }
            for way in [AnywhereSearch::new(&anchors).unwrap(), AnywhereSearch::Many(AnywhereSearch::automaton(&anchors).unwrap())] {
                let mut found = Vec::new();
                way.find(&text, |number, place| found.push((place, number)));
                found.sort_by_key(|(place, number)| (place.start, *number));
                prop_assert_eq!(&found, &all);
            }
        }
    }
}

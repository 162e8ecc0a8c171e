//! What an analysis is asked for: keyword sets made ready, and groups of figures.

use crate::keywords::{KeywordSet, Matcher};
use crate::model::Result;
use crate::pipeline::MetricGroup;

/// A keyword set ready to search.
pub struct PreparedSet {
    pub set: KeywordSet,
    pub matcher: Matcher,
    /// By term: its place in the order of names, in which rows of hits are.
    pub(super) rank: Vec<u32>,
}

impl PreparedSet {
    /// # Errors
    /// When the set is too large to search for.
    pub fn new(set: KeywordSet) -> Result<Self> {
        let matcher = Matcher::new(&set)?;
        let mut by_name: Vec<usize> = (0..set.terms().len()).collect();
        by_name.sort_unstable_by_key(|&term| set.terms()[term].name.as_str());
        let mut rank = vec![0; by_name.len()];
        for (&term, place) in by_name.iter().zip(0..) {
            rank[term] = place;
        }
        Ok(Self { set, matcher, rank })
    }
}

/// What is asked for.
#[derive(Clone, Copy)]
pub struct AnalyzeRequest<'a> {
    pub sets: &'a [PreparedSet],
    /// The set of `filler_count`.
    pub fillers: &'a PreparedSet,
    /// Which figures of answers are made.
    pub metrics: &'a [MetricGroup],
    /// Whether everything is made, also what is up to date.
    pub force: bool,
}

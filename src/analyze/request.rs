//! The request for an analysis: keyword sets that are ready to search, and groups of figures.

use crate::keywords::{KeywordSet, Matcher, Prefilter};
use crate::model::Result;
use crate::pipeline::MetricGroup;

/// A keyword set that is ready to search.
pub struct PreparedSet {
    pub set: KeywordSet,
    pub matcher: Matcher,
    /// For each term, its rank in the order of names. Rows of hits are in this order.
    pub(super) rank: Vec<u32>,
}

impl PreparedSet {
    /// Compiles a set.
    ///
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

/// The request for an analysis.
#[derive(Clone, Copy)]
pub struct AnalyzeRequest<'a> {
    /// The sets to search for.
    pub sets: &'a [PreparedSet],
    /// The set whose mentions `filler_count` counts.
    pub fillers: &'a PreparedSet,
    /// The groups of figures of answers to compute.
    pub metrics: &'a [MetricGroup],
    /// Whether to make every file, even if it is up to date.
    pub force: bool,
}

impl AnalyzeRequest<'_> {
    /// What finds the answers that all sets can be found in.
    #[must_use]
    pub fn prefilter(&self) -> Prefilter {
        let searched = self.sets.iter().chain([self.fillers]);
        Matcher::shared_prefilter(searched.map(|set| &set.matcher))
    }
}

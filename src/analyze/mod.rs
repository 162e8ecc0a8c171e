//! Analysis: figures and keyword hits of every answer in the lake, in one pass over what is new or stale.
//!
//! [`plan`] compares what is there with what is asked for, [`pass`] reads a row group once and makes everything of it:
//! [`figures`], [`richness`] and [`language`] know what is computed, [`responses`], [`interviews`] and [`hits`] how it
//! becomes rows. Synchronous; derived files can be made again at any time.

pub mod figures;
mod hits;
mod interviews;
pub mod language;
mod pass;
mod plan;
mod responses;
pub mod richness;
pub mod words;

use serde::Serialize;

pub use pass::Steps;
pub use plan::{Part, Plan, Reason};

use crate::keywords::{KeywordSet, Matcher};
use crate::model::Result;
use crate::pipeline::MetricGroup;

/// Version of what the figures mean. A change makes every result stale.
pub const DEFINITIONS_VERSION: &str = "3";

/// A keyword set ready to search.
pub struct PreparedSet {
    pub set: KeywordSet,
    pub matcher: Matcher,
    /// By term: its place in the order of names, in which rows of hits are.
    rank: Vec<u32>,
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
pub struct Request<'a> {
    pub sets: &'a [PreparedSet],
    /// The set of `filler_count`.
    pub fillers: &'a PreparedSet,
    /// Which figures of answers are made.
    pub metrics: &'a [MetricGroup],
    /// Whether everything is made, also what is up to date.
    pub force: bool,
}

/// What an analysis did.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Answers analysed now, for whatever figures.
    pub responses: u64,
    /// Derived files made now.
    pub files_made: u64,
    /// Derived files that were up to date.
    pub files_fresh: u64,
    /// Where the time went.
    pub steps: Steps,
}

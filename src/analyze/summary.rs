//! The summary of an analysis: what it did, and where its time went.

use std::ops::AddAssign;
use std::time::Instant;

use serde::Serialize;

/// The summary of an analysis.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AnalyzeSummary {
    /// Answers that were analysed, for figures or keyword hits.
    pub responses: u64,
    /// Derived files that were made.
    pub files_made: u64,
    /// Derived files that were up to date.
    pub files_fresh: u64,
    /// Where the time went.
    pub steps: StepTimes,
}

/// The seconds that each step took, summed over all threads, and the amount of text read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct StepTimes {
    /// Reading and decompressing columns.
    pub decode: f64,
    /// Lower-casing ASCII text for the search.
    pub fold: f64,
    /// Lengths, words, pace and richness.
    pub words: f64,
    /// Detecting languages.
    pub language: f64,
    /// Searching for keywords and fillers. Includes finding word starts, once for all sets, and folding text beyond
    /// ASCII.
    pub r#match: f64,
    /// Writing derived files.
    pub encode: f64,
    /// Bytes of transcripts that were read.
    pub bytes: u64,
}

impl AddAssign for StepTimes {
    fn add_assign(&mut self, other: Self) {
        let Self { decode, fold, words, language, r#match, encode, bytes } = other;
        self.decode += decode;
        self.fold += fold;
        self.words += words;
        self.language += language;
        self.r#match += r#match;
        self.encode += encode;
        self.bytes += bytes;
    }
}

/// Runs a step and adds the seconds it took to `seconds`.
pub fn timed<T>(seconds: &mut f64, step: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let result = step();
    *seconds += begun.elapsed().as_secs_f64();
    result
}

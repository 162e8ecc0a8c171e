//! What an analysis did, and where its time went.

use std::ops::AddAssign;
use std::time::Instant;

use serde::Serialize;

/// What an analysis did.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AnalyzeSummary {
    /// Answers analysed now, for whatever figures.
    pub responses: u64,
    /// Derived files made now.
    pub files_made: u64,
    /// Derived files that were up to date.
    pub files_fresh: u64,
    /// Where the time went.
    pub steps: StepTimes,
}

/// Where the time went, in seconds of all threads together, and over how much text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct StepTimes {
    /// Reading and decompressing columns.
    pub decode: f64,
    /// Lower-casing ASCII text for the search.
    pub fold: f64,
    /// Lengths, words, pace and richness.
    pub words: f64,
    pub language: f64,
    /// Keyword sets and fillers: word starts, found once for all, included, and the folding of text beyond ASCII.
    pub r#match: f64,
    /// Writing derived files.
    pub encode: f64,
    /// Of transcripts.
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

/// Runs a step and adds what it took.
pub fn timed<T>(seconds: &mut f64, step: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let result = step();
    *seconds += begun.elapsed().as_secs_f64();
    result
}

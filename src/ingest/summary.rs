//! What an ingest did, and how far a fetch is.

use super::cut::Published;
use crate::model::counts::counts;

counts! {
    /// What an ingest did. Counts interviews unless a field says otherwise.
    pub struct IngestSummary {
        /// In the lists, without duplicates.
        pub listed: u64,
        /// That were asked for, whether listed, open before, or named by an event.
        pub asked: u64,
        /// Settled before, and so not fetched.
        pub skipped_settled: u64,
        /// Open and not due yet.
        pub not_due: u64,
        /// Failed before and not due yet.
        pub failed_before: u64,
        /// Gone, stale, quarantined, given up or excluded before, and so not fetched.
        pub skipped_other: u64,
        /// Requests sent, retries included.
        pub requests: u64,
        /// Requests sent because an earlier one of the same call failed.
        pub retries: u64,
        /// Requests that were answered with 429.
        pub limited: u64,
        /// Bytes of bodies, decompressed.
        pub bytes: u64,
        /// Seconds that requests were held back for the limit's sake, one after the other; of several keys, those of the one
        /// that held back most.
        pub waited_seconds: u64,
        /// Bodies of interviews that were fetched.
        pub fetched: u64,
        pub newly_settled: u64,
        pub still_open: u64,
        /// Settled before, fetched again, and changed since.
        pub replaced: u64,
        /// Responses published.
        pub responses: u64,
        /// Interviews whose questions were published.
        pub questions: u64,
        pub gone: u64,
        /// Set aside because the body breaks the contract.
        pub quarantined: u64,
        /// With half characters (lone surrogates), which were read as U+FFFD.
        pub mended: u64,
        /// Failed at the last try, and fetched again by a later run.
        pub failed: u64,
        /// Failed on so many nights that they are not fetched again without a reason.
        pub given_up: u64,
        /// Interviews whose questions failed at the last try, and are fetched again by a later run.
        pub questions_failed: u64,
        /// Interviews whose questions failed on so many nights that they are not fetched again.
        pub questions_given_up: u64,
        /// Excluded by a pattern of the pipeline for the first time.
        pub excluded: u64,
        /// Of persons who were erased, or too old to be kept: not asked for, or not loaded.
        pub erased: u64,
        /// Events read from the inbox, each once.
        pub events: u64,
        /// Due, but not reached.
        pub left: u64,
    }
}

impl IngestSummary {
    /// Whether anything was newly set aside or given up.
    #[must_use]
    pub fn has_losses(&self) -> bool {
        self.quarantined + self.failed + self.given_up + self.questions_failed + self.questions_given_up > 0
    }

    /// Whether nothing is left for the next run.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.left + self.failed + self.questions_failed == 0
    }

    /// Whether interviews came into the lake, or changed there.
    #[must_use]
    pub fn has_news(&self) -> bool {
        self.newly_settled + self.still_open + self.replaced > 0
    }

    pub(super) fn published(&mut self, published: Published) {
        self.newly_settled += published.settled;
        self.still_open += published.open;
        self.replaced += published.replaced;
        self.responses += published.responses;
        self.questions += published.questions;
        self.erased += published.erased;
    }
}

/// How far a fetch is.
#[derive(Debug, Clone)]
pub struct Progress {
    /// Calls that have ended.
    pub done: u64,
    /// All calls.
    pub of: u64,
    /// Requests left in the rate-limit window, if the API tells.
    pub remaining: Option<u32>,
    /// What the calls wait for, if for long.
    pub waiting: Option<String>,
}

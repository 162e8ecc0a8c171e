//! What archiving did, in counts.

use crate::model::counts::counts;

counts! {
    /// What was done; counts of recordings unless said otherwise.
    pub struct ArchiveSummary {
        /// Archived now.
        pub archived: u64,
        /// Bytes of them.
        pub bytes: u64,
        /// In the archive already, and only recorded.
        pub found: u64,
        /// Interviews that were asked for again, for new links.
        pub asked: u64,
        /// Not archived, and tried again by the next run.
        pub failed: u64,
        /// Not archived, and left alone from now on.
        pub given_up: u64,
        /// Not reached.
        pub left: u64,
    }
}

impl ArchiveSummary {
    /// Whether anything could not be archived.
    #[must_use]
    pub fn has_losses(&self) -> bool {
        self.failed + self.given_up > 0
    }
}

//! Counts of what archiving did.

use crate::model::counts::counts;

counts! {
    /// What archiving did. Counts recordings unless a field says otherwise.
    pub struct ArchiveSummary {
        /// Archived now.
        pub archived: u64,
        /// Bytes that were archived now.
        pub bytes: u64,
        /// Found in the archive, and only recorded.
        pub found: u64,
        /// Interviews that were requested again for new links.
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

    /// Whether nothing is left for the next run.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.left + self.failed == 0
    }
}

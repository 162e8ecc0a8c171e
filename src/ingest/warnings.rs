//! Warnings about single interviews: the first ones of a kind by name, and then how many more there are.

use crate::model::plural;

/// How many of a kind are named.
const MOST_NAMED: u64 = 10;

/// What a warning is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WarningKind {
    RefusedEvent,
    Gone,
    SetAside,
    Failed,
    GivenUp,
    Contradicted,
}

impl WarningKind {
    /// The words for a number of others, and what lists all.
    fn others(self, count: u64) -> (&'static str, &'static str, &'static str) {
        let status = "`roundup status --format json` lists";
        match self {
            Self::RefusedEvent => (plural(count, "event", "events"), "with such an id", status),
            Self::Gone => (plural(count, "interview", "interviews"), "that the API does not know", status),
            Self::SetAside => (plural(count, "body", "bodies"), "set aside", "`roundup quarantine list` lists"),
            Self::Failed => (plural(count, "call", "calls"), "that failed", status),
            Self::GivenUp => (plural(count, "call", "calls"), "given up", status),
            Self::Contradicted => {
                (plural(count, "body", "bodies"), "left out for another of the same interview", "-v names")
            }
        }
    }
}

/// Counts the warnings of an ingest.
#[derive(Debug, Default)]
pub struct Warnings {
    counts: Vec<(WarningKind, u64)>,
}

impl Warnings {
    /// Warns of something about an id, unless enough of its kind are named.
    pub fn add(&mut self, kind: WarningKind, id: &str, message: &str) {
        let place = self.counts.iter().position(|(known, _)| *known == kind).unwrap_or_else(|| {
            self.counts.push((kind, 0));
            self.counts.len() - 1
        });
        let count = &mut self.counts[place].1;
        *count += 1;
        if *count <= MOST_NAMED {
            tracing::warn!(id, "{message}");
        } else {
            tracing::debug!(id, "{message}");
        }
    }

    /// Says how many were not named.
    pub fn end(self) {
        for (kind, count) in self.counts {
            let more = count.saturating_sub(MOST_NAMED);
            if more > 0 {
                let (noun, what, lists) = kind.others(more);
                tracing::warn!("{more} more {noun} {what}; {lists} all");
            }
        }
    }
}

//! Findings of reports that are dismissed for a time.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::times::parse_date;
use crate::model::Result;

/// What a report finds, the most urgent first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// A job has had no interview for a week.
    Silent,
    /// Transcripts, durations or events no longer come.
    Data,
    /// Interviews expire within 72 hours.
    Expiring,
    /// Far more or fewer interviews were completed in a week than before.
    Volume,
    /// Many leave a question out.
    Skipped,
    /// Many answers to a question end at its time limit.
    AtLimit,
    /// Many answers to a question are blank or of a few words.
    Thin,
    /// Answers to a question are longer or shorter since it was reworded.
    Reworded,
    /// The completion rate rose or fell.
    Completion,
    /// A keyword rose or fell.
    Keyword,
    /// Interviews are longer or shorter.
    Duration,
    /// Answers are longer or shorter.
    Length,
    /// Candidates speak faster or slower.
    Pace,
}

impl FindingKind {
    /// The word for it, as in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::Data => "data",
            Self::Expiring => "expiring",
            Self::Volume => "volume",
            Self::Skipped => "skipped",
            Self::AtLimit => "at-limit",
            Self::Thin => "thin",
            Self::Reworded => "reworded",
            Self::Completion => "completion",
            Self::Keyword => "keyword",
            Self::Duration => "duration",
            Self::Length => "length",
            Self::Pace => "pace",
        }
    }
}

/// Findings that a report does not name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dismissal {
    /// Job by id or title; `None` for all.
    pub job: Option<String>,
    /// `None` for every kind.
    pub finding: Option<FindingKind>,
    /// First day on which the finding is named again.
    pub until: Date,
}

/// Findings that are dismissed, as a file has them.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DismissSection {
    /// Which job's, by id or title; left out: of all.
    pub job: Option<String>,
    /// Which ones; left out: all.
    pub finding: Option<FindingKind>,
    /// First day on which they are named again, "2026-07-01".
    pub until: String,
}

impl DismissSection {
    /// # Errors
    /// A usage error for a day that is none.
    pub fn resolve(&self) -> Result<Dismissal> {
        let Self { job, finding, until } = self;
        Ok(Dismissal { job: job.clone(), finding: *finding, until: parse_date(until)? })
    }
}

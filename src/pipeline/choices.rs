//! What is chosen from a list of words, in a pipeline file and by flags.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum QuestionPolicy {
    /// When a settled interview shows a question or job not known yet.
    Unseen,
    /// Of every settled interview.
    All,
    /// Of none.
    None,
}

/// Figures of an answer that are chosen together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MetricGroup {
    /// UTF-16 code units and characters.
    Length,
    /// Words.
    Words,
    /// Words a minute.
    Pace,
    /// Different words, and the moving-average type-token ratio.
    Richness,
    /// Um, uh and the like.
    Fillers,
    /// The language it is in.
    Language,
}

impl MetricGroup {
    pub fn all() -> Vec<Self> {
        vec![Self::Length, Self::Words, Self::Pace, Self::Richness, Self::Fillers, Self::Language]
    }

    /// The word for it, as in a pipeline file and in what is made for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Words => "words",
            Self::Pace => "pace",
            Self::Richness => "richness",
            Self::Fillers => "fillers",
            Self::Language => "language",
        }
    }
}

/// How the rows of an export are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExportFormat {
    Csv,
    Jsonl,
    Parquet,
    Xlsx,
}

impl ExportFormat {
    /// Whether it can be read on a screen.
    #[must_use]
    pub fn is_text(self) -> bool {
        matches!(self, Self::Csv | Self::Jsonl)
    }
}

/// What a row of an export is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ExportRows {
    /// The table `interviews`, with those that are still open
    #[default]
    Interviews,
    /// The table `responses`: answers, transcripts included
    Responses,
    /// Candidate, completedAt, totalDuration, averageResponseLength, keywordMatches; needs `analyze`
    Analysis,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Outcome")]
pub enum RunOutcome {
    /// All done.
    Well,
    /// Something was set aside, given up, or left for the next run.
    Partly,
    /// With an error.
    Badly,
}

impl RunOutcome {
    pub fn all() -> Vec<Self> {
        vec![Self::Well, Self::Partly, Self::Badly]
    }

    /// The word for it, as in a pipeline file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Partly => "partly",
            Self::Badly => "badly",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    Html,
    Xlsx,
    Csv,
    Json,
    Parquet,
}

impl Format {
    #[must_use]
    pub fn all() -> Vec<Self> {
        vec![Self::Html, Self::Xlsx, Self::Csv, Self::Json, Self::Parquet]
    }
}

/// A stage of a pipeline, in the order they run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    Ingest,
    Analyze,
    Retain,
    Report,
    Export,
    Audio,
    Ats,
    Mirror,
}

impl Stage {
    pub const ALL: [Self; 8] =
        [Self::Ingest, Self::Analyze, Self::Retain, Self::Report, Self::Export, Self::Audio, Self::Ats, Self::Mirror];

    /// The word for it, as in a pipeline file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Analyze => "analyze",
            Self::Retain => "retain",
            Self::Report => "report",
            Self::Export => "export",
            Self::Audio => "audio",
            Self::Ats => "ats",
            Self::Mirror => "mirror",
        }
    }
}

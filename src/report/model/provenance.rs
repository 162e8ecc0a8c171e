//! The origin of the figures.

use jiff::civil::Date;
use serde::Serialize;

/// The origin of the figures: the data they were made from, and the data that was left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Provenance {
    /// When the newest interview before the end of the period was settled, RFC 3339; null if there is none.
    pub data_until: Option<String>,
    /// If the period has no interview: the newest one there is; null otherwise, and in an empty lake.
    pub newest: Option<NewestInterview>,
    /// The newest run that filled the lake; null if no run did.
    pub run: Option<RunReference>,
    /// SHA-256 over the names and hashes of all files that the figures were made from.
    pub inputs_sha256: String,
    /// The keyword sets whose hits were counted.
    pub keyword_sets: Vec<KeywordSetName>,
    /// Settled interviews in the lake.
    pub interviews_in_lake: i64,
    /// Settled interviews in the period.
    pub interviews_in_period: i64,
    /// Settled interviews in the previous period; null if the report compares nothing.
    pub interviews_in_previous_period: Option<i64>,
    /// Data that is not in the figures, with the reason.
    pub left_out: Vec<LeftOut>,
    /// Whole weeks from the first settled interview of the lake to the end of the period.
    pub weeks_of_history: u32,
}

/// The newest interview that a report could be of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewestInterview {
    /// When it was settled, RFC 3339.
    pub settled_at: String,
    /// The `--until` of a report that has it.
    pub until: Date,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunReference {
    pub run_id: String,
    /// Start of the run, RFC 3339.
    pub started_at: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeywordSetName {
    pub name: String,
    pub sha256: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Name of the data in the plural, or of a keyword set: "settled interviews", "keyword set web".
    pub what: String,
    /// How many were left out; null for a keyword set.
    pub count: Option<i64>,
    pub why: String,
}

//! Where the figures come from.

use serde::Serialize;

use super::count::Count;

/// Where the figures come from.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Provenance {
    /// When the newest interview before the period's end was settled, RFC 3339; null for none.
    pub data_until: Option<String>,
    /// The newest run that filled the lake; null when it was filled without one.
    pub run: Option<RunReference>,
    /// SHA-256 over the names and hashes of all files that the figures were made from.
    pub inputs_sha256: String,
    /// The sets that were searched for.
    pub keyword_sets: Vec<KeywordSetName>,
    /// Settled interviews in the lake, in the period, and in the previous one.
    pub interviews_in_lake: Count,
    pub interviews_in_period: Count,
    pub interviews_in_previous_period: Option<Count>,
    /// What is not in the figures, and why.
    pub left_out: Vec<LeftOut>,
    /// Whole weeks from the first settled interview of the lake to the end of the period.
    pub weeks_of_history: u32,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunReference {
    pub run_id: String,
    /// RFC 3339.
    pub started_at: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeywordSetName {
    pub name: String,
    pub sha256: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// As a sentence goes on after the count: "interviews outside the period".
    pub what: String,
    /// Null where it is not a matter of counting.
    pub count: Option<Count>,
    pub why: String,
}

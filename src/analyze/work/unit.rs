//! A unit of work and what became of it, each a line of JSON.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::model::{Error, Result};

/// Length of a unit's id, in hex digits.
pub const ID_DIGITS: usize = 32;

/// A unit of work: a batch of the lake, and the derived files to make from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// The unit's id, which follows from its inputs, its outputs and the version of the program.
    pub unit: String,
    /// Month and name of the batch: `month=…/<batch>.parquet`.
    pub place: String,
    /// Version of the program that listed it. Only the same version makes it.
    pub by: String,
    /// Bytes of the inputs together.
    pub bytes: u64,
    /// Number of answers.
    pub rows: u64,
    pub inputs: Vec<UnitInput>,
    pub outputs: Vec<UnitOutput>,
}

/// A file that a unit reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitInput {
    pub table: String,
    /// Path or address.
    pub from: String,
    pub rows: u64,
    pub bytes: u64,
    /// In hex.
    pub sha256: String,
}

/// A file that a unit makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitOutput {
    pub table: String,
    /// The keyword set, for keyword hits.
    pub set: Option<String>,
    /// Path or address.
    pub to: String,
    /// The key-value metadata that the file will have: the hashes of its sources, the definitions, the hash of its set.
    pub metadata: BTreeMap<String, String>,
}

/// What became of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnitResult {
    pub unit: String,
    pub place: String,
    /// Number of answers that were analysed.
    pub responses: u64,
    /// The files that were made; none if it failed.
    pub files: Vec<MadeFile>,
    /// Why it failed; null if it did not.
    pub error: Option<String>,
}

/// A file that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MadeFile {
    pub table: String,
    pub set: Option<String>,
    /// Path or address.
    pub at: String,
    pub rows: u64,
    pub bytes: u64,
    /// In hex.
    pub sha256: String,
}

impl UnitResult {
    /// The result of a unit that could not be done.
    #[must_use]
    pub fn failed(unit: &Unit, error: &Error) -> Self {
        Self {
            unit: unit.unit.clone(),
            place: unit.place.clone(),
            responses: 0,
            files: Vec::new(),
            error: Some(error.to_string()),
        }
    }
}

/// The name of a derived file that a unit makes, below the folder or address of all units. `path` is relative to
/// the lake.
pub fn output_name(unit: &str, path: &str) -> String {
    format!("{unit}/{}", path.replace('/', "--"))
}

/// Whether a path or address is one at which a unit makes a derived file, whatever it is below.
pub fn is_made_at(at: &str, unit: &str, path: &str) -> bool {
    let is_id = unit.len() == ID_DIGITS && unit.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    let below = at.strip_suffix(&output_name(unit, path));
    is_id && below.is_some_and(|below| below.ends_with('/') && below.split('/').all(|part| part != ".."))
}

/// Reads lines of JSON. `name` is that of their file. Empty lines are left out.
///
/// # Errors
/// A usage error that names the first line that is none.
pub fn read_lines<T: DeserializeOwned>(text: &str, name: &str) -> Result<Vec<T>> {
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    let read = |(line, number): (&str, usize)| {
        serde_json::from_str(line).map_err(|error| {
            let what = if error.is_data() { "is not such a line" } else { "is not JSON" };
            Error::usage(format!("{name}:{number}: {what}"))
                .hint("`roundup analyze --list-work` prints units, and `--work-from` their results")
        })
    };
    lines.map(read).collect()
}

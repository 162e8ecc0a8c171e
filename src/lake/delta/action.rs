//! The lines of a Delta log, as the protocol of Delta Lake names them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::names::encoded;
use crate::ledger::LiveFile;

/// Name of the tag of a file that holds its SHA-256.
const SHA256: &str = "roundup.sha256";

/// A line of a commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Action {
    CommitInfo(CommitInfo),
    Protocol(Protocol),
    MetaData(MetaData),
    Add(Add),
    Remove(Remove),
}

/// Where a commit comes from. The last three say up to where the lake's log is in the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommitInfo {
    /// In milliseconds.
    pub timestamp: i64,
    pub operation: String,
    pub engine_info: String,
    /// For Spark's `DESCRIBE HISTORY`, which shows nothing else of these.
    pub user_metadata: String,
    /// The lake's random id.
    pub lake: String,
    pub lake_version: u64,
    /// SHA-256 of the file of the lake's commit, in hex.
    pub lake_commit: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Protocol {
    pub min_reader_version: i32,
    pub min_writer_version: i32,
}

/// What every reader and writer of Delta Lake can do.
pub const PROTOCOL: Protocol = Protocol { min_reader_version: 1, min_writer_version: 2 };

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MetaData {
    pub id: String,
    pub name: String,
    pub description: String,
    pub format: FileFormat,
    pub schema_string: String,
    pub partition_columns: Vec<String>,
    pub configuration: BTreeMap<String, String>,
    /// In milliseconds.
    pub created_time: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileFormat {
    pub provider: String,
    pub options: BTreeMap<String, String>,
}

/// A file that is in the table from this commit on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Add {
    /// Below the table, encoded as in a URL.
    pub path: String,
    pub partition_values: BTreeMap<String, Option<String>>,
    pub size: i64,
    /// In milliseconds.
    pub modification_time: i64,
    pub data_change: bool,
    /// JSON in a string.
    pub stats: String,
    pub tags: BTreeMap<String, String>,
}

impl Add {
    /// A file under a name below its table.
    pub fn of(
        file: &LiveFile,
        link: &str,
        partition_values: BTreeMap<String, Option<String>>,
        modified: Timestamp,
    ) -> Self {
        Self {
            path: encoded(link),
            partition_values,
            size: i64::try_from(file.bytes).expect("no file is that large"),
            modification_time: modified.as_millisecond(),
            data_change: true,
            stats: stats(file.rows),
            tags: tags(&file.sha256),
        }
    }

    pub fn sha256(&self) -> &str {
        self.tags.get(SHA256).map_or("", String::as_str)
    }

    /// The line that removes it.
    pub fn removal(&self, deletion_timestamp: i64) -> Remove {
        Remove {
            path: self.path.clone(),
            deletion_timestamp,
            data_change: true,
            extended_file_metadata: true,
            partition_values: self.partition_values.clone(),
            size: self.size,
        }
    }
}

/// The statistics of a file: without minima and maxima, which would be values of people's data.
fn stats(rows: u64) -> String {
    format!("{{\"numRecords\":{rows}}}")
}

/// The tags of a file.
fn tags(sha256: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(SHA256.to_owned(), sha256.to_owned())])
}

/// A file that is in the table no more. A reader of an older snapshot may still need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Remove {
    pub path: String,
    /// In milliseconds.
    pub deletion_timestamp: i64,
    pub data_change: bool,
    /// Whether the two that follow are there.
    pub extended_file_metadata: bool,
    pub partition_values: BTreeMap<String, Option<String>>,
    pub size: i64,
}

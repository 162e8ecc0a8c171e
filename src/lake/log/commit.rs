//! A commit, as it is in the log. It holds no word and no id of a person.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ledger::LiveFile;

/// What a commit did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CommitKind {
    /// Interviews, and what is open, that an ingest or a retry read.
    Ingest,
    Import,
    Questions,
    Replace,
    Analyze,
    Audio,
    Deliver,
    Run,
    Compact,
    Erase,
    /// Files that were there and in no commit.
    Adopt,
    /// Nothing: who was writing before has lost the lake.
    Fence,
}

/// One commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commit {
    /// Counted from 0.
    pub version: u64,
    /// The lake's random id.
    pub lake: String,
    /// SHA-256 of the file of the commit before, in hex; `None` in the first.
    pub parent: Option<String>,
    pub batch: String,
    pub kind: CommitKind,
    pub at: Timestamp,
    /// Version of the program.
    pub by: String,
    /// Check value of the candidate key, in the commit from which on it holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Files that are new, or in the place of an older one.
    pub add: Vec<LiveFile>,
    /// Paths of files that are no part of the lake any more.
    pub remove: Vec<String>,
}

impl Commit {
    /// The bytes of the commit's file: one line of JSON.
    ///
    /// # Panics
    /// Never: a commit is plain data.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).expect("plain data");
        bytes.push(b'\n');
        bytes
    }
}

//! A version of the lake: the files that are live after a commit.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::commit::Commit;
use crate::ledger::{Applied, LiveFile};

/// The state of a lake after a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    pub number: u64,
    /// The lake's random id.
    pub lake: String,
    /// SHA-256 of the commit's file, in hex.
    pub sha256: String,
    /// Check value of the candidate key.
    pub key: Option<String>,
    /// The live files by path.
    files: BTreeMap<String, LiveFile>,
}

impl Version {
    /// The version that a commit makes of the one before; `None` if it does not follow it.
    #[must_use]
    pub fn after(before: Option<Self>, commit: &Commit, bytes: &[u8]) -> Option<Self> {
        let follows = match &before {
            None => commit.version == 0 && commit.parent.is_none(),
            Some(before) => {
                commit.version == before.number + 1
                    && commit.lake == before.lake
                    && commit.parent.as_ref() == Some(&before.sha256)
            }
        };
        if !follows {
            return None;
        }
        let (mut files, key) = before.map_or_else(Default::default, |before| (before.files, before.key));
        for path in &commit.remove {
            files.remove(path);
        }
        files.extend(commit.add.iter().map(|file| (file.path.clone(), file.clone())));
        Some(Self {
            number: commit.version,
            lake: commit.lake.clone(),
            sha256: hex::encode(Sha256::digest(bytes)),
            key: commit.key.clone().or(key),
            files,
        })
    }

    /// The version that a checkpoint holds.
    pub(super) fn of_files(number: u64, lake: String, sha256: String, key: Option<String>, add: Vec<LiveFile>) -> Self {
        let files = add.into_iter().map(|file| (file.path.clone(), file)).collect();
        Self { number, lake, sha256, key, files }
    }

    /// The version as the ledger names it.
    #[must_use]
    pub fn applied(&self) -> Applied {
        Applied { lake: self.lake.clone(), version: self.number, sha256: self.sha256.clone() }
    }

    /// Every live file, sorted by path.
    pub fn files(&self) -> impl Iterator<Item = &LiveFile> + Clone {
        self.files.values()
    }

    /// The live file of a path.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&LiveFile> {
        self.files.get(path)
    }
}

//! How many bodies are set aside, for whoever says so: the folder of the quarantine has them all, those that were imported
//! too, and the ledger knows interviews only.

use std::collections::HashSet;
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

use super::places::Lake;
use crate::http::client::encode_id;
use crate::ledger::{InterviewCounts, Ledger};
use crate::model::{Error, Result};

const PREFIX: &str = "body-";
const SUFFIX: &str = ".json";

/// How many interviews are in each state, and how many bodies are set aside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct LakeCounts {
    #[serde(flatten)]
    pub interviews: InterviewCounts,
    /// Bodies that are set aside because they break the contract, also imported ones without an id.
    pub quarantined: u64,
    /// Interviews whose body was set aside and is deleted, and that are not fetched again.
    pub discarded: u64,
}

impl Lake {
    /// The path at which the body of an id is set aside. It is always inside the folder: an encoded id has no slash, and
    /// the prefix makes `..` a plain name.
    #[must_use]
    pub fn set_aside_path(&self, id: &str) -> PathBuf {
        self.quarantine_folder().join(format!("{PREFIX}{}{SUFFIX}", encode_id(id)))
    }

    /// The encoded id of a body that is set aside, from the name of its file. `None` for other files.
    #[must_use]
    pub fn set_aside_id(name: &str) -> Option<&str> {
        name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)
    }

    /// How many bodies are set aside.
    ///
    /// # Errors
    /// When their folder cannot be listed.
    pub fn set_aside(&self) -> Result<u64> {
        Ok(self.set_aside_names()?.len() as u64)
    }

    /// How many interviews are in each state, and how many bodies are set aside.
    ///
    /// # Errors
    /// When the ledger or the folder of these bodies cannot be read.
    pub fn counts(&self, ledger: &Ledger) -> Result<LakeCounts> {
        let names = self.set_aside_names()?;
        let is_there = |id: &String| self.set_aside_path(id).file_name().is_some_and(|name| names.contains(name));
        let discarded = ledger.quarantined()?.iter().filter(|id| !is_there(id)).count() as u64;
        Ok(LakeCounts { interviews: ledger.counts()?, quarantined: names.len() as u64, discarded })
    }

    fn set_aside_names(&self) -> Result<HashSet<OsString>> {
        let folder = self.quarantine_folder();
        let fail = |error: std::io::Error| Error::path("list", &folder, error);
        let mut names = HashSet::new();
        for entry in fs::read_dir(&folder).map_err(fail)? {
            let name = entry.map_err(fail)?.file_name();
            if name.to_str().and_then(Self::set_aside_id).is_some() {
                names.insert(name);
            }
        }
        Ok(names)
    }
}

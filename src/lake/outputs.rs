//! Where what is in the lake was written to: exports, archives of recordings, reports, mirrors. They lie elsewhere, and are looked for
//! there when somebody is to be forgotten. `_roundup/outputs/` has a file for each place.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::access::make_private_folder;
use super::durable::write_whole;
use super::places::Lake;
use crate::model::{Error, Result, is_address};

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutputKind {
    /// A file with rows of the lake.
    Export,
    /// A folder, or an address, of recordings.
    Archive,
    /// A folder in which each report has a folder.
    Reports,
    /// The address of a mirror.
    Mirror,
}

/// A place that was written to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Output {
    pub what: OutputKind,
    /// An absolute path, or an address.
    pub path: String,
    /// When it was first written to, and last.
    pub first_at: Timestamp,
    pub last_at: Timestamp,
}

impl Lake {
    fn outputs_folder(&self) -> PathBuf {
        self.own().join("outputs")
    }

    /// Records a place that is written to. Does nothing for who may not write to the lake.
    ///
    /// # Errors
    /// When the record cannot be read or written.
    pub fn record_output(&self, what: OutputKind, path: &Path) -> Result<()> {
        if !self.is_writable() {
            return Ok(());
        }
        let text = path.display().to_string();
        let place = if is_address(&text) {
            text
        } else {
            let whole = std::path::absolute(path).map_err(|error| Error::path("find", path, error))?;
            whole.display().to_string()
        };
        let folder = self.outputs_folder();
        make_private_folder(&folder).map_err(|error| Error::path("make", &folder, error))?;
        // Several programs may write the same record.
        let _lock = self.lock_quotes()?;
        let hash = hex::encode(&Sha256::digest(format!("{what:?} {place}"))[..8]);
        let file = folder.join(format!("{hash}.json"));
        let now = Timestamp::now();
        let before = fs::read(&file).ok().and_then(|bytes| serde_json::from_slice::<Output>(&bytes).ok());
        let first_at = before.map_or(now, |before| before.first_at);
        let output = Output { what, path: place, first_at, last_at: now };
        let bytes = serde_json::to_vec(&output).expect("plain data");
        write_whole(&file, &bytes, 0o600).map_err(|error| Error::path("write", &file, error))
    }

    /// The places that were written to, sorted.
    ///
    /// # Errors
    /// When the records cannot be read.
    pub fn outputs(&self) -> Result<Vec<Output>> {
        let folder = self.outputs_folder();
        let fail = |path: &Path, error: &dyn std::fmt::Display| Error::path("read", path, error);
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| fail(&folder, &error))?,
        };
        let mut outputs = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| fail(&folder, &error))?.path();
            if path.extension().is_some_and(|extension| extension == "json") {
                let bytes = fs::read(&path).map_err(|error| fail(&path, &error))?;
                outputs.push(serde_json::from_slice(&bytes).map_err(|error| fail(&path, &error))?);
            }
        }
        outputs.sort();
        Ok(outputs)
    }
}

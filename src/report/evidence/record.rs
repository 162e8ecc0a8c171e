//! The record of the interviews that a report quotes. It is kept in the lake, so that a person who is to be forgotten
//! is also found in reports.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::lake::Lake;
use crate::lake::access::make_private_folder;
use crate::lake::durable::write_whole;
use crate::model::{Error, Result};
use crate::report::model::Evidence;

/// The evidence of a report, and the interviews that it quotes.
#[derive(Default)]
pub struct QuotedEvidence {
    pub evidence: Evidence,
    /// Ids of the quoted interviews.
    pub interviews: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
struct RecordFile {
    /// Absolute path of the report's folder.
    report: String,
    interviews: BTreeSet<String>,
}

/// The record of one report's quotes. Until it is dropped, no other process changes a record of this lake.
pub struct QuoteRecord<'a> {
    path: PathBuf,
    report: String,
    interviews: &'a BTreeSet<String>,
    _lock: File,
}

impl QuotedEvidence {
    /// The record of a report in this folder. `None` if there is none to be written. Waits for other reports of the lake
    /// that are being published.
    ///
    /// # Errors
    /// When the absolute path of the folder cannot be found, or the records cannot be locked.
    pub fn record(&self, lake: &Lake, report: &Path) -> Result<Option<QuoteRecord<'_>>> {
        let place = std::path::absolute(report).map_err(|error| Error::path("find", report, error))?;
        let hash = hex::encode(&Sha256::digest(place.as_os_str().as_encoded_bytes())[..4]);
        let name = report.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let path = lake.quotes_folder().join(format!("{name}-{hash}.json"));
        // Where the lake cannot be written, a record stays that has more than is quoted, which does no harm.
        if self.interviews.is_empty() && !(path.exists() && lake.is_writable()) {
            return Ok(None);
        }
        let report = place.display().to_string();
        Ok(Some(QuoteRecord { path, report, interviews: &self.interviews, _lock: lake.lock_quotes()? }))
    }
}

impl QuoteRecord<'_> {
    /// Records the interviews that the report will quote, in addition to those that it quotes now. Until the pages are
    /// replaced, either set may be the one that is shown.
    ///
    /// # Errors
    /// When the record cannot be read or written.
    pub fn before_publishing(&self) -> Result<()> {
        let mut interviews = self.kept()?;
        interviews.extend(self.interviews.iter().cloned());
        self.write(interviews)
    }

    /// Records the interviews that the published report quotes. A report without quotes leaves no record.
    ///
    /// # Errors
    /// When the record cannot be written.
    pub fn after_publishing(&self) -> Result<()> {
        if !self.interviews.is_empty() {
            return self.write(self.interviews.clone());
        }
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::path("delete", &self.path, error)),
            _ => Ok(()),
        }
    }

    /// Ids of the interviews in the present record.
    fn kept(&self) -> Result<BTreeSet<String>> {
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
            Err(error) => return Err(Error::path("read", &self.path, error)),
        };
        let text: RecordFile = serde_json::from_slice(&text).map_err(|error| {
            Error::path("read", &self.path, error).hint("delete it together with the report that it is of")
        })?;
        Ok(text.interviews)
    }

    fn write(&self, interviews: BTreeSet<String>) -> Result<()> {
        if interviews.is_empty() {
            return Ok(());
        }
        let text = RecordFile { report: self.report.clone(), interviews };
        let text = serde_json::to_string_pretty(&text).expect("plain data") + "\n";
        let folder = self.path.parent().expect("a record is in a folder");
        make_private_folder(folder).map_err(|error| Error::path("make", folder, error))?;
        write_whole(&self.path, text.as_bytes(), 0o600).map_err(|error| Error::path("write", &self.path, error))
    }
}

//! Which interviews a report quotes, kept in the lake: who is to be forgotten later is found in reports as well.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::lake::Lake;
use crate::lake::durable::write_whole;
use crate::model::{Error, Result};
use crate::report::model::Evidence;

/// Quotes, and whose words they are.
#[derive(Default)]
pub struct QuotedEvidence {
    pub evidence: Evidence,
    /// Ids of the interviews that are quoted.
    pub interviews: BTreeSet<String>,
}

#[derive(Serialize, Deserialize)]
struct RecordFile {
    /// The report's folder, from the root.
    report: String,
    interviews: BTreeSet<String>,
}

/// The record of one report.
pub struct QuoteRecord<'a> {
    path: PathBuf,
    report: String,
    interviews: &'a BTreeSet<String>,
}

impl QuotedEvidence {
    /// The record of a report in a folder.
    ///
    /// # Errors
    /// When the folder is nowhere.
    pub fn record(&self, lake: &Lake, report: &Path) -> Result<QuoteRecord<'_>> {
        let place = std::path::absolute(report).map_err(|error| Error::path("find", report, error))?;
        let hash = hex::encode(&Sha256::digest(place.as_os_str().as_encoded_bytes())[..4]);
        let name = report.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let path = lake.quotes_folder().join(format!("{name}-{hash}.json"));
        Ok(QuoteRecord { path, report: place.display().to_string(), interviews: &self.interviews })
    }
}

impl QuoteRecord<'_> {
    /// Keeps whom the report will quote, beside those whom it may quote as it stands: until its pages are replaced
    /// nobody knows which of the two will be there.
    ///
    /// # Errors
    /// When the record cannot be read or written.
    pub fn before_publishing(&self) -> Result<()> {
        let mut interviews = self.kept()?;
        interviews.extend(self.interviews.iter().cloned());
        self.write(interviews)
    }

    /// Keeps whom the report quotes, now that it is there; a report that quotes nobody leaves no record.
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

    /// Whom the report quoted until now.
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
        fs::create_dir_all(folder).map_err(|error| Error::path("make", folder, error))?;
        write_whole(&self.path, text.as_bytes(), 0o600).map_err(|error| Error::path("write", &self.path, error))
    }
}

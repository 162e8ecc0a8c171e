//! The record of the interviews that a report quotes. It is kept in the lake, so that a person who is to be forgotten
//! is also found in reports.

use std::collections::{BTreeSet, HashSet};
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
use crate::report::plan_record::PlanRecord;

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
    /// What the report is made by, to make it anew; absent in records of older versions.
    #[serde(default)]
    plan: Option<PlanRecord>,
}

/// The record of one report's quotes. Until it is dropped, no other process changes a record of this lake.
pub struct QuoteRecord<'a> {
    path: PathBuf,
    report: String,
    plan: PlanRecord,
    interviews: &'a BTreeSet<String>,
    _lock: File,
}

impl QuotedEvidence {
    /// The record of a report in this folder. `None` if there is none to be written. Waits for other reports of the lake
    /// that are being published.
    ///
    /// # Errors
    /// When the absolute path of the folder cannot be found, or the records cannot be locked.
    pub fn record(&self, lake: &Lake, report: &Path, plan: PlanRecord) -> Result<Option<QuoteRecord<'_>>> {
        let place = std::path::absolute(report).map_err(|error| Error::path("find", report, error))?;
        let hash = hex::encode(&Sha256::digest(place.as_os_str().as_encoded_bytes())[..4]);
        let name = report.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let path = lake.quotes_folder().join(format!("{name}-{hash}.json"));
        // Where the lake cannot be written, a record stays that has more than is quoted, which does no harm.
        if self.interviews.is_empty() && !(path.exists() && lake.is_writable()) {
            return Ok(None);
        }
        let report = place.display().to_string();
        Ok(Some(QuoteRecord { path, report, plan, interviews: &self.interviews, _lock: lake.lock_quotes()? }))
    }
}

impl QuoteRecord<'_> {
    /// Records the interviews that the report will quote, in addition to those that it quotes now. Until the pages are
    /// replaced, either set may be the one that is shown.
    ///
    /// # Errors
    /// When the record cannot be read or written.
    pub fn before_publishing(&self) -> Result<()> {
        let (mut interviews, plan) = self.kept()?;
        interviews.extend(self.interviews.iter().cloned());
        // Made anew by either plan, a report quotes nobody who is erased.
        self.write(interviews, plan.unwrap_or_else(|| self.plan.clone()))
    }

    /// Records the interviews that the published report quotes. A report without quotes leaves no record.
    ///
    /// # Errors
    /// When the record cannot be written.
    pub fn after_publishing(&self) -> Result<()> {
        if !self.interviews.is_empty() {
            return self.write(self.interviews.clone(), self.plan.clone());
        }
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::path("delete", &self.path, error)),
            _ => Ok(()),
        }
    }

    /// Ids of the interviews in the present record, and its plan.
    fn kept(&self) -> Result<(BTreeSet<String>, Option<PlanRecord>)> {
        let text = match fs::read(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok((BTreeSet::new(), None)),
            Err(error) => return Err(Error::path("read", &self.path, error)),
        };
        let text: RecordFile = serde_json::from_slice(&text).map_err(|error| {
            Error::path("read", &self.path, error).hint("delete it together with the report that it is of")
        })?;
        Ok((text.interviews, text.plan))
    }

    fn write(&self, interviews: BTreeSet<String>, plan: PlanRecord) -> Result<()> {
        if interviews.is_empty() {
            return Ok(());
        }
        let text = RecordFile { report: self.report.clone(), interviews, plan: Some(plan) };
        let text = serde_json::to_string_pretty(&text).expect("plain data") + "\n";
        let folder = self.path.parent().expect("a record is in a folder");
        make_private_folder(folder).map_err(|error| Error::path("make", folder, error))?;
        write_whole(&self.path, text.as_bytes(), 0o600).map_err(|error| Error::path("write", &self.path, error))
    }
}

/// A report that quotes somebody.
pub struct QuotingReport {
    /// Its folder.
    pub report: PathBuf,
    /// What it is made by, if that was recorded.
    pub plan: Option<PlanRecord>,
    record: PathBuf,
}

impl QuotingReport {
    /// Deletes the record, because the report quotes nobody any more.
    ///
    /// # Errors
    /// When it cannot be deleted.
    pub fn forget(&self) -> Result<()> {
        match fs::remove_file(&self.record) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(Error::path("delete", &self.record, error)),
            _ => Ok(()),
        }
    }
}

/// The reports that quote one of some interviews, sorted by their folders.
///
/// # Errors
/// When the records cannot be read.
pub fn quoting(lake: &Lake, interviews: &HashSet<&str>) -> Result<Vec<QuotingReport>> {
    let folder = lake.quotes_folder();
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(|error| Error::path("list", &folder, error))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| Error::path("list", &folder, error))?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let bytes = fs::read(&path).map_err(|error| Error::path("read", &path, error))?;
        let record: RecordFile = serde_json::from_slice(&bytes).map_err(|error| {
            Error::path("read", &path, error).hint("delete it together with the report that it is of")
        })?;
        if record.interviews.iter().any(|id| interviews.contains(id.as_str())) {
            found.push(QuotingReport { report: record.report.into(), plan: record.plan, record: path });
        }
    }
    found.sort_by(|a, b| a.report.cmp(&b.report));
    Ok(found)
}

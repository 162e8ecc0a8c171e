//! Which interviews a report quotes, kept in the lake: who is to be forgotten later is found in reports as well.

use std::fs;
use std::path::Path;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Quoted;
use crate::lake::Lake;
use crate::lake::publish::write_whole;
use crate::model::{Error, Result};

#[derive(Serialize)]
struct Record<'a> {
    /// The report's folder, from the root.
    report: String,
    interviews: Vec<&'a str>,
}

impl Quoted {
    /// Keeps whom a report quotes; a report that quotes nobody leaves no record.
    ///
    /// # Errors
    /// When the record cannot be written.
    pub fn record(&self, lake: &Lake, report: &Path) -> Result<()> {
        let place = std::path::absolute(report).map_err(|error| Error::path("find", report, error))?;
        let hash = hex::encode(&Sha256::digest(place.as_os_str().as_encoded_bytes())[..4]);
        let name = report.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let folder = lake.quotes_folder();
        let path = folder.join(format!("{name}-{hash}.json"));
        if self.interviews.is_empty() {
            return match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::path("delete", &path, error)),
                _ => Ok(()),
            };
        }
        let interviews = self.interviews.iter().map(String::as_str).collect();
        let record = Record { report: place.display().to_string(), interviews };
        let text = serde_json::to_string_pretty(&record).expect("plain data") + "\n";
        fs::create_dir_all(&folder).map_err(|error| Error::path("make", &folder, error))?;
        write_whole(&path, text.as_bytes(), 0o600).map_err(|error| Error::path("write", &path, error))
    }
}

//! The files that a report was made from, which it names in one hash.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::lake::Lake;
use crate::lake::read::ParquetFile;
use crate::lake::retired::sha256_of;
use crate::lake::schema::SOURCE_SHA256;
use crate::model::{Error, Result};

/// Names and hashes of files.
#[derive(Debug, Default)]
pub struct InputFiles(Vec<(String, String)>);

impl InputFiles {
    /// Adds a file from which figures were derived, with the hash that the file of the figures states.
    pub fn add(&mut self, lake: &Lake, path: &Path, figures: &ParquetFile) {
        self.0.push((name_of(lake, path), figures.metadata(SOURCE_SHA256).unwrap_or_default().to_owned()));
    }

    /// Adds a file of the lake that is read as it is, with the hash of its bytes.
    pub fn add_bytes(&mut self, lake: &Lake, path: &Path) -> Result<()> {
        self.0.push((name_of(lake, path), hash_of(path)?));
        Ok(())
    }

    /// Adds the file of jobs, which need not be in the lake.
    pub fn add_jobs_file(&mut self, path: &Path) -> Result<()> {
        self.0.push(("file of jobs".to_owned(), hash_of(path)?));
        Ok(())
    }

    /// SHA-256 over all names and hashes, in the order of the names.
    #[must_use]
    pub fn sha256(&self) -> String {
        let mut sorted: Vec<&(String, String)> = self.0.iter().collect();
        sorted.sort();
        let mut hash = Sha256::new();
        for (name, sha256) in sorted {
            hash.update(format!("{sha256}  {name}\n"));
        }
        hex::encode(hash.finalize())
    }
}

fn name_of(lake: &Lake, path: &Path) -> String {
    path.strip_prefix(lake.root()).expect("a table's file is in the lake").display().to_string()
}

fn hash_of(path: &Path) -> Result<String> {
    sha256_of(path).map_err(|error| Error::path("read", path, error))
}

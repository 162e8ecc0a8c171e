//! Lists the Parquet files below a folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::model::{Error, Result};

/// Every Parquet file below a folder, sorted by path. Empty if there is no such folder.
///
/// # Errors
/// When a folder cannot be listed.
pub fn parquet_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    collect(folder, &mut found)?;
    found.sort();
    Ok(found)
}

fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(Error::path("list", folder, error)),
    };
    for entry in entries {
        let path = entry.map_err(|error| Error::path("list", folder, error))?.path();
        if path.is_dir() {
            collect(&path, found)?;
        } else if path.extension().is_some_and(|extension| extension == "parquet") {
            found.push(path);
        }
    }
    Ok(())
}

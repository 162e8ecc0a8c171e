//! Who can read what is private, and write to what is the program's own.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::finding::{Finding, FindingKind};
use crate::lake::places::Lake;
use crate::model::{Error, Result};

/// What in the program's own folder has no words, no ids and no secrets of its own: it may be as readable as the tables.
const OPEN: [&str; 8] = ["log", "lock", "last-run.json", "ledger.db.seal", "staging", "foreign", "old", "work"];

/// Files below `_roundup/` that others can read, and files and folders that all others can write to.
///
/// # Errors
/// When a folder cannot be listed.
pub fn look(lake: &Lake) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    let root = lake.root();
    let metadata = fs::metadata(root).map_err(|error| Error::path("look at", root, error))?;
    found.extend(of_open(".", root, &metadata));
    look_into(&lake.own(), "_roundup", &mut found)?;
    // It may be kept elsewhere.
    let key = lake.candidate_key_path();
    if let (false, Ok(metadata)) = (key.starts_with(lake.own()), fs::metadata(&key)) {
        found.extend(of_private(&key.display().to_string(), &key, &metadata));
    }
    Ok(found)
}

fn look_into(folder: &Path, name: &str, found: &mut Vec<Finding>) -> Result<()> {
    let fail = |error: io::Error| Error::path("list", folder, error);
    found.extend(of_open(name, folder, &fs::metadata(folder).map_err(fail)?));
    for entry in fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let path = format!("{name}/{}", entry.file_name().display());
        // A run may be deleting it just now.
        let Ok(metadata) = entry.metadata() else { continue };
        if metadata.is_dir() {
            look_into(&entry.path(), &path, found)?;
        } else {
            let is_open = path.split('/').nth(1).is_some_and(|name| OPEN.contains(&name));
            let of_file = if is_open { of_open } else { of_private };
            found.extend(of_file(&path, &entry.path(), &metadata));
        }
    }
    Ok(())
}

fn of_open(name: &str, path: &Path, metadata: &Metadata) -> Option<Finding> {
    let mode = metadata.permissions().mode();
    (mode & 0o002 != 0).then(|| {
        let what = format!("everybody can write to it (mode {:o})", mode & 0o777);
        Finding::new(FindingKind::Permissions, name, what, format!("chmod o-w {}", path.display()))
    })
}

fn of_private(name: &str, path: &Path, metadata: &Metadata) -> Option<Finding> {
    let mode = metadata.permissions().mode();
    (mode & 0o077 != 0).then(|| {
        let what = format!("it is private, and others can get at it (mode {:o})", mode & 0o777);
        Finding::new(FindingKind::Permissions, name, what, format!("chmod 600 {}", path.display()))
    })
}

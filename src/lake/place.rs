//! Moves files from staging into their tables.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::access::{make_table_folder, take_group};
use super::crash;
use super::durable::{rename_new, sha256_of, sync_all, sync_with_parent};
use super::places::Lake;
use super::read::ParquetFile;
use super::schema::{JOBS, is_source, rank};
use crate::ledger::LiveFile;
use crate::model::{Error, Result};

/// Moves every file of a batch that is still staged into its place, the table of jobs last. `replaced` are the paths of
/// those that may replace another file.
pub(super) fn place_all(lake: &Lake, batch: &str, files: &[LiveFile], replaced: &HashSet<String>) -> Result<()> {
    let folder = lake.staging_folder().join(batch);
    let is_own = |file: &&LiveFile| is_source(&file.table) || file.table == JOBS.name;
    // Derived files are staged where their sources are replaced with them, and go first: until their sources follow,
    // they are of other bytes, and nobody takes them for current.
    let is_staged = |file: &&LiveFile| is_own(file) || staged_path(&folder, &file.path).exists();
    let mut files: Vec<&LiveFile> = files.iter().filter(is_staged).collect();
    files.sort_by_key(|file| (is_own(file), rank(&file.table)));
    for file in files {
        let target = lake.root().join(&file.path);
        // Nothing is lost with a table of jobs, whosever it was: it can be counted again.
        let replaces = replaced.contains(&file.path) || file.table == JOBS.name;
        place(&staged_path(&folder, &file.path), &target, file, replaces)
            .map_err(|error| Error::path("publish", &target, error))?;
        crash::point("publish-placed-one");
    }
    Ok(())
}

/// Moves one file into its place, or checks that it is there already.
fn place(staged: &Path, target: &Path, file: &LiveFile, replaces: bool) -> io::Result<()> {
    let parent = target.parent().expect("a table's file is in a folder");
    make_table_folder(&file.table, parent)?;
    match take_group(staged, parent) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        taken => taken?,
    }
    let moved = if replaces { fs::rename(staged, target) } else { rename_new(staged, target) };
    match moved {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            if sha256_of(target)? != file.sha256 {
                return Err(io::Error::other("another file is in its place"));
            }
        }
        moved => moved?,
    }
    // Also one that was there: it may have been renamed just before a power cut, and not be synced.
    sync_with_parent(parent)
}

/// Deletes a folder of staging, if it is there.
///
/// # Errors
/// When it cannot be deleted.
pub fn clear(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::path("clear", folder, error)),
        _ => Ok(()),
    }
}

/// Moves derived files, as pairs of source and target, into their places, over older ones. Derived files can be made
/// again at any time, so they are committed when all are in place. They are synced before they are moved, and a move
/// that a power cut undoes is repeated by the next analysis.
///
/// # Errors
/// When the lake cannot be written.
pub fn replace_derived<'a>(files: impl Iterator<Item = (&'a Path, &'a Path)> + Clone) -> Result<()> {
    let staged: Vec<&Path> = files.clone().map(|(staged, _)| staged).collect();
    sync_all(&staged)?;
    for (staged, target) in files {
        let parent = target.parent().expect("a table's file is in a folder");
        fs::create_dir_all(parent)
            .and_then(|()| take_group(staged, parent))
            .and_then(|()| fs::rename(staged, target))
            .map_err(|error| Error::path("publish", target, error))?;
    }
    Ok(())
}

/// A file that is in its place, as a commit names it. Reads all of it, for its hash.
///
/// # Errors
/// When it cannot be read.
pub fn live_file(lake: &Lake, table: &str, path: &Path) -> Result<LiveFile> {
    let fail = |error: io::Error| Error::path("read", path, error);
    let rows = ParquetFile::open(path)?.rows();
    let bytes = fs::metadata(path).map_err(fail)?.len();
    let sha256 = sha256_of(path).map_err(fail)?;
    let path = path.strip_prefix(lake.root()).expect("a table's file is in the lake").display().to_string();
    Ok(LiveFile { table: table.to_owned(), path, rows, bytes, sha256 })
}

/// The place in a staging folder of a file of the lake, whose path is relative to the lake.
pub fn staged_path(folder: &Path, path: &str) -> PathBuf {
    folder.join(path.replace('/', "--"))
}

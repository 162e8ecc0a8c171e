//! Compares the files of a lake with its log.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use rayon::prelude::*;

use super::durable::sha256_of;
use super::log::Version;
use super::schema::{SOURCES, is_source, table};
use crate::ledger::LiveFile;
use crate::model::{Error, Result};

/// How many files a message names.
const NAMED: usize = 3;

/// A file that is not as the log has it. Its path is relative to the lake.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Disagreement {
    Missing(String),
    /// It has another size, or other bytes.
    Changed(String),
    /// It is in no commit.
    Foreign(String),
}

impl Disagreement {
    pub fn path(&self) -> &str {
        let (Self::Missing(path) | Self::Changed(path) | Self::Foreign(path)) = self;
        path
    }

    fn text(&self) -> String {
        match self {
            Self::Missing(path) => format!("{path} is missing"),
            Self::Changed(path) => format!("{path} has changed"),
            Self::Foreign(path) => format!("{path} is not the lake's own"),
        }
    }
}

/// Compares which files there are and how large they are, for all tables that are not derived from others.
///
/// # Errors
/// When a folder cannot be listed.
pub fn disagreements(root: &Path, version: &Version) -> Result<Vec<Disagreement>> {
    disagreements_of(root, version.files().filter(|file| is_source(&file.table)))
}

/// The same for a list of files.
pub(super) fn disagreements_of<'a>(
    root: &Path,
    files: impl Iterator<Item = &'a LiveFile>,
) -> Result<Vec<Disagreement>> {
    disagreements_in(root, SOURCES.iter().copied(), files)
}

/// The same for a list of files of some tables.
pub(super) fn disagreements_in<'a>(
    root: &Path,
    tables: impl Iterator<Item = &'static str>,
    files: impl Iterator<Item = &'a LiveFile>,
) -> Result<Vec<Disagreement>> {
    let mut on_disk = BTreeMap::new();
    for table in tables {
        sizes(&root.join(table), table, &mut on_disk)?;
    }
    let mut found = Vec::new();
    for file in files {
        match on_disk.remove(&file.path) {
            None => found.push(Disagreement::Missing(file.path.clone())),
            Some(bytes) if bytes != file.bytes => found.push(Disagreement::Changed(file.path.clone())),
            Some(_) => {}
        }
    }
    found.extend(on_disk.into_keys().map(Disagreement::Foreign));
    Ok(found)
}

/// The same for the bytes of the files that are there with the right size.
///
/// # Errors
/// When one cannot be read.
pub(super) fn other_bytes<'a>(root: &Path, files: impl Iterator<Item = &'a LiveFile>) -> Result<Vec<Disagreement>> {
    let files: Vec<&LiveFile> = files.collect();
    let compare = |file: &&LiveFile| {
        let path = root.join(&file.path);
        match sha256_of(&path) {
            Ok(sha256) if sha256 == file.sha256 => Ok(None),
            Ok(_) => Ok(Some(Disagreement::Changed(file.path.clone()))),
            Err(error) => Err(Error::path("read", &path, error)),
        }
    };
    Ok(files.par_iter().map(compare).collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// The sizes of all Parquet files below a folder, by their path in the lake.
fn sizes(folder: &Path, name: &str, found: &mut BTreeMap<String, u64>) -> Result<()> {
    let fail = |error: io::Error| Error::path("list", folder, error);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(fail(error)),
    };
    for entry in entries {
        let entry = entry.map_err(fail)?;
        let path = format!("{name}/{}", entry.file_name().display());
        // Follows links, as readers do.
        match fs::metadata(entry.path()) {
            Ok(metadata) if metadata.is_dir() => sizes(&entry.path(), &path, found)?,
            Ok(metadata) if path.ends_with(".parquet") => _ = found.insert(path, metadata.len()),
            Ok(_) => {}
            // A link that leads nowhere is no file of the lake.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(fail(error)),
        }
    }
    Ok(())
}

/// Checks that nothing of the lake is missing, changed or foreign.
///
/// # Errors
/// When something is. The message names the files and the way out.
pub fn check(root: &Path, version: &Version) -> Result<()> {
    let found = disagreements(root, version)?;
    if found.is_empty() {
        return Ok(());
    }
    let are_foreign = found.iter().all(|one| matches!(one, Disagreement::Foreign(_)));
    let text = |one: &Disagreement| if are_foreign { one.path().to_owned() } else { one.text() };
    let mut named: Vec<String> = found.iter().take(NAMED).map(text).collect();
    if found.len() > NAMED {
        named.push(format!("and {} more", found.len() - NAMED));
    }
    let named = named.join(", ");
    let message = if are_foreign {
        format!("the lake at {} has files that are not its own: {named}", root.display())
    } else {
        format!("the lake at {} does not agree with its log: {named}", root.display())
    };
    Err(Error::failed(message).hint(way_out(root, &found)))
}

/// What to do about a lake that does not agree with its log.
fn way_out(root: &Path, found: &[Disagreement]) -> String {
    let repair = format!("`roundup repair --lake {}`", root.display());
    let is_foreign = |one: &Disagreement| matches!(one, Disagreement::Foreign(_));
    if found.iter().all(is_foreign) {
        format!("{repair} moves them to _roundup/foreign/, and nothing else")
    } else if found.iter().any(is_foreign) {
        format!("was a backup copied over the lake? do not copy again: {repair}, with --dry-run first, makes it agree")
    } else if found.iter().all(|one| is_rewritten(one.path())) {
        format!("{repair}; the next run fetches again what was in them")
    } else {
        format!(
            "put these files alone back from a backup (`cp -p`); if none has them, {repair}, with --dry-run first, lets \
             them be fetched again"
        )
    }
}

/// Whether a file is the one of its table and written anew by every run, so that a backup has an older one.
pub(super) fn is_rewritten(path: &str) -> bool {
    path.split('/').next().and_then(table).is_some_and(|table| table.partitions.is_empty())
}

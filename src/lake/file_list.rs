//! The files of a table at a version of the lake, and what has changed since one.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::log::{Version, oldest, read_version};
use super::places::Lake;
use super::schema::{TABLES, Table, table};
use crate::ledger::LiveFile;
use crate::model::{Error, Result};

/// The files of a table.
#[derive(Debug, Serialize)]
pub struct FileList {
    pub table: &'static str,
    /// The lake's random id.
    pub lake: String,
    pub version: u64,
    #[serde(flatten)]
    pub files: Files,
}

/// All files of a version, or those that are other than in an older one. A file that was replaced is in both lists.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Files {
    All { files: Vec<ListedFile> },
    Changed { since: u64, added: Vec<ListedFile>, removed: Vec<ListedFile> },
}

/// A file, with its path in the lake.
#[derive(Debug, Serialize)]
pub struct ListedFile {
    pub path: String,
    pub rows: u64,
    pub bytes: u64,
    pub sha256: String,
    /// The values of the table's partition columns.
    pub partitions: BTreeMap<String, Option<String>>,
}

/// Lists the files of a table. `version` is the last one if left out.
///
/// # Errors
/// A usage error when there is no such table or version, or the log does not tell it any more.
pub fn list(lake: &Lake, name: &str, version: Option<u64>, since: Option<u64>) -> Result<FileList> {
    let Some(table) = table(name) else {
        let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
        return Err(Error::usage(format!("there is no table `{name}`")).hint(format!("one of {}", names.join(", "))));
    };
    let last = lake.version()?.ok_or_else(|| {
        let message = format!("the lake at {} has no log yet", lake.root().display());
        Error::failed(message).hint("the next command that writes to it makes one")
    })?;
    let at = match version {
        Some(number) => version_of(lake, &last, number)?,
        None => Arc::clone(&last),
    };
    let files = match since {
        None => Files::All { files: of_table(&at, table).map(|file| listed(table, file)).collect() },
        Some(since) if since > at.number => {
            return Err(Error::usage(format!("version {since} comes after version {}", at.number)));
        }
        Some(since) => {
            let before = version_of(lake, &last, since)?;
            let new_in = |there: &Version, before: &Version| {
                let is_new = |file: &&LiveFile| before.file(&file.path) != Some(*file);
                of_table(there, table).filter(is_new).map(|file| listed(table, file)).collect()
            };
            Files::Changed { since, added: new_in(&at, &before), removed: new_in(&before, &at) }
        }
    };
    Ok(FileList { table: table.name, lake: at.lake.clone(), version: at.number, files })
}

fn version_of(lake: &Lake, last: &Arc<Version>, number: u64) -> Result<Arc<Version>> {
    if number == last.number {
        return Ok(Arc::clone(last));
    }
    if number > last.number {
        return Err(Error::usage(format!("there is no version {number} yet: the lake is at version {}", last.number)));
    }
    if let Some(version) = read_version(&lake.log_folder(), number)? {
        return Ok(Arc::new(version));
    }
    let oldest = oldest(&lake.log_folder())?.unwrap_or(last.number);
    let message = format!("the log does not tell version {number} any more: its oldest is {oldest}");
    Err(Error::usage(message).hint("compare the tables by their keys instead; see \"What is new\" in docs/lake.md"))
}

fn of_table<'a>(version: &'a Version, table: &Table) -> impl Iterator<Item = &'a LiveFile> {
    version.files().filter(|file| file.table == table.name)
}

fn listed(table: &Table, file: &LiveFile) -> ListedFile {
    let LiveFile { path, rows, bytes, sha256, .. } = file.clone();
    let partitions = table.partition_values(&path);
    ListedFile { path, rows, bytes, sha256, partitions }
}

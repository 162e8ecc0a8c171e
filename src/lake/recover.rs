//! Finishes what a killed program left: batches that are in the log and not all in place, or not in the ledger. Deletes
//! what is in staging and in no commit.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::crash;
use super::finish::finish;
use super::log::{CommitKind, LogRead};
use super::place::clear;
use super::places::Lake;
use super::publish::Staging;
use crate::ledger::{Applied, Ledger};
use crate::model::{Error, Result};

/// Takes over a lake: nothing in staging and in the spool is this program's own. If there is anything, a fence is
/// committed first, so that whoever is still writing there has lost. Then the batches of the log are finished, and the
/// rest of what was in staging is deleted. What appears there meanwhile may belong to a commit that follows.
///
/// # Errors
/// When a file of a batch is missing, or the lake cannot be written.
pub fn recover(lake: &Lake, ledger: &mut Ledger) -> Result<()> {
    let left = entries(&lake.staging_folder())?;
    if left.is_empty() && entries(&lake.spool_folder())?.is_empty() {
        return finish(lake, ledger);
    }
    let fence = Staging::begin_at(lake, CommitKind::Fence)?.commit(Vec::new(), None)?;
    crash::point("recovery-fenced");
    finish(lake, ledger)?;
    for path in left {
        crash::point("recovery-clearing");
        let deleted = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        match deleted {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::path("clear", &path, error)),
            _ => {}
        }
    }
    clear(&lake.staging_folder().join(&fence.batch))
}

/// What an opening finds when it compares the ledger with the log.
pub fn check_bound(lake: &Lake, log: &LogRead, at: Option<&Applied>) -> Result<()> {
    let Some(at) = at else { return Ok(()) };
    let LogRead { version, tail } = log;
    let what = if at.lake != version.lake {
        "the ledger is that of another lake"
    } else if at.version > version.number {
        "the log is older than the ledger"
    } else {
        let sha256 = match tail.iter().find(|commit| commit.commit.version == at.version + 1) {
            Some(next) => next.commit.parent.clone(),
            None => (at.version == version.number).then(|| version.sha256.clone()),
        };
        // Of a version below the last checkpoint there is nothing to compare with.
        if sha256.is_none_or(|sha256| sha256 == at.sha256) {
            return Ok(());
        }
        "the log has other commits than the ledger has seen"
    };
    let message = format!("the log and the ledger of the lake at {} do not fit: {what}", lake.root().display());
    Err(Error::failed(message).hint(format!(
        "was a part of a backup, or of another lake, put there? do not copy again: `roundup repair --lake {}`, with \
         --dry-run first, goes by the one that is as the tables are",
        lake.root().display()
    )))
}

/// The error for a lake whose ledger has seen a log that is not there.
pub fn log_is_gone(lake: &Lake) -> Error {
    Error::failed(format!("the log of the lake at {} is gone", lake.root().display()))
        .hint(format!("`roundup repair --lake {}` begins it anew, and keeps all tables", lake.root().display()))
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>> {
    let fail = |error: io::Error| Error::path("list", folder, error);
    fs::read_dir(folder).map_err(fail)?.map(|entry| Ok(entry.map_err(fail)?.path())).collect()
}

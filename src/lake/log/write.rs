//! Adds commits and checkpoints to the log, and deletes old ones.

use std::fs;
use std::io;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::checkpoint::{self, EVERY};
use super::commit::Commit;
use super::read::{checkpoint_path, commit_path, names};
use super::version::Version;
use crate::lake::access::{OTHERS_WRITE, make_folder};
use crate::lake::crash;
use crate::lake::durable::{sync, sync_with_parent, write_new, write_whole};
use crate::ledger::{Applied, LiveFile};
use crate::model::{Error, Result};

/// How long commits below a checkpoint are kept, for readers that began before it.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What became of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Committed {
    Done,
    /// Another writer has made the commit of this version.
    Lost,
}

/// Adds a commit to the log: first it is written and synced under `staged`, in a folder of the same file system, then it
/// gets its name in the log. When this returns [`Committed::Done`], it is in the log for good.
///
/// # Errors
/// When it cannot be written, or the file system cannot refuse a name that is taken.
pub fn append(folder: &Path, commit: &Commit, staged: &Path) -> Result<Committed> {
    let path = commit_path(folder, commit.version);
    let fail = |error: io::Error| Error::path("write", &path, error);
    make_folder(folder, OTHERS_WRITE).map_err(fail)?;
    // Who may read the tables may read the log, and nobody else may write to it.
    match write_new(&path, staged, &commit.to_bytes(), 0o644) {
        Ok(()) => Ok(Committed::Done),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Committed::Lost),
        Err(error) => Err(fail(error)),
    }
}

/// Writes the checkpoint of a version if it is time for one.
///
/// # Errors
/// When it cannot be written.
pub fn write_checkpoint(folder: &Path, version: &Version) -> Result<()> {
    if version.number == 0 || !version.number.is_multiple_of(EVERY) {
        return Ok(());
    }
    let path = checkpoint_path(folder, version.number);
    write_whole(&path, &checkpoint::to_bytes(version), 0o644).map_err(|error| Error::path("write", &path, error))
}

/// Begins a log with the checkpoint of a version whose commits are gone. What the next commit follows is known of it, so
/// that whatever follows the lake goes on.
///
/// # Errors
/// When it cannot be written.
pub fn begin_at(folder: &Path, applied: &Applied, key: Option<String>, files: Vec<LiveFile>) -> Result<()> {
    let Applied { lake, version, sha256 } = applied.clone();
    let path = checkpoint_path(folder, version);
    let bytes = checkpoint::to_bytes(&Version::of_files(version, lake, sha256, key, files));
    let written = make_folder(folder, OTHERS_WRITE).and_then(|()| write_whole(&path, &bytes, 0o644));
    written.and_then(|()| sync_with_parent(folder)).map_err(|error| Error::path("write", &path, error))
}

/// Makes a checkpoint of a version, and deletes all commits and checkpoints below it at once: the size and the hash of a
/// file of one person would tell of them.
///
/// # Errors
/// When the checkpoint cannot be written, or a file cannot be deleted.
pub fn forget_before(folder: &Path, version: &Version) -> Result<()> {
    let path = checkpoint_path(folder, version.number);
    write_whole(&path, &checkpoint::to_bytes(version), 0o644).map_err(|error| Error::path("write", &path, error))?;
    crash::point("log-checkpoint");
    let found = names(folder)?;
    let commits = found.commits.range(..version.number).map(|number| commit_path(folder, *number));
    let checkpoints = found.checkpoints.range(..version.number).map(|number| checkpoint_path(folder, *number));
    for path in commits.chain(checkpoints) {
        fs::remove_file(&path).map_err(|error| Error::path("delete", &path, error))?;
    }
    sync(folder).map_err(|error| Error::path("sync", folder, error))
}

/// Deletes commits and checkpoints below the last whole checkpoint that have been there for a week.
///
/// # Errors
/// When the folder cannot be listed, or one cannot be deleted.
pub fn prune(folder: &Path, now: Timestamp) -> Result<()> {
    let found = names(folder)?;
    let is_whole = |number: &&u64| {
        let bytes = fs::read(checkpoint_path(folder, **number));
        bytes.is_ok_and(|bytes| checkpoint::from_bytes(&bytes).is_some())
    };
    // With nothing below it there is nothing to do, and the checkpoint need not be read.
    let first = found.commits.first().copied().unwrap_or(u64::MAX);
    let candidates = found.checkpoints.iter().rev().filter(|number| **number > first);
    let Some(last) = candidates.clone().find(is_whole) else { return Ok(()) };
    let old_commits = found.commits.range(..last).map(|number| commit_path(folder, *number));
    let old_checkpoints = found.checkpoints.range(..last).map(|number| checkpoint_path(folder, *number));
    for path in old_commits.chain(old_checkpoints) {
        let fail = |error: io::Error| Error::path("delete", &path, error);
        let made = fs::metadata(&path).and_then(|metadata| metadata.modified()).map_err(fail)?;
        if Timestamp::try_from(made).is_ok_and(|made| now.duration_since(made) > KEPT_FOR) {
            fs::remove_file(&path).map_err(fail)?;
        }
    }
    Ok(())
}

//! Reads the log: the last whole checkpoint, and the commits after it.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::checkpoint;
use super::commit::Commit;
use super::version::Version;
use crate::model::{Error, Result};

/// What is in the log.
#[derive(Debug)]
pub struct LogRead {
    /// The lake as the last commit left it.
    pub version: Version,
    /// The commits since the checkpoint, oldest first; all of them if there is none.
    pub tail: Vec<TailCommit>,
}

/// A commit since the last checkpoint.
#[derive(Debug)]
pub struct TailCommit {
    pub commit: Commit,
    /// Paths of added files that were live before.
    pub replaced: HashSet<String>,
}

/// Which commits and checkpoints are in the folder.
#[derive(Debug, Default)]
pub(super) struct Names {
    pub commits: BTreeSet<u64>,
    pub checkpoints: BTreeSet<u64>,
}

/// Reads the log. `None` when there is not one commit.
///
/// # Errors
/// When a commit is missing, cannot be read, or does not follow the one before. The message names its file.
pub fn read_log(folder: &Path) -> Result<Option<LogRead>> {
    read_until(folder, u64::MAX)
}

/// Reads the last version whose files are all in their places. `is_placed` tells it of a commit: one after another
/// is published, so that only the last can be under way.
///
/// # Errors
/// As [`read_log`].
pub fn read_placed(folder: &Path, is_placed: impl Fn(&Commit) -> bool) -> Result<Option<Version>> {
    let Some(read) = read_log(folder)? else { return Ok(None) };
    match read.tail.last() {
        Some(TailCommit { commit, .. }) if commit.version > 0 && !is_placed(commit) => {
            Ok(read_until(folder, commit.version - 1)?.map(|read| read.version))
        }
        _ => Ok(Some(read.version)),
    }
}

/// Reads a version that is not the last one. `None` if it is older than what the log still has.
///
/// # Errors
/// As [`read_log`].
pub fn read_version(folder: &Path, number: u64) -> Result<Option<Version>> {
    if oldest(folder)?.is_none_or(|oldest| number < oldest) {
        return Ok(None);
    }
    Ok(read_until(folder, number)?.map(|read| read.version))
}

/// The oldest version that the log still tells: the first one, or that of the oldest checkpoint.
///
/// # Errors
/// When the folder cannot be listed.
pub fn oldest(folder: &Path) -> Result<Option<u64>> {
    let Names { commits, checkpoints } = names(folder)?;
    Ok(if commits.contains(&0) { Some(0) } else { checkpoints.first().copied() })
}

fn read_until(folder: &Path, most: u64) -> Result<Option<LogRead>> {
    let found = names(folder)?;
    let last = found.checkpoints.last().copied();
    match read_names(folder, found, most) {
        // After an erasure the commits below its checkpoint go at once.
        Err(_) if names(folder)?.checkpoints.last().copied() > last => read_names(folder, names(folder)?, most),
        read => read,
    }
}

fn read_names(folder: &Path, mut names: Names, most: u64) -> Result<Option<LogRead>> {
    names.commits.retain(|number| *number <= most);
    names.checkpoints.retain(|number| *number <= most);
    let Some(last) = names.commits.last().copied().max(names.checkpoints.last().copied()) else { return Ok(None) };
    let mut version = None;
    for number in names.checkpoints.iter().rev() {
        let path = checkpoint_path(folder, *number);
        let bytes = fs::read(&path).map_err(|error| Error::path("read", &path, error))?;
        version = checkpoint::from_bytes(&bytes).filter(|version| version.number == *number);
        // One that is damaged does no harm while the commits below it are there.
        if version.is_some() {
            break;
        }
    }
    if let (None, Some(checkpoint)) = (&version, names.checkpoints.last())
        && !names.commits.contains(&0)
    {
        return Err(damaged(&checkpoint_path(folder, *checkpoint), &"it is not whole"));
    }
    let mut tail = Vec::new();
    for number in version.as_ref().map_or(0, |version| version.number + 1)..=last {
        let path = commit_path(folder, number);
        let bytes = fs::read(&path).map_err(|error| damaged(&path, &error))?;
        let commit: Commit = serde_json::from_slice(&bytes).map_err(|_| damaged(&path, &"it is no commit"))?;
        let was_live = |path: &&String| version.as_ref().is_some_and(|version| version.file(path).is_some());
        let replaced = commit.add.iter().map(|file| &file.path).filter(was_live).cloned().collect();
        let next = Version::after(version, &commit, &bytes);
        version = Some(next.ok_or_else(|| damaged(&path, &"it does not follow the commit before it"))?);
        tail.push(TailCommit { commit, replaced });
    }
    Ok(version.map(|version| LogRead { version, tail }))
}

/// Whether the log holds nothing after a version: no commit, and no checkpoint.
///
/// # Errors
/// When the folder cannot be listed.
pub fn is_last(folder: &Path, version: u64) -> Result<bool> {
    let Names { commits, checkpoints } = names(folder)?;
    Ok(commits.last().max(checkpoints.last()).is_none_or(|last| *last <= version))
}

/// The numbers of the commits and checkpoints in a folder, which need not exist.
pub(super) fn names(folder: &Path) -> Result<Names> {
    let mut found = Names::default();
    let fail = |error: io::Error| Error::path("list", folder, error);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(fail(error)),
    };
    for entry in entries {
        match entry.map_err(fail)?.file_name().to_str().and_then(LogFile::named) {
            Some(LogFile::Commit(number)) => _ = found.commits.insert(number),
            Some(LogFile::Checkpoint(number)) => _ = found.checkpoints.insert(number),
            None => {}
        }
    }
    Ok(found)
}

/// A file of the log, by the number of its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFile {
    Commit(u64),
    Checkpoint(u64),
}

impl LogFile {
    /// The file of a name. `None` if no file of the log is named so.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let stem = name.strip_suffix(".json")?;
        let (digits, of): (_, fn(u64) -> Self) = match stem.strip_suffix(".checkpoint") {
            Some(digits) => (digits, Self::Checkpoint),
            None => (stem, Self::Commit),
        };
        digits.parse().ok().filter(|_| digits.len() == 20).map(of)
    }

    #[must_use]
    pub fn version(self) -> u64 {
        match self {
            Self::Commit(version) | Self::Checkpoint(version) => version,
        }
    }
}

/// The name of a commit's file.
#[must_use]
pub fn commit_name(version: u64) -> String {
    format!("{version:020}.json")
}

/// The name of the file of a version's checkpoint.
#[must_use]
pub fn checkpoint_name(version: u64) -> String {
    format!("{version:020}.checkpoint.json")
}

pub(super) fn commit_path(folder: &Path, version: u64) -> PathBuf {
    folder.join(commit_name(version))
}

pub(super) fn checkpoint_path(folder: &Path, version: u64) -> PathBuf {
    folder.join(checkpoint_name(version))
}

fn damaged(path: &Path, why: &dyn std::fmt::Display) -> Error {
    Error::failed(format!("the log of the lake is damaged at {}: {why}", path.display()))
        .hint("put this file alone back from a backup (`cp -p`), or let `roundup repair` begin the log anew")
}

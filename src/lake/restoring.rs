//! A lake that is being restored. A marker keeps everybody else away from it until it is whole, also after a kill.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::durable::{create_private, sync};
use super::lock::LakeLock;
use super::places::Lake;
use crate::model::{Error, Result};

impl Lake {
    fn restoring_marker(&self) -> PathBuf {
        self.own().join("restoring")
    }

    /// Makes a lake that is to be restored in a folder that is empty, or has what a restore has left that was killed, and
    /// locks it.
    ///
    /// # Errors
    /// A usage error when the folder holds something else, and [`Kind::Locked`](crate::model::Kind::Locked) when another
    /// process holds the lock.
    pub fn create_to_restore(root: &Path) -> Result<(Self, LakeLock)> {
        refuse_others(root)?;
        let lake = Self::create(root)?;
        let lock = lake.lock_to_restore()?;
        // Another program may have held it until now.
        refuse_others(root)?;
        Ok((lake, lock))
    }

    /// Keeps everybody away who does not restore the lake.
    ///
    /// # Errors
    /// When the marker cannot be written.
    pub fn begin_restore(&self, _lock: &LakeLock) -> Result<()> {
        let marker = self.restoring_marker();
        let made = create_private(&marker).and_then(|_| sync(&self.own()));
        made.map_err(|error| Error::path("write", &marker, error))
    }

    /// Lets everybody in: the lake is whole.
    ///
    /// # Errors
    /// When the marker cannot be deleted.
    pub fn end_restore(&self, _lock: &LakeLock) -> Result<()> {
        let marker = self.restoring_marker();
        fs::remove_file(&marker).map_err(|error| Error::path("delete", &marker, error))
    }

    /// Checks that a restore of the lake is over, if there was one.
    pub(super) fn refuse_half_restored(&self) -> Result<()> {
        if !self.restoring_marker().exists() {
            return Ok(());
        }
        let message = format!("the lake at {} is not restored to its end", self.root().display());
        Err(Error::failed(message).hint("run `roundup restore` again, which goes on where it was"))
    }
}

/// Checks that a folder has the marker of a restore, or nothing but what may be there before it: folders, the lock, and the
/// candidate key.
fn refuse_others(root: &Path) -> Result<()> {
    if let Ok(lake) = Lake::open(root) {
        let before = [lake.lock_path(), lake.candidate_key_path()];
        if lake.restoring_marker().exists() || !has_files(root, &before)? {
            return Ok(());
        }
    } else if fs::read_dir(root)
        .map_or_else(|error| error.kind() == io::ErrorKind::NotFound, |mut all| all.next().is_none())
    {
        return Ok(());
    }
    let message = format!("{} is not empty", root.display());
    Err(Error::usage(message).hint("a lake is restored into a folder of its own"))
}

/// Whether there is a file in a folder or below it, but for some.
fn has_files(folder: &Path, but: &[PathBuf]) -> Result<bool> {
    let fail = |error: io::Error| Error::path("list", folder, error);
    for entry in fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let path = entry.path();
        let is_folder = entry.file_type().map_err(fail)?.is_dir();
        if if is_folder { has_files(&path, but)? } else { !but.contains(&path) } {
            return Ok(true);
        }
    }
    Ok(false)
}

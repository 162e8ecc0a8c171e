//! Folders of the tables that a compaction has exchanged for new ones. They are kept for an hour: a reader that has listed
//! an old folder must find it as it was, or it would miss rows and not know. Programs of this kind read on in them.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use sha2::Digest;

use super::durable::hash_of;
use crate::model::{Error, Result};

/// Where they are in a lake: `<batch>/<folder with -- for />.<random>/`.
pub(super) const RETIRED: &str = "_roundup/old";

const KEPT_FOR: SignedDuration = SignedDuration::from_hours(1);

/// The name of a folder of a table that was moved out of it.
pub(super) fn flat(folder: &str) -> String {
    folder.replace('/', "--")
}

/// Opens a file of the lake, also one that was merged into another a short while ago.
///
/// # Errors
/// When it cannot be opened.
pub fn open(path: &Path) -> io::Result<File> {
    match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => match find(path) {
            Some(old) => File::open(old),
            None => Err(error),
        },
        opened => opened,
    }
}

/// Whether there is such a file of the lake, or was a short while ago.
#[must_use]
pub fn is_there(path: &Path) -> bool {
    path.exists() || find(path).is_some()
}

/// The SHA-256 of such a file, in hex.
///
/// # Errors
/// When it cannot be read.
pub fn sha256_of(path: &Path) -> io::Result<String> {
    Ok(hex::encode(hash_of(&mut open(path)?)?.finalize()))
}

/// Where a file is now that was in a folder which was exchanged.
fn find(path: &Path) -> Option<PathBuf> {
    let (folder, name) = (path.parent()?, path.file_name()?);
    let root = folder.ancestors().find(|above| above.join(RETIRED).is_dir())?;
    let begin = flat(folder.strip_prefix(root).ok()?.to_str()?) + ".";
    let batches = fs::read_dir(root.join(RETIRED)).ok()?.flatten();
    let folders = batches.filter_map(|batch| fs::read_dir(batch.path()).ok()).flat_map(Iterator::flatten);
    let is_of_it = |entry: &fs::DirEntry| entry.file_name().to_str().is_some_and(|name| name.starts_with(&begin));
    folders.filter(is_of_it).map(|entry| entry.path().join(name)).find(|path| path.exists())
}

/// Deletes those that were exchanged long ago. All commits of the log must be in their places.
///
/// # Errors
/// When one cannot be deleted.
pub fn clear(root: &Path, now: Timestamp) -> Result<()> {
    let fail = |path: &Path, error: io::Error| Error::path("clear", path, error);
    let folder = root.join(RETIRED);
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|error| fail(&folder, error))?,
    };
    for entry in entries {
        let path = entry.map_err(|error| fail(&folder, error))?.path();
        let moved = fs::metadata(&path).and_then(|metadata| metadata.modified());
        let moved = moved.map_err(|error| fail(&path, error))?;
        if Timestamp::try_from(moved).is_ok_and(|moved| now.duration_since(moved) > KEPT_FOR) {
            fs::remove_dir_all(&path).map_err(|error| fail(&path, error))?;
        }
    }
    // Only an empty one goes.
    let _not_empty = fs::remove_dir(&folder);
    Ok(())
}

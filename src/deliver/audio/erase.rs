//! Deletes recordings from an archive, and what is left of their downloads.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use super::store::{RECORDINGS, Store};
use crate::lake::Lake;
use crate::lake::durable::sync;
use crate::model::recording::folder_of;
use crate::model::{Error, Result, is_address};

/// Deletes recordings by their names, and all that is in the folders of some interviews. What is not there is no error.
///
/// # Errors
/// When the archive is away, or cannot be changed.
pub fn erase(lake: &Lake, archive: &Path, objects: &BTreeSet<String>, interviews: &BTreeSet<String>) -> Result<()> {
    // The folder of a disk that is not mounted may be there, and empty: opening the archive would make an empty one in it.
    if !is_address(&archive.display().to_string()) && !archive.join(RECORDINGS).is_dir() {
        let message = format!("the archive {} is not there", archive.display());
        let hint = "bring it back, and run any command that writes to the lake; if you gave it up, make the folder, with an \
                    empty folder `interviews` in it";
        return Err(Error::failed(message).hint(hint));
    }
    let store = Store::open(archive, lake)?;
    for object in objects {
        store.discard(object);
        store.erase(object)?;
    }
    let Some(root) = store.path("") else { return Ok(()) };
    for folder in interviews.iter().map(|interview| root.join(folder_of(interview))) {
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::path("delete", &folder, error)),
            _ => {}
        }
    }
    // Of others, empty folders would still tell whose they were.
    for object in objects {
        if let Some(folder) = root.join(object).parent() {
            let _has_others = fs::remove_dir(folder);
        }
    }
    let all = root.join(RECORDINGS);
    sync(&all).map_err(|error| Error::path("sync", &all, error))
}

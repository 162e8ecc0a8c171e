//! Deletes links that no reader needs any more.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use jiff::Timestamp;

use super::log::State;
use super::names::place_of;

/// Deletes the links of a table that were removed from it before a time, and those that are in no commit and have not
/// been touched since: a program that was killed, or that has lost the lake, made them.
pub fn sweep(table: &Path, state: &State, before: Timestamp) -> io::Result<()> {
    sweep_folder(table, "", state, before)
}

fn sweep_folder(folder: &Path, below: &str, state: &State, before: Timestamp) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{below}{}", entry.file_name().display());
        if entry.file_type()?.is_dir() {
            sweep_folder(&entry.path(), &format!("{name}/"), state, before)?;
        } else if place_of(&name).is_some() && !state.live.contains_key(&name) {
            let is_old = match state.removed.get(&name) {
                Some(remove) => remove.deletion_timestamp < before.as_millisecond(),
                None => entry.metadata()?.ctime() < before.as_second(),
            };
            if is_old {
                fs::remove_file(entry.path())?;
            }
        }
    }
    Ok(())
}

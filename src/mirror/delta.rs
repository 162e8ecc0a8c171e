//! Brings the Delta logs of a mirror to its version.

use jiff::SignedDuration;

use super::folder::LogCopy;
use super::layout::folder_of;
use crate::lake::delta::{DeltaCopy, copy_of};
use crate::lake::log::Version;
use crate::lake::schema::Table;
use crate::model::{Error, Result};
use crate::objects::Objects;

/// How often to try while another program makes commits.
const TRIES: usize = 5;

/// Brings the log of a table to a version, whose files are there.
///
/// # Errors
/// When it cannot be read or written.
pub fn follow(
    objects: &Objects,
    table: &'static Table,
    version: &Version,
    forgets: bool,
    keep_old: SignedDuration,
) -> Result<DeltaCopy> {
    let name = format!("{}/_delta_log", folder_of(table.name));
    for _ in 0..TRIES {
        let folder = tempfile::tempdir().map_err(|error| Error::failed(format!("cannot make a folder: {error}")))?;
        let log = LogCopy::pull(objects, &name, &folder.path().join("_delta_log"))?;
        let copy = copy_of(table, folder.path(), version, forgets, keep_old);
        let copy = copy.map_err(|error| error.prefix(&objects.address(&name)))?;
        if log.push()? {
            return Ok(copy);
        }
    }
    Err(Error::failed(format!("another program is writing to {}", objects.address(&name))))
}

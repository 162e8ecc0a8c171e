//! Deletes files of a mirror that no reader needs any more.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::layout::{DELTA, folder_of};
use crate::lake::delta::DeltaCopy;
use crate::lake::schema::Table;
use crate::model::Result;
use crate::objects::{Listed, Objects};

/// How long a file stays that is in no commit: another program may be about to make that commit.
const UNKNOWN_FOR: SignedDuration = SignedDuration::from_hours(24);

/// The files of a table that nobody needs any more. After an erasure those are all that are not in the table.
pub fn obsolete(
    table: &Table,
    copy: &DeltaCopy,
    listed: &[Listed],
    erases: bool,
    keep_old: SignedDuration,
    now: Timestamp,
) -> Vec<String> {
    let folder = format!("{}/", folder_of(table.name));
    let files = listed.iter().filter_map(|listed| Some((listed, listed.name.strip_prefix(&folder)?)));
    let files = files.filter(|(_, link)| link.ends_with(".parquet") && !link.starts_with("_delta_log/"));
    let is_old = |listed: &Listed, link: &str| match copy.removed.get(link) {
        Some(removed) => now.duration_since(*removed) > keep_old,
        None => now.duration_since(listed.modified) > UNKNOWN_FOR,
    };
    let obsolete = files.filter(|(listed, link)| !copy.live.contains(*link) && (erases || is_old(listed, link)));
    obsolete.map(|(listed, _)| listed.name.clone()).collect()
}

/// All that is there of tables that are withheld by now.
pub fn withheld(tables: &[String], listed: &[Listed]) -> BTreeSet<String> {
    let is_withheld = |name: &str| tables.iter().any(|table| name.starts_with(&format!("{DELTA}/{table}/")));
    listed.iter().filter(|listed| is_withheld(&listed.name)).map(|listed| listed.name.clone()).collect()
}

/// Deletes objects.
///
/// # Errors
/// When the store cannot be written.
pub fn delete(objects: &Objects, names: impl IntoIterator<Item = String>) -> Result<u64> {
    let mut deleted = 0;
    for name in names {
        objects.delete(&name)?;
        deleted += 1;
    }
    Ok(deleted)
}

//! Takes what was erased out of the Delta tables at once: links to the files as they were before, and what the logs say of
//! these.

use super::history::History;
use super::table::DeltaTable;
use crate::lake::log::Version;
use crate::lake::places::Lake;
use crate::lake::schema::TABLES;
use crate::model::Result;

/// Makes the Delta tables forget all files but those of the lake's version. Those that are not kept up are deleted.
///
/// # Errors
/// When a table cannot be read or written.
pub fn erase(lake: &Lake, version: &Version) -> Result<()> {
    let history = History { version, tail: Vec::new() };
    for table in TABLES {
        let delta = DeltaTable::of(lake.root(), table);
        if delta.exists() && lake.keeps_delta() {
            delta.erase(&history)?;
        } else if delta.exists() {
            delta.delete()?;
        }
    }
    Ok(())
}

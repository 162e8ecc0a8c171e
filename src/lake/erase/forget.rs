//! Makes the log and the Delta tables forget files as they were before an erasure: the hash and the size of a file of one
//! interview tell of it.

use crate::lake::crash;
use crate::lake::delta;
use crate::lake::log;
use crate::lake::places::Lake;
use crate::model::Result;

/// Deletes all commits but the last one, which a checkpoint stands for, and all links to files that are no part of the
/// lake any more. Readers that hold an older version go on with what they have opened, and begin again.
///
/// # Errors
/// When the log or a Delta table cannot be written.
pub fn forget_files(lake: &Lake) -> Result<()> {
    let Some(version) = lake.version()? else { return Ok(()) };
    log::forget_before(&lake.log_folder(), &version)?;
    crash::point("erase-log");
    delta::erase(lake, &version)
}

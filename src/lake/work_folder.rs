//! The folder in which units of work leave what they have made, until it is collected.

use std::fs;
use std::io;

use super::places::Lake;
use super::temporary::clear_abandoned;
use crate::model::{Error, Result};
use crate::objects::sweep_folder;

/// Beginning of the names of folders in which a unit is made.
pub const MAKING: &str = ".making-";

/// Removes what killed workers left half done.
///
/// # Errors
/// When the folder cannot be listed.
pub(super) fn sweep(lake: &Lake) -> Result<()> {
    let folder = lake.work_folder();
    let fail = |error: io::Error| Error::path("clear", &folder, error);
    let units = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        units => units.map_err(fail)?,
    };
    for unit in units {
        clear_abandoned(&unit.map_err(fail)?.path(), MAKING);
    }
    sweep_folder(&folder).map_err(fail)
}

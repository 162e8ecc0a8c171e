//! The folder in which units of work leave what they have made, until it is collected.

use std::fs;

use super::places::Lake;
use super::temporary::clear_abandoned;
use crate::objects::sweep_folder;

/// Beginning of the names of folders in which a unit is made.
pub const MAKING: &str = ".making-";

/// Removes what killed workers left half done. What cannot be removed, as it is another user's, holds up nobody.
pub(super) fn sweep(lake: &Lake) {
    let folder = lake.work_folder();
    for unit in fs::read_dir(&folder).into_iter().flatten().flatten() {
        clear_abandoned(&unit.path(), MAKING);
    }
    let _is_left = sweep_folder(&folder);
}

//! Where things are in a mirror.

use crate::lake::delta::link_in_copy;
use crate::ledger::LiveFile;

/// What tells a mirror from other objects.
pub const HEAD: &str = "_roundup/mirror.json";
/// The lake's log.
pub const LOG: &str = "_roundup/log";
pub const TOMBSTONES: &str = "_roundup/tombstones";
/// It is there while an erasure is on its way into the mirror.
pub const ERASING: &str = "_roundup/erasing";
/// The Delta tables, with the files of the lake.
pub const DELTA: &str = "delta";

/// The folder of a table.
pub fn folder_of(table: &str) -> String {
    format!("{DELTA}/{table}")
}

/// The name of the object of a file.
pub fn object_of(file: &LiveFile) -> String {
    format!("{}/{}", folder_of(&file.table), link_in_copy(file))
}

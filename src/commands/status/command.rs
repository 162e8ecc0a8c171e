//! The command: one of its two looks.

use super::{check, overview};
use crate::commands::terminal::StatusFlags;
use crate::model::Result;

pub fn run(flags: &StatusFlags, quiet: bool) -> Result<u8> {
    if flags.check { check::run(flags, quiet) } else { overview::run(flags) }
}

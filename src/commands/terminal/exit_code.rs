//! Exit codes without an error, and the exit code for several errors.

use crate::model::{Error, Kind};

/// Everything was done.
pub const DONE: u8 = 0;
/// The work is finished, but something was newly quarantined or given up.
pub const FINISHED_WITH_LOSSES: u8 = 3;
/// A requested interview is not completed, or was not in time.
pub const NOT_READY: u8 = 4;

/// The first exit code of the README's table that applies.
pub fn exit_code(errors: &[Error], losses: bool) -> u8 {
    let first = errors.iter().map(Error::kind).min();
    first.map_or(if losses { FINISHED_WITH_LOSSES } else { DONE }, Kind::exit_code)
}

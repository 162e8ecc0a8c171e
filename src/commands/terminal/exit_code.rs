//! Exit codes that are no errors, and the one of several errors.

use crate::model::{Error, Kind};

/// Done.
pub const DONE: u8 = 0;
/// Finished, but something was newly quarantined or given up.
pub const FINISHED_WITH_LOSSES: u8 = 3;
/// An interview that was asked for is not completed, or was not in time.
pub const NOT_READY: u8 = 4;

/// The first that applies of the README's table.
pub fn exit_code(errors: &[Error], losses: bool) -> u8 {
    let order = [Kind::Interrupted, Kind::Usage, Kind::Locked, Kind::Refused, Kind::Failed];
    let worst = order.into_iter().find(|kind| errors.iter().any(|error| error.kind() == *kind));
    worst.map_or(if losses { FINISHED_WITH_LOSSES } else { DONE }, Kind::exit_code)
}

//! Times and durations in microseconds.

use std::time::Duration;

/// Microseconds, as a duration or since some moment: 1970, or the start of the machine.
pub type Micros = i64;

/// Returns a duration in microseconds. One that does not fit becomes a quarter of the largest value, so that it can
/// still be added to a time.
pub fn micros(time: Duration) -> Micros {
    Micros::try_from(time.as_micros()).unwrap_or(Micros::MAX / 4)
}

//! Times and durations in microseconds.

use std::time::Duration;

/// Microseconds since 1970.
pub type Micros = i64;

/// Returns a duration in microseconds. One that does not fit becomes a quarter of the largest value, so that it can
/// still be added to a time.
pub fn micros(time: Duration) -> Micros {
    Micros::try_from(time.as_micros()).unwrap_or(Micros::MAX / 4)
}

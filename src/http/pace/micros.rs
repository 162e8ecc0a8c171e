//! Times as the pace counts them.

use std::time::Duration;

/// Microseconds since 1970.
pub type Micros = i64;

pub fn micros(time: Duration) -> Micros {
    Micros::try_from(time.as_micros()).unwrap_or(Micros::MAX / 4)
}

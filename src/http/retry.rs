//! Waits: the pause before another try, and which waits are logged.

use std::time::Duration;

/// A wait of this length is logged, with its reason and its end.
pub const LONG_WAIT: Duration = Duration::from_secs(5);
const FIRST_BACKOFF: Duration = Duration::from_millis(500);
const LONGEST_BACKOFF: Duration = Duration::from_secs(30);

/// Returns the pause after a number of failures. It has full jitter: it is random between zero and a step, which
/// doubles with each failure up to 30 seconds.
#[must_use]
pub fn backoff(failed: u32) -> Duration {
    let share = f64::from(getrandom::u32().unwrap_or(u32::MAX)) / f64::from(u32::MAX);
    FIRST_BACKOFF.saturating_mul(2_u32.saturating_pow(failed)).min(LONGEST_BACKOFF).mul_f64(share)
}

//! What an answer says of the limit, and how long a refusal says to wait.

use std::time::Duration;

/// A 429 without a word on when to come back waits this long.
const UNSAID: Duration = Duration::from_secs(30);
/// No 429 waits shorter than this (0 is not "at once, forever") or longer than that.
const BOUNDS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15 * 60));

/// What an answer said of the limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    /// Requests a window.
    pub limit: Option<u32>,
    /// Requests left in the window.
    pub remaining: Option<u32>,
    /// When the window resets, in Unix seconds of the server's clock.
    pub window_end: Option<i64>,
    /// What that clock said, in Unix seconds.
    pub server_time: Option<i64>,
    /// How long until a 429 says to come back.
    pub retry_after: Option<Duration>,
}

impl Budget {
    /// How long a 429 says to wait, within bounds.
    pub fn wait(self) -> Duration {
        let reset = self.window_end.zip(self.server_time).map(|(end, now)| end.saturating_sub(now));
        let reset = reset.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
        self.retry_after.or(reset).unwrap_or(UNSAID).clamp(BOUNDS.0, BOUNDS.1)
    }
}

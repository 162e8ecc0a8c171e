//! The rate limit as an answer reports it, and the wait that a refusal asks for.

use std::time::Duration;

/// The wait after a 429 that does not say when to come back.
const UNSAID: Duration = Duration::from_secs(30);
/// The shortest wait after a 429. Without it, a wait of 0 would mean to try again at once, forever.
const SHORTEST: Duration = Duration::from_secs(1);
/// The longest wait that an answer can ask for.
pub const LONGEST: Duration = Duration::from_mins(15);

/// The rate limit as an answer reports it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    /// Requests allowed in a window.
    pub limit: Option<u32>,
    /// Requests left in the window.
    pub remaining: Option<u32>,
    /// When the window resets, in seconds of the same clock as `server_time`.
    pub window_end: Option<i64>,
    /// The time of the server's clock in Unix seconds, or that of the steady clock if the server does not send its own.
    pub server_time: Option<i64>,
    /// How long a 429 asks to wait.
    pub retry_after: Option<Duration>,
}

impl Budget {
    /// Returns how long to wait after a 429: as long as it asks, else until the window resets, else 30 seconds. The
    /// wait is at least 1 second and at most 15 minutes.
    pub fn wait(self) -> Duration {
        let reset = self.window_end.zip(self.server_time).map(|(end, now)| end.saturating_sub(now));
        let reset = reset.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
        self.retry_after.or(reset).unwrap_or(UNSAID).clamp(SHORTEST, LONGEST)
    }
}

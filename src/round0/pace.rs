//! The pace of requests: evenly under the ceiling, and none before the API said it would take one again.

use std::sync::Mutex;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// A 429 without a word on when to come back waits this long.
const UNSAID: Duration = Duration::from_secs(30);
/// No 429 waits shorter than this (0 is not "at once, forever") or longer than that.
const BOUNDS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15 * 60));

/// What an answer said of the limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Budget {
    /// Requests left in the window.
    pub remaining: Option<u64>,
    /// How long until the window resets, or until a 429 says to come back.
    pub wait: Option<Duration>,
}

/// Paces the requests of one key.
#[derive(Debug)]
pub struct Pacer {
    interval: Duration,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// When the next request may be sent for the ceiling's sake.
    next: Instant,
    /// No request is sent before this. A deadline, not a duration: a success elsewhere does not shorten it.
    not_before: Instant,
}

impl Pacer {
    /// # Panics
    /// When the ceiling is 0.
    #[must_use]
    pub fn new(requests_per_minute: u32) -> Self {
        let now = Instant::now();
        let interval = Duration::from_secs(60) / requests_per_minute;
        Self { interval, state: Mutex::new(State { next: now, not_before: now }) }
    }

    /// Waits for this request's turn.
    pub async fn turn(&self) {
        let mut at = self.take_slot(Instant::now());
        loop {
            sleep_until(at).await;
            let not_before = self.lock().not_before;
            if not_before <= at {
                return;
            }
            // A limit was met while this request was waiting. Those that wait for it come out evenly again.
            at = self.take_slot(not_before);
        }
    }

    fn take_slot(&self, earliest: Instant) -> Instant {
        let mut state = self.lock();
        let slot = earliest.max(state.next).max(state.not_before);
        state.next = slot + self.interval;
        slot
    }

    /// Heeds an answer that says the budget is spent.
    pub fn observe(&self, budget: Budget) {
        if budget.remaining == Some(0)
            && let Some(wait) = budget.wait
        {
            self.hold(wait);
        }
    }

    /// Heeds a 429.
    pub fn refused(&self, budget: Budget) {
        self.hold(budget.wait.unwrap_or(UNSAID).clamp(BOUNDS.0, BOUNDS.1));
    }

    fn hold(&self, wait: Duration) {
        let until = Instant::now() + wait.min(BOUNDS.1);
        let mut state = self.lock();
        state.not_before = state.not_before.max(until);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while it holds the pace")
    }
}

//! Ends work before it is done: when the user wants it, or at a time from which on the rest is left for the next run.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// Why work ended before it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// The user wants the run to end.
    Interrupted,
    /// The time set with `stop-at` has come.
    TimeIsUp,
}

/// How often a deadline is looked at, because the clock may be set meanwhile.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// A time at which work ends.
#[derive(Clone)]
pub struct Deadline(Arc<dyn Fn() -> Duration + Send + Sync>);

impl Deadline {
    /// Creates a deadline from a function that returns how long is left, and zero when the time has come.
    #[must_use]
    pub fn new(left: impl Fn() -> Duration + Send + Sync + 'static) -> Self {
        Self(Arc::new(left))
    }

    async fn passed(&self) {
        loop {
            match (self.0)() {
                Duration::ZERO => return,
                left => sleep(left.min(LOOK_AGAIN)).await,
            }
        }
    }
}

impl From<Instant> for Deadline {
    fn from(moment: Instant) -> Self {
        Self::new(move || moment.saturating_duration_since(Instant::now()))
    }
}

impl fmt::Debug for Deadline {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Deadline(in {:?})", (self.0)())
    }
}

/// Tells work when to end early. Clones end at the same time.
#[derive(Debug, Clone, Default)]
pub struct Cancellation {
    interrupt: CancellationToken,
    stop_at: Option<Deadline>,
}

impl Cancellation {
    /// Creates a cancellation for work that ends when the token is cancelled.
    #[must_use]
    pub fn new(interrupt: CancellationToken) -> Self {
        Self { interrupt, stop_at: None }
    }

    /// Makes the work also end at `stop_at`, if it is given.
    #[must_use]
    pub fn or_at(self, stop_at: Option<Deadline>) -> Self {
        Self { stop_at, ..self }
    }

    /// Creates a cancellation for a part of the work. The part ends with the whole work, or when the returned token is
    /// cancelled.
    #[must_use]
    pub fn child(&self) -> (Self, CancellationToken) {
        let interrupt = self.interrupt.child_token();
        (Self { interrupt: interrupt.clone(), stop_at: self.stop_at.clone() }, interrupt)
    }

    /// Whether the user wants the work to end.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.interrupt.is_cancelled()
    }

    /// Waits until the work has to end, and returns why.
    pub async fn cancelled(&self) -> Cancelled {
        let time_is_up = async {
            match &self.stop_at {
                Some(deadline) => deadline.passed().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.interrupt.cancelled() => Cancelled::Interrupted,
            () = time_is_up => Cancelled::TimeIsUp,
        }
    }
}

//! Ends work before it is done: when the user wants it, or at a time from which on the rest is left for the next run.

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Why work ended before it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// The user wants the run to end.
    Interrupted,
    /// The time set with `stop-at` has come.
    TimeIsUp,
}

/// Tells work when to end early. Clones end at the same time.
#[derive(Debug, Clone, Default)]
pub struct Cancellation {
    interrupt: CancellationToken,
    stop_at: Option<Instant>,
}

impl Cancellation {
    /// Creates a cancellation for work that ends when the token is cancelled.
    #[must_use]
    pub fn new(interrupt: CancellationToken) -> Self {
        Self { interrupt, stop_at: None }
    }

    /// Makes the work also end at `stop_at`, if it is given.
    #[must_use]
    pub fn or_at(self, stop_at: Option<Instant>) -> Self {
        Self { stop_at, ..self }
    }

    /// Creates a cancellation for a part of the work. The part ends with the whole work, or when the returned token is
    /// cancelled.
    #[must_use]
    pub fn child(&self) -> (Self, CancellationToken) {
        let interrupt = self.interrupt.child_token();
        (Self { interrupt: interrupt.clone(), stop_at: self.stop_at }, interrupt)
    }

    /// Whether the user wants the work to end.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.interrupt.is_cancelled()
    }

    /// Waits until the work has to end, and returns why.
    pub async fn cancelled(&self) -> Cancelled {
        let time_is_up = async {
            match self.stop_at {
                Some(time) => sleep_until(time).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.interrupt.cancelled() => Cancelled::Interrupted,
            () = time_is_up => Cancelled::TimeIsUp,
        }
    }
}

//! What ends work before it is done: the user, or a time at which the rest is left for the next run.

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

/// Why work ended before it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancelled {
    /// The user wants the run to end.
    Interrupted,
    /// It is `stop-at`.
    TimeIsUp,
}

/// Tells work when to end early. A clone tells the same.
#[derive(Debug, Clone, Default)]
pub struct Cancellation {
    interrupt: CancellationToken,
    stop_at: Option<Instant>,
}

impl Cancellation {
    /// For work that ends when the token is cancelled.
    #[must_use]
    pub fn new(interrupt: CancellationToken) -> Self {
        Self { interrupt, stop_at: None }
    }

    /// The same, for work that also ends at a moment, if one is given.
    #[must_use]
    pub fn or_at(self, stop_at: Option<Instant>) -> Self {
        Self { stop_at, ..self }
    }

    /// For a part of the work, which ends with the whole or when the returned token is cancelled.
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

    /// Waits until the work is to end.
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

//! Ctrl-C and SIGTERM: the first ends a run or a fetch in good order, the second ends the program. Where neither is under
//! way the first does, too. All of it can be killed at any instant: good order is for the record, and for what is on its
//! way.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::http::cancel::Cancellation;
use crate::model::{Error, Kind, Result};

/// Every Ctrl-C and SIGTERM from when it is made.
pub struct Stops {
    interrupt: Signal,
    terminate: Signal,
}

impl Stops {
    /// Listens from now on. To be called on a runtime.
    ///
    /// # Errors
    /// When the system does not let signals be listened for.
    pub fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).map_err(|error| Error::failed(format!("cannot listen for signals: {error}")));
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())? })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        tokio::select! { _ = self.interrupt.recv() => {}, _ = self.terminate.recv() => {} }
    }
}

/// Whether the user wants the command to end.
#[derive(Clone)]
pub struct Interrupt {
    token: CancellationToken,
    /// Works under way that watch for it, some within others.
    watching: Arc<AtomicUsize>,
}

impl Interrupt {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system does not let it.
    pub fn listen(runtime: &Runtime) -> Result<Self> {
        let token = CancellationToken::new();
        let watching = Arc::new(AtomicUsize::new(0));
        let (in_good_order, cancelled) = (Arc::clone(&watching), token.clone());
        let _guard = runtime.enter();
        let mut stops = Stops::listen()?;
        runtime.spawn(async move {
            loop {
                stops.next().await;
                if in_good_order.load(Ordering::Relaxed) == 0 || cancelled.is_cancelled() {
                    process::exit(Kind::Interrupted.exit_code().into());
                }
                tracing::info!("ending; once more to end at once");
                cancelled.cancel();
            }
        });
        Ok(Self { token, watching })
    }

    /// Whether the user wants the run to end.
    pub fn is_wanted(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Runs what watches for the interrupt and then ends in good order.
    pub fn during<T>(&self, work: impl FnOnce(Cancellation) -> T) -> T {
        self.watching.fetch_add(1, Ordering::Relaxed);
        let value = work(Cancellation::new(self.token.clone()));
        self.watching.fetch_sub(1, Ordering::Relaxed);
        value
    }

    /// Adds the error to those of a work, if the user wants it to end and none of them says so: it may have come when
    /// nothing was under way that says it.
    pub fn note(&self, errors: &mut Vec<Error>) {
        if self.is_wanted() && errors.iter().all(|error| error.kind() != Kind::Interrupted) {
            errors.push(Error::new(Kind::Interrupted, "interrupted").hint("what was fetched is in the lake"));
        }
    }
}

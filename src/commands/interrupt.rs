//! Ctrl-C and SIGTERM: the first ends a fetch in good order, the second ends the program. Without a fetch under way
//! the first does, too: everything else can be killed at any instant.

use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::model::{Error, Kind, Result};

/// Listens from now on, and ends at Ctrl-C or SIGTERM: how a server is ended. To be called on a runtime.
///
/// # Errors
/// When the system does not let signals be listened for.
pub fn asked_to_stop() -> Result<impl Future<Output = ()>> {
    let (mut interrupt, mut terminate) = signals()?;
    Ok(async move {
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
    })
}

fn signals() -> Result<(Signal, Signal)> {
    let listen = |kind| signal(kind).map_err(|error| Error::failed(format!("cannot listen for signals: {error}")));
    Ok((listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?))
}

pub struct Interrupt {
    wanted: watch::Receiver<bool>,
    /// Fetches under way.
    fetching: Arc<AtomicUsize>,
}

impl Interrupt {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system does not let it.
    pub fn listen(runtime: &Runtime) -> Result<Self> {
        let (sender, wanted) = watch::channel(false);
        let fetching = Arc::new(AtomicUsize::new(0));
        let in_good_order = Arc::clone(&fetching);
        let _guard = runtime.enter();
        let (mut interrupt, mut terminate) = signals()?;
        runtime.spawn(async move {
            loop {
                tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
                if in_good_order.load(Ordering::Relaxed) == 0 || *sender.borrow() {
                    process::exit(Kind::Interrupted.exit_code().into());
                }
                tracing::info!("ending; once more to end at once");
                sender.send_replace(true);
            }
        });
        Ok(Self { wanted, fetching })
    }

    /// Whether the user wants the run to end.
    pub fn is_wanted(&self) -> bool {
        *self.wanted.borrow()
    }

    /// Runs a fetch that watches for the interrupt and then ends in good order.
    pub fn during<T>(&self, fetch: impl FnOnce(watch::Receiver<bool>) -> T) -> T {
        self.fetching.fetch_add(1, Ordering::Relaxed);
        let value = fetch(self.wanted.clone());
        self.fetching.fetch_sub(1, Ordering::Relaxed);
        value
    }
}

//! Ctrl-C and SIGTERM: the first ends a run or a fetch in good order, the second ends the program. Where neither is under
//! way the first does, too. All of it can be killed at any instant: good order is for the record, and for what is on its
//! way.

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
    /// Works under way that watch for it, some within others.
    watching: Arc<AtomicUsize>,
}

impl Interrupt {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system does not let it.
    pub fn listen(runtime: &Runtime) -> Result<Self> {
        let (sender, wanted) = watch::channel(false);
        let watching = Arc::new(AtomicUsize::new(0));
        let in_good_order = Arc::clone(&watching);
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
        Ok(Self { wanted, watching })
    }

    /// Whether the user wants the run to end.
    pub fn is_wanted(&self) -> bool {
        *self.wanted.borrow()
    }

    /// Runs what watches for the interrupt and then ends in good order.
    pub fn during<T>(&self, work: impl FnOnce(watch::Receiver<bool>) -> T) -> T {
        self.watching.fetch_add(1, Ordering::Relaxed);
        let value = work(self.wanted.clone());
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

//! Ctrl-C, SIGTERM and SIGHUP. The first one ends a run or a fetch in an orderly way, the second one ends the program. If
//! no work watches for an interrupt, the first one ends the program. The program can be killed at any instant: the orderly
//! end only serves the record of the run and requests in flight.
//!
//! A terminal that is closed sends SIGHUP more than once, through the shell and through the system. Only the first one
//! counts. A program that is started with SIGHUP ignored (`nohup`) goes on ignoring it.

use std::fs;
use std::future;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::http::cancel::Cancellation;
use crate::model::{Error, Kind, Result};

/// Receives every Ctrl-C and SIGTERM, and the first SIGHUP, from its creation on.
pub struct Stops {
    interrupt: Signal,
    terminate: Signal,
    /// `None` if SIGHUP is ignored, or has come.
    hangup: Option<Signal>,
}

impl Stops {
    /// Listens from now on. Must be called on a Tokio runtime.
    ///
    /// # Errors
    /// When signals cannot be listened for.
    pub fn listen() -> Result<Self> {
        let listen = |kind| signal(kind).map_err(|error| Error::failed(format!("cannot listen for signals: {error}")));
        let hangup = (!ignores_hangup()).then(|| listen(SignalKind::hangup())).transpose()?;
        Ok(Self { interrupt: listen(SignalKind::interrupt())?, terminate: listen(SignalKind::terminate())?, hangup })
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => hangup.recv().await,
                None => future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = hangup => self.hangup = None,
        }
    }
}

/// Whether SIGHUP is ignored, so that it must not be listened for. A system that does not tell counts as if it were:
/// there SIGHUP does what it did when the program was started.
fn ignores_hangup() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // A mask in hexadecimal digits, whose lowest bit is that of signal 1, SIGHUP.
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_none_or(|mask| mask & 1 == 1)
}

/// Whether the user wants the command to end.
#[derive(Clone)]
pub struct Interrupt {
    token: CancellationToken,
    /// How many pieces of work watch for it. They can be nested.
    watching: Arc<AtomicUsize>,
}

impl Interrupt {
    /// Listens from now on.
    ///
    /// # Errors
    /// When signals cannot be listened for.
    pub fn listen(runtime: &Runtime) -> Result<Self> {
        let token = CancellationToken::new();
        let watching = Arc::new(AtomicUsize::new(0));
        let (watchers, cancelled) = (Arc::clone(&watching), token.clone());
        let _guard = runtime.enter();
        let mut stops = Stops::listen()?;
        runtime.spawn(async move {
            loop {
                stops.next().await;
                if watchers.load(Ordering::Relaxed) == 0 || cancelled.is_cancelled() {
                    process::exit(Kind::Interrupted.exit_code().into());
                }
                tracing::info!("ending; once more to end at once");
                cancelled.cancel();
            }
        });
        Ok(Self { token, watching })
    }

    /// Whether the user wants the run to end.
    pub fn is_requested(&self) -> bool {
        self.token.is_cancelled()
    }

    /// Runs work that watches for the interrupt, and then ends in an orderly way.
    pub fn during<T>(&self, work: impl FnOnce(Cancellation) -> T) -> T {
        self.watching.fetch_add(1, Ordering::Relaxed);
        let value = work(Cancellation::new(self.token.clone()));
        self.watching.fetch_sub(1, Ordering::Relaxed);
        value
    }

    /// Adds an error for the interrupt, if there was one and no error says so yet. It may have come when no stage was
    /// running that reports it.
    pub fn add_error(&self, errors: &mut Vec<Error>) {
        if self.is_requested() && errors.iter().all(|error| error.kind() != Kind::Interrupted) {
            errors.push(Error::new(Kind::Interrupted, "interrupted").hint("what was fetched is in the lake"));
        }
    }
}

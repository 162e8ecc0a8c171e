//! The network runtime, and the interrupt.

use tokio::runtime::{Builder, Runtime};

use super::interrupt::Interrupt;
use crate::model::{Error, Result};

/// The network runtime, and the interrupt that it listens for.
pub struct Network {
    pub runtime: Runtime,
    pub interrupt: Interrupt,
}

impl Network {
    /// Starts the runtime, and listens for signals.
    ///
    /// # Errors
    /// When threads cannot be started or signals cannot be listened for.
    pub fn start() -> Result<Self> {
        let runtime = runtime()?;
        let interrupt = Interrupt::listen(&runtime)?;
        Ok(Self { runtime, interrupt })
    }
}

/// The network runtime. It has one thread: a second one would have a heap of its own, and bodies pass through all
/// threads.
///
/// # Errors
/// When the thread cannot be started.
pub fn runtime() -> Result<Runtime> {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.map_err(|error| Error::failed(format!("cannot start the network threads: {error}")))
}

//! The threads that talk to the network, and the signals that they listen for.

use tokio::runtime::{Builder, Runtime};

use super::interrupt::Interrupt;
use crate::model::{Error, Result};

/// The threads that talk to the network, and the signals that they listen for as long as the command runs.
pub struct Network {
    pub runtime: Runtime,
    pub interrupt: Interrupt,
}

impl Network {
    /// # Errors
    /// When the system has no threads to give or does not let signals be listened for.
    pub fn start() -> Result<Self> {
        let runtime = runtime()?;
        let interrupt = Interrupt::listen(&runtime)?;
        Ok(Self { runtime, interrupt })
    }
}

/// The thread that talks to the network: one, as a second would bring a heap of its own, and bodies pass through all.
///
/// # Errors
/// When the system has none to give.
pub fn runtime() -> Result<Runtime> {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.map_err(|error| Error::failed(format!("cannot start the network threads: {error}")))
}

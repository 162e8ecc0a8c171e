//! Several downloads at once.

use std::sync::Arc;

use tokio::runtime::{Handle, Runtime};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::download::{DownloadOutcome, Downloader};
use crate::http::cancel::Cancellation;
use crate::model::{Link, Result};

/// One recording to archive. `T` is the key that the caller knows it by.
#[derive(Debug)]
pub struct DownloadTask<T> {
    pub key: T,
    pub object: String,
    pub link: Link,
}

/// Several downloads at once, until the pool is dropped or interrupted.
pub struct Pool<T> {
    tasks: mpsc::UnboundedSender<DownloadTask<T>>,
    pub done: mpsc::UnboundedReceiver<(T, Result<DownloadOutcome>)>,
    /// Tasks that were submitted and have not ended.
    pub in_flight: usize,
    worker: JoinHandle<()>,
    stop: CancellationToken,
    runtime: Handle,
}

impl<T: Send + 'static> Pool<T> {
    /// Starts the pool. It works on `width` tasks at once.
    pub fn new(runtime: &Runtime, downloader: &Arc<Downloader>, width: usize, cancellation: &Cancellation) -> Self {
        let (tasks, queue) = mpsc::unbounded_channel();
        let (ended, done) = mpsc::unbounded_channel();
        let (cancellation, stop) = cancellation.child();
        let worker = runtime.spawn(work(Arc::clone(downloader), width, cancellation, queue, ended));
        Self { tasks, done, in_flight: 0, worker, stop, runtime: runtime.handle().clone() }
    }

    /// Adds a task. One that is submitted after the pool has stopped is not done, and counts as in flight.
    pub fn submit(&mut self, task: DownloadTask<T>) {
        self.in_flight += 1;
        let _has_stopped = self.tasks.send(task);
    }
}

impl<T> Drop for Pool<T> {
    fn drop(&mut self) {
        self.stop.cancel();
        // No download outlives the pool. A panic in it has been printed.
        let _has_ended = self.runtime.block_on(&mut self.worker);
    }
}

async fn work<T: Send + 'static>(
    downloader: Arc<Downloader>,
    width: usize,
    cancellation: Cancellation,
    mut queue: mpsc::UnboundedReceiver<DownloadTask<T>>,
    ended: mpsc::UnboundedSender<(T, Result<DownloadOutcome>)>,
) {
    let mut running = JoinSet::new();
    let cancelled = cancellation.cancelled();
    tokio::pin!(cancelled);
    loop {
        tokio::select! {
            _ = &mut cancelled => {
                // The parts of unfinished downloads stay, and are resumed later.
                running.shutdown().await;
                return;
            }
            Some(DownloadTask { key, object, link }) = queue.recv(), if running.len() < width => {
                let downloader = Arc::clone(&downloader);
                running.spawn(async move { (key, downloader.archive(&object, &link).await) });
            }
            Some(result) = running.join_next() => {
                match result {
                    Ok(result) => _ = ended.send(result),
                    Err(error) => _ = error.try_into_panic().map(|panic| std::panic::resume_unwind(panic)),
                }
            }
            else => return,
        }
    }
}

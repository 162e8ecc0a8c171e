//! Several downloads at once.

use std::sync::Arc;

use tokio::runtime::{Handle, Runtime};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use super::download::{Downloader, Outcome};
use crate::http::cancel::Cancellation;
use crate::model::{Link, Result};

/// One recording to archive; `T` is what the caller knows it by.
#[derive(Debug)]
pub struct Task<T> {
    pub what: T,
    pub object: String,
    pub link: Link,
}

/// Downloads that go on until the pool is let go or interrupted.
pub struct Pool<T> {
    tasks: mpsc::UnboundedSender<Task<T>>,
    pub done: mpsc::UnboundedReceiver<(T, Result<Outcome>)>,
    /// Tasks that were given and did not end yet.
    pub under_way: usize,
    working: JoinHandle<()>,
    let_go: CancellationToken,
    runtime: Handle,
}

impl<T: Send + 'static> Pool<T> {
    /// Begins to wait for tasks, of which so many are done at once.
    pub fn new(runtime: &Runtime, downloader: &Arc<Downloader>, width: usize, cancellation: &Cancellation) -> Self {
        let (tasks, given) = mpsc::unbounded_channel();
        let (ended, done) = mpsc::unbounded_channel();
        let (cancellation, let_go) = cancellation.child();
        let working = runtime.spawn(work(Arc::clone(downloader), width, cancellation, given, ended));
        Self { tasks, done, under_way: 0, working, let_go, runtime: runtime.handle().clone() }
    }

    /// Gives a task. One that comes after the pool has stopped is not done, and stays under way.
    pub fn give(&mut self, task: Task<T>) {
        self.under_way += 1;
        let _has_stopped = self.tasks.send(task);
    }
}

impl<T> Drop for Pool<T> {
    fn drop(&mut self) {
        self.let_go.cancel();
        // Nothing of it goes on beside what comes next. A panic in it has been said.
        let _has_ended = self.runtime.block_on(&mut self.working);
    }
}

async fn work<T: Send + 'static>(
    downloader: Arc<Downloader>,
    width: usize,
    cancellation: Cancellation,
    mut given: mpsc::UnboundedReceiver<Task<T>>,
    ended: mpsc::UnboundedSender<(T, Result<Outcome>)>,
) {
    let mut running = JoinSet::new();
    let cancelled = cancellation.cancelled();
    tokio::pin!(cancelled);
    loop {
        tokio::select! {
            _ = &mut cancelled => {
                // What has come of those under way stays, to be gone on with.
                running.shutdown().await;
                return;
            }
            Some(Task { what, object, link }) = given.recv(), if running.len() < width => {
                let downloader = Arc::clone(&downloader);
                running.spawn(async move { (what, downloader.archive(&object, &link).await) });
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

//! Several downloads at once.

use std::sync::Arc;

use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, sleep_until};

use super::download::{Downloader, Outcome};
use crate::model::{Link, Result};

/// One recording to archive; `T` is what the caller knows it by.
#[derive(Debug)]
pub struct Task<T> {
    pub what: T,
    pub object: String,
    pub link: Link,
}

/// Downloads that go on until the crew is let go or interrupted.
pub struct Crew<T> {
    tasks: mpsc::UnboundedSender<Task<T>>,
    pub done: mpsc::UnboundedReceiver<(T, Result<Outcome>)>,
    /// Tasks that were given and did not end yet.
    pub under_way: usize,
    working: JoinHandle<()>,
}

impl<T: Send + 'static> Crew<T> {
    /// Begins to wait for tasks, of which so many are done at once.
    pub fn new(
        runtime: &Runtime,
        downloader: &Arc<Downloader>,
        width: usize,
        interrupt: watch::Receiver<bool>,
        stop_at: Option<Instant>,
    ) -> Self {
        let (tasks, given) = mpsc::unbounded_channel();
        let (ended, done) = mpsc::unbounded_channel();
        let working = runtime.spawn(work(Arc::clone(downloader), width, interrupt, stop_at, given, ended));
        Self { tasks, done, under_way: 0, working }
    }

    /// Gives a task. One that comes after the crew has stopped is not done, and stays under way.
    pub fn give(&mut self, task: Task<T>) {
        self.under_way += 1;
        let _has_stopped = self.tasks.send(task);
    }
}

impl<T> Drop for Crew<T> {
    fn drop(&mut self) {
        self.working.abort();
    }
}

async fn work<T: Send + 'static>(
    downloader: Arc<Downloader>,
    width: usize,
    mut interrupt: watch::Receiver<bool>,
    stop_at: Option<Instant>,
    mut given: mpsc::UnboundedReceiver<Task<T>>,
    ended: mpsc::UnboundedSender<(T, Result<Outcome>)>,
) {
    let mut running = JoinSet::new();
    // Dropping the set ends what is under way; what has come of it stays, to be gone on with.
    let stop = async move {
        let time_is_up = async {
            match stop_at {
                Some(time) => sleep_until(time).await,
                None => std::future::pending().await,
            }
        };
        let wanted = async {
            if interrupt.wait_for(|wanted| *wanted).await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! { () = time_is_up => {}, () = wanted => {} }
    };
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => return,
            Some(Task { what, object, link }) = given.recv(), if running.len() < width => {
                let downloader = Arc::clone(&downloader);
                running.spawn(async move { (what, downloader.archive(&object, &link).await) });
            }
            Some(result) = running.join_next() => {
                let _nobody_cares = ended.send(result.expect("a download does not panic"));
            }
            else => return,
        }
    }
}

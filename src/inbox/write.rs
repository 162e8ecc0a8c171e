//! The thread that writes events to the disk, and the way to it.
//!
//! All events that wait at once form one group, with one fsync. No failure ends the thread: what could not be written is
//! not acknowledged, and the next group is tried as if nothing had been. Whether it can write is found out by writing, so
//! that a disk that has room again is noticed before the next event comes.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use super::file::{InboxWriter, ReceivedEvent};
use super::known::KnownEvents;
use super::metrics::{Metrics, RequestOutcome};
use crate::model::{Error, Result};

/// How long the disk may take, with an event or a check.
const WRITTEN_WITHIN: Duration = Duration::from_secs(4);
/// Most events that wait for the disk.
const QUEUE: usize = 4096;
/// Most events of one group.
const GROUP: usize = 1024;

/// What the thread is asked to do, each with the channel for its reply.
enum Request {
    Store(ReceivedEvent, oneshot::Sender<RequestOutcome>),
    Check(oneshot::Sender<Result<(), String>>),
}

/// The way to the thread. The thread ends when this is dropped.
pub struct Writer {
    requests: mpsc::Sender<Request>,
}

/// What others see of the thread.
pub struct Written {
    /// How many events were stored since the start.
    pub news: watch::Receiver<u64>,
    /// Resolves when the thread has ended.
    pub ended: oneshot::Receiver<()>,
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(inbox: InboxWriter, known: KnownEvents, metrics: Arc<Metrics>) -> Result<(Self, Written)> {
        let (requests, queue) = mpsc::channel(QUEUE);
        let (arrivals, news) = watch::channel(0);
        let (end, ended) = oneshot::channel();
        let mut thread = WriterThread { inbox, known, metrics, arrivals, trouble: None };
        thread::Builder::new()
            .name("inbox".to_owned())
            .spawn(move || {
                thread.run(queue);
                let _nobody_waits = end.send(());
            })
            .map_err(|error| Error::failed(format!("cannot start the thread of the inbox: {error}")))?;
        Ok((Self { requests }, Written { news, ended }))
    }

    /// Stores an event: `Stored` and `Known` mean that it is on the disk.
    pub async fn store(&self, event: ReceivedEvent) -> RequestOutcome {
        let stored = timeout(WRITTEN_WITHIN, self.ask(|reply| Request::Store(event, reply))).await;
        stored.ok().flatten().unwrap_or(RequestOutcome::Unavailable)
    }

    /// Checks that events can be stored. The error says why not.
    pub async fn check(&self) -> Result<(), String> {
        match timeout(WRITTEN_WITHIN, self.ask(Request::Check)).await {
            Ok(Some(checked)) => checked,
            Ok(None) => Err("the thread of the inbox has ended; start the receiver again".to_owned()),
            Err(_) => Err(format!("the disk of the inbox has not answered for {} s", WRITTEN_WITHIN.as_secs())),
        }
    }

    /// Returns the reply, or `None` if the thread has ended.
    async fn ask<T>(&self, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Option<T> {
        let (sender, reply) = oneshot::channel();
        self.requests.send(request(sender)).await.ok()?;
        reply.await.ok()
    }
}

/// What the thread works with.
struct WriterThread {
    inbox: InboxWriter,
    known: KnownEvents,
    metrics: Arc<Metrics>,
    arrivals: watch::Sender<u64>,
    /// Why the last write failed, if it did.
    trouble: Option<String>,
}

impl WriterThread {
    /// Works until the queue closes.
    fn run(&mut self, mut queue: mpsc::Receiver<Request>) {
        let mut waiting = Vec::new();
        while queue.blocking_recv_many(&mut waiting, GROUP) > 0 {
            self.work(waiting.drain(..));
        }
    }

    /// Handles all that waits at once. A client may have gone, so sending its reply may fail.
    fn work(&mut self, waiting: impl Iterator<Item = Request>) {
        let mut group: Vec<ReceivedEvent> = Vec::new();
        let mut ids = HashSet::new();
        let (mut replies, mut checks) = (Vec::new(), Vec::new());
        for request in waiting {
            match request {
                Request::Check(reply) => checks.push(reply),
                Request::Store(event, reply) if self.known.contains(&event.event.id) => {
                    let _client_is_gone = reply.send(RequestOutcome::Known);
                }
                Request::Store(event, reply) if ids.insert(event.event.id.clone()) => {
                    group.push(event);
                    replies.push((reply, RequestOutcome::Stored));
                }
                // The same event twice in one group.
                Request::Store(_, reply) => replies.push((reply, RequestOutcome::Known)),
            }
        }
        let written = match (group.is_empty(), checks.is_empty()) {
            (true, true) => return,
            (true, false) => self.inbox.check(),
            (false, _) => self.inbox.append(&group),
        };
        if written.is_ok() && !group.is_empty() {
            self.metrics.synced();
            ids.iter().for_each(|id| self.known.insert(id));
            self.arrivals.send_modify(|count| *count += group.len() as u64);
        }
        self.note(written);
        for (reply, outcome) in replies {
            let outcome = if self.trouble.is_none() { outcome } else { RequestOutcome::Unavailable };
            let _client_is_gone = reply.send(outcome);
        }
        for reply in checks {
            let _client_is_gone = reply.send(self.trouble.clone().map_or(Ok(()), Err));
        }
    }

    /// Notes how a write ended. Only a change is logged: a log on the same full disk must not take what room there is.
    fn note(&mut self, written: io::Result<()>) {
        let trouble = written.err().map(|error| format!("cannot write to the inbox: {error}"));
        match &trouble {
            Some(trouble) if self.trouble.as_ref() != Some(trouble) => tracing::error!("{trouble}"),
            None if self.trouble.is_some() => tracing::info!("the inbox can be written again"),
            _ => {}
        }
        self.trouble = trouble;
    }
}

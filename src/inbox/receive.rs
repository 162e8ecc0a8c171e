//! The receiver: takes requests, and acknowledges them once their events are on the disk.
//!
//! A request is refused as early as possible: for its path, method or content type; for a malformed or stale signature;
//! for its length, before its body is stored; for a signature that does not match its bytes, before they are parsed as
//! JSON. Of a refused request, only the reason is logged.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http_body_util::{BodyExt, LengthLimitError};
use jiff::Timestamp;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::file::{self, InboxWriter, ReceivedEvent};
use super::known::KnownEvents;
use super::metrics::{Metrics, RequestOutcome};
use super::serve::serve;
use crate::lake::Lake;
use crate::model::{Error, Result};
use crate::round0::webhook::{Event, NoEvent, PATH, Refusal, SIGNATURE_HEADER, Secret, Signature};

/// Largest body. The vendor's have a few kilobytes.
const LARGEST_BODY: usize = 1 << 20;
/// How long a body may take to arrive. The vendor waits ten seconds in all.
const BODY_WITHIN: Duration = Duration::from_secs(5);
/// How much of a body that is too large is read and discarded before it is refused. A connection that is closed while
/// the client is still sending would be reset, and the response lost.
const MOST_DISCARDED: usize = 4 << 20;
/// How long an event may take to reach the disk.
const STORED_WITHIN: Duration = Duration::from_secs(4);
/// Most events that wait for the disk.
const QUEUE: usize = 4096;
/// Most events of one group.
const GROUP: usize = 1024;
/// How long responses in progress may still take when the receiver stops.
const STOP_WITHIN: Duration = Duration::from_secs(9);

/// A running receiver.
pub struct Receiver {
    addr: SocketAddr,
    running: watch::Sender<()>,
    server: JoinHandle<()>,
    metrics: Arc<Metrics>,
    news: watch::Receiver<u64>,
    /// Resolves when the writing thread has ended.
    written: oneshot::Receiver<()>,
}

/// The state that all requests share.
struct ReceiverState {
    /// Name of the account whose events come here.
    source: String,
    secrets: Vec<Secret>,
    metrics: Arc<Metrics>,
    events: mpsc::Sender<PendingEvent>,
}

/// An event on its way to the disk, and the channel for its outcome.
struct PendingEvent {
    received: ReceivedEvent,
    reply: oneshot::Sender<RequestOutcome>,
}

/// Starts a receiver of an account's events on the current Tokio runtime. Any of the secrets may have signed a request.
///
/// # Errors
/// A usage error when the address cannot be listened on, and when the inbox cannot be read.
pub async fn start(lake: &Lake, source: String, addr: SocketAddr, secrets: Vec<Secret>) -> Result<Receiver> {
    let cannot = |error| Error::usage(format!("cannot listen on {addr}: {error}"));
    let listener = TcpListener::bind(addr).await.map_err(cannot)?;
    let addr = listener.local_addr().map_err(cannot)?;
    let folder = lake.inbox_folder();
    let mut known = KnownEvents::default();
    for path in file::files(&folder)? {
        // Files that an ingest deletes meanwhile are in the ledger, which recognises their events.
        for received in file::read(&path).unwrap_or_default() {
            known.insert(&received.event.id);
        }
    }
    let writer = InboxWriter::new(folder)?;
    let (events, queue) = mpsc::channel(QUEUE);
    let shared = Arc::new(ReceiverState { source, secrets, metrics: Arc::default(), events });
    // Only the metrics are cloned: the queue must close when only this thread is left.
    let metrics = Arc::clone(&shared.metrics);
    let kept = Arc::clone(&shared.metrics);
    let (arrivals, news) = watch::channel(0);
    let (written_sender, written) = oneshot::channel();
    thread::Builder::new()
        .name("inbox".to_owned())
        .spawn(move || {
            write(writer, queue, known, &metrics, &arrivals);
            let _nobody_waits = written_sender.send(());
        })
        .map_err(|error| Error::failed(format!("cannot start the thread of the inbox: {error}")))?;
    let (running, stopped) = watch::channel(());
    let server = tokio::spawn(serve(listener, router(shared), stopped));
    Ok(Receiver { addr, running, server, metrics: kept, news, written })
}

impl Receiver {
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Watches how many events were stored since the start.
    #[must_use]
    pub fn news(&self) -> watch::Receiver<u64> {
        self.news.clone()
    }

    /// The counters.
    #[must_use]
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// Stops listening, and waits for responses in progress and for events on their way to the disk.
    pub async fn stop(mut self) {
        drop(self.running);
        if timeout(STOP_WITHIN, &mut self.server).await.is_err() {
            self.server.abort();
            let _aborted = self.server.await;
        }
        // The queue closes with the last connection, and then the thread ends. A hanging connection was not
        // acknowledged.
        let _hanging = timeout(Duration::from_secs(1), self.written).await;
    }
}

fn router(shared: Arc<ReceiverState>) -> Router {
    let text = [(header::CONTENT_TYPE, "text/plain; version=0.0.4")];
    Router::new()
        .route(PATH, post(event))
        .route("/healthz", get(async || "ok\n"))
        .route("/metrics", get(async move |State(shared): State<Arc<ReceiverState>>| (text, shared.metrics.text())))
        .fallback(async |State(shared): State<Arc<ReceiverState>>| shared.respond(RequestOutcome::WrongPath))
        .method_not_allowed_fallback(async |State(shared): State<Arc<ReceiverState>>| {
            shared.respond(RequestOutcome::WrongMethod)
        })
        .with_state(shared)
}

async fn event(State(shared): State<Arc<ReceiverState>>, request: Request) -> Response {
    let began = Instant::now();
    let (head, body) = request.into_parts();
    match shared.take(&head.headers, body).await {
        Ok(outcome) => {
            shared.metrics.acknowledged(began.elapsed());
            shared.respond(outcome)
        }
        Err(outcome) => shared.respond(outcome),
    }
}

/// Reads a body without keeping it, up to [`MOST_DISCARDED`] bytes.
async fn discard(mut body: Body) {
    let mut left = MOST_DISCARDED;
    while let Some(Ok(frame)) = body.frame().await
        && let Some(rest) = left.checked_sub(frame.data_ref().map_or(0, |data| data.len()))
    {
        left = rest;
    }
}

impl ReceiverState {
    /// Handles one request. The error is the outcome of a request that is not acknowledged.
    async fn take(&self, headers: &HeaderMap, body: Body) -> Result<RequestOutcome, RequestOutcome> {
        let text = |name: &header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let kind = text(&header::CONTENT_TYPE).and_then(|kind| kind.split(';').next()).unwrap_or_default();
        if !kind.trim().eq_ignore_ascii_case("application/json") {
            return Err(RequestOutcome::WrongType);
        }
        let mut signatures = headers.get_all(SIGNATURE_HEADER).iter();
        let (Some(Ok(signature)), None) = (signatures.next().map(|value| value.to_str()), signatures.next()) else {
            return Err(RequestOutcome::Malformed);
        };
        let signature = Signature::read(signature, Timestamp::now()).map_err(refused)?;
        let length = text(&header::CONTENT_LENGTH).and_then(|length| length.parse::<usize>().ok());
        if length.is_some_and(|length| length > LARGEST_BODY) {
            let _however_it_ends = timeout(BODY_WITHIN, discard(body)).await;
            return Err(RequestOutcome::TooLarge);
        }
        let body = match timeout(BODY_WITHIN, to_bytes(body, LARGEST_BODY)).await {
            Ok(Ok(body)) => body,
            // The request did not state its length.
            Ok(Err(error)) if is_too_large(&error) => return Err(RequestOutcome::TooLarge),
            _ => return Err(RequestOutcome::BrokenOff),
        };
        signature.verify(&body, &self.secrets).map_err(refused)?;
        let event = Event::read(&body).map_err(|_| RequestOutcome::NoEvent)?;
        let kind = event.kind.clone();
        let (reply, outcome) = oneshot::channel();
        let waiting = PendingEvent {
            received: ReceivedEvent { event, source: self.source.clone(), at: Timestamp::now() },
            reply,
        };
        let stored = timeout(STORED_WITHIN, async {
            self.events.send(waiting).await.ok()?;
            outcome.await.ok()
        });
        match stored.await.ok().flatten() {
            Some(RequestOutcome::Stored) => {
                self.metrics.stored(&kind);
                Ok(RequestOutcome::Stored)
            }
            Some(RequestOutcome::Known) => Ok(RequestOutcome::Known),
            _ => Err(RequestOutcome::Unavailable),
        }
    }

    fn respond(&self, outcome: RequestOutcome) -> Response {
        let count = self.metrics.ended(outcome);
        let (status, message) = status_and_message(outcome);
        // A million of them must not fill the log.
        if !status.is_success() && count.is_power_of_two() {
            let status = status.as_u16();
            tracing::warn!(status, count, "a request was answered {status}: {message} ({count} so far)");
        }
        let body =
            if status.is_success() { json!({"status": message}) } else { json!({"error": {"message": message}}) };
        (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
    }
}

fn refused(refusal: Refusal) -> RequestOutcome {
    match refusal {
        Refusal::Malformed => RequestOutcome::Malformed,
        Refusal::Stale => RequestOutcome::Stale,
        Refusal::Forged => RequestOutcome::Forged,
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(|cause| cause.is::<LengthLimitError>())
}

/// The status and message for an outcome. No message contains anything from the request.
fn status_and_message(outcome: RequestOutcome) -> (StatusCode, String) {
    let of = |refusal: Refusal| (StatusCode::UNAUTHORIZED, refusal.to_string());
    let (status, message) = match outcome {
        RequestOutcome::Malformed => return of(Refusal::Malformed),
        RequestOutcome::Stale => return of(Refusal::Stale),
        RequestOutcome::Forged => return of(Refusal::Forged),
        RequestOutcome::NoEvent => return (StatusCode::BAD_REQUEST, NoEvent.to_string()),
        RequestOutcome::Stored => (StatusCode::OK, "stored"),
        RequestOutcome::Known => (StatusCode::OK, "known"),
        RequestOutcome::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than 1 MiB"),
        RequestOutcome::WrongType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "the content type is not application/json"),
        RequestOutcome::BrokenOff => (StatusCode::REQUEST_TIMEOUT, "the body did not come whole in time"),
        RequestOutcome::Unavailable => {
            (StatusCode::SERVICE_UNAVAILABLE, "the event could not be stored; send it again")
        }
        RequestOutcome::WrongPath => (StatusCode::NOT_FOUND, "nothing is here; events go to POST /webhooks/round0"),
        RequestOutcome::WrongMethod => (StatusCode::METHOD_NOT_ALLOWED, "events come by POST"),
    };
    (status, message.to_owned())
}

/// Writes events to the disk until the queue closes. All events that wait at once form one group, with one fsync.
fn write(
    mut writer: InboxWriter,
    mut queue: mpsc::Receiver<PendingEvent>,
    mut known: KnownEvents,
    metrics: &Metrics,
    arrivals: &watch::Sender<u64>,
) {
    let mut waiting = Vec::new();
    while queue.blocking_recv_many(&mut waiting, GROUP) > 0 {
        let mut group: Vec<ReceivedEvent> = Vec::new();
        let mut replies = Vec::new();
        let mut ids = HashSet::new();
        // A client may have gone, so sending its outcome may fail.
        for PendingEvent { received, reply: sender } in waiting.drain(..) {
            if known.contains(&received.event.id) {
                let _client_is_gone = sender.send(RequestOutcome::Known);
            } else if ids.insert(received.event.id.clone()) {
                group.push(received);
                replies.push((sender, RequestOutcome::Stored));
            } else {
                // The same event twice in one group.
                replies.push((sender, RequestOutcome::Known));
            }
        }
        if group.is_empty() {
            continue;
        }
        let written = writer.append(&group);
        match &written {
            Ok(()) => {
                metrics.synced();
                ids.iter().for_each(|id| known.insert(id));
                arrivals.send_modify(|count| *count += group.len() as u64);
            }
            Err(error) => tracing::error!("cannot write to the inbox: {error}"),
        }
        for (sender, outcome) in replies {
            let _client_is_gone = sender.send(if written.is_ok() { outcome } else { RequestOutcome::Unavailable });
        }
    }
}

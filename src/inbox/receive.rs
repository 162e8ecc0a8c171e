//! The receiver: requests in, acknowledged once their events are on the disk.
//!
//! A request is refused as early as it can be: for its path, its method and its type; for a signature that is none or
//! stale; for its length, before anything is kept of it; for a signature that is not of its bytes, before they are read
//! as JSON. Nothing of a refused request is logged but why.

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

/// Of a body; the vendor's have some kilobytes.
const LARGEST_BODY: usize = 1 << 20;
/// How long a body may take to come, and an event to reach the disk. The vendor waits ten seconds in all.
const BODY_WITHIN: Duration = Duration::from_secs(5);
/// So much of a body that is too large is read and thrown away before it is refused: a connection that is closed while its
/// other end still sends is reset, and the answer is lost with it.
const MOST_DISCARDED: usize = 4 << 20;
const STORED_WITHIN: Duration = Duration::from_secs(4);
/// Events that wait for the disk, at most.
const QUEUE: usize = 4096;
/// Events of one group, at most.
const GROUP: usize = 1024;
/// How long answers under way may still take at the end.
const STOP_WITHIN: Duration = Duration::from_secs(9);

/// A running receiver.
pub struct Receiver {
    addr: SocketAddr,
    running: watch::Sender<()>,
    server: JoinHandle<()>,
    metrics: Arc<Metrics>,
    news: watch::Receiver<u64>,
    /// Ends with the thread that writes.
    written: oneshot::Receiver<()>,
}

struct ReceiverState {
    /// Name of the account whose events come here.
    source: String,
    secrets: Vec<Secret>,
    metrics: Arc<Metrics>,
    events: mpsc::Sender<PendingEvent>,
}

/// An event on its way to the disk, and who is told when it is there.
struct PendingEvent {
    received: ReceivedEvent,
    told: oneshot::Sender<RequestOutcome>,
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
        // What an ingest frees meanwhile is in the ledger, which knows the rest.
        for received in file::read(&path).unwrap_or_default() {
            known.insert(&received.event.id);
        }
    }
    let writer = InboxWriter::new(folder)?;
    let (events, queue) = mpsc::channel(QUEUE);
    let shared = Arc::new(ReceiverState { source, secrets, metrics: Arc::default(), events });
    // Not the whole: the queue ends when nothing but this thread is left.
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

    /// How many events were put on the disk since the start, to be watched.
    #[must_use]
    pub fn news(&self) -> watch::Receiver<u64> {
        self.news.clone()
    }

    /// What is counted.
    #[must_use]
    pub fn metrics(&self) -> Arc<Metrics> {
        Arc::clone(&self.metrics)
    }

    /// Stops listening, and waits for the answers under way and for what is on its way to the disk.
    pub async fn stop(mut self) {
        drop(self.running);
        if timeout(STOP_WITHIN, &mut self.server).await.is_err() {
            self.server.abort();
            let _aborted = self.server.await;
        }
        // With the last connection the queue ends, and with it the thread. A connection that hangs was promised nothing.
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

async fn discard(mut body: Body) {
    let mut left = MOST_DISCARDED;
    while let Some(Ok(frame)) = body.frame().await
        && let Some(rest) = left.checked_sub(frame.data_ref().map_or(0, |data| data.len()))
    {
        left = rest;
    }
}

impl ReceiverState {
    /// Takes one request; what is not acknowledged is the error.
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
            // Of one that did not say its length.
            Ok(Err(error)) if is_too_large(&error) => return Err(RequestOutcome::TooLarge),
            _ => return Err(RequestOutcome::BrokenOff),
        };
        signature.verify(&body, &self.secrets).map_err(refused)?;
        let event = Event::read(&body).map_err(|_| RequestOutcome::NoEvent)?;
        let kind = event.kind.clone();
        let (told, answer) = oneshot::channel();
        let waiting =
            PendingEvent { received: ReceivedEvent { event, source: self.source.clone(), at: Timestamp::now() }, told };
        let stored = timeout(STORED_WITHIN, async {
            self.events.send(waiting).await.ok()?;
            answer.await.ok()
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
        // Whoever sends a million of them must not fill the log.
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

/// How a request is answered. No message holds anything of the request.
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

/// Puts events on the disk until no more can come: all that wait at once are one group, with one fsync.
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
        let mut told = Vec::new();
        let mut ids = HashSet::new();
        // Who asked may have gone: nobody is left to be told then.
        for PendingEvent { received, told: sender } in waiting.drain(..) {
            if known.contains(&received.event.id) {
                let _gone = sender.send(RequestOutcome::Known);
            } else if ids.insert(received.event.id.clone()) {
                group.push(received);
                told.push((sender, RequestOutcome::Stored));
            } else {
                // Twice in one group: as good as the first.
                told.push((sender, RequestOutcome::Known));
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
        for (sender, outcome) in told {
            let _gone = sender.send(if written.is_ok() { outcome } else { RequestOutcome::Unavailable });
        }
    }
}

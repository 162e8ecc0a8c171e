//! The receiver: takes requests, and acknowledges them once their events are on the disk.
//!
//! A request is refused as early as possible: for its path, method or content type; for a malformed or stale signature;
//! for its length, before its body is stored; for a signature that does not match its bytes, before they are parsed as
//! JSON. Of a refused request, only the reason is logged.

use std::net::SocketAddr;
use std::sync::Arc;
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
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::file::{self, InboxWriter, ReceivedEvent};
use super::known::KnownEvents;
use super::metrics::{Metrics, RequestOutcome};
use super::serve::serve;
use super::write::{Writer, Written};
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
/// How long responses in progress may still take when the receiver stops.
const STOP_WITHIN: Duration = Duration::from_secs(9);

/// A running receiver.
pub struct Receiver {
    addr: SocketAddr,
    running: watch::Sender<()>,
    server: JoinHandle<()>,
    metrics: Arc<Metrics>,
    written: Written,
}

/// The state that all requests share.
struct ReceiverState {
    /// Name of the account whose events come here.
    source: String,
    secrets: Vec<Secret>,
    metrics: Arc<Metrics>,
    writer: Writer,
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
    let metrics = Arc::<Metrics>::default();
    let (writer, written) = Writer::start(InboxWriter::new(folder)?, known, Arc::clone(&metrics))?;
    let shared = Arc::new(ReceiverState { source, secrets, metrics: Arc::clone(&metrics), writer });
    let (running, stopped) = watch::channel(());
    let server = tokio::spawn(serve(listener, router(shared), stopped));
    Ok(Receiver { addr, running, server, metrics, written })
}

impl Receiver {
    #[must_use]
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Watches how many events were stored since the start.
    #[must_use]
    pub fn news(&self) -> watch::Receiver<u64> {
        self.written.news.clone()
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
        // The writer is dropped with the last connection, and then its thread ends. A hanging connection was not
        // acknowledged.
        let _hanging = timeout(Duration::from_secs(1), self.written.ended).await;
    }
}

fn router(shared: Arc<ReceiverState>) -> Router {
    Router::new()
        .route(PATH, post(event))
        .route("/healthz", get(health))
        .route("/metrics", get(metrics))
        .fallback(async |State(shared): State<Arc<ReceiverState>>| shared.respond(RequestOutcome::WrongPath))
        .method_not_allowed_fallback(async |State(shared): State<Arc<ReceiverState>>| {
            shared.respond(RequestOutcome::WrongMethod)
        })
        .with_state(shared)
}

/// Whether events can be stored now.
async fn health(State(shared): State<Arc<ReceiverState>>) -> (StatusCode, String) {
    match shared.writer.check().await {
        Ok(()) => (StatusCode::OK, "ok\n".to_owned()),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, why + "\n"),
    }
}

async fn metrics(State(shared): State<Arc<ReceiverState>>) -> impl IntoResponse {
    let text = shared.metrics.text(shared.writer.check().await.is_ok());
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text)
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
        let received = ReceivedEvent { event, source: self.source.clone(), at: Timestamp::now() };
        match self.writer.store(received).await {
            RequestOutcome::Stored => {
                self.metrics.stored(&kind);
                Ok(RequestOutcome::Stored)
            }
            RequestOutcome::Known => Ok(RequestOutcome::Known),
            not_stored => Err(not_stored),
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

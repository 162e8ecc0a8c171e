//! The connections of a receiver, with limits on their number and on how long one may be slow or idle.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

/// Most connections at once: half of the files that a process may usually have open. Others wait to be accepted.
const CONNECTIONS: u32 = 512;
/// How long the head of a request may take to arrive, and how long a connection may be idle between two requests. It is
/// as long as the vendor waits for a response.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// How long a connection may last, so that one whose client does not read the responses is closed as well.
const CONNECTION_FOR: Duration = Duration::from_mins(10);
/// The pause after a connection could not be accepted, for example because too many files are open.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// Serves requests until the sender of `running` is dropped, and then finishes those in progress.
pub async fn serve(listener: TcpListener, router: Router, running: watch::Receiver<()>) {
    let permits = Arc::new(Semaphore::new(CONNECTIONS as usize));
    let mut stopped = running.clone();
    loop {
        let accepting = async {
            let permit = Arc::clone(&permits).acquire_owned().await.expect("it is never closed");
            (accept(&listener).await, permit)
        };
        let (stream, permit) = tokio::select! {
            accepted = accepting => accepted,
            () = until_dropped(&mut stopped) => break,
        };
        let connection = connection(stream, router.clone(), running.clone());
        tokio::spawn(async move {
            connection.await;
            drop(permit);
        });
    }
    drop(listener);
    // All permits are free when the last connection has ended.
    let _all = permits.acquire_many(CONNECTIONS).await;
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            // The client went away.
            Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) => {
            }
            Err(error) => {
                tracing::error!("cannot accept a connection: {error}");
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, router: Router, mut running: watch::Receiver<()>) {
    // Without it, an answer waits for the client's delayed acknowledgement.
    let _as_it_was = stream.set_nodelay(true);
    let service = TowerToHyperService::new(router);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        // However it ended, the client knows, and sends the request again if there was no response.
        _ended = connection.as_mut() => return,
        () = until_dropped(&mut running) => {}
        () = sleep(CONNECTION_FOR) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _hanging = timeout(HEAD_WITHIN, connection).await;
}

async fn until_dropped(running: &mut watch::Receiver<()>) {
    while running.changed().await.is_ok() {}
}

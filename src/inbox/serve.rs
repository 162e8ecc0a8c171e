//! The connections of a receiver: how many there may be, and how long one may be slow or idle.

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

/// Connections open at once, at most: half of the files that a process may usually have open. Others wait to be accepted.
const CONNECTIONS: u32 = 512;
/// How long the head of a request may take to come, and a connection be idle between two. As long as the vendor waits for
/// an answer.
const HEAD_WITHIN: Duration = Duration::from_secs(10);
/// How long a connection may last, so that one whose client does not read its answers is let go as well.
const CONNECTION_FOR: Duration = Duration::from_mins(10);
/// After a connection could not be accepted because the process has too many files open.
const ACCEPT_PAUSE: Duration = Duration::from_secs(1);

/// Answers requests until `running` is dropped, and then those that are under way.
pub async fn serve(listener: TcpListener, router: Router, running: watch::Receiver<()>) {
    let room = Arc::new(Semaphore::new(CONNECTIONS as usize));
    let mut stopped = running.clone();
    loop {
        let accepting = async {
            let place = Arc::clone(&room).acquire_owned().await.expect("it is never closed");
            (accept(&listener).await, place)
        };
        let (stream, place) = tokio::select! {
            accepted = accepting => accepted,
            () = until_dropped(&mut stopped) => break,
        };
        let connection = connection(stream, router.clone(), running.clone());
        tokio::spawn(async move {
            connection.await;
            drop(place);
        });
    }
    drop(listener);
    // Every place is free when the last connection has ended.
    let _all = room.acquire_many(CONNECTIONS).await;
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => return stream,
            // The client's own trouble.
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
        // However it ended, who sent the request knows, and sends it again if there was no answer.
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

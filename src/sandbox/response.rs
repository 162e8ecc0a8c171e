//! Answers of all hosts of the sandbox: JSON, and bodies shorter than announced.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::{self, StreamExt};
use serde_json::Value;

pub fn json(status: StatusCode, body: &Value) -> Response {
    let body = serde_json::to_vec(body).expect("a JSON value can be written");
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

/// A JSON answer that announces `length` bytes, sends `bytes`, pauses for `silence`, and ends the connection.
pub fn broken_off(bytes: Bytes, length: usize, silence: Duration) -> Response {
    let mut response = promised(bytes, length as u64, silence);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// An answer without a content type that announces `length` bytes, sends `bytes`, pauses for `silence`, and ends the
/// connection.
pub fn promised(bytes: Bytes, length: u64, silence: Duration) -> Response {
    let given = stream::once(async move { Ok::<_, io::Error>(bytes) });
    let end = stream::once(async move {
        tokio::time::sleep(silence).await;
        Err(io::Error::other("broken off on demand"))
    });
    let body = Body::from_stream(given.chain(end));
    ([(header::CONTENT_LENGTH, HeaderValue::from(length))], body).into_response()
}

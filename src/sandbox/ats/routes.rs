//! The routes of the applicant tracking systems: they check credentials, inject faults, and record writes.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use super::dialects::{AtsAction, AtsRequest, action, answer_found, answer_written, is_let_in};
use super::faults::AtsFault;
use super::state::Systems;
use crate::sandbox::response::{self, broken_off};

/// Largest accepted body in bytes, enough for a recording.
const LARGEST_BODY: usize = 64 << 20;

pub fn router(systems: Arc<Systems>) -> Router {
    Router::new()
        .route("/ats/{*rest}", any(answer))
        .route(
            "/_sandbox/ats",
            get(async |State(systems): State<Arc<Systems>>| response::json(StatusCode::OK, &json!(systems.written()))),
        )
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(systems)
}

async fn answer(
    State(systems): State<Arc<Systems>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let path: Vec<String> =
        uri.path().split('/').skip(2).map(|part| percent_decode_str(part).decode_utf8_lossy().into_owned()).collect();
    let path: Vec<&str> = path.iter().map(String::as_str).collect();
    let Some((&system, path)) = path.split_first() else { return error(StatusCode::NOT_FOUND) };
    let json = serde_json::from_slice(&body).unwrap_or_default();
    let request = AtsRequest { system, method: &method, path, uri: &uri, headers: &headers, body: &body, json };
    let action = action(&systems, &request);
    if !is_let_in(&systems, &request, &action) {
        return error(StatusCode::UNAUTHORIZED);
    }
    match action {
        AtsAction::Token => token(&systems, &body),
        AtsAction::Find(email) => answer_found(system, &found(&systems, &email), &email),
        AtsAction::Write(candidate, kind) => write(&systems, &request, candidate, kind).await,
        AtsAction::Wrong(field) => {
            response::json(StatusCode::UNPROCESSABLE_ENTITY, &json!({"errors": [{"field": field}]}))
        }
        AtsAction::Unknown => error(StatusCode::NOT_FOUND),
    }
}

/// The candidates that a search finds.
fn found<'a>(systems: &Systems, email: &'a str) -> Vec<(usize, &'a str, &'a str)> {
    let Some(candidate) = systems.candidate(email) else { return Vec::new() };
    let meant = (systems.id(candidate), email, "");
    let referred = (candidate + 1, "somebody.else@example.com", email);
    match systems.fault(candidate) {
        Some(AtsFault::Unknown) => Vec::new(),
        Some(AtsFault::Fuzzy) => vec![referred, meant],
        Some(AtsFault::OnlyOthers) => vec![referred],
        Some(AtsFault::Twins) => vec![meant, (candidate + 1, email, "")],
        _ => vec![meant],
    }
}

fn token(systems: &Systems, body: &[u8]) -> Response {
    let body = String::from_utf8_lossy(body);
    if !body.split('&').any(|field| field == "grant_type=client_credentials") {
        return response::json(StatusCode::BAD_REQUEST, &json!({"error": "unsupported_grant_type"}));
    }
    let token = format!("token-{}", systems.next_token());
    response::json(StatusCode::OK, &json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600}))
}

async fn write(systems: &Systems, request: &AtsRequest<'_>, candidate: usize, kind: &'static str) -> Response {
    let fault = systems.fault(candidate);
    if let Some(refusal) = refusal(systems, candidate, fault).await {
        return refusal;
    }
    let key = request.headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default();
    let body = if kind == "file" { uploaded(request.body) } else { request.json.clone() };
    let number = systems.write(request.system, candidate, kind, key, body);
    match fault {
        Some(AtsFault::AnswerLost) if systems.is_first(candidate) => broken_off(Bytes::new(), 100, Duration::ZERO),
        Some(AtsFault::NoContent) => StatusCode::NO_CONTENT.into_response(),
        _ => answer_written(request.system, number),
    }
}

/// The answer to a request that is refused because of a fault.
async fn refusal(systems: &Systems, candidate: usize, fault: Option<AtsFault>) -> Option<Response> {
    let is_first = || systems.is_first(candidate);
    Some(match fault? {
        AtsFault::ErrorIn200 => response::json(
            StatusCode::OK,
            &json!({"success": false, "errors": [{"message": "invalid"}], "errorInfo": {"code": "invalid_input"}}),
        ),
        AtsFault::Conflict => error(StatusCode::CONFLICT),
        AtsFault::Unprocessable => error(StatusCode::UNPROCESSABLE_ENTITY),
        AtsFault::Unknown => error(StatusCode::NOT_FOUND),
        AtsFault::Merged if is_first() => error(StatusCode::NOT_FOUND),
        AtsFault::Refused => error(StatusCode::FORBIDDEN),
        AtsFault::Redirect => (StatusCode::FOUND, [(header::LOCATION, "https://elsewhere.example/")]).into_response(),
        AtsFault::OverLimit => over_limit(),
        AtsFault::Limited if is_first() => over_limit(),
        AtsFault::Unavailable if is_first() => error(StatusCode::SERVICE_UNAVAILABLE),
        AtsFault::Page if is_first() => ([(header::CONTENT_TYPE, "text/html")], "<html>Sign in</html>").into_response(),
        AtsFault::TokenEnded if is_first() => {
            systems.next_token();
            error(StatusCode::UNAUTHORIZED)
        }
        AtsFault::Silence if is_first() => std::future::pending().await,
        AtsFault::Limited
        | AtsFault::Unavailable
        | AtsFault::Page
        | AtsFault::TokenEnded
        | AtsFault::Silence
        | AtsFault::NoContent
        | AtsFault::Merged
        | AtsFault::Fuzzy
        | AtsFault::OnlyOthers
        | AtsFault::Twins
        | AtsFault::AnswerLost => return None,
    })
}

fn over_limit() -> Response {
    let mut response = error(StatusCode::TOO_MANY_REQUESTS);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(1));
    response
}

/// Name and size of the file in a multipart body.
fn uploaded(body: &[u8]) -> Value {
    let text = String::from_utf8_lossy(body);
    let name = text.split_once("filename=\"").and_then(|(_, rest)| rest.split_once('"')).map(|(name, _)| name);
    json!({"file": name, "bytes": body.len()})
}

fn error(status: StatusCode) -> Response {
    response::json(status, &json!({"errors": [{"message": status.canonical_reason()}]}))
}

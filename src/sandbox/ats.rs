//! Applicant tracking systems, played as far as the connectors of `docs/ats/` need them: who looks a candidate up by
//! e-mail finds the candidates of the sandbox's interviews, and what is written is counted once for each key.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use percent_encoding::percent_decode_str;
use reqwest::Url;
use serde::Serialize;
use serde_json::{Value, json};

use super::faults::broken_off;
use super::sample::Interviews;

/// Of a recording.
const LARGEST_BODY: usize = 64 << 20;
/// One candidate in so many has a fault.
const FAULT_EVERY: usize = 3;

/// What goes wrong with what is written about a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum AtsFault {
    /// 200, and an error in the answer
    #[value(name = "error-in-200")]
    ErrorIn200,
    /// It is written, and answered 204, always
    NoContent,
    /// 409
    Conflict,
    /// 422
    Unprocessable,
    /// 429 with Retry-After, once
    Limited,
    /// 503, once
    Unavailable,
    /// A page where JSON should be, once
    Page,
    /// Silence until the client hangs up, once
    Silence,
    /// It is written, and the answer is broken off, once
    AnswerLost,
    /// 401, once, as if the token had ended
    TokenEnded,
    /// 429, always
    OverLimit,
    /// 403, always
    Refused,
    /// 302 to elsewhere, always
    Redirect,
    /// Nobody of that e-mail is found; 404 where it is in the address
    Unknown,
}

/// What was written: once for each key, however often it came.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Written {
    pub system: String,
    pub email: String,
    /// `note` or `file`.
    pub kind: &'static str,
    pub idempotency_key: String,
    /// How often it came.
    pub times: u64,
    /// As JSON; of a file its name and size.
    pub body: Value,
}

/// Every system.
pub struct Systems {
    interviews: Interviews,
    faults: Vec<AtsFault>,
    /// The first interview of a candidate, by e-mail in lower case.
    candidates: OnceLock<HashMap<String, usize>>,
    state: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    written: Vec<Written>,
    /// Candidates whose fault that happens once has happened.
    spoilt: HashSet<usize>,
    tokens: usize,
}

impl Systems {
    pub fn new(interviews: Interviews, faults: Vec<AtsFault>) -> Self {
        Self { interviews, faults, candidates: OnceLock::new(), state: Mutex::default() }
    }

    pub fn written(&self) -> Vec<Written> {
        self.seen().written.clone()
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn candidate(&self, email: &str) -> Option<usize> {
        let candidates = self.candidates.get_or_init(|| {
            let mut candidates = HashMap::new();
            for index in 0..self.interviews.ids().count() {
                let body = self.interviews.interview(index);
                if let Some(email) = body.pointer("/candidate/email").and_then(Value::as_str) {
                    candidates.entry(email.to_lowercase()).or_insert(index);
                }
            }
            candidates
        });
        candidates.get(&email.to_lowercase()).copied()
    }

    fn email(&self, candidate: usize) -> String {
        let body = self.interviews.interview(candidate);
        body.pointer("/candidate/email").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    fn fault(&self, candidate: usize) -> Option<AtsFault> {
        let count = self.faults.len();
        (count > 0 && candidate.is_multiple_of(FAULT_EVERY)).then(|| self.faults[candidate / FAULT_EVERY % count])
    }

    /// Whether a fault that happens once is to happen now.
    fn is_first(&self, candidate: usize) -> bool {
        self.seen().spoilt.insert(candidate)
    }
}

pub fn router(systems: Arc<Systems>) -> Router {
    Router::new()
        .route("/ats/{*rest}", any(answer))
        .route(
            "/_sandbox/ats",
            get(async |State(systems): State<Arc<Systems>>| json_body(StatusCode::OK, &json!(systems.written()))),
        )
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(systems)
}

/// What a request asks for, in every system's own words.
enum Wish {
    Token,
    Find(String),
    /// About a candidate: `note` or `file`.
    Write(usize, &'static str),
    /// It lacks what the system needs.
    Wrong(&'static str),
    Unknown,
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
    let json: Value = serde_json::from_slice(&body).unwrap_or_default();
    let wish = wish(&systems, system, &method, path, &uri, &json);
    if !is_let_in(&systems, system, &wish, &headers) {
        return error(StatusCode::UNAUTHORIZED);
    }
    match wish {
        Wish::Token => token(&systems, &body),
        Wish::Find(email) => {
            let found = systems.candidate(&email);
            found_body(system, found.filter(|found| systems.fault(*found) != Some(AtsFault::Unknown)), &email)
        }
        Wish::Write(candidate, kind) => write(&systems, system, candidate, kind, &headers, &json, &body).await,
        Wish::Wrong(field) => json_body(StatusCode::UNPROCESSABLE_ENTITY, &json!({"errors": [{"field": field}]})),
        Wish::Unknown => error(StatusCode::NOT_FOUND),
    }
}

fn wish(systems: &Systems, system: &str, method: &Method, path: &[&str], uri: &Uri, json: &Value) -> Wish {
    let text = |field: &str| json[field].as_str().filter(|text| !text.is_empty());
    let asked = || {
        let url = Url::parse(&format!("http://sandbox{uri}")).ok();
        url.and_then(|url| url.query_pairs().find(|(name, _)| name == "email").map(|(_, email)| email.into_owned()))
            .unwrap_or_default()
    };
    let about = |candidate: Option<usize>, kind| candidate.map_or(Wish::Unknown, |found| Wish::Write(found, kind));
    match (system, method.as_str(), path) {
        ("greenhouse", "POST", ["token"]) => Wish::Token,
        ("greenhouse", "GET", ["v3", "candidates"]) => Wish::Find(asked()),
        ("greenhouse", "POST", ["v3", "notes"]) => match (json["candidate_id"].as_u64(), text("body")) {
            (Some(id), Some(_)) if json["note_type"] == "NOTE" => about(usize::try_from(id).ok(), "note"),
            (None, _) => Wish::Wrong("candidate_id"),
            _ => Wish::Wrong("body"),
        },
        ("ashby", "POST", ["candidate.search"]) => Wish::Find(text("email").unwrap_or_default().to_owned()),
        ("ashby", "POST", ["candidate.createNote"]) => match (text("candidateId"), text("note")) {
            (Some(id), Some(_)) => about(id.parse().ok(), "note"),
            _ => Wish::Wrong("note"),
        },
        ("lever", "GET", ["v1", "opportunities"]) => Wish::Find(asked()),
        ("lever", "POST", ["v1", "opportunities", id, "notes"]) => match text("value") {
            Some(_) => about(id.parse().ok(), "note"),
            None => Wish::Wrong("value"),
        },
        ("lever", "POST", ["v1", "opportunities", id, "files"]) => about(id.parse().ok(), "file"),
        ("sample", "PATCH", ["candidates", email]) if json["screening_notes"].is_string() => {
            about(systems.candidate(email), "note")
        }
        ("sample", "PATCH", ["candidates", _]) => Wish::Wrong("screening_notes"),
        ("sample", "POST", ["candidates", email, "files"]) => about(systems.candidate(email), "file"),
        _ => Wish::Unknown,
    }
}

/// Whether the request has what the system takes for credentials; any will do.
fn is_let_in(systems: &Systems, system: &str, wish: &Wish, headers: &HeaderMap) -> bool {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match (system, wish) {
        ("greenhouse", Wish::Token) => given.starts_with("Basic "),
        ("greenhouse", _) => given == format!("Bearer token-{}", systems.seen().tokens),
        ("sample", _) => given.starts_with("Bearer "),
        _ => given.starts_with("Basic "),
    }
}

fn token(systems: &Systems, body: &[u8]) -> Response {
    let body = String::from_utf8_lossy(body);
    if !body.split('&').any(|field| field == "grant_type=client_credentials") {
        return json_body(StatusCode::BAD_REQUEST, &json!({"error": "unsupported_grant_type"}));
    }
    let number = {
        let mut seen = systems.seen();
        seen.tokens += 1;
        seen.tokens
    };
    let token = json!({"access_token": format!("token-{number}"), "token_type": "Bearer", "expires_in": 3600});
    json_body(StatusCode::OK, &token)
}

fn found_body(system: &str, candidate: Option<usize>, email: &str) -> Response {
    let list = |one: &dyn Fn(usize) -> Value| Value::from(candidate.map(one).into_iter().collect::<Vec<_>>());
    let body = match system {
        "greenhouse" => list(&|id| json!({"id": id, "email_addresses": [{"value": email, "type": "personal"}]})),
        "ashby" => json!({
            "success": true,
            "results": list(&|id| json!({"id": id.to_string(), "primaryEmailAddress": {"value": email}})),
        }),
        _ => json!({"data": list(&|id| json!({"id": id.to_string(), "emails": [email]})), "hasNext": false}),
    };
    json_body(StatusCode::OK, &body)
}

async fn write(
    systems: &Systems,
    system: &str,
    candidate: usize,
    kind: &'static str,
    headers: &HeaderMap,
    json: &Value,
    body: &[u8],
) -> Response {
    let fault = systems.fault(candidate);
    let is_now = |wanted: AtsFault| fault == Some(wanted) && systems.is_first(candidate);
    match fault {
        Some(AtsFault::ErrorIn200) => {
            return json_body(
                StatusCode::OK,
                &json!({"success": false, "errors": [{"message": "invalid"}], "errorInfo": {"code": "invalid_input"}}),
            );
        }
        Some(AtsFault::Conflict) => return error(StatusCode::CONFLICT),
        Some(AtsFault::Unprocessable) => return error(StatusCode::UNPROCESSABLE_ENTITY),
        Some(AtsFault::Unknown) => return error(StatusCode::NOT_FOUND),
        Some(AtsFault::Refused) => return error(StatusCode::FORBIDDEN),
        Some(AtsFault::Redirect) => {
            return (StatusCode::FOUND, [(header::LOCATION, "https://elsewhere.example/")]).into_response();
        }
        _ if fault == Some(AtsFault::OverLimit) || is_now(AtsFault::Limited) => {
            let mut response = error(StatusCode::TOO_MANY_REQUESTS);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(1));
            return response;
        }
        _ if is_now(AtsFault::Unavailable) => return error(StatusCode::SERVICE_UNAVAILABLE),
        _ if is_now(AtsFault::Page) => {
            return ([(header::CONTENT_TYPE, "text/html")], "<html>Sign in</html>").into_response();
        }
        _ if is_now(AtsFault::TokenEnded) => {
            systems.seen().tokens += 1;
            return error(StatusCode::UNAUTHORIZED);
        }
        _ if is_now(AtsFault::Silence) => return std::future::pending().await,
        _ => {}
    }
    let key = headers.get("idempotency-key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
    let number = {
        let email = systems.email(candidate);
        let mut seen = systems.seen();
        let known = seen.written.iter_mut().enumerate().find(|(_, one)| !key.is_empty() && one.idempotency_key == key);
        if let Some((number, known)) = known {
            known.times += 1;
            number
        } else {
            let body = if kind == "file" { uploaded(body) } else { json.clone() };
            let system = system.to_owned();
            seen.written.push(Written { system, email, kind, idempotency_key: key, times: 1, body });
            seen.written.len() - 1
        }
    };
    if is_now(AtsFault::AnswerLost) {
        return broken_off(Bytes::new(), 100, std::time::Duration::ZERO);
    }
    match system {
        _ if fault == Some(AtsFault::NoContent) => StatusCode::NO_CONTENT.into_response(),
        "ashby" => json_body(StatusCode::OK, &json!({"success": true, "results": {"id": format!("note-{number}")}})),
        "lever" => json_body(StatusCode::CREATED, &json!({"data": {"id": format!("note-{number}")}})),
        _ => json_body(StatusCode::CREATED, &json!({"id": number + 1})),
    }
}

/// Name and size of the file in a multipart body.
fn uploaded(body: &[u8]) -> Value {
    let text = String::from_utf8_lossy(body);
    let name = text.split_once("filename=\"").and_then(|(_, rest)| rest.split_once('"')).map(|(name, _)| name);
    json!({"file": name, "bytes": body.len()})
}

fn error(status: StatusCode) -> Response {
    json_body(status, &json!({"errors": [{"message": status.canonical_reason()}]}))
}

fn json_body(status: StatusCode, body: &Value) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}

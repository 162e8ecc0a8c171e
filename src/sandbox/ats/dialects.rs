//! The dialect of each system: the meaning of its requests, the credentials it takes, and its answers.

use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::Response;
use reqwest::Url;
use serde_json::{Value, json};

use super::state::Systems;
use crate::sandbox::response;

/// A request to one of the systems.
pub struct AtsRequest<'a> {
    pub system: &'a str,
    pub method: &'a Method,
    /// Segments of the path after the name of the system, decoded.
    pub path: &'a [&'a str],
    pub uri: &'a Uri,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
    /// The body as JSON; null if it is not JSON.
    pub json: Value,
}

/// Meaning of a request, whatever the system.
pub enum AtsAction {
    Token,
    Find(String),
    /// Write a `note` or a `file` about a candidate.
    Write(usize, &'static str),
    /// The request lacks a field that the system needs.
    Wrong(&'static str),
    Unknown,
}

pub fn action(systems: &Systems, request: &AtsRequest) -> AtsAction {
    let AtsRequest { system, method, path, uri, json, .. } = request;
    let text = |field: &str| json[field].as_str().filter(|text| !text.is_empty());
    let asked = || {
        let url = Url::parse(&format!("http://sandbox{uri}")).ok();
        url.and_then(|url| url.query_pairs().find(|(name, _)| name == "email").map(|(_, email)| email.into_owned()))
            .unwrap_or_default()
    };
    let about =
        |candidate: Option<usize>, kind| candidate.map_or(AtsAction::Unknown, |found| AtsAction::Write(found, kind));
    let with_id = |id: Option<usize>| id.and_then(|id| systems.with_id(id));
    match (*system, method.as_str(), *path) {
        ("greenhouse", "POST", ["token"]) => AtsAction::Token,
        ("greenhouse", "GET", ["v3", "candidates"]) => AtsAction::Find(asked()),
        ("greenhouse", "POST", ["v3", "notes"]) => match (json["candidate_id"].as_u64(), text("body")) {
            (Some(id), Some(_)) if json["note_type"] == "NOTE" => about(with_id(usize::try_from(id).ok()), "note"),
            (None, _) => AtsAction::Wrong("candidate_id"),
            _ => AtsAction::Wrong("body"),
        },
        ("ashby", "POST", ["candidate.search"]) => AtsAction::Find(text("email").unwrap_or_default().to_owned()),
        ("ashby", "POST", ["candidate.createNote"]) => match (text("candidateId"), text("note")) {
            (Some(id), Some(_)) => about(with_id(id.parse().ok()), "note"),
            _ => AtsAction::Wrong("note"),
        },
        ("lever", "GET", ["v1", "opportunities"]) => AtsAction::Find(asked()),
        ("lever", "POST", ["v1", "opportunities", id, "notes"]) => match text("value") {
            Some(_) => about(with_id(id.parse().ok()), "note"),
            None => AtsAction::Wrong("value"),
        },
        ("lever", "POST", ["v1", "opportunities", id, "files"]) => about(with_id(id.parse().ok()), "file"),
        ("sample", "PATCH", ["candidates", email]) if json["screening_notes"].is_string() => {
            about(systems.candidate(email), "note")
        }
        ("sample", "PATCH", ["candidates", _]) => AtsAction::Wrong("screening_notes"),
        ("sample", "POST", ["candidates", email, "files"]) => about(systems.candidate(email), "file"),
        _ => AtsAction::Unknown,
    }
}

/// Whether the request has credentials of the kind that the system takes. Their content is not checked, except that of
/// tokens.
pub fn is_let_in(systems: &Systems, request: &AtsRequest, action: &AtsAction) -> bool {
    let given = request.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    match (request.system, action) {
        ("greenhouse", AtsAction::Token) => given.starts_with("Basic "),
        ("greenhouse", _) => given == format!("Bearer token-{}", systems.tokens()),
        ("sample", _) => given.starts_with("Bearer "),
        _ => given.starts_with("Basic "),
    }
}

/// The answer to a search by e-mail address, which finds these candidates: id, address, and address of the referrer.
pub fn answer_found(system: &str, found: &[(usize, &str, &str)], asked: &str) -> Response {
    let list = |one: &dyn Fn(usize, &str) -> Value| -> Value {
        let with_referrer = |(id, email, referrer): &(usize, &str, &str)| {
            let mut one = one(*id, email);
            one["referrer"] = json!({ "email": referrer });
            one
        };
        found.iter().map(with_referrer).collect()
    };
    let body = match system {
        "greenhouse" => list(&|id, email| json!({"id": id, "email_addresses": [{"value": email, "type": "personal"}]})),
        "ashby" => json!({
            "success": true,
            "query": asked,
            "results": list(&|id, email| json!({"id": id.to_string(), "primaryEmailAddress": {"value": email}})),
        }),
        _ => json!({
            "query": asked,
            "data": list(&|id, email| json!({"id": id.to_string(), "emails": [email]})),
            "hasNext": false,
        }),
    };
    response::json(StatusCode::OK, &body)
}

/// The answer to a write that has this number.
pub fn answer_written(system: &str, number: usize) -> Response {
    match system {
        "ashby" => {
            response::json(StatusCode::OK, &json!({"success": true, "results": {"id": format!("note-{number}")}}))
        }
        "lever" => response::json(StatusCode::CREATED, &json!({"data": {"id": format!("note-{number}")}})),
        _ => response::json(StatusCode::CREATED, &json!({"id": number + 1})),
    }
}

//! The plain twin of the reader: it builds the whole body as JSON, and takes out what it needs.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use super::contract::Violation;
use crate::model::interview::{Candidate, Interview, Job, Question, Response, Status};
use crate::model::recording::Link;

pub fn read_interview(bytes: &[u8]) -> Result<Interview, Violation> {
    let mut body = object(bytes)?;
    let id = required(&mut body, "id")?;
    let status = Status::from_word(&required(&mut body, "status")?);
    let mut job = child(&mut body, "job");
    let mut candidate = child(&mut body, "candidate");
    Ok(Interview {
        id,
        status,
        job: Job { id: text(&mut job, "id"), title: text(&mut job, "title"), department: text(&mut job, "department") },
        candidate: Candidate {
            id: text(&mut candidate, "id"),
            name: text(&mut candidate, "name"),
            email: text(&mut candidate, "email"),
        },
        created_at: time(&body, "created_at"),
        started_at: time(&body, "started_at"),
        completed_at: time(&body, "completed_at"),
        expires_at: time(&body, "expires_at"),
        responses: list(&mut body, "responses", read_response)?,
        mended: false,
    })
}
pub fn read_questions_of(id: &str, bytes: &[u8]) -> Result<Vec<Question>, Violation> {
    let mut body = object(bytes)?;
    if text(&mut body, "interview_id").is_some_and(|other| other != id) {
        return Err(Violation::OtherId);
    }
    list(&mut body, "questions", |_, mut question| {
        Ok(Question {
            id: text(&mut question, "id"),
            text: text(&mut question, "question_text"),
            question_type: text(&mut question, "question_type"),
            time_limit_seconds: seconds(&question, "time_limit_seconds"),
            order: question.get("order").and_then(Value::as_i64),
            is_custom: question.get("is_custom").and_then(Value::as_bool).unwrap_or(false),
        })
    })
}

fn read_response(place: &str, mut response: Map<String, Value>) -> Result<Response, Violation> {
    let transcript = match response.remove("transcript") {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => Some(text),
        other => return Err(wrong(format!("{place}.transcript"), other.as_ref(), "a string or null")),
    };
    let link = text(&mut response, "audio_url").filter(|link| !link.is_empty()).map(Link::new);
    Ok(Response {
        question_id: text(&mut response, "question_id"),
        question_text: text(&mut response, "question_text"),
        question_type: text(&mut response, "question_type"),
        transcript,
        duration_seconds: seconds(&response, "duration_seconds"),
        answered_at: time(&response, "answered_at"),
        has_audio: link.is_some(),
        link,
    })
}

fn object(bytes: &[u8]) -> Result<Map<String, Value>, Violation> {
    let text = std::str::from_utf8(bytes).map_err(|_| Violation::NotUtf8)?;
    let value: Value = serde_json::from_str(text).map_err(|error| {
        if error.to_string().contains("recursion limit") {
            return Violation::TooDeep;
        }
        Violation::NotJson { line: error.line(), column: error.column() }
    })?;
    match value {
        Value::Object(map) => Ok(map),
        other => Err(wrong("the body".to_owned(), Some(&other), "an object")),
    }
}

// Texts are taken out of the JSON and not copied: they are most of a body.

fn required(map: &mut Map<String, Value>, field: &str) -> Result<String, Violation> {
    match map.remove(field) {
        Some(Value::String(text)) if !text.is_empty() => Ok(text),
        other => Err(wrong(field.to_owned(), other.as_ref(), "a string")),
    }
}
fn child(map: &mut Map<String, Value>, field: &str) -> Map<String, Value> {
    match map.remove(field) {
        Some(Value::Object(child)) => child,
        _ => Map::new(),
    }
}

fn text(map: &mut Map<String, Value>, field: &str) -> Option<String> {
    match map.remove(field) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    }
}
fn seconds(map: &Map<String, Value>, field: &str) -> Option<f64> {
    map.get(field).and_then(Value::as_f64).filter(|seconds| seconds.is_finite() && *seconds >= 0.0)
}
fn time(map: &Map<String, Value>, field: &str) -> Option<Timestamp> {
    let text = map.get(field)?.as_str()?;
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time);
    }
    let local: DateTime = text.parse().ok()?;
    TimeZone::UTC.to_timestamp(local).ok()
}

fn list<T>(
    map: &mut Map<String, Value>,
    field: &str,
    read: impl Fn(&str, Map<String, Value>) -> Result<T, Violation>,
) -> Result<Vec<T>, Violation> {
    let items = match map.remove(field) {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(items)) => items,
        other => return Err(wrong(field.to_owned(), other.as_ref(), "a list")),
    };
    let read_one = |(index, item): (usize, Value)| {
        let place = format!("{field}[{index}]");
        match item {
            Value::Object(map) => read(&place, map),
            other => Err(wrong(place, Some(&other), "an object")),
        }
    };
    items.into_iter().enumerate().map(read_one).collect()
}

fn wrong(field: String, found: Option<&Value>, expected: &'static str) -> Violation {
    let found = match found {
        None => "missing",
        Some(Value::Null) => "null",
        Some(Value::Bool(_)) => "a boolean",
        Some(Value::Number(_)) => "a number",
        Some(Value::String(text)) if text.is_empty() => "empty",
        Some(Value::String(_)) => "a string",
        Some(Value::Array(_)) => "a list",
        Some(Value::Object(_)) => "an object",
    };
    Violation::WrongType { field, found, expected }
}

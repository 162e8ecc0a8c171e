//! The routes of the API: they check the key, apply the limit, and answer.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use serde_json::{Value, json};

use super::links::{LINK_LIFETIME_SECONDS, LinkSigner};
use super::response;
use super::state::{SandboxApi, unix_now};
use crate::http::pace::limiter::Admission;

/// The kind of body that a path leads to.
#[derive(Clone, Copy)]
enum Resource {
    Interview,
    Questions,
}

/// The routes of the API and of the stats.
pub fn router(api: Arc<SandboxApi>) -> Router {
    type Id = Result<Path<String>, PathRejection>;
    let resource = |resource| {
        get(async move |State(api): State<Arc<SandboxApi>>, headers: HeaderMap, id: Id| {
            // An id that is not UTF-8 is an id that nothing has.
            let index = id.ok().and_then(|Path(id)| api.interviews.find(&id));
            answer(&api, &headers, index.map(|index| (resource, index))).await
        })
    };
    let unknown = async |State(api): State<Arc<SandboxApi>>, headers: HeaderMap| answer(&api, &headers, None).await;
    Router::new()
        .route("/api/v1/interviews/{id}", resource(Resource::Interview))
        .route("/api/v1/interviews/{id}/questions", resource(Resource::Questions))
        .route(
            "/_sandbox/stats",
            get(async |State(api): State<Arc<SandboxApi>>| response::json(StatusCode::OK, &json!(api.stats()))),
        )
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .with_state(api)
}

/// Answers one request to the API. `wanted` is `None` if the path or the id is unknown.
async fn answer(api: &SandboxApi, headers: &HeaderMap, wanted: Option<(Resource, usize)>) -> Response {
    let response = match key_of(&api.keys, headers) {
        Ok(key) => within_limit(api, key, wanted).await,
        Err(refusal) => *refusal,
    };
    api.state().counter.answered(response.status().as_u16());
    if !api.latency.is_zero() {
        tokio::time::sleep(api.latency).await;
    }
    response
}

/// The number of the key that a request has.
///
/// # Errors
/// The answer to a request without a right key.
fn key_of(keys: &[String], headers: &HeaderMap) -> Result<usize, Box<Response>> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let given = given.split_once(' ').filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let number_of = |given: &str| keys.iter().position(|key| key == given);
    let (_, given) = given.unwrap_or_default();
    number_of(given).ok_or_else(|| {
        Box::new(match given.strip_suffix("-suspended").and_then(number_of) {
            Some(_) => error(StatusCode::FORBIDDEN, "forbidden", "Your subscription does not include API access"),
            None => error(StatusCode::UNAUTHORIZED, "unauthorized", "Missing or invalid API key"),
        })
    })
}

/// Answers a request that has a key, by its number, if the limit of the key admits it.
async fn within_limit(api: &SandboxApi, key: usize, wanted: Option<(Resource, usize)>) -> Response {
    let (mut admission, fault) = {
        let mut state = api.state();
        let now = api.started.elapsed();
        state.counter.arrived(key, now);
        let admission = state.limiters.get_mut(key).map(|limiter| limiter.admit(now));
        let fault = api.faults.as_ref().zip(wanted).filter(|_| admission.is_none_or(|admission| admission.admitted));
        let fault = fault.and_then(|(faults, (resource, index))| {
            let questions = matches!(resource, Resource::Questions);
            faults.draw(index, questions, state.counter.asked(index, questions))
        });
        state.counter.spoilt(fault.map(|drawn| drawn.fault));
        (admission, fault)
    };
    let storm = fault.and_then(|drawn| drawn.fault.retry_after());
    if let (Some(admission), Some(_)) = (&mut admission, &storm) {
        *admission = Admission { admitted: false, remaining: 0, reset_in: Duration::from_secs(1), ..*admission };
    }
    let mut response = match (admission, wanted) {
        _ if let Some(retry_after) = storm => refused(1, retry_after),
        (Some(admission), _) if !admission.admitted => refused(ceil_seconds(admission.reset_in), None),
        (_, None) => error(StatusCode::NOT_FOUND, "resource_not_found", "Interview not found"),
        (_, Some((resource, index))) => {
            let body = match resource {
                Resource::Interview => with_links(api.interviews.interview(index), &api.links),
                Resource::Questions => api.interviews.questions(index),
            };
            if fault.is_none_or(|drawn| drawn.fault.is_harmless()) {
                api.state().counter.served(index, matches!(resource, Resource::Questions));
            }
            match fault {
                Some(drawn) => drawn.spoil(body, &api.elsewhere).await,
                None => response::json(StatusCode::OK, &body),
            }
        }
    };
    if let Some(admission) = admission {
        set_limit_headers(response.headers_mut(), admission);
    }
    if let Some(drawn) = fault {
        drawn.spoil_headers(response.headers_mut());
    }
    response
}

fn refused(seconds: u64, retry_after: Option<String>) -> Response {
    let message = format!("Rate limit exceeded. Please retry after {seconds} seconds.");
    let mut response = error(StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", &message);
    if let Some(value) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::try_from(value).expect("it is ASCII"));
    }
    response
}

/// Replaces each link to a recording in a body by a fresh one.
fn with_links(mut body: Value, links: &LinkSigner) -> Value {
    let expires = unix_now().as_secs() + LINK_LIFETIME_SECONDS;
    let interview = body["id"].as_str().unwrap_or_default().to_owned();
    let responses = body.get_mut("responses").and_then(Value::as_array_mut);
    for (position, response) in responses.into_iter().flatten().enumerate() {
        if response["audio_url"].is_string() {
            let question = response["question_id"].as_str().map_or_else(|| position.to_string(), str::to_owned);
            response["audio_url"] = json!(links.link(&interview, &question, expires));
        }
    }
    body
}

fn set_limit_headers(headers: &mut HeaderMap, admission: Admission) {
    // Rounded up, so that a client that waits until then is not a fraction of a second early.
    let reset = ceil_seconds(unix_now() + admission.reset_in);
    headers.insert("x-ratelimit-limit", HeaderValue::from(admission.limit));
    headers.insert("x-ratelimit-remaining", HeaderValue::from(admission.remaining));
    headers.insert("x-ratelimit-reset", HeaderValue::from(reset));
}

fn error(status: StatusCode, kind: &str, message: &str) -> Response {
    response::json(status, &json!({"error": {"type": kind, "message": message}}))
}

fn ceil_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

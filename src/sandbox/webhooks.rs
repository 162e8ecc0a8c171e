//! Sends the vendor's webhooks from this machine: signed events of the sandbox's interviews, and requests that a
//! receiver must refuse.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, Url};
use serde_json::{Value, json};

use super::faults::in_turn;
use super::interviews::Interviews;
use super::random::mix;
use crate::http::client::{Reach, client};
use crate::round0::webhook::{self, SIGNATURE_HEADER, Secret};

/// How long to wait for an answer: as long as the vendor does.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// Pauses before an event that is not acknowledged is sent again.
const PAUSES: [Duration; 4] =
    [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(25)];
/// Size in bytes of the padding that makes a body too large for any receiver.
const OVERSIZED: usize = 2 << 20;

/// A fault of the events of an interview.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookFault {
    /// The events come after those of all other interviews.
    Late,
    /// Each event is sent twice, each time with a new signature.
    Twice,
    /// The event of the end comes before that of the start.
    OutOfOrder,
    /// After each event, a request for it is sent twice more, both times with the same bytes and signature.
    Replayed,
    /// An additional event is signed with a wrong secret.
    Forged,
    /// An additional event has a signature that is an hour old.
    Stale,
    /// An additional event is cut short after it was signed.
    Truncated,
    /// An additional event has a body of more than 2 MiB.
    Oversized,
}

/// Target and secret of the webhooks. It has no `Debug` because it contains a secret.
pub struct Webhooks {
    pub to: Url,
    pub secret: Secret,
    /// Faults that are given in turn to one interview in three.
    pub faults: Vec<WebhookFault>,
}

/// Number of requests by the status of their answer; 0 is no answer.
pub type SentEvents = BTreeMap<u16, u64>;

struct EventSender<'a> {
    webhooks: &'a Webhooks,
    client: Client,
    sent: SentEvents,
}

/// Sends the events of all interviews, of their start and of their completion. They are in order, except for the
/// faults.
///
/// # Errors
/// When the HTTP client cannot be made.
pub async fn send(webhooks: &Webhooks, interviews: &Interviews, seed: u64) -> io::Result<SentEvents> {
    let client = client(Reach::of(&webhooks.to), |builder| builder.no_proxy().timeout(ANSWER_WITHIN))
        .map_err(io::Error::other)?;
    let mut sender = EventSender { webhooks, client, sent: SentEvents::new() };
    let mut late = Vec::new();
    for index in 0..interviews.ids().count() {
        let fault = in_turn(&webhooks.faults, index);
        let events = events(&interviews.interview(index), seed, index);
        match fault {
            Some(WebhookFault::Late) => late.extend(events),
            fault => sender.interview(events, fault).await,
        }
    }
    sender.interview(late, None).await;
    Ok(sender.sent)
}

impl EventSender<'_> {
    async fn interview(&mut self, mut events: Vec<Value>, fault: Option<WebhookFault>) {
        if fault == Some(WebhookFault::OutOfOrder) {
            events.reverse();
        }
        for event in &events {
            let body = event.to_string().into_bytes();
            let signature = self.webhooks.secret.sign(Timestamp::now(), &body);
            self.until_acknowledged(&body).await;
            match fault {
                Some(WebhookFault::Twice) => self.until_acknowledged(&body).await,
                Some(WebhookFault::Replayed) => {
                    for _ in 0..2 {
                        self.request(&signature, body.clone()).await;
                    }
                }
                _ => {}
            }
        }
        if let (Some(fault), Some(event)) = (fault, events.first()) {
            self.send_bad_request(event.clone(), fault).await;
        }
    }

    /// Sends a request that a receiver must refuse. Its ids exist nowhere, so that a receiver that accepts it is
    /// detected.
    async fn send_bad_request(&mut self, mut event: Value, fault: WebhookFault) {
        event["id"] = json!(format!("{}-refuse-this", event["id"].as_str().unwrap_or_default()));
        event["data"]["interview"]["id"] = json!("refuse-this");
        if fault == WebhookFault::Oversized {
            event["padding"] = json!("x".repeat(OVERSIZED));
        }
        let mut body = event.to_string().into_bytes();
        let now = Timestamp::now();
        let secret = &self.webhooks.secret;
        let signature = match fault {
            WebhookFault::Forged => Secret::new("whsec_of-somebody-else").sign(now, &body),
            WebhookFault::Stale => secret.sign(now - SignedDuration::from_hours(1), &body),
            WebhookFault::Truncated | WebhookFault::Oversized => secret.sign(now, &body),
            WebhookFault::Late | WebhookFault::Twice | WebhookFault::OutOfOrder | WebhookFault::Replayed => return,
        };
        if fault == WebhookFault::Truncated {
            body.truncate(body.len() / 2);
        }
        self.request(&signature, body).await;
    }

    async fn until_acknowledged(&mut self, body: &[u8]) {
        let mut pauses = PAUSES.iter();
        loop {
            let signature = self.webhooks.secret.sign(Timestamp::now(), body);
            let status = self.request(&signature, body.to_vec()).await;
            match pauses.next() {
                Some(pause) if !(200..300).contains(&status) => tokio::time::sleep(*pause).await,
                _ => return,
            }
        }
    }

    async fn request(&mut self, signature: &str, body: Vec<u8>) -> u16 {
        let request = self.client.post(self.webhooks.to.clone()).header(SIGNATURE_HEADER, signature);
        let request = request.header("content-type", "application/json").body(body);
        let status = request.send().await.map_or(0, |response| response.status().as_u16());
        *self.sent.entry(status).or_default() += 1;
        status
    }
}

/// The events of an interview, as the vendor documents them.
fn events(interview: &Value, seed: u64, index: usize) -> Vec<Value> {
    let id = |stream: u64| {
        let first = mix(mix(seed) ^ (index as u64) << 1 ^ stream);
        format!("evt_{first:016x}{:016x}", mix(first))
    };
    let seconds = |field: &str| {
        let time = interview[field].as_str().and_then(|text| text.parse::<Timestamp>().ok());
        time.map(Timestamp::as_second)
    };
    let event = |kind: &str, stream: u64, created: i64| {
        let field = |place: &str| interview.pointer(place).cloned().unwrap_or_default();
        let is_ended = kind == webhook::ENDED;
        json!({
            "id": id(stream),
            "type": kind,
            "created": created,
            "data": {
                "interview": {
                    "id": interview["id"],
                    "token": format!("tok_{}", &id(2)[4..]),
                    "status": if is_ended { interview["status"].clone() } else { json!("in_progress") },
                    "started_at": interview["started_at"],
                    "completed_at": if is_ended { interview["completed_at"].clone() } else { Value::Null },
                    "expires_at": field("/expires_at"),
                    "created_at": field("/created_at"),
                },
                "job": {
                    "id": field("/job/id"), "title": field("/job/title"), "department": field("/job/department"),
                    "location": null,
                },
                "candidate": {
                    "id": field("/candidate/id"), "name": field("/candidate/name"),
                    "email": field("/candidate/email"), "title": null,
                },
            },
        })
    };
    let started = seconds("started_at").map(|created| event(webhook::STARTED, 0, created));
    let ended = seconds("completed_at").map(|created| event(webhook::ENDED, 1, created));
    started.into_iter().chain(ended).collect()
}

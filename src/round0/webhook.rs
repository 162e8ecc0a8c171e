//! The vendor's webhooks: the signature of a request, and the event that it brings.

use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sha2::Sha256;

use crate::model::json::read_tree;

/// The header that holds the signature.
pub const SIGNATURE_HEADER: &str = "x-webhook-signature";
/// The path that events are sent to. This program defines it.
pub const PATH: &str = "/webhooks/round0";
/// The type of the event for an interview that was started.
pub const STARTED: &str = "interview_started";
/// The type of the event for an interview that has ended.
pub const ENDED: &str = "interview_ended";
/// How far the time of a signature may be from now, in either direction.
pub const TOLERANCE: SignedDuration = SignedDuration::from_mins(5);
/// Most bytes of an event's id or type. The vendor's ids have 36.
const LONGEST_WORD: usize = 200;
/// Most values of an event. The vendor's have some twenty.
const MOST_VALUES: usize = 10_000;

/// The secret that signs events. Has no `Debug`, so that it cannot be logged.
#[derive(Clone)]
pub struct Secret(Hmac<Sha256>);

impl Secret {
    /// # Panics
    /// Never: HMAC takes a key of any length.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        Self(Hmac::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length"))
    }

    /// The header value for a body that is sent at a time: `t=<unix seconds>,v1=<HMAC-SHA256 of "<t>.<body>" in hex>`.
    #[must_use]
    pub fn sign(&self, at: Timestamp, body: &[u8]) -> String {
        let time = at.as_second().to_string();
        let mac = self.mac(&time, body).finalize().into_bytes();
        format!("t={time},v1={}", hex::encode(mac))
    }

    fn mac(&self, time: &str, body: &[u8]) -> Hmac<Sha256> {
        self.0.clone().chain_update(time).chain_update(b".").chain_update(body)
    }
}

/// Why a signature is refused. Reveals nothing of the body or the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("there is no signature of the form t=…,v1=…")]
    Malformed,
    #[error("the signature is more than five minutes old or ahead")]
    Stale,
    #[error("the signature is not of this body and any of the secrets")]
    Forged,
}

/// A parsed signature header.
#[derive(Debug)]
pub struct Signature<'a> {
    /// The time as it is written in the header, because it is part of what was signed.
    time: &'a str,
    /// Every `v1` value.
    candidates: Vec<[u8; 32]>,
}

impl<'a> Signature<'a> {
    /// Parses the header and checks its time, which needs no body. Schemes other than `v1` are ignored.
    ///
    /// # Errors
    /// [`Refusal::Malformed`] or [`Refusal::Stale`].
    pub fn read(header: &'a str, now: Timestamp) -> Result<Self, Refusal> {
        let mut time = None;
        let mut candidates = Vec::new();
        for part in header.split(',') {
            match part.trim().split_once('=') {
                Some(("t", value)) if time.is_none() => time = Some(value),
                Some(("t", _)) | None => return Err(Refusal::Malformed),
                Some(("v1", value)) => {
                    // A malformed candidate is ignored, because another one may be right.
                    let mut candidate = [0; 32];
                    if hex::decode_to_slice(value, &mut candidate).is_ok() {
                        candidates.push(candidate);
                    }
                }
                Some(_) => {}
            }
        }
        let time = time.filter(|time| !time.is_empty() && time.bytes().all(|byte| byte.is_ascii_digit()));
        let time = time.filter(|_| !candidates.is_empty()).ok_or(Refusal::Malformed)?;
        let at = time.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok()).ok_or(Refusal::Stale)?;
        if now.duration_since(at).abs() > TOLERANCE {
            return Err(Refusal::Stale);
        }
        Ok(Self { time, candidates })
    }

    /// Checks that one of the secrets signed this body. Takes the same time for every secret and every wrong signature.
    ///
    /// # Errors
    /// [`Refusal::Forged`].
    pub fn verify(&self, body: &[u8], secrets: &[Secret]) -> Result<(), Refusal> {
        let mut signed = false;
        for secret in secrets {
            let mac = secret.mac(self.time, body);
            for candidate in &self.candidates {
                // The crate compares in constant time.
                signed |= mac.clone().verify_slice(candidate).is_ok();
            }
        }
        if signed { Ok(()) } else { Err(Refusal::Forged) }
    }
}

/// An event. It contains no token that opens an interview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The same for the same event, however often it is sent.
    pub id: String,
    /// [`STARTED`], [`ENDED`], or another type that the vendor may add.
    pub kind: String,
    /// The id of the interview, if the event names one.
    pub interview: Option<String>,
    /// The body as JSON, without the token.
    pub body: Vec<u8>,
}

/// The error for a signed body that is not an event. Holds no value of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the body is no JSON object with the texts `id` and `type`, or holds more than {MOST_VALUES} values")]
pub struct NoEvent;

impl Event {
    /// Parses a body whose signature was verified. The candidate's token would open the interview, so every field of
    /// that name is dropped, and every text that contains it, such as a link.
    ///
    /// # Errors
    /// When it is no JSON, holds very many values, or has no usable `id` and `type`.
    pub fn read(body: &[u8]) -> Result<Self, NoEvent> {
        let mut value = read_tree(body, MOST_VALUES).map_err(|_| NoEvent)?;
        let word = |field: &str| {
            let word = value.get(field).and_then(Value::as_str);
            word.filter(|word| !word.is_empty() && word.len() <= LONGEST_WORD).map(str::to_owned).ok_or(NoEvent)
        };
        let (id, kind) = (word("id")?, word("type")?);
        let mut tokens = Vec::new();
        drop_tokens(&mut value, &mut tokens);
        drop_texts_with(&mut value, &tokens);
        let interview = value.pointer("/data/interview/id").and_then(Value::as_str).map(str::to_owned);
        let body = serde_json::to_vec(&value).expect("a JSON value can be written");
        Ok(Self { id, kind, interview, body })
    }
}

fn drop_tokens(value: &mut Value, tokens: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            map.retain(|key, value| {
                let is_token = key.eq_ignore_ascii_case("token");
                if let (true, Value::String(token)) = (is_token, value) {
                    tokens.push(std::mem::take(token));
                }
                !is_token
            });
            map.values_mut().for_each(|value| drop_tokens(value, tokens));
        }
        Value::Array(values) => values.iter_mut().for_each(|value| drop_tokens(value, tokens)),
        _ => {}
    }
}

fn drop_texts_with(value: &mut Value, tokens: &[String]) {
    match value {
        Value::Object(map) => map.values_mut().for_each(|value| drop_texts_with(value, tokens)),
        Value::Array(values) => values.iter_mut().for_each(|value| drop_texts_with(value, tokens)),
        Value::String(text) if tokens.iter().any(|token| !token.is_empty() && text.contains(token)) => {
            *value = Value::Null;
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_nowhere_in_an_event() {
        let body = br#"{"id":"evt_1","type":"interview_ended","data":{"token":"t0p","url":"https://x/t0p?y","list":[{"Token":7}],
            "interview":{"id":"a-1","token":"s3cret","link":"https://x/s3cret"},"candidate":{"name":"A"}}}"#;
        let event = Event::read(body).unwrap();
        assert_eq!((&*event.id, &*event.kind, event.interview.as_deref()), ("evt_1", "interview_ended", Some("a-1")));
        let kept: Value = serde_json::from_slice(&event.body).unwrap();
        let expected = serde_json::json!({"id": "evt_1", "type": "interview_ended", "data": {"url": null, "list": [{}],
            "interview": {"id": "a-1", "link": null}, "candidate": {"name": "A"}}});
        assert_eq!(kept, expected);
    }

    #[test]
    fn half_a_character_costs_no_event() {
        let body = br#"{"id":"evt_1","type":"x","data":{"interview":{"id":"a-1"},"candidate":{"name":"Jo \ud83d"}}}"#;
        let event = Event::read(body).unwrap();
        assert_eq!(event.interview.as_deref(), Some("a-1"));
        assert!(String::from_utf8(event.body).unwrap().contains("Jo \u{FFFD}"));
    }

    #[test]
    fn a_token_that_is_also_the_id_of_the_interview_leaves_none() {
        let body = br#"{"id":"evt_1","type":"x","data":{"interview":{"id":"same","token":"same"}}}"#;
        assert_eq!(Event::read(body).unwrap().interview, None);
    }

    #[test]
    fn what_is_no_event_is_refused() {
        for body in ["", "[]", "7", "{", r#"{"id":1,"type":"x"}"#, r#"{"id":"","type":"x"}"#, r#"{"id":"evt_1"}"#] {
            assert_eq!(Event::read(body.as_bytes()), Err(NoEvent), "{body}");
        }
        let wide = format!(r#"{{"id":"evt_1","type":"x","data":[{}{{}}]}}"#, r#"{"":0},"#.repeat(MOST_VALUES / 2));
        assert_eq!(Event::read(wide.as_bytes()), Err(NoEvent));
        let deep = format!(r#"{{"id":"evt_1","type":"x","data":{}1{}}}"#, "[".repeat(200_000), "]".repeat(200_000));
        assert_eq!(Event::read(deep.as_bytes()), Err(NoEvent));
    }
}

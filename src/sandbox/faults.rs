//! Faults between a client and an API, on demand: the share of answers that are spoilt, and how.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::random::{Random, mix};
use super::response::{broken_off, promised};
use crate::model::document::from_toml;
use crate::model::{Error, Result};

/// Seconds by which a server with a wrong clock is ahead.
const SKEW_SECONDS: i64 = 3 * 60 * 60;
/// Pause before the connection of a truncated answer ends, so that the bytes before it are delivered.
const CUT_AFTER: Duration = Duration::from_millis(10);
const HUGE_TRANSCRIPT_BYTES: usize = 5 << 20;
const DEPTH: usize = 200_000;
const HUGE_RECORDING_BYTES: u64 = 5_000_000_000;
/// Of faults given in turn, one interview or candidate in this many has one.
const FAULT_EVERY: usize = 3;

/// Ways to spoil an answer; `docs/faults.md` describes each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ApiFault {
    RateLimited,
    #[serde(rename = "rate-limited-retry-after-0")]
    RateLimitedRetryAfter0,
    RateLimitedRetryAfterDate,
    RateLimitedRetryAfterFar,
    #[serde(rename = "status-500")]
    Status500,
    #[serde(rename = "status-502")]
    Status502,
    #[serde(rename = "status-503")]
    Status503,
    SlowFirstByte,
    Stall,
    Reset,
    Cut,
    TruncatedJson,
    Html,
    WrongTypes,
    MissingFields,
    Nulls,
    UnknownStatus,
    ExtraFields,
    DuplicateIds,
    OtherId,
    HugeTranscript,
    Deep,
    #[serde(rename = "invalid-utf8")]
    InvalidUtf8,
    ClockSkew,
    NoLimitHeaders,
    Redirect,
    AudioHtml,
    AudioEmpty,
    AudioEndless,
    AudioHuge,
    AudioRedirect,
    AudioCut,
    AudioStall,
    AudioExpired,
    #[serde(rename = "audio-status-500")]
    AudioStatus500,
}

/// A faults file: `seed`, and any number of `[[fault]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Faults {
    #[serde(default)]
    seed: u64,
    fault: Vec<FaultEntry>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct FaultEntry {
    kind: ApiFault,
    /// Share of the requests or interviews that have the fault, from 0 to 1.
    share: f64,
    #[serde(default)]
    of: ShareOf,
    /// Delay of a slow or stalled answer.
    #[serde(default = "two_seconds")]
    delay: SignedDuration,
}

/// The unit that a share counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ShareOf {
    /// The fault is drawn anew for every request.
    #[default]
    Requests,
    /// The fault is drawn once for each interview, and is the same for all its requests.
    Interviews,
}

fn two_seconds() -> SignedDuration {
    SignedDuration::from_secs(2)
}

/// A fault that was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrawnFault {
    pub fault: ApiFault,
    delay: Duration,
}

impl Faults {
    /// Reads a faults file; `name` is its name in messages.
    ///
    /// # Errors
    /// A usage error that names the file and line, or the fault whose share or delay is invalid.
    pub fn parse(text: &str, name: &str) -> Result<Self> {
        let faults: Self = from_toml(text, name)?;
        for (index, entry) in faults.fault.iter().enumerate() {
            if !(0.0..=1.0).contains(&entry.share) || entry.delay.is_negative() {
                let message = format!("{name}: fault {}: a share is from 0 to 1, and no delay is negative", index + 1);
                return Err(Error::usage(message));
            }
        }
        Ok(faults)
    }

    /// Draws the fault of request `ordinal` for an interview or its questions. The first entry that is drawn wins. The
    /// result depends only on these numbers and the seed, whatever else is requested.
    pub fn draw(&self, interview: usize, questions: bool, ordinal: u64) -> Option<DrawnFault> {
        let of_body = (interview as u64) << 24 ^ u64::from(questions) << 23;
        self.first_drawn(false, ordinal, |index, which| of_body ^ index << 16 ^ which << 40)
    }

    /// Draws the fault of request `ordinal` for a recording, whose number is `recording`. With a share of interviews,
    /// the same recordings always have the fault.
    pub fn draw_recording(&self, recording: u64, ordinal: u64) -> Option<DrawnFault> {
        self.first_drawn(true, ordinal, |index, which| mix(recording ^ mix(index << 32 ^ which)))
    }

    /// The first entry that is drawn. `stream` gives the stream of random numbers from the index of the entry and the
    /// request it is drawn for.
    fn first_drawn(&self, of_audio: bool, ordinal: u64, stream: impl Fn(u64, u64) -> u64) -> Option<DrawnFault> {
        let is_drawn = |(index, entry): &(u64, &FaultEntry)| {
            let which = if entry.of == ShareOf::Requests { ordinal + 1 } else { 0 };
            entry.kind.is_audio_fault() == of_audio && self.is_drawn(stream(*index, which), entry)
        };
        let (_, entry) = (0..).zip(&self.fault).find(is_drawn)?;
        Some(DrawnFault { fault: entry.kind, delay: entry.delay.unsigned_abs() })
    }

    fn is_drawn(&self, stream: u64, entry: &FaultEntry) -> bool {
        const FINE: usize = 1 << 30;
        (Random::new(self.seed, stream).below(FINE) as f64) < entry.share * FINE as f64
    }
}

impl ApiFault {
    /// Whether it is a fault of the audio host rather than of the API.
    fn is_audio_fault(self) -> bool {
        matches!(
            self,
            Self::AudioHtml
                | Self::AudioEmpty
                | Self::AudioEndless
                | Self::AudioHuge
                | Self::AudioRedirect
                | Self::AudioCut
                | Self::AudioStall
                | Self::AudioExpired
                | Self::AudioStatus500
        )
    }

    /// The `Retry-After` of a refusal as if the limit were reached. The outer `None` is no refusal, the inner `None` is
    /// no such header.
    pub fn retry_after(self) -> Option<Option<String>> {
        match self {
            Self::RateLimited => Some(None),
            Self::RateLimitedRetryAfter0 => Some(Some("0".to_owned())),
            Self::RateLimitedRetryAfterDate => Some(Some(date_in(1))),
            Self::RateLimitedRetryAfterFar => Some(Some("999999999".to_owned())),
            _ => None,
        }
    }

    /// Whether the client still gets the whole body as the contract has it.
    pub fn is_harmless(self) -> bool {
        matches!(
            self,
            Self::SlowFirstByte
                | Self::Nulls
                | Self::UnknownStatus
                | Self::ExtraFields
                | Self::DuplicateIds
                | Self::HugeTranscript
                | Self::Deep
                | Self::ClockSkew
                | Self::NoLimitHeaders
        )
    }

    /// Applies the fault to a body that stays JSON.
    fn change(self, body: &mut Value) {
        let Some(fields) = body.as_object_mut() else { return };
        let first = fields.get_mut("responses").and_then(Value::as_array_mut);
        match self {
            Self::WrongTypes => _ = fields.insert("responses".to_owned(), json!("none")),
            Self::MissingFields => _ = fields.remove("id"),
            Self::Nulls => {
                let needed = ["id", "interview_id", "status", "questions"];
                fields
                    .iter_mut()
                    .filter(|(key, _)| !needed.contains(&key.as_str()))
                    .for_each(|(_, value)| *value = json!(null));
            }
            Self::UnknownStatus => _ = fields.insert("status".to_owned(), json!("paused")),
            Self::ExtraFields => {
                fields.insert("new_in_v2".to_owned(), json!({"anything": [1, {"deep": null}]}));
                for response in fields.get_mut("responses").and_then(Value::as_array_mut).into_iter().flatten() {
                    response["sentiment"] = json!({"score": 0.5});
                }
            }
            Self::DuplicateIds => {
                if let Some(responses) = first {
                    responses.extend(responses.first().cloned());
                }
            }
            Self::OtherId => {
                for key in ["id", "interview_id"] {
                    fields.get_mut(key).into_iter().for_each(|id| *id = json!("another-interview"));
                }
            }
            Self::HugeTranscript => {
                if let Some(response) = first.and_then(|responses| responses.first_mut()) {
                    response["transcript"] = json!("word ".repeat(HUGE_TRANSCRIPT_BYTES / 5));
                }
            }
            _ => {}
        }
    }
}

impl DrawnFault {
    /// The answer that replaces one with this body.
    pub async fn spoil(self, mut body: Value, elsewhere: &str) -> Response {
        self.fault.change(&mut body);
        let mut bytes = serde_json::to_vec(&body).expect("a JSON value can be written");
        let json = [(header::CONTENT_TYPE, "application/json")];
        let page =
            |status| (status, [(header::CONTENT_TYPE, "text/html")], "<html><h1>Oops</h1></html>").into_response();
        match self.fault {
            ApiFault::Status500 => page(StatusCode::INTERNAL_SERVER_ERROR),
            ApiFault::Status502 => page(StatusCode::BAD_GATEWAY),
            ApiFault::Status503 => page(StatusCode::SERVICE_UNAVAILABLE),
            ApiFault::Html => page(StatusCode::OK),
            ApiFault::Redirect => (StatusCode::FOUND, [(header::LOCATION, elsewhere)]).into_response(),
            ApiFault::TruncatedJson => (json, bytes[..bytes.len() / 2].to_vec()).into_response(),
            ApiFault::SlowFirstByte => {
                tokio::time::sleep(self.delay).await;
                (json, bytes).into_response()
            }
            ApiFault::Reset => broken_off(Bytes::new(), bytes.len(), Duration::ZERO),
            ApiFault::Cut => broken_off(bytes[..bytes.len() / 2].to_vec().into(), bytes.len(), CUT_AFTER),
            ApiFault::Stall => broken_off(bytes[..bytes.len() / 2].to_vec().into(), bytes.len(), self.delay),
            ApiFault::Deep => {
                // The nesting is in a field that no client reads.
                let deep = ["[".repeat(DEPTH), "]".repeat(DEPTH)].concat();
                let rest = bytes.split_off(1);
                (json, [&bytes[..], b"\"deep\":", deep.as_bytes(), b",", &rest[..]].concat()).into_response()
            }
            ApiFault::InvalidUtf8 => {
                // The place is after the first quote of a value, inside a text.
                let place = bytes.windows(3).position(|window| window == b"\":\"").map_or(0, |place| place + 3);
                bytes.insert(place, 0xFF);
                (json, bytes).into_response()
            }
            _ => (json, bytes).into_response(),
        }
    }

    /// The answer that replaces a recording, or a part of it, with these headers.
    pub async fn spoil_recording(self, headers: HeaderMap, bytes: Vec<u8>) -> Response {
        let page = |status| (status, [(header::CONTENT_TYPE, "text/html")], "<html><h1>Sign in</h1></html>");
        let half = Bytes::copy_from_slice(&bytes[..bytes.len() / 2]);
        let (length, silence) = (bytes.len() as u64, self.delay);
        let mut response = match self.fault {
            ApiFault::AudioHtml => return page(StatusCode::OK).into_response(),
            ApiFault::AudioStatus500 => return page(StatusCode::INTERNAL_SERVER_ERROR).into_response(),
            ApiFault::AudioExpired => return (StatusCode::FORBIDDEN, "the link has expired").into_response(),
            ApiFault::AudioRedirect => {
                let metadata = "http://169.254.169.254/latest/meta-data/";
                return (StatusCode::FOUND, [(header::LOCATION, metadata)]).into_response();
            }
            ApiFault::AudioEmpty => Body::empty().into_response(),
            ApiFault::AudioEndless => {
                let more = Bytes::from(bytes);
                Body::from_stream(stream::repeat_with(move || Ok::<_, io::Error>(more.clone()))).into_response()
            }
            ApiFault::AudioHuge => promised(Bytes::from(bytes), HUGE_RECORDING_BYTES, silence),
            ApiFault::AudioCut => promised(half, length, CUT_AFTER),
            ApiFault::AudioStall => promised(half, length, silence),
            _ => Body::from(bytes).into_response(),
        };
        if headers.contains_key(header::CONTENT_RANGE) {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        }
        response.headers_mut().extend(headers);
        response
    }

    /// Applies the fault to the headers about the limit.
    pub fn spoil_headers(self, headers: &mut HeaderMap) {
        match self.fault {
            ApiFault::NoLimitHeaders => {
                for name in ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"] {
                    headers.remove(name);
                }
            }
            ApiFault::ClockSkew => {
                let date = HeaderValue::try_from(date_in(SKEW_SECONDS)).expect("a date is ASCII");
                headers.insert(header::DATE, date);
                let reset = headers.get("x-ratelimit-reset").and_then(|reset| reset.to_str().ok()?.parse::<i64>().ok());
                if let Some(reset) = reset {
                    headers.insert("x-ratelimit-reset", HeaderValue::from(reset + SKEW_SECONDS));
                }
            }
            _ => {}
        }
    }
}

/// The time in this many seconds, as HTTP writes it.
fn date_in(seconds: i64) -> String {
    let date = jiff::Timestamp::now() + SignedDuration::from_secs(seconds);
    date.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// The fault of the interview or candidate at `index`. One in three has a fault, and the faults take turns.
pub fn in_turn<T: Copy>(faults: &[T], index: usize) -> Option<T> {
    let count = faults.len();
    (count > 0 && index.is_multiple_of(FAULT_EVERY)).then(|| faults[index / FAULT_EVERY % count])
}

//! One call to the API, and what became of it. Keeps the key, and never lets it out but in the header.

use std::env;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{StatusCode, Url};
use sha2::{Digest, Sha256};

use super::pace::{Budget, Pace, Pacer};
use crate::model::{Error, Result};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// Between two reads of a body.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);
/// Far more than any interview; a body beyond it is a mistake or an attack.
const LARGEST_BODY: usize = 64 << 20;
/// Of an error's body, enough to read its message.
const LARGEST_ERROR: usize = 64 << 10;

/// Unix seconds in the year 2200: a reset beyond it is no time, and must not overflow one.
const A_FAR_TIME: i64 = 7_258_118_400;

/// What may stand in a path segment as it is.
pub const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A client for one base address and key.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    /// What the window of this key at this address is called; the key cannot be had from it.
    window: String,
}

/// What became of a call.
#[derive(Debug)]
pub enum Answer {
    Body(Vec<u8>),
    NotFound,
    /// The key or the account is refused: every further call would be as well. Holds what to tell the user.
    Refused(String),
    /// Over the limit.
    Limited,
    /// Nothing listens there, or the name is not known: the API is not there at all.
    Unreachable(String),
    /// Worth another try, as the answer says itself; holds why.
    Failed(String),
    /// No answer, or one that was broken off; holds why.
    Silence(String),
    /// Not worth another try; holds why.
    Unusable(String),
}

impl Client {
    /// A client for an API; `base` goes up to and with `/api/v1`.
    ///
    /// # Errors
    /// A usage error when the address is none, or would send the key unencrypted to another machine.
    pub fn new(base: &str, key: &str) -> Result<Self> {
        let wrong = |what: String| Error::usage(what).hint("for example https://rz-app-omega.vercel.app/api/v1");
        let url = Url::parse(base).map_err(|error| wrong(format!("`{base}` is no address of an API: {error}")))?;
        if !is_secure(&url) || url.cannot_be_a_base() {
            return Err(wrong(format!("`{base}` would not keep the key secret: the address must begin with https://")));
        }
        let mut bearer = HeaderValue::try_from(format!("Bearer {key}"))
            .map_err(|_| Error::usage("the API key holds characters that cannot be sent"))?;
        bearer.set_sensitive(true);
        let http = http(is_loopback(&url))
            .default_headers(HeaderMap::from_iter([(AUTHORIZATION, bearer)]))
            .read_timeout(READ_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .build()
            .map_err(|error| Error::failed(format!("cannot set up the connection: {error}")))?;
        let window = hex::encode(Sha256::new().chain_update(base).chain_update([0]).chain_update(key).finalize());
        Ok(Self { http, base: url, window })
    }

    /// A pacer for the requests of this key, which counts those of other programs that use it as well.
    #[must_use]
    pub fn pacer(&self, pace: Pace) -> Pacer {
        let file = state_folder().map(|folder| folder.join(format!("window-{}", &self.window[..32])));
        Pacer::new(pace, file.as_deref())
    }

    /// `GET /interviews/:id`.
    pub async fn interview(&self, id: &str) -> (Answer, Budget) {
        self.get(&format!("interviews/{}", encode_id(id))).await
    }

    /// `GET /interviews/:id/questions`.
    pub async fn questions(&self, id: &str) -> (Answer, Budget) {
        self.get(&format!("interviews/{}/questions", encode_id(id))).await
    }

    async fn get(&self, path: &str) -> (Answer, Budget) {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{path}", self.base.path().trim_end_matches('/')));
        let response = match self.http.get(url).send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() => return (Answer::Unreachable(root_cause(&error)), Budget::default()),
            Err(error) => return (Answer::Silence(root_cause(&error)), Budget::default()),
        };
        let status = response.status();
        let mut budget = read_budget(response.headers());
        let answer = match status {
            StatusCode::OK => match read_body(response, LARGEST_BODY).await {
                Ok(Some(body)) => Answer::Body(body),
                Ok(None) => Answer::Unusable(format!("the body is larger than {} MB", LARGEST_BODY >> 20)),
                Err(error) => Answer::Silence(root_cause(&error)),
            },
            StatusCode::NOT_FOUND => match read_body(response, LARGEST_ERROR).await {
                Ok(Some(body)) if is_resource_not_found(&body) => Answer::NotFound,
                // A wrong address answers 404 to everything: that must not make every id gone for good.
                _ => Answer::Unusable("the API answered 404 without saying that the interview is not there".to_owned()),
            },
            StatusCode::UNAUTHORIZED => Answer::Refused("the API does not accept the key (401)".to_owned()),
            StatusCode::FORBIDDEN => Answer::Refused(
                "the account has no access to the API, or its subscription is past due (403)".to_owned(),
            ),
            StatusCode::TOO_MANY_REQUESTS => {
                if let Ok(Some(body)) = read_body(response, LARGEST_ERROR).await {
                    budget.retry_after = budget.retry_after.or_else(|| seconds_in_message(&body));
                }
                Answer::Limited
            }
            status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
                Answer::Failed(format!("the API answered {status}"))
            }
            status => Answer::Unusable(format!("the API answered {status}")),
        };
        (answer, budget)
    }
}

/// What every client has in common: no redirects, and no proxy on the way to this machine, where it would see keys.
pub(crate) fn http(is_here: bool) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("roundup/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_TIMEOUT);
    if is_here { builder.no_proxy() } else { builder }
}

/// An id as one path segment of a URL, which is safe as a file name too.
#[must_use]
pub fn encode_id(id: &str) -> String {
    utf8_percent_encode(id, SEGMENT).to_string()
}

/// Where this user's programs keep what outlives a run and belongs to no lake, as the XDG base directories have it.
fn state_folder() -> Option<PathBuf> {
    let folder = |variable: &str| env::var_os(variable).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let state = folder("XDG_STATE_HOME").or_else(|| folder("HOME").map(|home| home.join(".local/state")));
    state.map(|state| state.join("roundup"))
}

/// Whether what is sent there can be read by nobody on the way: it is encrypted, or stays on this machine.
pub(crate) fn is_secure(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_loopback(url))
}

pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The whole body, or `None` when it is longer than `most` bytes.
pub(crate) async fn read_body(mut response: reqwest::Response, most: usize) -> reqwest::Result<Option<Vec<u8>>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > most {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// What the headers say of the limit, by the server's own clock where it tells the time: then a wrong one, here or
/// there, does no harm. A reset is in Unix seconds, or in seconds from now if it is small.
pub(crate) fn read_budget(headers: &HeaderMap) -> Budget {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let date = |text: &str| rfc2822::parse(text).ok().map(|zoned| zoned.timestamp());
    let server_time = text("date").and_then(date);
    let now = server_time.unwrap_or_else(Timestamp::now);
    let until = |time: Timestamp| Duration::try_from(time.duration_since(now)).unwrap_or_default();
    let retry_after = text("retry-after").and_then(|text| match text.parse() {
        Ok(seconds) => Some(Duration::from_secs(seconds)),
        Err(_) => date(text).map(until),
    });
    let reset = text("x-ratelimit-reset").and_then(|text| text.parse::<i64>().ok());
    let reset = reset.filter(|seconds| (0..=A_FAR_TIME).contains(seconds));
    Budget {
        limit: text("x-ratelimit-limit").and_then(|text| text.parse().ok()),
        remaining: text("x-ratelimit-remaining").and_then(|text| text.parse().ok()),
        window_end: reset.map(|seconds| if seconds < 1_000_000 { now.as_second() + seconds } else { seconds }),
        server_time: server_time.map(Timestamp::as_second),
        retry_after,
    }
}

/// Whether a 404 is the vendor's own.
fn is_resource_not_found(body: &[u8]) -> bool {
    let value: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    value["error"]["type"] == "resource_not_found"
}

/// The number in "Please retry after 30 seconds".
fn seconds_in_message(body: &[u8]) -> Option<Duration> {
    let value: serde_json::Value = serde_json::from_slice(body).ok()?;
    let message = value.get("error")?.get("message")?.as_str()?;
    let after = message.split_once("retry after ")?.1;
    let digits = after.split(|character: char| !character.is_ascii_digit()).next()?;
    digits.parse().ok().map(Duration::from_secs)
}

/// The innermost cause, without the URL: it holds an interview's id, which the caller names anyway, or is a secret.
pub fn root_cause(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

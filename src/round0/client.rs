//! Makes one call to the API. Keeps the key, which it reveals only in the request header.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{StatusCode, Url};
use sha2::{Digest, Sha256};

use crate::http::body::{read_body, read_start};
use crate::http::client::{Reach, client, encode_id, is_secure, read_budget, root_cause};
use crate::http::pace::{Budget, Pace, Pacer};
use crate::model::body::LARGEST_BODY;
use crate::model::{Error, Result};

/// Longest pause between two reads of a body.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(120);
/// Largest body of an error that is read, which is enough for its message.
const LARGEST_ERROR: usize = 64 << 10;

/// A client for one base address and key.
#[derive(Clone)]
pub struct ApiClient {
    http: reqwest::Client,
    base: Url,
    /// The name of the rate-limit window of this key at this address. The key cannot be derived from it.
    window: String,
    /// The most requests a minute with this key, if not as with all.
    requests_per_minute: Option<u32>,
}

/// The outcome of one request.
#[derive(Debug)]
pub enum CallOutcome {
    /// A body. Of one that is larger than [`LARGEST_BODY`], it is that and one byte more.
    Body(Vec<u8>),
    /// The API says that it does not know the id, or no longer.
    NotFound,
    /// The key or the account is refused, and so would be every further call. Holds the message for the user.
    Refused(String),
    /// Over the limit.
    Limited,
    /// Nothing listens at the address, or its name does not resolve. Holds the reason.
    Unreachable(String),
    /// Worth another try, by the status of the response. Holds the reason.
    Failed(String),
    /// No response, or one that broke off. Holds the reason.
    NoAnswer(String),
    /// Not worth another try. Holds the reason.
    Unusable(String),
}

impl ApiClient {
    /// Makes a client. `base` is the address up to and including `/api/v1`.
    ///
    /// # Errors
    /// A usage error when the address is invalid, or would send the key unencrypted to another machine.
    pub fn new(base: &str, key: &str) -> Result<Self> {
        let wrong = |what: String| Error::usage(what).hint("for example https://rz-app-omega.vercel.app/api/v1");
        let url = Url::parse(base).map_err(|error| wrong(format!("`{base}` is no address of an API: {error}")))?;
        if !is_secure(&url) || url.cannot_be_a_base() {
            return Err(wrong(format!("`{base}` would not keep the key secret: the address must begin with https://")));
        }
        let mut bearer = HeaderValue::try_from(format!("Bearer {key}"))
            .map_err(|_| Error::usage("the API key holds characters that cannot be sent"))?;
        bearer.set_sensitive(true);
        let headers = HeaderMap::from_iter([(AUTHORIZATION, bearer)]);
        let http = client(Reach::of(&url), |builder| {
            builder.default_headers(headers.clone()).read_timeout(READ_TIMEOUT).timeout(REQUEST_TIMEOUT)
        })?;
        let window = hex::encode(Sha256::new().chain_update(base).chain_update([0]).chain_update(key).finalize());
        Ok(Self { http, base: url, window, requests_per_minute: None })
    }

    /// Gives this key a ceiling of its own, if there is one, in place of that of all.
    #[must_use]
    pub fn at_most(self, requests_per_minute: Option<u32>) -> Self {
        Self { requests_per_minute, ..self }
    }

    /// The most requests a minute with this key, where that of all keys is given.
    #[must_use]
    pub fn requests_per_minute(&self, of_all: u32) -> u32 {
        self.requests_per_minute.unwrap_or(of_all)
    }

    /// Whether both are for the same key at the same address, and so share one rate-limit window.
    #[must_use]
    pub fn shares_window(&self, other: &Self) -> bool {
        self.window == other.window
    }

    /// A pacer for the requests of this key. It also counts those of other programs with the same key. Within a program,
    /// there is one pacer a key at a time: see [`Keys`](super::keys::Keys).
    #[must_use]
    pub fn pacer(&self, pace: Pace) -> Pacer {
        let file = state_folder().map(|folder| folder.join(format!("window-{}", &self.window[..32])));
        let pace = Pace { requests_per_minute: self.requests_per_minute(pace.requests_per_minute), ..pace };
        Pacer::new("the API", pace, file.as_deref())
    }

    /// `GET /interviews/:id`.
    pub async fn interview(&self, id: &str) -> (CallOutcome, Budget) {
        self.get(&format!("interviews/{}", encode_id(id))).await
    }

    /// `GET /interviews/:id/questions`.
    pub async fn questions(&self, id: &str) -> (CallOutcome, Budget) {
        self.get(&format!("interviews/{}/questions", encode_id(id))).await
    }

    async fn get(&self, path: &str) -> (CallOutcome, Budget) {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{path}", self.base.path().trim_end_matches('/')));
        let response = match self.http.get(url).send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() => {
                return (CallOutcome::Unreachable(root_cause(&error)), Budget::default());
            }
            Err(error) => return (CallOutcome::NoAnswer(root_cause(&error)), Budget::default()),
        };
        let status = response.status();
        let mut budget = read_budget(response.headers());
        let answer = match status {
            StatusCode::OK => match read_start(response, LARGEST_BODY).await {
                Ok(body) => CallOutcome::Body(body),
                Err(why) => CallOutcome::NoAnswer(why),
            },
            StatusCode::NOT_FOUND | StatusCode::GONE => match read_body(response, LARGEST_ERROR).await {
                Ok(Some(body)) if is_resource_not_found(&body) => CallOutcome::NotFound,
                // A wrong address returns 404 or 410 for everything, which must not mark every id as gone for good.
                _ => CallOutcome::Unusable(format!(
                    "the API answered {} without saying that the interview is not there",
                    status.as_u16()
                )),
            },
            StatusCode::UNAUTHORIZED => CallOutcome::Refused("the API does not accept the key (401)".to_owned()),
            StatusCode::FORBIDDEN => CallOutcome::Refused(
                "the account has no access to the API, or its subscription is past due (403)".to_owned(),
            ),
            StatusCode::TOO_MANY_REQUESTS => {
                if let Ok(Some(body)) = read_body(response, LARGEST_ERROR).await {
                    budget.retry_after = budget.retry_after.or_else(|| seconds_in_message(&body));
                }
                CallOutcome::Limited
            }
            status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
                CallOutcome::Failed(format!("the API answered {status}"))
            }
            status => CallOutcome::Unusable(format!("the API answered {status}")),
        };
        (answer, budget)
    }
}

/// The folder for state that outlives a run and belongs to no lake, by the XDG base directory specification.
fn state_folder() -> Option<PathBuf> {
    let folder = |variable: &str| env::var_os(variable).map(PathBuf::from).filter(|folder| folder.is_absolute());
    let state = folder("XDG_STATE_HOME").or_else(|| folder("HOME").map(|home| home.join(".local/state")));
    state.map(|state| state.join("roundup"))
}

/// Whether a 404 or 410 comes from the vendor's API.
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

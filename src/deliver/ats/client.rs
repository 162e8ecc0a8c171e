//! Sends requests one at a time, with a bounded number of tries, and with a token that is fetched and renewed as
//! needed.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use tokio::time::{Instant, sleep};

use super::answer::{MOST_VALUES, StatusClass, classify};
use super::connector::{Connector, Secrets};
use super::request::AtsRequest;
use super::template;
use crate::http::body::read_body;
use crate::http::cancel::Cancellation;
use crate::http::client::{self, read_budget, root_cause};
use crate::http::pace::{Budget, Pace, Pacer};
use crate::http::retry::{LONG_WAIT, backoff};
use crate::model::json::read_tree;
use crate::model::{Error, Kind, Result};

/// Tries of one request in a run. A 429 does not count as a try.
const TRIES: u32 = 4;
/// The number of consecutive 429 that ends the run of a connector.
const LIMITED: u32 = 5;
/// Largest response body that is read. Those that matter are small.
const LARGEST_ANSWER: usize = 1 << 20;
/// A token is renewed this long before it expires.
const TOKEN_MARGIN: Duration = Duration::from_secs(60);
/// A token is used for this long at most, whatever its expiry.
const LONGEST_TOKEN: Duration = Duration::from_hours(24);
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// A client for one connector. No `Debug`: it holds secrets.
pub struct AtsClient<'a> {
    connector: &'a Connector,
    secrets: Secrets,
    http: reqwest::Client,
    token: Option<AccessToken>,
    pacer: Pacer,
    cancellation: Cancellation,
    pub requests: u64,
    pub retries: u64,
    pub limited: u64,
}

/// An access token.
struct AccessToken {
    header: HeaderValue,
    /// When it is renewed; `None` if it does not say how long it lasts.
    ends_at: Option<Instant>,
}

/// A response that neither ends nor repeats a request.
pub struct HttpResponse {
    pub status: u16,
    /// The body, or `None` when it is too large.
    pub body: Option<Vec<u8>>,
}

/// Why there is no response.
pub enum SendError {
    /// Given up for now. Holds the reason.
    Failed(String),
    /// Not allowed, or redirected. Holds the reason, and the error to end with if other interviews are refused as well.
    Refused(String, Error),
    /// No further request of this connector can succeed.
    Stop(Error),
}

impl<'a> AtsClient<'a> {
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(
        connector: &'a Connector,
        secrets: Secrets,
        requests_per_minute: u32,
        cancellation: Cancellation,
    ) -> Result<Self> {
        let http = client::client(connector.reach(), |builder| builder.timeout(connector.timeout))?;
        let pace = Pace { requests_per_minute, window: Duration::from_mins(1), concurrency: 1 };
        let pacer = Pacer::new(&connector.name, pace, None);
        Ok(Self { connector, secrets, http, token: None, pacer, cancellation, requests: 0, retries: 0, limited: 0 })
    }

    /// Sends a request until it is answered, or the tries are used up.
    ///
    /// # Errors
    /// A [`SendError`] after the last try.
    pub async fn send(&mut self, request: &AtsRequest) -> Result<HttpResponse, SendError> {
        let body = request.body.encode().map_err(SendError::Failed)?;
        let mut is_renewed = false;
        let (mut failed, mut limited) = (0, 0);
        loop {
            let token = self.token().await?;
            let mut builder = self.http.request(method(request), request.url.clone());
            for (name, value) in &request.headers {
                builder = builder.header(name, value);
            }
            for (name, value) in &self.secrets.headers {
                builder = builder.header(name, value);
            }
            if let Some(key) = &request.idempotency_key {
                builder = builder.header(IDEMPOTENCY_KEY, key);
            }
            if let Some(token) = token {
                builder = builder.header(AUTHORIZATION, token);
            }
            if let Some(body) = &body {
                builder = builder.header(CONTENT_TYPE, &body.content_type).body(body.bytes.clone());
            }
            let failure = match self.exchange(builder, &mut limited).await? {
                Exchange::Answered(answer) => return Ok(answer),
                Exchange::Limited => continue,
                // The token may have expired earlier than it said.
                Exchange::Refused(StatusCode::UNAUTHORIZED) if self.token.is_some() && !is_renewed => {
                    is_renewed = true;
                    self.token = None;
                    continue;
                }
                Exchange::Refused(StatusCode::UNAUTHORIZED) => {
                    return Err(SendError::Stop(self.refused(StatusCode::UNAUTHORIZED)));
                }
                // Perhaps only this candidate is refused.
                Exchange::Refused(status) => {
                    return Err(SendError::Refused(format!("answered {}", status.as_u16()), self.refused(status)));
                }
                Exchange::Failed(failure) => failure,
            };
            self.fail(&mut failed, failure).await?;
        }
    }

    /// The access token. Fetches one if there is none or it is about to expire.
    async fn token(&mut self) -> Result<Option<HeaderValue>, SendError> {
        let Some(basic) = self.secrets.token.clone() else { return Ok(None) };
        if let Some(token) = &self.token
            && token.ends_at.is_none_or(|end| end > Instant::now())
        {
            return Ok(Some(token.header.clone()));
        }
        let request = AtsRequest::token(self.connector, template::fill).map_err(SendError::Stop)?;
        let body = request.body.encode().map_err(SendError::Failed)?.expect("a token is asked for with a form");
        let (mut failed, mut limited) = (0, 0);
        let answer = loop {
            let builder = self.http.post(request.url.clone()).header(AUTHORIZATION, basic.clone());
            let builder = builder.header(CONTENT_TYPE, &body.content_type).body(body.bytes.clone());
            match self.exchange(builder, &mut limited).await? {
                Exchange::Answered(answer) if classify(answer.status) == StatusClass::Done => break answer,
                // By RFC 6749, wrong credentials may also be answered with 400.
                Exchange::Answered(answer) => {
                    let why =
                        format!("{}: the request for a token was answered {}", self.connector.name, answer.status);
                    return Err(SendError::Stop(
                        Error::new(Kind::Refused, why).hint("are the id and the secret right?"),
                    ));
                }
                Exchange::Limited => {}
                Exchange::Refused(status) => return Err(SendError::Stop(self.refused(status))),
                Exchange::Failed(failure) => self.fail(&mut failed, failure).await?,
            }
        };
        let read = answer.body.and_then(|body| read_tree(&body, MOST_VALUES).ok());
        let text = read.as_ref().and_then(|read| read.get("access_token")?.as_str());
        let header = text.and_then(|text| HeaderValue::try_from(format!("Bearer {text}")).ok());
        let none =
            || Error::failed(format!("{}: the answer to the request for a token holds none", self.connector.name));
        let mut header = header.ok_or_else(none).map_err(SendError::Stop)?;
        header.set_sensitive(true);
        let seconds = read.as_ref().and_then(|read| read.get("expires_in")?.as_u64());
        let ends_at = seconds.map(|seconds| Instant::now() + good_for(seconds));
        // Even a token that is about to expire is good for this request.
        self.token = Some(AccessToken { header: header.clone(), ends_at });
        Ok(Some(header))
    }

    /// Makes one try.
    async fn exchange(&mut self, request: reqwest::RequestBuilder, limited: &mut u32) -> Result<Exchange, SendError> {
        let turn = unless_interrupted(&self.cancellation, self.pacer.turn()).await?;
        self.requests += 1;
        let response = match unless_interrupted(&self.cancellation, request.send()).await? {
            Ok(response) => response,
            Err(error) => return Ok(Exchange::Failed(FailedTry::of(&error))),
        };
        let status = response.status();
        let budget = Budget { retry_after: read_budget(response.headers()).retry_after, ..Budget::default() };
        let class = classify(status.as_u16());
        if class == StatusClass::Limited {
            turn.refused(budget);
            self.limited += 1;
            *limited += 1;
            if *limited >= LIMITED {
                let message = format!("{} is over its limit of requests, and stays so", self.connector.name);
                return Err(SendError::Stop(Error::failed(message).hint("a lower requests-per-minute leaves room")));
            }
            return Ok(Exchange::Limited);
        }
        turn.answered(Budget::default());
        *limited = 0;
        Ok(match class {
            StatusClass::Refused | StatusClass::Redirect => Exchange::Refused(status),
            StatusClass::Retry => Exchange::Failed(FailedTry {
                why: format!("answered {}", status.as_u16()),
                pause: budget.retry_after,
                is_there: true,
            }),
            StatusClass::Done | StatusClass::Rejected | StatusClass::Limited => {
                match unless_interrupted(&self.cancellation, read_body(response, LARGEST_ANSWER)).await? {
                    Ok(body) => Exchange::Answered(HttpResponse { status: status.as_u16(), body }),
                    Err(why) => Exchange::Failed(FailedTry { why, pause: None, is_there: true }),
                }
            }
        })
    }

    /// Pauses after a failure, or gives up: the interview, or the whole run if nothing listens at the address.
    async fn fail(&mut self, failed: &mut u32, failure: FailedTry) -> Result<(), SendError> {
        *failed += 1;
        let FailedTry { why, pause, is_there } = failure;
        if *failed >= TRIES && !is_there {
            let error = Error::failed(format!("cannot reach {}: {why}", self.connector.name));
            return Err(SendError::Stop(error.hint("is the address right, and this machine online?")));
        }
        if *failed >= TRIES {
            return Err(SendError::Failed(why));
        }
        self.retries += 1;
        let pause = pause.map_or_else(|| backoff(*failed), |pause| pause.min(Duration::from_secs(30)));
        if pause >= LONG_WAIT {
            tracing::info!("{}: {why}; trying again in {} s", self.connector.name, pause.as_secs());
        }
        unless_interrupted(&self.cancellation, sleep(pause)).await
    }

    fn refused(&self, status: StatusCode) -> Error {
        if status.is_redirection() {
            return self.redirected(status);
        }
        let message = format!("{} does not accept the credentials ({})", self.connector.name, status.as_u16());
        Error::new(Kind::Refused, message).hint("nothing is lost: what was to be sent is sent once they are accepted")
    }

    fn redirected(&self, status: StatusCode) -> Error {
        let message = format!(
            "{} answered {}, which leads elsewhere, and what candidates said is not sent on",
            self.connector.name,
            status.as_u16()
        );
        Error::failed(message).hint("is the address in the connector the final one?")
    }
}

/// The result of one try.
enum Exchange {
    Answered(HttpResponse),
    Limited,
    /// 401, 403 or a redirect.
    Refused(StatusCode),
    Failed(FailedTry),
}

/// A failed try that is worth another one.
struct FailedTry {
    why: String,
    /// The pause that the response asks for.
    pause: Option<Duration>,
    /// Whether anything listens at the address.
    is_there: bool,
}

impl FailedTry {
    fn of(error: &reqwest::Error) -> Self {
        Self { why: root_cause(error), pause: None, is_there: !error.is_connect() }
    }
}

/// How long a token is used, given its lifetime in seconds.
fn good_for(seconds: u64) -> Duration {
    Duration::from_secs(seconds).min(LONGEST_TOKEN).saturating_sub(TOKEN_MARGIN)
}

/// Waits for `work`, or returns an error when the run is interrupted. A request whose response was not awaited is sent
/// again under the same idempotency key.
async fn unless_interrupted<T>(cancellation: &Cancellation, work: impl Future<Output = T>) -> Result<T, SendError> {
    tokio::select! {
        _ = cancellation.cancelled() => {
            let error = Error::new(Kind::Interrupted, "interrupted");
            Err(SendError::Stop(error.hint("what is not sent yet is sent by the next run")))
        }
        done = work => Ok(done),
    }
}

fn method(request: &AtsRequest) -> reqwest::Method {
    reqwest::Method::from_bytes(request.method.as_str().as_bytes()).expect("it is a method")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_a_day_at_most() {
        assert_eq!([0, 30, 3600].map(good_for), [0, 0, 3540].map(Duration::from_secs));
        let longest = good_for(u64::MAX);
        assert_eq!(longest, LONGEST_TOKEN - TOKEN_MARGIN);
        assert!(Instant::now().checked_add(longest).is_some());
    }
}

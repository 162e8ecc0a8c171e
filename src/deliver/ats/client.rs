//! Sending: one request at a time, tried again within bounds, with a token that is fetched and renewed as needed.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use tokio::time::{Instant, sleep};

use super::answer::{Meaning, meaning};
use super::connector::{Connector, Secrets};
use super::request::Request;
use super::template;
use crate::http::cancel::Cancellation;
use crate::http::client::{self, read_body, read_budget, root_cause};
use crate::http::pace::{Budget, Pace, Pacer};
use crate::http::retry::backoff;
use crate::model::{Error, Kind, Result};

/// Tries of one request in a run; a 429 is none.
const TRIES: u32 = 4;
/// So many 429 in a row, each of which was waited for, end the run of a connector.
const LIMITED: u32 = 5;
/// Of an answer; what is looked at is small.
const LARGEST_ANSWER: usize = 1 << 20;
/// A token is renewed this long before it ends.
const TOKEN_MARGIN: Duration = Duration::from_secs(60);
/// Whatever a token says of itself.
const LONGEST_TOKEN: Duration = Duration::from_hours(24);
const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// A client for one connector. No `Debug`: it holds secrets.
pub struct Client<'a> {
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

/// A token that was given.
struct AccessToken {
    header: HeaderValue,
    /// When another is asked for; never if it does not say how long it lasts.
    ends_at: Option<Instant>,
}

/// An answer that neither ends nor repeats a request.
pub struct Answer {
    pub status: u16,
    /// `None` when it is too large.
    pub body: Option<Vec<u8>>,
}

/// Why there is no answer.
pub enum Trouble {
    /// Given up for now; holds why.
    Failed(String),
    /// Not allowed, or led elsewhere; holds why, and what to say when others are as well.
    Refused(String, Error),
    /// No request of this connector is worth a try.
    Stop(Error),
}

impl<'a> Client<'a> {
    /// # Errors
    /// When there can be no client.
    pub fn new(
        connector: &'a Connector,
        secrets: Secrets,
        requests_per_minute: u32,
        cancellation: Cancellation,
    ) -> Result<Self> {
        let http = client::builder(connector.is_here()).timeout(connector.timeout).build();
        let http = http.map_err(|error| Error::failed(format!("cannot set up the connection: {error}")))?;
        let pace = Pace { requests_per_minute, window: Duration::from_mins(1), concurrency: 1 };
        let pacer = Pacer::new(pace, None);
        Ok(Self { connector, secrets, http, token: None, pacer, cancellation, requests: 0, retries: 0, limited: 0 })
    }

    /// Sends a request until it is answered.
    ///
    /// # Errors
    /// A [`Trouble`] after the last try.
    pub async fn send(&mut self, request: &Request) -> Result<Answer, Trouble> {
        let body = request.body.encode().map_err(Trouble::Failed)?;
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
                // The token may have ended earlier than it said.
                Exchange::Refused(StatusCode::UNAUTHORIZED) if self.token.is_some() && !is_renewed => {
                    is_renewed = true;
                    self.token = None;
                    continue;
                }
                Exchange::Refused(StatusCode::UNAUTHORIZED) => {
                    return Err(Trouble::Stop(self.refused(StatusCode::UNAUTHORIZED)));
                }
                // Perhaps only to this candidate's page.
                Exchange::Refused(status) => {
                    return Err(Trouble::Refused(format!("answered {}", status.as_u16()), self.refused(status)));
                }
                Exchange::Failed(failure) => failure,
            };
            self.fail(&mut failed, failure).await?;
        }
    }

    /// The token, fetched when there is none that lasts.
    async fn token(&mut self) -> Result<Option<HeaderValue>, Trouble> {
        let Some(basic) = self.secrets.token.clone() else { return Ok(None) };
        if let Some(token) = &self.token
            && token.ends_at.is_none_or(|end| end > Instant::now())
        {
            return Ok(Some(token.header.clone()));
        }
        let request = Request::token(self.connector, template::fill).map_err(Trouble::Stop)?;
        let body = request.body.encode().map_err(Trouble::Failed)?.expect("a token is asked for with a form");
        let (mut failed, mut limited) = (0, 0);
        let answer = loop {
            let builder = self.http.post(request.url.clone()).header(AUTHORIZATION, basic.clone());
            let builder = builder.header(CONTENT_TYPE, &body.content_type).body(body.bytes.clone());
            match self.exchange(builder, &mut limited).await? {
                Exchange::Answered(answer) if meaning(answer.status) == Meaning::Done => break answer,
                // RFC 6749 has wrong credentials answered 400 as well.
                Exchange::Answered(answer) => {
                    let why =
                        format!("{}: the request for a token was answered {}", self.connector.name, answer.status);
                    return Err(Trouble::Stop(Error::new(Kind::Refused, why).hint("are the id and the secret right?")));
                }
                Exchange::Limited => {}
                Exchange::Refused(status) => return Err(Trouble::Stop(self.refused(status))),
                Exchange::Failed(failure) => self.fail(&mut failed, failure).await?,
            }
        };
        let read: Option<serde_json::Value> = answer.body.and_then(|body| serde_json::from_slice(&body).ok());
        let text = read.as_ref().and_then(|read| read.get("access_token")?.as_str());
        let header = text.and_then(|text| HeaderValue::try_from(format!("Bearer {text}")).ok());
        let none =
            || Error::failed(format!("{}: the answer to the request for a token holds none", self.connector.name));
        let mut header = header.ok_or_else(none).map_err(Trouble::Stop)?;
        header.set_sensitive(true);
        let seconds = read.as_ref().and_then(|read| read.get("expires_in")?.as_u64());
        let ends_at = seconds.map(|seconds| Instant::now() + good_for(seconds));
        // One that is about to end is still good for this request.
        self.token = Some(AccessToken { header: header.clone(), ends_at });
        Ok(Some(header))
    }

    /// One try.
    async fn exchange(&mut self, request: reqwest::RequestBuilder, limited: &mut u32) -> Result<Exchange, Trouble> {
        let turn = unless_interrupted(&self.cancellation, self.pacer.turn()).await?;
        self.requests += 1;
        let response = match unless_interrupted(&self.cancellation, request.send()).await? {
            Ok(response) => response,
            Err(error) => return Ok(Exchange::Failed(Failure::of(&error))),
        };
        let status = response.status();
        let budget = Budget { retry_after: read_budget(response.headers()).retry_after, ..Budget::default() };
        let means = meaning(status.as_u16());
        if means == Meaning::Limited {
            let wait = turn.refused(budget);
            self.limited += 1;
            *limited += 1;
            if *limited >= LIMITED {
                let message = format!("{} is over its limit of requests, and stays so", self.connector.name);
                return Err(Trouble::Stop(Error::failed(message).hint("a lower requests-per-minute leaves room")));
            }
            tracing::info!("{} is over its limit; going on in {} s", self.connector.name, wait.as_secs());
            return Ok(Exchange::Limited);
        }
        turn.answered(Budget::default());
        *limited = 0;
        Ok(match means {
            Meaning::Refused | Meaning::Elsewhere => Exchange::Refused(status),
            Meaning::Again => Exchange::Failed(Failure {
                why: format!("answered {}", status.as_u16()),
                pause: budget.retry_after,
                is_there: true,
            }),
            Meaning::Done | Meaning::Rejected | Meaning::Limited => {
                match unless_interrupted(&self.cancellation, read_body(response, LARGEST_ANSWER)).await? {
                    Ok(body) => Exchange::Answered(Answer { status: status.as_u16(), body }),
                    Err(error) => Exchange::Failed(Failure::of(&error)),
                }
            }
        })
    }

    /// Pauses after a failure, or gives up: this interview, or all when nobody is there.
    async fn fail(&mut self, failed: &mut u32, failure: Failure) -> Result<(), Trouble> {
        *failed += 1;
        let Failure { why, pause, is_there } = failure;
        if *failed >= TRIES && !is_there {
            let error = Error::failed(format!("cannot reach {}: {why}", self.connector.name));
            return Err(Trouble::Stop(error.hint("is the address right, and this machine online?")));
        }
        if *failed >= TRIES {
            return Err(Trouble::Failed(why));
        }
        self.retries += 1;
        let pause = pause.map_or_else(|| backoff(*failed), |pause| pause.min(Duration::from_secs(30)));
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

enum Exchange {
    Answered(Answer),
    Limited,
    /// 401, 403 or a redirect.
    Refused(StatusCode),
    Failed(Failure),
}

/// A try that may go better the next time.
struct Failure {
    why: String,
    /// How long the answer says to wait.
    pause: Option<Duration>,
    /// Whether anything listens at the address.
    is_there: bool,
}

impl Failure {
    fn of(error: &reqwest::Error) -> Self {
        Self { why: root_cause(error), pause: None, is_there: !error.is_connect() }
    }
}

/// How long a token is used that lasts so many seconds.
fn good_for(seconds: u64) -> Duration {
    Duration::from_secs(seconds).min(LONGEST_TOKEN).saturating_sub(TOKEN_MARGIN)
}

/// Does something, or ends when it is cancelled: a request whose answer is not waited for comes again under its key.
async fn unless_interrupted<T>(cancellation: &Cancellation, work: impl Future<Output = T>) -> Result<T, Trouble> {
    tokio::select! {
        _ = cancellation.cancelled() => {
            let error = Error::new(Kind::Interrupted, "interrupted");
            Err(Trouble::Stop(error.hint("what is not sent yet is sent by the next run")))
        }
        done = work => Ok(done),
    }
}

fn method(request: &Request) -> reqwest::Method {
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

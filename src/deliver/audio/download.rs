//! One recording: from its link into the archive, verified on the way.

use std::io;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, LAST_MODIFIED, RANGE,
};
use reqwest::{Client, Response, StatusCode};
use sha2::{Digest, Sha256};
use tokio::time::{sleep, timeout};

use super::address::{NotPublic, Reach};
use super::part::{Part, Placed};
use super::sniff;
use super::store::Store;
use crate::http::client::{self, read_budget, root_cause};
use crate::http::retry::backoff;
use crate::lake::crash;
use crate::lake::durable::sha256_of;
use crate::ledger::Archived;
use crate::model::{Error, Link, Result};

/// Tries of one recording in a run.
const TRIES: u32 = 5;
/// Between two reads.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// A host may ask to be left alone for so long; for longer is for the next run.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// What became of a recording.
#[derive(Debug)]
pub enum Outcome {
    Archived(Archived),
    /// It was there already, and only found.
    Found(Archived),
    /// The link does not open it, or no longer; another may.
    LinkDead(String),
    /// What is behind the link is no recording.
    Unfit(String),
    /// It is a recording, but too long or empty, or another file is in its place.
    Refused(String),
    /// The host did not give it; it may later.
    Unavailable(String),
    /// Another program is downloading it.
    Busy,
}

/// Opens links and archives what is behind them.
pub struct Downloader {
    http: Client,
    reach: Reach,
    store: Store,
    max_bytes: u64,
    max_time: Duration,
}

/// Why a try came to nothing.
enum Trouble {
    LinkDead(String),
    /// What has come of it is of no use.
    Unfit(String),
    /// The same, and it is its own fault.
    Refused(String),
    /// It is slow beyond measure, but what has come is good.
    TooSlow,
    /// Worth another try, after as long as the host says.
    Again {
        why: String,
        wait: Option<Duration>,
    },
    /// The archive cannot be written: nor could any other recording.
    Archive(Error),
}

/// An answer whose body may be taken.
struct Accepted {
    /// Whether it goes on where the part ends.
    goes_on: bool,
    /// What the host calls it.
    content_type: Option<String>,
}

fn cannot_write(object: &str) -> impl Fn(io::Error) -> Trouble + Copy {
    move |error| Trouble::Archive(Error::failed(format!("cannot write {object} to the archive: {error}")))
}

fn again(why: String) -> Trouble {
    Trouble::Again { why, wait: None }
}

impl Downloader {
    /// # Errors
    /// When there can be no client.
    pub fn new(store: Store, reach: Reach, max_bytes: u64, max_time: Duration) -> Result<Self> {
        // A client of its own: it has no key, and goes where links lead and nowhere else.
        let http = client::builder(false)
            .no_proxy()
            .no_gzip()
            .referer(false)
            .https_only(!reach.loopback)
            .dns_resolver(reach)
            .read_timeout(READ_TIMEOUT)
            .build()
            .map_err(|error| Error::failed(format!("cannot set up the connection: {error}")))?;
        Ok(Self { http, reach, store, max_bytes, max_time })
    }

    /// Archives one recording, within bounded tries.
    ///
    /// # Errors
    /// When the archive cannot be written.
    pub async fn archive(&self, object: &str, link: &Link) -> Result<Outcome> {
        let mut failed = 0;
        loop {
            let tried = timeout(self.max_time, self.attempt(object, link)).await;
            let trouble = match tried.unwrap_or(Err(Trouble::TooSlow)) {
                Ok(outcome) => return Ok(outcome),
                Err(trouble) => trouble,
            };
            failed += 1;
            let (why, wait) = match trouble {
                Trouble::Archive(error) => return Err(error),
                Trouble::LinkDead(why) => {
                    self.store.tidy(object);
                    return Ok(Outcome::LinkDead(why));
                }
                Trouble::Unfit(why) => {
                    self.store.discard(object);
                    return Ok(Outcome::Unfit(why));
                }
                Trouble::Refused(why) => {
                    self.store.discard(object);
                    return Ok(Outcome::Refused(why));
                }
                Trouble::TooSlow => {
                    let seconds = self.max_time.as_secs_f64();
                    return Ok(Outcome::Unfit(format!("it was not there after {seconds} s")));
                }
                Trouble::Again { why, wait } => (why, wait),
            };
            if failed >= TRIES || wait.is_some_and(|wait| wait > LONGEST_WAIT) {
                self.store.tidy(object);
                return Ok(Outcome::Unavailable(why));
            }
            tracing::debug!(object, why, failed, "trying {object} again: {why}");
            sleep(wait.unwrap_or_default().max(backoff(failed))).await;
        }
    }

    /// Deletes what has come of a recording that is given up.
    pub fn discard(&self, object: &str) {
        self.store.discard(object);
    }

    /// How much has come of a recording.
    pub fn part_bytes(&self, object: &str) -> u64 {
        self.store.part_bytes(object)
    }

    async fn attempt(&self, object: &str, link: &Link) -> Result<Outcome, Trouble> {
        let url = self.reach.check(link.secret()).map_err(Trouble::Unfit)?;
        let cannot = cannot_write(object);
        let Some(mut part) = self.store.part(object).map_err(cannot)? else { return Ok(Outcome::Busy) };
        let mut request = self.http.get(url).header(ACCEPT_ENCODING, "identity");
        if let Some(validator) = &part.validator {
            request = request.header(RANGE, format!("bytes={}-", part.length)).header(IF_RANGE, validator);
        }
        let response = request.send().await.map_err(|error| lost(&error))?;
        let hash = if response.status() == StatusCode::RANGE_NOT_SATISFIABLE && part.validator.is_some() {
            if total_of(&response) != Some(part.length) {
                part.restart(None, None).map_err(cannot)?;
                return Err(again("it is shorter than what had come of it".to_owned()));
            }
            // All of it had come, and only putting it into its place is left.
            part.hash().map_err(cannot)?
        } else {
            let Accepted { goes_on, content_type } = self.judge(&response, &part)?;
            let rest = response.content_length();
            if !goes_on {
                if let Some(found) = self.find(object, rest, content_type.clone()).map_err(cannot)? {
                    self.store.discard(object);
                    return Ok(found);
                }
                part.restart(validator_of(&response).as_deref(), content_type.as_deref()).map_err(cannot)?;
            }
            let whole = if goes_on { total_of(&response) } else { rest };
            let hash = self.receive(response, &mut part, object).await?;
            if whole.is_some_and(|whole| whole != part.length) {
                return Err(again(format!("it broke off after {} bytes", part.length)));
            }
            hash
        };
        let (bytes, sha256, content_type) = (part.length, hex::encode(hash.finalize()), part.content_type.clone());
        let placed = self.store.place(part, object, &sha256).await.map_err(Trouble::Archive)?;
        crash::point("audio-placed");
        if placed == Placed::Taken {
            return Err(Trouble::Refused(TAKEN.to_owned()));
        }
        let archived = Archived { object: object.to_owned(), bytes, sha256, content_type, at: Timestamp::now() };
        Ok(if placed == Placed::There { Outcome::Found(archived) } else { Outcome::Archived(archived) })
    }

    /// Judges an answer before any of its body.
    fn judge(&self, response: &Response, part: &Part) -> Result<Accepted, Trouble> {
        let (status, headers) = (response.status(), response.headers());
        let unfit = |why: String| Err(Trouble::Unfit(why));
        let goes_on = match status {
            StatusCode::OK => false,
            StatusCode::PARTIAL_CONTENT if part.validator.is_some() => {
                let range = headers.get(CONTENT_RANGE).and_then(|range| range.to_str().ok()).unwrap_or_default();
                if !range.starts_with(&format!("bytes {}-", part.length)) || total_of(response).is_none() {
                    return unfit("its host sends another part than the one asked for".to_owned());
                }
                true
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::GONE => {
                return Err(Trouble::LinkDead(format!("its link does not open ({})", status.as_u16())));
            }
            status
                if status.is_server_error()
                    || [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT].contains(&status) =>
            {
                let wait = read_budget(headers).retry_after;
                return Err(Trouble::Again { why: format!("its host answered {status}"), wait });
            }
            status if status.is_redirection() => {
                return unfit(format!("its link leads elsewhere ({}), which is not followed", status.as_u16()));
            }
            status => return unfit(format!("its host answered {status}")),
        };
        if headers.get(CONTENT_ENCODING).is_some_and(|encoding| encoding != "identity") {
            return unfit("it is compressed, which was not asked for".to_owned());
        }
        let kind = headers.get(CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or("?"));
        let content_type = sniff::check_type(kind).map_err(Trouble::Unfit)?;
        match if goes_on { total_of(response) } else { response.content_length() } {
            Some(0) => Err(Trouble::Refused(EMPTY.to_owned())),
            Some(whole) if whole > self.max_bytes => {
                Err(Trouble::Refused(format!("it is {whole} bytes long, and {} are the most", self.max_bytes)))
            }
            _ => Ok(Accepted { goes_on, content_type }),
        }
    }

    /// What is in the place already, if it is as long as the recording.
    fn find(&self, object: &str, length: Option<u64>, content_type: Option<String>) -> io::Result<Option<Outcome>> {
        let Some(length) = length.filter(|_| self.store.size_there(object).is_ok_and(|size| size == length)) else {
            return Ok(None);
        };
        let Some(path) = self.store.path(object) else { return Ok(None) };
        let mut start = [0; sniff::ENOUGH];
        let count = io::Read::read(&mut std::fs::File::open(&path)?, &mut start)?;
        if sniff::check_start(&start[..count]).is_err() {
            return Ok(Some(Outcome::Refused(TAKEN.to_owned())));
        }
        let sha256 = sha256_of(&path)?;
        let object = object.to_owned();
        Ok(Some(Outcome::Found(Archived { object, bytes: length, sha256, content_type, at: Timestamp::now() })))
    }

    /// Appends the body to the part; the hash of all of it.
    async fn receive(&self, mut response: Response, part: &mut Part, object: &str) -> Result<Sha256, Trouble> {
        let cannot = cannot_write(object);
        let mut hash = part.hash().map_err(cannot)?;
        // Nothing is written before it was seen to be audio.
        let mut start = Vec::new();
        let mut is_judged = part.length > 0;
        loop {
            let Some(chunk) = response.chunk().await.map_err(|error| lost(&error))? else { break };
            if part.length + (start.len() + chunk.len()) as u64 > self.max_bytes {
                return Err(Trouble::Refused(format!("it is longer than {} bytes", self.max_bytes)));
            }
            let bytes = if is_judged {
                chunk
            } else {
                start.extend_from_slice(&chunk);
                if start.len() < sniff::ENOUGH {
                    continue;
                }
                sniff::check_start(&start).map_err(Trouble::Unfit)?;
                is_judged = true;
                std::mem::take(&mut start).into()
            };
            hash.update(&bytes);
            part.append(&bytes).map_err(cannot)?;
            crash::point("audio-appended");
        }
        if !is_judged {
            if start.is_empty() {
                return Err(Trouble::Refused(EMPTY.to_owned()));
            }
            sniff::check_start(&start).map_err(Trouble::Unfit)?;
            hash.update(&start);
            part.append(&start).map_err(cannot)?;
        }
        Ok(hash)
    }
}

const EMPTY: &str = "it is empty";
const TAKEN: &str = "another file is in its place in the archive";

/// How long the whole is of which this is a part: `Content-Range: bytes 100-199/200`.
fn total_of(response: &Response) -> Option<u64> {
    response.headers().get(CONTENT_RANGE)?.to_str().ok()?.rsplit_once('/')?.1.parse().ok()
}

/// By what the host will know whether it still has the same bytes.
fn validator_of(response: &Response) -> Option<String> {
    let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    header(ETAG).filter(|tag| !tag.starts_with("W/")).or_else(|| header(LAST_MODIFIED))
}

/// Why there is no answer, or not all of it.
fn lost(error: &reqwest::Error) -> Trouble {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        if next.is::<NotPublic>() {
            return Trouble::Unfit(next.to_string());
        }
        cause = next;
    }
    let why = if error.is_connect() { "its host cannot be reached" } else { "it broke off" };
    again(format!("{why}: {}", root_cause(error)))
}

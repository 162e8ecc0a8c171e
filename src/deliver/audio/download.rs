//! Downloads one recording from its link into the archive, and verifies it on the way.

use std::io;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{ACCEPT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, IF_RANGE, LAST_MODIFIED, RANGE};
use reqwest::{Client, Response, StatusCode};
use sha2::{Digest, Sha256};
use tokio::time::{sleep, timeout};

use super::address::{AddressPolicy, NotPublic};
use super::content_range::{ContentRange, is_compressed, total_of_unsatisfied};
use super::partial::{PartialDownload, Placement};
use super::sniff;
use super::store::Store;
use crate::http::client::{self, Reach, read_budget, root_cause};
use crate::http::retry::backoff;
use crate::lake::crash;
use crate::lake::durable::sha256_of;
use crate::ledger::ArchivedRecording;
use crate::model::{Error, Link, Result};

/// Tries of one recording in one run.
const TRIES: u32 = 5;
/// Longest pause between two reads.
const READ_TIMEOUT: Duration = Duration::from_secs(30);
/// The longest pause that a host may ask for. After a longer one, the next run tries again.
const LONGEST_WAIT: Duration = Duration::from_mins(1);

/// The outcome of downloading a recording.
#[derive(Debug)]
pub enum DownloadOutcome {
    /// It was downloaded into the archive.
    Archived(ArchivedRecording),
    /// It was in the archive already.
    Found(ArchivedRecording),
    /// The link does not open it, or no longer does. A new link may.
    LinkDead(String),
    /// The link leads to something that is not a recording.
    Unfit(String),
    /// It is a recording, but it is too long or empty, or another file is in its place.
    Refused(String),
    /// The host did not deliver it, but may later.
    Unavailable(String),
    /// Another program is downloading it.
    Busy,
}

/// Opens links and archives the recordings behind them.
pub struct Downloader {
    http: Client,
    policy: AddressPolicy,
    store: Store,
    max_bytes: u64,
    max_time: Duration,
}

/// Why a try failed.
enum DownloadError {
    LinkDead(String),
    /// What was downloaded is useless.
    Unfit(String),
    /// What was downloaded is useless, and the recording itself is the reason.
    Refused(String),
    /// It takes too long, but what was downloaded so far is good.
    TooSlow,
    /// The host has other bytes than those that were downloaded.
    Changed,
    /// Worth another try, after the pause that the host asks for.
    Retry {
        why: String,
        wait: Option<Duration>,
    },
    /// The archive cannot be written, so no other recording could be archived either.
    Archive(Error),
}

/// An HTTP response whose body may be read.
struct Accepted {
    /// Whether it continues where the partial download ends.
    is_resumed: bool,
    /// Content type, as the host declares it.
    content_type: Option<String>,
    /// Length of the whole recording.
    whole: Option<u64>,
}

fn archive_error(object: &str) -> impl Fn(io::Error) -> DownloadError + Copy {
    move |error| DownloadError::Archive(Error::failed(format!("cannot write {object} to the archive: {error}")))
}

fn retry(why: String) -> DownloadError {
    DownloadError::Retry { why, wait: None }
}

impl Downloader {
    /// # Errors
    /// When no HTTP client can be made.
    pub fn new(store: Store, policy: AddressPolicy, max_bytes: u64, max_time: Duration) -> Result<Self> {
        // A client of its own: it has no key, and follows no redirects.
        let reach = Reach { is_here: policy.loopback, in_clear: policy.loopback };
        let http = client::client(reach, |builder| {
            builder
                .no_proxy()
                .referer(false)
                .https_only(!policy.loopback)
                .dns_resolver(policy)
                .read_timeout(READ_TIMEOUT)
        })?;
        Ok(Self { http, policy, store, max_bytes, max_time })
    }

    /// Archives one recording, with a bounded number of tries.
    ///
    /// # Errors
    /// When the archive cannot be written.
    pub async fn archive(&self, object: &str, link: &Link) -> Result<DownloadOutcome> {
        let mut failed = 0;
        loop {
            let tried = timeout(self.max_time, self.attempt(object, link)).await;
            let error = match tried.unwrap_or(Err(DownloadError::TooSlow)) {
                Ok(outcome) => return Ok(outcome),
                Err(error) => error,
            };
            failed += 1;
            let (why, wait) = match error {
                DownloadError::Archive(error) => return Err(error),
                DownloadError::LinkDead(why) => {
                    self.store.tidy(object);
                    return Ok(DownloadOutcome::LinkDead(why));
                }
                DownloadError::Unfit(why) => {
                    self.store.discard(object);
                    return Ok(DownloadOutcome::Unfit(why));
                }
                DownloadError::Refused(why) => {
                    self.store.discard(object);
                    return Ok(DownloadOutcome::Refused(why));
                }
                DownloadError::TooSlow => {
                    let seconds = self.max_time.as_secs_f64();
                    return Ok(DownloadOutcome::Unfit(format!("it was not there after {seconds} s")));
                }
                DownloadError::Changed => (CHANGED.to_owned(), None),
                DownloadError::Retry { why, wait } => (why, wait),
            };
            if failed >= TRIES || wait.is_some_and(|wait| wait > LONGEST_WAIT) {
                self.store.tidy(object);
                return Ok(DownloadOutcome::Unavailable(why));
            }
            tracing::debug!(object, why, failed, "trying {object} again: {why}");
            sleep(wait.unwrap_or_default().max(backoff(failed))).await;
        }
    }

    /// Deletes the partial download of a recording that is given up.
    pub fn discard(&self, object: &str) {
        self.store.discard(object);
    }

    /// Bytes of a recording that were downloaded so far.
    pub fn part_bytes(&self, object: &str) -> u64 {
        self.store.part_bytes(object)
    }

    async fn attempt(&self, object: &str, link: &Link) -> Result<DownloadOutcome, DownloadError> {
        let url = self.policy.check(link.secret()).map_err(DownloadError::Unfit)?;
        let cannot = archive_error(object);
        let Some(mut partial) = self.store.partial(object).map_err(cannot)? else { return Ok(DownloadOutcome::Busy) };
        let mut request = self.http.get(url).header(ACCEPT_ENCODING, "identity");
        if let Some(validator) = &partial.validator {
            request = request.header(RANGE, format!("bytes={}-", partial.length)).header(IF_RANGE, validator);
        }
        let response = request.send().await.map_err(|error| connection_error(&error))?;
        let hash = if response.status() == StatusCode::RANGE_NOT_SATISFIABLE && partial.validator.is_some() {
            let is_whole = total_of_unsatisfied(response.headers()) == Some(partial.length);
            if !is_whole || !has_same_validator(response.headers(), &partial) {
                partial.restart(None, None, None).map_err(cannot)?;
                return Err(DownloadError::Changed);
            }
            // It was downloaded completely, and only has to be moved into its place.
            partial.hash().map_err(cannot)?
        } else {
            let judged = self.judge(&response, &partial);
            if matches!(judged, Err(DownloadError::Changed)) {
                partial.restart(None, None, None).map_err(cannot)?;
            }
            let Accepted { is_resumed, content_type, whole } = judged?;
            if !is_resumed {
                if let Some(found) = self.find(object, whole, content_type.clone()).map_err(cannot)? {
                    self.store.discard(object);
                    return Ok(found);
                }
                let validator = validator_of(response.headers());
                partial.restart(validator.as_deref(), content_type.as_deref(), whole).map_err(cannot)?;
            }
            let hash = self.receive(response, &mut partial, object).await?;
            if whole.is_some_and(|whole| whole != partial.length) {
                return Err(retry(format!("it broke off after {} bytes", partial.length)));
            }
            hash
        };
        let (bytes, sha256, content_type) =
            (partial.length, hex::encode(hash.finalize()), partial.content_type.clone());
        let placed = self.store.place(partial, object, &sha256).await.map_err(DownloadError::Archive)?;
        crash::point("audio-placed");
        if placed == Placement::Conflict {
            return Err(DownloadError::Refused(TAKEN.to_owned()));
        }
        let archived =
            ArchivedRecording { object: object.to_owned(), bytes, sha256, content_type, at: Timestamp::now() };
        Ok(if placed == Placement::Existing {
            DownloadOutcome::Found(archived)
        } else {
            DownloadOutcome::Archived(archived)
        })
    }

    /// Judges an HTTP response before reading its body.
    fn judge(&self, response: &Response, partial: &PartialDownload) -> Result<Accepted, DownloadError> {
        let (status, headers) = (response.status(), response.headers());
        let unfit = |why: String| Err(DownloadError::Unfit(why));
        let (is_resumed, whole) = match status {
            StatusCode::OK => (false, response.content_length()),
            StatusCode::PARTIAL_CONTENT if partial.validator.is_some() => {
                let range = ContentRange::of(headers).filter(|range| range.start == partial.length);
                let Some(ContentRange { end, total, .. }) = range else {
                    return unfit("its host sends another part than the one asked for".to_owned());
                };
                let is_other = total.zip(partial.total).is_some_and(|(total, before)| total != before);
                if is_other || !has_same_validator(headers, partial) {
                    return Err(DownloadError::Changed);
                }
                (true, total.or(partial.total).or(Some(end + 1)))
            }
            // Some object stores answer an expired link with 400.
            StatusCode::BAD_REQUEST
            | StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::NOT_FOUND
            | StatusCode::GONE => {
                return Err(DownloadError::LinkDead(format!("its link does not open ({})", status.as_u16())));
            }
            status
                if status.is_server_error()
                    || [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT].contains(&status) =>
            {
                let wait = read_budget(headers).retry_after;
                return Err(DownloadError::Retry { why: format!("its host answered {status}"), wait });
            }
            status if status.is_redirection() => {
                return unfit(format!("its link leads elsewhere ({}), which is not followed", status.as_u16()));
            }
            status => return unfit(format!("its host answered {status}")),
        };
        if is_compressed(headers) {
            return unfit("it is compressed, which was not asked for".to_owned());
        }
        let kind = headers.get(CONTENT_TYPE).map(|kind| kind.to_str().unwrap_or("?"));
        let content_type = sniff::check_type(kind).map_err(DownloadError::Unfit)?;
        match whole {
            Some(0) => Err(DownloadError::Refused(EMPTY.to_owned())),
            Some(whole) if whole > self.max_bytes => {
                Err(DownloadError::Refused(format!("it is {whole} bytes long, and {} are the most", self.max_bytes)))
            }
            _ => Ok(Accepted { is_resumed, content_type, whole }),
        }
    }

    /// Looks for a file of the same length that is in the place already.
    fn find(
        &self,
        object: &str,
        length: Option<u64>,
        content_type: Option<String>,
    ) -> io::Result<Option<DownloadOutcome>> {
        let Some(length) = length.filter(|_| self.store.size_there(object).is_ok_and(|size| size == length)) else {
            return Ok(None);
        };
        let Some(path) = self.store.path(object) else { return Ok(None) };
        let mut start = [0; sniff::ENOUGH];
        let count = io::Read::read(&mut std::fs::File::open(&path)?, &mut start)?;
        if sniff::check_start(&start[..count]).is_err() {
            return Ok(Some(DownloadOutcome::Refused(TAKEN.to_owned())));
        }
        let sha256 = sha256_of(&path)?;
        let object = object.to_owned();
        Ok(Some(DownloadOutcome::Found(ArchivedRecording {
            object,
            bytes: length,
            sha256,
            content_type,
            at: Timestamp::now(),
        })))
    }

    /// Appends the body to the partial download, and returns the hash of the whole.
    async fn receive(
        &self,
        mut response: Response,
        partial: &mut PartialDownload,
        object: &str,
    ) -> Result<Sha256, DownloadError> {
        let cannot = archive_error(object);
        let mut hash = partial.hash().map_err(cannot)?;
        // Nothing is written before the first bytes were recognised as audio.
        let mut start = Vec::new();
        let mut is_judged = partial.length > 0;
        loop {
            let Some(chunk) = response.chunk().await.map_err(|error| connection_error(&error))? else { break };
            if partial.length + (start.len() + chunk.len()) as u64 > self.max_bytes {
                return Err(DownloadError::Refused(format!("it is longer than {} bytes", self.max_bytes)));
            }
            let bytes = if is_judged {
                chunk
            } else {
                start.extend_from_slice(&chunk);
                if start.len() < sniff::ENOUGH {
                    continue;
                }
                sniff::check_start(&start).map_err(DownloadError::Unfit)?;
                is_judged = true;
                std::mem::take(&mut start).into()
            };
            hash.update(&bytes);
            partial.append(&bytes).map_err(cannot)?;
            crash::point("audio-appended");
        }
        if !is_judged {
            if start.is_empty() {
                return Err(DownloadError::Refused(EMPTY.to_owned()));
            }
            sniff::check_start(&start).map_err(DownloadError::Unfit)?;
            hash.update(&start);
            partial.append(&start).map_err(cannot)?;
        }
        Ok(hash)
    }
}

const CHANGED: &str = "its host has other bytes than what had come of it";
const EMPTY: &str = "it is empty";
const TAKEN: &str = "another file is in its place in the archive";

/// The validator by which the host can tell whether it still has the same bytes.
fn validator_of(headers: &HeaderMap) -> Option<String> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    header(ETAG).filter(|tag| !tag.starts_with("W/")).or_else(|| header(LAST_MODIFIED))
}

/// Whether a response that continues a download does not contradict its validator. Some hosts ignore `If-Range` and
/// send a part of what they have now; some leave out the validator.
fn has_same_validator(headers: &HeaderMap, partial: &PartialDownload) -> bool {
    let Some(before) = partial.validator.as_deref() else { return false };
    let name = if before.starts_with('"') { ETAG } else { LAST_MODIFIED };
    headers.get(name).is_none_or(|now| now.as_bytes() == before.as_bytes())
}

/// The error for a connection that failed or broke off.
fn connection_error(error: &reqwest::Error) -> DownloadError {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        if next.is::<NotPublic>() {
            return DownloadError::Unfit(next.to_string());
        }
        cause = next;
    }
    let why = if error.is_connect() { "its host cannot be reached" } else { "it broke off" };
    retry(format!("{why}: {}", root_cause(error)))
}

//! Fetching: tasks in, outcomes out, several at once; what can be tried again is, within bounds.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use compact_str::CompactString;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::call::{Call, ParsedBody};
use super::client::{ApiClient, CallOutcome};
use crate::http::cancel::{Cancellation, Cancelled};
use crate::http::pace::Pacer;
use crate::http::retry::backoff;
use crate::model::body::Violation;
use crate::model::{Error, Kind};

/// Tries of one call before it is given up; a 429 is none.
const TRIES: u32 = 5;
/// Tries before a body that breaks the contract is believed to be what the API has.
const UNREADABLE_TRIES: u32 = 3;
/// An API that was there and is gone is waited for this long.
const OUTAGE: Duration = Duration::from_mins(10);
/// So many bodies that are no JSON, and nothing else before them: it is not the API that answers.
const NOT_THE_API: usize = 3;
/// A wait that is worth a line in the log.
const LONG_WAIT: Duration = Duration::from_secs(5);

/// One call to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchTask {
    pub call: Call,
    /// Inline, as a first night has very many.
    pub id: CompactString,
    /// The interview is settled in the lake; its body replaces what is there.
    pub again: bool,
}

/// What became of a call that ended for good.
#[derive(Debug)]
pub enum FetchOutcome {
    /// A body that keeps the contract, as it came and as it was read.
    Body(Vec<u8>, ParsedBody),
    /// The API does not know the id.
    Gone,
    /// A body that broke the contract at every try: the last one, and how.
    Unreadable(Vec<u8>, Violation),
    /// Given up; holds why.
    Failed(String),
}

#[derive(Debug)]
pub struct Fetched {
    pub task: FetchTask,
    pub at: Timestamp,
    pub outcome: FetchOutcome,
}

/// Why fetching ended before its tasks did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopReason {
    /// 401 or 403: every further call would be refused as well.
    Refused(String),
    /// Nothing listens there.
    Unreachable(String),
    /// Something else than the API answers there.
    NotTheApi,
    Cancelled(Cancelled),
}

impl StopReason {
    /// What to tell the user; `api` is what the API is called.
    #[must_use]
    pub fn error(self, api: &str) -> Error {
        match self {
            Self::Refused(why) => Error::new(Kind::Refused, why),
            Self::Unreachable(why) => Error::failed(format!("cannot reach {api}: {why}"))
                .hint("is the address right, and this machine online?"),
            Self::NotTheApi => Error::failed(format!("what answers as {api} is not the API: its bodies are no JSON"))
                .hint("is the address right, and does no login page of a network stand between?"),
            Self::Cancelled(Cancelled::TimeIsUp) => Error::failed("the time is up"),
            Self::Cancelled(Cancelled::Interrupted) => Error::new(Kind::Interrupted, "interrupted"),
        }
    }
}

/// What was done, counted while it is.
#[derive(Debug, Default)]
pub struct FetchCounts {
    /// Requests sent.
    pub requests: AtomicU64,
    /// Of them, those that were sent because an earlier one of the same call failed.
    pub retries: AtomicU64,
    /// Of them, those that were answered 429.
    pub limited: AtomicU64,
    /// Of bodies, decompressed.
    pub bytes: AtomicU64,
    /// Whether anything was ever answered.
    answered: AtomicBool,
}

/// All that a fetch needs beside its tasks.
#[derive(Clone)]
pub struct Fetcher {
    pub client: ApiClient,
    pub pacer: Arc<Pacer>,
    /// Calls begun and not ended, at most: those under way and those that wait for another try.
    pub width: usize,
    pub counts: Arc<FetchCounts>,
    pub cancellation: Cancellation,
}

impl Fetcher {
    /// Makes the calls and sends what became of each.
    ///
    /// # Errors
    /// A [`StopReason`]; what was sent by then stands, the rest was not asked for.
    pub async fn fetch(self, tasks: Vec<FetchTask>, results: mpsc::Sender<Fetched>) -> Result<(), StopReason> {
        let mut tasks = tasks.into_iter();
        let mut running = JoinSet::new();
        // What is no JSON is held back until something else says that it is the API which answers.
        let mut held = Some(Vec::new());
        let cancelled = self.cancellation.cancelled();
        tokio::pin!(cancelled);
        loop {
            while running.len() < self.width
                && let Some(task) = tasks.next()
            {
                running.spawn(self.clone().fetch_one(task));
            }
            // Dropping the set, on a stop, ends what is under way.
            let joined = tokio::select! {
                why = &mut cancelled => return Err(StopReason::Cancelled(why)),
                joined = running.join_next() => joined,
            };
            let Some(joined) = joined else {
                return send_all(held.take().unwrap_or_default(), &results).await;
            };
            let fetched = joined.expect("a call does not panic")?;
            match (&mut held, &fetched.outcome) {
                (Some(held), FetchOutcome::Unreadable(_, Violation::NotJson { .. })) => {
                    held.push(fetched);
                    if held.len() == NOT_THE_API {
                        return Err(StopReason::NotTheApi);
                    }
                }
                _ => {
                    let mut ready = held.take().unwrap_or_default();
                    ready.push(fetched);
                    send_all(ready, &results).await?;
                }
            }
        }
    }

    /// Makes a call until it ends for good.
    async fn fetch_one(self, task: FetchTask) -> Result<Fetched, StopReason> {
        let began = Instant::now();
        let mut failed = 0;
        let outcome = loop {
            let result = self.attempt(&task, failed > 0).await?;
            failed += 1;
            let why = match result {
                Attempt::Done(outcome) => {
                    if let FetchOutcome::Body(body, _) = &outcome {
                        self.counts.bytes.fetch_add(body.len() as u64, Ordering::Relaxed);
                    }
                    break outcome;
                }
                Attempt::Unreadable(bytes, violation) if failed >= UNREADABLE_TRIES => {
                    break FetchOutcome::Unreadable(bytes, violation);
                }
                Attempt::Unreadable(_, violation) => violation.to_string(),
                Attempt::NotThere(why) if !self.may_come_back(began, failed) => {
                    return Err(StopReason::Unreachable(why));
                }
                Attempt::NotThere(why) => why,
                Attempt::Failed(why) | Attempt::NoAnswer(why) if failed >= TRIES => break FetchOutcome::Failed(why),
                Attempt::Failed(why) | Attempt::NoAnswer(why) => why,
            };
            tracing::debug!(id = task.id.as_str(), why, failed, "trying interview {} again: {why}", task.id);
            sleep(backoff(failed)).await;
        };
        Ok(Fetched { task, at: Timestamp::now(), outcome })
    }

    /// Makes a call once it is its turn, and again for as long as it is over the limit.
    async fn attempt(&self, task: &FetchTask, is_retry: bool) -> Result<Attempt, StopReason> {
        loop {
            let turn = self.pacer.turn().await;
            self.counts.requests.fetch_add(1, Ordering::Relaxed);
            self.counts.retries.fetch_add(u64::from(is_retry), Ordering::Relaxed);
            let (answer, budget) = match task.call {
                Call::Interview => self.client.interview(&task.id).await,
                Call::Questions => self.client.questions(&task.id).await,
            };
            match classify(task, answer) {
                Classification::Limited => {
                    self.counts.limited.fetch_add(1, Ordering::Relaxed);
                    let wait = turn.refused(budget);
                    if wait >= LONG_WAIT {
                        tracing::info!("over the API's limit; going on in {} s", wait.as_secs());
                    }
                }
                // Its turn never ends: no other begins while all are being stopped.
                Classification::Stop(stop) => {
                    std::mem::forget(turn);
                    return Err(stop);
                }
                // No answer tells nothing of the limit.
                Classification::Attempt(attempt @ (Attempt::NoAnswer(_) | Attempt::NotThere(_))) => return Ok(attempt),
                Classification::Attempt(attempt) => {
                    turn.answered(budget);
                    self.counts.answered.store(true, Ordering::Relaxed);
                    return Ok(attempt);
                }
            }
        }
    }

    /// Whether an API that is not there is waited for.
    fn may_come_back(&self, began: Instant, failed: u32) -> bool {
        if self.counts.answered.load(Ordering::Relaxed) { began.elapsed() < OUTAGE } else { failed < UNREADABLE_TRIES }
    }
}

/// What an answer means for its call, and for all others.
enum Classification {
    /// It counts for its call alone.
    Attempt(Attempt),
    /// Over the limit: the same call once more, later, and without counting this try.
    Limited,
    /// No call is worth another try.
    Stop(StopReason),
}

/// What came of one try of a call.
enum Attempt {
    /// The call is at its end.
    Done(FetchOutcome),
    /// A body that breaks the contract. Worth another try, as are those that follow.
    Unreadable(Vec<u8>, Violation),
    /// An answer that says so.
    Failed(String),
    /// No answer at all, or half of one.
    NoAnswer(String),
    /// Nobody is there.
    NotThere(String),
}

fn classify(task: &FetchTask, answer: CallOutcome) -> Classification {
    Classification::Attempt(match answer {
        CallOutcome::Body(bytes) => match task.call.read(&task.id, &bytes) {
            Ok(content) => Attempt::Done(FetchOutcome::Body(bytes, content)),
            Err(violation) => Attempt::Unreadable(bytes, violation),
        },
        CallOutcome::NotFound => Attempt::Done(FetchOutcome::Gone),
        CallOutcome::Unusable(why) => Attempt::Done(FetchOutcome::Failed(why)),
        CallOutcome::Failed(why) => Attempt::Failed(why),
        CallOutcome::NoAnswer(why) => Attempt::NoAnswer(why),
        CallOutcome::Unreachable(why) => Attempt::NotThere(why),
        CallOutcome::Limited => return Classification::Limited,
        CallOutcome::Refused(why) => return Classification::Stop(StopReason::Refused(why)),
    })
}

async fn send_all(ready: Vec<Fetched>, results: &mpsc::Sender<Fetched>) -> Result<(), StopReason> {
    for fetched in ready {
        if results.send(fetched).await.is_err() {
            // The receiver met an error of its own, which it says, and has stopped taking bodies.
            return Err(StopReason::Cancelled(Cancelled::Interrupted));
        }
    }
    Ok(())
}

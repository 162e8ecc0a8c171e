//! Fetches several calls at once: takes tasks and returns outcomes. Failed calls are tried again, within bounds.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use compact_str::CompactString;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::call::{Call, ParsedBody};
use super::client::CallOutcome;
use super::keys::Keys;
use crate::http::cancel::{Cancellation, Cancelled};
use crate::http::retry::backoff;
use crate::model::body::Violation;
use crate::model::{Error, Kind};

/// Tries of one call before it is given up. A 429 does not count as a try.
const TRIES: u32 = 5;
/// Tries before a body that breaks the contract is accepted as what the API has.
const UNREADABLE_TRIES: u32 = 3;
/// How long to wait for an API that answered before and cannot be reached now.
const OUTAGE: Duration = Duration::from_mins(10);
/// If this many bodies are not JSON, and nothing else came before them, something other than the API is answering.
const NOT_THE_API: usize = 3;

/// One call to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchTask {
    pub call: Call,
    /// Stored inline, because a first run has very many.
    pub id: CompactString,
    /// Whether the interview is settled in the lake, so that its body replaces the stored one.
    pub again: bool,
}

/// The final outcome of a call.
#[derive(Debug)]
pub enum FetchOutcome {
    /// A body that keeps the contract: its bytes, and what was parsed from them.
    Body(Vec<u8>, ParsedBody),
    /// The API does not know the id.
    Gone,
    /// A body that broke the contract at every try: the bytes of the last one, and the violation.
    Unreadable(Vec<u8>, Violation),
    /// Answered in a way that another try would not change. Holds the reason.
    Unusable(String),
    /// Given up after the last try, though a later one may succeed. Holds the reason.
    Failed(String),
}

impl FetchOutcome {
    /// Whether it shows that the API is there. A wrong address, a proxy and an API that is down answer every call alike
    /// with a page, a redirect or an error.
    #[must_use]
    pub fn is_of_the_api(&self) -> bool {
        matches!(self, Self::Body(..) | Self::Gone)
    }
}

/// A task with its outcome, and when it ended.
#[derive(Debug)]
pub struct Fetched {
    pub task: FetchTask,
    pub at: Timestamp,
    pub outcome: FetchOutcome,
}

impl Fetched {
    /// Whether the API says that it has no such interview.
    #[must_use]
    pub fn is_unknown_interview(&self) -> bool {
        self.task.call == Call::Interview && matches!(self.outcome, FetchOutcome::Gone)
    }
}

/// Why fetching stopped before all tasks were done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StopReason {
    /// 401 or 403 to every key, which every further call would get as well. Holds the reason.
    Refused(String),
    /// Nothing listens at the address. Holds the reason.
    Unreachable(String),
    /// Something other than the API answers at the address.
    NotTheApi,
    Cancelled(Cancelled),
}

impl StopReason {
    /// The error for the user. `api` is the name of the API in the message.
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

/// Counters that are updated while fetching.
#[derive(Debug, Default)]
pub struct FetchCounts {
    /// Requests sent.
    pub requests: AtomicU64,
    /// Requests that were sent because an earlier one of the same call failed.
    pub retries: AtomicU64,
    /// Requests that were answered with 429.
    pub limited: AtomicU64,
    /// Bytes of bodies, decompressed.
    pub bytes: AtomicU64,
    /// Whether any request was answered.
    answered: AtomicBool,
    /// Why the newest request had no answer, and until when the API is waited for; `None` once it answers.
    trouble: Mutex<Option<Trouble>>,
}

/// Why there is no answer.
#[derive(Debug, Clone)]
struct Trouble {
    why: String,
    /// Until when an API is waited for at whose address nothing listens any more.
    until: Option<Timestamp>,
}

impl FetchCounts {
    /// What is waited for since the last answer, if for anything.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.lock().as_ref().map(Trouble::in_words)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Trouble>> {
        self.trouble.lock().expect("nothing panics while it holds it")
    }
}

impl Trouble {
    fn in_words(&self) -> String {
        let Self { why, until } = self;
        match until {
            None => format!("the API does not answer as it should ({why}); it is tried again"),
            Some(until) => {
                let until = until.strftime("%Y-%m-%d %H:%M:%S UTC");
                format!("the API cannot be reached any more ({why}); it is tried again until {until}")
            }
        }
    }
}

/// Fetches tasks.
#[derive(Clone)]
pub struct Fetcher {
    pub keys: Keys,
    /// Most calls at once, including those that wait for another try.
    pub width: usize,
    pub counts: Arc<FetchCounts>,
    pub cancellation: Cancellation,
}

impl Fetcher {
    /// A fetcher with counts of its own. Calls that wait for another try leave room for others, so that `concurrency`
    /// requests can be in flight with each key.
    #[must_use]
    pub fn new(keys: Keys, concurrency: usize, cancellation: Cancellation) -> Self {
        Self { width: concurrency * 2 * keys.count(), keys, counts: Arc::default(), cancellation }
    }

    /// Makes the calls, and sends the outcome of each to `results`.
    ///
    /// # Errors
    /// A [`StopReason`]. Outcomes that were sent before are valid; the other calls were not made.
    pub async fn fetch(self, tasks: Vec<FetchTask>, results: mpsc::Sender<Fetched>) -> Result<(), StopReason> {
        let mut tasks = tasks.into_iter();
        let mut running = JoinSet::new();
        // Bodies that are not JSON are held back until another outcome shows that the API is answering.
        let mut held = Some(Vec::new());
        let cancelled = self.cancellation.cancelled();
        tokio::pin!(cancelled);
        loop {
            while running.len() < self.width
                && let Some(task) = tasks.next()
            {
                running.spawn(self.clone().fetch_one(task));
            }
            // When fetching stops, dropping the set cancels the calls in flight.
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

    /// Makes a call, with further tries, until it has a final outcome.
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
                Attempt::NotThere(why) => {
                    self.note_outage(&why);
                    why
                }
                Attempt::Failed(why) | Attempt::NoAnswer(why) if failed >= TRIES => break FetchOutcome::Failed(why),
                Attempt::Failed(why) | Attempt::NoAnswer(why) => {
                    self.counts.lock().get_or_insert(Trouble { why: why.clone(), until: None });
                    why
                }
            };
            tracing::debug!(id = task.id.as_str(), why, failed, "trying interview {} again: {why}", task.id);
            sleep(backoff(failed)).await;
        };
        Ok(Fetched { task, at: Timestamp::now(), outcome })
    }

    /// Makes one try of a call when it is its turn. A try that is over the limit is repeated, and so is one whose key is
    /// refused, with another key.
    async fn attempt(&self, task: &FetchTask, is_retry: bool) -> Result<Attempt, StopReason> {
        loop {
            let turn = self.keys.turn().await.map_err(StopReason::Refused)?;
            self.counts.requests.fetch_add(1, Ordering::Relaxed);
            self.counts.retries.fetch_add(u64::from(is_retry), Ordering::Relaxed);
            let client = &turn.key.client;
            let (answer, budget) = match task.call {
                Call::Interview => client.interview(&task.id).await,
                Call::Questions => client.questions(&task.id).await,
            };
            match classify(task, answer) {
                Classification::Limited => {
                    self.counts.limited.fetch_add(1, Ordering::Relaxed);
                    turn.in_flight.refused(budget);
                }
                Classification::Refused(why) => self.keys.refuse(turn, why),
                // Without an answer, nothing is known about the limit.
                Classification::Attempt(attempt @ (Attempt::NoAnswer(_) | Attempt::NotThere(_))) => return Ok(attempt),
                Classification::Attempt(attempt) => {
                    turn.in_flight.answered(budget);
                    self.counts.answered.store(true, Ordering::Relaxed);
                    *self.counts.lock() = None;
                    return Ok(attempt);
                }
            }
        }
    }

    /// Notes that an API which answered before is waited for, and logs it the first time. One that never did is only
    /// waited for briefly.
    fn note_outage(&self, why: &str) {
        let mut trouble = self.counts.lock();
        let is_known = trouble.as_ref().is_some_and(|trouble| trouble.until.is_some());
        if self.counts.answered.load(Ordering::Relaxed) && !is_known {
            let until = Timestamp::now().saturating_add(OUTAGE).unwrap_or(Timestamp::MAX);
            let outage = trouble.insert(Trouble { why: why.to_owned(), until: Some(until) });
            tracing::info!("{}", outage.in_words());
        }
    }

    /// Whether to wait for an API that cannot be reached.
    fn may_come_back(&self, began: Instant, failed: u32) -> bool {
        if self.counts.answered.load(Ordering::Relaxed) { began.elapsed() < OUTAGE } else { failed < UNREADABLE_TRIES }
    }
}

/// What the outcome of a request means for its call, and for all others.
enum Classification {
    /// It matters for its own call only.
    Attempt(Attempt),
    /// Over the limit. The call is repeated later, and this try does not count.
    Limited,
    /// No call is worth another try with this key. Holds the reason.
    Refused(String),
}

/// The result of one try of a call.
enum Attempt {
    /// The call has its final outcome.
    Done(FetchOutcome),
    /// A body that breaks the contract. Worth another try.
    Unreadable(Vec<u8>, Violation),
    /// A response with a status that is worth another try. Holds the reason.
    Failed(String),
    /// No response, or one that broke off. Worth another try. Holds the reason.
    NoAnswer(String),
    /// Nothing listens at the address. Worth another try for a while. Holds the reason.
    NotThere(String),
}

fn classify(task: &FetchTask, answer: CallOutcome) -> Classification {
    Classification::Attempt(match answer {
        CallOutcome::Body(bytes) => match task.call.read(&task.id, &bytes) {
            Ok(content) => Attempt::Done(FetchOutcome::Body(bytes, content)),
            Err(violation) => Attempt::Unreadable(bytes, violation),
        },
        CallOutcome::NotFound => Attempt::Done(FetchOutcome::Gone),
        CallOutcome::Unusable(why) => Attempt::Done(FetchOutcome::Unusable(why)),
        CallOutcome::Failed(why) => Attempt::Failed(why),
        CallOutcome::NoAnswer(why) => Attempt::NoAnswer(why),
        CallOutcome::Unreachable(why) => Attempt::NotThere(why),
        CallOutcome::Limited => return Classification::Limited,
        CallOutcome::Refused(why) => return Classification::Refused(why),
    })
}

async fn send_all(ready: Vec<Fetched>, results: &mpsc::Sender<Fetched>) -> Result<(), StopReason> {
    for fetched in ready {
        if results.send(fetched).await.is_err() {
            // The receiver stopped because of an error of its own, which it reports.
            return Err(StopReason::Cancelled(Cancelled::Interrupted));
        }
    }
    Ok(())
}

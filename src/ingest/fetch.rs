//! Fetching: tasks in, outcomes out, several at once; what can be tried again is, within bounds.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::spool::Call;
use crate::model::body::{self, Violation};
use crate::round0::client::{Answer, Client};
use crate::round0::pace::Pacer;

/// Tries of one call before it is given up; a 429 is none.
const TRIES: u32 = 3;
const FIRST_BACKOFF: Duration = Duration::from_millis(500);

/// One call to make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    pub call: Call,
    pub id: String,
}

/// What became of a call that ended for good.
#[derive(Debug)]
pub enum Outcome {
    /// A body that keeps the contract.
    Body(Vec<u8>),
    /// The API does not know the id.
    Gone,
    /// A body that broke the contract at every try: the last one, and how.
    Unreadable(Vec<u8>, Violation),
    /// Given up; holds why.
    Failed(String),
}

#[derive(Debug)]
pub struct Fetched {
    pub task: Task,
    pub at: Timestamp,
    pub outcome: Outcome,
}

/// Why fetching ended before its tasks did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// 401 or 403: every further call would be refused as well.
    Refused(String),
    /// Nothing listens there.
    Unreachable(String),
    Interrupted,
}

/// All that a fetch needs beside its tasks.
#[derive(Clone)]
pub struct Fetcher {
    pub client: Client,
    pub pacer: Arc<Pacer>,
    /// Requests under way at once, at most.
    pub concurrency: usize,
    /// Requests sent so far, retries included.
    pub requests: Arc<AtomicU64>,
    /// Becomes true when the user wants the run to end.
    pub interrupt: watch::Receiver<bool>,
}

impl Fetcher {
    /// Makes the calls and sends what became of each. One goes first alone: it learns whether the API is there, takes
    /// the key, and what is left of the limit.
    ///
    /// # Errors
    /// A [`Stop`]; what was sent by then stands, the rest was not asked for.
    pub async fn fetch(mut self, tasks: Vec<Task>, results: mpsc::Sender<Fetched>) -> Result<(), Stop> {
        let mut tasks = tasks.into_iter();
        let mut running = JoinSet::new();
        let mut width = 1;
        loop {
            while running.len() < width
                && let Some(task) = tasks.next()
            {
                running.spawn(self.clone().one(task));
            }
            // Dropping the set, on a stop, ends what is under way.
            tokio::select! {
                () = wanted(&mut self.interrupt) => return Err(Stop::Interrupted),
                joined = running.join_next() => match joined {
                    None => return Ok(()),
                    Some(joined) => {
                        let fetched = joined.expect("a call does not panic")?;
                        if results.send(fetched).await.is_err() {
                            // The receiver met an error of its own and has stopped taking bodies.
                            return Ok(());
                        }
                        width = self.concurrency;
                    }
                }
            }
        }
    }

    async fn one(self, task: Task) -> Result<Fetched, Stop> {
        let mut tries = 0;
        let outcome = loop {
            let turn = self.pacer.turn().await;
            self.requests.fetch_add(1, Ordering::Relaxed);
            let (answer, budget) = match task.call {
                Call::Interview => self.client.interview(&task.id).await,
                Call::Questions => self.client.questions(&task.id).await,
            };
            if matches!(answer, Answer::Limited) {
                turn.refused(budget);
                continue;
            }
            turn.answered(budget);
            tries += 1;
            let last = tries >= TRIES;
            let why = match answer {
                Answer::Limited => unreachable!("dealt with above"),
                Answer::Body(bytes) => match check(&task, &bytes) {
                    Ok(()) => break Outcome::Body(bytes),
                    Err(violation) if last => break Outcome::Unreadable(bytes, violation),
                    Err(violation) => violation.to_string(),
                },
                Answer::NotFound => break Outcome::Gone,
                Answer::Unusable(why) => break Outcome::Failed(why),
                Answer::Failed(why) if last => break Outcome::Failed(why),
                Answer::Failed(why) => why,
                Answer::Refused(why) => return Err(Stop::Refused(why)),
                Answer::Unreachable(why) if last => return Err(Stop::Unreachable(why)),
                Answer::Unreachable(why) => why,
            };
            tracing::debug!(id = task.id, why, tries, "trying interview {} again: {why}", task.id);
            tokio::time::sleep(backoff(tries)).await;
        };
        Ok(Fetched { task, at: Timestamp::now(), outcome })
    }
}

/// Ends when the interrupt is wanted; never, once nobody can want it any more.
async fn wanted(interrupt: &mut watch::Receiver<bool>) {
    if interrupt.wait_for(|wanted| *wanted).await.is_err() {
        std::future::pending::<()>().await;
    }
}

fn check(task: &Task, bytes: &[u8]) -> Result<(), Violation> {
    match task.call {
        Call::Interview => body::read_interview_of(&task.id, bytes).map(drop),
        Call::Questions => body::read_questions_of(&task.id, bytes).map(drop),
    }
}

/// Full jitter: anything from nothing to the doubled step.
fn backoff(tries: u32) -> Duration {
    let share = f64::from(getrandom::u32().unwrap_or(u32::MAX)) / f64::from(u32::MAX);
    (FIRST_BACKOFF * 2_u32.pow(tries)).mul_f64(share)
}

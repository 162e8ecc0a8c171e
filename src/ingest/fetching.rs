//! The fetching of one account, as the writing thread sees it: what is under way, and what becomes of each outcome.

use std::collections::HashSet;

use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::account::{Account, IngestRequest};
use super::failures::{FailedCall, Failures, MOST_HELD};
use super::spool::SpoolRecord;
use super::warnings::WarningKind;
use super::writer::Writer;
use crate::http::cancel::Cancelled;
use crate::ledger::InterviewState;
use crate::model::due::FailureKind;
use crate::model::{Error, Provenance, Result, Via};
use crate::round0::call::Call;
use crate::round0::fetch::{FetchOutcome, FetchTask, Fetched, Fetcher, StopReason};
use crate::round0::keys::Keys;

/// What the network tells the writing thread.
pub enum Event {
    /// A call has ended.
    Fetched(Fetched),
    /// All calls of a stage have ended, or no more are made.
    Ended(Result<(), StopReason>),
    /// Whether the API gave an interview that it gave before. `None` if it was not asked to the end.
    Proven(Option<bool>),
}

/// Where events go, each with the number of its account. It is bounded, so that bodies wait for the writing thread.
pub type Events = mpsc::Sender<(usize, Event)>;

/// What is fetched of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    Interviews,
    Questions,
    /// Nothing any more.
    Done,
}

/// The fetching of one account.
pub struct Fetching<'a> {
    pub source: &'a str,
    pub inbox: bool,
    pub stage: Stage,
    /// Interviews that are fetched only because of an event, and were not listed.
    pub called: HashSet<String>,
    pub fetcher: Fetcher,
    /// Why the account ended early.
    pub errors: Vec<Error>,
    number: usize,
    /// Calls of the stage that have not ended.
    left: u64,
    /// Ends the calls of this account.
    stop: CancellationToken,
    /// What is under way.
    running: JoinSet<()>,
    failures: Failures,
    /// How the calls of the stage ended.
    ended: Option<Result<(), StopReason>>,
    /// The interview that is asked for to learn whether the API is there.
    proof: Option<String>,
    /// The error of an API that answers no call.
    no_api: Option<Error>,
}

impl<'a> Fetching<'a> {
    pub fn new(number: usize, account: &Account<'a>, keys: Keys, request: &IngestRequest<'_>) -> Self {
        let (cancellation, stop) = request.cancellation.child();
        Self {
            source: account.source,
            inbox: account.inbox,
            stage: Stage::Interviews,
            called: HashSet::new(),
            fetcher: Fetcher::new(keys, request.plan.concurrency, cancellation),
            errors: Vec::new(),
            number,
            left: 0,
            stop,
            running: JoinSet::new(),
            failures: Failures::default(),
            ended: None,
            proof: None,
            no_api: None,
        }
    }

    pub fn is_done(&self) -> bool {
        self.stage == Stage::Done
    }

    /// Begins to make the calls of a stage. An event comes of each, and then that they have ended.
    pub fn begin(&mut self, stage: Stage, tasks: Vec<FetchTask>, runtime: &Runtime, events: Events) {
        (self.stage, self.left) = (stage, tasks.len() as u64);
        let (number, fetcher) = (self.number, self.fetcher.clone());
        let work = async move {
            let (sender, mut results) = mpsc::channel(1);
            let to = events.clone();
            let hand_over = async move {
                while let Some(fetched) = results.recv().await {
                    // If nobody writes any more, nobody takes results either, which ends the fetching.
                    if to.send((number, Event::Fetched(fetched))).await.is_err() {
                        break;
                    }
                }
            };
            let (ended, ()) = tokio::join!(fetcher.fetch(tasks, sender), hand_over);
            let _nobody_writes = events.send((number, Event::Ended(ended))).await;
        };
        self.running.spawn_on(work, runtime.handle());
    }

    /// Takes what came of a call: spools its body, or records why there is none.
    ///
    /// # Errors
    /// When the spool, the lake or the ledger cannot be written.
    pub fn take(&mut self, fetched: Fetched, writer: &mut Writer<'_>) -> Result<()> {
        self.left -= 1;
        let Fetched { task: FetchTask { call, id, again }, at, outcome } = fetched;
        let (id, source) = (id.into_string(), self.source);
        match (call, outcome) {
            (_, FetchOutcome::Body(body, content)) => {
                self.answered(writer)?;
                writer.summary.fetched += u64::from(call == Call::Interview);
                let via = if self.called.contains(&id) { Via::Webhook } else { Via::List };
                let provenance = Provenance { source: source.to_owned(), via, again, fetched_at: at };
                writer.spool(SpoolRecord { call, id, provenance, body }, content)
            }
            (Call::Interview, FetchOutcome::Gone) => {
                self.answered(writer)?;
                writer.summary.gone += 1;
                writer.warnings.add(WarningKind::Gone, &id, &format!("the API does not know interview {id}"));
                writer.ledger.record_end(&id, source, InterviewState::Gone, "the API does not know it")
            }
            (Call::Interview, FetchOutcome::Unreadable(body, violation)) => {
                if writer.set_aside(&id, source, &body, &violation.to_string())? {
                    let message = format!("interview {id} is set aside: {violation}");
                    writer.warnings.add(WarningKind::SetAside, &id, &message);
                }
                Ok(())
            }
            (Call::Questions, FetchOutcome::Gone) => {
                self.answered(writer)?;
                writer.ledger.record_questions_gone(&id)
            }
            (Call::Questions, FetchOutcome::Unreadable(_, violation)) => {
                self.failed(FailedCall { call, id, kind: FailureKind::Unusable, why: violation.to_string() }, writer)
            }
            (_, FetchOutcome::Unusable(why)) => {
                self.failed(FailedCall { call, id, kind: FailureKind::Unusable, why }, writer)
            }
            (_, FetchOutcome::Failed(why)) => {
                self.failed(FailedCall { call, id, kind: FailureKind::Unanswered, why }, writer)
            }
        }
    }

    /// Takes that the account does not know an interview, which is asked of another account.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn passed_on(&mut self, writer: &mut Writer<'_>) -> Result<()> {
        self.left -= 1;
        self.answered(writer)
    }

    fn answered(&mut self, writer: &mut Writer<'_>) -> Result<()> {
        self.failures.answered(writer.records(self.source))
    }

    fn failed(&mut self, failed: FailedCall, writer: &mut Writer<'_>) -> Result<()> {
        self.failures.failed(failed, writer.records(self.source))
    }

    /// Whether so many failures are held back that somebody has to tell whose fault they are.
    pub fn is_doubtful(&self) -> bool {
        self.failures.held().len() >= MOST_HELD
    }

    /// Notes how the calls of the stage ended. Returns whether failures are left to be judged.
    pub fn calls_ended(&mut self, ended: Result<(), StopReason>) -> bool {
        self.ended.insert(ended).is_ok() && !self.failures.held().is_empty()
    }

    /// Decides whose fault the failures are that are held back, because no call was answered yet. An interview that the
    /// API gave before tells: it is asked for, and [`Event::Proven`] comes. Without one, the API is taken to be away,
    /// unless the failures are few.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn judge(&mut self, writer: &Writer<'_>, runtime: &Runtime, events: &Events) -> Result<()> {
        if self.proof.is_some() || self.no_api.is_some() {
            return Ok(());
        }
        let given = writer.ledger.last_fetched(self.source, self.failures.held().len() + 1)?;
        match given.into_iter().find(|id| !self.failures.holds_interview(id)) {
            Some(id) => self.ask_for_proof(id, runtime, events.clone()),
            None if self.is_doubtful() => self.end_without_api(""),
            None => {}
        }
        Ok(())
    }

    /// Asks whether the API gives an interview, whose body is not kept.
    fn ask_for_proof(&mut self, id: String, runtime: &Runtime, events: Events) {
        let task = FetchTask { call: Call::Interview, id: id.as_str().into(), again: true };
        let (number, fetcher) = (self.number, self.fetcher.clone());
        self.proof = Some(id);
        let work = async move {
            let (sender, mut results) = mpsc::channel(1);
            let (stopped, answer) = tokio::join!(fetcher.fetch(vec![task], sender), results.recv());
            let is_given = match (answer, stopped) {
                (None, Err(StopReason::Cancelled(_))) => None,
                (answer, _) => Some(answer.is_some_and(|fetched| fetched.outcome.is_of_the_api())),
            };
            let _nobody_writes = events.send((number, Event::Proven(is_given))).await;
        };
        self.running.spawn_on(work, runtime.handle());
    }

    /// Takes the answer to whether the API is there: if so, the failures that are held back count.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn proven(&mut self, is_given: Option<bool>, writer: &mut Writer<'_>) -> Result<()> {
        let id = self.proof.take().unwrap_or_default();
        match is_given {
            Some(true) => self.answered(writer)?,
            Some(false) => self.end_without_api(&format!(", not even for interview {id}, which it gave before")),
            None => {}
        }
        Ok(())
    }

    /// Ends the account, unless a call was answered meanwhile.
    fn end_without_api(&mut self, proof: &str) {
        let Some(last) = self.failures.held().last() else { return };
        let message = format!("the API of source {} answers no call{proof}: {}", self.source, last.why);
        let hint = "is the address right, and the API in order? this counts against no interview";
        self.no_api = Some(Error::failed(message).hint(hint));
        self.stop.cancel();
    }

    /// Whether all calls of the stage have ended, and whose fault failures are is known.
    pub fn stage_is_over(&self) -> bool {
        self.ended.is_some() && self.proof.is_none()
    }

    /// Ends a stage whose bodies are published. Returns whether another one may follow.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn end_stage(&mut self, writer: &mut Writer<'_>) -> Result<bool> {
        if self.stage == Stage::Interviews {
            writer.summary.left += self.left;
        }
        self.failures.leave(writer.records(self.source))?;
        let stop = match (self.no_api.take(), self.ended.take()) {
            (Some(error), _) => {
                self.errors.push(error);
                return Ok(false);
            }
            (None, Some(Err(stop))) => stop,
            (None, _) => return Ok(true),
        };
        let hint = match &stop {
            StopReason::Cancelled(Cancelled::TimeIsUp) => return Ok(true),
            // Each key is named at the end.
            StopReason::Refused(_) => return Ok(false),
            StopReason::NotTheApi => None,
            StopReason::Unreachable(_) => {
                Some("is the address right, and this machine online? the next run goes on from here")
            }
            StopReason::Cancelled(Cancelled::Interrupted) => Some("what was fetched is in the lake"),
        };
        let error = stop.error(&format!("the API of source {}", self.source));
        self.errors.push(if let Some(hint) = hint { error.hint(hint) } else { error });
        Ok(false)
    }

    /// Ends the account, unless another one passes interviews on to it.
    pub fn end(&mut self) {
        self.stage = Stage::Done;
    }

    /// Why the account ended early. Of each key that was refused, there is an error.
    pub fn into_errors(mut self) -> Vec<Error> {
        let refused = self.fetcher.keys.errors(self.source);
        self.errors.extend(refused.map(|error| error.hint("what was fetched is in the lake")));
        self.errors
    }

    /// What all calls wait for, if for long.
    pub fn waiting(&self) -> Option<String> {
        self.fetcher.counts.trouble().or_else(|| self.fetcher.keys.waiting())
    }

    /// Panics if what was under way has: no event says so.
    pub fn check(&mut self) {
        while let Some(ended) = self.running.try_join_next() {
            ended.expect("fetching does not panic");
        }
    }
}

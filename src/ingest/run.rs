//! Ingests accounts: all are fetched at the same time, and this thread alone writes what comes of it.
//!
//! Each account is fetched by a task on the network's thread. All of them send what comes into one bounded channel, whose
//! other end spools the bodies and cuts the spool into batches ([`Writer`]). What an account fetches next depends on what
//! is in the ledger by then, so that is decided here, too.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::account::{Account, IngestRequest};
use super::events::{EventReader, free_answered, take_inbox};
use super::fetching::{Event, Events, Fetching, Stage};
use super::select::{InterviewsDue, Selector};
use super::shared::SharedIds;
use super::spool;
use super::summary::{IngestSummary, Progress};
use super::writer::Writer;
use crate::http::pace::Pace;
use crate::lake::Lake;
use crate::ledger::{CallOf, CallStanding, Ledger, QUESTIONS, QuestionsWanted};
use crate::model::{Done, Error, Kind, Result};
use crate::pipeline::{IngestPlan, QuestionPolicy};
use crate::round0::call::Call;
use crate::round0::fetch::{FetchCounts, FetchTask};
use crate::round0::keys::Keys;

/// The pace that a plan asks for.
#[must_use]
pub fn pace_of(plan: &IngestPlan) -> Pace {
    let IngestPlan { requests_per_minute, concurrency, limit_window: window, .. } = *plan;
    Pace { requests_per_minute, window, concurrency }
}

/// Fetches what is due of all accounts at the same time, and publishes it. An interview that several accounts list is
/// fetched from the first of them that knows it. An account that ends early stops no other, and what was fetched of it is
/// published. Only an error of the lake or the ledger ends all. The summary is complete in any case.
pub fn ingest<'a>(
    lake: &'a Lake,
    ledger: &'a mut Ledger,
    runtime: &Runtime,
    mut accounts: Vec<Account<'a>>,
    request: &IngestRequest<'_>,
) -> Done<IngestSummary> {
    let writer = match Writer::new(lake, ledger, &accounts, request.plan.questions) {
        Ok(writer) => writer,
        Err(error) => return Done::failed(error),
    };
    let clients = accounts.iter_mut().map(|account| std::mem::take(&mut account.clients)).collect();
    let keys = Keys::of_accounts(clients, pace_of(request.plan));
    let fetching = accounts.iter().zip(keys).enumerate();
    let fetching = fetching.map(|(number, (account, keys))| Fetching::new(number, account, keys, request)).collect();
    let (sender, events) = mpsc::channel(request.plan.concurrency * 2);
    let shared = SharedIds::default();
    let mut ingester = Ingester { writer, runtime, request, fetching, shared, sender, events, done: 0, of: 0 };
    let result = ingester.all(accounts);
    ingester.end(result)
}

/// An ingest in progress.
struct Ingester<'a, 'r> {
    writer: Writer<'a>,
    runtime: &'r Runtime,
    request: &'r IngestRequest<'r>,
    fetching: Vec<Fetching<'a>>,
    shared: SharedIds,
    sender: Events,
    events: mpsc::Receiver<(usize, Event)>,
    /// Calls that have ended, and all.
    done: u64,
    of: u64,
}

impl<'a> Ingester<'a, '_> {
    fn all(&mut self, accounts: Vec<Account<'a>>) -> Result<()> {
        self.writer.publish_left()?;
        // Only after that, because a body that was fetched before an event does not answer it.
        let Writer { lake, ledger, tombstones, warnings, summary, .. } = &mut self.writer;
        if accounts.iter().any(|account| account.inbox) {
            take_inbox(lake, ledger, EventReader { tombstones, warnings }, summary)?;
        }
        // All is selected before anything is fetched, so that no interview is fetched from two accounts.
        let due = self.select(accounts)?;
        for (number, InterviewsDue { tasks, called }) in due.into_iter().enumerate() {
            self.fetching[number].called = called;
            self.writer.summary.asked += tasks.len() as u64;
            self.begin(number, Stage::Interviews, tasks)?;
        }
        while self.fetching.iter().any(|account| !account.is_done()) {
            self.next()?;
        }
        Ok(())
    }

    /// Selects what is fetched of each account: no interview from two.
    fn select(&mut self, mut accounts: Vec<Account<'a>>) -> Result<Vec<InterviewsDue>> {
        let is_one = accounts.len() == 1;
        if !is_one {
            self.shared = SharedIds::of(&mut accounts);
        }
        let Writer { ledger, tombstones, summary, .. } = &mut self.writer;
        let mut selector = Selector { ledger, tombstones, summary, refetch: self.request.refetch };
        let due: Result<Vec<_>> = accounts.into_iter().map(|account| selector.due(account)).collect();
        let mut due = due?;
        if is_one {
            return Ok(due);
        }
        self.shared.share_tasks(&mut due);
        if self.request.refetch {
            self.share_with_known(&due)?;
        }
        Ok(due)
    }

    /// Notes the account that gave an interview before, where another one is asked for it again. Nothing else would: the
    /// ledger says what it follows only of interviews that are due.
    fn share_with_known(&mut self, due: &[InterviewsDue]) -> Result<()> {
        let numbers: HashMap<&str, usize> =
            self.fetching.iter().enumerate().map(|(number, account)| (account.source, number)).collect();
        for (asked, due) in due.iter().enumerate() {
            for task in &due.tasks {
                let source = self.writer.ledger.source_of(&task.id)?;
                let known = source.and_then(|source| numbers.get(source.as_str()).copied());
                if let Some(known) = known.filter(|known| *known != asked) {
                    self.shared.add(&task.id, known);
                }
            }
        }
        Ok(())
    }

    /// Begins to make the calls of a stage, or ends it at once if there are none.
    fn begin(&mut self, number: usize, stage: Stage, tasks: Vec<FetchTask>) -> Result<()> {
        if tasks.is_empty() {
            return self.follow(number, stage);
        }
        self.of += tasks.len() as u64;
        self.fetching[number].begin(stage, tasks, self.runtime, self.sender.clone());
        self.show_progress();
        Ok(())
    }

    /// Waits for the next event, and takes it.
    fn next(&mut self) -> Result<()> {
        // What was fetched must reach the disk even while the rate limit pauses the calls.
        let next = self.runtime.block_on(async { timeout(spool::SYNC_EVERY, self.events.recv()).await });
        let Self { writer, runtime, fetching, shared, sender, .. } = self;
        let Ok(event) = next else {
            writer.sync()?;
            fetching.iter_mut().for_each(Fetching::check);
            self.show_progress();
            return Ok(());
        };
        let (number, event) = event.expect("this thread has a sender, too");
        let account = &mut fetching[number];
        match event {
            Event::Fetched(fetched) => {
                if fetched.is_unknown_interview() && shared.pass_on(number, &fetched.task) {
                    account.passed_on(writer)?;
                } else {
                    account.take(fetched, writer)?;
                }
                if account.is_doubtful() {
                    account.judge(writer, runtime, sender)?;
                }
                self.done += 1;
                self.show_progress();
            }
            Event::Ended(ended) => {
                if account.calls_ended(ended) {
                    account.judge(writer, runtime, sender)?;
                }
            }
            Event::Proven(is_given) => account.proven(is_given, writer)?,
        }
        if self.fetching[number].stage_is_over() { self.end_stage(number) } else { Ok(()) }
    }

    /// Ends a stage of an account: publishes what was fetched, since what follows depends on it.
    fn end_stage(&mut self, number: usize) -> Result<()> {
        self.writer.publish()?;
        self.ask_others(number)?;
        let account = &mut self.fetching[number];
        let stage = account.stage;
        if account.end_stage(&mut self.writer)? {
            return self.follow(number, stage);
        }
        account.end();
        Ok(())
    }

    /// Begins what follows a stage of an account.
    fn follow(&mut self, number: usize, stage: Stage) -> Result<()> {
        if self.ask_for_passed_on(number)? {
            return Ok(());
        }
        if stage == Stage::Interviews {
            if self.fetching[number].inbox {
                free_answered(self.writer.lake, self.writer.ledger)?;
            }
            self.writer.publish_ended()?;
            let questions = self.questions(self.fetching[number].source)?;
            if !questions.is_empty() {
                return self.begin(number, Stage::Questions, questions);
            }
        }
        self.fetching[number].end();
        Ok(())
    }

    /// Asks other accounts, if they were done, for what an account does not know.
    fn ask_others(&mut self, number: usize) -> Result<()> {
        for other in 0..self.fetching.len() {
            if other != number && self.fetching[other].is_done() && self.fetching[other].errors.is_empty() {
                self.ask_for_passed_on(other)?;
            }
        }
        Ok(())
    }

    /// Asks an account for what others passed on to it. Returns whether there is anything.
    fn ask_for_passed_on(&mut self, number: usize) -> Result<bool> {
        let passed_on = self.shared.take(number);
        let is_any = !passed_on.is_empty();
        if is_any {
            self.begin(number, Stage::Interviews, passed_on)?;
        }
        Ok(is_any)
    }

    /// The questions of a source that are due.
    fn questions(&self, source: &str) -> Result<Vec<FetchTask>> {
        let (policy, ledger) = (self.request.plan.questions, &self.writer.ledger);
        if policy == QuestionPolicy::None {
            return Ok(Vec::new());
        }
        let mut tasks = Vec::new();
        for QuestionsWanted { id, .. } in ledger.questions_wanted(source, policy == QuestionPolicy::All)? {
            let of = CallOf { interview: &id, call: QUESTIONS };
            if ledger.call_standing(of, Timestamp::now())? == CallStanding::Due {
                tasks.push(FetchTask { call: Call::Questions, id: id.into(), again: false });
            }
        }
        Ok(tasks)
    }

    fn show_progress(&self) {
        let (done, of) = (self.done, self.of);
        let is_one = self.fetching.len() == 1;
        let under_way = || self.fetching.iter().filter(|account| !account.is_done());
        let remaining = under_way().filter_map(|account| account.fetcher.keys.remaining()).reduce(u32::saturating_add);
        let waiting = under_way().find_map(|account| {
            let waiting = account.waiting()?;
            Some(if is_one { waiting } else { format!("source {}: {waiting}", account.source) })
        });
        (self.request.progress)(Progress { done, of, remaining, waiting });
    }

    /// What all accounts did, and why those that ended early did. `result` is how the writing ended.
    fn end(self, result: Result<()>) -> Done<IngestSummary> {
        let Writer { mut summary, warnings, .. } = self.writer;
        warnings.end();
        summary.left += self.shared.left();
        let mut errors: Vec<Error> = Vec::new();
        for account in self.fetching {
            let fetcher = &account.fetcher;
            let FetchCounts { requests, retries, limited, bytes, .. } = &*fetcher.counts;
            let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
            summary.requests += count(requests);
            summary.retries += count(retries);
            summary.limited += count(limited);
            summary.bytes += count(bytes);
            summary.waited_seconds = summary.waited_seconds.max(fetcher.keys.waited().as_secs());
            errors.extend(account.into_errors());
        }
        errors.extend(result.err());
        // An interrupt ends all accounts alike, and is said once.
        let mut is_first = true;
        errors.retain(|error| error.kind() != Kind::Interrupted || std::mem::take(&mut is_first));
        Done { summary, errors }
    }
}

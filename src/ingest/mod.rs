//! Ingest: from ids to the lake. Bodies are fetched, spooled, and cut into batches that are published whole.

pub mod cut;
pub mod fetch;
pub mod import;
mod quarantine;
pub mod spool;

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

use crate::lake::{CandidateKeys, Lake};
use crate::ledger::{Ledger, QuestionsWanted, State};
use crate::model::{Error, Kind, Result, body};
use crate::pipeline::{IngestPlan, QuestionPolicy};
use crate::round0::client::Client;
use crate::round0::pace::{Pace, Pacer};
use cut::{Arrival, Published, cut_interviews, cut_questions};
use fetch::{Fetched, Fetcher, Outcome, Stop, Task};
use spool::{Call, Record};

/// What an ingest did; counts of interviews unless said otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// In the lists, duplicates dropped.
    pub listed: u64,
    /// Settled before and so not asked for.
    pub skipped_settled: u64,
    /// Gone or quarantined before and so not asked for.
    pub skipped_other: u64,
    /// Requests sent, retries included.
    pub requests: u64,
    /// Bodies of interviews that came.
    pub fetched: u64,
    pub newly_settled: u64,
    pub still_open: u64,
    /// Responses published.
    pub responses: u64,
    /// Interviews whose questions were published.
    pub questions: u64,
    pub gone: u64,
    /// Set aside because the body breaks the contract.
    pub quarantined: u64,
    /// Given up after the last try.
    pub failed: u64,
    /// Listed and due, but not reached.
    pub left: u64,
}

impl Summary {
    fn published(&mut self, published: Published) {
        self.newly_settled += published.settled;
        self.still_open += published.open;
        self.responses += published.responses;
        self.questions += published.questions;
    }
}

impl std::ops::AddAssign<&Self> for Summary {
    fn add_assign(&mut self, other: &Self) {
        self.listed += other.listed;
        self.skipped_settled += other.skipped_settled;
        self.skipped_other += other.skipped_other;
        self.requests += other.requests;
        self.fetched += other.fetched;
        self.newly_settled += other.newly_settled;
        self.still_open += other.still_open;
        self.responses += other.responses;
        self.questions += other.questions;
        self.gone += other.gone;
        self.quarantined += other.quarantined;
        self.failed += other.failed;
        self.left += other.left;
    }
}

/// One source, ready to be read.
pub struct Job<'a> {
    pub source: &'a str,
    pub ids: Vec<String>,
    pub client: Client,
    pub plan: &'a IngestPlan,
    pub interrupt: watch::Receiver<bool>,
    /// Called with (done, of) as calls end.
    pub progress: &'a dyn Fn(u64, u64),
}

/// Fetches what is not settled yet and publishes it. The summary is true also when an error ends the ingest early:
/// what came by then is published first.
pub fn ingest(lake: &Lake, ledger: &mut Ledger, runtime: &Runtime, job: Job<'_>) -> (Summary, Result<()>) {
    let mut run = Run {
        keys: match lake.candidate_keys() {
            Ok(keys) => keys,
            Err(error) => return (Summary::default(), Err(error)),
        },
        requests: Arc::default(),
        pacer: Arc::new(job.client.pacer(Pace {
            requests_per_minute: job.plan.requests_per_minute,
            window: Duration::from_mins(1),
            concurrency: job.plan.concurrency,
        })),
        summary: Summary::default(),
        lake,
        ledger,
        runtime,
        job,
    };
    let result = run.all();
    run.summary.requests = run.requests.load(Ordering::Relaxed);
    (run.summary, result)
}

struct Run<'a> {
    lake: &'a Lake,
    ledger: &'a mut Ledger,
    runtime: &'a Runtime,
    job: Job<'a>,
    keys: CandidateKeys,
    pacer: Arc<Pacer>,
    requests: Arc<AtomicU64>,
    summary: Summary,
}

impl Run<'_> {
    fn all(&mut self) -> Result<()> {
        // What a killed run had fetched is fetched.
        for path in spool::waiting(&self.lake.spool_folder())? {
            self.cut(&path)?;
        }
        let settled = self.ledger.settled_ids()?;
        let finished = self.ledger.finished_ids()?;
        let ids = std::mem::take(&mut self.job.ids);
        self.summary.listed = ids.len() as u64;
        self.summary.skipped_settled = ids.iter().filter(|id| settled.contains(*id)).count() as u64;
        self.summary.skipped_other =
            ids.iter().filter(|id| finished.contains(*id)).count() as u64 - self.summary.skipped_settled;
        let due = ids.into_iter().filter(|id| !finished.contains(id));
        self.fetch(due.map(|id| Task { call: Call::Interview, id }).collect())?;
        if self.summary.gone + self.summary.quarantined > 0 {
            // They may have been open, and ended without a body that would have a batch cut.
            cut_interviews(self.lake, self.ledger, &self.keys, Vec::new(), None)?;
        }
        if self.job.plan.questions == QuestionPolicy::None {
            return Ok(());
        }
        let wanted = self.ledger.questions_wanted(self.job.source)?;
        self.fetch(wanted.into_iter().map(|interview| Task { call: Call::Questions, id: interview.id }).collect())
    }

    /// Makes the calls; spools, cuts and publishes their bodies; then says what stopped it, if anything did.
    fn fetch(&mut self, tasks: Vec<Task>) -> Result<()> {
        let of = tasks.len() as u64;
        if of == 0 {
            return Ok(());
        }
        let is_interviews = tasks[0].call == Call::Interview;
        let fetcher = Fetcher {
            client: self.job.client.clone(),
            pacer: Arc::clone(&self.pacer),
            concurrency: self.job.plan.concurrency,
            requests: Arc::clone(&self.requests),
            interrupt: self.job.interrupt.clone(),
        };
        let (sender, mut results) = mpsc::channel(self.job.plan.concurrency * 2);
        let fetching = self.runtime.spawn(fetcher.fetch(tasks, sender));
        let mut spool = spool::Writer::new(self.lake.spool_folder());
        let mut done = 0;
        (self.job.progress)(done, of);
        while let Some(fetched) = results.blocking_recv() {
            if let Some(full) = self.take(fetched, &mut spool)? {
                self.cut(&full)?;
            }
            done += 1;
            (self.job.progress)(done, of);
        }
        let stopped = self.runtime.block_on(fetching).expect("fetching does not panic");
        if let Some(last) = spool.finish()? {
            self.cut(&last)?;
        }
        if is_interviews {
            self.summary.left += of - done;
        }
        stopped.map_err(|stop| match stop {
            Stop::Refused(why) => Error::new(Kind::Refused, why).hint("what was fetched before is in the lake"),
            Stop::Unreachable(why) => {
                Error::failed(format!("cannot reach the API of source {}: {why}", self.job.source))
                    .hint("is the address right, and this machine online? the next run goes on from here")
            }
            Stop::Interrupted => Error::new(Kind::Interrupted, "interrupted").hint("what was fetched is in the lake"),
        })
    }

    /// Spools a body, or records why there is none. Returns a spool file that is full.
    fn take(&mut self, fetched: Fetched, spool: &mut spool::Writer) -> Result<Option<std::path::PathBuf>> {
        let Fetched { task: Task { call, id }, at, outcome } = fetched;
        let source = self.job.source;
        match (call, outcome) {
            (_, Outcome::Body(body)) => {
                self.summary.fetched += u64::from(call == Call::Interview);
                let via = "list".to_owned();
                return spool.append(&Record { call, id, source: source.to_owned(), via, fetched_at: at, body });
            }
            (Call::Interview, Outcome::Gone) => {
                self.summary.gone += 1;
                self.ledger.record_end(&id, source, State::Gone, "the API does not know it (404)")?;
            }
            (Call::Interview, Outcome::Unreadable(body, violation)) => {
                self.summary.quarantined += 1;
                tracing::warn!(id, "interview {id} is set aside: {violation}");
                quarantine::keep(self.lake, &id, &body)?;
                self.ledger.record_end(&id, source, State::Quarantined, &violation.to_string())?;
            }
            (Call::Interview, Outcome::Failed(why)) => {
                self.summary.failed += 1;
                tracing::warn!(id, "interview {id} is left for the next run: {why}");
                self.ledger.record_end(&id, source, State::Failed, &why)?;
            }
            (Call::Questions, Outcome::Gone) => self.ledger.record_questions_gone(&id)?,
            (Call::Questions, Outcome::Unreadable(_, violation)) => {
                self.summary.failed += 1;
                tracing::warn!(id, "the questions of interview {id} are left for the next run: {violation}");
            }
            (Call::Questions, Outcome::Failed(why)) => {
                self.summary.failed += 1;
                tracing::warn!(id, "the questions of interview {id} are left for the next run: {why}");
            }
        }
        Ok(None)
    }

    /// Publishes what a spool file holds and frees it.
    fn cut(&mut self, path: &Path) -> Result<()> {
        let mut interviews = Vec::new();
        let mut questions = Vec::new();
        let records = spool::read(path)?;
        // A spool that a killed run left may be of another source than this one.
        let sources: BTreeSet<&str> = records.iter().map(|record| record.source.as_str()).collect();
        let mut wanted: HashMap<String, QuestionsWanted> = HashMap::new();
        for source in sources {
            let of_source = self.ledger.questions_wanted(source)?;
            wanted.extend(of_source.into_iter().map(|interview| (interview.id.clone(), interview)));
        }
        for Record { call, id, source, via, fetched_at, body } in records {
            // Only what keeps the contract was spooled; a newer program may be stricter than the one that spooled it.
            let broken = match call {
                Call::Interview => body::read_interview_of(&id, &body)
                    .map(|interview| {
                        interviews.push(Arrival { source: source.clone(), via, at: fetched_at, interview });
                    })
                    .err(),
                Call::Questions => body::read_questions_of(&id, &body)
                    .map(|list| questions.extend(wanted.remove(&id).map(|interview| (interview, list))))
                    .err(),
            };
            if let Some(violation) = broken {
                match call {
                    Call::Interview => {
                        self.summary.quarantined += 1;
                        quarantine::keep(self.lake, &id, &body)?;
                        self.ledger.record_end(&id, &source, State::Quarantined, &violation.to_string())?;
                    }
                    Call::Questions => {
                        tracing::warn!(id, "the questions of interview {id} are asked for again: {violation}");
                    }
                }
            }
        }
        let policy = Some(self.job.plan.questions);
        let published = cut_interviews(self.lake, self.ledger, &self.keys, interviews, policy)?;
        self.summary.published(published);
        let published = cut_questions(self.lake, self.ledger, questions)?;
        self.summary.published(published);
        spool::free(path)
    }
}

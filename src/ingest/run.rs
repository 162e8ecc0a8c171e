//! Ingests one account: fetches, spools, and cuts the spool into batches.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::Timestamp;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

use super::account::Account;
use super::cut::{Arrival, QuestionsArrival, cut_interviews, cut_questions};
use super::events::{EventReader, free_answered, take_inbox};
use super::failures::{FailedCall, Failures, MOST_HELD, Records};
use super::quarantine;
use super::select::{exclude, interviews_due};
use super::spool::{self, SpoolRecord};
use super::summary::{IngestSummary, Progress};
use super::warnings::{WarningKind, Warnings};
use crate::http::cancel::Cancelled;
use crate::http::pace::{Pace, Pacer};
use crate::lake::tombstones::{Age, Tombstones};
use crate::lake::{CandidateKeys, Lake};
use crate::ledger::{CallOf, CallStanding, InterviewState, KeptLink, Ledger, QUESTIONS, QuestionsWanted, RecordingId};
use crate::model::due::FailureKind;
use crate::model::recording::RecordingLink;
use crate::model::{Done, Error, Interview, Provenance, Result, Via};
use crate::pipeline::{IngestPlan, QuestionPolicy};
use crate::round0::call::{Call, ParsedBody};
use crate::round0::fetch::{FetchCounts, FetchOutcome, FetchTask, Fetched, Fetcher, StopReason};

/// The pace that a plan asks for.
#[must_use]
pub fn pace_of(plan: &IngestPlan) -> Pace {
    let IngestPlan { requests_per_minute, concurrency, limit_window: window, .. } = *plan;
    Pace { requests_per_minute, window, concurrency }
}

/// Fetches what is due and publishes it. The summary is complete even if an error ends the ingest early: what was
/// fetched by then is published first.
pub fn ingest(lake: &Lake, ledger: &mut Ledger, runtime: &Runtime, account: Account<'_>) -> Done<IngestSummary> {
    let (keys, tombstones) = match lake.candidate_keys().and_then(|keys| Ok((keys, lake.tombstones()?))) {
        Ok(read) => read,
        Err(error) => return Done::failed(error),
    };
    let mut ingester = Ingester {
        keys,
        tombstones,
        counts: Arc::default(),
        pacer: Arc::new(account.client.pacer(pace_of(account.plan))),
        pending: Vec::new(),
        links: Vec::new(),
        links_kept: Instant::now(),
        called: HashSet::new(),
        failures: Failures::default(),
        warnings: Warnings::default(),
        summary: IngestSummary::default(),
        lake,
        ledger,
        runtime,
        account,
    };
    let result = ingester.all();
    std::mem::take(&mut ingester.warnings).end();
    let counts = &ingester.counts;
    ingester.summary.requests = counts.requests.load(Ordering::Relaxed);
    ingester.summary.retries = counts.retries.load(Ordering::Relaxed);
    ingester.summary.limited = counts.limited.load(Ordering::Relaxed);
    ingester.summary.bytes = counts.bytes.load(Ordering::Relaxed);
    ingester.summary.waited_seconds = ingester.pacer.waited().as_secs();
    Done::new(ingester.summary, result)
}

/// An ingest in progress.
struct Ingester<'a> {
    lake: &'a Lake,
    ledger: &'a mut Ledger,
    runtime: &'a Runtime,
    account: Account<'a>,
    keys: CandidateKeys,
    tombstones: Tombstones,
    pacer: Arc<Pacer>,
    counts: Arc<FetchCounts>,
    /// The parsed bodies in the open spool file.
    pending: Vec<Pending>,
    /// Links to recordings that the ledger does not have yet.
    links: Vec<KeptLink>,
    /// When the ledger got the last links.
    links_kept: Instant,
    /// Interviews that are fetched only because of an event, and were not listed.
    called: HashSet<String>,
    failures: Failures,
    warnings: Warnings,
    summary: IngestSummary,
}

/// A parsed body that is in the spool.
struct Pending {
    id: String,
    provenance: Provenance,
    content: ParsedBody,
}

impl Ingester<'_> {
    fn all(&mut self) -> Result<()> {
        // Bodies that a killed run fetched count as fetched.
        for path in spool::waiting(&self.lake.spool_folder())? {
            self.read(&path)?;
            self.cut(&path)?;
        }
        // Only after that, because a body that was fetched before an event does not answer it.
        if self.account.inbox {
            let named = EventReader { tombstones: &self.tombstones, warnings: &mut self.warnings };
            take_inbox(self.lake, self.ledger, named, &mut self.summary)?;
        }
        let ids = std::mem::take(&mut self.account.ids);
        let due = interviews_due(self.ledger, &self.account, ids, &self.tombstones, &mut self.summary)?;
        self.called = due.called;
        self.fetch(due.tasks)?;
        if self.account.inbox {
            free_answered(self.lake, self.ledger)?;
        }
        if self.summary.gone + self.summary.quarantined + self.summary.excluded > 0 {
            // They may have been in the table of open interviews, and have no body that would cause a batch.
            cut_interviews(self.lake, self.ledger, &self.keys, Vec::new(), Some(self.account.plan.questions))?;
        }
        if self.account.plan.questions == QuestionPolicy::None {
            return Ok(());
        }
        let all = self.account.plan.questions == QuestionPolicy::All;
        let mut tasks = Vec::new();
        for QuestionsWanted { id, .. } in self.ledger.questions_wanted(self.account.source, all)? {
            let of = CallOf { interview: &id, call: QUESTIONS };
            if self.ledger.call_standing(of, Timestamp::now())? == CallStanding::Due {
                tasks.push(FetchTask { call: Call::Questions, id: id.into(), again: false });
            }
        }
        self.fetch(tasks)
    }

    /// Makes the calls, and spools, cuts and publishes their bodies. An error that stopped it is returned afterwards.
    fn fetch(&mut self, tasks: Vec<FetchTask>) -> Result<()> {
        let of = tasks.len() as u64;
        if of == 0 {
            return Ok(());
        }
        let is_interviews = tasks[0].call == Call::Interview;
        if is_interviews {
            self.summary.asked += of;
        }
        let fetcher = self.fetcher();
        let (sender, mut results) = mpsc::channel(fetcher.width);
        let fetching = self.runtime.spawn(fetcher.fetch(tasks, sender));
        let mut spool = spool::SpoolWriter::new(self.lake.spool_folder());
        let mut done = 0;
        let mut no_api = None;
        self.show_progress(done, of);
        loop {
            // What was fetched must reach the disk even while the rate limit pauses the calls.
            let next = self.runtime.block_on(async { timeout(spool::SYNC_EVERY, results.recv()).await });
            match next {
                Err(_elapsed) => {
                    spool.sync()?;
                    self.keep_links()?;
                    self.show_progress(done, of);
                }
                Ok(None) => break,
                Ok(Some(fetched)) => {
                    if let Some(full) = self.take(fetched, &mut spool)? {
                        self.cut(&full)?;
                    }
                    done += 1;
                    self.show_progress(done, of);
                    if no_api.is_none() && self.failures.held().len() >= MOST_HELD {
                        no_api = self.judge_failures()?;
                        if no_api.is_some() {
                            fetching.abort();
                        }
                    }
                }
            }
        }
        let ended = self.runtime.block_on(fetching);
        if let Some(last) = spool.finish()? {
            self.cut(&last)?;
        }
        if is_interviews {
            self.summary.left += of - done;
        }
        if no_api.is_none() && matches!(ended, Ok(Ok(()))) {
            no_api = self.judge_failures()?;
        }
        let (failures, records) = self.failures();
        failures.leave(records)?;
        match (no_api, ended) {
            (Some(error), _) => Err(error),
            (None, ended) => ended.expect("fetching does not panic").or_else(|stop| self.stopped(stop)),
        }
    }

    fn fetcher(&self) -> Fetcher {
        let Account { client, plan, cancellation, .. } = &self.account;
        Fetcher {
            counts: Arc::clone(&self.counts),
            ..Fetcher::new(client.clone(), Arc::clone(&self.pacer), plan.concurrency, cancellation.clone())
        }
    }

    fn failures(&mut self) -> (&mut Failures, Records<'_>) {
        let Self { failures, ledger, account, summary, warnings, .. } = self;
        (failures, Records { ledger, source: account.source, summary, warnings })
    }

    /// Decides whose fault the failures are that are held back, because no call was answered yet. An interview that the
    /// API gave before tells: if that is given, the failures count. Otherwise returns the error to end with, unless the
    /// failures are few and nothing was ever given.
    fn judge_failures(&mut self) -> Result<Option<Error>> {
        let held @ [.., last] = self.failures.held() else { return Ok(None) };
        let source = self.account.source;
        let (mut message, why) = (format!("the API of source {source} answers no call"), last.why.clone());
        let given = self.ledger.last_fetched(source, held.len() + 1)?;
        match given.into_iter().find(|id| !self.failures.holds_interview(id)) {
            Some(id) if self.is_given(&id) => {
                let (failures, records) = self.failures();
                failures.answered(records)?;
                return Ok(None);
            }
            Some(id) => message += &format!(", not even for interview {id}, which it gave before"),
            None if held.len() < MOST_HELD => return Ok(None),
            None => {}
        }
        let hint = "is the address right, and the API in order? this counts against no interview";
        Ok(Some(Error::failed(format!("{message}: {why}")).hint(hint)))
    }

    /// Whether the API gives an interview, whose body is not kept.
    fn is_given(&self, id: &str) -> bool {
        let task = FetchTask { call: Call::Interview, id: id.into(), again: true };
        let (sender, mut results) = mpsc::channel(1);
        let fetching = self.fetcher().fetch(vec![task], sender);
        let (_stopped, answer) = self.runtime.block_on(async { tokio::join!(fetching, results.recv()) });
        answer.is_some_and(|fetched| fetched.outcome.is_of_the_api())
    }

    /// The end of a fetch that was stopped.
    fn stopped(&self, stop: StopReason) -> Result<()> {
        let hint = match &stop {
            StopReason::Cancelled(Cancelled::TimeIsUp) => return Ok(()),
            StopReason::NotTheApi => None,
            StopReason::Refused(_) => Some("what was fetched before is in the lake"),
            StopReason::Unreachable(_) => {
                Some("is the address right, and this machine online? the next run goes on from here")
            }
            StopReason::Cancelled(Cancelled::Interrupted) => Some("what was fetched is in the lake"),
        };
        let error = stop.error(&format!("the API of source {}", self.account.source));
        Err(if let Some(hint) = hint { error.hint(hint) } else { error })
    }

    fn show_progress(&self, done: u64, of: u64) {
        let waiting = self.counts.trouble().or_else(|| self.pacer.waiting());
        (self.account.progress)(Progress { done, of, remaining: self.pacer.remaining(), waiting });
    }

    /// Spools a body, or records why there is none. Returns the path of a spool file that is full.
    fn take(&mut self, fetched: Fetched, spool: &mut spool::SpoolWriter) -> Result<Option<PathBuf>> {
        let Fetched { task: FetchTask { call, id, again }, at, outcome } = fetched;
        let id = id.into_string();
        let source = self.account.source;
        match (call, outcome) {
            (_, FetchOutcome::Body(body, mut content)) => {
                self.answered()?;
                self.summary.fetched += u64::from(call == Call::Interview);
                let via = if self.called.contains(&id) { Via::Webhook } else { Via::List };
                let provenance = Provenance { source: source.to_owned(), via, again, fetched_at: at };
                let record = SpoolRecord { call, id, provenance, body };
                let full = spool.append(&record)?;
                let SpoolRecord { id, provenance, .. } = record;
                if let ParsedBody::Interview(interview) = &mut content {
                    self.take_links(interview, at)?;
                }
                self.pending.push(Pending { id, provenance, content });
                return Ok(full);
            }
            (Call::Interview, FetchOutcome::Gone) => {
                self.answered()?;
                self.summary.gone += 1;
                self.warnings.add(WarningKind::Gone, &id, &format!("the API does not know interview {id}"));
                self.ledger.record_end(&id, source, InterviewState::Gone, "the API does not know it")?;
            }
            (Call::Interview, FetchOutcome::Unreadable(body, violation)) => {
                if self.tombstones.cover_body(&body) {
                    self.summary.erased += 1;
                    return Ok(None);
                }
                self.summary.quarantined += 1;
                self.warnings.add(WarningKind::SetAside, &id, &format!("interview {id} is set aside: {violation}"));
                quarantine::keep(self.lake, &id, &body)?;
                self.ledger.record_end(&id, source, InterviewState::Quarantined, &violation.to_string())?;
            }
            (Call::Questions, FetchOutcome::Gone) => {
                self.answered()?;
                self.ledger.record_questions_gone(&id)?;
            }
            (Call::Questions, FetchOutcome::Unreadable(_, violation)) => {
                self.failed(FailedCall { call, id, kind: FailureKind::Unusable, why: violation.to_string() })?;
            }
            (_, FetchOutcome::Unusable(why)) => {
                self.failed(FailedCall { call, id, kind: FailureKind::Unusable, why })?;
            }
            (_, FetchOutcome::Failed(why)) => {
                self.failed(FailedCall { call, id, kind: FailureKind::Unanswered, why })?;
            }
        }
        Ok(None)
    }

    fn answered(&mut self) -> Result<()> {
        let (failures, records) = self.failures();
        failures.answered(records)
    }

    fn failed(&mut self, failed: FailedCall) -> Result<()> {
        let (failures, records) = self.failures();
        failures.failed(failed, records)
    }

    /// Reads a spool file that a killed run left.
    fn read(&mut self, path: &Path) -> Result<()> {
        for SpoolRecord { call, id, provenance, body } in spool::read(path)? {
            // Only bodies that keep the contract were spooled, but this program may be stricter than the one that did.
            match (call, call.read(&id, &body)) {
                (_, Ok(mut content)) => {
                    if let ParsedBody::Interview(interview) = &mut content {
                        self.take_links(interview, provenance.fetched_at)?;
                    }
                    self.pending.push(Pending { id, provenance, content });
                }
                (Call::Interview, Err(_)) if self.tombstones.cover_body(&body) => self.summary.erased += 1,
                (Call::Interview, Err(violation)) => {
                    self.summary.quarantined += 1;
                    quarantine::keep(self.lake, &id, &body)?;
                    self.ledger.record_end(
                        &id,
                        &provenance.source,
                        InterviewState::Quarantined,
                        &violation.to_string(),
                    )?;
                }
                (Call::Questions, Err(violation)) => {
                    tracing::warn!(id, "the questions of interview {id} are asked for again: {violation}");
                }
            }
        }
        Ok(())
    }

    /// Takes the links to recordings out of an interview that will be in the lake. They are written to files once
    /// a second; after a crash they are still in the spool.
    fn take_links(&mut self, interview: &mut Interview, fetched_at: Timestamp) -> Result<()> {
        let (links, settled_at) = (interview.take_links(), interview.settled_at());
        let is_kept = !self.tombstones.cover(interview) && !self.tombstones.is_too_old(Age::Audio, settled_at);
        if interview.status.is_settled() && is_kept && self.account.exclude.by_body(interview).is_none() {
            let kept = links.into_iter().filter_map(|RecordingLink { position, object, link }| {
                let recording = RecordingId { interview: interview.id.clone(), position: position.try_into().ok()? };
                Some(KeptLink { recording, object, link, settled_at, fetched_at })
            });
            self.links.extend(kept);
        }
        if self.links_kept.elapsed() >= spool::SYNC_EVERY { self.keep_links() } else { Ok(()) }
    }

    fn keep_links(&mut self) -> Result<()> {
        self.links_kept = Instant::now();
        self.ledger.keep_links(&std::mem::take(&mut self.links))
    }

    /// Publishes the bodies of a spool file, and deletes the file.
    fn cut(&mut self, path: &Path) -> Result<()> {
        self.keep_links()?;
        let pending = std::mem::take(&mut self.pending);
        // A spool file that a killed run left may belong to another account.
        let has_questions = |one: &&Pending| matches!(one.content, ParsedBody::Questions(_));
        let sources: BTreeSet<&str> =
            pending.iter().filter(has_questions).map(|one| one.provenance.source.as_str()).collect();
        let mut wanted: HashMap<String, QuestionsWanted> = HashMap::new();
        for source in sources {
            let of_source = self.ledger.questions_wanted(source, true)?;
            wanted.extend(of_source.into_iter().map(|interview| (interview.id.clone(), interview)));
        }
        let mut interviews = Vec::with_capacity(pending.len());
        let mut questions = Vec::new();
        for Pending { id, provenance, content } in pending {
            match content {
                ParsedBody::Questions(list) => questions
                    .extend(wanted.remove(&id).map(|interview| QuestionsArrival { interview, questions: list })),
                ParsedBody::Interview(interview) => match self.account.exclude.by_body(&interview) {
                    Some(pattern) => exclude(self.ledger, &mut self.summary, &id, &provenance.source, pattern)?,
                    None => {
                        self.summary.mended += u64::from(interview.mended);
                        interviews.push(Arrival { provenance, interview: *interview });
                    }
                },
            }
        }
        let ids: Vec<String> = interviews.iter().map(|arrival: &Arrival| arrival.interview.id.clone()).collect();
        let policy = Some(self.account.plan.questions);
        let published = cut_interviews(self.lake, self.ledger, &self.keys, interviews, policy)?;
        self.summary.published(published);
        let published = cut_questions(self.lake, self.ledger, questions)?;
        self.summary.published(published);
        self.ledger.close_events(ids.iter().map(String::as_str))?;
        // A body that was set aside before is not needed once the interview was read.
        if !self.lake.quarantine_is_empty() {
            ids.iter().try_for_each(|id| quarantine::forget(self.lake, id))?;
        }
        spool::free(path)
    }
}

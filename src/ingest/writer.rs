//! The one writer of an ingest. Bodies of all accounts are spooled here, in the order in which they come, and cut from the
//! spool into batches.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;

use tokio::time::Instant;

use super::account::Account;
use super::cut::{Arrival, QuestionsArrival, cut_interviews, cut_questions};
use super::failures::Records;
use super::quarantine;
use super::select::exclude;
use super::spool::{self, SpoolRecord, SpoolWriter};
use super::summary::IngestSummary;
use super::warnings::Warnings;
use crate::lake::tombstones::{Age, Tombstones};
use crate::lake::{CandidateKeys, Lake};
use crate::ledger::{InterviewState, KeptLink, Ledger, QuestionsWanted, RecordingId};
use crate::model::recording::RecordingLink;
use crate::model::{Interview, Provenance, Result};
use crate::pipeline::{Exclude, QuestionPolicy};
use crate::round0::call::{Call, ParsedBody};

/// Writes to the spool, the lake and the ledger, and counts what comes.
pub struct Writer<'a> {
    pub lake: &'a Lake,
    pub ledger: &'a mut Ledger,
    pub tombstones: Tombstones,
    pub warnings: Warnings,
    pub summary: IngestSummary,
    keys: CandidateKeys,
    questions: QuestionPolicy,
    /// What each source keeps out of the lake.
    excludes: HashMap<&'a str, &'a Exclude>,
    spool: SpoolWriter,
    /// The parsed bodies in the open spool file.
    pending: Vec<Pending>,
    /// Links to recordings that the ledger does not have yet.
    links: Vec<KeptLink>,
    /// When the ledger got the last links.
    links_kept: Instant,
}

/// A parsed body that is in the spool.
struct Pending {
    id: String,
    provenance: Provenance,
    content: ParsedBody,
}

impl<'a> Writer<'a> {
    /// # Errors
    /// When the lake's candidate key or its tombstones cannot be read.
    pub fn new(
        lake: &'a Lake,
        ledger: &'a mut Ledger,
        accounts: &[Account<'a>],
        questions: QuestionPolicy,
    ) -> Result<Self> {
        Ok(Self {
            keys: lake.candidate_keys()?,
            tombstones: lake.tombstones()?,
            warnings: Warnings::default(),
            summary: IngestSummary::default(),
            questions,
            excludes: accounts.iter().map(|account| (account.source, account.exclude)).collect(),
            spool: SpoolWriter::new(lake.spool_folder()),
            pending: Vec::new(),
            links: Vec::new(),
            links_kept: Instant::now(),
            lake,
            ledger,
        })
    }

    /// What recording a failure of a source changes.
    pub fn records<'w>(&'w mut self, source: &'w str) -> Records<'w> {
        Records { ledger: self.ledger, source, summary: &mut self.summary, warnings: &mut self.warnings }
    }

    /// Publishes the bodies that a killed run has spooled: they count as fetched.
    ///
    /// # Errors
    /// When a spool file cannot be read, or the lake cannot be written.
    pub fn publish_left(&mut self) -> Result<()> {
        for path in spool::waiting(&self.lake.spool_folder())? {
            self.read(&path)?;
            self.cut(&path)?;
        }
        Ok(())
    }

    /// Spools a body. If the spool file is full then, publishes its bodies.
    ///
    /// # Errors
    /// When the spool or the lake cannot be written.
    pub fn spool(&mut self, record: SpoolRecord, mut content: ParsedBody) -> Result<()> {
        let full = self.spool.append(&record)?;
        let SpoolRecord { id, provenance, .. } = record;
        if let ParsedBody::Interview(interview) = &mut content {
            self.take_links(interview, &provenance)?;
        }
        self.pending.push(Pending { id, provenance, content });
        full.map_or(Ok(()), |full| self.cut(&full))
    }

    /// Makes what was spooled outlast a power cut, and hands over the links to recordings.
    ///
    /// # Errors
    /// When the spool or the ledger cannot be written.
    pub fn sync(&mut self) -> Result<()> {
        self.spool.sync()?;
        self.keep_links()
    }

    /// Publishes all that was spooled.
    ///
    /// # Errors
    /// When the spool or the lake cannot be written.
    pub fn publish(&mut self) -> Result<()> {
        self.spool.finish()?.map_or(Ok(()), |last| self.cut(&last))
    }

    /// Takes interviews that ended without a body out of the table of open interviews, where they may have been.
    ///
    /// # Errors
    /// When the lake cannot be written.
    pub fn publish_ended(&mut self) -> Result<()> {
        let IngestSummary { gone, quarantined, excluded, .. } = self.summary;
        if gone + quarantined + excluded > 0 {
            cut_interviews(self.lake, self.ledger, &self.keys, Vec::new(), Some(self.questions))?;
        }
        Ok(())
    }

    /// Sets aside the body of an interview that breaks the contract. Returns `false` for one of a person who was erased,
    /// which is not kept.
    ///
    /// # Errors
    /// When the lake or the ledger cannot be written.
    pub fn set_aside(&mut self, id: &str, source: &str, body: &[u8], violation: &str) -> Result<bool> {
        if self.tombstones.cover_body(body) {
            self.summary.erased += 1;
            return Ok(false);
        }
        self.summary.quarantined += 1;
        quarantine::keep(self.lake, id, body)?;
        self.ledger.record_end(id, source, InterviewState::Quarantined, violation)?;
        Ok(true)
    }

    /// Reads a spool file that a killed run left.
    fn read(&mut self, path: &Path) -> Result<()> {
        for SpoolRecord { call, id, provenance, body } in spool::read(path)? {
            // Only bodies that keep the contract were spooled, but this program may be stricter than the one that did.
            match (call, call.read(&id, &body)) {
                (_, Ok(mut content)) => {
                    if let ParsedBody::Interview(interview) = &mut content {
                        self.take_links(interview, &provenance)?;
                    }
                    self.pending.push(Pending { id, provenance, content });
                }
                (Call::Interview, Err(violation)) => {
                    self.set_aside(&id, &provenance.source, &body, &violation.to_string())?;
                }
                (Call::Questions, Err(violation)) => {
                    tracing::warn!(id, "the questions of interview {id} are asked for again: {violation}");
                }
            }
        }
        Ok(())
    }

    /// The pattern of its source that keeps an interview out of the lake, if any. A body that a killed run left may be of
    /// a source that the pipeline does not name any more.
    fn excluded_by(&self, interview: &Interview, provenance: &Provenance) -> Option<&'a str> {
        let exclude: &'a Exclude = self.excludes.get(provenance.source.as_str())?;
        exclude.by_body(interview)
    }

    /// Takes the links to recordings out of an interview that will be in the lake. They are written to files once
    /// a second; after a crash they are still in the spool.
    fn take_links(&mut self, interview: &mut Interview, provenance: &Provenance) -> Result<()> {
        let (links, settled_at) = (interview.take_links(), interview.settled_at());
        let is_kept = !self.tombstones.cover(interview) && !self.tombstones.is_too_old(Age::Audio, settled_at);
        if interview.status.is_settled() && is_kept && self.excluded_by(interview, provenance).is_none() {
            let fetched_at = provenance.fetched_at;
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
                ParsedBody::Interview(interview) => match self.excluded_by(&interview, &provenance) {
                    Some(pattern) => exclude(self.ledger, &mut self.summary, &id, &provenance.source, pattern)?,
                    None => {
                        self.summary.mended += u64::from(interview.mended);
                        interviews.push(Arrival { provenance, interview: *interview });
                    }
                },
            }
        }
        let ids: Vec<String> = interviews.iter().map(|arrival: &Arrival| arrival.interview.id.clone()).collect();
        let published = cut_interviews(self.lake, self.ledger, &self.keys, interviews, Some(self.questions))?;
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

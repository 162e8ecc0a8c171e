//! A pass over the lake, which archives every recording that is missing, with new links where the old ones no longer
//! open.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::archiver::Archiver;
use super::batch::{Batch, DownloadKey, PassEvent};
use super::download::DownloadOutcome;
use super::missing::{MissingRecording, PublishedRecordings, RecordingSelection, each_missing};
use super::outcomes::{FailureKind, Outcomes};
use super::renew::{LinkRenewer, Renewal};
use super::summary::ArchiveSummary;
use super::table;
use crate::ledger::{KeptLink, Ledger, LiveLinks};
use crate::model::recording::RecordingLink;
use crate::model::{Done, Error, Kind, Result};

/// Recordings that are worked on together: few enough to keep in memory, and so many that the pool rarely waits for the
/// last of them.
const BATCH_SIZE: usize = 10_000;
/// Interviews that are requested together. The next ones are requested once most of the recordings of these were
/// downloaded, so that a host which delivers nothing costs few calls.
const INTERVIEWS_PER_RENEWAL: usize = 20;

impl Archiver<'_> {
    /// Archives the selected recordings that were not tried since `began`. When it returns, everything that was
    /// archived is in the table `audio`, even if it ended early. If one account refuses or gives no links, the others are
    /// still asked.
    pub fn pass(
        &self,
        ledger: &mut Ledger,
        selection: &RecordingSelection,
        began: Timestamp,
        renewer: &mut LinkRenewer<'_, '_>,
        progress: &dyn Fn(u64),
    ) -> Done<ArchiveSummary> {
        let (outcomes, refusing) = (Outcomes::new(&self.downloader), BTreeMap::new());
        let mut pass = Pass { archiver: self, outcomes, renewer, refusing, progress, done: 0 };
        let result = pass.all(ledger, selection, began);
        let result = pass.outcomes.end(ledger).and(result);
        let refused = pass.renewer.refused_keys().map(|error| error.hint("what was archived is in the lake"));
        let errors = pass.refusing.into_values().flatten().chain(refused).chain(result.err()).collect();
        Done { summary: pass.outcomes.summary, errors }
    }

    /// Makes the ledger forget recordings and links that the table has already: after a crash, or when an interview was
    /// fetched again.
    fn forget_published(&self, ledger: &mut Ledger, known: &PublishedRecordings) -> Result<()> {
        let archived = ledger.archived_recordings()?;
        let told = archived.iter().filter(|(recording, object)| known.has(recording, object));
        ledger.forget_recordings(told.map(|(recording, _)| recording))?;
        ledger.forget_needless_links(|recording, object| known.has(recording, object))
    }
}

struct Pass<'a, 'b, 'c> {
    archiver: &'a Archiver<'a>,
    outcomes: Outcomes<'a>,
    renewer: &'a mut LinkRenewer<'b, 'c>,
    /// Accounts that are not asked any more, with the error of each, unless it is of their keys.
    refusing: BTreeMap<String, Option<Error>>,
    progress: &'a dyn Fn(u64),
    done: u64,
}

impl Pass<'_, '_, '_> {
    fn all(&mut self, ledger: &mut Ledger, selection: &RecordingSelection, began: Timestamp) -> Result<()> {
        let lake = self.archiver.lake;
        let known = PublishedRecordings::read(lake)?;
        self.archiver.forget_published(ledger, &known)?;
        let (links, mut waiting) = (ledger.live_links()?, Vec::new());
        each_missing(lake, ledger, selection, began, &known, &mut |ledger, wanted| {
            waiting.extend(wanted);
            if waiting.len() >= BATCH_SIZE {
                self.archive_batch(ledger, &links, std::mem::take(&mut waiting))
            } else {
                Ok(())
            }
        })?;
        self.archive_batch(ledger, &links, waiting)?;
        self.archiver.forget_published(ledger, &PublishedRecordings::read(lake)?)
    }

    /// Archives some recordings and publishes them. An error that stopped it is returned afterwards.
    fn archive_batch(
        &mut self,
        ledger: &mut Ledger,
        links: &LiveLinks,
        mut wanted: Vec<MissingRecording>,
    ) -> Result<()> {
        // Recordings that failed before come last, so that they do not keep others from being tried.
        wanted.sort_by_key(|wanted| wanted.was_tried);
        let ended = self.download(ledger, links, &mut wanted);
        table::publish(self.archiver.lake, ledger, &wanted).and(ended)
    }

    fn download(&mut self, ledger: &mut Ledger, links: &LiveLinks, wanted: &mut [MissingRecording]) -> Result<()> {
        let mut batch = Batch::begin(links, wanted, self.archiver.pool());
        let ended = loop {
            if batch.pool.in_flight == 0 && batch.linkless.is_empty() {
                batch.linkless = std::mem::take(&mut batch.dead);
            }
            if batch.asking.is_none() && batch.renewed <= self.archiver.width {
                batch.asking = self.request_links(ledger, &mut batch)?;
            }
            if batch.asking.is_none() && batch.pool.in_flight == 0 {
                break Ok(());
            }
            let handled = match batch.next(self.archiver.runtime) {
                PassEvent::Downloaded(key, outcome) => self.downloaded(ledger, &mut batch, key, outcome),
                PassEvent::Renewed(renewal) => self.renewed(ledger, &mut batch, renewal),
                PassEvent::AllRenewed => {
                    batch.asking = None;
                    self.outcomes.summary.left += batch.waiting() as u64;
                    batch.open.clear();
                    Ok(())
                }
                PassEvent::Stopped => break Ok(()),
            };
            if handled.is_err() {
                break handled;
            }
        };
        self.outcomes.summary.left += batch.left() as u64;
        ended?;
        // If the time is up instead, that is not an error.
        if self.archiver.cancellation.is_interrupted() {
            return Err(Error::new(Kind::Interrupted, "interrupted").hint("what was archived is in the lake"));
        }
        Ok(())
    }

    /// Records the outcome of a download. A link that does not open is replaced once.
    fn downloaded(
        &mut self,
        ledger: &mut Ledger,
        batch: &mut Batch<'_>,
        DownloadKey { number, is_renewed }: DownloadKey,
        outcome: Result<DownloadOutcome>,
    ) -> Result<()> {
        batch.pool.in_flight -= 1;
        batch.renewed -= usize::from(is_renewed);
        let MissingRecording { recording, object, archived, .. } = &mut batch.wanted[number];
        if !is_renewed && matches!(outcome, Ok(DownloadOutcome::LinkDead(_))) {
            batch.dead.insert(number);
            return ledger.forget_link(recording, object);
        }
        self.done += 1;
        (self.progress)(self.done);
        *archived = self.outcomes.record(ledger, recording, object, outcome?)?;
        Ok(())
    }

    /// Requests the next interviews whose recordings have no link, if there are any.
    fn request_links(
        &mut self,
        ledger: &Ledger,
        batch: &mut Batch<'_>,
    ) -> Result<Option<mpsc::UnboundedReceiver<Renewal>>> {
        let mut ids: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut count = 0;
        while let Some(number) = batch.linkless.first().copied() {
            let id = &batch.wanted[number].recording.interview;
            if !batch.open.contains_key(id) {
                if count == INTERVIEWS_PER_RENEWAL {
                    break;
                }
                let source = ledger.source_of(id)?.unwrap_or_default();
                if self.refusing.contains_key(&source) {
                    batch.linkless.remove(&number);
                    self.outcomes.summary.left += 1;
                    continue;
                }
                ids.entry(source).or_default().push(id.clone());
                count += 1;
            }
            batch.linkless.remove(&number);
            batch.open.entry(id.clone()).or_default().push(number);
        }
        Ok((count > 0).then(|| self.renewer.request(ids)))
    }

    /// Handles the renewal of an interview's links.
    fn renewed(&mut self, ledger: &mut Ledger, batch: &mut Batch<'_>, renewal: Renewal) -> Result<()> {
        let (interview, kind, why) = match renewal {
            Renewal::Links { interview, links } => return self.keep_links(ledger, batch, &interview, &links),
            Renewal::Gone { interview } => {
                (interview, FailureKind::Gone, "the API does not know the interview any more".into())
            }
            Renewal::Failed { interview, why } => (interview, FailureKind::NotAsked, why),
            Renewal::Refused { source, error } => {
                self.refusing.insert(source, error);
                return Ok(());
            }
        };
        self.outcomes.summary.asked += 1;
        let source = ledger.source_of(&interview)?.unwrap_or_default();
        let recordings: Vec<&MissingRecording> =
            batch.close(&interview).into_iter().map(|number| &batch.wanted[number]).collect();
        let ended = self.outcomes.linkless(ledger, &source, &recordings, kind, &why)?;
        self.refusing.extend(ended.map(|error| (source, Some(error))));
        Ok(())
    }

    /// Keeps the new links of an interview, and submits the downloads that waited for them.
    fn keep_links(
        &mut self,
        ledger: &mut Ledger,
        batch: &mut Batch<'_>,
        interview: &str,
        links: &[RecordingLink],
    ) -> Result<()> {
        self.outcomes.summary.asked += 1;
        let mut kept = Vec::new();
        let mut missing = Vec::new();
        for number in batch.close(interview) {
            let MissingRecording { recording, object, settled_at, .. } = &batch.wanted[number];
            // If an answer has moved, its recording would be archived under the name of another.
            let is_it = |found: &&RecordingLink| {
                u32::try_from(found.position) == Ok(recording.position) && found.object == *object
            };
            let Some(RecordingLink { link, .. }) = links.iter().find(is_it) else {
                missing.push(number);
                continue;
            };
            kept.push(KeptLink {
                recording: recording.clone(),
                object: object.clone(),
                link: link.clone(),
                settled_at: *settled_at,
                fetched_at: Timestamp::now(),
            });
            batch.submit_renewed(number, link.clone());
        }
        ledger.keep_links(&kept)?;
        let source = ledger.source_of(interview)?.unwrap_or_default();
        self.outcomes.answered(ledger, &source, !kept.is_empty())?;
        if missing.is_empty() {
            return Ok(());
        }
        let missing: Vec<&MissingRecording> = missing.into_iter().map(|number| &batch.wanted[number]).collect();
        let why = "the interview has no link to it any more";
        let ended = self.outcomes.linkless(ledger, &source, &missing, FailureKind::NoLink, why)?;
        self.refusing.extend(ended.map(|error| (source, Some(error))));
        Ok(())
    }
}

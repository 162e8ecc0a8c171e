//! A pass over the lake: every recording that is not archived is, with a new link where the old one no longer opens.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::archiver::Archiver;
use super::batch::{Batch, Next, Place};
use super::download::Outcome;
use super::missing::{Known, Selection, Wanted, each};
use super::outcomes::{Fault, Outcomes};
use super::renew::{Asked, Asker};
use super::summary::ArchiveSummary;
use super::table;
use crate::ledger::{KeptLink, Ledger};
use crate::model::recording::RecordingLink;
use crate::model::{Done, Error, Kind, Result};

/// Recordings that are dealt with together: so few that what is known of them is not much, and so many that the pool
/// hardly ever waits for the last of them.
const TOGETHER: usize = 10_000;
/// Interviews that are asked for together. The next are asked for once most of what these gave was downloaded, so that
/// a host which gives nothing costs few calls.
const ASKED_TOGETHER: usize = 20;

impl Archiver<'_> {
    /// Archives what is selected and was not tried since `began`. What is archived by the time it ends is in the table
    /// `audio`, also when it ends early. An account that refuses leaves the others their turn.
    pub fn pass(
        &self,
        ledger: &mut Ledger,
        selection: &Selection,
        began: Timestamp,
        asker: &mut Asker<'_, '_>,
        progress: &dyn Fn(u64),
    ) -> Done<ArchiveSummary> {
        let (outcomes, refusing) = (Outcomes::new(&self.downloader), BTreeMap::new());
        let mut pass = Pass { archiver: self, outcomes, asker, refusing, progress, done: 0 };
        let result = pass.all(ledger, selection, began);
        let result = pass.outcomes.end(ledger).and(result);
        Done { summary: pass.outcomes.summary, errors: pass.refusing.into_values().chain(result.err()).collect() }
    }

    /// Has the ledger forget what the table tells: after a crash, or when an interview was asked for again since.
    fn forget_known(&self, ledger: &mut Ledger, known: &Known) -> Result<()> {
        let archived = ledger.archived_recordings()?;
        let told = archived.iter().filter(|(recording, object)| known.has(recording, object));
        ledger.forget_recordings(told.map(|(recording, _)| recording))?;
        let mut last = 0;
        loop {
            let links = ledger.links_after(last, TOGETHER, Timestamp::now())?;
            let Some((number, _)) = links.last() else { return Ok(()) };
            last = *number;
            let needless = links.iter().filter(|(_, kept)| known.has(&kept.recording, &kept.object));
            ledger.forget_recordings(needless.map(|(_, kept)| &kept.recording))?;
        }
    }
}

struct Pass<'a, 'b, 'c> {
    archiver: &'a Archiver<'a>,
    outcomes: Outcomes<'a>,
    asker: &'a mut Asker<'b, 'c>,
    /// Accounts that are asked no more, and why.
    refusing: BTreeMap<String, Error>,
    progress: &'a dyn Fn(u64),
    done: u64,
}

impl Pass<'_, '_, '_> {
    fn all(&mut self, ledger: &mut Ledger, selection: &Selection, began: Timestamp) -> Result<()> {
        let lake = self.archiver.lake;
        let known = Known::read(lake)?;
        self.archiver.forget_known(ledger, &known)?;
        let mut waiting = Vec::new();
        each(lake, ledger, selection, began, &known, &mut |ledger, wanted| {
            waiting.extend(wanted);
            if waiting.len() >= TOGETHER { self.together(ledger, std::mem::take(&mut waiting)) } else { Ok(()) }
        })?;
        self.together(ledger, waiting)
    }

    /// Archives some recordings and publishes them, then says what stopped it, if anything did.
    fn together(&mut self, ledger: &mut Ledger, mut wanted: Vec<Wanted>) -> Result<()> {
        // What failed before comes last, so that it cannot keep others from being tried.
        wanted.sort_by_key(|wanted| wanted.was_tried);
        let ended = self.download(ledger, &mut wanted);
        table::publish(self.archiver.lake, ledger, &wanted).and(ended)
    }

    fn download(&mut self, ledger: &mut Ledger, wanted: &mut [Wanted]) -> Result<()> {
        let mut batch = Batch::begin(ledger, wanted, self.archiver.pool())?;
        let ended = loop {
            if batch.pool.under_way == 0 && batch.linkless.is_empty() {
                batch.linkless = std::mem::take(&mut batch.dead);
            }
            if batch.asking.is_none() && batch.renewed <= self.archiver.width {
                batch.asking = self.ask_for(ledger, &mut batch)?;
            }
            if batch.asking.is_none() && batch.pool.under_way == 0 {
                break Ok(());
            }
            let went_on = match batch.next(self.archiver.runtime) {
                Next::Done(place, outcome) => self.downloaded(ledger, &mut batch, place, outcome),
                Next::Asked(asked) => self.asked(ledger, &mut batch, asked),
                Next::AllAsked => {
                    batch.asking = None;
                    self.outcomes.summary.left += batch.asked_for() as u64;
                    batch.open.clear();
                    Ok(())
                }
                Next::Stopped => break Ok(()),
            };
            if went_on.is_err() {
                break went_on;
            }
        };
        self.outcomes.summary.left += batch.left() as u64;
        ended?;
        // The time may be up instead, which is no error.
        if self.archiver.cancellation.is_interrupted() {
            return Err(Error::new(Kind::Interrupted, "interrupted").hint("what was archived is in the lake"));
        }
        Ok(())
    }

    /// Records what became of a download. A link that does not open is replaced once.
    fn downloaded(
        &mut self,
        ledger: &mut Ledger,
        batch: &mut Batch<'_>,
        Place { number, is_renewed }: Place,
        outcome: Result<Outcome>,
    ) -> Result<()> {
        batch.pool.under_way -= 1;
        batch.renewed -= usize::from(is_renewed);
        let Wanted { recording, object, archived, .. } = &mut batch.wanted[number];
        if !is_renewed && matches!(outcome, Ok(Outcome::LinkDead(_))) {
            batch.dead.insert(number);
            return ledger.forget_link(recording);
        }
        self.done += 1;
        (self.progress)(self.done);
        *archived = self.outcomes.record(ledger, recording, object, outcome?)?;
        Ok(())
    }

    /// Asks for the next interviews whose recordings have no link, if there are any.
    fn ask_for(&mut self, ledger: &Ledger, batch: &mut Batch<'_>) -> Result<Option<mpsc::UnboundedReceiver<Asked>>> {
        let mut ids: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut asked = 0;
        while let Some(number) = batch.linkless.first().copied() {
            let id = &batch.wanted[number].recording.interview;
            if !batch.open.contains_key(id) {
                if asked == ASKED_TOGETHER {
                    break;
                }
                let source = ledger.source_of(id)?.unwrap_or_default();
                if self.refusing.contains_key(&source) {
                    batch.linkless.remove(&number);
                    self.outcomes.summary.left += 1;
                    continue;
                }
                ids.entry(source).or_default().push(id.clone());
                asked += 1;
            }
            batch.linkless.remove(&number);
            batch.open.entry(id.clone()).or_default().push(number);
        }
        Ok((asked > 0).then(|| self.asker.ask(ids)))
    }

    /// Goes on with what came of asking for an interview.
    fn asked(&mut self, ledger: &mut Ledger, batch: &mut Batch<'_>, asked: Asked) -> Result<()> {
        let (interview, fault, why) = match asked {
            Asked::Links { interview, links } => return self.linked(ledger, batch, &interview, &links),
            Asked::Gone { interview } => {
                (interview, Fault::Gone, "the API does not know the interview any more".into())
            }
            Asked::Failed { interview, why } => (interview, Fault::NotAsked, why),
            Asked::Refused { source, error } => {
                self.refusing.insert(source, error);
                return Ok(());
            }
        };
        self.outcomes.summary.asked += 1;
        let source = ledger.source_of(&interview)?.unwrap_or_default();
        let recordings: Vec<&Wanted> =
            batch.close(&interview).into_iter().map(|number| &batch.wanted[number]).collect();
        self.outcomes.linkless(ledger, &source, &recordings, fault, &why)
    }

    /// Keeps the links of an interview that was asked for, and gives those that were waited for to the pool.
    fn linked(
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
            let Wanted { recording, object, settled_at, .. } = &batch.wanted[number];
            // An answer that moved would be archived under the name of another.
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
            batch.give_renewed(number, link.clone());
        }
        ledger.keep_links(&kept)?;
        let source = ledger.source_of(interview)?.unwrap_or_default();
        self.outcomes.answered(ledger, &source, !kept.is_empty())?;
        if missing.is_empty() {
            return Ok(());
        }
        let missing: Vec<&Wanted> = missing.into_iter().map(|number| &batch.wanted[number]).collect();
        let why = "the interview has no link to it any more";
        self.outcomes.linkless(ledger, &source, &missing, Fault::NoLink, why)
    }
}

//! A pass over the lake: every recording that is not archived is, with a new link where the old one no longer opens.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::download::Outcome;
use super::missing::{Known, Wanted, each};
use super::outcomes::{Fault, Tally};
use super::pool::{Crew, Task};
use super::renew::{Asked, Asker};
use super::{Archiver, Outlook, Selection, Summary, table};
use crate::lake::Lake;
use crate::ledger::{Archived, KeptLink, Ledger};
use crate::model::{Done, Error, Kind, Link, Result};

/// Recordings that are dealt with together: so few that what is known of them is not much, and so many that the crew
/// hardly ever waits for the last of them.
const TOGETHER: usize = 10_000;
/// Interviews that are asked for together. The next are asked for once most of what these gave was downloaded, so that
/// a host which gives nothing costs few calls.
const ASKED_TOGETHER: usize = 20;

/// What a pass would do.
///
/// # Errors
/// When the lake or the ledger cannot be read.
pub fn outlook(lake: &Lake, ledger: &mut Ledger, selection: &Selection, began: Timestamp) -> Result<Outlook> {
    let mut outlook = Outlook::default();
    each(lake, ledger, selection, began, &Known::read(lake)?, &mut |ledger, wanted| {
        let mut calls = BTreeSet::new();
        for Wanted { recording, object, .. } in wanted.iter().filter(|wanted| wanted.archived.is_none()) {
            outlook.wanted += 1;
            if ledger.link_of(recording, object, Timestamp::now())?.is_none() {
                calls.insert(recording.interview.as_str());
            }
        }
        outlook.calls += calls.len() as u64;
        Ok(())
    })?;
    Ok(outlook)
}

/// Publishes the recordings that are archived and only the ledger knows.
///
/// # Errors
/// When the lake or the ledger cannot be read or written.
pub fn publish_archived(lake: &Lake, ledger: &mut Ledger) -> Result<()> {
    let none = Selection { from: Some(Timestamp::MAX), ..Selection::default() };
    let mut rows = Vec::new();
    each(lake, ledger, &none, Timestamp::now(), &Known::read(lake)?, &mut |_, wanted| {
        let archived = wanted.into_iter().filter_map(|wanted| Some((wanted.archived.clone()?, wanted)));
        rows.extend(archived.map(|(archived, wanted)| (wanted, archived)));
        Ok(())
    })?;
    table::publish(lake, ledger, &rows)
}

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
    ) -> Done<Summary> {
        let (tally, refusing) = (Tally::new(&self.downloader), BTreeMap::new());
        let mut pass = Pass { archiver: self, tally, asker, refusing, progress, done: 0 };
        let result = pass.all(ledger, selection, began);
        let result = pass.tally.end(ledger).and(result);
        Done { summary: pass.tally.summary, errors: pass.refusing.into_values().chain(result.err()).collect() }
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
    tally: Tally<'a>,
    asker: &'a mut Asker<'b, 'c>,
    /// Accounts that are asked no more, and why.
    refusing: BTreeMap<String, Error>,
    progress: &'a dyn Fn(u64),
    done: u64,
}

/// What the crew knows a recording by: its place among those that are dealt with together, and whether its link is new.
type Place = (usize, bool);

/// What comes next.
enum Next {
    Done(Place, Result<Outcome>),
    Asked(Asked),
    AllAsked,
    /// The crew stopped.
    Stopped,
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
        let mut archived: HashMap<usize, Archived> = HashMap::new();
        let ended = self.download(ledger, &wanted, &mut archived);
        let mut rows = Vec::with_capacity(archived.len());
        for (place, wanted) in wanted.into_iter().enumerate() {
            if let Some(archived) = wanted.archived.clone().or_else(|| archived.remove(&place)) {
                rows.push((wanted, archived));
            }
        }
        table::publish(self.archiver.lake, ledger, &rows).and(ended)
    }

    fn download(
        &mut self,
        ledger: &mut Ledger,
        wanted: &[Wanted],
        archived: &mut HashMap<usize, Archived>,
    ) -> Result<()> {
        let mut crew: Crew<Place> = self.archiver.crew();
        // Places of recordings whose interview is to be asked for, and of those whose link turned out not to open: their
        // interviews are asked for, once, when all other links were opened.
        let (mut linkless, mut dead): (BTreeSet<usize>, BTreeSet<usize>) = Default::default();
        for (place, one) in wanted.iter().enumerate().filter(|(_, wanted)| wanted.archived.is_none()) {
            match ledger.link_of(&one.recording, &one.object, Timestamp::now())? {
                Some(link) => crew.give(Task { what: (place, false), object: one.object.clone(), link }),
                None => _ = linkless.insert(place),
            }
        }
        let mut open: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut asking = None;
        // Downloads by new links that are under way.
        let mut renewed = 0;
        let ended = loop {
            if crew.under_way == 0 && linkless.is_empty() {
                linkless = std::mem::take(&mut dead);
            }
            if asking.is_none() && renewed <= self.archiver.width {
                asking = self.ask_for(ledger, wanted, &mut linkless, &mut open)?;
            }
            if asking.is_none() && crew.under_way == 0 {
                break Ok(());
            }
            let went_on = match self.next(&mut crew, &mut asking) {
                Next::Done((place, is_new), outcome) => {
                    crew.under_way -= 1;
                    renewed -= usize::from(is_new);
                    let Wanted { recording, object, .. } = &wanted[place];
                    match outcome {
                        Ok(Outcome::LinkDead(_)) if !is_new => {
                            dead.insert(place);
                            ledger.forget_link(recording)
                        }
                        outcome => {
                            self.done += 1;
                            (self.progress)(self.done);
                            let done = outcome.and_then(|it| self.tally.record(ledger, recording, object, it));
                            done.map(|done| _ = done.map(|done| archived.insert(place, done)))
                        }
                    }
                }
                Next::Asked(Asked::Links(interview, links)) => {
                    let places = open.remove(&interview).unwrap_or_default();
                    let given = self.linked(ledger, wanted, &interview, &places, links, &mut crew);
                    given.map(|given| renewed += given)
                }
                Next::Asked(Asked::Gone(interview)) => {
                    let places = open.remove(&interview).unwrap_or_default();
                    let why = "the API does not know the interview any more";
                    self.tally.summary.asked += 1;
                    self.linkless(ledger, wanted, &interview, &places, Fault::Gone, why)
                }
                Next::Asked(Asked::Failed(interview, why)) => {
                    let places = open.remove(&interview).unwrap_or_default();
                    self.tally.summary.asked += 1;
                    self.linkless(ledger, wanted, &interview, &places, Fault::NotAsked, &why)
                }
                Next::Asked(Asked::Refused(source, error)) => {
                    self.refusing.insert(source, error);
                    Ok(())
                }
                Next::AllAsked => {
                    asking = None;
                    self.tally.summary.left += open.values().map(|places| places.len() as u64).sum::<u64>();
                    open.clear();
                    Ok(())
                }
                Next::Stopped => break Ok(()),
            };
            if went_on.is_err() {
                break went_on;
            }
        };
        let asked_for: usize = open.values().map(Vec::len).sum();
        self.tally.summary.left += (crew.under_way + asked_for + linkless.len() + dead.len()) as u64;
        ended?;
        // The time may be up instead, which is no error.
        if self.archiver.cancellation.is_interrupted() {
            return Err(Error::new(Kind::Interrupted, "interrupted").hint("what was archived is in the lake"));
        }
        Ok(())
    }

    fn next(&self, crew: &mut Crew<Place>, asking: &mut Option<mpsc::UnboundedReceiver<Asked>>) -> Next {
        self.archiver.runtime.block_on(async {
            let asked = async {
                match asking {
                    Some(asking) => asking.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                done = crew.done.recv() => done.map_or(Next::Stopped, |(place, outcome)| Next::Done(place, outcome)),
                asked = asked => asked.map_or(Next::AllAsked, Next::Asked),
            }
        })
    }

    /// Asks for the next interviews of these recordings, if there are any; `open` has which each is for.
    fn ask_for(
        &mut self,
        ledger: &Ledger,
        wanted: &[Wanted],
        places: &mut BTreeSet<usize>,
        open: &mut BTreeMap<String, Vec<usize>>,
    ) -> Result<Option<mpsc::UnboundedReceiver<Asked>>> {
        let mut ids = Vec::new();
        while let Some(place) = places.first().copied() {
            let id = &wanted[place].recording.interview;
            if !open.contains_key(id) {
                if ids.len() == ASKED_TOGETHER {
                    break;
                }
                let source = ledger.source_of(id)?.unwrap_or_default();
                if self.refusing.contains_key(&source) {
                    places.remove(&place);
                    self.tally.summary.left += 1;
                    continue;
                }
                ids.push((source, id.clone()));
            }
            places.remove(&place);
            open.entry(id.clone()).or_default().push(place);
        }
        Ok((!ids.is_empty()).then(|| self.asker.ask(ids)))
    }

    /// Records that an interview gave no links to these recordings.
    fn linkless(
        &mut self,
        ledger: &mut Ledger,
        wanted: &[Wanted],
        interview: &str,
        places: &[usize],
        fault: Fault,
        why: &str,
    ) -> Result<()> {
        let source = ledger.source_of(interview)?.unwrap_or_default();
        let of = |place: &usize| (wanted[*place].recording.clone(), wanted[*place].object.clone());
        self.tally.linkless(ledger, &source, places.iter().map(of).collect(), fault, why)
    }

    /// Keeps the links of an interview that was asked for, and gives those that were waited for to the crew; how many.
    fn linked(
        &mut self,
        ledger: &mut Ledger,
        wanted: &[Wanted],
        interview: &str,
        places: &[usize],
        links: Vec<(usize, String, Link)>,
        crew: &mut Crew<Place>,
    ) -> Result<usize> {
        self.tally.summary.asked += 1;
        let mut kept = Vec::new();
        let mut missing = Vec::new();
        for place in places {
            let Wanted { recording, object, settled_at, .. } = &wanted[*place];
            // An answer that moved would be archived under the name of another.
            let is_it = |(position, name, _): &&(usize, String, Link)| {
                u32::try_from(*position) == Ok(recording.position) && name == object
            };
            let Some((_, _, link)) = links.iter().find(is_it) else {
                missing.push(*place);
                continue;
            };
            let (recording, object, link) = (recording.clone(), object.clone(), link.clone());
            crew.give(Task { what: (*place, true), object: object.clone(), link: link.clone() });
            kept.push(KeptLink { recording, object, link, settled_at: *settled_at, fetched_at: Timestamp::now() });
        }
        ledger.keep_links(&kept)?;
        let source = ledger.source_of(interview)?.unwrap_or_default();
        self.tally.answered(ledger, &source, !kept.is_empty())?;
        if !missing.is_empty() {
            let why = "the interview has no link to it any more";
            self.linkless(ledger, wanted, interview, &missing, Fault::NoLink, why)?;
        }
        Ok(kept.len())
    }
}

//! A pass over the lake: every recording that is not archived is, with a new link where the old one no longer opens.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::crew::{Crew, Task};
use super::download::Outcome;
use super::wanted::{Known, Wanted, each};
use super::{Archiver, Ask, Asked, Outlook, Selection, Summary, Tally, UNAVAILABLE_RUNS, UNFIT_RUNS, table};
use crate::lake::Lake;
use crate::ledger::{Archived, KeptLink, Ledger, Recording};
use crate::model::{Error, Kind, Link, Result};

/// Recordings that are dealt with together: so few that what is known of them is not much, and so many that the crew
/// hardly ever waits for the last of them.
const TOGETHER: usize = 10_000;

/// What a pass would do.
///
/// # Errors
/// When the lake or the ledger cannot be read.
pub fn outlook(lake: &Lake, ledger: &mut Ledger, selection: &Selection, began: Timestamp) -> Result<Outlook> {
    let mut outlook = Outlook::default();
    each(lake, ledger, selection, began, &Known::read(lake)?, &mut |ledger, wanted| {
        let mut calls = BTreeSet::new();
        for Wanted { recording, .. } in wanted.iter().filter(|wanted| wanted.archived.is_none()) {
            outlook.wanted += 1;
            if ledger.link_of(recording, Timestamp::now())?.is_none() {
                calls.insert(recording.interview.as_str());
            }
        }
        outlook.calls += calls.len() as u64;
        Ok(())
    })?;
    Ok(outlook)
}

impl Archiver<'_> {
    /// Archives what is selected and was not tried since `began`. What is archived by the time it ends is in the table
    /// `audio`, also when it ends early.
    pub fn pass(
        &self,
        ledger: &mut Ledger,
        selection: &Selection,
        began: Timestamp,
        ask: &mut Ask<'_>,
        progress: &dyn Fn(u64),
    ) -> (Summary, Result<()>) {
        let mut pass = Pass { archiver: self, tally: Tally::new(&self.downloader), ask, progress, done: 0 };
        let result = pass.all(ledger, selection, began);
        (pass.tally.summary, result)
    }

    /// Has the ledger forget what the table tells: after a crash, or when an interview was asked for again since.
    fn forget_known(&self, ledger: &mut Ledger, known: &Known) -> Result<()> {
        let archived = ledger.archived_recordings()?;
        ledger.forget_recordings(archived.iter().filter(|recording| known.has(recording)))?;
        let mut last = 0;
        loop {
            let links = ledger.links_after(last, TOGETHER, Timestamp::now())?;
            let Some((number, _)) = links.last() else { return Ok(()) };
            last = *number;
            let needless = links.iter().map(|(_, kept)| &kept.recording).filter(|recording| known.has(recording));
            ledger.forget_recordings(needless)?;
        }
    }
}

struct Pass<'a, 'b> {
    archiver: &'a Archiver<'a>,
    tally: Tally<'a>,
    ask: &'a mut Ask<'b>,
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

impl Pass<'_, '_> {
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
    fn together(&mut self, ledger: &mut Ledger, wanted: Vec<Wanted>) -> Result<()> {
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
        // Places of recordings whose interview is to be asked for.
        let mut linkless: BTreeSet<usize> = BTreeSet::new();
        for (place, one) in wanted.iter().enumerate().filter(|(_, wanted)| wanted.archived.is_none()) {
            match ledger.link_of(&one.recording, Timestamp::now())? {
                Some(link) => crew.give(Task { what: (place, false), object: one.object.clone(), link }),
                None => _ = linkless.insert(place),
            }
        }
        let mut open: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        let mut asking = self.ask_for(ledger, wanted, std::mem::take(&mut linkless), &mut open)?;
        let mut stopped = None;
        loop {
            if asking.is_none() && crew.under_way == 0 {
                // Links that did not open: their interviews are asked for, once.
                if linkless.is_empty() || stopped.is_some() {
                    self.tally.summary.left += linkless.len() as u64;
                    break;
                }
                asking = self.ask_for(ledger, wanted, std::mem::take(&mut linkless), &mut open)?;
                continue;
            }
            match self.next(&mut crew, &mut asking) {
                Next::Done((place, is_new), outcome) => {
                    crew.under_way -= 1;
                    let Wanted { recording, object, .. } = &wanted[place];
                    let recorded = match outcome {
                        Ok(Outcome::LinkDead(_)) if !is_new => {
                            ledger.forget_link(recording)?;
                            linkless.insert(place);
                            continue;
                        }
                        outcome => outcome.and_then(|outcome| self.tally.record(ledger, recording, object, outcome)),
                    };
                    match recorded {
                        Ok(done) => _ = done.map(|done| archived.insert(place, done)),
                        Err(error) => {
                            self.count_left(&crew, &open, &linkless);
                            return Err(error);
                        }
                    }
                    self.done += 1;
                    (self.progress)(self.done);
                }
                Next::Asked(Asked::Links(interview, links)) => {
                    self.tally.summary.asked += 1;
                    let places = open.remove(&interview).unwrap_or_default();
                    self.linked(ledger, wanted, &interview, &places, links, &mut crew)?;
                }
                Next::Asked(Asked::Gone(interview)) => {
                    let places = open.remove(&interview).unwrap_or_default();
                    self.no_links(ledger, wanted, places, "the API does not know the interview any more", 1)?;
                }
                Next::Asked(Asked::Failed(interview, why)) => {
                    let places = open.remove(&interview).unwrap_or_default();
                    self.no_links(ledger, wanted, places, &why, UNAVAILABLE_RUNS)?;
                }
                Next::Asked(Asked::Stopped(error)) => stopped = Some(error),
                Next::AllAsked => {
                    asking = None;
                    self.tally.summary.left += open.values().map(|places| places.len() as u64).sum::<u64>();
                    open.clear();
                }
                Next::Stopped => {
                    self.count_left(&crew, &open, &linkless);
                    break;
                }
            }
        }
        // The time may be up instead, which is no error.
        if *self.archiver.interrupt.borrow() {
            return Err(Error::new(Kind::Interrupted, "interrupted").hint("what was archived is in the lake"));
        }
        stopped.map_or(Ok(()), Err)
    }

    /// Counts what is still under way when it ends early.
    fn count_left(&mut self, crew: &Crew<Place>, open: &BTreeMap<String, Vec<usize>>, linkless: &BTreeSet<usize>) {
        let asked_for: usize = open.values().map(Vec::len).sum();
        self.tally.summary.left += (crew.under_way + asked_for + linkless.len()) as u64;
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

    /// Asks for the interviews of these recordings; `open` has which each is for.
    fn ask_for(
        &mut self,
        ledger: &Ledger,
        wanted: &[Wanted],
        places: BTreeSet<usize>,
        open: &mut BTreeMap<String, Vec<usize>>,
    ) -> Result<Option<mpsc::UnboundedReceiver<Asked>>> {
        let mut ids = Vec::new();
        for place in places {
            let id = &wanted[place].recording.interview;
            let of_one = open.entry(id.clone()).or_default();
            if of_one.is_empty() {
                ids.push((ledger.source_of(id)?.unwrap_or_default(), id.clone()));
            }
            of_one.push(place);
        }
        Ok((!ids.is_empty()).then(|| (self.ask)(ids)))
    }

    /// Records that an interview which was asked for gave no links.
    fn no_links(
        &mut self,
        ledger: &mut Ledger,
        wanted: &[Wanted],
        places: Vec<usize>,
        why: &str,
        give_up_after: u32,
    ) -> Result<()> {
        self.tally.summary.asked += 1;
        for place in places {
            let Wanted { recording, object, .. } = &wanted[place];
            self.tally.trouble(ledger, recording, object, why, give_up_after)?;
        }
        Ok(())
    }

    /// Keeps the links of an interview that was asked for, and gives those that were waited for to the crew.
    fn linked(
        &mut self,
        ledger: &mut Ledger,
        wanted: &[Wanted],
        interview: &str,
        places: &[usize],
        links: Vec<(usize, String, Link)>,
        crew: &mut Crew<Place>,
    ) -> Result<()> {
        let mut kept = Vec::new();
        for place in places {
            let Wanted { recording, object, .. } = &wanted[*place];
            // An answer that moved would be archived under the name of another.
            let is_it = |(position, name, _): &&(usize, String, Link)| {
                u32::try_from(*position) == Ok(recording.position) && name == object
            };
            let Some((_, _, link)) = links.iter().find(is_it) else {
                let why = "the interview has no link to it any more";
                self.tally.trouble(ledger, recording, object, why, UNFIT_RUNS)?;
                continue;
            };
            let recording = Recording { interview: interview.to_owned(), position: recording.position };
            let (object, link) = (object.clone(), link.clone());
            crew.give(Task { what: (*place, true), object: object.clone(), link: link.clone() });
            kept.push(KeptLink { recording, object, link, fetched_at: Timestamp::now() });
        }
        ledger.keep_links(&kept)
    }
}

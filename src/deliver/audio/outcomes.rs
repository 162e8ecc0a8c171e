//! What became of recordings: recorded and counted, and whether it was their fault.

use std::collections::HashSet;

use super::download::{Downloader, Outcome};
use super::missing::Wanted;
use super::summary::ArchiveSummary;
use crate::lake::crash;
use crate::ledger::{Archived, Ledger, Recording, Trouble};
use crate::model::{Error, Result};

/// So many troubles are a line in the log; `status` has them all.
const SAID: u64 = 10;
/// So many failures in a row: it is not the recordings' fault but their host's or the API's, or that of something before
/// it.
const IN_A_ROW: usize = 20;
/// What is no recording is given up after so many nights.
const UNFIT_NIGHTS: u32 = 3;
/// What is not given is given up after so many nights.
const UNAVAILABLE_NIGHTS: u32 = 10;

/// Why a recording could not be archived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The recording itself, whatever its host is like: too long, empty, or its place is taken.
    Own,
    /// What its link opens is no recording.
    Unfit,
    /// No link opens it.
    LinkDead,
    /// Its interview has no link to it.
    NoLink,
    /// Its host did not give it.
    Unavailable,
    /// Its interview could not be asked for.
    NotAsked,
    /// The API does not know its interview.
    Gone,
}

impl Fault {
    /// As the ledger has it.
    fn kind(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Unfit => "unfit",
            Self::LinkDead => "link-dead",
            Self::NoLink => "no-link",
            Self::Unavailable => "unavailable",
            Self::NotAsked => "not-asked",
            Self::Gone => "gone",
        }
    }
}

/// A recording that could not be archived, and why.
#[derive(Debug)]
struct Failure {
    recording: Recording,
    object: String,
    why: String,
    fault: Fault,
    /// The account of its interview, where that was asked for.
    source: String,
}

/// Failures with no success between: held back until it is known whether there are too many of them.
#[derive(Debug, Default)]
struct Row {
    /// Answers that were failures.
    answers: usize,
    held: Vec<Failure>,
}

/// Records what became of recordings, and counts it.
pub struct Outcomes<'a> {
    downloader: &'a Downloader,
    pub summary: ArchiveSummary,
    of_host: Row,
    of_api: Row,
    /// Accounts of which an interview was answered with a body.
    answering: HashSet<String>,
}

impl<'a> Outcomes<'a> {
    pub fn new(downloader: &'a Downloader) -> Self {
        let (of_host, of_api) = (Row::default(), Row::default());
        Self { downloader, summary: ArchiveSummary::default(), of_host, of_api, answering: HashSet::new() }
    }

    /// Records an outcome; what is archived, if it is.
    ///
    /// # Errors
    /// When the ledger cannot be written, or none of the last recordings was to be had.
    pub fn record(
        &mut self,
        ledger: &mut Ledger,
        recording: &Recording,
        object: &str,
        outcome: Outcome,
    ) -> Result<Option<Archived>> {
        let (fault, why) = match outcome {
            Outcome::Archived(archived) => return self.archived(ledger, recording, archived, true).map(Some),
            Outcome::Found(archived) => return self.archived(ledger, recording, archived, false).map(Some),
            Outcome::LinkDead(why) => (Fault::LinkDead, format!("{why}, nor does a new one")),
            Outcome::Refused(why) => (Fault::Own, why),
            Outcome::Unfit(why) => (Fault::Unfit, why),
            Outcome::Unavailable(why) => (Fault::Unavailable, why),
            Outcome::Busy => {
                tracing::info!("{object} is left to another program, which is downloading it");
                self.summary.left += 1;
                return Ok(None);
            }
        };
        let (recording, object) = (recording.clone(), object.to_owned());
        let failure = Failure { recording, object, why, fault, source: String::new() };
        if fault == Fault::Own {
            self.trouble(ledger, &failure)?;
            return Ok(None);
        }
        self.of_host.answers += 1;
        self.of_host.held.push(failure);
        if self.of_host.answers == IN_A_ROW {
            let row = std::mem::take(&mut self.of_host);
            return Err(self.leave(
                ledger,
                row,
                &format!("none of the last {IN_A_ROW} recordings could be archived"),
            )?);
        }
        Ok(None)
    }

    fn archived(
        &mut self,
        ledger: &mut Ledger,
        recording: &Recording,
        archived: Archived,
        is_new: bool,
    ) -> Result<Archived> {
        let row = std::mem::take(&mut self.of_host);
        self.settle(ledger, row)?;
        ledger.record_archived(recording, &archived)?;
        crash::point("audio-recorded");
        if is_new {
            self.summary.archived += 1;
            self.summary.bytes += archived.bytes;
        } else {
            self.summary.found += 1;
        }
        Ok(archived)
    }

    /// Notes that an interview of an account was answered with a body, and whether it gave a link that was wanted.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn answered(&mut self, ledger: &mut Ledger, source: &str, gave_links: bool) -> Result<()> {
        if !self.answering.contains(source) {
            self.answering.insert(source.to_owned());
        }
        if gave_links {
            let row = std::mem::take(&mut self.of_api);
            self.settle(ledger, row)?;
        }
        Ok(())
    }

    /// Records that an interview which was asked for gave no links to these of its recordings.
    ///
    /// # Errors
    /// When the ledger cannot be written, or none of the last interviews gave any.
    pub fn linkless(
        &mut self,
        ledger: &mut Ledger,
        source: &str,
        recordings: &[&Wanted],
        fault: Fault,
        why: &str,
    ) -> Result<()> {
        let mut failures = recordings.iter().map(|wanted| Failure {
            recording: wanted.recording.clone(),
            object: wanted.object.clone(),
            why: why.to_owned(),
            fault,
            source: source.to_owned(),
        });
        // One that is gone from an API which has others is gone.
        if fault == Fault::Gone && self.answering.contains(source) {
            return failures.try_for_each(|failure| self.trouble(ledger, &failure));
        }
        self.of_api.held.extend(failures);
        self.of_api.answers += 1;
        if self.of_api.answers == IN_A_ROW {
            let row = std::mem::take(&mut self.of_api);
            let what = format!("the API gave no link to a recording of the last {IN_A_ROW} interviews");
            return Err(self.leave(ledger, row, &what)?);
        }
        Ok(())
    }

    /// Records the failures that are held back: there were not too many of them.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn end(&mut self, ledger: &mut Ledger) -> Result<()> {
        for row in [std::mem::take(&mut self.of_host), std::mem::take(&mut self.of_api)] {
            self.settle(ledger, row)?;
        }
        Ok(())
    }

    fn settle(&mut self, ledger: &mut Ledger, row: Row) -> Result<()> {
        row.held.iter().try_for_each(|failure| self.trouble(ledger, failure))
    }

    /// Leaves for the next run what was nobody's fault that is known; the error to end with.
    fn leave(&mut self, ledger: &mut Ledger, row: Row, what: &str) -> Result<Error> {
        for Failure { recording, object, why, .. } in &row.held {
            ledger.record_left(recording, object, why)?;
            self.say(recording, "left for the next run", why);
            self.summary.failed += 1;
        }
        let why = row.held.last().map_or("", |failure| failure.why.as_str());
        let error = Error::failed(format!("{what}: {why}"));
        Ok(error.hint("the next run goes on from here; `roundup status` says why each failed"))
    }

    fn trouble(&mut self, ledger: &mut Ledger, failure: &Failure) -> Result<()> {
        let Failure { recording, object, why, fault, source } = failure;
        let give_up_after = match fault {
            Fault::Gone if self.answering.contains(source) => 1,
            Fault::Own | Fault::Unfit | Fault::LinkDead | Fault::NoLink => UNFIT_NIGHTS,
            Fault::Unavailable | Fault::NotAsked | Fault::Gone => UNAVAILABLE_NIGHTS,
        };
        let (kind, part_bytes) = (fault.kind(), self.downloader.part_bytes(object));
        let trouble = Trouble { object, reason: why, kind, give_up_after, part_bytes };
        if ledger.record_trouble(recording, &trouble)? {
            self.say(recording, "given up", why);
            self.summary.given_up += 1;
            self.downloader.discard(object);
        } else {
            self.say(recording, "left for the next run", why);
            self.summary.failed += 1;
        }
        Ok(())
    }

    fn say(&self, Recording { interview, position }: &Recording, end: &str, why: &str) {
        let what = format!("recording {position} of interview {interview} is {end}: {why}");
        if self.summary.failed + self.summary.given_up < SAID {
            tracing::warn!(interview, position, "{what}");
        } else {
            tracing::debug!(interview, position, "{what}");
        }
    }
}

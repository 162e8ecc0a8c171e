//! Outcomes of downloads. They are recorded and counted. A streak of failures of the host ends the pass, one of an account's
//! API the requests to that account.

use std::collections::{HashMap, HashSet};

use super::download::{DownloadOutcome, Downloader};
use super::missing::MissingRecording;
use super::summary::ArchiveSummary;
use crate::lake::crash;
use crate::ledger::{ArchiveFailure, ArchivedRecording, Ledger, RecordingId};
use crate::model::{Error, Result};

/// How many failures are logged as warnings; `status` lists all of them.
const MOST_LOGGED: u64 = 10;
/// The number of consecutive failures that ends a pass, or the requests to an account. The fault is then not in the
/// recordings but in their host, in the API, or in something between.
const FAILURE_STREAK: usize = 20;
/// Nights after which something that is not a recording is given up.
const UNFIT_NIGHTS: u32 = 3;
/// Nights after which a recording that is not delivered is given up.
const UNAVAILABLE_NIGHTS: u32 = 10;

/// Why a recording could not be archived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// The recording itself is the reason: it is too long or empty, or its place is taken.
    Own,
    /// Its link opens something that is not a recording.
    Unfit,
    /// Its link does not open, and neither does a new one.
    LinkDead,
    /// Its interview has no link to it.
    NoLink,
    /// Its host did not deliver it.
    Unavailable,
    /// Its interview could not be requested.
    NotAsked,
    /// The API does not know its interview.
    Gone,
}

impl FailureKind {
    /// The word for it in the ledger.
    fn as_str(self) -> &'static str {
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
struct FailedRecording {
    recording: RecordingId,
    object: String,
    why: String,
    kind: FailureKind,
    /// The account of its interview, if the interview was requested; otherwise empty.
    source: String,
}

/// Consecutive failures. They are held back until a success, or the end, shows that they were not too many.
#[derive(Debug, Default)]
struct FailureStreak {
    /// How many requests failed.
    answers: usize,
    held: Vec<FailedRecording>,
}

/// Records and counts the outcomes of downloads.
pub struct Outcomes<'a> {
    downloader: &'a Downloader,
    pub summary: ArchiveSummary,
    of_host: FailureStreak,
    /// By account, since the answers of one tell nothing of another.
    of_api: HashMap<String, FailureStreak>,
    /// Accounts for which the API has returned an interview.
    answering: HashSet<String>,
}

impl<'a> Outcomes<'a> {
    pub fn new(downloader: &'a Downloader) -> Self {
        let (of_host, of_api) = (FailureStreak::default(), HashMap::new());
        Self { downloader, summary: ArchiveSummary::default(), of_host, of_api, answering: HashSet::new() }
    }

    /// Records an outcome, and returns the archived recording if there is one.
    ///
    /// # Errors
    /// When the ledger cannot be written, or too many recordings failed in a row.
    pub fn record(
        &mut self,
        ledger: &mut Ledger,
        recording: &RecordingId,
        object: &str,
        outcome: DownloadOutcome,
    ) -> Result<Option<ArchivedRecording>> {
        let (kind, why) = match outcome {
            DownloadOutcome::Archived(archived) => return self.archived(ledger, recording, archived, true).map(Some),
            DownloadOutcome::Found(archived) => return self.archived(ledger, recording, archived, false).map(Some),
            DownloadOutcome::LinkDead(why) => (FailureKind::LinkDead, format!("{why}, nor does a new one")),
            DownloadOutcome::Refused(why) => (FailureKind::Own, why),
            DownloadOutcome::Unfit(why) => (FailureKind::Unfit, why),
            DownloadOutcome::Unavailable(why) => (FailureKind::Unavailable, why),
            DownloadOutcome::Busy => {
                tracing::info!("{object} is left to another program, which is downloading it");
                self.summary.left += 1;
                return Ok(None);
            }
        };
        let (recording, object) = (recording.clone(), object.to_owned());
        let failure = FailedRecording { recording, object, why, kind, source: String::new() };
        if kind == FailureKind::Own {
            self.record_failure(ledger, &failure)?;
            return Ok(None);
        }
        self.of_host.answers += 1;
        self.of_host.held.push(failure);
        if self.of_host.answers == FAILURE_STREAK {
            let streak = std::mem::take(&mut self.of_host);
            let what = format!("none of the last {FAILURE_STREAK} recordings could be archived");
            return Err(self.end_streak(ledger, &streak.held, &what)?);
        }
        Ok(None)
    }

    fn archived(
        &mut self,
        ledger: &mut Ledger,
        recording: &RecordingId,
        archived: ArchivedRecording,
        is_new: bool,
    ) -> Result<ArchivedRecording> {
        let streak = std::mem::take(&mut self.of_host);
        self.settle(ledger, streak)?;
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

    /// Notes that the API returned an interview of an account, and whether it had a link that was needed.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn answered(&mut self, ledger: &mut Ledger, source: &str, has_links: bool) -> Result<()> {
        if !self.answering.contains(source) {
            self.answering.insert(source.to_owned());
        }
        if has_links && let Some(streak) = self.of_api.remove(source) {
            self.settle(ledger, streak)?;
        }
        Ok(())
    }

    /// Records that a requested interview had no link to these recordings. Returns why its account is not to be asked any
    /// more, when too many of its interviews in a row had none.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn linkless(
        &mut self,
        ledger: &mut Ledger,
        source: &str,
        recordings: &[&MissingRecording],
        kind: FailureKind,
        why: &str,
    ) -> Result<Option<Error>> {
        let mut failures = recordings.iter().map(|wanted| FailedRecording {
            recording: wanted.recording.clone(),
            object: wanted.object.clone(),
            why: why.to_owned(),
            kind,
            source: source.to_owned(),
        });
        // It is gone for good only if the API returned another interview.
        if kind == FailureKind::Gone && self.answering.contains(source) {
            return failures.try_for_each(|failure| self.record_failure(ledger, &failure)).map(|()| None);
        }
        let streak = self.of_api.entry(source.to_owned()).or_default();
        streak.held.extend(failures);
        streak.answers += 1;
        if streak.answers < FAILURE_STREAK {
            return Ok(None);
        }
        // What was asked for by then still fails after the end. It counts no more than what came before it.
        let (is_end, held) = (streak.answers == FAILURE_STREAK, std::mem::take(&mut streak.held));
        let message =
            format!("source {source}: the API gave no link to a recording of the last {FAILURE_STREAK} interviews");
        let error = self.end_streak(ledger, &held, &message)?;
        Ok(is_end.then_some(error))
    }

    /// Records the failures that were held back, when there were not too many of them.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn end(&mut self, ledger: &mut Ledger) -> Result<()> {
        let of_api = std::mem::take(&mut self.of_api).into_values();
        let mut streaks = of_api.chain([std::mem::take(&mut self.of_host)]);
        streaks.try_for_each(|streak| self.settle(ledger, streak))
    }

    fn settle(&mut self, ledger: &mut Ledger, streak: FailureStreak) -> Result<()> {
        streak.held.iter().try_for_each(|failure| self.record_failure(ledger, failure))
    }

    /// Leaves the failures of a streak for the next run, without counting a try. Returns the error to end with.
    fn end_streak(&mut self, ledger: &mut Ledger, held: &[FailedRecording], what: &str) -> Result<Error> {
        for FailedRecording { recording, object, why, .. } in held {
            ledger.record_left(recording, object, why)?;
            self.log(recording, "left for the next run", why);
            self.summary.failed += 1;
        }
        let why = held.last().map_or("", |failure| failure.why.as_str());
        let error = Error::failed(format!("{what}: {why}"));
        Ok(error.hint("the next run goes on from here; `roundup status` says why each failed"))
    }

    fn record_failure(&mut self, ledger: &mut Ledger, failure: &FailedRecording) -> Result<()> {
        let FailedRecording { recording, object, why, kind, source } = failure;
        let give_up_after = match kind {
            FailureKind::Gone if self.answering.contains(source) => 1,
            FailureKind::Own | FailureKind::Unfit | FailureKind::LinkDead | FailureKind::NoLink => UNFIT_NIGHTS,
            FailureKind::Unavailable | FailureKind::NotAsked | FailureKind::Gone => UNAVAILABLE_NIGHTS,
        };
        let (kind, part_bytes) = (kind.as_str(), self.downloader.part_bytes(object));
        let failure = ArchiveFailure { object, reason: why, kind, give_up_after, part_bytes };
        if ledger.record_failed(recording, &failure)? {
            self.log(recording, "given up", why);
            self.summary.given_up += 1;
            self.downloader.discard(object);
        } else {
            self.log(recording, "left for the next run", why);
            self.summary.failed += 1;
        }
        Ok(())
    }

    fn log(&self, RecordingId { interview, position }: &RecordingId, end: &str, why: &str) {
        let what = format!("recording {position} of interview {interview} is {end}: {why}");
        if self.summary.failed + self.summary.given_up < MOST_LOGGED {
            tracing::warn!(interview, position, "{what}");
        } else {
            tracing::debug!(interview, position, "{what}");
        }
    }
}

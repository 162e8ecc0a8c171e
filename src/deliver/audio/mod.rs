//! Audio: recordings from the vendor's host into an archive, each once, verified, and told of by the table `audio`.
//!
//! What a link leads to is not trusted: see [`address`] for where one may lead, and [`sniff`] for what may be behind it.

mod address;
#[cfg(feature = "cloud")]
mod cloud;
mod crew;
mod download;
mod pass;
mod sniff;
pub mod store;
mod table;
mod wanted;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::lake::Lake;
use crate::ledger::{Archived, Ledger, Recording, RecordingState};
use crate::model::{Error, Link, Result};
use crate::pipeline::AudioPlan;
use address::Reach;
use crew::{Crew, Task};
use download::{Downloader, Outcome};
pub use pass::outlook;
use store::Store;
use wanted::Known;
pub use wanted::Selection;

/// A recording whose fault it is that it cannot be archived is given up after so many runs,
const UNFIT_RUNS: u32 = 3;
/// and one that its host does not give after so many.
const UNAVAILABLE_RUNS: u32 = 10;
/// So many in a row: it is not the recordings' fault but their host's, or that of something before it.
const IN_A_ROW: u32 = 20;
/// So many troubles are a line in the log; `status` has them all.
const SAID: u64 = 10;
/// How often it is looked whether an ingest has kept new links.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// What was done; counts of recordings unless said otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Archived now.
    pub archived: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// In the archive already, and only recorded.
    pub found: u64,
    /// Interviews that were asked for again, for new links.
    pub asked: u64,
    /// Not archived, and tried again by the next run.
    pub failed: u64,
    /// Not archived, and left alone from now on.
    pub given_up: u64,
    /// Not reached.
    pub left: u64,
}

impl Summary {
    /// Whether anything could not be archived.
    #[must_use]
    pub fn has_losses(&self) -> bool {
        self.failed + self.given_up > 0
    }
}

impl std::ops::AddAssign<&Self> for Summary {
    fn add_assign(&mut self, other: &Self) {
        self.archived += other.archived;
        self.found += other.found;
        self.bytes += other.bytes;
        self.asked += other.asked;
        self.failed += other.failed;
        self.given_up += other.given_up;
        self.left += other.left;
    }
}

/// What is to be done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outlook {
    /// Recordings that are not archived.
    pub wanted: u64,
    /// Interviews that have to be asked for again, as a link of theirs is missing or no longer opens.
    pub calls: u64,
}

/// What came of asking for an interview again.
#[derive(Debug)]
pub enum Asked {
    /// The links it has now: position, name below the archive, link.
    Links(String, Vec<(usize, String, Link)>),
    /// The API does not know the interview any more.
    Gone(String),
    /// It did not answer with the interview, and why; it may later.
    Failed(String, String),
    /// No further interview is asked for, because of this.
    Stopped(Error),
}

/// Asks for interviews, each with the name of its account. The channel ends when all are answered for, or with
/// [`Asked::Stopped`].
pub type Ask<'a> = dyn FnMut(Vec<(String, String)>) -> mpsc::UnboundedReceiver<Asked> + 'a;

/// All that an archiving needs beside the ledger.
pub struct Archiver<'a> {
    lake: &'a Lake,
    runtime: &'a Runtime,
    downloader: Arc<Downloader>,
    width: usize,
    interrupt: watch::Receiver<bool>,
    stop_at: Option<Instant>,
}

impl<'a> Archiver<'a> {
    /// # Errors
    /// When the archive cannot be opened.
    pub fn new(
        lake: &'a Lake,
        runtime: &'a Runtime,
        plan: &AudioPlan,
        interrupt: watch::Receiver<bool>,
        stop_at: Option<Instant>,
    ) -> Result<Self> {
        let reach = Reach { loopback: plan.allow_loopback };
        let store = Store::open(&plan.out, lake)?;
        let downloader = Arc::new(Downloader::new(store, reach, plan.max_bytes, plan.max_time)?);
        Ok(Self { lake, runtime, downloader, width: plan.concurrency, interrupt, stop_at })
    }

    fn crew<T: Send + 'static>(&self) -> Crew<T> {
        Crew::new(self.runtime, &self.downloader, self.width, self.interrupt.clone(), self.stop_at)
    }

    /// Opens links as an ingest keeps them, until `over`; then ends what is under way. A link that does not open is
    /// forgotten, for [`Self::pass`] to ask for another.
    pub fn beside(&self, ledger: &mut Ledger, over: watch::Receiver<bool>) -> (Summary, Result<()>) {
        let mut tally = Tally::new(&self.downloader);
        let result = self.follow(ledger, over, &mut tally);
        (tally.summary, result)
    }

    fn follow(&self, ledger: &mut Ledger, over: watch::Receiver<bool>, tally: &mut Tally<'_>) -> Result<()> {
        let known = Known::read(self.lake)?;
        let mut crew: Crew<(Recording, String)> = self.crew();
        // An ingest that asks again keeps a new link, but the recording is the same.
        let mut met: HashSet<Recording> = HashSet::new();
        let mut last = 0;
        loop {
            // Also when who should say so is gone.
            let is_over = *over.borrow() || over.has_changed().is_err();
            // No more than keeps the crew busy until the next look: what waits is in the ledger.
            while !is_over && crew.under_way < self.width * 4 {
                let links = ledger.links_after(last, self.width * 4, Timestamp::now())?;
                if links.is_empty() {
                    break;
                }
                for (number, kept) in links {
                    last = number;
                    let is_archived = known.has(&kept.recording)
                        || matches!(ledger.recording(&kept.recording)?, Some(RecordingState::Archived(_)));
                    if is_archived {
                        ledger.forget_link(&kept.recording)?;
                    } else if !matches!(ledger.recording(&kept.recording)?, Some(RecordingState::GivenUp))
                        && met.insert(kept.recording.clone())
                    {
                        let what = (kept.recording, kept.object.clone());
                        crew.give(Task { what, object: kept.object, link: kept.link });
                    }
                }
            }
            if is_over && crew.under_way == 0 {
                return Ok(());
            }
            let next = self.runtime.block_on(async { tokio::time::timeout(LOOK_EVERY, crew.done.recv()).await });
            match next {
                Err(_elapsed) => {}
                // Interrupted, or the time is up.
                Ok(None) => return Ok(()),
                Ok(Some(((recording, object), outcome))) => {
                    crew.under_way -= 1;
                    match outcome? {
                        Outcome::LinkDead(_) => ledger.forget_link(&recording)?,
                        outcome => _ = tally.record(ledger, &recording, &object, outcome)?,
                    }
                }
            }
        }
    }
}

/// Records what became of recordings, and counts it.
struct Tally<'a> {
    downloader: &'a Downloader,
    summary: Summary,
    in_a_row: u32,
}

impl<'a> Tally<'a> {
    fn new(downloader: &'a Downloader) -> Self {
        Self { downloader, summary: Summary::default(), in_a_row: 0 }
    }

    /// Records an outcome; what is archived, if it is.
    ///
    /// # Errors
    /// When the ledger cannot be written, or none of the last recordings was to be had.
    fn record(
        &mut self,
        ledger: &mut Ledger,
        recording: &Recording,
        object: &str,
        outcome: Outcome,
    ) -> Result<Option<Archived>> {
        let (archived, is_new) = match outcome {
            Outcome::Archived(archived) => (archived, true),
            Outcome::Found(archived) => (archived, false),
            Outcome::LinkDead(why) => {
                self.trouble(ledger, recording, object, &format!("{why}, nor does a new one"), UNFIT_RUNS)?;
                return Ok(None);
            }
            Outcome::Unfit(why) => return self.no_recording(ledger, recording, object, why, UNFIT_RUNS),
            Outcome::Unavailable(why) => return self.no_recording(ledger, recording, object, why, UNAVAILABLE_RUNS),
        };
        self.in_a_row = 0;
        ledger.record_archived(recording, &archived)?;
        crate::lake::crash::point("audio-recorded");
        if is_new {
            self.summary.archived += 1;
            self.summary.bytes += archived.bytes;
        } else {
            self.summary.found += 1;
        }
        Ok(Some(archived))
    }

    /// Records that what a link opened was no recording.
    fn no_recording(
        &mut self,
        ledger: &mut Ledger,
        recording: &Recording,
        object: &str,
        why: String,
        give_up_after: u32,
    ) -> Result<Option<Archived>> {
        self.trouble(ledger, recording, object, &why, give_up_after)?;
        self.in_a_row += 1;
        if self.in_a_row < IN_A_ROW {
            return Ok(None);
        }
        let what = format!("none of the last {IN_A_ROW} recordings could be archived: {why}");
        Err(Error::failed(what).hint("the next run goes on from here; `roundup status` says why each failed"))
    }

    /// Records that a recording could not be archived.
    fn trouble(
        &mut self,
        ledger: &mut Ledger,
        recording: &Recording,
        object: &str,
        why: &str,
        give_up_after: u32,
    ) -> Result<()> {
        let Recording { interview, position } = recording;
        let is_given_up = ledger.record_trouble(recording, object, why, give_up_after)?;
        let end = if is_given_up { "given up" } else { "left for the next run" };
        let what = format!("recording {position} of interview {interview} is {end}: {why}");
        if self.summary.failed + self.summary.given_up < SAID {
            tracing::warn!(interview, position, "{what}");
        } else {
            tracing::debug!(interview, position, "{what}");
        }
        if is_given_up {
            self.summary.given_up += 1;
            self.downloader.discard(object);
        } else {
            self.summary.failed += 1;
        }
        Ok(())
    }
}

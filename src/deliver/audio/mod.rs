//! Audio: recordings from the vendor's host into an archive, each once, verified, and told of by the table `audio`.
//!
//! What a link leads to is not trusted: see [`address`] for where one may lead, and [`sniff`] for what may be behind it.

mod address;
#[cfg(feature = "cloud")]
mod cloud;
mod download;
mod missing;
mod outcomes;
mod pass;
mod pool;
mod renew;
mod sniff;
pub mod store;
mod table;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Runtime;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::http::cancel::Cancellation;
use crate::lake::Lake;
use crate::ledger::{KeptLink, Ledger, Recording, RecordingState};
use crate::model::counts::counts;
use crate::model::{Done, Result};
use crate::pipeline::AudioPlan;
use address::Reach;
use download::{Downloader, Outcome};
pub use missing::Selection;
use missing::{Known, settled_since};
use outcomes::Tally;
pub use pass::{outlook, publish_archived};
use pool::{Crew, Task};
pub use renew::{Asker, ClientOf};
use store::Store;

/// So many troubles are a line in the log; `status` has them all.
const SAID: u64 = 10;
/// How often it is looked whether an ingest has kept new links.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long downloads that an ingest began may go on after it: the stages that follow wait for them.
const GRACE: Duration = Duration::from_secs(3);

counts! {
    /// What was done; counts of recordings unless said otherwise.
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
}

impl Summary {
    /// Whether anything could not be archived.
    #[must_use]
    pub fn has_losses(&self) -> bool {
        self.failed + self.given_up > 0
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

/// All that an archiving needs beside the ledger.
pub struct Archiver<'a> {
    lake: &'a Lake,
    runtime: &'a Runtime,
    downloader: Arc<Downloader>,
    width: usize,
    /// What is archived beside an ingest settled then or later.
    from: Option<Timestamp>,
    cancellation: Cancellation,
}

impl<'a> Archiver<'a> {
    /// # Errors
    /// When the archive cannot be opened.
    pub fn new(lake: &'a Lake, runtime: &'a Runtime, plan: &AudioPlan, cancellation: Cancellation) -> Result<Self> {
        let reach = Reach { loopback: plan.allow_loopback };
        let store = Store::open(&plan.out, lake)?;
        let downloader = Arc::new(Downloader::new(store, reach, plan.max_bytes, plan.max_time)?);
        Ok(Self { lake, runtime, downloader, width: plan.concurrency, from: plan.from, cancellation })
    }

    fn crew<T: Send + 'static>(&self) -> Crew<T> {
        Crew::new(self.runtime, &self.downloader, self.width, &self.cancellation)
    }

    /// Opens links as an ingest keeps them, until `over`; what is under way then has a few seconds to end, and is left for
    /// [`Self::pass`] to go on with. So is a link that does not open, for which that asks for another.
    pub fn beside(&self, ledger: &mut Ledger, over: &CancellationToken) -> Done<Summary> {
        let mut tally = Tally::new(&self.downloader);
        let result = self.follow(ledger, over, &mut tally);
        let result = tally.end(ledger).and(result);
        Done::new(tally.summary, result)
    }

    fn follow(&self, ledger: &mut Ledger, over: &CancellationToken, tally: &mut Tally<'_>) -> Result<()> {
        let known = Known::read(self.lake)?;
        let mut crew: Crew<(Recording, String)> = self.crew();
        // An ingest that asks again keeps a new link, but the recording is the same.
        let mut met: HashSet<(Recording, String)> = HashSet::new();
        let mut last = 0;
        let mut ends_at = None;
        loop {
            let is_over = over.is_cancelled();
            // No more than keeps the crew busy until the next look: what waits is in the ledger.
            while !is_over && crew.under_way < self.width * 4 {
                let links = ledger.links_after(last, self.width * 4, Timestamp::now())?;
                if links.is_empty() {
                    break;
                }
                for (number, kept) in links {
                    last = number;
                    let KeptLink { recording, object, link, settled_at, .. } = kept;
                    let state = ledger.recording_called(&recording, Some(&object))?;
                    if known.has(&recording, &object) || matches!(state, Some(RecordingState::Archived(_))) {
                        ledger.forget_link(&recording)?;
                    } else if settled_since(settled_at, self.from)
                        && state != Some(RecordingState::GivenUp)
                        && met.insert((recording.clone(), object.clone()))
                    {
                        crew.give(Task { what: (recording, object.clone()), object, link });
                    }
                }
            }
            if is_over {
                let ends_at = *ends_at.get_or_insert_with(|| Instant::now() + GRACE);
                if crew.under_way == 0 || Instant::now() >= ends_at {
                    return Ok(());
                }
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
                        Outcome::Busy => {}
                        outcome => _ = tally.record(ledger, &recording, &object, outcome)?,
                    }
                }
            }
        }
    }
}

//! Archiving beside an ingest: links are opened as it keeps them.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::archiver::Archiver;
use super::download::Outcome;
use super::missing::{Known, settled_since};
use super::outcomes::Outcomes;
use super::pool::{Pool, Task};
use super::summary::ArchiveSummary;
use crate::ledger::{KeptLink, Ledger, Recording, RecordingState};
use crate::model::{Done, Result};

/// How often it is looked whether an ingest has kept new links.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How long downloads that an ingest began may go on after it: the stages that follow wait for them.
const GRACE: Duration = Duration::from_secs(3);

impl Archiver<'_> {
    /// Opens links as an ingest keeps them, until `over`; what is under way then has a few seconds to end, and is left for
    /// [`Self::pass`] to go on with. So is a link that does not open, for which that asks for another.
    pub fn beside(&self, ledger: &mut Ledger, over: &CancellationToken) -> Done<ArchiveSummary> {
        let mut outcomes = Outcomes::new(&self.downloader);
        let result = self.follow(ledger, over, &mut outcomes);
        let result = outcomes.end(ledger).and(result);
        Done::new(outcomes.summary, result)
    }

    fn follow(&self, ledger: &mut Ledger, over: &CancellationToken, outcomes: &mut Outcomes<'_>) -> Result<()> {
        let known = Known::read(self.lake)?;
        let mut pool: Pool<(Recording, String)> = self.pool();
        // An ingest that asks again keeps a new link, but the recording is the same.
        let mut met: HashSet<(Recording, String)> = HashSet::new();
        let mut last = 0;
        let mut ends_at = None;
        loop {
            let is_over = over.is_cancelled();
            // No more than keeps the pool busy until the next look: what waits is in the ledger.
            while !is_over && pool.under_way < self.width * 4 {
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
                        pool.give(Task { what: (recording, object.clone()), object, link });
                    }
                }
            }
            if is_over {
                let ends_at = *ends_at.get_or_insert_with(|| Instant::now() + GRACE);
                if pool.under_way == 0 || Instant::now() >= ends_at {
                    return Ok(());
                }
            }
            let next = self.runtime.block_on(async { tokio::time::timeout(LOOK_EVERY, pool.done.recv()).await });
            match next {
                Err(_elapsed) => {}
                // Interrupted, or the time is up.
                Ok(None) => return Ok(()),
                Ok(Some(((recording, object), outcome))) => {
                    pool.under_way -= 1;
                    match outcome? {
                        Outcome::LinkDead(_) => ledger.forget_link(&recording)?,
                        Outcome::Busy => {}
                        outcome => _ = outcomes.record(ledger, &recording, &object, outcome)?,
                    }
                }
            }
        }
    }
}

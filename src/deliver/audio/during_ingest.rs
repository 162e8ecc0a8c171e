//! Archiving during an ingest: links are opened as the ingest keeps them.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::archiver::Archiver;
use super::download::DownloadOutcome;
use super::missing::{PublishedRecordings, settled_since};
use super::outcomes::Outcomes;
use super::pool::{DownloadTask, Pool};
use super::summary::ArchiveSummary;
use crate::ledger::{KeptLink, Ledger, LinkPlace, RecordingId, RecordingState};
use crate::model::{Done, Result};

/// How often the ledger is checked for new links.
const POLL_EVERY: Duration = Duration::from_millis(500);
/// How long downloads may continue after the ingest. It is short because the next stages wait for them.
const GRACE: Duration = Duration::from_secs(3);

impl Archiver<'_> {
    /// Opens links as an ingest keeps them, until `ingest_ended`. Downloads in flight then have a few seconds to
    /// finish; what is left, and every link that did not open, is for [`Self::pass`].
    pub fn archive_during(&self, ledger: &mut Ledger, ingest_ended: &CancellationToken) -> Done<ArchiveSummary> {
        let mut outcomes = Outcomes::new(&self.downloader);
        let result = self.archive_new_links(ledger, ingest_ended, &mut outcomes);
        let result = outcomes.end(ledger).and(result);
        Done::new(outcomes.summary, result)
    }

    fn archive_new_links(
        &self,
        ledger: &mut Ledger,
        ingest_ended: &CancellationToken,
        outcomes: &mut Outcomes<'_>,
    ) -> Result<()> {
        let known = PublishedRecordings::read(self.lake)?;
        let mut pool: Pool<(RecordingId, String)> = self.pool();
        // An ingest that fetches an interview again keeps a new link to the same recording.
        let mut submitted: HashSet<(RecordingId, String)> = HashSet::new();
        let (mut place, mut links) = (LinkPlace::default(), VecDeque::new());
        let mut ends_at = None;
        loop {
            let is_ended = ingest_ended.is_cancelled();
            // Only enough to keep the pool busy until the next check: the rest waits.
            while !is_ended && pool.in_flight < self.width * 4 {
                if links.is_empty() {
                    links.extend(ledger.links_after(&mut place, self.width * 4, Timestamp::now())?);
                }
                let Some(KeptLink { recording, object, link, settled_at, .. }) = links.pop_front() else { break };
                let state = ledger.recording_called(&recording, Some(&object))?;
                if !known.has(&recording, &object)
                    && !matches!(state, Some(RecordingState::Archived(_) | RecordingState::GivenUp))
                    && settled_since(settled_at, self.from)
                    && submitted.insert((recording.clone(), object.clone()))
                {
                    pool.submit(DownloadTask { key: (recording, object.clone()), object, link });
                }
            }
            if is_ended {
                let ends_at = *ends_at.get_or_insert_with(|| Instant::now() + GRACE);
                if pool.in_flight == 0 || Instant::now() >= ends_at {
                    return Ok(());
                }
            }
            let next = self.runtime.block_on(async { tokio::time::timeout(POLL_EVERY, pool.done.recv()).await });
            match next {
                Err(_elapsed) => {}
                // Interrupted, or the time is up.
                Ok(None) => return Ok(()),
                Ok(Some(((recording, object), outcome))) => {
                    pool.in_flight -= 1;
                    match outcome? {
                        DownloadOutcome::LinkDead(_) => ledger.forget_link(&recording, &object)?,
                        DownloadOutcome::Busy => {}
                        outcome => _ = outcomes.record(ledger, &recording, &object, outcome)?,
                    }
                }
            }
        }
    }
}

//! The recordings that a pass works on together, and how far each of them is.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::download::DownloadOutcome;
use super::missing::MissingRecording;
use super::pool::{DownloadTask, Pool};
use super::renew::Renewal;
use crate::ledger::LiveLinks;
use crate::model::{Link, Result};

/// Identifies a recording to the pool.
#[derive(Debug, Clone, Copy)]
pub struct DownloadKey {
    /// Its index in the batch.
    pub number: usize,
    /// Whether its link was requested from the API by this pass.
    pub is_renewed: bool,
}

/// What happens next in a pass.
pub enum PassEvent {
    Downloaded(DownloadKey, Result<DownloadOutcome>),
    /// An interview was requested again.
    Renewed(Renewal),
    /// Every requested interview has a result.
    AllRenewed,
    /// The pool stopped.
    Stopped,
}

/// Recordings that are worked on together, each known by its index.
pub struct Batch<'a> {
    pub wanted: &'a mut [MissingRecording],
    /// Recordings without a link, whose interview is to be requested.
    pub linkless: BTreeSet<usize>,
    /// Recordings whose link did not open. Their interviews are requested once, after all other links were tried.
    pub dead: BTreeSet<usize>,
    /// Recordings whose interview is being requested, by interview.
    pub open: BTreeMap<String, Vec<usize>>,
    /// Receives renewals while interviews are being requested.
    pub asking: Option<mpsc::UnboundedReceiver<Renewal>>,
    /// Downloads by new links that are in flight.
    pub renewed: usize,
    pub pool: Pool<DownloadKey>,
}

impl<'a> Batch<'a> {
    /// Begins to download the recordings that are not archived and whose links still open.
    pub fn begin(links: &LiveLinks, wanted: &'a mut [MissingRecording], mut pool: Pool<DownloadKey>) -> Self {
        let mut linkless = BTreeSet::new();
        let mut links = links.of(wanted.iter().map(|wanted| &wanted.recording), Timestamp::now());
        for (number, one) in wanted.iter().enumerate().filter(|(_, wanted)| wanted.archived.is_none()) {
            match links.remove(&(one.recording.clone(), one.object.clone())) {
                Some(link) => {
                    let key = DownloadKey { number, is_renewed: false };
                    pool.submit(DownloadTask { key, object: one.object.clone(), link });
                }
                None => _ = linkless.insert(number),
            }
        }
        let (dead, open) = (BTreeSet::new(), BTreeMap::new());
        Self { wanted, linkless, dead, open, asking: None, renewed: 0, pool }
    }

    /// Submits a download by a new link.
    pub fn submit_renewed(&mut self, number: usize, link: Link) {
        let key = DownloadKey { number, is_renewed: true };
        self.pool.submit(DownloadTask { key, object: self.wanted[number].object.clone(), link });
        self.renewed += 1;
    }

    /// Waits for the next event.
    pub fn next(&mut self, runtime: &Runtime) -> PassEvent {
        let Self { asking, pool, .. } = self;
        runtime.block_on(async {
            let renewal = async {
                match asking {
                    Some(asking) => asking.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                done = pool.done.recv() => done.map_or(PassEvent::Stopped, |(key, outcome)| PassEvent::Downloaded(key, outcome)),
                renewal = renewal => renewal.map_or(PassEvent::AllRenewed, PassEvent::Renewed),
            }
        })
    }

    /// Ends the wait for an interview, and returns its recordings.
    pub fn close(&mut self, interview: &str) -> Vec<usize> {
        self.open.remove(interview).unwrap_or_default()
    }

    /// How many recordings wait for their interview.
    pub fn waiting(&self) -> usize {
        self.open.values().map(Vec::len).sum()
    }

    /// How many recordings have no outcome yet.
    pub fn left(&self) -> usize {
        self.pool.in_flight + self.waiting() + self.linkless.len() + self.dead.len()
    }
}

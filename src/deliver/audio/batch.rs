//! The recordings that a pass deals with together, and how far each of them is.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use super::download::Outcome;
use super::missing::Wanted;
use super::pool::{Pool, Task};
use super::renew::Asked;
use crate::ledger::Ledger;
use crate::model::{Link, Result};

/// What the pool knows a recording by.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Its place among those that are dealt with together.
    pub number: usize,
    /// Whether its link is one that was asked for.
    pub is_renewed: bool,
}

/// What comes next.
pub enum Next {
    Done(Place, Result<Outcome>),
    Asked(Asked),
    AllAsked,
    /// The pool stopped.
    Stopped,
}

/// Recordings that are dealt with together, each known by its place among them.
pub struct Batch<'a> {
    pub wanted: &'a mut [Wanted],
    /// Those whose interview is to be asked for.
    pub linkless: BTreeSet<usize>,
    /// Those whose link turned out not to open: their interviews are asked for, once, when all other links were opened.
    pub dead: BTreeSet<usize>,
    /// Those whose interview is being asked for, by interview.
    pub open: BTreeMap<String, Vec<usize>>,
    /// Where answers come from, while interviews are being asked for.
    pub asking: Option<mpsc::UnboundedReceiver<Asked>>,
    /// Downloads by new links that are under way.
    pub renewed: usize,
    pub pool: Pool<Place>,
}

impl<'a> Batch<'a> {
    /// Begins to download those whose links open, but for those that are archived.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn begin(ledger: &Ledger, wanted: &'a mut [Wanted], mut pool: Pool<Place>) -> Result<Self> {
        let mut linkless = BTreeSet::new();
        for (number, one) in wanted.iter().enumerate().filter(|(_, wanted)| wanted.archived.is_none()) {
            match ledger.link_of(&one.recording, &one.object, Timestamp::now())? {
                Some(link) => {
                    let what = Place { number, is_renewed: false };
                    pool.give(Task { what, object: one.object.clone(), link });
                }
                None => _ = linkless.insert(number),
            }
        }
        let (dead, open) = (BTreeSet::new(), BTreeMap::new());
        Ok(Self { wanted, linkless, dead, open, asking: None, renewed: 0, pool })
    }

    /// Gives a new link to the pool.
    pub fn give_renewed(&mut self, number: usize, link: Link) {
        let what = Place { number, is_renewed: true };
        self.pool.give(Task { what, object: self.wanted[number].object.clone(), link });
        self.renewed += 1;
    }

    /// Waits for what comes next.
    pub fn next(&mut self, runtime: &Runtime) -> Next {
        let Self { asking, pool, .. } = self;
        runtime.block_on(async {
            let asked = async {
                match asking {
                    Some(asking) => asking.recv().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                done = pool.done.recv() => done.map_or(Next::Stopped, |(place, outcome)| Next::Done(place, outcome)),
                asked = asked => asked.map_or(Next::AllAsked, Next::Asked),
            }
        })
    }

    /// Those whose interview is answered for, which is no longer open.
    pub fn close(&mut self, interview: &str) -> Vec<usize> {
        self.open.remove(interview).unwrap_or_default()
    }

    /// Recordings that wait for the answer to their interview.
    pub fn asked_for(&self) -> usize {
        self.open.values().map(Vec::len).sum()
    }

    /// Recordings that nothing came of yet.
    pub fn left(&self) -> usize {
        self.pool.under_way + self.asked_for() + self.linkless.len() + self.dead.len()
    }
}

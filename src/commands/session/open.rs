//! A lake that a command works on.

use jiff::civil::Time;

use super::deadline::next_moment;
use super::network::Network;
use crate::commands::erasure::open_ledger;
use crate::http::cancel::Deadline;
use crate::lake::{Lake, LakeLock};
use crate::ledger::Ledger;
use crate::model::Result;

/// A locked lake, with its ledger and the network.
pub struct Session<'n> {
    pub network: &'n Network,
    pub lake: Lake,
    pub lock: LakeLock,
    pub ledger: Ledger,
    pub quiet: bool,
    /// When fetching and archiving leave the rest for the next run.
    pub stop_at: Option<Deadline>,
}

impl<'n> Session<'n> {
    /// Locks the lake, and finishes what a killed run left half done.
    ///
    /// # Errors
    /// When another process holds the lake, or its ledger cannot be opened.
    pub fn open(lake: Lake, network: &'n Network, quiet: bool) -> Result<Self> {
        let lock = lake.lock()?;
        let ledger = open_ledger(&lake, &lock)?;
        Ok(Self { network, lake, lock, ledger, quiet, stop_at: None })
    }

    /// The same session, with its work leaving the rest for the next run when it is this time of day next.
    #[must_use]
    pub fn stopping_at(self, time: Option<Time>) -> Self {
        Self { stop_at: time.map(next_moment), ..self }
    }
}

//! A lake that a command works on.

use super::network::Network;
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
}

impl<'n> Session<'n> {
    /// Locks the lake, and finishes what a killed run left half done.
    ///
    /// # Errors
    /// When another process holds the lake, or its ledger cannot be opened.
    pub fn open(lake: Lake, network: &'n Network, quiet: bool) -> Result<Self> {
        let lock = lake.lock()?;
        let ledger = lake.ledger(&lock)?;
        Ok(Self { network, lake, lock, ledger, quiet })
    }
}

//! `ledger`: care of the ledger.

use super::erasure::open_ledger;
use super::terminal::{self, LedgerCommand};
use crate::lake::Lake;
use crate::model::Result;

pub fn run(command: &LedgerCommand) -> Result<()> {
    let LedgerCommand::Rebuild { lake, delta } = command;
    let lake = Lake::open(&lake.lake)?.with_delta(!delta.no_delta);
    let lock = lake.lock()?;
    lake.rebuild_ledger(&lock)?;
    let counts = open_ledger(&lake, &lock)?.counts()?;
    terminal::data(&format!("the ledger has {} settled and {} open interviews\n", counts.settled, counts.open))
}

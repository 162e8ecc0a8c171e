//! Finishes batches that are in the log, and not all in place or not in the ledger.

use super::catch_up::catch_up;
use super::crash;
use super::exchange::place_commit;
use super::log::{LogRead, TailCommit, read_log};
use super::place::clear;
use super::places::Lake;
use crate::ledger::Ledger;
use crate::model::Result;

/// Finishes the batches of the log that the ledger does not have yet: their files are put into place, oldest first, and
/// the ledger is brought up to the version of the lake.
///
/// # Errors
/// When a file of a batch is missing, or the lake cannot be written.
pub fn finish(lake: &Lake, ledger: &mut Ledger) -> Result<()> {
    let Some(version) = lake.version()? else { return Ok(()) };
    let at = ledger.applied()?;
    if at.as_ref() == Some(&version.applied()) {
        return Ok(());
    }
    let Some(LogRead { version, tail }) = read_log(&lake.log_folder())? else { return Ok(()) };
    crash::point("recovery-begun");
    for tail_commit in &tail {
        let commit = &tail_commit.commit;
        if lake.staging_folder().join(&commit.batch).is_dir() {
            tracing::info!(batch = commit.batch, "finishing a batch that was left half published");
            place_commit(lake, tail_commit)?;
        }
    }
    catch_up(lake, ledger, &version, &tail, at.as_ref())?;
    crash::point("recovery-finished");
    for TailCommit { commit, .. } in &tail {
        clear(&lake.staging_folder().join(&commit.batch))?;
    }
    Ok(())
}

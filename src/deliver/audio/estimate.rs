//! An estimate of what is to be archived, and of the calls that it takes.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::missing::{MissingRecording, PublishedRecordings, RecordingSelection, each_missing};
use crate::lake::Lake;
use crate::ledger::Ledger;
use crate::model::Result;

/// The work that a pass would have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Estimate {
    /// Recordings that are not archived.
    pub wanted: u64,
    /// Interviews that have to be requested again, because one of their links is missing or no longer opens.
    pub calls: u64,
}

/// Estimates the work of a pass.
///
/// # Errors
/// When the lake or the ledger cannot be read.
pub fn estimate(
    lake: &Lake,
    ledger: &mut Ledger,
    selection: &RecordingSelection,
    began: Timestamp,
) -> Result<Estimate> {
    let mut estimate = Estimate::default();
    let links = ledger.live_links()?;
    each_missing(lake, ledger, selection, began, &PublishedRecordings::read(lake)?, &mut |_, wanted| {
        let links = links.of(wanted.iter().map(|wanted| &wanted.recording), Timestamp::now());
        let mut calls = BTreeSet::new();
        for MissingRecording { recording, object, .. } in wanted.iter().filter(|wanted| wanted.archived.is_none()) {
            estimate.wanted += 1;
            if !links.contains_key(&(recording.clone(), object.clone())) {
                calls.insert(recording.interview.as_str());
            }
        }
        estimate.calls += calls.len() as u64;
        Ok(())
    })?;
    Ok(estimate)
}

//! What is to be archived, and what that costs in calls.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::missing::{Known, Selection, Wanted, each};
use crate::lake::Lake;
use crate::ledger::Ledger;
use crate::model::Result;

/// What is to be done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outlook {
    /// Recordings that are not archived.
    pub wanted: u64,
    /// Interviews that have to be asked for again, as a link of theirs is missing or no longer opens.
    pub calls: u64,
}

/// What a pass would do.
///
/// # Errors
/// When the lake or the ledger cannot be read.
pub fn outlook(lake: &Lake, ledger: &mut Ledger, selection: &Selection, began: Timestamp) -> Result<Outlook> {
    let mut outlook = Outlook::default();
    each(lake, ledger, selection, began, &Known::read(lake)?, &mut |ledger, wanted| {
        let mut calls = BTreeSet::new();
        for Wanted { recording, object, .. } in wanted.iter().filter(|wanted| wanted.archived.is_none()) {
            outlook.wanted += 1;
            if ledger.link_of(recording, object, Timestamp::now())?.is_none() {
                calls.insert(recording.interview.as_str());
            }
        }
        outlook.calls += calls.len() as u64;
        Ok(())
    })?;
    Ok(outlook)
}

//! Takes events from the inbox into the ledger.

use jiff::Timestamp;

use super::summary::IngestSummary;
use crate::inbox::file::{self as inbox, ReceivedEvent};
use crate::lake::Lake;
use crate::ledger::{InterviewState, Ledger, TakenEvent};
use crate::model::Result;
use crate::pipeline::ids::check_id;
use crate::round0::webhook::{self, Event};

/// Records the events of the inbox in the ledger, and only then deletes their files.
pub fn take_inbox(lake: &Lake, ledger: &mut Ledger, summary: &mut IngestSummary) -> Result<()> {
    for path in inbox::take(&lake.inbox_folder())? {
        let mut events = Vec::new();
        for ReceivedEvent { event, source, at } in inbox::read(&path)? {
            let calls_for = calls_for(ledger, &event)?;
            events.push(TakenEvent { id: event.id, source, received_at: at, calls_for });
        }
        summary.events += ledger.take_events(&events, Timestamp::now())?;
        inbox::free(&path)?;
    }
    Ok(())
}

/// The interview that is to be fetched because of an event. `None` for a late event about the start of a settled
/// interview.
fn calls_for(ledger: &Ledger, event: &Event) -> Result<Option<String>> {
    let Some(id) = event.interview.clone() else { return Ok(None) };
    if let Err(what) = check_id(&id) {
        tracing::warn!("an event of the inbox is left aside: {what}");
        return Ok(None);
    }
    let is_late = event.kind == webhook::STARTED && ledger.state(&id)? == Some(InterviewState::Settled);
    Ok((!is_late).then_some(id))
}

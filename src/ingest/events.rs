//! Takes events from the inbox into the ledger.

use jiff::Timestamp;

use super::summary::IngestSummary;
use super::warnings::{WarningKind, Warnings};
use crate::inbox::file::{self as inbox, ReceivedEvent};
use crate::lake::Lake;
use crate::lake::tombstones::Tombstones;
use crate::ledger::{InterviewState, Ledger, TakenEvent};
use crate::model::Result;
use crate::pipeline::ids::check_id;
use crate::round0::webhook::{self, Event};

/// How much is shown of an id that cannot be one, in characters.
const SHOWN_OF_AN_ID: usize = 80;

/// What is needed to read events.
pub struct EventReader<'a> {
    pub tombstones: &'a Tombstones,
    pub warnings: &'a mut Warnings,
}

/// Records the events of the inbox in the ledger. Their files are kept until [`free_answered`]; those of events that were
/// recorded before are read again, in case the ledger was lost since.
pub fn take_inbox(
    lake: &Lake,
    ledger: &mut Ledger,
    reader: EventReader<'_>,
    summary: &mut IngestSummary,
) -> Result<()> {
    let folder = lake.inbox_folder();
    let recorded = inbox::recorded(&folder)?;
    for path in recorded.iter().chain(&inbox::take(&folder)?) {
        let mut events = Vec::new();
        for ReceivedEvent { event, source, at } in inbox::read(path)? {
            let refused_id = refused_id(&event, reader.warnings);
            let is_erased = event.interview.as_ref().is_some_and(|id| reader.tombstones.has_interview(id));
            let calls_for = if refused_id.is_none() && !is_erased { calls_for(ledger, &event)? } else { None };
            events.push(TakenEvent { id: event.id, source, received_at: at, calls_for, refused_id });
        }
        summary.events += ledger.take_events(&events, Timestamp::now())?;
        if !recorded.contains(path) {
            inbox::mark_recorded(path)?;
        }
    }
    Ok(())
}

/// Deletes the files of the inbox whose events are all answered.
pub fn free_answered(lake: &Lake, ledger: &Ledger) -> Result<()> {
    for path in inbox::recorded(&lake.inbox_folder())? {
        let ids: Vec<String> = inbox::read(&path)?.into_iter().map(|received| received.event.id).collect();
        if !ledger.has_open_events(&ids)? {
            inbox::free(&path)?;
        }
    }
    Ok(())
}

/// The id that an event names, cut to a length that can be shown, if it cannot be an interview's.
fn refused_id(event: &Event, warnings: &mut Warnings) -> Option<String> {
    let id = event.interview.as_ref()?;
    let what = check_id(id).err()?;
    let shown: String = id.chars().take(SHOWN_OF_AN_ID).collect();
    let message = format!("event {} names the interview `{}`: {what}", event.id.escape_debug(), shown.escape_debug());
    warnings.add(WarningKind::RefusedEvent, &event.id, &message);
    Some(shown)
}

/// The interview that is to be fetched because of an event. `None` for a late event about the start of a settled
/// interview.
fn calls_for(ledger: &Ledger, event: &Event) -> Result<Option<String>> {
    let Some(id) = event.interview.clone() else { return Ok(None) };
    let is_late = event.kind == webhook::STARTED && ledger.state(&id)? == Some(InterviewState::Settled);
    Ok((!is_late).then_some(id))
}

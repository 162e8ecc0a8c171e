//! One interview: its steps in order, and what is recorded of them.

use jiff::Timestamp;

use super::answer::{Verdict, judge};
use super::client::{Client, Trouble};
use super::connector::{Connector, Step};
use super::content::{self, Content};
use super::due;
use super::file::{ForEach, Method};
use super::request::{Found, Request, label};
use super::template;
use crate::lake::crash;
use crate::ledger::{Entry, Ledger, OutboxState, Outgoing, Recording, RecordingState};
use crate::model::{Error, Result};

const NOT_IN_THE_LAKE: &str = "it is in the ledger, and not in the lake";
/// In place of the hash of answers that there are none of.
const NO_VERSION: &str = "";
const AWAITS_RECORDINGS: &str = "recordings are still to be archived";

/// An interview whose turn it is. No `Debug`: it holds what a candidate said.
pub struct Turn<'a> {
    pub outgoing: &'a Outgoing,
    pub content: Content,
    /// Whether somebody named it, and wants it sent as it is.
    pub is_named: bool,
    /// Whether the last one that the system was asked about was refused.
    pub after_refused: bool,
}

/// How an interview ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    Delivered,
    /// Delivered or given up before, with the same answers.
    Unchanged,
    /// Tried before with the same answers, and not due yet.
    NotDue,
    Waiting,
    Failed,
    /// Given up for now, as what it asked for is not allowed.
    Refused,
    Dead,
}

/// Why an interview is not delivered.
enum Undelivered {
    Waiting(String),
    Failed(String),
    /// Holds what is to be said when everybody else is refused as well.
    Refused(String, Error),
    Rejected(String),
}

/// An interview's content with what the outbox has of it.
pub fn with_past(outgoing: &Outgoing, content: Content) -> Content {
    let past = outgoing.entry.as_ref();
    Content {
        again: past.is_some_and(|entry| entry.deliveries > 0 || (entry.is_begun && entry.version != content.version)),
        generation: past.map_or(0, |entry| entry.generation),
        ..content
    }
}

/// What the outbox has of these very answers.
pub fn known<'a>(outgoing: &'a Outgoing, content: &Content) -> Option<&'a Entry> {
    outgoing.entry.as_ref().filter(|entry| entry.version == content.version)
}

/// What is to be said of answers that there is nothing to do for, also when their body was read again.
pub fn at_rest(outgoing: &Outgoing, content: &Content, is_named: bool, now: Timestamp) -> Option<End> {
    let entry = known(outgoing, content)?;
    match entry.state {
        OutboxState::Delivered | OutboxState::Dead => Some(End::Unchanged),
        OutboxState::Pending | OutboxState::Open => {
            (!is_named && entry.next_due.is_some_and(|due| due > now)).then_some(End::NotDue)
        }
    }
}

/// Records an interview that is in the ledger and not in the lake: it is met again when its body is read again.
///
/// # Errors
/// When the ledger cannot be written.
pub fn give_up_missing(connector: &Connector, ledger: &mut Ledger, outgoing: &Outgoing) -> Result<()> {
    let (name, id, now) = (&connector.name, &outgoing.id, Timestamp::now());
    tracing::warn!(id = id.as_str(), "{name}: interview {id} is given up: {NOT_IN_THE_LAKE}");
    ledger.enqueue(name, outgoing, NO_VERSION, now)?;
    ledger.record_undelivered(name, id, NOT_IN_THE_LAKE, None, now)
}

/// Sends an interview, and records what became of it.
///
/// # Errors
/// When no interview can be sent, or the ledger cannot be written.
pub async fn deliver(
    connector: &Connector,
    client: &mut Client<'_>,
    ledger: &mut Ledger,
    Turn { outgoing, content, is_named, after_refused }: Turn<'_>,
) -> Result<End> {
    let (name, id) = (&connector.name, &outgoing.id);
    let now = Timestamp::now();
    let content = with_past(outgoing, content);
    let known = known(outgoing, &content);
    let tries = known.map_or(0, |entry| entry.tries) + 1;
    match known {
        Some(_) => ledger.record_unchanged(name, outgoing)?,
        None => ledger.enqueue(name, outgoing, &content.version, now)?,
    }
    crash::point("ats-enqueued");
    if let Some(end) = at_rest(outgoing, &content, is_named, now) {
        return Ok(end);
    }
    let is_open = known.is_some_and(|entry| entry.state == OutboxState::Open);
    let waited = now.duration_since(outgoing.entry.as_ref().map_or(now, |entry| entry.met_at));
    let awaits_recordings = waited < due::RECORDINGS_FOLLOW_WITHIN && awaits_recordings(connector, ledger, &content)?;
    if awaits_recordings && !is_open && !is_named && waited < due::HELD_BACK_FOR_RECORDINGS {
        ledger.record_waiting(name, id, OutboxState::Pending, AWAITS_RECORDINGS, now)?;
        return Ok(End::Waiting);
    }
    let done = ledger.done_steps(name, id)?;
    let sent = if is_open && nothing_is_new(connector, &content, &done) {
        Ok(())
    } else {
        steps(connector, client, ledger, &content, &done).await
    };
    let undelivered = match sent {
        Ok(()) if awaits_recordings => {
            ledger.record_waiting(name, id, OutboxState::Open, AWAITS_RECORDINGS, Timestamp::now())?;
            return Ok(End::Waiting);
        }
        Ok(()) => {
            ledger.record_delivered(name, id, Timestamp::now())?;
            return Ok(End::Delivered);
        }
        Err(Stopped::Here(Undelivered::Refused(_, error))) if after_refused => return Err(error),
        Err(Stopped::Here(undelivered)) => undelivered,
        Err(Stopped::Altogether(error)) => return Err(error),
    };
    record_undelivered(ledger, name, id, tries, undelivered)
}

/// Records why an interview is not delivered, and when it is tried again.
fn record_undelivered(ledger: &mut Ledger, name: &str, id: &str, tries: u32, undelivered: Undelivered) -> Result<End> {
    let now = Timestamp::now();
    let (reason, next, end) = match undelivered {
        Undelivered::Waiting(reason) => (reason, due::next_try(tries, now), End::Waiting),
        Undelivered::Failed(reason) => (reason, due::next_try(tries, now), End::Failed),
        Undelivered::Refused(reason, _) => (reason, due::next_try(tries, now), End::Refused),
        Undelivered::Rejected(reason) => (reason, None, End::Dead),
    };
    ledger.record_undelivered(name, id, &reason, next, now)?;
    match next {
        Some(next) => {
            let when = next.strftime("%Y-%m-%d %H:%M UTC").to_string();
            tracing::info!(id, "{name}: interview {id} is tried again after {when}: {reason}");
            Ok(end)
        }
        None => {
            tracing::warn!(id, "{name}: interview {id} is given up: {reason}");
            Ok(End::Dead)
        }
    }
}

enum Stopped {
    /// At this interview.
    Here(Undelivered),
    Altogether(Error),
}

/// Each step in order, but those that were done before.
async fn steps(
    connector: &Connector,
    client: &mut Client<'_>,
    ledger: &mut Ledger,
    content: &Content,
    done: &[String],
) -> Result<(), Stopped> {
    let name = &connector.name;
    let mut found = Found::new();
    for (number, step) in connector.steps.iter().enumerate() {
        for recording in recordings(connector, number, content) {
            let label = label(connector, number, recording);
            if is_recorded(step) && done.contains(&label) {
                continue;
            }
            let here = |why: String| format!("{label}: {why}");
            let request = Request::of_step(connector, number, content, recording, &found, template::fill);
            let request = request.map_err(|why| Stopped::Here(Undelivered::Rejected(here(why))))?;
            let answer = client.send(&request).await.map_err(|trouble| match trouble {
                Trouble::Failed(why) => Stopped::Here(Undelivered::Failed(here(why))),
                Trouble::Refused(why, error) => Stopped::Here(Undelivered::Refused(here(why), error)),
                Trouble::Stop(error) => Stopped::Altogether(error),
            })?;
            crash::point("ats-answered");
            match judge(step, answer.status, answer.body.as_deref(), request.must_mention.as_deref()) {
                Verdict::Done(captured) => found.extend(captured),
                Verdict::Nothing(why) => return Err(Stopped::Here(Undelivered::Waiting(here(why)))),
                Verdict::Unreadable(why) => return Err(Stopped::Here(Undelivered::Failed(here(why)))),
                Verdict::Rejected(why) => return Err(Stopped::Here(Undelivered::Rejected(here(why)))),
            }
            if is_recorded(step) {
                ledger.record_step(name, &content.id, &label).map_err(Stopped::Altogether)?;
            }
            crash::point("ats-step-recorded");
        }
    }
    Ok(())
}

/// What a step is done for: each recording, or once.
pub fn recordings<'a>(connector: &Connector, step: usize, content: &'a Content) -> Vec<Option<&'a content::Recording>> {
    match connector.steps[step].for_each {
        Some(ForEach::Recordings) => content.recordings.iter().map(Some).collect(),
        None => vec![None],
    }
}

/// Whether a connector sends recordings, and some of an interview may still be archived.
fn awaits_recordings(connector: &Connector, ledger: &Ledger, content: &Content) -> Result<bool> {
    if !connector.steps.iter().any(|step| step.for_each == Some(ForEach::Recordings)) {
        return Ok(false);
    }
    for position in &content.unarchived {
        let recording = Recording { interview: content.id.clone(), position: *position };
        if ledger.recording(&recording)? != Some(RecordingState::GivenUp) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether every step of an interview that is recorded is done, also for the recordings that have come since.
fn nothing_is_new(connector: &Connector, content: &Content, done: &[String]) -> bool {
    let recorded = (0..connector.steps.len()).filter(|number| is_recorded(&connector.steps[*number]));
    let mut labels = recorded.flat_map(|number| {
        recordings(connector, number, content).into_iter().map(move |recording| label(connector, number, recording))
    });
    labels.all(|label| done.contains(&label))
}

/// Whether a step is done once: one that wrote. One that captures is done again, as what it found is kept nowhere.
fn is_recorded(step: &Step) -> bool {
    step.capture.is_empty() && step.method != Method::Get
}

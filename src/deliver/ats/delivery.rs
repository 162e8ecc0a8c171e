//! Delivers one interview: sends its steps in order, and records them in the outbox.

use jiff::Timestamp;

use super::answer::{StepOutcome, judge};
use super::client::{AtsClient, SendError};
use super::connector::{Connector, Step};
use super::content::{self, InterviewContent};
use super::due;
use super::file::{ForEach, Method};
use super::request::{AtsRequest, Captured, label};
use super::template;
use crate::lake::crash;
use crate::lake::deliveries::Outbox;
use crate::ledger::{Ledger, OutboxEntry, OutboxState, Outgoing, RecordingId, RecordingState};
use crate::model::{Error, Result};

const NOT_IN_THE_LAKE: &str = "it is in the ledger, and not in the lake";
/// The version of an interview that is not in the lake.
const NO_VERSION: &str = "";
const AWAITS_RECORDINGS: &str = "recordings are still to be archived";

/// An interview to deliver. Has no `Debug`, because it holds a candidate's words.
pub struct Delivery<'a> {
    pub outgoing: &'a Outgoing,
    pub content: InterviewContent,
    /// Whether it was named by id, and so is sent whether or not it is due.
    pub is_named: bool,
    /// Whether the interview before it was refused.
    pub after_refused: bool,
}

/// How the delivery of an interview ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryOutcome {
    Delivered,
    /// Delivered or given up before, with the same answers.
    Unchanged,
    /// Tried before with the same answers, and not due yet.
    NotDue,
    Waiting,
    Failed,
    /// Given up for now, because the request was not allowed.
    Refused,
    Dead,
}

/// Why an interview is not delivered.
enum Undelivered {
    Waiting(String),
    Failed(String),
    /// Holds the reason, and the error to end with if the next interview is refused as well.
    Refused(String, Error),
    Rejected(String),
}

/// Adds to an interview's content what the outbox knows of earlier deliveries.
pub fn with_history(outgoing: &Outgoing, content: InterviewContent) -> InterviewContent {
    let past = outgoing.entry.as_ref();
    InterviewContent {
        again: past.is_some_and(|entry| entry.deliveries > 0 || (entry.is_begun && entry.version != content.version)),
        generation: past.map_or(0, |entry| entry.generation),
        ..content
    }
}

/// The outbox entry, if it is of this version of the answers.
pub fn entry_of_version<'a>(outgoing: &'a Outgoing, content: &InterviewContent) -> Option<&'a OutboxEntry> {
    outgoing.entry.as_ref().filter(|entry| entry.version == content.version)
}

/// The outcome for a version that needs no request: it was delivered or given up, or is not due. `None` if it is to be
/// sent.
pub fn nothing_to_do(
    outgoing: &Outgoing,
    content: &InterviewContent,
    is_named: bool,
    now: Timestamp,
) -> Option<DeliveryOutcome> {
    let entry = entry_of_version(outgoing, content)?;
    match entry.state {
        OutboxState::Delivered | OutboxState::Dead => Some(DeliveryOutcome::Unchanged),
        OutboxState::Pending | OutboxState::Open => {
            (!is_named && entry.next_due.is_some_and(|due| due > now)).then_some(DeliveryOutcome::NotDue)
        }
    }
}

/// Records that an interview is in the ledger but not in the lake. It is considered again when its body is read again.
///
/// # Errors
/// When the ledger cannot be written.
pub fn give_up_missing(connector: &Connector, outbox: &mut Outbox<'_>, outgoing: &Outgoing) -> Result<()> {
    let (name, id, now) = (&connector.name, &outgoing.id, Timestamp::now());
    tracing::warn!(id = id.as_str(), "{name}: interview {id} is given up: {NOT_IN_THE_LAKE}");
    outbox.ledger.enqueue(name, outgoing, NO_VERSION, now)?;
    outbox.ledger.record_undelivered(name, id, NOT_IN_THE_LAKE, None, now)
}

/// Sends an interview, and records the outcome.
///
/// # Errors
/// When no interview can be sent, or the ledger cannot be written.
pub async fn deliver(
    connector: &Connector,
    client: &mut AtsClient<'_>,
    outbox: &mut Outbox<'_>,
    Delivery { outgoing, content, is_named, after_refused }: Delivery<'_>,
) -> Result<DeliveryOutcome> {
    let (name, id) = (&connector.name, &outgoing.id);
    let now = Timestamp::now();
    let content = with_history(outgoing, content);
    let entry = entry_of_version(outgoing, &content);
    let tries = entry.map_or(0, |entry| entry.tries) + 1;
    match entry {
        Some(_) => outbox.ledger.record_unchanged(name, outgoing)?,
        None => outbox.ledger.enqueue(name, outgoing, &content.version, now)?,
    }
    crash::point("ats-enqueued");
    if let Some(end) = nothing_to_do(outgoing, &content, is_named, now) {
        return Ok(end);
    }
    let is_open = entry.is_some_and(|entry| entry.state == OutboxState::Open);
    let waited = now.duration_since(outgoing.entry.as_ref().map_or(now, |entry| entry.met_at));
    let awaits_recordings =
        waited < due::RECORDINGS_FOLLOW_WITHIN && awaits_recordings(connector, outbox.ledger, &content)?;
    if awaits_recordings && !is_open && !is_named && waited < due::HELD_BACK_FOR_RECORDINGS {
        outbox.ledger.record_waiting(name, id, OutboxState::Pending, AWAITS_RECORDINGS, now)?;
        return Ok(DeliveryOutcome::Waiting);
    }
    let done = outbox.ledger.done_steps(name, id)?;
    let sent = if is_open && nothing_is_new(connector, &content, &done) {
        Ok(())
    } else {
        send_or_search_again(connector, client, outbox, &content, &done).await
    };
    let undelivered = match sent {
        Ok(()) if awaits_recordings => {
            outbox.ledger.record_waiting(name, id, OutboxState::Open, AWAITS_RECORDINGS, Timestamp::now())?;
            return Ok(DeliveryOutcome::Waiting);
        }
        Ok(()) => {
            outbox.record_delivered(name, id)?;
            return Ok(DeliveryOutcome::Delivered);
        }
        Err(StepError::Interview(Undelivered::Refused(_, error))) if after_refused => return Err(error),
        Err(StepError::Interview(undelivered)) => undelivered,
        Err(StepError::Lost(why)) => Undelivered::Rejected(why),
        Err(StepError::Connector(error)) => return Err(error),
    };
    record_undelivered(outbox, name, id, tries, undelivered)
}

/// Records why an interview was not delivered, and when it is tried again.
fn record_undelivered(
    outbox: &mut Outbox<'_>,
    name: &str,
    id: &str,
    tries: u32,
    undelivered: Undelivered,
) -> Result<DeliveryOutcome> {
    let now = Timestamp::now();
    let (reason, next, end) = match undelivered {
        Undelivered::Waiting(reason) => (reason, due::next_try(tries, now), DeliveryOutcome::Waiting),
        Undelivered::Failed(reason) => (reason, due::next_try(tries, now), DeliveryOutcome::Failed),
        Undelivered::Refused(reason, _) => (reason, due::next_try(tries, now), DeliveryOutcome::Refused),
        Undelivered::Rejected(reason) => (reason, None, DeliveryOutcome::Dead),
    };
    outbox.record_undelivered(name, id, &reason, next)?;
    match next {
        Some(next) => {
            let when = next.strftime("%Y-%m-%d %H:%M UTC").to_string();
            tracing::info!(id, "{name}: interview {id} is tried again after {when}: {reason}");
            Ok(end)
        }
        None => {
            tracing::warn!(id, "{name}: interview {id} is given up: {reason}");
            Ok(DeliveryOutcome::Dead)
        }
    }
}

/// Why the steps of an interview ended early.
enum StepError {
    /// This interview cannot be delivered.
    Interview(Undelivered),
    /// The candidate was found, and is not known under the id that was captured.
    Lost(String),
    /// No interview can be delivered.
    Connector(Error),
}

/// Sends the steps of an interview. If its candidate is lost between two steps, having been merged with another, the
/// candidate is searched again, once.
async fn send_or_search_again(
    connector: &Connector,
    client: &mut AtsClient<'_>,
    outbox: &mut Outbox<'_>,
    content: &InterviewContent,
    done: &[String],
) -> Result<(), StepError> {
    let sent = send_steps(connector, client, outbox, content, done).await;
    if !matches!(sent, Err(StepError::Lost(_))) {
        return sent;
    }
    let done = outbox.ledger.done_steps(&connector.name, &content.id).map_err(StepError::Connector)?;
    send_steps(connector, client, outbox, content, &done).await
}

/// Sends each step in order, except those that were done before.
async fn send_steps(
    connector: &Connector,
    client: &mut AtsClient<'_>,
    outbox: &mut Outbox<'_>,
    content: &InterviewContent,
    done: &[String],
) -> Result<(), StepError> {
    let name = &connector.name;
    let mut found = Captured::new();
    for (number, step) in connector.steps.iter().enumerate() {
        for recording in recordings(connector, number, content) {
            let label = label(connector, number, recording);
            if is_recorded(step) && done.contains(&label) {
                continue;
            }
            let here = |why: String| format!("{label}: {why}");
            let request = AtsRequest::of_step(connector, number, content, recording, &found, template::fill);
            let request = request.map_err(|why| StepError::Interview(Undelivered::Rejected(here(why))))?;
            let answer = client.send(&request).await.map_err(|error| match error {
                SendError::Failed(why) => StepError::Interview(Undelivered::Failed(here(why))),
                SendError::Refused(why, error) => StepError::Interview(Undelivered::Refused(here(why), error)),
                SendError::Stop(error) => StepError::Connector(error),
            })?;
            crash::point("ats-answered");
            match judge(step, answer.status, answer.body.as_deref(), request.match_text.as_deref()) {
                StepOutcome::Done(captured) => found.extend(captured),
                StepOutcome::NotYet(why) => return Err(StepError::Interview(Undelivered::Waiting(here(why)))),
                StepOutcome::Lost(why) => return Err(StepError::Lost(here(why))),
                StepOutcome::Unreadable(why) => return Err(StepError::Interview(Undelivered::Failed(here(why)))),
                StepOutcome::Rejected(why) => return Err(StepError::Interview(Undelivered::Rejected(here(why)))),
            }
            if is_recorded(step) {
                outbox.record_step(name, &content.id, &label).map_err(StepError::Connector)?;
            }
            crash::point("ats-step-recorded");
        }
    }
    Ok(())
}

/// The recordings that a step is sent for, or a single `None` for a step that is sent once.
pub fn recordings<'a>(
    connector: &Connector,
    step: usize,
    content: &'a InterviewContent,
) -> Vec<Option<&'a content::RecordingFile>> {
    match connector.steps[step].for_each {
        Some(ForEach::Recordings) => content.recordings.iter().map(Some).collect(),
        None => vec![None],
    }
}

/// Whether a connector sends recordings, and some recordings of an interview may still be archived.
fn awaits_recordings(connector: &Connector, ledger: &Ledger, content: &InterviewContent) -> Result<bool> {
    if !connector.steps.iter().any(|step| step.for_each == Some(ForEach::Recordings)) {
        return Ok(false);
    }
    for position in &content.unarchived {
        let recording = RecordingId { interview: content.id.clone(), position: *position };
        if ledger.recording(&recording)? != Some(RecordingState::GivenUp) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether every recorded step of an interview is done, including those for recordings that were archived since.
fn nothing_is_new(connector: &Connector, content: &InterviewContent, done: &[String]) -> bool {
    let recorded = (0..connector.steps.len()).filter(|number| is_recorded(&connector.steps[*number]));
    let mut labels = recorded.flat_map(|number| {
        recordings(connector, number, content).into_iter().map(move |recording| label(connector, number, recording))
    });
    labels.all(|label| done.contains(&label))
}

/// Whether a step is recorded and sent only once, because it writes. A step that captures is sent again, because the
/// captured values are not stored.
fn is_recorded(step: &Step) -> bool {
    step.capture.is_empty() && step.method != Method::Get
}

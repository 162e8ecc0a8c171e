//! The applicant tracking system: completed interviews are sent to it, each as the few requests of a connector.
//!
//! At least once, and to a system that heeds the `Idempotency-Key`, in effect once: what is to be sent is in the
//! outbox before it is sent, each step that is done is recorded, and a step whose answer was lost is sent again under
//! the same key. One request at a time: the systems' limits are lower than what one connection does, and what a kill
//! leaves in doubt is one request.

mod answer;
mod client;
mod connector;
mod content;
mod delivery;
mod due;
mod file;
mod request;
mod secret;
mod template;

use jiff::Timestamp;
use serde::Serialize;
use tokio::runtime::Runtime;

pub use connector::{Connector, Secrets};

use client::Client;
use content::contents;
use delivery::{End, Turn, at_rest, known, recordings, with_past};
use request::{Found, Request, label};

use crate::http::cancel::Cancellation;
use crate::lake::Lake;
use crate::ledger::{Ledger, Outgoing, Wanted};
use crate::model::{Done, Error, Result};
use crate::pipeline::AtsPlan;

/// Interviews whose contents are in memory at once.
const AT_ONCE: usize = 200;
/// So many in a row that the system was asked about and could not be delivered are the connector's or the system's fault,
/// not theirs.
const TOO_MANY: u32 = 5;

/// What to send, and how.
pub struct Job<'a> {
    pub connector: &'a Connector,
    pub secrets: Secrets,
    pub plan: &'a AtsPlan,
    /// Only these, also older ones; none for what is due.
    pub ids: &'a [String],
    pub cancellation: Cancellation,
    /// Called with (done, of).
    pub progress: &'a dyn Fn(u64, u64),
}

/// What was done.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Summary {
    pub connector: String,
    pub delivered: u64,
    /// Delivered before with the same answers.
    pub unchanged: u64,
    /// Whose candidate the system does not know yet, or whose recordings are still to be archived: tried again.
    pub waiting: u64,
    /// Given up for now: tried again.
    pub failed: u64,
    /// Given up until somebody puts them back.
    pub dead: u64,
    /// Not tried, as the run of this connector ended early.
    pub left: u64,
    pub requests: u64,
    /// Of them, those sent again after a failure.
    pub retries: u64,
    /// Of them, those answered 429.
    pub limited: u64,
}

impl Summary {
    /// Whether something was newly given up, for now or until somebody puts it back.
    #[must_use]
    pub fn has_losses(&self) -> bool {
        self.failed + self.dead > 0
    }

    /// Whether nothing that could be sent is left for the next run.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.failed + self.left == 0
    }
}

/// Sends what is due. The summary counts what was done also when an error ended it.
pub fn deliver(lake: &Lake, ledger: &mut Ledger, runtime: &Runtime, job: Job<'_>) -> Done<Summary> {
    let mut summary = Summary { connector: job.connector.name.clone(), ..Summary::default() };
    let result = deliver_due(lake, ledger, runtime, job, &mut summary);
    Done::new(summary, result)
}

fn deliver_due(lake: &Lake, ledger: &mut Ledger, runtime: &Runtime, job: Job<'_>, summary: &mut Summary) -> Result<()> {
    let Job { connector, secrets, plan, ids, cancellation, progress } = job;
    let now = Timestamp::now();
    let since = since(ledger, connector, plan, ids, now)?;
    if since.is_new {
        ledger.record_connector(&connector.name, since.at)?;
    }
    let due = due(ledger, connector, plan, ids, since.at, now)?;
    let mut client = Client::new(connector, secrets, plan.requests_per_minute, cancellation)?;
    let of = due.len() as u64;
    let mut done = 0;
    let (mut in_a_row, mut after_refused) = (0, false);
    for chunk in due.chunks(AT_ONCE) {
        let these: Vec<String> = chunk.iter().map(|outgoing| outgoing.id.clone()).collect();
        let mut found = contents(lake, &these, connector.recordings.as_deref())?;
        for outgoing in chunk {
            progress(done, of);
            let Some(content) = found.remove(&outgoing.id) else {
                delivery::give_up_missing(connector, ledger, outgoing)?;
                (done, summary.dead) = (done + 1, summary.dead + 1);
                continue;
            };
            let requests = client.requests;
            // One that failed before, where others are taken, says nothing of the system; nor does one that nothing is asked
            // about.
            let tells = summary.delivered == 0 || outgoing.entry.as_ref().is_none_or(|entry| entry.tries == 0);
            let sent = runtime.block_on(delivery::deliver(
                connector,
                &mut client,
                ledger,
                Turn { outgoing, content, is_named: !ids.is_empty(), after_refused: after_refused && tells },
            ));
            (summary.requests, summary.retries, summary.limited) = (client.requests, client.retries, client.limited);
            let ended = sent.inspect_err(|_| summary.left = of - done)?;
            done += 1;
            match ended {
                End::Delivered => summary.delivered += 1,
                End::Unchanged => summary.unchanged += 1,
                End::NotDue => {}
                End::Waiting => summary.waiting += 1,
                End::Failed | End::Refused => summary.failed += 1,
                End::Dead => summary.dead += 1,
            }
            if client.requests == requests || !tells {
                continue;
            }
            after_refused = ended == End::Refused;
            in_a_row = if matches!(ended, End::Failed | End::Refused | End::Dead) { in_a_row + 1 } else { 0 };
            if in_a_row == TOO_MANY && done < of {
                summary.left = of - done;
                let message = format!("{}: {TOO_MANY} interviews in a row could not be delivered", connector.name);
                let hint =
                    "`roundup status` says why; --dry-run shows the requests, --retry-dead puts dead letters back";
                return Err(Error::failed(message).hint(hint));
            }
        }
    }
    progress(done, of);
    Ok(())
}

/// From when on a connector sends.
struct Since {
    at: Timestamp,
    /// Whether it is to be recorded.
    is_new: bool,
}

/// From when on a connector sends: what the plan says, which holds for this run; else what was recorded at its first run;
/// else now. Interviews that are named are sent whatever it is, and are no first run.
fn since(ledger: &Ledger, connector: &Connector, plan: &AtsPlan, ids: &[String], now: Timestamp) -> Result<Since> {
    let recorded = ledger.connector_since(&connector.name)?;
    let is_new = recorded.is_none() && ids.is_empty();
    if is_new && plan.since.is_none() {
        tracing::warn!(
            "{}: this is its first run, and what was completed before {} is not sent; --since DAY, or `since` under \
             [ats], sends older interviews",
            connector.name,
            now.strftime("%Y-%m-%d %H:%M UTC")
        );
    }
    Ok(Since { at: plan.since.or(recorded).unwrap_or(now), is_new })
}

/// What is to be sent.
fn due(
    ledger: &Ledger,
    connector: &Connector,
    plan: &AtsPlan,
    ids: &[String],
    since: Timestamp,
    now: Timestamp,
) -> Result<Vec<Outgoing>> {
    if ids.is_empty() {
        return ledger.outgoing(&connector.name, Wanted { since, jobs: &plan.jobs }, now);
    }
    let one = |id: &String| {
        let unknown = || Error::usage(format!("{id} is no completed interview of this lake"));
        ledger.outgoing_one(&connector.name, id)?.ok_or_else(unknown)
    };
    ids.iter().map(one).collect()
}

/// A request that would be made.
pub struct Shown<'a> {
    pub interview_id: &'a str,
    pub step: &'a str,
    /// As JSON, or why it cannot be made.
    pub request: std::result::Result<serde_json::Value, String>,
}

/// Shows the requests that would be made for what is due, in order, or all of interviews that are named, whatever became of
/// them; how many interviews they are of.
///
/// # Errors
/// When lake or ledger cannot be read, or `show` fails.
pub fn dry_run(
    lake: &Lake,
    ledger: &Ledger,
    connector: &Connector,
    plan: &AtsPlan,
    ids: &[String],
    show: &mut dyn FnMut(Shown<'_>) -> Result<()>,
) -> Result<u64> {
    let now = Timestamp::now();
    let since = since(ledger, connector, plan, ids, now)?;
    let due = due(ledger, connector, plan, ids, since.at, now)?;
    let is_named = !ids.is_empty();
    let mut shown = 0;
    for chunk in due.chunks(AT_ONCE) {
        let these: Vec<String> = chunk.iter().map(|outgoing| outgoing.id.clone()).collect();
        let mut contents = contents(lake, &these, connector.recordings.as_deref())?;
        for outgoing in chunk {
            let Some(content) = contents.remove(&outgoing.id) else { continue };
            if !is_named && at_rest(outgoing, &content, false, now).is_some() {
                continue;
            }
            shown += 1;
            let is_anew = is_named || known(outgoing, &content).is_none();
            let done = if is_anew { Vec::new() } else { ledger.done_steps(&connector.name, &outgoing.id)? };
            let mut found = Found::new();
            let content = with_past(outgoing, content);
            for (number, step) in connector.steps.iter().enumerate() {
                for recording in recordings(connector, number, &content) {
                    let step = &label(connector, number, recording);
                    if done.contains(step) {
                        continue;
                    }
                    let request = Request::of_step(connector, number, &content, recording, &found, template::fill);
                    let request = request.map(|request| request.as_json(connector));
                    show(Shown { interview_id: &outgoing.id, step, request })?;
                }
                found.extend(step.capture.keys().map(|name| (name.clone(), format!("found.{name}").into())));
            }
        }
    }
    Ok(shown)
}

//! Shows the requests that would be sent, without sending them.

use jiff::Timestamp;

use super::connector::Connector;
use super::content::{AT_ONCE, contents};
use super::delivery::{entry_of_version, nothing_to_do, recordings, with_history};
use super::due::{outgoing, since};
use super::request::{AtsRequest, Captured, label};
use super::template;
use crate::lake::Lake;
use crate::lake::job_list::job_ids;
use crate::ledger::{Ledger, OutgoingFilter};
use crate::model::Result;
use crate::pipeline::AtsPlan;

/// A request that would be made.
pub struct PlannedRequest<'a> {
    pub interview_id: &'a str,
    pub step: &'a str,
    /// The request as JSON, or why it cannot be made.
    pub request: Result<serde_json::Value, String>,
}

/// Calls `show` with the requests that would be made for interviews that are due, in order. For interviews that are
/// named, all requests are shown, even if they were sent before. Returns the number of interviews.
///
/// # Errors
/// When lake or ledger cannot be read, or `show` fails.
pub fn dry_run(
    lake: &Lake,
    ledger: &Ledger,
    connector: &Connector,
    plan: &AtsPlan,
    ids: &[String],
    show: &mut dyn FnMut(PlannedRequest<'_>) -> Result<()>,
) -> Result<u64> {
    let now = Timestamp::now();
    let since = since(ledger, connector, plan, ids, now)?;
    let jobs = job_ids(lake, &plan.jobs)?;
    let due = outgoing(ledger, connector, ids, OutgoingFilter { since: since.at, jobs: &jobs }, now)?;
    let is_named = !ids.is_empty();
    let mut shown = 0;
    for chunk in due.chunks(AT_ONCE) {
        let mut contents = contents(lake, chunk, connector.recordings.as_deref())?;
        for outgoing in chunk {
            let Some(content) = contents.remove(&outgoing.id) else { continue };
            if !is_named && nothing_to_do(outgoing, &content, false, now).is_some() {
                continue;
            }
            shown += 1;
            let is_new = is_named || entry_of_version(outgoing, &content).is_none();
            let done = if is_new { Vec::new() } else { ledger.done_steps(&connector.name, &outgoing.id)? };
            let mut found = Captured::new();
            let content = with_history(outgoing, content);
            for (number, step) in connector.steps.iter().enumerate() {
                for recording in recordings(connector, number, &content) {
                    let step = &label(connector, number, recording);
                    if done.contains(step) {
                        continue;
                    }
                    let request = AtsRequest::of_step(connector, number, &content, recording, &found, template::fill);
                    let request = request.map(|request| request.as_json(connector));
                    show(PlannedRequest { interview_id: &outgoing.id, step, request })?;
                }
                found.extend(step.capture.keys().map(|name| (name.clone(), format!("found.{name}").into())));
            }
        }
    }
    Ok(shown)
}

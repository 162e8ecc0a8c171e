//! What would be sent, shown and not sent.

use jiff::Timestamp;

use super::connector::Connector;
use super::content::{AT_ONCE, contents};
use super::delivery::{at_rest, known, recordings, with_past};
use super::due::{outgoing, since};
use super::request::{Found, Request, label};
use super::template;
use crate::lake::Lake;
use crate::ledger::Ledger;
use crate::model::Result;
use crate::pipeline::AtsPlan;

/// A request that would be made.
pub struct Shown<'a> {
    pub interview_id: &'a str,
    pub step: &'a str,
    /// As JSON, or why it cannot be made.
    pub request: Result<serde_json::Value, String>,
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
    let due = outgoing(ledger, connector, plan, ids, since.at, now)?;
    let is_named = !ids.is_empty();
    let mut shown = 0;
    for chunk in due.chunks(AT_ONCE) {
        let mut contents = contents(lake, chunk, connector.recordings.as_deref())?;
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

//! All that is due, sent one interview after the other.

use jiff::Timestamp;
use serde::Serialize;
use tokio::runtime::Runtime;

use super::client::Client;
use super::connector::{Connector, Secrets};
use super::content::{AT_ONCE, contents};
use super::delivery::{self, End, Turn};
use super::due::{outgoing, since};
use crate::http::cancel::Cancellation;
use crate::lake::Lake;
use crate::ledger::Ledger;
use crate::model::{Done, Error, Result};
use crate::pipeline::AtsPlan;

/// So many in a row that the system was asked about and could not be delivered are the connector's or the system's fault,
/// not theirs.
const TOO_MANY: u32 = 5;

/// What to send, and how.
pub struct DeliveryOptions<'a> {
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
pub struct DeliverySummary {
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

impl DeliverySummary {
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

    fn count(&mut self, ended: End) {
        match ended {
            End::Delivered => self.delivered += 1,
            End::Unchanged => self.unchanged += 1,
            End::NotDue => {}
            End::Waiting => self.waiting += 1,
            End::Failed | End::Refused => self.failed += 1,
            End::Dead => self.dead += 1,
        }
    }
}

/// Sends what is due. The summary counts what was done also when an error ended it.
pub fn deliver(
    lake: &Lake,
    ledger: &mut Ledger,
    runtime: &Runtime,
    options: DeliveryOptions<'_>,
) -> Done<DeliverySummary> {
    let mut summary = DeliverySummary { connector: options.connector.name.clone(), ..DeliverySummary::default() };
    let result = deliver_due(lake, ledger, runtime, options, &mut summary);
    Done::new(summary, result)
}

fn deliver_due(
    lake: &Lake,
    ledger: &mut Ledger,
    runtime: &Runtime,
    options: DeliveryOptions<'_>,
    summary: &mut DeliverySummary,
) -> Result<()> {
    let DeliveryOptions { connector, secrets, plan, ids, cancellation, progress } = options;
    let now = Timestamp::now();
    let since = since(ledger, connector, plan, ids, now)?;
    if since.is_new {
        ledger.record_connector(&connector.name, since.at)?;
    }
    let due = outgoing(ledger, connector, plan, ids, since.at, now)?;
    let mut client = Client::new(connector, secrets, plan.requests_per_minute, cancellation)?;
    let of = due.len() as u64;
    let mut done = 0;
    let (mut in_a_row, mut after_refused) = (0, false);
    for chunk in due.chunks(AT_ONCE) {
        let mut found = contents(lake, chunk, connector.recordings.as_deref())?;
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
            summary.count(ended);
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

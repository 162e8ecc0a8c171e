//! Sends everything that is due, one interview after the other.

use jiff::Timestamp;
use serde::Serialize;
use tokio::runtime::Runtime;

use super::client::AtsClient;
use super::connector::{Connector, Secrets};
use super::content::{AT_ONCE, contents};
use super::delivery::{self, Delivery, DeliveryOutcome};
use super::due::{outgoing, since};
use crate::http::cancel::Cancellation;
use crate::lake::Lake;
use crate::lake::deliveries::Outbox;
use crate::lake::job_list::job_ids;
use crate::ledger::{Ledger, OutgoingFilter};
use crate::model::{Done, Error, Result};
use crate::pipeline::AtsPlan;

/// The number of consecutive failures that ends the run of a connector: the fault is then in the connector or the
/// system, and not in the interviews.
const FAILURE_STREAK: u32 = 5;

/// What to deliver, and how.
pub struct DeliveryOptions<'a> {
    pub connector: &'a Connector,
    pub secrets: Secrets,
    pub plan: &'a AtsPlan,
    /// Only these interviews, even old ones. Empty for everything that is due.
    pub ids: &'a [String],
    pub cancellation: Cancellation,
    /// Called with the number of interviews that are done, and of all.
    pub progress: &'a dyn Fn(u64, u64),
}

/// What a delivery did.
#[derive(Debug, Clone, Default, Serialize)]
pub struct DeliverySummary {
    pub connector: String,
    pub delivered: u64,
    /// Delivered before with the same answers.
    pub unchanged: u64,
    /// Tried again later, because the system does not know the candidate yet or recordings are still to be archived.
    pub waiting: u64,
    /// Given up for now, and tried again later.
    pub failed: u64,
    /// Given up until somebody puts them back.
    pub dead: u64,
    /// Not tried, because the run of this connector ended early.
    pub left: u64,
    pub requests: u64,
    /// Requests that were sent again after a failure.
    pub retries: u64,
    /// Requests that were answered with 429.
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

    fn count(&mut self, ended: DeliveryOutcome) {
        match ended {
            DeliveryOutcome::Delivered => self.delivered += 1,
            DeliveryOutcome::Unchanged => self.unchanged += 1,
            DeliveryOutcome::NotDue => {}
            DeliveryOutcome::Waiting => self.waiting += 1,
            DeliveryOutcome::Failed | DeliveryOutcome::Refused => self.failed += 1,
            DeliveryOutcome::Dead => self.dead += 1,
        }
    }
}

/// Delivers what is due. The summary is complete even if an error ended the delivery early.
pub fn deliver(
    lake: &Lake,
    ledger: &mut Ledger,
    runtime: &Runtime,
    options: DeliveryOptions<'_>,
) -> Done<DeliverySummary> {
    let mut summary = DeliverySummary { connector: options.connector.name.clone(), ..DeliverySummary::default() };
    let result = Outbox::open(lake, ledger).and_then(|mut outbox| {
        let sent = deliver_due(lake, &mut outbox, runtime, options, &mut summary);
        // What was sent was sent, however the pass ended.
        sent.and(outbox.finish())
    });
    Done::new(summary, result)
}

fn deliver_due(
    lake: &Lake,
    outbox: &mut Outbox<'_>,
    runtime: &Runtime,
    options: DeliveryOptions<'_>,
    summary: &mut DeliverySummary,
) -> Result<()> {
    let DeliveryOptions { connector, secrets, plan, ids, cancellation, progress } = options;
    let now = Timestamp::now();
    let since = since(outbox.ledger, connector, plan, ids, now)?;
    if since.is_new {
        outbox.record_connector(&connector.name, since.at)?;
    }
    let jobs = job_ids(lake, &plan.jobs)?;
    let due = outgoing(outbox.ledger, connector, ids, OutgoingFilter { since: since.at, jobs: &jobs }, now)?;
    let mut client = AtsClient::new(connector, secrets, plan.requests_per_minute, cancellation)?;
    let of = due.len() as u64;
    let mut done = 0;
    let (mut failure_streak, mut after_refused) = (0, false);
    for chunk in due.chunks(AT_ONCE) {
        let mut found = contents(lake, chunk, connector.recordings.as_deref())?;
        for outgoing in chunk {
            progress(done, of);
            let Some(content) = found.remove(&outgoing.id) else {
                delivery::give_up_missing(connector, outbox, outgoing)?;
                (done, summary.dead) = (done + 1, summary.dead + 1);
                continue;
            };
            let requests = client.requests;
            // Once others were delivered, an interview that failed before says nothing about the system. Neither does
            // one for which nothing is sent.
            let counts = summary.delivered == 0 || outgoing.entry.as_ref().is_none_or(|entry| entry.tries == 0);
            let sent = runtime.block_on(delivery::deliver(
                connector,
                &mut client,
                outbox,
                Delivery { outgoing, content, is_named: !ids.is_empty(), after_refused: after_refused && counts },
            ));
            (summary.requests, summary.retries, summary.limited) = (client.requests, client.retries, client.limited);
            let ended = sent.inspect_err(|_| summary.left = of - done)?;
            done += 1;
            summary.count(ended);
            if client.requests == requests || !counts {
                continue;
            }
            after_refused = ended == DeliveryOutcome::Refused;
            failure_streak =
                if matches!(ended, DeliveryOutcome::Failed | DeliveryOutcome::Refused | DeliveryOutcome::Dead) {
                    failure_streak + 1
                } else {
                    0
                };
            if failure_streak == FAILURE_STREAK && done < of {
                summary.left = of - done;
                let message =
                    format!("{}: {FAILURE_STREAK} interviews in a row could not be delivered", connector.name);
                let hint =
                    "`roundup status` says why; --dry-run shows the requests, --retry-dead puts dead letters back";
                return Err(Error::failed(message).hint(hint));
            }
        }
    }
    progress(done, of);
    Ok(())
}

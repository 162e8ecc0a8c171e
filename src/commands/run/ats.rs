//! The stage that sends interviews to applicant tracking systems.

use crate::commands::session::Session;
use crate::commands::terminal;
use crate::deliver::ats::{self, Connector, DeliveryOptions, DeliverySummary, Secrets};
use crate::model::{Done, Kind, Result};
use crate::pipeline::AtsPlan;

/// One applicant tracking system, with its secrets read.
pub struct ReadyAts {
    pub plan: AtsPlan,
    pub connector: Connector,
    pub secrets: Secrets,
}

impl ReadyAts {
    /// Reads a connector and its secrets.
    ///
    /// # Errors
    /// A usage error when the connector is wrong or a secret is missing.
    pub fn new(plan: &AtsPlan) -> Result<Self> {
        let connector = Connector::read(plan)?;
        let secrets = connector.secrets()?;
        Ok(Self { plan: plan.clone(), connector, secrets })
    }
}

/// Delivers to each system in turn. If one fails, the next ones still follow, except after an interrupt.
pub fn deliver_all(session: &mut Session<'_>, systems: Vec<ReadyAts>) -> Done<Vec<DeliverySummary>> {
    let (mut summaries, mut errors) = (Vec::new(), Vec::new());
    for ready in systems {
        summaries.push(deliver(session, ready, &[]).into_summary(&mut errors));
        if errors.iter().any(|error| error.kind() == Kind::Interrupted) {
            break;
        }
    }
    Done { summary: summaries, errors }
}

/// Sends interviews to one system: those with some ids, or if there are none, those that are due.
pub fn deliver(
    session: &mut Session<'_>,
    ReadyAts { plan, connector, secrets }: ReadyAts,
    ids: &[String],
) -> Done<DeliverySummary> {
    let Session { network, lake, ledger, quiet, .. } = session;
    terminal::with_bar("send", *quiet, |progress| {
        network.interrupt.during(|cancellation| {
            let (connector, plan) = (&connector, &plan);
            let options = DeliveryOptions { connector, secrets, plan, ids, cancellation, progress };
            ats::deliver(lake, ledger, &network.runtime, options)
        })
    })
}

//! The outbox: the ledger's, with all that must outlive the ledger written to the journal first.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::journal::{Entry, Journal};
use super::table::batch;
use crate::lake::crash;
use crate::lake::log::CommitKind;
use crate::lake::places::Lake;
use crate::lake::publish::Staging;
use crate::lake::schema::DELIVERIES;
use crate::lake::write::ROW_GROUP_ROWS;
use crate::ledger::{BegunDelivery, Change, DeliveryId, EndedDelivery, KnownConnector, Ledger};
use crate::model::interview::month_of;
use crate::model::{Error, Result};

/// The outbox of a lake, for one pass.
pub struct Outbox<'a> {
    lake: &'a Lake,
    /// For all that may be lost with it.
    pub ledger: &'a mut Ledger,
    journal: Journal,
}

impl<'a> Outbox<'a> {
    /// Begins a pass. Publishes what an earlier one left.
    ///
    /// # Errors
    /// When the lake or the ledger cannot be read or written.
    pub fn open(lake: &'a Lake, ledger: &'a mut Ledger) -> Result<Self> {
        publish(lake, ledger)?;
        let journal = Journal::of(lake, ledger)?;
        Ok(Self { lake, ledger, journal })
    }

    /// Ends a pass: publishes how its deliveries ended.
    ///
    /// # Errors
    /// When the lake or the ledger cannot be written. The next pass publishes it then.
    pub fn finish(self) -> Result<()> {
        publish(self.lake, self.ledger)?;
        crash::point("ats-published");
        Journal::of(self.lake, self.ledger).map(drop)
    }

    /// Records the time of a connector's first run. Does nothing if it is recorded already.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record_connector(&mut self, connector: &str, since: Timestamp) -> Result<()> {
        self.journal.append(&[Entry::Connector(KnownConnector { connector: connector.to_owned(), since })])?;
        self.ledger.record_connector(connector, since)
    }

    /// Records that a step is done.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record_step(&mut self, connector: &str, interview: &str, step: &str) -> Result<()> {
        let begun = BegunDelivery { id: self.delivery(connector, interview)?, steps: vec![step.to_owned()] };
        self.journal.append(&[Entry::Begun(begun)])?;
        crash::point("ats-step-journaled");
        self.ledger.record_step(connector, interview, step)
    }

    /// Records that an interview was delivered.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record_delivered(&mut self, connector: &str, interview: &str) -> Result<()> {
        let (mut id, at) = (self.delivery(connector, interview)?, now());
        id.deliveries += 1;
        self.journal.append(&[Entry::Ended(EndedDelivery { id, is_delivered: true, reason: None, at })])?;
        crash::point("ats-end-journaled");
        self.ledger.record_delivered(connector, interview, at)
    }

    /// Records a failed try. The interview is due again at a time; without one, it is a dead letter.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record_undelivered(
        &mut self,
        connector: &str,
        interview: &str,
        reason: &str,
        next_due: Option<Timestamp>,
    ) -> Result<()> {
        let at = now();
        if next_due.is_none() {
            let (id, reason) = (self.delivery(connector, interview)?, Some(reason.to_owned()));
            self.journal.append(&[Entry::Ended(EndedDelivery { id, is_delivered: false, reason, at })])?;
        }
        self.ledger.record_undelivered(connector, interview, reason, next_due, at)
    }

    /// Makes dead letters of a connector due again, each as a new generation: those of some interviews, or all if
    /// `interviews` is empty. Returns how many there were.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put_back(&mut self, connector: &str, interviews: &[String]) -> Result<u64> {
        let dead = self.ledger.dead_deliveries(connector, interviews)?;
        let again = |id: DeliveryId| {
            Entry::Begun(BegunDelivery { id: DeliveryId { generation: id.generation + 1, ..id }, steps: Vec::new() })
        };
        let entries: Vec<Entry> = dead.into_iter().map(again).collect();
        self.journal.append(&entries)?;
        self.ledger.put_back(connector, interviews, now())
    }

    fn delivery(&self, connector: &str, interview: &str) -> Result<DeliveryId> {
        let delivery = self.ledger.delivery(connector, interview)?;
        delivery.ok_or_else(|| Error::failed(format!("{connector}: interview {interview} has left the outbox")))
    }
}

/// Publishes the ends of deliveries that only the ledger knows.
fn publish(lake: &Lake, ledger: &mut Ledger) -> Result<()> {
    let ended = ledger.unpublished_deliveries()?;
    if ended.is_empty() {
        return Ok(());
    }
    let mut months: BTreeMap<String, Vec<&EndedDelivery>> = BTreeMap::new();
    for one in &ended {
        months.entry(month_of(Some(one.at))).or_default().push(one);
    }
    let mut staging = Staging::begin(lake, ledger, CommitKind::Deliver)?;
    for (month, rows) in months {
        staging.write(&DELIVERIES, &month, rows.chunks(ROW_GROUP_ROWS).map(batch))?;
    }
    staging.publish(ledger, Change { deliveries: &ended, ..Change::default() })
}

/// The time as the ledger and the table keep it.
fn now() -> Timestamp {
    Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap_or_default()
}

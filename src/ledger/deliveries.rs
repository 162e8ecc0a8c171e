//! What the lake knows of the outbox, too, so that it outlives the ledger: how deliveries ended, and which of their steps
//! are done.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::connection::{Ledger, from_micros};
use super::outbox::{OutboxState, forget_steps};
use crate::model::Result;

/// A version of an interview's answers on its way to one system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryId {
    pub connector: String,
    pub interview: String,
    /// Hash of the answers.
    pub version: String,
    /// How often it was put back after it was given up.
    pub generation: u32,
    /// Versions that were delivered, or begun when other answers came.
    pub deliveries: u32,
    /// When the interview entered the outbox.
    pub met_at: Timestamp,
}

/// How a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedDelivery {
    #[serde(flatten)]
    pub id: DeliveryId,
    pub is_delivered: bool,
    /// Why it was given up.
    pub reason: Option<String>,
    /// In microseconds.
    pub at: Timestamp,
}

/// A delivery that has not come to a good end, and what of it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BegunDelivery {
    #[serde(flatten)]
    pub id: DeliveryId,
    pub steps: Vec<String>,
}

/// When a connector ran for the first time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownConnector {
    pub connector: String,
    pub since: Timestamp,
}

const ENTRY: &str = "SELECT connector, interview_id, version, generation, deliveries, met_at";

impl Ledger {
    /// The delivery of an interview, if it is in the outbox.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn delivery(&self, connector: &str, interview: &str) -> Result<Option<DeliveryId>> {
        self.read(|connection| {
            let sql = format!("{ENTRY} FROM outbox WHERE connector = ?1 AND interview_id = ?2");
            connection.prepare_cached(&sql)?.query_row([connector, interview], delivery).optional()
        })
    }

    /// The dead letters of a connector: those of some interviews, or all if `interviews` is empty.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn dead_deliveries(&self, connector: &str, interviews: &[String]) -> Result<Vec<DeliveryId>> {
        let interviews = serde_json::to_string(interviews).expect("texts are JSON");
        self.read(|connection| {
            let sql = format!(
                "{ENTRY} FROM outbox WHERE connector = ?1 AND state = 'dead'
                   AND (?2 = '[]' OR interview_id IN (SELECT value FROM json_each(?2)))"
            );
            connection.prepare(&sql)?.query_map([connector, &interviews], delivery)?.collect()
        })
    }

    /// The deliveries that have ended, and whose end is not in the lake. Not those of interviews that are not in the lake
    /// either.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn unpublished_deliveries(&self) -> Result<Vec<EndedDelivery>> {
        self.read(|connection| {
            let sql = format!(
                "{ENTRY}, state = 'delivered', reason, changed_at FROM outbox
                 WHERE state IN ('delivered', 'dead') AND NOT in_lake AND version <> ''
                 ORDER BY connector, interview_id"
            );
            let ended = |row: &Row<'_>| {
                let at = from_micros(row.get(8)?)?;
                Ok(EndedDelivery { id: delivery(row)?, is_delivered: row.get(6)?, reason: row.get(7)?, at })
            };
            connection.prepare(&sql)?.query_map([], ended)?.collect()
        })
    }

    /// The deliveries that are not through, and of which some steps are done.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn begun_deliveries(&self) -> Result<Vec<BegunDelivery>> {
        self.read(|connection| {
            let sql = format!(
                "{ENTRY}, (SELECT json_group_array(step) FROM outbox_steps s
                           WHERE s.connector = o.connector AND s.interview_id = o.interview_id) AS steps
                 FROM outbox o WHERE state <> 'delivered' AND steps <> '[]' ORDER BY connector, interview_id"
            );
            let begun = |row: &Row<'_>| {
                let steps: String = row.get(6)?;
                let steps = serde_json::from_str(&steps).expect("SQLite writes JSON");
                Ok(BegunDelivery { id: delivery(row)?, steps })
            };
            connection.prepare(&sql)?.query_map([], begun)?.collect()
        })
    }

    /// The connectors that ran.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn connectors(&self) -> Result<Vec<KnownConnector>> {
        self.read(|connection| {
            let read = |row: &Row<'_>| Ok(KnownConnector { connector: row.get(0)?, since: from_micros(row.get(1)?)? });
            connection.prepare("SELECT name, since FROM connectors ORDER BY name")?.query_map([], read)?.collect()
        })
    }

    /// Takes in what was recorded elsewhere and is not known here. What is older than what is known changes nothing.
    /// `in_lake` says whether the ends are in the lake.
    ///
    /// # Errors
    /// When the ledger cannot be written. Nothing is changed then.
    pub fn take_in_deliveries(
        &mut self,
        connectors: &[KnownConnector],
        ended: &[EndedDelivery],
        begun: &[BegunDelivery],
        in_lake: bool,
    ) -> Result<()> {
        self.write(|transaction| {
            for KnownConnector { connector, since } in connectors {
                let sql = "INSERT INTO connectors (name, since) VALUES (?1, ?2)
                           ON CONFLICT (name) DO UPDATE SET since = min(since, excluded.since)";
                transaction.execute(sql, params![connector, since.as_microsecond()])?;
            }
            ended.iter().try_for_each(|ended| take_in_end(transaction, ended, in_lake))?;
            begun.iter().try_for_each(|begun| take_in_steps(transaction, begun))
        })
    }

    /// Records that the lake has none of the ends of deliveries but some, given by when they ended: the others are
    /// published again.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn unpublish_deliveries(&mut self, but: &[EndedDelivery]) -> Result<()> {
        self.write(|transaction| {
            transaction.execute("UPDATE outbox SET in_lake = 0", [])?;
            record_published(transaction, but)
        })
    }
}

/// Records that the lake has the ends of deliveries.
pub(super) fn record_published(transaction: &Transaction<'_>, ended: &[EndedDelivery]) -> rusqlite::Result<()> {
    let sql = "UPDATE outbox SET in_lake = 1
               WHERE connector = ?1 AND interview_id = ?2 AND changed_at = ?3 AND state IN ('delivered', 'dead')";
    let mut record = transaction.prepare_cached(sql)?;
    for EndedDelivery { id, at, .. } in ended {
        record.execute(params![id.connector, id.interview, at.as_microsecond()])?;
    }
    Ok(())
}

/// An entry of the outbox, as far as it tells which of two accounts of it is the newer one.
struct Entry {
    version: String,
    state: String,
    generation: u32,
    deliveries: u32,
    changed_at: i64,
}

impl Entry {
    fn read(transaction: &Transaction<'_>, id: &DeliveryId) -> rusqlite::Result<Option<Self>> {
        let sql = "SELECT version, state, generation, deliveries, changed_at FROM outbox
                   WHERE connector = ?1 AND interview_id = ?2";
        let read = |row: &Row<'_>| {
            Ok(Self {
                version: row.get(0)?,
                state: row.get(1)?,
                generation: row.get(2)?,
                deliveries: row.get(3)?,
                changed_at: row.get(4)?,
            })
        };
        transaction.prepare_cached(sql)?.query_row([&id.connector, &id.interview], read).optional()
    }

    fn has_ended(&self) -> bool {
        [OutboxState::Delivered, OutboxState::Dead].iter().any(|state| state.as_str() == self.state)
    }

    /// Which generation and delivery it is: neither ever falls.
    fn count(&self) -> (u32, u32) {
        (self.generation, self.deliveries)
    }
}

fn take_in_end(transaction: &Transaction<'_>, ended: &EndedDelivery, in_lake: bool) -> rusqlite::Result<()> {
    let EndedDelivery { id, is_delivered, reason, at } = ended;
    let (at, count) = (at.as_microsecond(), (id.generation, id.deliveries));
    let known = Entry::read(transaction, id)?;
    if let Some(known) = &known {
        let is_the_same = known.count() == count && known.has_ended() && known.changed_at == at;
        if is_the_same && in_lake {
            return record_published(transaction, std::slice::from_ref(ended));
        }
        let is_newer = if known.has_ended() { at > known.changed_at } else { known.version == id.version };
        if is_the_same || count < known.count() || count == known.count() && !is_newer {
            return Ok(());
        }
    }
    if *is_delivered || known.is_some_and(|known| known.version != id.version) {
        forget_steps(transaction, &id.connector, &id.interview)?;
    }
    let state = if *is_delivered { OutboxState::Delivered } else { OutboxState::Dead };
    write_entry(transaction, id, state, at)?;
    let sql = "UPDATE outbox SET reason = ?3, in_lake = ?4 WHERE connector = ?1 AND interview_id = ?2";
    transaction.prepare_cached(sql)?.execute(params![id.connector, id.interview, reason, in_lake])?;
    Ok(())
}

fn take_in_steps(transaction: &Transaction<'_>, BegunDelivery { id, steps }: &BegunDelivery) -> rusqlite::Result<()> {
    let (known, count) = (Entry::read(transaction, id)?, (id.generation, id.deliveries));
    let is_older = |known: &Entry| {
        if known.version == id.version {
            // What was done before these answers were put back stays done.
            id.deliveries < known.deliveries
        } else {
            // One that was put back, and of which no step is done, counts as much as the answers that came after it.
            count < known.count() || count == known.count() && steps.is_empty()
        }
    };
    if known.as_ref().is_some_and(is_older) {
        return Ok(());
    }
    let is_of_version = |known: &&Entry| known.version == id.version;
    if known.as_ref().filter(is_of_version).is_none() {
        forget_steps(transaction, &id.connector, &id.interview)?;
    }
    if known.as_ref().filter(is_of_version).is_none_or(|known| known.count() < count) {
        write_entry(transaction, id, OutboxState::Pending, id.met_at.as_microsecond())?;
    }
    let sql = "INSERT OR IGNORE INTO outbox_steps (connector, interview_id, step) VALUES (?1, ?2, ?3)";
    let mut insert = transaction.prepare_cached(sql)?;
    for step in steps {
        insert.execute([&id.connector, &id.interview, step])?;
    }
    Ok(())
}

/// Puts an entry in the place of what was known of it. When its body was last read is not known, so that it is compared
/// with the lake once more.
fn write_entry(
    transaction: &Transaction<'_>,
    id: &DeliveryId,
    state: OutboxState,
    changed_at: i64,
) -> rusqlite::Result<()> {
    let sql = "INSERT OR REPLACE INTO outbox
                   (connector, interview_id, version, state, generation, deliveries, met_at, changed_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let DeliveryId { connector, interview, version, generation, deliveries, met_at } = id;
    let met_at = met_at.as_microsecond();
    let values = params![connector, interview, version, state.as_str(), generation, deliveries, met_at, changed_at];
    transaction.prepare_cached(sql)?.execute(values)?;
    Ok(())
}

fn delivery(row: &Row<'_>) -> rusqlite::Result<DeliveryId> {
    Ok(DeliveryId {
        connector: row.get(0)?,
        interview: row.get(1)?,
        version: row.get(2)?,
        generation: row.get(3)?,
        deliveries: row.get(4)?,
        met_at: from_micros(row.get(5)?)?,
    })
}

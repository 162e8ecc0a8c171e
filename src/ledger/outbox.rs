//! The outbox: interviews that are to be sent to an applicant tracking system, were sent, or could not be sent.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, Row, params};

use super::connection::{Ledger, from_micros};
use crate::model::Result;

/// How long an interview waits for late transcripts. After this it is sent as it is, even if no ingest runs any more.
const TRANSCRIPTS_COME_WITHIN: SignedDuration = SignedDuration::from_hours(4 * 24);

/// A completed interview that a connector may have to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    pub id: String,
    /// When its body was last read.
    pub read_at: Option<i64>,
    /// Its entry in the outbox, if there is one.
    pub entry: Option<OutboxEntry>,
}

/// The state of an interview for one connector.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEntry {
    /// Hash of the answers.
    pub version: String,
    pub state: OutboxState,
    /// Failed tries of this version.
    pub tries: u32,
    /// When it is tried again; `None` if it is due now.
    pub next_due: Option<Timestamp>,
    /// Earlier versions that were delivered, or begun when other answers came.
    pub deliveries: u32,
    /// Whether some steps of this version are done, and others are not.
    pub is_begun: bool,
    /// How often it was put back after it was given up.
    pub generation: u32,
    /// When it entered the outbox.
    pub met_at: Timestamp,
}

/// The state of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutboxState {
    /// To be sent when it is due.
    Pending,
    /// Sent, except for recordings that are not archived yet.
    Open,
    Delivered,
    /// Given up until somebody puts it back.
    Dead,
}

impl OutboxState {
    const ALL: [Self; 4] = [Self::Pending, Self::Open, Self::Delivered, Self::Dead];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Open => "open",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
}

/// An interview that was given up, until somebody puts it back.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct DeadLetter {
    pub connector: String,
    pub interview_id: String,
    pub reason: String,
    pub tries: u32,
    pub since: Timestamp,
}

/// How many interviews of a connector are in each state.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct OutboxCounts {
    pub connector: String,
    pub delivered: u64,
    /// To be sent, including those that wait for recordings.
    pub pending: u64,
    pub dead: u64,
}

/// Selects the interviews that a connector sends.
#[derive(Debug, Clone, Copy)]
pub struct OutgoingFilter<'a> {
    pub since: Timestamp,
    /// Ids of jobs, or empty for all.
    pub jobs: &'a [String],
}

impl Ledger {
    /// The time from which on a connector sends interviews by default: that of its first run.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn connector_since(&self, connector: &str) -> Result<Option<Timestamp>> {
        self.read(|connection| {
            let mut sql = connection.prepare_cached("SELECT since FROM connectors WHERE name = ?1")?;
            sql.query_map([connector], |row| from_micros(row.get(0)?))?.next().transpose()
        })
    }

    /// Records the time of a connector's first run. Does nothing if it is recorded already.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_connector(&mut self, connector: &str, since: Timestamp) -> Result<()> {
        self.write(|transaction| {
            let sql = "INSERT OR IGNORE INTO connectors (name, since) VALUES (?1, ?2)";
            transaction.execute(sql, params![connector, since.as_microsecond()])?;
            Ok(())
        })
    }

    /// The interviews that a connector has to send at a time: new ones, those due again, and those whose body was read
    /// again since. Those completed first come first, but those that failed before come last, so that they do not block
    /// others. An interview that may still get a transcript waits for it.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn outgoing(&self, connector: &str, wanted: OutgoingFilter<'_>, now: Timestamp) -> Result<Vec<Outgoing>> {
        let complete_by = now.checked_sub(TRANSCRIPTS_COME_WITHIN).unwrap_or(Timestamp::MIN);
        let jobs = serde_json::to_string(wanted.jobs).expect("texts are JSON");
        self.read(|connection| {
            let sql = format!(
                "{OUTGOING} WHERE i.state = 'settled' AND i.status = 'completed'
                   AND (?4 = '[]' OR i.job_id IN (SELECT value FROM json_each(?4)))
                   AND (i.next_due IS NULL OR i.settled_at <= ?5)
                   AND ((o.state IS NULL AND i.settled_at >= ?2)
                     OR (o.state IN ('pending', 'open') AND coalesce(o.next_due, 0) <= ?3)
                     OR (o.state IS NOT NULL AND o.read_at IS NOT i.changed_at))
                 ORDER BY coalesce(o.tries, 0) > 0, i.settled_at, i.id"
            );
            let values = params![
                connector,
                wanted.since.as_microsecond(),
                now.as_microsecond(),
                jobs,
                complete_by.as_microsecond()
            ];
            connection.prepare_cached(&sql)?.query_map(values, outgoing)?.collect()
        })
    }

    /// One completed interview, whether or not it is due. `None` when the lake has none with this id.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn outgoing_one(&self, connector: &str, id: &str) -> Result<Option<Outgoing>> {
        self.read(|connection| {
            let sql = format!("{OUTGOING} WHERE i.id = ?2 AND i.state = 'settled' AND i.status = 'completed'");
            connection.prepare_cached(&sql)?.query_map([connector, id], outgoing)?.next().transpose()
        })
    }

    /// Puts a version of an interview into the outbox, before any part of it is sent.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn enqueue(&mut self, connector: &str, outgoing: &Outgoing, version: &str, now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            let was_begun = forget_steps(transaction, connector, &outgoing.id)? > 0;
            let sql = "INSERT INTO outbox (connector, interview_id, version, read_at, state, met_at, changed_at)
                       VALUES (?1, ?2, ?3, ?4, 'pending', ?5, ?5)
                       ON CONFLICT (connector, interview_id) DO UPDATE SET
                           version = excluded.version, read_at = excluded.read_at, state = 'pending', tries = 0,
                           next_due = NULL, reason = NULL, deliveries = deliveries + ?6,
                           changed_at = excluded.changed_at";
            let values = params![connector, outgoing.id, version, outgoing.read_at, now.as_microsecond(), was_begun];
            transaction.prepare_cached(sql)?.execute(values)?;
            Ok(())
        })
    }

    /// Records that the body of an interview was read again, with the same answers.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_unchanged(&mut self, connector: &str, outgoing: &Outgoing) -> Result<()> {
        self.write(|transaction| {
            let sql = "UPDATE outbox SET read_at = ?3 WHERE connector = ?1 AND interview_id = ?2";
            transaction.prepare_cached(sql)?.execute(params![connector, outgoing.id, outgoing.read_at])?;
            Ok(())
        })
    }

    /// The steps of an interview that are done.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn done_steps(&self, connector: &str, id: &str) -> Result<Vec<String>> {
        self.read(|connection| {
            let sql = "SELECT step FROM outbox_steps WHERE connector = ?1 AND interview_id = ?2";
            connection.prepare_cached(sql)?.query_map([connector, id], |row| row.get(0))?.collect()
        })
    }

    /// Records that a step is done.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_step(&mut self, connector: &str, id: &str, step: &str) -> Result<()> {
        self.write(|transaction| {
            let sql = "INSERT OR IGNORE INTO outbox_steps (connector, interview_id, step) VALUES (?1, ?2, ?3)";
            transaction.prepare_cached(sql)?.execute([connector, id, step])?;
            Ok(())
        })
    }

    /// Records that an interview was delivered.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_delivered(&mut self, connector: &str, id: &str, now: Timestamp) -> Result<()> {
        self.write(|transaction| {
            forget_steps(transaction, connector, id)?;
            let sql = "UPDATE outbox SET state = 'delivered', reason = NULL, next_due = NULL,
                           deliveries = deliveries + 1, changed_at = ?3, in_lake = 0
                       WHERE connector = ?1 AND interview_id = ?2";
            transaction.prepare_cached(sql)?.execute(params![connector, id, now.as_microsecond()])?;
            Ok(())
        })
    }

    /// Records that recordings of an interview are still to be archived, before it is sent (`Pending`) or after
    /// (`Open`). It stays due, because no request is made until they are.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_waiting(
        &mut self,
        connector: &str,
        id: &str,
        state: OutboxState,
        reason: &str,
        now: Timestamp,
    ) -> Result<()> {
        self.write(|transaction| {
            let sql = "UPDATE outbox SET state = ?3, reason = ?4, next_due = NULL, changed_at = ?5
                       WHERE connector = ?1 AND interview_id = ?2";
            let values = params![connector, id, state.as_str(), reason, now.as_microsecond()];
            transaction.prepare_cached(sql)?.execute(values)?;
            Ok(())
        })
    }

    /// Records a failed try. The interview is due again at a time; without one, it is a dead letter.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_undelivered(
        &mut self,
        connector: &str,
        id: &str,
        reason: &str,
        next_due: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<()> {
        self.write(|transaction| {
            let sql = "UPDATE outbox SET state = CASE WHEN ?4 IS NULL THEN 'dead' ELSE 'pending' END,
                           tries = tries + 1, reason = ?3, next_due = ?4, changed_at = ?5, in_lake = 0
                       WHERE connector = ?1 AND interview_id = ?2";
            let due = next_due.map(Timestamp::as_microsecond);
            transaction.prepare_cached(sql)?.execute(params![connector, id, reason, due, now.as_microsecond()])?;
            Ok(())
        })
    }

    /// Makes dead letters of a connector due again, each as a new generation: those of some interviews, or all if `ids`
    /// is empty. Returns how many there were.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn put_back(&mut self, connector: &str, ids: &[String], now: Timestamp) -> Result<u64> {
        let ids = serde_json::to_string(ids).expect("texts are JSON");
        self.write(|transaction| {
            let sql = "UPDATE outbox SET state = 'pending', tries = 0, next_due = NULL, generation = generation + 1,
                           changed_at = ?3
                       WHERE connector = ?1 AND state = 'dead'
                         AND (?2 = '[]' OR interview_id IN (SELECT value FROM json_each(?2)))";
            Ok(transaction.execute(sql, params![connector, ids, now.as_microsecond()])? as u64)
        })
    }

    /// Every dead letter, the oldest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn dead_letters(&self) -> Result<Vec<DeadLetter>> {
        self.read(|connection| {
            let sql = "SELECT connector, interview_id, coalesce(reason, ''), tries, changed_at FROM outbox
                       WHERE state = 'dead' ORDER BY connector, changed_at, interview_id";
            let read = |row: &Row<'_>| {
                Ok(DeadLetter {
                    connector: row.get(0)?,
                    interview_id: row.get(1)?,
                    reason: row.get(2)?,
                    tries: row.get(3)?,
                    since: from_micros(row.get(4)?)?,
                })
            };
            connection.prepare(sql)?.query_map([], read)?.collect()
        })
    }

    /// How many interviews of each connector are in each state.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn outbox_counts(&self) -> Result<Vec<OutboxCounts>> {
        self.read(|connection| {
            let sql = "SELECT connector, count(*) FILTER (WHERE state = 'delivered'),
                              count(*) FILTER (WHERE state IN ('pending', 'open')),
                              count(*) FILTER (WHERE state = 'dead')
                       FROM outbox GROUP BY connector ORDER BY connector";
            let read = |row: &Row<'_>| {
                let count = |index| row.get::<_, i64>(index).map(i64::unsigned_abs);
                Ok(OutboxCounts { connector: row.get(0)?, delivered: count(1)?, pending: count(2)?, dead: count(3)? })
            };
            connection.prepare(sql)?.query_map([], read)?.collect()
        })
    }
}

/// The query for [`Outgoing`] interviews, without its conditions.
const OUTGOING: &str =
    "SELECT i.id, i.changed_at, o.version, o.state, o.tries, o.deliveries, o.met_at, o.next_due, o.generation,
        EXISTS (SELECT 1 FROM outbox_steps s WHERE s.connector = ?1 AND s.interview_id = i.id)
    FROM interviews i LEFT JOIN outbox o ON o.connector = ?1 AND o.interview_id = i.id";

fn outgoing(row: &Row<'_>) -> rusqlite::Result<Outgoing> {
    let version: Option<String> = row.get(2)?;
    let entry = version.map(|version| {
        let state: String = row.get(3)?;
        Ok::<_, rusqlite::Error>(OutboxEntry {
            version,
            state: OutboxState::ALL.into_iter().find(|one| one.as_str() == state).expect("the table checks it"),
            tries: row.get(4)?,
            deliveries: row.get(5)?,
            met_at: from_micros(row.get(6)?)?,
            generation: row.get(8)?,
            is_begun: row.get(9)?,
            next_due: row.get::<_, Option<i64>>(7)?.map(from_micros).transpose()?,
        })
    });
    Ok(Outgoing { id: row.get(0)?, read_at: row.get(1)?, entry: entry.transpose()? })
}

/// Deletes the done steps of an interview, and returns how many there were.
pub(super) fn forget_steps(connection: &Connection, connector: &str, id: &str) -> rusqlite::Result<usize> {
    let sql = "DELETE FROM outbox_steps WHERE connector = ?1 AND interview_id = ?2";
    connection.prepare_cached(sql)?.execute([connector, id])
}

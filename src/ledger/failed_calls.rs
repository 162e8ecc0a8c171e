//! Calls that failed: since when, why, and when they are made again. Also the ids that no interview came of.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::connection::{Ledger, from_micros};
use crate::model::Result;

/// Microseconds. Failures that are less than this apart count as one night, because nightly runs are not always a whole
/// day apart.
const NIGHT: i64 = 20 * 60 * 60 * 1_000_000;
/// Whether a failed call is not made again yet, or never. A failure that lies ahead was recorded by a clock that was
/// wrong, and holds nothing back.
pub(super) const IS_HELD_BACK: &str = "(next_due IS NULL OR (next_due > ?2 AND failed_at <= ?2))";

/// A call of the API, by the name that it has in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallOf<'a> {
    pub interview: &'a str,
    /// `interview` or `questions`.
    pub call: &'static str,
}

/// The call for the interview itself.
pub const INTERVIEW: &str = "interview";
/// The call for its questions.
pub const QUESTIONS: &str = "questions";

/// Whether a call may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallStanding {
    /// It did not fail, or is to be made again.
    Due,
    /// It failed, and is made again later.
    Waiting,
    /// It failed, and is made again only for a reason.
    GivenUp,
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct FailedCall {
    pub interview_id: String,
    pub source: String,
    /// `interview` or `questions`.
    pub call: String,
    pub reason: String,
    /// Nights in a row on which it failed though the API answered other calls.
    pub nights: u32,
    /// When it is made again. Null when it is given up.
    pub next_due: Option<Timestamp>,
}

/// An interview that the API does not know.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct GoneInterview {
    pub interview_id: String,
    pub source: String,
}

/// An event that names an id that cannot be an interview's.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RefusedEvent {
    pub event_id: String,
    pub interview_id: String,
    pub source: String,
}

/// Ids that no interview came of, each list in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct UnfetchedIds {
    pub gone: Vec<GoneInterview>,
    /// Calls that are made again.
    pub failed: Vec<FailedCall>,
    pub given_up: Vec<FailedCall>,
    pub refused_events: Vec<RefusedEvent>,
}

impl Ledger {
    /// Records that a call failed, and returns when it is made again: `next` decides, from the number of nights in a
    /// row on which it failed. `None` gives it up.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_failure(
        &mut self,
        of: CallOf<'_>,
        source: &str,
        reason: &str,
        next: impl FnOnce(u32) -> Option<Timestamp>,
    ) -> Result<Option<Timestamp>> {
        let now = Timestamp::now().as_microsecond();
        self.write(|transaction| {
            let sql = "SELECT nights, counted_at FROM failed_calls WHERE interview_id = ?1 AND call = ?2";
            let known: Option<(u32, Option<i64>)> = transaction
                .prepare_cached(sql)?
                .query_row(params![of.interview, of.call], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let (nights, counted_at) = match known {
                Some((nights, Some(counted_at))) if (0..NIGHT).contains(&(now - counted_at)) => (nights, counted_at),
                known => (known.map_or(0, |(nights, _)| nights) + 1, now),
            };
            let next = next(nights);
            let sql = "INSERT OR REPLACE INTO failed_calls
                           (interview_id, call, source, reason, nights, counted_at, failed_at, next_due)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
            let due = next.map(Timestamp::as_microsecond);
            let values = params![of.interview, of.call, source, reason, nights, counted_at, now, due];
            transaction.prepare_cached(sql)?.execute(values)?;
            mark_failed(transaction, of, source, reason, now)?;
            Ok(next)
        })
    }

    /// Records that a call failed, perhaps because there is no API at its address. That counts as no night, and the
    /// next ingest makes it again, unless it was given up before.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_unproven_failure(&mut self, of: CallOf<'_>, source: &str, reason: &str) -> Result<()> {
        let now = Timestamp::now().as_microsecond();
        self.write(|transaction| {
            let sql = "INSERT INTO failed_calls (interview_id, call, source, reason, nights, failed_at, next_due)
                       VALUES (?1, ?2, ?3, ?4, 0, ?5, ?5)
                       ON CONFLICT (interview_id, call) DO UPDATE SET
                           reason = excluded.reason, failed_at = excluded.failed_at, next_due = excluded.next_due
                       WHERE next_due IS NOT NULL";
            transaction.prepare_cached(sql)?.execute(params![of.interview, of.call, source, reason, now])?;
            mark_failed(transaction, of, source, reason, now)
        })
    }

    /// Whether a call may be made at a time.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn call_standing(&self, of: CallOf<'_>, at: Timestamp) -> Result<CallStanding> {
        self.read(|connection| {
            let sql = format!(
                "SELECT next_due IS NULL FROM failed_calls WHERE interview_id = ?1 AND call = ?3 AND {IS_HELD_BACK}"
            );
            let values = params![of.interview, at.as_microsecond(), of.call];
            let is_given_up: Option<bool> =
                connection.prepare_cached(&sql)?.query_row(values, |row| row.get(0)).optional()?;
            Ok(match is_given_up {
                None => CallStanding::Due,
                Some(false) => CallStanding::Waiting,
                Some(true) => CallStanding::GivenUp,
            })
        })
    }

    /// The ids that no interview came of since a time, so many of each kind at most.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn unfetched_ids(&self, since: Timestamp, most: usize) -> Result<UnfetchedIds> {
        let values = params![since.as_microsecond(), i64::try_from(most).unwrap_or(i64::MAX)];
        let failed = |row: &Row<'_>| {
            Ok(FailedCall {
                interview_id: row.get(0)?,
                source: row.get(1)?,
                call: row.get(2)?,
                reason: row.get(3)?,
                nights: row.get(4)?,
                next_due: row.get::<_, Option<i64>>(5)?.map(from_micros).transpose()?,
            })
        };
        let failed_sql = |is_given_up: &str| {
            format!(
                "SELECT interview_id, source, call, reason, nights, next_due FROM failed_calls
                 WHERE failed_at >= ?1 AND next_due {is_given_up} ORDER BY interview_id, call LIMIT ?2"
            )
        };
        self.read(|connection| {
            let sql = "SELECT id, source FROM interviews WHERE state = 'gone' AND coalesce(changed_at, ?1) >= ?1
                       ORDER BY id LIMIT ?2";
            let gone = |row: &Row<'_>| Ok(GoneInterview { interview_id: row.get(0)?, source: row.get(1)? });
            let events = "SELECT id, refused_id, source FROM events WHERE refused_id IS NOT NULL AND taken_at >= ?1
                          ORDER BY id LIMIT ?2";
            let event = |row: &Row<'_>| {
                Ok(RefusedEvent { event_id: row.get(0)?, interview_id: row.get(1)?, source: row.get(2)? })
            };
            Ok(UnfetchedIds {
                gone: connection.prepare(sql)?.query_map(values, gone)?.collect::<Result<_, _>>()?,
                failed: connection
                    .prepare(&failed_sql("IS NOT NULL"))?
                    .query_map(values, failed)?
                    .collect::<Result<_, _>>()?,
                given_up: connection
                    .prepare(&failed_sql("IS NULL"))?
                    .query_map(values, failed)?
                    .collect::<Result<_, _>>()?,
                refused_events: connection.prepare(events)?.query_map(values, event)?.collect::<Result<_, _>>()?,
            })
        })
    }
}

/// Gives an interview without a body the state `failed`. A settled one stays settled.
fn mark_failed(
    transaction: &Transaction<'_>,
    of: CallOf<'_>,
    source: &str,
    reason: &str,
    now: i64,
) -> rusqlite::Result<()> {
    if of.call == INTERVIEW {
        let sql = "INSERT INTO interviews (id, source, state, reason, changed_at) VALUES (?1, ?2, 'failed', ?3, ?4)
                   ON CONFLICT (id) DO UPDATE SET state = excluded.state, reason = excluded.reason,
                       changed_at = excluded.changed_at
                   WHERE state <> 'settled'";
        transaction.prepare_cached(sql)?.execute(params![of.interview, source, reason, now])?;
    }
    Ok(())
}

/// Forgets that a call failed, because it was answered.
pub(super) fn forget(transaction: &Transaction<'_>, of: CallOf<'_>) -> rusqlite::Result<()> {
    let sql = "DELETE FROM failed_calls WHERE interview_id = ?1 AND call = ?2";
    transaction.prepare_cached(sql)?.execute(params![of.interview, of.call])?;
    Ok(())
}

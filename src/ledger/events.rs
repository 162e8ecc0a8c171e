//! Events of webhooks that an ingest took from the inbox.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Transaction, params};

use super::ahead::latest_stored;
use super::connection::{Ledger, from_micros};
use super::failed_calls::{self, CallOf, INTERVIEW, IS_HELD_BACK};
use crate::model::{Result, Status};

/// How long an event is remembered after its interview was fetched. By then the vendor has long stopped sending it
/// again.
const KNOWN_FOR: SignedDuration = SignedDuration::from_hours(30 * 24);
/// The time before a source's last event whose events are kept, however long ago that is, to judge whether they have
/// stopped. Four weeks include every day of the week, and some holidays.
pub const JUDGED_BY: SignedDuration = SignedDuration::from_hours(28 * 24);

/// How long after the start of a run its events may have come.
const LONGEST_RUN: SignedDuration = SignedDuration::from_hours(24);

/// An event that is recorded in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenEvent {
    pub id: String,
    /// Name of its account.
    pub source: String,
    /// When it was received.
    pub received_at: Timestamp,
    /// The interview that is to be fetched because of it, if any.
    pub calls_for: Option<String>,
    /// The id that it names and that cannot be an interview's.
    pub refused_id: Option<String>,
}

impl Ledger {
    /// Records events that are not known yet, and returns how many there were. When this returns, they count as read.
    ///
    /// # Errors
    /// When the ledger cannot be written. None is recorded then.
    pub fn take_events(&mut self, events: &[TakenEvent], now: Timestamp) -> Result<u64> {
        self.write(|transaction| {
            forget(transaction, now)?;
            let sql = "INSERT OR IGNORE INTO events
                           (id, source, interview_id, taken_at, is_open, received_at, refused_id)
                       VALUES (?1, ?2, ?3, ?4, ?3 IS NOT NULL, ?5, ?6)";
            let mut insert = transaction.prepare_cached(sql)?;
            let mut new = 0;
            for event in events {
                let received_at = event.received_at.as_microsecond();
                let TakenEvent { id, source, calls_for, refused_id, .. } = event;
                let values = params![id, source, calls_for, now.as_microsecond(), received_at, refused_id];
                new += insert.execute(values)? as u64;
            }
            Ok(new)
        })
    }

    /// Interviews of a source that an event calls for and that were not fetched since, by the age of the event, oldest
    /// first. If fetching one failed, only those due again at a time, and those of which an event has come since.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn called_for(&self, source: &str, at: Timestamp) -> Result<Vec<String>> {
        self.read(|connection| {
            let sql = format!(
                "SELECT interview_id FROM events WHERE is_open = 1 AND source = ?1 AND NOT EXISTS (
                     SELECT 1 FROM failed_calls failed WHERE failed.interview_id = events.interview_id
                         AND call = 'interview' AND failed_at >= taken_at AND {IS_HELD_BACK})
                 GROUP BY interview_id ORDER BY min(taken_at), interview_id"
            );
            connection.prepare(&sql)?.query_map(params![source, at.as_microsecond()], |row| row.get(0))?.collect()
        })
    }

    /// Whether any of some events, by id, is not answered yet.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn has_open_events(&self, ids: &[String]) -> Result<bool> {
        let ids = serde_json::to_string(ids).expect("texts are JSON");
        self.read(|connection| {
            let sql = "SELECT 1 FROM events WHERE is_open = 1 AND id IN (SELECT value FROM json_each(?1))";
            connection.prepare_cached(sql)?.exists([ids])
        })
    }

    /// When the last known event of a source came. Those that a clock that was ahead dated much later than now do not
    /// count; some may have come since a run began that asks as of then.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn last_event(&self, source: &str, now: Timestamp) -> Result<Option<Timestamp>> {
        self.read(|connection| {
            let sql = "SELECT max(at) FROM (SELECT coalesce(received_at, taken_at) AS at FROM events WHERE source = ?1)
                       WHERE at <= ?2";
            let values = params![source, latest_stored(now, LONGEST_RUN)];
            let last: Option<i64> = connection.query_row(sql, values, |row| row.get(0))?;
            last.map(from_micros).transpose()
        })
    }

    /// The times of a source's events from a time on, in order.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn event_times(&self, source: &str, from: Timestamp) -> Result<Vec<Timestamp>> {
        self.read(|connection| {
            let sql =
                "SELECT coalesce(received_at, taken_at) AS at FROM events WHERE source = ?1 AND at >= ?2 ORDER BY at";
            let values = params![source, from.as_microsecond()];
            connection.prepare(sql)?.query_map(values, |row| from_micros(row.get(0)?))?.collect()
        })
    }

    /// How many interviews of a source were completed without a known event, after one time and until another,
    /// inclusive.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn completed_without_event(&self, source: &str, after: Timestamp, until: Timestamp) -> Result<u64> {
        self.read(|connection| {
            let sql = "SELECT count(*) FROM interviews WHERE source = ?1 AND state = 'settled' AND status = ?4
                           AND settled_at > ?2 AND settled_at <= ?3
                           AND id NOT IN (SELECT interview_id FROM events WHERE interview_id IS NOT NULL)";
            let completed = Status::Completed;
            let values = params![source, after.as_microsecond(), until.as_microsecond(), completed.as_str()];
            connection.query_row(sql, values, |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
        })
    }

    /// Closes the events of interviews that were fetched and whose result is in the lake, and forgets that fetching them
    /// failed.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn close_events<'a>(&mut self, interviews: impl IntoIterator<Item = &'a str>) -> Result<()> {
        self.write(|transaction| {
            interviews.into_iter().try_for_each(|interview| {
                failed_calls::forget(transaction, CallOf { interview, call: INTERVIEW })?;
                close(transaction, interview)
            })
        })
    }
}

/// Deletes events that are needed neither to recognise an event that comes again nor to judge a source.
fn forget(transaction: &Transaction<'_>, now: Timestamp) -> rusqlite::Result<()> {
    let known_since = now.checked_sub(KNOWN_FOR).unwrap_or(Timestamp::MIN).as_microsecond();
    let sql = "SELECT source, max(at) FROM (SELECT source, coalesce(received_at, taken_at) AS at FROM events)
               WHERE at <= ?1 GROUP BY source";
    let newest = transaction
        .prepare_cached(sql)?
        .query_map([latest_stored(now, SignedDuration::ZERO)], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<Vec<(String, i64)>>>()?;
    let sql = "DELETE FROM events WHERE is_open = 0 AND taken_at < ?2 AND source = ?1
                   AND coalesce(received_at, taken_at) < ?3";
    let mut delete = transaction.prepare_cached(sql)?;
    for (source, last) in newest {
        let judged_since = last.saturating_sub(i64::try_from(JUDGED_BY.as_micros()).unwrap_or(i64::MAX));
        delete.execute(params![source, known_since, judged_since])?;
    }
    Ok(())
}

/// Closes the events that call for an interview.
pub(super) fn close(transaction: &Transaction<'_>, interview: &str) -> rusqlite::Result<()> {
    let sql = "UPDATE events SET is_open = 0 WHERE is_open = 1 AND interview_id = ?1";
    transaction.prepare_cached(sql)?.execute([interview])?;
    Ok(())
}

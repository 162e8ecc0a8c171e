//! What the ledger knows of each interview: its state, when it is fetched again, and what its body contained.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, Transaction, params};

use super::ahead::{LONGEST_UNTIL_FETCHED, latest_stored};
use super::connection::{Ledger, from_micros};
use super::events;
use super::failed_calls::{self, CallOf, INTERVIEW, IS_HELD_BACK, QUESTIONS};
use super::questions::{QuestionsNeed, record_known_questions};
use crate::model::due::NextDue;
use crate::model::{Result, Status, Via};

/// The state of an interview in this program. (Its status is what the vendor calls it.)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InterviewState {
    Open,
    Settled,
    Gone,
    Stale,
    Quarantined,
    Failed,
    Excluded,
}

impl InterviewState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Settled => "settled",
            Self::Gone => "gone",
            Self::Stale => "stale",
            Self::Quarantined => "quarantined",
            Self::Failed => "failed",
            Self::Excluded => "excluded",
        }
    }

    /// The state of an interview whose body was read.
    #[must_use]
    pub fn after(status: &Status, next: NextDue) -> Self {
        match next {
            _ if status.is_settled() => Self::Settled,
            NextDue::Stale => Self::Stale,
            NextDue::At { .. } | NextDue::Never => Self::Open,
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Open, Self::Settled, Self::Gone, Self::Stale, Self::Quarantined, Self::Failed, Self::Excluded];
        all.into_iter().find(|state| state.as_str() == word)
    }
}

/// Whether an interview is due at the time `?2`, as SQL. One that failed is due on its day, whatever its state. A time
/// after `?3` cannot be true.
fn is_due() -> String {
    format!(
        "(state = 'failed' OR (state = 'open' AND (coalesce(next_due, 0) <= ?2 OR next_due > ?3))
              OR (state = 'settled' AND (next_due <= ?2 OR next_due > ?3))
              OR id IN (SELECT interview_id FROM failed_calls WHERE call = 'interview'))
         AND id NOT IN (SELECT interview_id FROM failed_calls WHERE call = 'interview' AND {IS_HELD_BACK})"
    )
}

/// When and how the lake first saw an interview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstSeen {
    pub at: Timestamp,
    pub via: Via,
    pub status: String,
}

/// What is known of an interview whose body was read before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownInterview {
    pub first: FirstSeen,
    /// When its last body was fetched.
    pub asked_at: Option<Timestamp>,
    pub asks_after_expiry: u32,
}

/// What a body says about an interview. It is recorded together with the batch that publishes the body.
#[derive(Debug, Clone)]
pub struct Sighting {
    pub id: String,
    pub source: String,
    pub state: InterviewState,
    pub status: String,
    pub job_id: Option<String>,
    pub settled_at: Option<Timestamp>,
    pub month: String,
    pub first_seen: FirstSeen,
    /// When the body was fetched.
    pub at: Timestamp,
    pub next_due: Option<Timestamp>,
    pub asks_after_expiry: u32,
    pub questions: QuestionsNeed,
    /// Ids of its questions, to be recorded as known.
    pub question_ids: Vec<String>,
}

/// An interview that is to be fetched again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueInterview {
    pub id: String,
    pub state: InterviewState,
}

/// How many interviews are in each state, but for those that are set aside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct InterviewCounts {
    pub settled: u64,
    pub open: u64,
    pub gone: u64,
    pub stale: u64,
    /// Fetching them failed, and is tried again.
    pub failed: u64,
    /// Fetching them failed too often, and is tried again only for a reason.
    pub given_up: u64,
    pub excluded: u64,
    /// Interviews whose questions are still to be fetched.
    pub questions_wanted: u64,
}

/// What the next ingest fetches besides new interviews in its lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct DueCounts {
    /// Open interviews, at their expiry or after some days.
    pub open: u64,
    /// Settled interviews that lack a transcript.
    pub late_transcripts: u64,
    /// Interviews that failed before.
    pub failed: u64,
    /// When the next of the other interviews is due.
    pub next: Option<Timestamp>,
}

impl Ledger {
    /// The state of an interview, if the ledger knows it. Each is queried alone, because a lake may have millions.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn state(&self, id: &str) -> Result<Option<InterviewState>> {
        self.read(|connection| {
            let read = |row: &Row<'_>| {
                let word: String = row.get(0)?;
                let unknown = || rusqlite::Error::InvalidColumnType(0, word.clone(), rusqlite::types::Type::Text);
                InterviewState::from_word(&word).ok_or_else(unknown)
            };
            connection.prepare_cached("SELECT state FROM interviews WHERE id = ?1")?.query_row([id], read).optional()
        })
    }

    /// Interviews of a source that are due at a time: first open ones, then settled ones without all transcripts, then
    /// those that failed before, so that they hold up no others. Within each group, those due the longest come first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn due(&self, source: &str, at: Timestamp) -> Result<Vec<DueInterview>> {
        self.read(|connection| {
            let sql = format!(
                "SELECT id, state FROM interviews WHERE source = ?1 AND {}
                 ORDER BY CASE state WHEN 'open' THEN 0 WHEN 'settled' THEN 1 ELSE 2 END, next_due, id",
                is_due()
            );
            let read = |row: &Row<'_>| {
                let word: String = row.get(1)?;
                let state = InterviewState::from_word(&word).expect("the query names its states");
                Ok(DueInterview { id: row.get(0)?, state })
            };
            let values = params![source, at.as_microsecond(), latest_stored(at, LONGEST_UNTIL_FETCHED)];
            connection.prepare(&sql)?.query_map(values, read)?.collect()
        })
    }

    /// The interviews of a source that the API gave last, so many at most.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn last_fetched(&self, source: &str, most: usize) -> Result<Vec<String>> {
        self.read(|connection| {
            let sql = "SELECT id FROM interviews WHERE source = ?1 AND state IN ('open', 'settled')
                       ORDER BY changed_at DESC, id LIMIT ?2";
            let values = params![source, i64::try_from(most).unwrap_or(i64::MAX)];
            connection.prepare(sql)?.query_map(values, |row| row.get(0))?.collect()
        })
    }

    /// How many interviews are due at a time, and when the next one will be.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn due_counts(&self, at: Timestamp) -> Result<DueCounts> {
        self.read(|connection| {
            let sql = format!(
                "SELECT count(*) FILTER (WHERE state = 'open'),
                        count(*) FILTER (WHERE state = 'settled' AND (next_due <= ?2 OR next_due > ?3)),
                        count(*) FILTER (WHERE state = 'failed'),
                        (SELECT min(next_due) FROM (
                            SELECT next_due FROM interviews WHERE state IN ('open', 'settled') AND next_due > ?2 AND next_due <= ?3
                            UNION ALL SELECT next_due FROM failed_calls WHERE next_due > ?2))
                 FROM interviews WHERE ?1 AND {}",
                is_due()
            );
            let values = params![true, at.as_microsecond(), latest_stored(at, LONGEST_UNTIL_FETCHED)];
            connection.query_row(&sql, values, |row| {
                let count = |index| row.get::<_, i64>(index).map(i64::unsigned_abs);
                let next: Option<i64> = row.get(3)?;
                let next = next.map(from_micros).transpose()?;
                Ok(DueCounts { open: count(0)?, late_transcripts: count(1)?, failed: count(2)?, next })
            })
        })
    }

    /// What is known of an interview whose body was read before.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn known_interview(&self, id: &str) -> Result<Option<KnownInterview>> {
        self.read(|connection| {
            let sql = "SELECT first_seen_at, first_seen_via, first_seen_status, asks_after_expiry, changed_at
                       FROM interviews
                       WHERE id = ?1 AND first_seen_at IS NOT NULL";
            let read = |row: &Row<'_>| {
                let via = row.get::<_, String>(1)?.into();
                let first = FirstSeen { at: from_micros(row.get(0)?)?, via, status: row.get(2)? };
                let asked_at: Option<i64> = row.get(4)?;
                let asked_at = asked_at.map(from_micros).transpose()?;
                Ok(KnownInterview { first, asked_at, asks_after_expiry: row.get(3)? })
            };
            connection.prepare_cached(sql)?.query_row([id], read).optional()
        })
    }

    /// Records what is read from the lake's own tables, without going on to another version.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_sightings(&mut self, sightings: &[Sighting]) -> Result<()> {
        self.write(|transaction| sightings.iter().try_for_each(|sighting| record_sighting(transaction, sighting)))
    }

    /// Records the state of an id that has no body and is not fetched again, with the reason in words.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_end(&mut self, id: &str, source: &str, state: InterviewState, reason: &str) -> Result<()> {
        let now = Timestamp::now().as_microsecond();
        self.write(|transaction| {
            // A settled interview stays settled, whatever came of fetching it again.
            let sql = "INSERT INTO interviews (id, source, state, reason, changed_at)
                       VALUES (?1, ?2, ?3, ?4, ?5)
                       ON CONFLICT (id) DO UPDATE SET state = excluded.state, reason = excluded.reason,
                           changed_at = excluded.changed_at
                       WHERE state <> 'settled'";
            transaction.execute(sql, params![id, source, state.as_str(), reason, now])?;
            // A settled interview is not due any more either.
            transaction.execute("UPDATE interviews SET next_due = NULL WHERE id = ?1", [id])?;
            failed_calls::forget(transaction, CallOf { interview: id, call: INTERVIEW })?;
            events::close(transaction, id)
        })
    }

    /// The ids of all settled interviews, and how each was found.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn settled(&self) -> Result<Vec<(String, String)>> {
        self.read(|connection| {
            let sql = "SELECT id, COALESCE(first_seen_via, '') FROM interviews WHERE state = 'settled'";
            connection.prepare(sql)?.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
    }

    /// The account of an interview, if the ledger knows it.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn source_of(&self, id: &str) -> Result<Option<String>> {
        self.read(|connection| {
            let sql = "SELECT source FROM interviews WHERE id = ?1";
            connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()
        })
    }

    /// Makes the next ingest fetch an interview that was set aside.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn make_due(&mut self, id: &str, reason: &str) -> Result<()> {
        self.write(|transaction| {
            let sql = "UPDATE interviews SET state = 'failed', reason = ?2 WHERE id = ?1 AND state = 'quarantined'";
            transaction.execute(sql, [id, reason])?;
            Ok(())
        })
    }

    /// The interviews whose last body was set aside.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn quarantined(&self) -> Result<Vec<String>> {
        self.read(|connection| {
            let sql = "SELECT id FROM interviews WHERE state = 'quarantined'";
            connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
        })
    }

    /// How many interviews are in each state. What is set aside is counted by the lake.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn counts(&self) -> Result<InterviewCounts> {
        let given_up =
            |call| format!("SELECT interview_id FROM failed_calls WHERE call = '{call}' AND next_due IS NULL");
        self.read(|connection| {
            let count = |filter: &str| {
                let sql = format!("SELECT count(*) FROM interviews WHERE {filter}");
                connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
            };
            Ok(InterviewCounts {
                settled: count("state = 'settled'")?,
                open: count("state = 'open'")?,
                gone: count("state = 'gone'")?,
                stale: count("state = 'stale'")?,
                failed: count(&format!("state = 'failed' AND id NOT IN ({})", given_up(INTERVIEW)))?,
                given_up: count(&format!("state = 'failed' AND id IN ({})", given_up(INTERVIEW)))?,
                excluded: count("state = 'excluded'")?,
                questions_wanted: count(&format!("questions = 'wanted' AND id NOT IN ({})", given_up(QUESTIONS)))?,
            })
        })
    }
}

/// Records what a body says, within the transaction that publishes it.
pub(super) fn record_sighting(transaction: &Transaction<'_>, sighting: &Sighting) -> rusqlite::Result<()> {
    let sql = "INSERT INTO interviews (id, source, state, status, job_id, settled_at, month,
                                       first_seen_at, first_seen_via, first_seen_status, questions,
                                       next_due, asks_after_expiry, changed_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
               ON CONFLICT (id) DO UPDATE SET
                   source = excluded.source, state = excluded.state, status = excluded.status, reason = NULL,
                   job_id = excluded.job_id, settled_at = excluded.settled_at, month = excluded.month,
                   first_seen_at = excluded.first_seen_at, first_seen_via = excluded.first_seen_via,
                   first_seen_status = excluded.first_seen_status,
                   questions = CASE WHEN questions IN ('published', 'gone')
                           OR (excluded.questions = 'unknown' AND state = 'settled')
                       THEN questions ELSE excluded.questions END,
                   next_due = excluded.next_due, asks_after_expiry = excluded.asks_after_expiry,
                   changed_at = excluded.changed_at";
    transaction.prepare_cached(sql)?.execute(params![
        sighting.id,
        sighting.source,
        sighting.state.as_str(),
        sighting.status,
        sighting.job_id,
        sighting.settled_at.map(|time| time.as_microsecond()),
        sighting.month,
        sighting.first_seen.at.as_microsecond(),
        sighting.first_seen.via.as_str(),
        sighting.first_seen.status,
        sighting.questions.as_str(),
        sighting.next_due.map(|time| time.as_microsecond()),
        sighting.asks_after_expiry,
        sighting.at.as_microsecond(),
    ])?;
    failed_calls::forget(transaction, CallOf { interview: &sighting.id, call: INTERVIEW })?;
    let job = sighting.job_id.as_deref().unwrap_or_default();
    record_known_questions(transaction, sighting.question_ids.iter().map(|question| (job, question.as_str())))
}

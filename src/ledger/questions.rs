//! What the ledger knows of questions: which are known of each job, and of which interviews they are still to be fetched.

use std::collections::HashSet;

use jiff::Timestamp;
use rusqlite::{Row, Transaction, params};

use super::connection::{Ledger, from_micros};
use super::failed_calls::{self, CallOf, QUESTIONS};
use crate::model::Result;

/// Whether the questions of an interview are to be fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QuestionsNeed {
    NotWanted,
    Wanted,
    /// What was decided is lost with an older ledger. Only an ingest that fetches all questions asks for them.
    Unknown,
}

impl QuestionsNeed {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::NotWanted => "not-wanted",
            Self::Wanted => "wanted",
            Self::Unknown => "unknown",
        }
    }
}

/// A question of a job. The empty question id stands for the job itself.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KnownQuestion {
    pub job_id: String,
    pub question_id: String,
}

/// An interview whose questions are to be fetched.
#[derive(Debug, Clone)]
pub struct QuestionsWanted {
    pub id: String,
    pub source: String,
    pub job_id: Option<String>,
    pub settled_at: Option<Timestamp>,
    pub month: String,
}

impl Ledger {
    /// All known questions.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn known_questions(&self) -> Result<HashSet<KnownQuestion>> {
        self.read(|connection| {
            connection
                .prepare("SELECT job_id, question_id FROM known_questions")?
                .query_map([], |row| Ok(KnownQuestion { job_id: row.get(0)?, question_id: row.get(1)? }))?
                .collect()
        })
    }

    /// Settled interviews of a source whose questions are still to be fetched, oldest first. With `all` also those of
    /// which it is not known any more.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn questions_wanted(&self, source: &str, all: bool) -> Result<Vec<QuestionsWanted>> {
        self.read(|connection| {
            let sql = "SELECT id, source, job_id, settled_at, month FROM interviews
                       WHERE questions = 'wanted' AND source = ?1
                       UNION ALL
                       SELECT id, source, job_id, settled_at, month FROM interviews
                       WHERE ?2 AND questions = 'unknown' AND state = 'settled' AND source = ?1
                       ORDER BY settled_at, id";
            let read = |row: &Row<'_>| {
                let settled_at: Option<i64> = row.get(3)?;
                Ok(QuestionsWanted {
                    id: row.get(0)?,
                    source: row.get(1)?,
                    job_id: row.get(2)?,
                    settled_at: settled_at.map(from_micros).transpose()?,
                    month: row.get(4)?,
                })
            };
            connection.prepare(sql)?.query_map(params![source, all], read)?.collect()
        })
    }

    /// Records that the questions of interviews are in the lake, or that they have none.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_questions_published(&mut self, ids: &[String]) -> Result<()> {
        self.write(|transaction| record_questions_published(transaction, ids))
    }

    /// Records questions as known.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_questions(&mut self, known: &HashSet<KnownQuestion>) -> Result<()> {
        self.write(|transaction| {
            let known = known.iter().map(|known| (known.job_id.as_str(), known.question_id.as_str()));
            record_known_questions(transaction, known)
        })
    }

    /// Records that the API does not have the questions of a settled interview.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_questions_gone(&mut self, id: &str) -> Result<()> {
        self.write(|transaction| {
            transaction.execute("UPDATE interviews SET questions = 'gone' WHERE id = ?1", [id])?;
            failed_calls::forget(transaction, CallOf { interview: id, call: QUESTIONS })
        })
    }
}

/// Records questions as known, each by its job and its id.
pub(super) fn record_known_questions<'q>(
    transaction: &Transaction<'_>,
    known: impl IntoIterator<Item = (&'q str, &'q str)>,
) -> rusqlite::Result<()> {
    let sql = "INSERT OR IGNORE INTO known_questions (job_id, question_id) VALUES (?1, ?2)";
    let mut insert = transaction.prepare_cached(sql)?;
    known.into_iter().try_for_each(|(job, question)| insert.execute([job, question]).map(|_| ()))
}

pub(super) fn record_questions_published(transaction: &Transaction<'_>, ids: &[String]) -> rusqlite::Result<()> {
    let mut update = transaction.prepare_cached("UPDATE interviews SET questions = 'published' WHERE id = ?1")?;
    ids.iter().try_for_each(|id| {
        update.execute([id])?;
        failed_calls::forget(transaction, CallOf { interview: id, call: QUESTIONS })
    })
}

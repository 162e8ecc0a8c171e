//! Which version of the lake the ledger is current with.

use std::collections::HashSet;

use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::connection::Ledger;
use super::deliveries::{EndedDelivery, record_published};
use super::interviews::{Sighting, record_sighting};
use super::questions::record_questions_published;
use crate::model::Result;

/// A version of the lake, as the ledger names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// The lake's random id.
    pub lake: String,
    pub version: u64,
    /// SHA-256 of the commit's file, in hex.
    pub sha256: String,
}

/// A file of the lake. Its path is relative to the lake, with forward slashes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveFile {
    pub table: String,
    pub path: String,
    pub rows: u64,
    pub bytes: u64,
    /// In hex.
    pub sha256: String,
}

/// What a commit, or several, mean for the ledger.
#[derive(Debug, Default)]
pub struct Change<'a> {
    /// Files that are new or replaced, without derived ones.
    pub add: Vec<LiveFile>,
    /// Paths of files that are gone.
    pub remove: &'a [String],
    pub sightings: &'a [Sighting],
    /// Interviews whose questions are in the lake.
    pub questions_published: &'a [String],
    /// Deliveries whose end is in the lake.
    pub deliveries: &'a [EndedDelivery],
}

impl Ledger {
    /// The version that the ledger is current with; `None` for a new one, and for that of a lake without a log.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn applied(&self) -> Result<Option<Applied>> {
        self.read(|connection| {
            let sql = "SELECT lake, version, sha256 FROM applied";
            let read = |row: &Row<'_>| {
                let version: i64 = row.get(1)?;
                Ok(Applied { lake: row.get(0)?, version: version.unsigned_abs(), sha256: row.get(2)? })
            };
            connection.query_row(sql, [], read).optional()
        })
    }

    /// Applies a change in one transaction, onto the version `onto`. Returns false, and changes nothing, when the ledger
    /// is at another one.
    ///
    /// # Errors
    /// When the ledger cannot be written. Nothing is changed then.
    pub fn apply(&mut self, onto: Option<u64>, applied: &Applied, change: &Change<'_>) -> Result<bool> {
        self.write(|transaction| {
            let sql = "SELECT version FROM applied";
            let at: Option<i64> = transaction.query_row(sql, [], |row| row.get(0)).optional()?;
            if at.map(i64::unsigned_abs) != onto {
                return Ok(false);
            }
            record_files(transaction, change)?;
            change.sightings.iter().try_for_each(|sighting| record_sighting(transaction, sighting))?;
            record_questions_published(transaction, change.questions_published)?;
            record_published(transaction, change.deliveries)?;
            let sql = "INSERT OR REPLACE INTO applied (only, lake, version, sha256) VALUES (1, ?1, ?2, ?3)";
            let version = i64::try_from(applied.version).unwrap_or(i64::MAX);
            transaction.execute(sql, params![applied.lake, version, applied.sha256])?;
            Ok(true)
        })
    }

    /// Makes interviews due whose rows are not in the lake any more: all settled ones but those given. Open ones are due,
    /// too, because their table may be gone. `with_questions` are the interviews that have rows of questions, if some of
    /// these were lost.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn unsettle_missing(
        &mut self,
        there: &HashSet<String>,
        with_questions: Option<&HashSet<String>>,
    ) -> Result<()> {
        self.write(|transaction| {
            let ids = |sql: &str| -> rusqlite::Result<Vec<String>> {
                transaction.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
            };
            // Questions that are in the lake stay there.
            let sql = "UPDATE interviews SET state = 'failed', reason = 'its rows were lost',
                           questions = CASE WHEN questions IN ('published', 'gone') THEN questions ELSE 'not-wanted' END
                       WHERE id = ?1";
            let mut unsettle = transaction.prepare(sql)?;
            for id in ids("SELECT id FROM interviews WHERE state = 'settled'")?.iter().filter(|id| !there.contains(*id))
            {
                unsettle.execute([id])?;
            }
            if let Some(with_questions) = with_questions {
                let mut want = transaction.prepare("UPDATE interviews SET questions = 'wanted' WHERE id = ?1")?;
                let published = ids("SELECT id FROM interviews WHERE questions = 'published'")?;
                for id in published.iter().filter(|id| !with_questions.contains(*id)) {
                    want.execute([id])?;
                }
            }
            transaction.execute("UPDATE interviews SET next_due = NULL WHERE state = 'open'", [])?;
            Ok(())
        })
    }

    /// Every file of the lake that was not derived from another one.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn known_files(&self) -> Result<Vec<LiveFile>> {
        self.read(|connection| {
            let sql = "SELECT tbl, path, rows, bytes, sha256 FROM live_files ORDER BY path";
            let read = |row: &Row<'_>| {
                let count = |index| row.get::<_, i64>(index).map(i64::unsigned_abs);
                let (rows, bytes) = (count(2)?, count(3)?);
                Ok(LiveFile { table: row.get(0)?, path: row.get(1)?, rows, bytes, sha256: row.get(4)? })
            };
            connection.prepare(sql)?.query_map([], read)?.collect()
        })
    }
}

fn record_files(transaction: &Transaction<'_>, change: &Change<'_>) -> rusqlite::Result<()> {
    for path in change.remove {
        transaction.prepare_cached("DELETE FROM live_files WHERE path = ?1")?.execute([path])?;
    }
    let sql = "INSERT OR REPLACE INTO live_files (tbl, path, rows, bytes, sha256) VALUES (?1, ?2, ?3, ?4, ?5)";
    for file in &change.add {
        let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        let values = params![file.table, file.path, count(file.rows), count(file.bytes), file.sha256];
        transaction.prepare_cached(sql)?.execute(values)?;
    }
    Ok(())
}

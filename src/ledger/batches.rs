//! Batches that are being published, and the files that they add to the lake.

use rusqlite::{Row, params};

use super::connection::Ledger;
use super::failed_calls::{self, CallOf, QUESTIONS};
use super::interviews::{Sighting, record_sighting};
use crate::model::Result;

/// A file of a batch: its path in the lake, its size in bytes and its SHA-256 in hex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchFile {
    pub path: String,
    pub size: u64,
    pub sha256: String,
    /// Whether it may replace an older file of that name.
    pub replaces: bool,
}

/// A batch past its point of no return whose files may not all be in place.
#[derive(Debug)]
pub struct UnfinishedBatch {
    pub id: String,
    pub files: Vec<BatchFile>,
}

impl Ledger {
    /// Records the batch, its files and what they contain, in one transaction. This is the point of no return of a
    /// publish.
    ///
    /// # Errors
    /// When the ledger cannot be written. Nothing is recorded then.
    pub fn begin_publishing(
        &mut self,
        batch: &str,
        files: &[BatchFile],
        sightings: &[Sighting],
        questions_published: &[String],
    ) -> Result<()> {
        self.write(|transaction| {
            transaction.execute("INSERT INTO batches (id, state) VALUES (?1, 'publishing')", [batch])?;
            for file in files {
                let sql = "INSERT OR REPLACE INTO files (path, batch, size, sha256, replaces)
                           VALUES (?1, ?2, ?3, ?4, ?5)";
                let size = i64::try_from(file.size).unwrap_or(i64::MAX);
                transaction.execute(sql, params![file.path, batch, size, file.sha256, file.replaces])?;
            }
            sightings.iter().try_for_each(|sighting| record_sighting(transaction, sighting))?;
            for id in questions_published {
                transaction.execute("UPDATE interviews SET questions = 'published' WHERE id = ?1", [id])?;
                failed_calls::forget(transaction, CallOf { interview: id, call: QUESTIONS })?;
            }
            Ok(())
        })
    }

    /// Records the end of a publish, when every file is in its place.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn commit_batch(&mut self, batch: &str) -> Result<()> {
        self.write(|transaction| {
            transaction.execute("UPDATE batches SET state = 'committed' WHERE id = ?1", [batch])?;
            Ok(())
        })
    }

    /// The unfinished batches, oldest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn unfinished_batches(&self) -> Result<Vec<UnfinishedBatch>> {
        let ids: Vec<String> = self.read(|connection| {
            connection
                .prepare("SELECT id FROM batches WHERE state = 'publishing' ORDER BY id")?
                .query_map([], |row| row.get(0))?
                .collect()
        })?;
        ids.into_iter().map(|id| Ok(UnfinishedBatch { files: self.files_of(&id)?, id })).collect()
    }

    fn files_of(&self, batch: &str) -> Result<Vec<BatchFile>> {
        self.read(|connection| {
            let sql = "SELECT path, size, sha256, replaces FROM files WHERE batch = ?1 ORDER BY path";
            connection.prepare(sql)?.query_map([batch], read_file)?.collect()
        })
    }

    /// Whether a batch of this id was ever begun.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn has_batch(&self, batch: &str) -> Result<bool> {
        self.read(|connection| connection.prepare("SELECT 1 FROM batches WHERE id = ?1")?.exists([batch]))
    }

    /// Every published file that was not derived from another one.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn files(&self) -> Result<Vec<BatchFile>> {
        self.read(|connection| {
            let sql = "SELECT path, size, sha256, replaces FROM files ORDER BY path";
            connection.prepare(sql)?.query_map([], read_file)?.collect()
        })
    }
}

fn read_file(row: &Row<'_>) -> rusqlite::Result<BatchFile> {
    let size: i64 = row.get(1)?;
    Ok(BatchFile { path: row.get(0)?, size: size.unsigned_abs(), sha256: row.get(2)?, replaces: row.get(3)? })
}

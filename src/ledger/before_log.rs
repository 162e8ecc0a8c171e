//! The files of a lake that has no log yet, as older versions of the program recorded them.

use rusqlite::Row;

use super::connection::Ledger;
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
    /// The unfinished batches, oldest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn unfinished_batches(&self) -> Result<Vec<UnfinishedBatch>> {
        self.read(|connection| {
            let ids: Vec<String> = connection
                .prepare("SELECT id FROM batches WHERE state = 'publishing' ORDER BY id")?
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            let sql = "SELECT path, size, sha256, replaces FROM files WHERE batch = ?1 ORDER BY path";
            let mut of_batch = connection.prepare(sql)?;
            let mut batch = |id: String| {
                let files = of_batch.query_map([&id], read_file)?.collect::<rusqlite::Result<_>>()?;
                Ok(UnfinishedBatch { id, files })
            };
            ids.into_iter().map(&mut batch).collect()
        })
    }

    /// Every published file that was not derived from another one.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn batch_files(&self) -> Result<Vec<BatchFile>> {
        self.read(|connection| {
            let sql = "SELECT path, size, sha256, replaces FROM files ORDER BY path";
            connection.prepare(sql)?.query_map([], read_file)?.collect()
        })
    }

    /// Forgets them, since the log has them now.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn forget_batches(&mut self) -> Result<()> {
        self.write(|transaction| transaction.execute_batch("DELETE FROM files; DELETE FROM batches;"))
    }
}

fn read_file(row: &Row<'_>) -> rusqlite::Result<BatchFile> {
    let size: i64 = row.get(1)?;
    Ok(BatchFile { path: row.get(0)?, size: size.unsigned_abs(), sha256: row.get(2)?, replaces: row.get(3)? })
}

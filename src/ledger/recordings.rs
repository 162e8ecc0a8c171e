//! The state of recordings until it is in the lake.

use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};

use super::connection::{Ledger, from_micros};
use crate::model::Result;

/// Identifies a recording by its interview and the 0-based position of its answer in `responses[]`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordingId {
    pub interview: String,
    pub position: u32,
}

/// A recording that is archived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchivedRecording {
    pub object: String,
    pub bytes: u64,
    /// SHA-256 in hex.
    pub sha256: String,
    pub content_type: Option<String>,
    pub at: Timestamp,
}

/// The state of a recording that is not in the table `audio`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecordingState {
    Archived(ArchivedRecording),
    /// Tried again by the next run. Holds when it was last tried.
    Failed(Timestamp),
    /// Not tried again, unless its interview is named.
    GivenUp,
}

/// A recording that could not be archived.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct UnarchivedRecording {
    pub interview_id: String,
    pub position: u32,
    pub reason: String,
    /// The number of nights whose tries count.
    pub tries: u32,
    pub given_up: bool,
}

/// Why a recording could not be archived.
#[derive(Debug)]
pub struct ArchiveFailure<'a> {
    /// The name of the recording in an archive.
    pub object: &'a str,
    /// The reason, for people.
    pub reason: &'a str,
    /// A word for the kind of failure.
    pub kind: &'a str,
    /// The number of nights after which it is given up.
    pub give_up_after: u32,
    /// Bytes that were downloaded.
    pub part_bytes: u64,
}

/// Microseconds. Tries that are less than this apart count as one night, because nightly runs are not always a whole
/// day apart.
const NIGHT: i64 = 20 * 60 * 60 * 1_000_000;

impl Ledger {
    /// The state of the recording of an answer, if the ledger knows it.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn recording(&self, recording: &RecordingId) -> Result<Option<RecordingState>> {
        self.recording_called(recording, None)
    }

    /// The state of a recording, if it has this name. The position of an answer changes when others are inserted before
    /// it.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn recording_called(&self, recording: &RecordingId, object: Option<&str>) -> Result<Option<RecordingState>> {
        self.read(|connection| {
            let sql = "SELECT state, object, bytes, sha256, content_type, changed_at FROM recordings
                       WHERE interview_id = ?1 AND position = ?2 AND (?3 IS NULL OR object = ?3)";
            let read = |row: &Row<'_>| {
                let state: String = row.get(0)?;
                let at = from_micros(row.get(5)?)?;
                Ok(match state.as_str() {
                    "archived" => RecordingState::Archived(ArchivedRecording {
                        object: row.get(1)?,
                        bytes: row.get::<_, i64>(2)?.unsigned_abs(),
                        sha256: row.get(3)?,
                        content_type: row.get(4)?,
                        at,
                    }),
                    "failed" => RecordingState::Failed(at),
                    _ => RecordingState::GivenUp,
                })
            };
            let values = params![recording.interview, recording.position, object];
            connection.prepare_cached(sql)?.query_row(values, read).optional()
        })
    }

    /// Records that a recording is archived.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_archived(&mut self, recording: &RecordingId, archived: &ArchivedRecording) -> Result<()> {
        let RecordingId { interview, position } = recording;
        self.write(|transaction| {
            let sql = "INSERT OR REPLACE INTO recordings
                           (interview_id, position, state, object, bytes, sha256, content_type, changed_at)
                       VALUES (?1, ?2, 'archived', ?3, ?4, ?5, ?6, ?7)";
            let ArchivedRecording { object, bytes, sha256, content_type, at } = archived;
            let bytes = i64::try_from(*bytes).unwrap_or(i64::MAX);
            let values = params![interview, position, object, bytes, sha256, content_type, at.as_microsecond()];
            transaction.prepare_cached(sql)?.execute(values)?;
            Ok(())
        })
    }

    /// Records why a recording could not be archived. Returns whether it is given up now. Runs of one night count as
    /// one try. A failure of another kind, or a longer download, restarts the count.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_failed(&mut self, recording: &RecordingId, failure: &ArchiveFailure<'_>) -> Result<bool> {
        let RecordingId { interview, position } = recording;
        let ArchiveFailure { object, reason, kind, give_up_after, part_bytes } = failure;
        let (now, part_bytes) = (Timestamp::now().as_microsecond(), i64::try_from(*part_bytes).unwrap_or(i64::MAX));
        self.write(|transaction| {
            let sql = "SELECT tries, counted_at FROM recordings
                       WHERE interview_id = ?1 AND position = ?2 AND object = ?3 AND kind = ?4 AND part_bytes >= ?5
                           AND counted_at IS NOT NULL";
            let known: Option<(u32, i64)> = transaction
                .prepare_cached(sql)?
                .query_row(params![interview, position, object, kind, part_bytes], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            let (tries, counted_at) = match known {
                None => (1, now),
                Some((tries, counted_at)) if now - counted_at < NIGHT => (tries, counted_at),
                Some((tries, _)) => (tries + 1, now),
            };
            let is_given_up = tries >= *give_up_after;
            let state = if is_given_up { "given-up" } else { "failed" };
            let sql = "INSERT OR REPLACE INTO recordings
                           (interview_id, position, state, object, reason, kind, tries, counted_at, part_bytes, changed_at)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
            let values = params![interview, position, state, object, reason, kind, tries, counted_at, part_bytes, now];
            transaction.prepare_cached(sql)?.execute(values)?;
            Ok(is_given_up)
        })
    }

    /// Records why a recording could not be archived, without counting a try, because the recording was not at fault.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_left(&mut self, recording: &RecordingId, object: &str, reason: &str) -> Result<()> {
        let RecordingId { interview, position } = recording;
        self.write(|transaction| {
            let sql = "INSERT INTO recordings (interview_id, position, state, object, reason, tries, changed_at)
                       VALUES (?1, ?2, 'failed', ?3, ?4, 0, ?5)
                       ON CONFLICT (interview_id, position) DO UPDATE SET
                           object = excluded.object, reason = excluded.reason, changed_at = excluded.changed_at";
            let now = Timestamp::now().as_microsecond();
            transaction.prepare_cached(sql)?.execute(params![interview, position, object, reason, now])?;
            Ok(())
        })
    }

    /// Deletes the state of recordings that are in the table `audio` now.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn forget_recordings<'a>(&mut self, recordings: impl IntoIterator<Item = &'a RecordingId>) -> Result<()> {
        self.write(|transaction| {
            let sql = "DELETE FROM recordings WHERE interview_id = ?1 AND position = ?2";
            let mut delete = transaction.prepare_cached(sql)?;
            for recording in recordings {
                delete.execute(params![recording.interview, recording.position])?;
            }
            Ok(())
        })
    }

    /// The archived recordings that are still in the ledger, each with its name.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn archived_recordings(&self) -> Result<Vec<(RecordingId, String)>> {
        self.read(|connection| {
            let sql = "SELECT interview_id, position, object FROM recordings WHERE state = 'archived'";
            let read = |row: &Row<'_>| Ok((RecordingId { interview: row.get(0)?, position: row.get(1)? }, row.get(2)?));
            connection.prepare(sql)?.query_map([], read)?.collect()
        })
    }

    /// The recordings that could not be archived, by interview and position.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn unarchived_recordings(&self) -> Result<Vec<UnarchivedRecording>> {
        self.read(|connection| {
            let sql = "SELECT interview_id, position, reason, tries, state = 'given-up' FROM recordings
                       WHERE state <> 'archived' ORDER BY interview_id, position";
            let read = |row: &Row<'_>| {
                Ok(UnarchivedRecording {
                    interview_id: row.get(0)?,
                    position: row.get(1)?,
                    reason: row.get(2)?,
                    tries: row.get(3)?,
                    given_up: row.get(4)?,
                })
            };
            connection.prepare(sql)?.query_map([], read)?.collect()
        })
    }
}

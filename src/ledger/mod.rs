//! The ledger: what this lake has heard of and what is being published, in SQLite. All SQL of the program is here.

mod events;
mod links;
mod outbox;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params};

pub use events::{JUDGED_BY, TakenEvent};
pub use links::{Archived, KeptLink, Recording, RecordingState, Trouble, TroubledRecording};
pub use outbox::{DeadLetter, Entry, OutboxCounts, OutboxState, Outgoing, Wanted};

use crate::model::{Error, Result, Via};

/// Migrations in the order they are applied; a name never changes once it has shipped.
const MIGRATIONS: &[(&str, &str)] = &[
    ("0001-spine", include_str!("migrations/0001-spine.sql")),
    ("0002-due", include_str!("migrations/0002-due.sql")),
    ("0003-events", include_str!("migrations/0003-events.sql")),
    ("0004-received", include_str!("migrations/0004-received.sql")),
    ("0005-ats", include_str!("migrations/0005-ats.sql")),
    ("0006-audio", include_str!("migrations/0006-audio.sql")),
];

/// How long to wait for another process that is writing.
const BUSY: Duration = Duration::from_secs(10);

pub struct Ledger {
    connection: Connection,
    path: PathBuf,
}

/// Where an interview stands for this program (not for the vendor: that is its status).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Open,
    Settled,
    Gone,
    Stale,
    Quarantined,
    Failed,
    Excluded,
}

impl State {
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

    fn from_word(word: &str) -> Option<Self> {
        let all = [Self::Open, Self::Settled, Self::Gone, Self::Stale, Self::Quarantined, Self::Failed, Self::Excluded];
        all.into_iter().find(|state| state.as_str() == word)
    }
}

/// When and how the lake first heard of an interview.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirstSeen {
    pub at: Timestamp,
    pub via: Via,
    pub status: String,
}

/// What is known of an interview of which a body was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub first: FirstSeen,
    pub asks_after_expiry: u32,
}

/// What a body told of an interview, to be recorded together with the batch that publishes it.
#[derive(Debug, Clone)]
pub struct Sighting {
    pub id: String,
    pub source: String,
    pub state: State,
    pub status: String,
    pub job_id: Option<String>,
    pub settled_at: Option<Timestamp>,
    pub month: String,
    pub first_seen: FirstSeen,
    /// When the body was fetched.
    pub at: Timestamp,
    pub next_due: Option<Timestamp>,
    pub asks_after_expiry: u32,
    pub wants_questions: bool,
    /// Ids of the questions it shows, for the record of known ones.
    pub question_ids: Vec<String>,
}

/// An interview whose questions are to be asked for.
#[derive(Debug, Clone)]
pub struct QuestionsWanted {
    pub id: String,
    pub source: String,
    pub job_id: Option<String>,
    pub settled_at: Option<Timestamp>,
    pub month: String,
}

/// A file of a batch: its path in the lake, its size in bytes and its SHA-256 in hex.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchFile {
    pub path: String,
    pub size: u64,
    pub sha256: String,
    /// May be renamed over an older file of that name (the snapshot of open interviews).
    pub replaces: bool,
}

/// How many interviews are in each state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    pub settled: u64,
    pub open: u64,
    pub gone: u64,
    pub stale: u64,
    pub quarantined: u64,
    pub failed: u64,
    pub excluded: u64,
    pub questions_wanted: u64,
}

/// What the next ingest asks for beside what is new in its lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub struct DueCounts {
    /// Open ones: at their expiry, or after some days.
    pub open: u64,
    /// Settled ones that lack a transcript.
    pub late_transcripts: u64,
    /// Those given up before.
    pub failed: u64,
    /// When the next of the others is due.
    pub next: Option<Timestamp>,
}

impl Ledger {
    /// Opens the ledger, making or migrating it as needed.
    ///
    /// # Errors
    /// When the file cannot be opened, is no ledger, or was written by a newer program.
    pub fn open(path: &Path) -> Result<Self> {
        let connection = Connection::open(path).map_err(|error| Error::path("open the ledger", path, error))?;
        let mut ledger = Self { connection, path: path.to_owned() };
        ledger.prepare()?;
        Ok(ledger)
    }

    /// Opens the ledger without changing it; an empty one when there is no file.
    ///
    /// # Errors
    /// When the file cannot be opened, is no ledger, or was written by an older or a newer program.
    pub fn open_for_reading(path: &Path) -> Result<Self> {
        let fail = |error| Error::path("open the ledger", path, error);
        if !path.exists() {
            let mut empty = Self { connection: Connection::open_in_memory().map_err(fail)?, path: path.to_owned() };
            empty.prepare()?;
            return Ok(empty);
        }
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(fail)?;
        let ledger = Self { connection, path: path.to_owned() };
        ledger.read(|connection| connection.busy_timeout(BUSY))?;
        if ledger.missing_migrations()?.is_empty() {
            return Ok(ledger);
        }
        let message = format!("the ledger {} was written by an older roundup", path.display());
        Err(Error::failed(message).hint("the next run or import brings it up to date"))
    }

    fn prepare(&mut self) -> Result<()> {
        self.read(|connection| {
            connection.busy_timeout(BUSY)?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "foreign_keys", true)?;
            // A link that is deleted must not stay readable in the file.
            connection.pragma_update(None, "secure_delete", true)?;
            connection.execute_batch("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY) STRICT")
        })?;
        for (name, sql) in self.missing_migrations()? {
            self.write(|transaction| {
                transaction.execute_batch(sql)?;
                transaction.execute("INSERT INTO migrations (name) VALUES (?1)", [name])?;
                Ok(())
            })?;
        }
        Ok(())
    }

    /// The migrations that are still to be applied.
    fn missing_migrations(&self) -> Result<Vec<(&'static str, &'static str)>> {
        let applied: Vec<String> = self.read(|connection| {
            connection.prepare("SELECT name FROM migrations ORDER BY name")?.query_map([], |row| row.get(0))?.collect()
        })?;
        if let Some(unknown) = applied.iter().find(|name| MIGRATIONS.iter().all(|(known, _)| known != name)) {
            let message = format!("the ledger {} was written by a newer roundup ({unknown})", self.path.display());
            return Err(Error::failed(message).hint("update roundup on this machine"));
        }
        Ok(MIGRATIONS.iter().filter(|(name, _)| !applied.iter().any(|done| done == name)).copied().collect())
    }

    fn write<T>(&mut self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T> {
        let run = |connection: &mut Connection| {
            // At once, as one that begins by reading could not wait for another writer later.
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        run(&mut self.connection)
            .map_err(|error: rusqlite::Error| Error::path("write to the ledger", &self.path, error))
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        work(&self.connection).map_err(|error| Error::path("read the ledger", &self.path, error))
    }

    /// The state of an interview, if the ledger knows it. A query each: a lake may know millions.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn state(&self, id: &str) -> Result<Option<State>> {
        self.read(|connection| {
            let read = |row: &rusqlite::Row<'_>| {
                let word: String = row.get(0)?;
                let unknown = || rusqlite::Error::InvalidColumnType(0, word.clone(), rusqlite::types::Type::Text);
                State::from_word(&word).ok_or_else(unknown)
            };
            connection.prepare_cached("SELECT state FROM interviews WHERE id = ?1")?.query_row([id], read).optional()
        })
    }

    /// Interviews of a source that are due at a time: given up before, open, or settled without all transcripts; in
    /// that order, the longest due first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn due(&self, source: &str, at: Timestamp) -> Result<Vec<(String, State)>> {
        self.read(|connection| {
            let sql = "SELECT id, state FROM interviews WHERE source = ?1 AND (
                           state = 'failed'
                           OR (state = 'open' AND coalesce(next_due, 0) <= ?2)
                           OR (state = 'settled' AND next_due <= ?2))
                       ORDER BY CASE state WHEN 'failed' THEN 0 WHEN 'open' THEN 1 ELSE 2 END, next_due, id";
            let read = |row: &rusqlite::Row<'_>| {
                let word: String = row.get(1)?;
                Ok((row.get(0)?, State::from_word(&word).expect("the query names its states")))
            };
            connection.prepare(sql)?.query_map(params![source, at.as_microsecond()], read)?.collect()
        })
    }

    /// What is due at a time, and when something will be next.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn due_counts(&self, at: Timestamp) -> Result<DueCounts> {
        self.read(|connection| {
            let sql = "SELECT count(*) FILTER (WHERE state = 'open' AND coalesce(next_due, 0) <= ?1),
                              count(*) FILTER (WHERE state = 'settled' AND next_due <= ?1),
                              count(*) FILTER (WHERE state = 'failed'),
                              min(next_due) FILTER (WHERE state IN ('open', 'settled') AND next_due > ?1)
                       FROM interviews";
            connection.query_row(sql, [at.as_microsecond()], |row| {
                let count = |index| row.get::<_, i64>(index).map(i64::unsigned_abs);
                let next: Option<i64> = row.get(3)?;
                let next = next.map(from_micros).transpose()?;
                Ok(DueCounts { open: count(0)?, late_transcripts: count(1)?, failed: count(2)?, next })
            })
        })
    }

    /// What is known of an interview of which a body was read before.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn seen(&self, id: &str) -> Result<Option<Seen>> {
        self.read(|connection| {
            let sql = "SELECT first_seen_at, first_seen_via, first_seen_status, asks_after_expiry FROM interviews
                       WHERE id = ?1 AND first_seen_at IS NOT NULL";
            let read = |row: &rusqlite::Row<'_>| {
                let via = row.get::<_, String>(1)?.into();
                let first = FirstSeen { at: from_micros(row.get(0)?)?, via, status: row.get(2)? };
                Ok(Seen { first, asks_after_expiry: row.get(3)? })
            };
            connection.prepare_cached(sql)?.query_row([id], read).optional()
        })
    }

    /// Which (job, question) pairs have been met.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn known_questions(&self) -> Result<HashSet<(String, String)>> {
        self.read(|connection| {
            connection
                .prepare("SELECT job_id, question_id FROM known_questions")?
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })
    }

    /// Settled interviews of a source whose questions are still to be asked for, oldest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn questions_wanted(&self, source: &str) -> Result<Vec<QuestionsWanted>> {
        self.read(|connection| {
            let sql = "SELECT id, source, job_id, settled_at, month FROM interviews
                       WHERE questions = 'wanted' AND source = ?1 ORDER BY settled_at, id";
            let read = |row: &rusqlite::Row<'_>| {
                let settled_at: Option<i64> = row.get(3)?;
                Ok(QuestionsWanted {
                    id: row.get(0)?,
                    source: row.get(1)?,
                    job_id: row.get(2)?,
                    settled_at: settled_at.map(from_micros).transpose()?,
                    month: row.get(4)?,
                })
            };
            connection.prepare(sql)?.query_map([source], read)?.collect()
        })
    }

    /// Records that an id ended without a body, with the reason in words.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_end(&mut self, id: &str, source: &str, state: State, reason: &str) -> Result<()> {
        let now = Timestamp::now().as_microsecond();
        self.write(|transaction| {
            // A settled interview stays so, whatever became of asking for it again.
            let sql = "INSERT INTO interviews (id, source, state, reason, tries, changed_at)
                       VALUES (?1, ?2, ?3, ?4, ?3 = 'failed', ?5)
                       ON CONFLICT (id) DO UPDATE SET state = excluded.state, reason = excluded.reason,
                           tries = tries + excluded.tries, changed_at = excluded.changed_at
                       WHERE state <> 'settled'";
            transaction.execute(sql, params![id, source, state.as_str(), reason, now])?;
            if state != State::Failed {
                // And no more is expected of it.
                let sql = "UPDATE interviews SET next_due = NULL WHERE id = ?1";
                transaction.execute(sql, [id])?;
                events::answer(transaction, id)?;
            }
            Ok(())
        })
    }

    /// The account that an interview is of, if the ledger knows the interview.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn source_of(&self, id: &str) -> Result<Option<String>> {
        self.read(|connection| {
            let sql = "SELECT source FROM interviews WHERE id = ?1";
            connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()
        })
    }

    /// Has the next ingest ask for an interview that was set aside.
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

    /// Records that the questions of a settled interview are not to be had.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn record_questions_gone(&mut self, id: &str) -> Result<()> {
        self.write(|transaction| {
            transaction.execute("UPDATE interviews SET questions = 'gone' WHERE id = ?1", [id])?;
            Ok(())
        })
    }

    /// The point of no return of a publish: the batch, its files, and what is known from now on, in one transaction.
    ///
    /// # Errors
    /// When the ledger cannot be written; nothing is recorded then.
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
            }
            Ok(())
        })
    }

    /// The end of a publish: every file is in its place.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn commit_batch(&mut self, batch: &str) -> Result<()> {
        self.write(|transaction| {
            transaction.execute("UPDATE batches SET state = 'committed' WHERE id = ?1", [batch])?;
            Ok(())
        })
    }

    /// Batches past the point of no return whose files may not all be in place, oldest first, with their files.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn unfinished_batches(&self) -> Result<Vec<(String, Vec<BatchFile>)>> {
        let ids: Vec<String> = self.read(|connection| {
            connection
                .prepare("SELECT id FROM batches WHERE state = 'publishing' ORDER BY id")?
                .query_map([], |row| row.get(0))?
                .collect()
        })?;
        ids.into_iter().map(|id| self.files_of(&id).map(|files| (id, files))).collect()
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

    /// How many interviews are in each state.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub fn counts(&self) -> Result<Counts> {
        self.read(|connection| {
            let count = |filter: &str| {
                let sql = format!("SELECT count(*) FROM interviews WHERE {filter}");
                connection.query_row(&sql, [], |row| row.get::<_, i64>(0)).map(i64::unsigned_abs)
            };
            Ok(Counts {
                settled: count("state = 'settled'")?,
                open: count("state = 'open'")?,
                gone: count("state = 'gone'")?,
                stale: count("state = 'stale'")?,
                quarantined: count("state = 'quarantined'")?,
                failed: count("state = 'failed'")?,
                excluded: count("state = 'excluded'")?,
                questions_wanted: count("questions = 'wanted'")?,
            })
        })
    }
}

fn record_sighting(transaction: &Transaction<'_>, sighting: &Sighting) -> rusqlite::Result<()> {
    let sql = "INSERT INTO interviews (id, source, state, status, job_id, settled_at, month,
                                       first_seen_at, first_seen_via, first_seen_status, questions,
                                       next_due, asks_after_expiry, changed_at)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
               ON CONFLICT (id) DO UPDATE SET
                   source = excluded.source, state = excluded.state, status = excluded.status, reason = NULL,
                   job_id = excluded.job_id, settled_at = excluded.settled_at, month = excluded.month,
                   first_seen_at = excluded.first_seen_at, first_seen_via = excluded.first_seen_via,
                   first_seen_status = excluded.first_seen_status,
                   questions = CASE WHEN questions IN ('published', 'gone') THEN questions ELSE excluded.questions END,
                   next_due = excluded.next_due, asks_after_expiry = excluded.asks_after_expiry, tries = 0,
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
        if sighting.wants_questions { "wanted" } else { "not-wanted" },
        sighting.next_due.map(|time| time.as_microsecond()),
        sighting.asks_after_expiry,
        sighting.at.as_microsecond(),
    ])?;
    let job = sighting.job_id.as_deref().unwrap_or_default();
    for question in &sighting.question_ids {
        let sql = "INSERT OR IGNORE INTO known_questions (job_id, question_id) VALUES (?1, ?2)";
        transaction.prepare_cached(sql)?.execute([job, question])?;
    }
    Ok(())
}

fn read_file(row: &rusqlite::Row<'_>) -> rusqlite::Result<BatchFile> {
    let size: i64 = row.get(1)?;
    Ok(BatchFile { path: row.get(0)?, size: size.unsigned_abs(), sha256: row.get(2)?, replaces: row.get(3)? })
}

fn from_micros(micros: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, micros))
}

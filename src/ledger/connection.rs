//! The connection to SQLite: opening and migrating the file, and transactions.

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use rusqlite::backup::Backup;
use rusqlite::{Connection, ErrorCode, OpenFlags, Row, Transaction, TransactionBehavior};

use super::link_files::{Line, LinkFiles};
use super::seal::{Seal, damage};
use crate::model::{Error, Kind, Result};

/// Migrations in the order in which they are applied. The name of one that has shipped never changes.
const MIGRATIONS: &[Migration] = &[
    Migration { name: "0001-spine", sql: include_str!("migrations/0001-spine.sql") },
    Migration { name: "0002-due", sql: include_str!("migrations/0002-due.sql") },
    Migration { name: "0003-events", sql: include_str!("migrations/0003-events.sql") },
    Migration { name: "0004-received", sql: include_str!("migrations/0004-received.sql") },
    Migration { name: "0005-ats", sql: include_str!("migrations/0005-ats.sql") },
    Migration { name: "0006-audio", sql: include_str!("migrations/0006-audio.sql") },
    Migration { name: "0007-failed-calls", sql: include_str!("migrations/0007-failed-calls.sql") },
    Migration { name: "0008-log", sql: include_str!("migrations/0008-log.sql") },
    Migration { name: "0009-deliveries", sql: include_str!("migrations/0009-deliveries.sql") },
    Migration { name: LINKS, sql: include_str!("migrations/0010-links.sql") },
];

/// The migration that moves links into files.
const LINKS: &str = "0010-links";

/// A change of the tables.
struct Migration {
    name: &'static str,
    sql: &'static str,
}

/// Free bytes in the file for which it is made anew. Less is used again soon.
const FREE: i64 = 32 << 20;
/// How long to wait while another process is writing.
const BUSY: Duration = Duration::from_secs(10);

/// A connection to the ledger.
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
    pub(super) links: LinkFiles,
    /// Why it was made anew, if it was.
    pub rebuilt: Option<String>,
    /// Dropped after the connection.
    _seal: Option<Seal>,
}

impl Ledger {
    /// Opens the ledger. Creates or migrates it as needed.
    ///
    /// # Errors
    /// When the file cannot be opened, is not a ledger, or was written by a newer program.
    pub fn open(path: &Path) -> Result<Self> {
        let connection = Connection::open(path).map_err(|error| failed("open the ledger", path, &error))?;
        let mut ledger = Self::new(connection, path);
        ledger.prepare()?;
        Ok(ledger)
    }

    /// Opens the ledger as [`Self::open`], and seals it when it is closed. Only one connection does so.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_sealed(path: &Path) -> Result<Self> {
        let seal = Seal::broken(path);
        Ok(Self { _seal: Some(seal), ..Self::open(path)? })
    }

    /// What is wrong with the file of a ledger, so that it has to be made anew.
    #[must_use]
    pub fn damage(path: &Path) -> Option<&'static str> {
        damage(path)
    }

    /// Opens the ledger without changing it. If there is no file, the ledger is an empty one in memory.
    ///
    /// # Errors
    /// When the file cannot be opened, is not a ledger, or was written by an older or a newer program.
    pub fn open_for_reading(path: &Path) -> Result<Self> {
        let fail = |error| failed("open the ledger", path, &error);
        if !path.exists() {
            let connection = Connection::open_in_memory().map_err(fail)?;
            let mut empty = Self::new(connection, path);
            empty.prepare()?;
            return Ok(empty);
        }
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(fail)?;
        let ledger = Self::new(connection, path);
        ledger.read(|connection| connection.busy_timeout(BUSY))?;
        ledger.up_to_date()
    }

    /// Reads a copy of the ledger into memory. Works where nothing can be written. The caller sees to it that the
    /// file did not change meanwhile, and that there is no write-ahead log, which would not be read.
    ///
    /// # Errors
    /// As [`Ledger::open_for_reading`].
    pub fn copy_unchanging(path: &Path) -> Result<Self> {
        const IN_URI: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/');
        let whole = std::path::absolute(path).map_err(|error| Error::path("find", path, error))?;
        let uri = format!("file://{}?immutable=1", percent_encode(whole.as_os_str().as_encoded_bytes(), IN_URI));
        let copy = || {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
            let file = Connection::open_with_flags(uri, flags)?;
            let mut copy = Connection::open_in_memory()?;
            Backup::new(&file, &mut copy)?.step(-1)?;
            Ok(copy)
        };
        let connection = copy().map_err(|error: rusqlite::Error| failed("read the ledger", path, &error))?;
        Self::new(connection, path).up_to_date()
    }

    fn new(connection: Connection, path: &Path) -> Self {
        let links = LinkFiles::new(path.with_file_name("links"));
        Self { connection, path: path.to_owned(), links, rebuilt: None, _seal: None }
    }

    /// Checks that a ledger that is only read has all tables.
    fn up_to_date(self) -> Result<Self> {
        if self.missing_migrations()?.is_empty() {
            return Ok(self);
        }
        let message = format!("the ledger {} was written by an older roundup", self.path.display());
        Err(Error::failed(message).hint("the next run or import brings it up to date"))
    }

    fn prepare(&mut self) -> Result<()> {
        self.read(|connection| {
            connection.busy_timeout(BUSY)?;
            connection.pragma_update(None, "journal_mode", "WAL")?;
            connection.pragma_update(None, "synchronous", "FULL")?;
            connection.pragma_update(None, "foreign_keys", true)?;
            // What is deleted must not stay readable in the file.
            connection.pragma_update(None, "secure_delete", true)?;
            connection.execute_batch("CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY) STRICT")
        })?;
        for Migration { name, sql } in self.missing_migrations()? {
            if *name == LINKS {
                self.move_links()?;
            }
            self.write(|transaction| {
                transaction.execute_batch(sql)?;
                transaction.execute("INSERT INTO migrations (name) VALUES (?1)", [name])?;
                Ok(())
            })?;
        }
        if let Err(error) = self.give_back() {
            tracing::warn!("the ledger keeps its free space: {error}");
        }
        Ok(())
    }

    /// Copies the links of a ledger that still has them in a table.
    fn move_links(&mut self) -> Result<()> {
        let lines: Vec<Line> = self.read(|connection| {
            let sql = "SELECT interview_id, position, object, link, settled_at, fetched_at FROM links ORDER BY number";
            let read = |row: &Row<'_>| {
                Ok(Line {
                    interview: row.get(0)?,
                    position: row.get(1)?,
                    object: row.get(2)?,
                    link: row.get(3)?,
                    settled_at: row.get(4)?,
                    fetched_at: row.get(5)?,
                })
            };
            connection.prepare(sql)?.query_map([], read)?.collect()
        })?;
        self.links.append(&lines, Timestamp::now())
    }

    /// Gives space back to the file system if most of the file is free.
    fn give_back(&self) -> Result<()> {
        self.read(|connection| {
            let of = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
            let (free, pages, size) = (of("freelist_count")?, of("page_count")?, of("page_size")?);
            if free * size < FREE || free * 2 < pages {
                return Ok(());
            }
            connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE)")
        })
    }

    /// The migrations that are still to be applied.
    fn missing_migrations(&self) -> Result<Vec<&'static Migration>> {
        let applied: Vec<String> = self.read(|connection| {
            connection.prepare("SELECT name FROM migrations ORDER BY name")?.query_map([], |row| row.get(0))?.collect()
        })?;
        if let Some(unknown) = applied.iter().find(|name| MIGRATIONS.iter().all(|known| known.name != name.as_str())) {
            let message = format!("the ledger {} was written by a newer roundup ({unknown})", self.path.display());
            return Err(Error::failed(message).hint("update roundup on this machine"));
        }
        Ok(MIGRATIONS.iter().filter(|known| !applied.iter().any(|name| name == known.name)).collect())
    }

    /// Does work in one transaction. If it fails, nothing is changed.
    pub(super) fn write<T>(&mut self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T> {
        let run = |connection: &mut Connection| {
            // Immediate, because a transaction that begins by reading could not wait for another writer later.
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        };
        run(&mut self.connection).map_err(|error| failed("write to the ledger", &self.path, &error))
    }

    pub(super) fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        work(&self.connection).map_err(|error| failed("read the ledger", &self.path, &error))
    }

    /// Moves all that was written into the file itself, so that it is whole without what SQLite keeps beside it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn make_whole(&self) -> Result<()> {
        let is_busy = self.read(|connection| {
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0))
        })?;
        if is_busy { Err(Error::path("write to the ledger", &self.path, "another program reads it")) } else { Ok(()) }
    }
}

/// Free bytes with which SQLite cannot even make the index of its log.
const FULL: u64 = 1 << 20;

/// The error for an operation on the ledger that failed. On a full disk SQLite speaks of disk I/O errors, as it does when
/// a disk fails, and a ledger that is rebuilt there finds no room either.
fn failed(doing: &str, path: &Path, why: &rusqlite::Error) -> Error {
    let free = rustix::fs::statvfs(path).map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    explained(doing, path, why, free.is_ok_and(|free| free < FULL))
}

fn explained(doing: &str, path: &Path, why: &rusqlite::Error, is_full: bool) -> Error {
    let error = Error::path(doing, path, why);
    let full = |why: String| Error::path(doing, path, why).with_kind(Kind::DiskFull).hint(MAKE_ROOM);
    match why.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => full(NO_SPACE.to_owned()),
        Some(ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) if is_full => full(format!("{why}: {NO_SPACE}")),
        Some(ErrorCode::SystemIoFailure) => error.hint("is the disk failing? `dmesg` says; copy the lake away first"),
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            error.hint("`roundup ledger rebuild` makes it anew from the tables")
        }
        _ => error,
    }
}

/// The system's words, with which other operations fail on a full disk.
const NO_SPACE: &str = "No space left on device";
const MAKE_ROOM: &str = "make room, which `df` shows; nothing is wrong with the ledger";

/// Converts a time of the tables, which is in microseconds since 1970.
pub(super) fn from_micros(micros: i64) -> rusqlite::Result<Timestamp> {
    Timestamp::from_microsecond(micros).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, micros))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_whether_the_disk_is_full_and_only_damage_calls_for_another_ledger() {
        let said = |code, is_full| {
            let why = rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
            let error = explained("read the ledger", Path::new("ledger.db"), &why, is_full);
            assert_eq!(error.kind() == Kind::DiskFull, error.to_string().ends_with(NO_SPACE), "{error}");
            (error.to_string(), error.hint_text().unwrap_or_default().to_owned())
        };
        for (code, is_full, end, hint) in [
            (rusqlite::ffi::SQLITE_FULL, false, "No space left on device", "make room"),
            (rusqlite::ffi::SQLITE_IOERR, true, "No space left on device", "make room"),
            (rusqlite::ffi::SQLITE_CANTOPEN, true, "No space left on device", "make room"),
            (rusqlite::ffi::SQLITE_IOERR, false, "disk I/O error", "is the disk failing?"),
            (rusqlite::ffi::SQLITE_CORRUPT, true, "", "roundup ledger rebuild"),
            (rusqlite::ffi::SQLITE_NOTADB, false, "", "roundup ledger rebuild"),
            (rusqlite::ffi::SQLITE_BUSY, true, "", ""),
        ] {
            let (message, way_out) = said(code, is_full);
            assert!(message.starts_with("cannot read the ledger ledger.db: ") && message.ends_with(end), "{message}");
            assert!(way_out.contains(hint) && (!hint.is_empty() || way_out.is_empty()), "{message}: {way_out}");
        }
        // The ledger of a folder that is there, on a disk with room.
        let folder = tempfile::tempdir().unwrap();
        let error = Ledger::open(folder.path()).err().unwrap();
        assert!(!error.to_string().contains(NO_SPACE), "{error}");
    }
}

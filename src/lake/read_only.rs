//! The ledger of a lake in which this process can write nothing.
//!
//! SQLite reads a ledger only if its write-ahead log and the index of that are there or can be made. A run has both,
//! and so has one that was killed. Otherwise there is no log, and the file has everything. It is then copied without
//! SQLite's locks, which need the index too, and the copy is taken only if the file is the same as before: a run that
//! begins meanwhile makes a log first.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::ledger::Ledger;
use crate::model::{Error, Result};

/// How often to try while runs begin and end.
const TRIES: usize = 10;

/// Opens the ledger for reading only.
///
/// # Errors
/// When it cannot be read.
pub fn read_only_ledger(path: &Path) -> Result<Ledger> {
    let mut opened = Ledger::open_for_reading(path);
    for _ in 0..TRIES {
        if opened.is_ok() {
            return opened;
        }
        let before = state(path)?;
        if log_of(path).exists() {
            opened = Ledger::open_for_reading(path)
                .map_err(|error| error.hint("copy all files of _roundup, ledger.db-shm too"));
            continue;
        }
        opened = Ledger::copy_unchanging(path);
        if opened.is_ok() && !log_of(path).exists() && state(path)? == before {
            return opened;
        }
        opened = opened.and_then(|_| Err(Error::path("read the ledger", path, "it is changing")));
    }
    opened
}

/// What tells a file from one that was written to since: its number, size and times.
fn state(path: &Path) -> Result<(u64, u64, i64, i64)> {
    let metadata = fs::metadata(path).map_err(|error| Error::path("read the ledger", path, error))?;
    Ok((metadata.ino(), metadata.len(), metadata.mtime(), metadata.mtime_nsec()))
}

/// The write-ahead log of a ledger.
fn log_of(ledger: &Path) -> PathBuf {
    let mut log = ledger.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

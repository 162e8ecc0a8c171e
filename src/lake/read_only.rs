//! The ledger of a lake in which this process can write nothing.
//!
//! SQLite reads a ledger only if its write-ahead log and the index of that are there or can be made. A run has both,
//! and so has one that was killed. Otherwise there is no log, and the file has everything. It is then read without
//! SQLite's locks, which need the index too; instead, no run begins meanwhile.

use std::path::Path;
use std::thread::yield_now;
use std::time::{Duration, Instant};

use super::places::Lake;
use crate::ledger::Ledger;
use crate::model::Result;

/// How long to wait for a run that is just beginning or ending, which takes it milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// Opens the ledger for reading only.
///
/// # Errors
/// When it cannot be read.
pub fn read_only_ledger(lake: &Lake, path: &Path) -> Result<Ledger> {
    let began = Instant::now();
    loop {
        let opened = Ledger::open_for_reading(path);
        if opened.is_ok() {
            return opened;
        }
        if let Some(_no_run_begins) = lake.hold_off_runs()? {
            return if has_log(path) {
                Ledger::open_for_reading(path)
                    .map_err(|error| error.hint("copy all files of _roundup, ledger.db-shm too"))
            } else {
                Ledger::copy_unchanging(path)
            };
        }
        if began.elapsed() > PATIENCE {
            return opened;
        }
        yield_now();
    }
}

/// Whether there is a write-ahead log. While runs are held off, one that is not there has nothing that is not in the
/// file.
fn has_log(ledger: &Path) -> bool {
    let mut log = ledger.as_os_str().to_owned();
    log.push("-wal");
    Path::new(&log).exists()
}

//! Opens the ledger of a lake: with the lock, which also finishes what a killed run left, or for reading only.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::lock::LakeLock;
use super::places::Lake;
use super::publish::recover;
use super::read_only::read_only_ledger;
use crate::ledger::Ledger;
use crate::model::{Error, Result};

impl Lake {
    /// Opens the ledger, finishes what a killed run left half done, and forgets times that cannot be true. The caller
    /// must hold the lock.
    ///
    /// # Errors
    /// When the ledger cannot be opened or a half-done publish cannot be finished.
    pub fn ledger(&self, _lock: &LakeLock) -> Result<Ledger> {
        let path = self.ledger_path();
        refuse_network(&self.own())?;
        // SQLite would make the file readable for all users.
        let made = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        made.map_err(|error| Error::path("open the ledger", &path, error))?;
        let mut ledger = Ledger::open(&path)?;
        recover(self, &mut ledger)?;
        let now = Timestamp::now();
        ledger.forget_times_ahead(now)?;
        ledger.forget_old_links(now)?;
        Ok(ledger)
    }

    /// Opens a second connection to the ledger, for another thread.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn second_ledger(&self, _lock: &LakeLock) -> Result<Ledger> {
        Ledger::open(&self.ledger_path())
    }

    /// Opens the ledger for reading only, even while another program is running, and even if nothing can be written. An
    /// empty one if there is none yet.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn ledger_for_reading(&self) -> Result<Ledger> {
        let path = self.ledger_path();
        if self.is_writable() || !path.exists() {
            return Ledger::open_for_reading(&path);
        }
        read_only_ledger(self, &path)
    }

    fn ledger_path(&self) -> PathBuf {
        self.own().join("ledger.db")
    }
}

/// Refuses network file systems, on which SQLite's locks and its write-ahead log are not safe.
fn refuse_network(folder: &Path) -> Result<()> {
    // As in `statfs(2)`: NFS, SMB, CIFS, SMB2, AFS, Ceph.
    const NETWORK: [i64; 6] = [0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42, 0x5346_414F, 0x00C3_6400];
    let kind = rustix::fs::statfs(folder).map_err(|error| Error::path("look at", folder, error))?.f_type;
    if !NETWORK.contains(&kind) {
        return Ok(());
    }
    let message = format!("{} is on a network file system, where the ledger would not be safe", folder.display());
    Err(Error::usage(message).hint("keep the lake on a disk of this machine, and copy its tables from there"))
}

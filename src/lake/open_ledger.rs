//! Opens the ledger of a lake: with the lock, which also finishes what a killed run left, or for reading only.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::access::{OTHERS, deny, make_private_folder};
use super::adopt::adopt;
use super::agreement;
use super::catch_up::catch_up;
use super::deliveries::{self, Trust};
use super::delta;
use super::durable::{batch_id, create_private, move_to, sync_with_parent};
use super::lock::LakeLock;
use super::log::{self, Version, read_log};
use super::place::clear;
use super::places::Lake;
use super::publish::bring_jobs_up;
use super::read_only::read_only_ledger;
use super::recover::{check_bound, log_is_gone, recover};
use super::retired;
use super::work_folder;
use crate::ledger::Ledger;
use crate::model::{Error, Result};

/// The ledger, and what SQLite keeps beside it.
const LEDGER_FILES: [&str; 4] = ["ledger.db", "ledger.db-wal", "ledger.db-shm", "ledger.db.seal"];

impl Lake {
    /// Opens the ledger, finishes what a killed run left half done, forgets times that cannot be true, and checks that
    /// the lake agrees with its log. The caller must hold the lock.
    ///
    /// # Errors
    /// When the ledger cannot be opened, a half-done publish cannot be finished, or something that this program did not
    /// do has happened to the lake.
    pub fn ledger(&self, lock: &LakeLock) -> Result<Ledger> {
        let mut ledger = self.new_or_old_ledger(lock)?;
        // The ledger first: it is never ahead of a log that is read after it.
        let at = ledger.applied()?;
        let mut trust = Trust::ThisLake;
        let tail = match read_log(&self.log_folder())? {
            None if at.is_some() => return Err(log_is_gone(self)),
            None => {
                adopt(self, &mut ledger)?;
                trust = Trust::AnyLake;
                Vec::new()
            }
            Some(log) => {
                check_bound(self, &log, at.as_ref())?;
                if at.is_none() && log.version.files().next().is_some() {
                    let why = ledger.rebuilt.take().unwrap_or_else(|| "it was gone".to_owned());
                    let why = format!("the ledger of the lake at {} is rebuilt: {why}", self.root().display());
                    tracing::warn!("{why}");
                    ledger.rebuilt = Some(why);
                }
                self.set_version(Some(log.version));
                log.tail
            }
        };
        recover(self, &mut ledger)?;
        deliveries::take_in(self, &mut ledger, trust)?;
        if let Some(version) = self.version()? {
            agreement::check(self.root(), &version)?;
            delta::follow_log(self, &version, &tail);
        }
        bring_jobs_up(self, &mut ledger)?;
        let now = Timestamp::now();
        log::prune(&self.log_folder(), now)?;
        retired::clear(self.root(), now)?;
        work_folder::sweep(self);
        ledger.forget_times_ahead(now)?;
        self.forget_ages_ahead(now)?;
        ledger.forget_old_links(now)?;
        Ok(ledger)
    }

    /// Opens the ledger as it is, or makes it.
    pub(super) fn new_or_old_ledger(&self, lock: &LakeLock) -> Result<Ledger> {
        let path = self.ledger_path();
        refuse_network(&self.own())?;
        self.make_folders().map_err(|error| Error::path("make the folders of the lake at", self.root(), error))?;
        let damage = if path.exists() { Ledger::damage(&path) } else { None };
        if damage.is_some() {
            self.set_ledger_aside(lock)?;
        }
        // SQLite would make the file readable for all users.
        let made = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        let own = LEDGER_FILES.iter().map(|name| self.own().join(name)).chain([self.candidate_key_path()]);
        let private = || own.into_iter().try_for_each(|path| deny(&path, OTHERS));
        made.and_then(|_| private()).map_err(|error| Error::path("open the ledger", &path, error))?;
        let mut ledger = Ledger::open_sealed(&path)?;
        ledger.rebuilt = damage.map(str::to_owned);
        Ok(ledger)
    }

    /// Moves the ledger out of the way, so that the next opening rebuilds it from the tables.
    ///
    /// # Errors
    /// When it cannot be moved.
    pub fn set_ledger_aside(&self, _lock: &LakeLock) -> Result<()> {
        let aside = self.foreign_folder().join(batch_id(Timestamp::now()));
        for name in LEDGER_FILES {
            let path = self.own().join(name);
            if path.exists() {
                move_to(&aside, &path, name)?;
            }
        }
        Ok(())
    }

    /// Makes the ledger anew from the tables. The one that is there makes way when the new one is whole, so that a full
    /// disk takes nothing.
    ///
    /// # Errors
    /// When the lake cannot be read, or the new ledger not be written.
    pub fn rebuild_ledger(&self, lock: &LakeLock) -> Result<()> {
        let Some(version) = self.version()? else { return self.set_ledger_aside(lock) };
        let folder = self.staging_folder().join("ledger");
        clear(&folder)?;
        let made = self.new_ledger_in(&folder, &version).and_then(|new| {
            self.set_ledger_aside(lock)?;
            let path = self.ledger_path();
            let renamed = fs::rename(new, &path).and_then(|()| sync_with_parent(&self.own()));
            renamed.map_err(|error| Error::path("write", &path, error))
        });
        clear(&folder)?;
        made
    }

    /// Makes the ledger of a version in a folder, and returns its path.
    fn new_ledger_in(&self, folder: &Path, version: &Version) -> Result<PathBuf> {
        let path = folder.join(LEDGER_FILES[0]);
        let made = make_private_folder(folder).and_then(|()| create_private(&path));
        made.map_err(|error| Error::path("make", &path, error))?;
        let mut ledger = Ledger::open(&path)?;
        catch_up(self, &mut ledger, version, &[], None)?;
        ledger.make_whole()?;
        Ok(path)
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
        self.ledger_if_allowed()?.ok_or_else(|| {
            let message = format!("the ledger {} is for the lake's owner alone", self.ledger_path().display());
            Error::failed(message).hint("the tables of the lake can be read without it, also by `report` and `export`")
        })
    }

    /// Opens the ledger for reading only. `None` for a user who may not: it holds ids and mistakes of the night.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn ledger_if_allowed(&self) -> Result<Option<Ledger>> {
        let path = self.ledger_path();
        match File::open(&path) {
            Err(error) if error.kind() == ErrorKind::PermissionDenied => Ok(None),
            Ok(_) if !self.is_writable() => read_only_ledger(&path).map(Some),
            _ => Ledger::open_for_reading(&path).map(Some),
        }
    }

    fn ledger_path(&self) -> PathBuf {
        self.own().join(LEDGER_FILES[0])
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

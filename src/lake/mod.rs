//! The lake: a folder of plain Parquet that other tools read at any moment, and the program's own `_roundup/` in it.

pub mod crash;
pub mod durable;
pub mod find;
pub mod framing;
pub mod open_interviews;
pub mod outside;
pub mod publish;
pub mod read;
mod recordings;
pub mod replace;
mod rewrite;
pub mod row_groups;
pub mod rows;
pub mod schema;
pub mod write;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use crate::ledger::Ledger;
use crate::model::{Error, Kind, Result};

/// Name of the folder inside a lake that is this program's own.
const OWN: &str = "_roundup";
const KEY_BYTES: usize = 32;

/// A lake's places. Opening one takes no lock; see [`Lake::lock`].
#[derive(Debug, Clone)]
pub struct Lake {
    root: PathBuf,
}

impl Lake {
    /// Opens a lake, making its folders if they are missing.
    ///
    /// # Errors
    /// A usage error when the path cannot be a lake: it is a URL, no folder, or not writable.
    pub fn create(root: &Path) -> Result<Self> {
        refuse_url(root)?;
        let lake = Self { root: root.to_owned() };
        for folder in [lake.spool_folder(), lake.inbox_folder(), lake.staging_folder(), lake.quarantine_folder()] {
            fs::create_dir_all(&folder).map_err(|error| {
                let hint = "choose another folder with `path` under [lake], or with --lake";
                Error::path("make the lake at", root, error).with_kind(Kind::Usage).hint(hint)
            })?;
        }
        // The first publish must not be lost with the folders it is in.
        for folder in [&lake.root, &lake.own()] {
            durable::sync_with_parent(folder).map_err(|error| Error::path("sync", folder, error))?;
        }
        // A folder can be there and still refuse files: better said now than after an hour of fetching.
        probe(&lake.own()).map_err(|error| Error::path("write to the lake at", root, error).with_kind(Kind::Usage))?;
        Ok(lake)
    }

    /// Opens a lake that is there.
    ///
    /// # Errors
    /// A usage error when there is none.
    pub fn open(root: &Path) -> Result<Self> {
        refuse_url(root)?;
        let lake = Self { root: root.to_owned() };
        if lake.own().is_dir() {
            return Ok(lake);
        }
        let message = format!("there is no lake at {}", root.display());
        Err(Error::usage(message).hint("`roundup run` and `roundup import` make one"))
    }

    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    fn own(&self) -> PathBuf {
        self.root.join(OWN)
    }

    #[must_use]
    pub fn spool_folder(&self) -> PathBuf {
        self.own().join("spool")
    }

    /// Events that the webhook receiver took and no ingest has read yet.
    #[must_use]
    pub fn inbox_folder(&self) -> PathBuf {
        self.own().join("inbox")
    }

    #[must_use]
    pub fn staging_folder(&self) -> PathBuf {
        self.own().join("staging")
    }

    #[must_use]
    pub fn quarantine_folder(&self) -> PathBuf {
        self.own().join("quarantine")
    }

    /// Recordings on their way to an archive that is no folder.
    #[must_use]
    pub fn audio_folder(&self) -> PathBuf {
        self.own().join("audio")
    }

    /// Which interviews each report quotes.
    #[must_use]
    pub fn quotes_folder(&self) -> PathBuf {
        self.own().join("quotes")
    }

    /// Whether no body is set aside.
    #[must_use]
    pub fn quarantine_is_empty(&self) -> bool {
        fs::read_dir(self.quarantine_folder()).map_or(true, |mut entries| entries.next().is_none())
    }

    #[must_use]
    pub fn last_run_path(&self) -> PathBuf {
        self.own().join("last-run.json")
    }

    /// Opens the ledger and finishes what a killed run left half done. Only for who holds the lock.
    ///
    /// # Errors
    /// When the ledger cannot be opened or a half-done publish cannot be finished.
    pub fn ledger(&self, _lock: &LakeLock) -> Result<Ledger> {
        let path = self.ledger_path();
        refuse_network(&self.own())?;
        // SQLite would make it readable for all.
        let made = OpenOptions::new().create(true).append(true).mode(0o600).open(&path);
        made.map_err(|error| Error::path("open the ledger", &path, error))?;
        let mut ledger = Ledger::open(&path)?;
        publish::recover(self, &mut ledger)?;
        ledger.forget_old_links(Timestamp::now())?;
        Ok(ledger)
    }

    /// Another connection to the ledger, for a thread that works beside the one which opened it.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn ledger_beside(&self, _lock: &LakeLock) -> Result<Ledger> {
        Ledger::open(&self.ledger_path())
    }

    /// Opens the ledger for reading only, beside a program that may be running; an empty one if there is none yet.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn ledger_for_reading(&self) -> Result<Ledger> {
        Ledger::open_for_reading(&self.ledger_path())
    }

    fn ledger_path(&self) -> PathBuf {
        self.own().join("ledger.db")
    }

    /// Takes the lake for one run. The lock ends with the process, however that ends, so none is ever stale.
    ///
    /// # Errors
    /// [`Kind::Locked`] when another process has it.
    pub fn lock(&self) -> Result<LakeLock> {
        let path = self.own().join("lock");
        let fail = |error: std::io::Error| Error::path("lock", &path, error);
        let mut file =
            OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _unreadable_is_fine = file.read_to_string(&mut holder);
                let holder = if holder.is_empty() { String::new() } else { format!(" (process {})", holder.trim()) };
                let message = format!("another run{holder} holds the lake at {}", self.root.display());
                return Err(Error::new(Kind::Locked, message).hint("wait for it to end, or use another lake"));
            }
            Err(TryLockError::Error(error)) => return Err(fail(error)),
        }
        file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(fail)?;
        Ok(LakeLock { _file: file })
    }

    /// The key under which candidates are pseudonymised, made with the lake.
    ///
    /// # Errors
    /// When it cannot be read or made.
    pub fn candidate_keys(&self) -> Result<CandidateKeys> {
        let path = self.own().join("candidate.key");
        let fail = |error: &dyn std::fmt::Display| Error::path("read the candidate key", &path, error);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => make_key(&path)?,
            Err(error) => return Err(fail(&error)),
        };
        let key = hex::decode(text.trim()).map_err(|error| fail(&error))?;
        if key.len() != KEY_BYTES {
            return Err(fail(&"it is not 64 hex digits"));
        }
        Ok(CandidateKeys { key })
    }

    /// Every file of a table, sorted by path.
    ///
    /// # Errors
    /// When a folder cannot be listed.
    pub fn files(&self, table: &schema::Table) -> Result<Vec<PathBuf>> {
        read::parquet_files(&self.root.join(table.name))
    }

    /// `month=…/<batch>.parquet` of a table's file: what the files of one batch and those derived from them share.
    ///
    /// # Panics
    /// When the file is of another table.
    #[must_use]
    pub fn place_of<'a>(&self, table: &schema::Table, path: &'a Path) -> &'a Path {
        path.strip_prefix(self.root.join(table.name)).expect("a table's file is in its folder")
    }

    /// The file of figures that was made from a file of rows: the same rows in the same order.
    ///
    /// # Errors
    /// When there is none.
    pub fn derived(&self, table: &schema::Table, metrics: &schema::Table, path: &Path) -> Result<read::ParquetFile> {
        let target = self.root.join(metrics.name).join(self.place_of(table, path));
        read::ParquetFile::open(&target).map_err(|_| {
            Error::failed(format!("{} was not analysed yet", path.display()))
                .hint(format!("roundup analyze --lake {}", self.root.display()))
        })
    }
}

/// Held for as long as a command changes the lake.
#[derive(Debug)]
pub struct LakeLock {
    _file: File,
}

/// Turns a candidate's id into the key that stands for the person everywhere but in `candidates`.
pub struct CandidateKeys {
    key: Vec<u8>,
}

impl CandidateKeys {
    /// HMAC-SHA256 of the id under the lake's key, in hex.
    ///
    /// # Panics
    /// Never: HMAC takes a key of any length.
    #[must_use]
    pub fn key_of(&self, candidate_id: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        mac.update(candidate_id.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }
}

/// SQLite's locks and its write-ahead log do not hold on file systems of other machines.
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

/// Makes the key. Half a key would be refused by every later run, so it is written whole.
fn make_key(path: &Path) -> Result<String> {
    let fail = |error: &dyn std::fmt::Display| Error::path("make the candidate key", path, error);
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(|error| fail(&error))?;
    let text = hex::encode(key);
    durable::write_whole(path, text.as_bytes(), 0o600).map_err(|error| fail(&error))?;
    Ok(text)
}

/// Beside staging and not in it: whoever holds the lock may be clearing that.
fn probe(folder: &Path) -> std::io::Result<()> {
    let path = folder.join(format!("probe-{}", std::process::id()));
    File::create(&path)?;
    fs::remove_file(&path)
}

/// # Errors
/// A usage error when the path is the URL of an object store.
pub fn refuse_url(root: &Path) -> Result<()> {
    match root.to_str() {
        Some(text) if text.contains("://") => {
            let message = format!("the lake {text} is an object store, and this build reads and writes folders only");
            Err(Error::usage(message))
        }
        _ => Ok(()),
    }
}

//! The paths of a lake: its tables, and the program's own folder `_roundup/` beside them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::fs::Access;

use super::access::{OTHERS_WRITE, denied, deny, make_folder, make_private_folder};
use super::agreement;
use super::durable::{create_private, sync_with_parent};
use super::job_tally::JobTally;
use super::log::{Commit, Version, read_placed};
use super::read::{ParquetFile, parquet_files};
use super::retired::RETIRED;
use super::schema::{CANDIDATES, Table};
use crate::model::{Error, Kind, Result, is_address};

/// Name of the program's own folder inside a lake.
const OWN: &str = "_roundup";

/// A lake. Opening one takes no lock; see [`Lake::lock`].
///
/// It stays at one version: the one that the log had when it was first asked for, or that this program has committed.
#[derive(Debug, Clone)]
pub struct Lake {
    root: PathBuf,
    version: Arc<Mutex<Option<Arc<Version>>>>,
    /// The jobs of the settled interviews that this program has counted.
    jobs: Arc<Mutex<JobTally>>,
    /// Where the candidate key is, if not in the lake.
    candidate_key: Option<PathBuf>,
    /// Whether its Delta tables are kept up.
    keeps_delta: Arc<AtomicBool>,
}

impl Lake {
    /// Opens a lake, and makes its folders if they are missing.
    ///
    /// # Errors
    /// A usage error when the path cannot be a lake: it is a URL, not a folder, or not writable.
    pub fn create(root: &Path) -> Result<Self> {
        refuse_url(root)?;
        let lake = Self::at(root);
        lake.make_folders().map_err(|error| {
            let hint = "choose another folder with `path` under [lake], or with --lake";
            Error::path("make the lake at", root, error).with_kind(Kind::Usage).hint(hint)
        })?;
        // Without this, a power cut could lose the folders of the first publish.
        for folder in [&lake.root, &lake.own()] {
            sync_with_parent(folder).map_err(|error| Error::path("sync", folder, error))?;
        }
        // A folder can exist and still refuse files, which is better known now than after an hour of fetching.
        probe(&lake.own()).map_err(|error| Error::path("write to the lake at", root, error).with_kind(Kind::Usage))?;
        Ok(lake)
    }

    fn at(root: &Path) -> Self {
        let keeps_delta = Arc::new(AtomicBool::new(true));
        let (version, jobs) = (Arc::default(), Arc::default());
        Self { root: root.to_owned(), version, jobs, candidate_key: None, keeps_delta }
    }

    /// Makes the folders of the lake that are missing.
    pub(super) fn make_folders(&self) -> io::Result<()> {
        fs::create_dir_all(&self.root)?;
        make_folder(&self.own(), OTHERS_WRITE)?;
        deny(&self.own(), OTHERS_WRITE)?;
        deny(&self.root.join(CANDIDATES.name), denied(CANDIDATES.name))?;
        let private = [self.spool_folder(), self.inbox_folder(), self.staging_folder(), self.quarantine_folder()];
        private.iter().try_for_each(|folder| make_private_folder(folder))
    }

    /// Whether this program could change the lake. Who may not can still read its tables, and does without what is its
    /// owner's alone.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        rustix::fs::access(self.own(), Access::WRITE_OK).is_ok()
    }

    /// Opens an existing lake.
    ///
    /// # Errors
    /// A usage error when there is none.
    pub fn open(root: &Path) -> Result<Self> {
        refuse_url(root)?;
        let lake = Self::at(root);
        if lake.own().is_dir() {
            return Ok(lake);
        }
        let message = format!("there is no lake at {}", root.display());
        Err(Error::usage(message).hint("`roundup run` and `roundup import` make one"))
    }

    /// The same lake, with its candidate key in a file outside, if one is named.
    #[must_use]
    pub fn with_candidate_key(self, file: Option<PathBuf>) -> Self {
        Self { candidate_key: file, ..self }
    }

    /// The same lake, with Delta tables that are kept up or not.
    #[must_use]
    pub fn with_delta(self, keeps: bool) -> Self {
        Self { keeps_delta: Arc::new(AtomicBool::new(keeps)), ..self }
    }

    pub(super) fn keeps_delta(&self) -> bool {
        self.keeps_delta.load(Ordering::Relaxed)
    }

    /// Keeps no Delta tables up from now on, as long as this program runs.
    pub(super) fn give_up_delta(&self) {
        self.keeps_delta.store(false, Ordering::Relaxed);
    }

    /// Where the secret for the keys of candidates is.
    pub(super) fn candidate_key_path(&self) -> PathBuf {
        self.candidate_key.clone().unwrap_or_else(|| self.own().join("candidate.key"))
    }

    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The program's own folder.
    pub(super) fn own(&self) -> PathBuf {
        self.root.join(OWN)
    }

    #[must_use]
    pub fn spool_folder(&self) -> PathBuf {
        self.own().join("spool")
    }

    /// The folder for events that were received and not read by an ingest yet.
    #[must_use]
    pub fn inbox_folder(&self) -> PathBuf {
        self.own().join("inbox")
    }

    #[must_use]
    pub fn staging_folder(&self) -> PathBuf {
        staging_of(&self.root)
    }

    /// The file of tombstones, which a mirror carries.
    #[must_use]
    pub fn tombstones_file(&self) -> PathBuf {
        self.own().join("tombstones")
    }

    /// The folder in which units of work leave what they have made, until it is collected.
    #[must_use]
    pub fn work_folder(&self) -> PathBuf {
        self.own().join("work")
    }

    #[must_use]
    pub fn quarantine_folder(&self) -> PathBuf {
        self.own().join("quarantine")
    }

    /// The folder for those of the tables that were exchanged for new ones.
    pub(super) fn retired_folder(&self) -> PathBuf {
        self.root.join(RETIRED)
    }

    /// The folder for partial downloads of an archive in an object store.
    #[must_use]
    pub fn audio_folder(&self) -> PathBuf {
        self.own().join("audio")
    }

    /// The folder with the interviews that each report quotes.
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

    /// The folder for files that a repair has moved out of the way.
    #[must_use]
    pub fn foreign_folder(&self) -> PathBuf {
        self.own().join("foreign")
    }

    #[must_use]
    pub fn log_folder(&self) -> PathBuf {
        self.own().join("log")
    }

    /// The version of the lake that this program reads. `None` for a lake without a log, which the next program that
    /// writes to it adopts.
    ///
    /// While another program is putting the files of a commit into place, it is the version before. Files that are not as
    /// the log has them are warned of, and the version is read all the same.
    ///
    /// # Errors
    /// When the log cannot be read, or a restore of the lake is not over.
    pub fn version(&self) -> Result<Option<Arc<Version>>> {
        let mut version = self.version.lock().unwrap_or_else(PoisonError::into_inner);
        if version.is_none() {
            self.refuse_half_restored()?;
            *version = read_placed(&self.log_folder(), |commit| self.is_placed(commit))?.map(Arc::new);
            if let Some(version) = version.as_deref()
                && fs::read_dir(self.staging_folder()).map_or(true, |mut staged| staged.next().is_none())
                && let Err(error) = agreement::check(&self.root, version)
            {
                tracing::warn!("{error}");
            }
        }
        Ok(version.clone())
    }

    /// Whether the files of a commit are in their places: its staging is gone then. Who may not look there looks at the
    /// files.
    fn is_placed(&self, commit: &Commit) -> bool {
        match fs::metadata(self.staging_folder().join(&commit.batch)) {
            Ok(_) => false,
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(_) => commit
                .add
                .iter()
                .all(|file| fs::metadata(self.root.join(&file.path)).is_ok_and(|there| there.len() == file.bytes)),
        }
    }

    /// The jobs that this program has counted.
    pub(super) fn job_tally(&self) -> MutexGuard<'_, JobTally> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes on to a version.
    pub(super) fn set_version(&self, version: Option<Version>) {
        *self.version.lock().unwrap_or_else(PoisonError::into_inner) = version.map(Arc::new);
    }

    /// Every file of a table in the version of the lake that is read, sorted by path.
    ///
    /// # Errors
    /// When the log cannot be read or, for a lake without one, a folder cannot be listed.
    pub fn files(&self, table: &Table) -> Result<Vec<PathBuf>> {
        match self.version()? {
            Some(version) => Ok(version
                .files()
                .filter(|file| file.table == table.name)
                .map(|file| self.root.join(&file.path))
                .collect()),
            None => parquet_files(&self.root.join(table.name)),
        }
    }

    /// Whether this user may read a table. Access to names and addresses can be withheld.
    #[must_use]
    pub fn is_readable(&self, table: &Table) -> bool {
        !fs::read_dir(self.root.join(table.name)).is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied)
    }

    /// The path of a table's file below its table: `month=…/<batch>.parquet`. The files of one batch and those derived
    /// from them share it.
    ///
    /// # Panics
    /// When the file belongs to another table.
    #[must_use]
    pub fn place_of<'a>(&self, table: &Table, path: &'a Path) -> &'a Path {
        path.strip_prefix(self.root.join(table.name)).expect("a table's file is in its folder")
    }

    /// Opens the file of figures that was derived from a file. It has the same rows in the same order.
    ///
    /// # Errors
    /// When there is none.
    pub fn derived(&self, table: &Table, metrics: &Table, path: &Path) -> Result<ParquetFile> {
        let target = self.root.join(metrics.name).join(self.place_of(table, path));
        ParquetFile::open(&target).map_err(|_| {
            Error::failed(format!("{} was not analysed yet", path.display()))
                .hint(format!("roundup analyze --lake {}", self.root.display()))
        })
    }
}

/// The folder of a lake in which files are finished.
pub(super) fn staging_of(root: &Path) -> PathBuf {
    root.join(OWN).join("staging")
}

/// Checks that files can be made in a folder. Not in staging, which the holder of the lock may be clearing.
fn probe(folder: &Path) -> io::Result<()> {
    let path = folder.join(format!("probe-{}", std::process::id()));
    create_private(&path)?;
    fs::remove_file(&path)
}

/// Refuses an object store as a lake.
///
/// # Errors
/// A usage error when the path is the URL of an object store.
pub fn refuse_url(root: &Path) -> Result<()> {
    match root.to_str() {
        Some(text) if is_address(text) => {
            let message = format!("the lake {text} is an object store, and this build reads and writes folders only");
            Err(Error::usage(message))
        }
        _ => Ok(()),
    }
}

//! The paths of a lake: its tables, and the program's own folder `_roundup/` beside them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};

use super::durable::sync_with_parent;
use super::read::{ParquetFile, parquet_files};
use super::schema::Table;
use crate::model::{Error, Kind, Result, is_address};

/// Name of the program's own folder inside a lake.
const OWN: &str = "_roundup";

/// A lake. Opening one takes no lock; see [`Lake::lock`].
#[derive(Debug, Clone)]
pub struct Lake {
    root: PathBuf,
}

impl Lake {
    /// Opens a lake, and makes its folders if they are missing.
    ///
    /// # Errors
    /// A usage error when the path cannot be a lake: it is a URL, not a folder, or not writable.
    pub fn create(root: &Path) -> Result<Self> {
        refuse_url(root)?;
        let lake = Self { root: root.to_owned() };
        for folder in [lake.spool_folder(), lake.inbox_folder(), lake.staging_folder(), lake.quarantine_folder()] {
            fs::create_dir_all(&folder).map_err(|error| {
                let hint = "choose another folder with `path` under [lake], or with --lake";
                Error::path("make the lake at", root, error).with_kind(Kind::Usage).hint(hint)
            })?;
        }
        // Without this, a power cut could lose the folders of the first publish.
        for folder in [&lake.root, &lake.own()] {
            sync_with_parent(folder).map_err(|error| Error::path("sync", folder, error))?;
        }
        // A folder can exist and still refuse files, which is better known now than after an hour of fetching.
        probe(&lake.own()).map_err(|error| Error::path("write to the lake at", root, error).with_kind(Kind::Usage))?;
        Ok(lake)
    }

    /// Opens an existing lake.
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

    /// Whether this process can keep records in the lake.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        access(self.own(), Access::WRITE_OK | Access::EXEC_OK).is_ok()
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

    #[must_use]
    pub fn quarantine_folder(&self) -> PathBuf {
        self.own().join("quarantine")
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

    /// Every file of a table, sorted by path.
    ///
    /// # Errors
    /// When a folder cannot be listed.
    pub fn files(&self, table: &Table) -> Result<Vec<PathBuf>> {
        parquet_files(&self.root.join(table.name))
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
fn probe(folder: &Path) -> std::io::Result<()> {
    let path = folder.join(format!("probe-{}", std::process::id()));
    File::create(&path)?;
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

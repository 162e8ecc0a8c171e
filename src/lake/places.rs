//! Where everything of a lake is: its tables, and the program's own `_roundup/` beside them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::durable::sync_with_parent;
use super::read::{ParquetFile, parquet_files};
use super::schema::Table;
use crate::model::{Error, Kind, Result, is_address};

/// Name of the folder inside a lake that is this program's own.
const OWN: &str = "_roundup";

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
            sync_with_parent(folder).map_err(|error| Error::path("sync", folder, error))?;
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

    /// The folder that is this program's own.
    pub(super) fn own(&self) -> PathBuf {
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

    /// Every file of a table, sorted by path.
    ///
    /// # Errors
    /// When a folder cannot be listed.
    pub fn files(&self, table: &Table) -> Result<Vec<PathBuf>> {
        parquet_files(&self.root.join(table.name))
    }

    /// `month=…/<batch>.parquet` of a table's file: what the files of one batch and those derived from them share.
    ///
    /// # Panics
    /// When the file is of another table.
    #[must_use]
    pub fn place_of<'a>(&self, table: &Table, path: &'a Path) -> &'a Path {
        path.strip_prefix(self.root.join(table.name)).expect("a table's file is in its folder")
    }

    /// The file of figures that was made from a file of rows: the same rows in the same order.
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
        Some(text) if is_address(text) => {
            let message = format!("the lake {text} is an object store, and this build reads and writes folders only");
            Err(Error::usage(message))
        }
        _ => Ok(()),
    }
}

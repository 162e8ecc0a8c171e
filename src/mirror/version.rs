//! Reads a mirror: the version of the lake that it has.

use std::path::Path;

use tempfile::TempDir;

use super::folder::LogCopy;
use super::head::Head;
use super::layout::{LOG, object_of};
use crate::lake::log::Version;
use crate::lake::read::ParquetFile;
use crate::ledger::LiveFile;
use crate::model::{Error, Result};
use crate::objects::Objects;

/// A mirror, and its version of the lake.
pub struct MirrorReader<'o> {
    pub objects: &'o Objects,
    pub version: Version,
    /// Tables that it does not have.
    pub withheld: Vec<String>,
    log: TempDir,
}

impl<'o> MirrorReader<'o> {
    /// Reads the log of a mirror.
    ///
    /// # Errors
    /// When there is no mirror, or its log cannot be read.
    pub fn open(objects: &'o Objects) -> Result<Self> {
        let none = || {
            let message = format!("there is no mirror of a lake at {}", objects.address(""));
            Error::usage(message).hint("`roundup mirror` makes one")
        };
        let head = Head::read(objects)?.ok_or_else(none)?;
        let log = tempfile::tempdir().map_err(|error| Error::failed(format!("cannot make a folder: {error}")))?;
        let copy = LogCopy::pull(objects, LOG, log.path())?;
        let read = copy.read()?.ok_or_else(|| {
            Error::failed(format!(
                "the mirror at {} has no version yet: its first one was not finished",
                objects.address("")
            ))
        })?;
        Ok(Self { objects, version: read.version, withheld: head.withheld, log })
    }

    /// The folder with its log, as long as this is there.
    pub fn log_folder(&self) -> &Path {
        self.log.path()
    }

    /// Whether it has the files of a table.
    #[must_use]
    pub fn has(&self, table: &str) -> bool {
        !self.withheld.iter().any(|withheld| withheld == table)
    }

    /// The files that it has.
    pub fn files(&self) -> impl Iterator<Item = &LiveFile> {
        self.version.files().filter(|file| self.has(&file.table))
    }

    /// Opens a file to read its metadata; its rows cannot be read.
    ///
    /// # Errors
    /// When it cannot be read, or is not there.
    pub fn footer(&self, file: &LiveFile) -> Result<ParquetFile> {
        let name = object_of(file);
        let missing = || Error::failed(format!("{} is missing", self.objects.address(&name)));
        let end = |bytes| self.objects.read_end(&name, bytes)?.ok_or_else(missing);
        ParquetFile::of_end(Path::new(&self.objects.address(&name)), file.bytes, end)
    }

    /// The address of a file.
    #[must_use]
    pub fn address(&self, file: &LiveFile) -> String {
        self.objects.address(&object_of(file))
    }
}

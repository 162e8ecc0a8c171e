//! Publishes a batch: all of its files appear, or none. A crash at any instant is rolled forward.
//!
//! (a) Every file is written and fsynced under `_roundup/staging/<batch>/`. (b) One ledger transaction records them,
//! which is the point of no return. (c) Each is renamed into its table, interviews last, and the folders are fsynced.
//! (d) One ledger transaction records that the batch is done. [`recover`] finishes (c) and (d) of a batch that reached
//! (b), and deletes the staging of one that did not.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use arrow::record_batch::RecordBatch;

use super::access::{denied, make_folder, take_group};
use super::crash;
use super::durable::{rename_new, sha256_of, sync, sync_all, sync_with_parent, with_free_id};
use super::places::Lake;
use super::schema::Table;
use super::write::{WrittenFile, write_file};
use crate::ledger::{BatchFile, Ledger, Sighting, UnfinishedBatch};
use crate::model::{Error, Result};

/// Tables in the order in which they are published, so that a visible interview always has its answers and its
/// candidate.
const ORDER: &[&str] = &["candidates", "responses", "questions", "audio", "runs", "interviews", "open_interviews"];

/// A batch that is being written under staging.
pub struct Staging<'a> {
    lake: &'a Lake,
    batch: String,
    folder: PathBuf,
    files: Vec<BatchFile>,
}

impl<'a> Staging<'a> {
    /// Begins a batch, with an id that sorts by time and was never used in this lake. An unfinished batch is finished
    /// first, because later ones build on it.
    ///
    /// # Errors
    /// When the staging folder cannot be made, or an earlier batch still cannot be finished.
    pub fn begin(lake: &'a Lake, ledger: &mut Ledger) -> Result<Self> {
        finish_begun(lake, ledger)?;
        let batch = with_free_id(|id| Ok::<_, Error>((!ledger.has_batch(id)?).then(|| id.to_owned())))?;
        let folder = lake.staging_folder().join(&batch);
        fs::create_dir_all(&folder).map_err(|error| Error::path("make", &folder, error))?;
        Ok(Self { lake, batch, folder, files: Vec::new() })
    }

    #[must_use]
    pub fn batch(&self) -> &str {
        &self.batch
    }

    /// The files written so far.
    #[must_use]
    pub fn files(&self) -> &[BatchFile] {
        &self.files
    }

    /// Writes this batch's file of a table and month.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, table: &Table, month: &str, groups: impl IntoIterator<Item = RecordBatch>) -> Result<()> {
        let path = format!("{}/month={month}/{}.parquet", table.name, self.batch);
        self.write_at(path, table, false, groups)
    }

    /// Writes a file that replaces a file of the lake.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn replace(&mut self, path: &str, table: &Table, groups: impl IntoIterator<Item = RecordBatch>) -> Result<()> {
        self.write_at(path.to_owned(), table, true, groups)
    }

    fn write_at(
        &mut self,
        path: String,
        table: &Table,
        replaces: bool,
        groups: impl IntoIterator<Item = RecordBatch>,
    ) -> Result<()> {
        let staged = staged_path(&self.folder, &path);
        let WrittenFile { size, sha256 } = write_file(&staged, table, &[], groups)?;
        sync(&staged).map_err(|error| Error::path("sync", &staged, error))?;
        self.files.push(BatchFile { path, size, sha256, replaces });
        Ok(())
    }

    /// Does steps (b) to (d). `sightings` and `questions_published` are recorded in (b).
    ///
    /// # Errors
    /// When the ledger or the lake cannot be written. After (b), the next opening of the ledger finishes the work.
    pub fn publish(self, ledger: &mut Ledger, sightings: &[Sighting], questions_published: &[String]) -> Result<()> {
        sync(&self.folder).map_err(|error| Error::path("sync", &self.folder, error))?;
        crash::point("publish-staged");
        ledger.begin_publishing(&self.batch, &self.files, sightings, questions_published)?;
        crash::point("publish-recorded");
        roll_forward(self.lake, ledger, &self.batch, self.files)
    }
}

/// Finishes every batch past its point of no return, then deletes what is left in staging.
///
/// # Errors
/// When a file of such a batch is missing, or the lake cannot be written.
pub fn recover(lake: &Lake, ledger: &mut Ledger) -> Result<()> {
    finish_begun(lake, ledger)?;
    let staging = lake.staging_folder();
    let fail = |error: io::Error| Error::path("clear", &staging, error);
    for entry in fs::read_dir(&staging).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        crash::point("recovery-clearing");
        if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) }.map_err(fail)?;
    }
    Ok(())
}

/// Finishes every batch past its point of no return, oldest first.
fn finish_begun(lake: &Lake, ledger: &mut Ledger) -> Result<()> {
    for UnfinishedBatch { id, files } in ledger.unfinished_batches()? {
        tracing::info!(batch = id, "finishing a batch that was left half published");
        crash::point("recovery-begun");
        roll_forward(lake, ledger, &id, files)?;
        crash::point("recovery-finished");
    }
    Ok(())
}

fn roll_forward(lake: &Lake, ledger: &mut Ledger, batch: &str, mut files: Vec<BatchFile>) -> Result<()> {
    let rank = |path: &str| {
        let table = path.split('/').next().unwrap_or_default();
        ORDER.iter().position(|name| *name == table).expect("a published table has its place in the order")
    };
    files.sort_by_key(|file| rank(&file.path));
    let folder = lake.staging_folder().join(batch);
    for file in &files {
        let target = lake.root().join(&file.path);
        place(&staged_path(&folder, &file.path), &target, file)
            .map_err(|error| Error::path("publish", &target, error))?;
        crash::point("publish-placed-one");
    }
    crash::point("publish-placed-all");
    ledger.commit_batch(batch)?;
    crash::point("publish-committed");
    match fs::remove_dir_all(&folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::path("clear", &folder, error)),
        _ => Ok(()),
    }
}

/// Moves one file into its place, or checks that it is there already.
fn place(staged: &Path, target: &Path, file: &BatchFile) -> io::Result<()> {
    let parent = target.parent().expect("a table's file is in a folder");
    if !staged.exists() {
        if sha256_of(target)? != file.sha256 {
            return Err(io::Error::other("another file is in its place"));
        }
        // It may have been renamed just before a power cut, and not be synced.
        return sync_with_parent(parent);
    }
    make_folder(parent, denied(file.path.split('/').next().unwrap_or_default()))?;
    take_group(staged, parent)?;
    if file.replaces {
        fs::rename(staged, target)?;
    } else {
        rename_new(staged, target)?;
    }
    sync_with_parent(parent)
}

/// Moves derived files, as pairs of source and target, into their places, over older ones. Derived files can be made
/// again at any time, so they need no ledger. They are synced before they are moved, and a move that a power cut undoes
/// is repeated by the next analysis.
///
/// # Errors
/// When the lake cannot be written.
pub fn replace_derived(files: &[(PathBuf, PathBuf)]) -> Result<()> {
    let staged: Vec<&Path> = files.iter().map(|(staged, _)| staged.as_path()).collect();
    sync_all(&staged)?;
    for (staged, target) in files {
        let parent = target.parent().expect("a table's file is in a folder");
        fs::create_dir_all(parent)
            .and_then(|()| take_group(staged, parent))
            .and_then(|()| fs::rename(staged, target))
            .map_err(|error| Error::path("publish", target, error))?;
    }
    Ok(())
}

/// The place in a staging folder of a file of the lake, whose path is relative to the lake.
pub fn staged_path(folder: &Path, path: &str) -> PathBuf {
    folder.join(path.replace('/', "--"))
}

//! Publishes a batch: all of its files appear, or none. A crash at any instant is rolled forward.
//!
//! (a) Every file is written and fsynced under `_roundup/staging/<batch>/`. (b) The commit that names them gets its name
//! in the [log](super::log), which is the point of no return. (c) Each file is renamed into its table, interviews last,
//! and the folders are fsynced. (d) The ledger is told, and the [Delta tables](super::delta) follow.
//! [`recover`](super::recover) finishes (c) and (d) of a batch that reached (b), and deletes the staging of one that did
//! not.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::record_batch::RecordBatch;
use jiff::Timestamp;

use super::crash;
use super::delta;
use super::durable::{sync, with_free_id};
use super::finish::finish;
use super::job_table::{self, is_counted, jobs_path};
use super::log::{self, Commit, CommitKind, Committed, Version};
use super::place::{clear, place_all, staged_path};
use super::places::Lake;
use super::schema::{JOBS, SOURCE_SHA256, Table, is_source};
use super::write::{WrittenFile, write_file};
use crate::ledger::{Change, Ledger, LiveFile};
use crate::model::{Error, Kind, Result};

/// A batch that is being written under staging.
pub struct Staging<'a> {
    lake: &'a Lake,
    /// The version that the commit follows; `None` for the first.
    base: Option<Arc<Version>>,
    kind: CommitKind,
    batch: String,
    folder: PathBuf,
    files: Vec<LiveFile>,
    /// Paths of files that replace older ones.
    replaced: HashSet<String>,
}

impl<'a> Staging<'a> {
    /// Begins a batch, with an id that sorts by time and was never used in this lake. An unfinished batch is finished
    /// first, because later ones build on it.
    ///
    /// # Errors
    /// When the staging folder cannot be made, or an earlier batch still cannot be finished.
    pub fn begin(lake: &'a Lake, ledger: &mut Ledger, kind: CommitKind) -> Result<Self> {
        finish(lake, ledger)?;
        Self::begin_at(lake, kind)
    }

    /// Begins a batch upon the version that the program has read, whatever the ledger is at.
    pub(super) fn begin_at(lake: &'a Lake, kind: CommitKind) -> Result<Self> {
        let base = lake.version()?;
        let is_used = |id: &str| {
            let name = format!("/{id}.parquet");
            base.iter().flat_map(|version| version.files()).any(|file| file.path.ends_with(&name))
        };
        let (batch, folder) = with_free_id(|id| {
            if is_used(id) {
                return Ok(None);
            }
            let folder = lake.staging_folder().join(id);
            match fs::create_dir(&folder) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
                made => made.map(|()| Some((id.to_owned(), folder.clone()))),
            }
            .map_err(|error| Error::path("make", &folder, error))
        })?;
        Ok(Self { lake, base, kind, batch, folder, files: Vec::new(), replaced: HashSet::new() })
    }

    #[must_use]
    pub fn batch(&self) -> &str {
        &self.batch
    }

    /// The folder in which its files are written.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Writes this batch's file of a table and month.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, table: &Table, month: &str, groups: impl IntoIterator<Item = RecordBatch>) -> Result<()> {
        let path = format!("{}/month={month}/{}.parquet", table.name, self.batch);
        self.write_at(path, table, &[], groups)
    }

    /// Writes a file that replaces a file of the lake.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn replace(&mut self, path: &str, table: &Table, groups: impl IntoIterator<Item = RecordBatch>) -> Result<()> {
        self.replace_with(path, table, &[], groups)
    }

    /// Writes a file that replaces a file of the lake, with key-value metadata.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn replace_with(
        &mut self,
        path: &str,
        table: &Table,
        metadata: &[(&str, &str)],
        groups: impl IntoIterator<Item = RecordBatch>,
    ) -> Result<()> {
        self.replaced.insert(path.to_owned());
        self.write_at(path.to_owned(), table, metadata, groups)
    }

    /// The SHA-256 that a file of the lake has before this batch. `None` if there is none.
    pub(super) fn sha256_before(&self, path: &str) -> Option<&str> {
        Some(&self.base.as_ref()?.file(path)?.sha256)
    }

    /// The SHA-256 that a file of the lake will have after this batch. `None` if there is none.
    pub(super) fn sha256_after(&self, path: &str) -> Option<&str> {
        let own = self.files.iter().find(|file| file.path == path).map(|file| file.sha256.as_str());
        own.or_else(|| self.sha256_before(path))
    }

    /// Writes the table of jobs, as the version that this batch makes will have it.
    ///
    /// # Errors
    /// When a file of interviews cannot be read, or the table cannot be written.
    pub(super) fn count_jobs(&mut self) -> Result<()> {
        let own: HashSet<&str> = self.files.iter().map(|file| &*file.path).collect();
        let stay = self.base.iter().flat_map(|base| base.files()).filter(|file| !own.contains(&*file.path));
        let stay = stay.map(|file| (file, self.lake.root().join(&file.path)));
        let new = self.files.iter().map(|file| (file, staged_path(&self.folder, &file.path)));
        let counted: Vec<(&LiveFile, PathBuf)> = stay.chain(new).filter(|(file, _)| is_counted(&file.table)).collect();
        let source = job_table::source_of(counted.iter().map(|(file, _)| *file));
        let jobs = job_table::count(&mut self.lake.job_tally(), &counted)?;
        self.write_at(jobs_path(), &JOBS, &[(SOURCE_SHA256, &source)], Some(job_table::rows_of(&jobs)))
    }

    /// Writes the table of jobs for a batch whose files hold the rows of those that are `removed`: with the same rows, and
    /// the new files that these are counted from.
    pub(super) fn keep_jobs(&mut self, removed: &[String]) -> Result<()> {
        if !self.files.iter().any(|file| is_counted(&file.table)) {
            return Ok(());
        }
        let removed: HashSet<&str> = removed.iter().map(String::as_str).collect();
        let before = self.base.iter().flat_map(|base| base.files()).filter(|file| is_counted(&file.table));
        let before: Vec<(&LiveFile, PathBuf)> = before.map(|file| (file, self.lake.root().join(&file.path))).collect();
        let stay = before.iter().map(|(file, _)| *file).filter(|file| !removed.contains(&*file.path));
        let source = job_table::source_of(stay.chain(&self.files));
        let jobs = job_table::count(&mut self.lake.job_tally(), &before)?;
        self.lake.job_tally().rename(&removed, &self.files);
        self.write_at(jobs_path(), &JOBS, &[(SOURCE_SHA256, &source)], Some(job_table::rows_of(&jobs)))
    }

    fn write_at(
        &mut self,
        path: String,
        table: &Table,
        metadata: &[(&str, &str)],
        groups: impl IntoIterator<Item = RecordBatch>,
    ) -> Result<()> {
        let staged = staged_path(&self.folder, &path);
        let WrittenFile { rows, size: bytes, sha256 } = write_file(&staged, table, metadata, groups)?;
        sync(&staged).map_err(|error| Error::path("sync", &staged, error))?;
        self.files.push(LiveFile { table: table.name.to_owned(), path, rows, bytes, sha256 });
        Ok(())
    }

    /// Counts the jobs anew if the batch changes their interviews, and does steps (b) to (d). `change` says what the ledger
    /// learns beside the files. Without a file there is nothing to commit, and only the ledger is told.
    ///
    /// # Errors
    /// When the log, the lake or the ledger cannot be written, or another program has written to the lake since this
    /// one opened it. After (b), the next opening finishes the work.
    pub fn publish(mut self, ledger: &mut Ledger, change: Change<'_>) -> Result<()> {
        if self.files.iter().any(|file| is_counted(&file.table)) {
            self.count_jobs()?;
        }
        let (lake, folder, replaced) = (self.lake, self.folder.clone(), self.replaced.clone());
        if self.files.is_empty() {
            ledger.record_sightings(change.sightings)?;
            ledger.record_questions_published(change.questions_published)?;
            return clear(&folder);
        }
        sync(&folder).map_err(|error| Error::path("sync", &folder, error))?;
        crash::point("publish-staged");
        let commit = self.commit(Vec::new(), None)?;
        crash::point("publish-recorded");
        place_all(lake, &commit.batch, &commit.add, &replaced)?;
        crash::point("publish-placed-all");
        record(lake, ledger, &commit, change)?;
        crash::point("publish-committed");
        clear(&folder)
    }

    /// Adds the commit to the log, and goes on to its version.
    pub(super) fn commit(self, remove: Vec<String>, key: Option<String>) -> Result<Commit> {
        let Self { lake, base, kind, batch, folder, files, .. } = self;
        let commit = Commit {
            version: base.as_ref().map_or(0, |base| base.number + 1),
            lake: match &base {
                Some(base) => base.lake.clone(),
                None => random_id()?,
            },
            parent: base.as_ref().map(|base| base.sha256.clone()),
            batch,
            kind,
            at: Timestamp::now(),
            by: env!("CARGO_PKG_VERSION").to_owned(),
            key,
            add: files,
            remove,
        };
        if log::append(&lake.log_folder(), &commit, &folder.join("commit"))? == Committed::Lost {
            return Err(lost(lake));
        }
        let base = base.map(Arc::unwrap_or_clone);
        let version = Version::after(base, &commit, &commit.to_bytes());
        lake.set_version(Some(version.expect("it was made to follow")));
        Ok(commit)
    }

    /// Names files that are in their places already: derived ones, or those that are adopted.
    pub(super) fn name(&mut self, files: Vec<LiveFile>) {
        self.files.extend(files);
    }
}

/// Commits derived files that are in their places: those that are new or made again, and the paths of those that are no
/// longer there. Does nothing if there are none.
///
/// # Errors
/// As [`Staging::publish`].
pub fn commit_derived(lake: &Lake, ledger: &mut Ledger, add: Vec<LiveFile>, remove: Vec<String>) -> Result<()> {
    if add.is_empty() && remove.is_empty() {
        return Ok(());
    }
    let mut staging = Staging::begin(lake, ledger, CommitKind::Analyze)?;
    staging.name(add);
    let folder = staging.folder.clone();
    let commit = staging.commit(remove, None)?;
    record(lake, ledger, &commit, Change::default())?;
    clear(&folder)
}

/// Makes the table of jobs if it is not that of the lake's version: it is missing, or another program, or a repair, has
/// changed the interviews.
///
/// # Errors
/// As [`Staging::publish`].
pub(super) fn bring_jobs_up(lake: &Lake, ledger: &mut Ledger) -> Result<()> {
    match lake.version()? {
        Some(version) if !job_table::is_current(lake, &version) => {
            let mut staging = Staging::begin_at(lake, CommitKind::Analyze)?;
            staging.count_jobs()?;
            staging.publish(ledger, Change::default())
        }
        _ => Ok(()),
    }
}

/// Step (d): brings the ledger to the version of a commit, looks whether another writer has gone on meanwhile, and lets the
/// Delta tables follow.
pub(super) fn record(lake: &Lake, ledger: &mut Ledger, commit: &Commit, change: Change<'_>) -> Result<()> {
    let version = lake.version()?.expect("it was just made");
    let add = commit.add.iter().filter(|file| is_source(&file.table)).cloned().collect();
    let change = Change { add, remove: &commit.remove, ..change };
    let onto = commit.version.checked_sub(1);
    if !ledger.apply(onto, &version.applied(), &change)? || !log::is_last(&lake.log_folder(), version.number)? {
        return Err(lost(lake));
    }
    log::write_checkpoint(&lake.log_folder(), &version)?;
    delta::follow_commit(lake, commit);
    Ok(())
}

fn lost(lake: &Lake) -> Error {
    let message = format!("another program has written to the lake at {} meanwhile", lake.root().display());
    Error::new(Kind::Locked, message).hint("what this one had not published yet is for the next run")
}

fn random_id() -> Result<String> {
    let mut id = [0; 16];
    getrandom::fill(&mut id).map_err(|error| Error::failed(format!("cannot make the lake's id: {error}")))?;
    Ok(hex::encode(id))
}

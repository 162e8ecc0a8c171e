//! Publishing a batch: all of its files appear, or none; a crash at any instant is rolled forward.
//!
//! (a) every file is written and fsynced under `_roundup/staging/<batch>/`; (b) one ledger transaction names them:
//! the point of no return; (c) each is renamed into its table, interviews last, and the folders are fsynced;
//! (d) one ledger transaction says that it is done. [`recover`] finishes (c) and (d) of a batch that reached (b), and
//! deletes the staging of one that did not.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use arrow::record_batch::RecordBatch;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::schema::{self, Table};
use super::write::{Written, write_file};
use super::{Lake, crash};
use crate::ledger::{BatchFile, Ledger, Sighting};
use crate::model::{Error, Result};

/// Tables in the order in which they appear: who sees an interview finds its answers and its candidate.
const ORDER: &[&str] = &["candidates", "responses", "questions", "audio", "runs", "interviews", "open_interviews"];

/// A batch being written under staging.
pub struct Staging<'a> {
    lake: &'a Lake,
    batch: String,
    folder: PathBuf,
    files: Vec<BatchFile>,
}

impl<'a> Staging<'a> {
    /// Begins a batch, with an id that sorts by time and was never used in this lake. A batch whose files could not
    /// all be placed is finished first: what comes later builds on it.
    ///
    /// # Errors
    /// When the staging folder cannot be made, or an earlier batch still cannot be finished.
    pub fn begin(lake: &'a Lake, ledger: &mut Ledger) -> Result<Self> {
        finish_begun(lake, ledger)?;
        let mut time = Timestamp::now();
        let batch = loop {
            let id = batch_id(time);
            if !ledger.has_batch(&id)? {
                break id;
            }
            time += jiff::SignedDuration::from_millis(1);
        };
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

    /// Writes new content for a file of the lake, which is replaced as a whole.
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
        let Written { size, sha256 } = write_file(&staged, table, &[], groups)?;
        sync(&staged).map_err(|error| Error::path("sync", &staged, error))?;
        self.files.push(BatchFile { path, size, sha256, replaces });
        Ok(())
    }

    /// Steps (b) to (d). `sightings` and `questions_published` are recorded with the point of no return.
    ///
    /// # Errors
    /// When the ledger or the lake cannot be written. After the point of no return the next opening finishes the work.
    pub fn publish(self, ledger: &mut Ledger, sightings: &[Sighting], questions_published: &[String]) -> Result<()> {
        sync(&self.folder).map_err(|error| Error::path("sync", &self.folder, error))?;
        crash::point("publish-staged");
        ledger.begin_publishing(&self.batch, &self.files, sightings, questions_published)?;
        crash::point("publish-recorded");
        roll_forward(self.lake, ledger, &self.batch, self.files)
    }
}

/// The lake's path of the one file of `open_interviews`.
#[must_use]
pub fn open_interviews_path() -> String {
    format!("{0}/{0}.parquet", schema::OPEN_INTERVIEWS.name)
}

/// `20260531T235959.123Z` without the dot: sorts by time, safe in any file name.
#[must_use]
pub fn batch_id(time: Timestamp) -> String {
    format!("{}{:03}Z", time.strftime("%Y%m%dT%H%M%S"), time.subsec_millisecond())
}

/// Finishes every batch past its point of no return, then deletes what is left in staging.
///
/// # Errors
/// When a file of such a batch is lost or the lake cannot be written.
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
    for (batch, files) in ledger.unfinished_batches()? {
        tracing::info!(batch, "finishing a batch that was left half published");
        crash::point("recovery-begun");
        roll_forward(lake, ledger, &batch, files)?;
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

/// Moves one file into its place, or finds it there already.
fn place(staged: &Path, target: &Path, file: &BatchFile) -> io::Result<()> {
    let parent = target.parent().expect("a table's file is in a folder");
    if !staged.exists() {
        if sha256_of(target)? != file.sha256 {
            return Err(io::Error::other("another file is in its place"));
        }
        // It may have been renamed an instant before the power went.
        return sync_with_parent(parent);
    }
    fs::create_dir_all(parent)?;
    if file.replaces {
        fs::rename(staged, target)?;
    } else {
        rename_new(staged, target)?;
    }
    sync_with_parent(parent)
}

/// Renames a file, never over another one.
///
/// # Errors
/// When it cannot be renamed; `AlreadyExists` when there is a file of that name.
pub fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // File systems without that flag (old NFS, some FUSE): only this process writes here, so looking first is as
        // good.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) if !to.exists() => fs::rename(from, to),
        renamed => Ok(renamed?),
    }
}

/// Makes a folder last through a power cut, and what is in it.
///
/// # Errors
/// When either folder cannot be opened or synced.
pub fn sync_with_parent(folder: &Path) -> io::Result<()> {
    sync(folder)?;
    sync_parent(folder)
}

fn sync_parent(path: &Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => sync(Path::new(".")),
        Some(parent) => sync(parent),
        None => Ok(()),
    }
}

/// Moves finished files of figures, each from and to, into their places, over older ones. Such files can be made again at
/// any time, so they need no ledger; they last before they are moved, and a move that a power cut undoes is made again by
/// the next analysis.
///
/// # Errors
/// When the lake cannot be written.
pub fn replace_derived(files: &[(PathBuf, PathBuf)]) -> Result<()> {
    let staged: Vec<&Path> = files.iter().map(|(staged, _)| staged.as_path()).collect();
    sync_all(&staged)?;
    for (staged, target) in files {
        let parent = target.parent().expect("a table's file is in a folder");
        fs::create_dir_all(parent)
            .and_then(|()| fs::rename(staged, target))
            .map_err(|error| Error::path("publish", target, error))?;
    }
    Ok(())
}

/// Makes files and folders of one file system last through a power cut, all at once where the system can: hundreds of
/// small files synced one by one take longer than what they hold took to make.
///
/// # Errors
/// When one cannot be opened or synced.
pub fn sync_all(paths: &[&Path]) -> Result<()> {
    let fail = |path: &Path, error: io::Error| Error::path("sync", path, error);
    #[cfg(target_os = "linux")]
    if let [first, _, ..] = paths {
        let synced = File::open(first).and_then(|file| Ok(rustix::fs::syncfs(file)?));
        return synced.map_err(|error| fail(first, error));
    }
    paths.iter().try_for_each(|path| sync(path).map_err(|error| fail(path, error)))
}

/// Writes a file of the program's own under another name first, so that no crash leaves half of it; `mode` is as in
/// `chmod`.
///
/// # Errors
/// When it cannot be written.
pub fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(mode).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    sync_parent(path)
}

/// Makes a file last through a power cut, or what was renamed in a folder.
///
/// # Errors
/// When it cannot be opened or synced.
pub fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// SHA-256 of a file, in hex.
///
/// # Errors
/// When it cannot be read.
pub fn sha256_of(path: &Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut file = File::open(path)?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match io::Read::read(&mut file, &mut buffer)? {
            0 => return Ok(hex::encode(hash.finalize())),
            count => hash.update(&buffer[..count]),
        }
    }
}

fn staged_path(folder: &Path, path: &str) -> PathBuf {
    folder.join(path.replace('/', "--"))
}

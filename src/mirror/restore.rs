//! Makes a lake of a mirror.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use rayon::prelude::*;
use serde::Serialize;

use super::layout::{ERASING, TOMBSTONES, object_of};
use super::version::MirrorReader;
use crate::lake::access::make_table_folder;
use crate::lake::durable::{batch_id, sha256_of, sync, sync_with_parent, write_whole};
use crate::lake::log::{self, Commit, CommitKind, Committed, LogRead, read_log};
use crate::lake::outputs::OutputKind;
use crate::lake::place::clear;
use crate::lake::schema::TABLES;
use crate::lake::{Lake, LakeLock, crash};
use crate::ledger::LiveFile;
use crate::model::{Error, Result};

/// How many files are copied at once.
const WIDTH: usize = 16;

/// What was restored.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct RestoreSummary {
    /// The version of the lake that the mirror had.
    pub version: u64,
    pub files: u64,
    pub bytes: u64,
    /// Tables that the mirror did not have, and how many of their files the lake has lost.
    pub withheld: Vec<String>,
    pub lost: u64,
}

/// Makes a lake of a mirror, in a folder that is empty or has what a restore has left that was killed. Nobody else can use
/// the lake before it is whole. Returns its lock, too.
///
/// # Errors
/// A usage error when the folder holds something else, or the candidate key is not the lake's. When something cannot be
/// read or written; what was copied stays, and the next call goes on.
pub fn restore(
    mirror: &MirrorReader<'_>,
    root: &Path,
    candidate_key: Option<&Path>,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<(RestoreSummary, LakeLock)> {
    let (lake, lock) = Lake::create_to_restore(root)?;
    let lake = lake.with_candidate_key(candidate_key.map(Path::to_owned));
    lake.refuse_other_candidate_key(mirror.version.key.as_deref())?;
    lake.begin_restore(&lock)?;
    let address = mirror.objects.address("");
    if mirror.objects.size(ERASING)?.is_some() {
        tracing::warn!("an erasure was on its way into the mirror at {address}: erase the same person in this lake");
    }
    // The log comes last: if it is there, an earlier restore was killed at its very end.
    let summary = match read_log(&lake.log_folder())? {
        Some(LogRead { version, .. }) => RestoreSummary {
            version: version.number,
            files: version.files().count() as u64,
            bytes: version.files().map(|file| file.bytes).sum(),
            ..RestoreSummary::default()
        },
        None => fill(mirror, &lake, progress)?,
    };
    // Whoever is erased in this lake has to be gone there, too.
    lake.record_output(OutputKind::Mirror, Path::new(&address))?;
    lake.end_restore(&lock)?;
    Ok((summary, lock))
}

/// Copies all that the lake has: first who was erased, and the log last.
fn fill(mirror: &MirrorReader<'_>, lake: &Lake, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<RestoreSummary> {
    if let Some(bytes) = mirror.objects.read(TOMBSTONES)? {
        let path = lake.tombstones_file();
        write_whole(&path, &bytes, 0o600).map_err(|error| Error::path("write", &path, error))?;
    }
    let mut summary = RestoreSummary { version: mirror.version.number, ..RestoreSummary::default() };
    download(mirror, lake.root(), &mut summary, progress)?;
    let wanted: HashSet<PathBuf> = mirror.files().map(|file| lake.root().join(&file.path)).collect();
    TABLES.iter().try_for_each(|table| delete_others(&lake.root().join(table.name), &wanted))?;
    let missing = mirror.version.files().filter(|file| !mirror.has(&file.table));
    let missing: Vec<String> = missing.map(|file| file.path.clone()).collect();
    summary.withheld.clone_from(&mirror.withheld);
    summary.lost = missing.len() as u64;
    crash::point("restore-copied");
    write_log(mirror, lake, missing)?;
    crash::point("restore-logged");
    Ok(summary)
}

/// Deletes what an earlier restore, of an older version, has left in a table's folder.
fn delete_others(folder: &Path, wanted: &HashSet<PathBuf>) -> Result<()> {
    let fail = |path: &Path, error: io::Error| Error::path("clear", path, error);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|error| fail(folder, error))?,
    };
    for entry in entries {
        let entry = entry.map_err(|error| fail(folder, error))?;
        let path = entry.path();
        if entry.file_type().map_err(|error| fail(&path, error))?.is_dir() {
            delete_others(&path, wanted)?;
        } else if !wanted.contains(&path) {
            fs::remove_file(&path).map_err(|error| fail(&path, error))?;
        }
    }
    Ok(())
}

/// Copies every file into its place, unless it is there.
fn download(
    mirror: &MirrorReader<'_>,
    root: &Path,
    summary: &mut RestoreSummary,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<()> {
    let files: Vec<&LiveFile> = mirror.files().collect();
    let done = AtomicU64::new(0);
    let copy = |file: &&LiveFile| {
        let path = root.join(&file.path);
        if !sha256_of(&path).is_ok_and(|sha256| sha256 == file.sha256) {
            let folder = path.parent().expect("a table's file is in a folder");
            make_table_folder(&file.table, folder).map_err(|error| Error::path("make", folder, error))?;
            let part = path.with_extension("restoring");
            let name = mirror.address(file);
            match mirror.objects.download(&object_of(file), &part)? {
                Some(sha256) if sha256 == file.sha256 => {}
                Some(_) => return Err(Error::failed(format!("the bytes of {name} are not those of the lake"))),
                None => return Err(Error::failed(format!("{name} is missing"))),
            }
            fs::rename(&part, &path)
                .and_then(|()| sync_with_parent(folder))
                .map_err(|error| Error::path("write", &path, error))?;
            crash::point("restore-copied-one");
        }
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, files.len() as u64);
        Ok(file.bytes)
    };
    let threads = rayon::ThreadPoolBuilder::new().num_threads(WIDTH).build();
    let threads = threads.map_err(|error| Error::failed(format!("cannot start threads: {error}")))?;
    summary.bytes = threads.install(|| files.par_iter().map(copy).sum::<Result<u64>>())?;
    summary.files = files.len() as u64;
    Ok(())
}

/// Copies the log, with a commit at its end that removes what the mirror does not have.
fn write_log(mirror: &MirrorReader<'_>, lake: &Lake, missing: Vec<String>) -> Result<()> {
    let version = &mirror.version;
    let folder = lake.log_folder();
    let staged = lake.staging_folder().join("log");
    let fail = |error: io::Error| Error::path("write", &folder, error);
    clear(&staged)?;
    fs::create_dir_all(&staged).map_err(fail)?;
    for entry in fs::read_dir(mirror.log_folder()).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let file = staged.join(entry.file_name());
        fs::copy(entry.path(), &file).and_then(|_| sync(&file)).map_err(fail)?;
    }
    if !missing.is_empty() {
        let at = Timestamp::now();
        let commit = Commit {
            version: version.number + 1,
            lake: version.lake.clone(),
            parent: Some(version.sha256.clone()),
            batch: batch_id(at),
            kind: CommitKind::Adopt,
            at,
            by: env!("CARGO_PKG_VERSION").to_owned(),
            key: None,
            add: Vec::new(),
            remove: missing,
        };
        if log::append(&staged, &commit, &staged.join("commit"))? == Committed::Lost {
            return Err(Error::failed("another program is restoring into the same folder"));
        }
    }
    sync_with_parent(&staged).map_err(fail)?;
    crash::point("restore-staged");
    fs::rename(&staged, &folder).and_then(|()| sync_with_parent(&folder)).map_err(fail)
}

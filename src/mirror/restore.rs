//! Makes a lake of a mirror.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use rayon::prelude::*;
use serde::Serialize;

use super::layout::{TOMBSTONES, object_of};
use super::version::MirrorReader;
use crate::lake::Lake;
use crate::lake::durable::{batch_id, sha256_of, sync_with_parent};
use crate::lake::log::{self, Commit, CommitKind, Committed};
use crate::ledger::LiveFile;
use crate::model::{Error, Result};

/// How many files are copied at once.
const WIDTH: usize = 16;
/// Inside the new lake's own folder, as long as it is not whole.
const RESTORING: &str = "restoring";

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

/// Makes a lake of a mirror, in a folder that is empty or has what a restore has left that was killed. The log comes last,
/// so that it is no lake before it is whole.
///
/// # Errors
/// A usage error when the folder holds something else, or the candidate key is not the lake's. When something cannot be
/// read or written; what was copied stays, and the next call goes on.
pub fn restore(
    mirror: &MirrorReader<'_>,
    root: &Path,
    candidate_key: Option<&Path>,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<RestoreSummary> {
    claim(root)?;
    let lake = Lake::create(root)?.with_candidate_key(candidate_key.map(Path::to_owned));
    let marker = marker_of(&lake);
    fs::write(&marker, "").map_err(|error| Error::path("write", &marker, error))?;
    lake.refuse_other_candidate_key(mirror.version.key.as_deref())?;
    let mut summary = RestoreSummary { version: mirror.version.number, ..RestoreSummary::default() };
    download(mirror, root, &mut summary, progress)?;
    if let Some(bytes) = mirror.objects.read(TOMBSTONES)? {
        let path = lake.tombstones_file();
        crate::lake::durable::write_whole(&path, &bytes, 0o600).map_err(|error| Error::path("write", &path, error))?;
    }
    let missing = mirror.version.files().filter(|file| !mirror.has(&file.table));
    let missing: Vec<String> = missing.map(|file| file.path.clone()).collect();
    summary.withheld.clone_from(&mirror.withheld);
    summary.lost = missing.len() as u64;
    crate::lake::crash::point("restore-copied");
    write_log(mirror, &lake, missing)?;
    fs::remove_file(&marker).map_err(|error| Error::path("delete", &marker, error))?;
    Ok(summary)
}

fn marker_of(lake: &Lake) -> std::path::PathBuf {
    lake.log_folder().with_file_name(RESTORING)
}

/// Checks that a folder is empty, or has an unfinished restore.
fn claim(root: &Path) -> Result<()> {
    let mut entries = match fs::read_dir(root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|error| Error::path("list", root, error))?,
    };
    let is_unfinished = Lake::open(root).is_ok_and(|lake| marker_of(&lake).exists());
    if is_unfinished || entries.next().is_none() {
        return Ok(());
    }
    let message = format!("{} is not empty", root.display());
    Err(Error::usage(message).hint("a lake is restored into a folder of its own"))
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
            crate::lake::access::make_table_folder(&file.table, folder)
                .map_err(|error| Error::path("make", folder, error))?;
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
            crate::lake::crash::point("restore-copied-one");
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
    fs::create_dir_all(&staged).map_err(fail)?;
    for entry in fs::read_dir(mirror.log_folder()).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        fs::copy(entry.path(), staged.join(entry.file_name())).map_err(fail)?;
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
    fs::rename(&staged, &folder).and_then(|()| sync_with_parent(&folder)).map_err(fail)
}

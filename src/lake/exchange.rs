//! Puts the folders of a compaction into place: each was built whole in staging, and is exchanged with the one in its
//! table, so that a reader sees the old files or the new ones.
//!
//! Exchanging twice would undo it, and two programs may be at it: one that was stopped, and one that finishes its work. So a
//! folder is first moved to a name that nobody else uses, beside those that are [retired](super::retired). Only then is
//! it looked at, and exchanged if it is the new one. Who finds it moved away by another begins anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use super::access::{OTHERS_WRITE, make_folder};
use super::crash;
use super::durable::sync_all;
use super::log::{Commit, CommitKind, TailCommit};
use super::place::place_all;
use super::places::Lake;
use super::retired::flat;
use super::schema::{JOBS, rank};
use crate::ledger::LiveFile;
use crate::model::{Error, Result};

/// How often another program may come between.
const TRIES: usize = 20;

/// Puts all files of a commit that are still staged into their places.
///
/// # Errors
/// When one is gone, or the lake cannot be written.
pub(super) fn place_commit(lake: &Lake, TailCommit { commit, replaced }: &TailCommit) -> Result<()> {
    if commit.kind != CommitKind::Compact {
        return place_all(lake, &commit.batch, &commit.add, replaced);
    }
    exchange_all(lake, commit)?;
    let jobs: Vec<LiveFile> = commit.add.iter().filter(|file| file.table == JOBS.name).cloned().collect();
    place_all(lake, &commit.batch, &jobs, replaced)
}

/// The folder of a file in its table.
pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn exchange_all(lake: &Lake, commit: &Commit) -> Result<()> {
    // A file of each: their names are new, so that it tells the new folder from the old one.
    let mut folders: BTreeMap<&str, &LiveFile> = BTreeMap::new();
    for file in commit.add.iter().filter(|file| file.table != JOBS.name) {
        folders.insert(folder_of(&file.path), file);
    }
    let mut folders: Vec<(&str, &LiveFile)> = folders.into_iter().collect();
    // What is derived first.
    folders.sort_by_key(|(_, file)| (rank(&file.table) + 1) % (rank("") + 1));
    let aside = lake.retired_folder().join(&commit.batch);
    let fail = |error: io::Error| Error::path("make", &aside, error);
    make_folder(&lake.retired_folder(), OTHERS_WRITE).map_err(fail)?;
    make_folder(&aside, OTHERS_WRITE).map_err(fail)?;
    for (folder, file) in &folders {
        let target = lake.root().join(folder);
        exchange(lake, &commit.batch, folder, file).map_err(|error| Error::path("publish", &target, error))?;
        crash::point("compact-exchanged-one");
    }
    let retired = lake.retired_folder();
    let targets: Vec<PathBuf> = folders.iter().map(|(folder, _)| lake.root().join(folder)).collect();
    let parents: BTreeSet<&Path> = targets.iter().filter_map(|target| target.parent()).collect();
    let moved = targets.iter().map(PathBuf::as_path).chain(parents).chain([&*aside, &*retired]);
    sync_all(&moved.collect::<Vec<_>>())
}

fn exchange(lake: &Lake, batch: &str, folder: &str, file: &LiveFile) -> io::Result<()> {
    let target = lake.root().join(folder);
    let name = Path::new(&file.path).file_name().expect("a file has a name");
    for _ in 0..TRIES {
        if target.join(name).exists() {
            return Ok(());
        }
        let Some(own) = take(lake, batch, folder)? else { continue };
        // Nobody else has this name, so that it stays what it is until it is exchanged.
        if !own.join(name).exists() {
            continue;
        }
        crash::point("compact-taken");
        match renameat_with(CWD, &own, CWD, &target, RenameFlags::EXCHANGE) {
            // Another program has taken it.
            Err(Errno::NOENT) => {}
            exchanged => return Ok(exchanged?),
        }
    }
    Err(io::Error::other("its new folder is gone"))
}

/// Moves the folder of a batch, be it new or old, to a name of its own. `None` if another program was faster.
fn take(lake: &Lake, batch: &str, folder: &str) -> io::Result<Option<PathBuf>> {
    let (staged, aside) = (lake.staging_folder().join(batch), lake.retired_folder().join(batch));
    let begin = format!("{}.", flat(folder));
    let mut places = vec![staged.join(flat(folder))];
    for entry in fs::read_dir(&aside)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(&begin)) {
            places.push(entry.path());
        }
    }
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let own = aside.join(begin + &hex::encode(random));
    for place in places {
        match fs::rename(&place, &own) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            moved => return moved.map(|()| Some(own)),
        }
    }
    Ok(None)
}

/// Whether two folders of a file system can be exchanged. Tries it with new ones in a folder.
pub(super) fn can_exchange(folder: &Path) -> io::Result<bool> {
    let probes = ["probe-a", "probe-b"].map(|name| folder.join(name));
    for probe in &probes {
        fs::create_dir(probe)?;
    }
    let exchanged = renameat_with(CWD, &probes[0], CWD, &probes[1], RenameFlags::EXCHANGE);
    for probe in &probes {
        fs::remove_dir(probe)?;
    }
    match exchanged {
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => Ok(false),
        exchanged => exchanged.map(|()| true).map_err(io::Error::from),
    }
}

//! Makes a lake, its log and its ledger agree again after something else has changed or deleted their files.
//!
//! Nothing is deleted: a file that is not the lake's own, or not as it was written, goes to `_roundup/foreign/`. Interviews
//! whose rows are gone are fetched again.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::agreement::{Disagreement, disagreements_of, other_bytes};
use super::catch_up::{catch_up, ids_of, unsettle_missing};
use super::deliveries::{self, Trust};
use super::durable::{batch_id, move_to, sha256_of};
use super::job_table::jobs_path;
use super::lock::LakeLock;
use super::log::{self, CommitKind, Version, read_log};
use super::place::{clear, live_file};
use super::places::Lake;
use super::publish::Staging;
use super::read::{ParquetFile, parquet_files, strings};
use super::recover::check_bound;
use super::schema::{CANDIDATES, INTERVIEWS, RESPONSES, TABLES, is_source};
use crate::ledger::{Applied, Change, LiveFile};
use crate::model::{Error, Kind, Result, Via};

/// Tables whose files of one month and name hold the same interviews: they are only whole together.
const TOGETHER: [&str; 3] = [CANDIDATES.name, RESPONSES.name, INTERVIEWS.name];

/// What a repair does. Paths are relative to the lake.
#[derive(Debug, Default, Serialize)]
pub struct Repair {
    /// Why the log begins anew, if it does.
    pub new_log: Option<String>,
    /// Whether the lake gets another candidate key, because its own is lost.
    pub new_candidate_key: bool,
    /// Why the ledger is rebuilt from the tables, if it is.
    pub new_ledger: Option<String>,
    /// Files that are taken into the log as they are.
    pub taken_in: Vec<String>,
    /// Files that are moved to `_roundup/foreign/`.
    pub set_aside: Vec<String>,
    /// Files that are no longer part of the lake.
    pub dropped: Vec<String>,
    /// Interviews whose rows were in them. The next run asks for them again.
    pub asked_again: Vec<String>,
    /// Those of them that were imported: unless the API has them, they have to be imported again.
    pub imported: Vec<String>,
    /// What the ledger knows of a lake whose log begins anew, which goes on from there.
    #[serde(skip)]
    known: Option<Known>,
    /// The source files of the lake afterwards, by path.
    #[serde(skip)]
    live: BTreeMap<String, LiveFile>,
}

impl Repair {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { new_log, new_candidate_key, new_ledger, taken_in, set_aside, dropped, .. } = self;
        new_log.is_none()
            && !new_candidate_key
            && new_ledger.is_none()
            && [taken_in, set_aside, dropped].into_iter().all(Vec::is_empty)
    }

    /// Finds out what has to be done, and changes nothing. `new_candidate_key` is for a lake whose own is lost.
    ///
    /// # Errors
    /// When the lake cannot be read, and a usage error for a new candidate key while the lake has its own.
    pub fn plan(lake: &Lake, new_candidate_key: bool) -> Result<Self> {
        let log = read_log(&lake.log_folder());
        if new_candidate_key && lake.candidate_keys().is_ok() {
            return Err(Error::usage("the candidate key is there, and the lake's own"));
        }
        let ledger = known(lake);
        // Such a ledger is as good as it was.
        if let Err(error) = &ledger
            && error.kind() == Kind::DiskFull
        {
            return Err(error.clone());
        }
        let mut repair = Self { new_candidate_key, ..Self::default() };
        let known = match (&log, &ledger) {
            (Ok(Some(log)), Ok(Some(known))) => match check_bound(lake, log, Some(&known.applied)) {
                Ok(()) => Known::default(),
                // One of the two was exchanged. The one that is as the tables are tells what the lake is.
                Err(error) if wrong(lake, known.files.values())? < wrong(lake, log.version.files())? => {
                    repair.new_log = Some(error.to_string());
                    known.clone()
                }
                Err(error) => {
                    repair.new_ledger = Some(error.to_string());
                    known.clone()
                }
            },
            (Ok(Some(_)), Ok(None)) => Known::default(),
            (Ok(Some(_)), Err(error)) => {
                repair.new_ledger = Some(error.to_string());
                Known::default()
            }
            (log, ledger) => {
                repair.new_log = Some(log.as_ref().err().map_or("the log is gone".to_owned(), ToString::to_string));
                match ledger {
                    Ok(Some(known)) => known.clone(),
                    other => {
                        repair.new_ledger =
                            Some(other.as_ref().err().map_or("there is none".to_owned(), ToString::to_string));
                        Known::default()
                    }
                }
            }
        };
        let logged = log.ok().flatten().filter(|_| repair.new_log.is_none()).map(|log| log.version);
        repair.compare(lake, logged.as_ref(), &known.files)?;
        if logged.is_some_and(|log| !jobs_are_whole(lake, &log)) {
            repair.set_aside.push(jobs_path());
        }
        repair.find_asked_again(lake)?;
        if repair.new_log.is_some() && repair.new_ledger.is_none() {
            repair.known = Some(known);
        }
        Ok(repair)
    }

    /// Finds out which interviews are in dropped files alone: from the ledger, and from the files as far as they can be
    /// read.
    fn find_asked_again(&mut self, lake: &Lake) -> Result<()> {
        let are_interviews = |path: &&String| path.starts_with(&format!("{}/", INTERVIEWS.name));
        if !self.dropped.iter().any(|path| are_interviews(&path)) {
            return Ok(());
        }
        let mut there = HashSet::new();
        for path in self.live.keys().filter(are_interviews) {
            there.extend(ids_of(&lake.root().join(path))?);
        }
        let mut lost: BTreeMap<String, String> = BTreeMap::new();
        // One that is rebuilt may be that of another lake.
        if self.new_ledger.is_none() {
            lost.extend(lake.ledger_for_reading()?.settled()?);
        }
        for path in self.dropped.iter().filter(are_interviews) {
            // One that is gone or damaged says nothing.
            lost.extend(ids_and_ways(&lake.root().join(path)).unwrap_or_default());
        }
        lost.retain(|id, _| !there.contains(id));
        self.imported = lost.iter().filter(|(_, via)| *via == Via::Import.as_str()).map(|(id, _)| id.clone()).collect();
        self.asked_again = lost.into_keys().collect();
        Ok(())
    }

    /// Checks that the candidate key is there, without which nothing can be repaired.
    ///
    /// # Errors
    /// When it is missing, or another one.
    pub fn check_candidate_key(&self, lake: &Lake) -> Result<()> {
        let has_candidates = self.live.values().any(|file| file.table == CANDIDATES.name && file.rows > 0);
        match self.new_log {
            _ if self.new_candidate_key => Ok(()),
            Some(_) if !has_candidates => Ok(()),
            Some(_) => lake.unchecked_candidate_keys().map(drop),
            None => lake.candidate_keys().map(drop),
        }
    }

    /// Compares the files on disk with those of the log and, where they are other, with those that the ledger knows.
    fn compare(&mut self, lake: &Lake, log: Option<&Version>, known: &BTreeMap<String, LiveFile>) -> Result<()> {
        let logged: BTreeMap<&str, &LiveFile> = match log {
            Some(log) => log.files().filter(|file| is_source(&file.table)).map(|file| (&*file.path, file)).collect(),
            None => known.values().map(|file| (&*file.path, file)).collect(),
        };
        self.live = logged.iter().map(|(path, file)| ((*path).to_owned(), (*file).clone())).collect();
        let trusts_all = log.is_none() && known.is_empty();
        let mut found = disagreements_of(lake.root(), logged.values().copied())?;
        let named: HashSet<&str> = found.iter().map(Disagreement::path).collect();
        let unnamed = logged.values().copied().filter(|file| !named.contains(file.path.as_str()));
        found.extend(other_bytes(lake.root(), unnamed)?);
        for found in found {
            let path = found.path();
            let there = lake.root().join(path);
            let file = if matches!(found, Disagreement::Missing(_)) {
                None
            } else {
                let table = path.split('/').next().unwrap_or_default();
                live_file(lake, table, &there).ok()
            };
            match file {
                Some(file) if trusts_all || known.get(path).is_some_and(|known| known.sha256 == file.sha256) => {
                    self.taken_in.push(path.to_owned());
                    self.live.insert(path.to_owned(), file);
                }
                _ => {
                    if !matches!(found, Disagreement::Missing(_)) {
                        self.set_aside.push(path.to_owned());
                    }
                    if self.live.remove(path).is_some() || trusts_all {
                        self.dropped.push(path.to_owned());
                    }
                }
            }
        }
        self.drop_what_is_not_whole();
        if trusts_all { self.drop_doubled(lake) } else { Ok(()) }
    }

    /// Of a batch that lacks a file, the interviews are fetched again, so its other files go as well.
    fn drop_what_is_not_whole(&mut self) {
        let place = |path: &str| {
            path.split_once('/').filter(|(table, _)| TOGETHER.contains(table)).map(|(_, place)| place.to_owned())
        };
        let broken: BTreeSet<String> = self.dropped.iter().filter_map(|path| place(path)).collect();
        let also: Vec<String> =
            self.live.keys().filter(|path| place(path).is_some_and(|place| broken.contains(&place))).cloned().collect();
        for path in also {
            self.live.remove(&path);
            self.dropped.push(path.clone());
            self.set_aside.push(path);
        }
    }

    /// Without log and ledger, nothing tells which of two files with the same interview is the lake's: the older one is
    /// kept.
    fn drop_doubled(&mut self, lake: &Lake) -> Result<()> {
        let mut seen = HashSet::new();
        let interviews = |path: &&String| path.starts_with(&format!("{}/", INTERVIEWS.name));
        for path in self.live.keys().filter(interviews).cloned().collect::<Vec<_>>() {
            let ids = ids_of(&lake.root().join(&path))?;
            if ids.iter().any(|id| seen.contains(id)) {
                self.live.remove(&path);
                self.taken_in.retain(|taken| *taken != path);
                self.set_aside.push(path.clone());
                self.dropped.push(path);
            } else {
                seen.extend(ids);
            }
        }
        self.drop_what_is_not_whole();
        Ok(())
    }

    /// Does it. The caller holds the lock.
    ///
    /// # Errors
    /// When a file cannot be moved, or the log or the ledger cannot be written. Another repair goes on from there.
    pub fn carry_out(&self, lake: &Lake, lock: &LakeLock) -> Result<()> {
        // Before anything is moved: without the key nothing can be committed.
        let has_candidates = self.live.values().any(|file| file.table == CANDIDATES.name && file.rows > 0);
        let foreign = lake.foreign_folder().join(batch_id(Timestamp::now()));
        let key = match self.new_log {
            _ if self.new_candidate_key => Some(lake.new_candidate_key(&foreign)?),
            Some(_) => Some(lake.adopted_candidate_key(has_candidates)?),
            None => lake.candidate_keys().map(|_| None)?,
        };
        for path in &self.set_aside {
            move_to(&foreign, &lake.root().join(path), &path.replace('/', "--"))?;
        }
        if self.new_log.is_some() && lake.log_folder().exists() {
            move_to(&foreign, &lake.log_folder(), "log")?;
        }
        // What follows the lake, such as a mirror and the journal of deliveries, goes on as well.
        if let Some(Known { applied, files }) = &self.known {
            log::begin_at(&lake.log_folder(), applied, key.clone(), files.values().cloned().collect())?;
        }
        lake.set_version(read_log(&lake.log_folder())?.map(|log| log.version));
        let version = self.commit(lake, key)?;
        if self.new_ledger.is_some() {
            lake.rebuild_ledger(lock)?;
        }
        let mut ledger = lake.new_or_old_ledger(lock)?;
        let at = ledger.applied()?;
        if at.is_none() {
            catch_up(lake, &mut ledger, &version, &[], None)?;
        } else if self.new_ledger.is_none() {
            let add: Vec<LiveFile> = self.live.values().cloned().collect();
            let change = Change { add, remove: &self.dropped, ..Change::default() };
            ledger.apply(at.map(|at| at.version), &version.applied(), &change)?;
        }
        if self.new_log.is_some() && self.known.is_none() {
            deliveries::take_in(lake, &mut ledger, Trust::AnyLake)?;
        }
        for path in self.set_aside.iter().chain(&self.dropped) {
            remove_empty_folders(lake.root(), path);
        }
        unsettle_missing(lake, &mut ledger, self.live.values(), &self.dropped)
    }

    /// What was derived from other files, as far as the log has it or, if it begins anew, as it is on disk. What is of
    /// other bytes than the lake has is found by the next analysis.
    fn derived(&self, lake: &Lake, base: Option<&Version>) -> Result<Vec<LiveFile>> {
        if self.new_log.is_none() {
            let files = base.into_iter().flat_map(Version::files);
            return Ok(files.filter(|file| !is_source(&file.table)).cloned().collect());
        }
        let mut found = Vec::new();
        for table in TABLES.iter().filter(|table| !is_source(table.name)) {
            for path in parquet_files(&lake.root().join(table.name))? {
                found.extend(live_file(lake, table.name, &path));
            }
        }
        Ok(found)
    }

    /// Deletes what was derived from files that are dropped. Returns the paths of what is deleted, and the rest.
    fn drop_derived(&self, lake: &Lake, base: Option<&Version>) -> Result<(Vec<String>, Vec<LiveFile>)> {
        let places: Vec<String> =
            self.dropped.iter().filter_map(|path| Some(format!("/{}", path.split_once('/')?.1))).collect();
        let is_orphan = |file: &LiveFile| places.iter().any(|place| file.path.ends_with(place));
        let (orphans, kept): (Vec<LiveFile>, _) = self.derived(lake, base)?.into_iter().partition(is_orphan);
        let mut dropped = Vec::new();
        for LiveFile { path, .. } in orphans {
            let there = lake.root().join(&path);
            match fs::remove_file(&there) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(Error::path("delete", &there, error));
                }
                _ => remove_empty_folders(lake.root(), &path),
            }
            dropped.push(path);
        }
        Ok((dropped, kept))
    }

    /// Commits the difference between the log and the files that are live.
    fn commit(&self, lake: &Lake, key: Option<String>) -> Result<Arc<Version>> {
        let base = lake.version()?;
        let before = |path: &str| base.as_ref().and_then(|base| base.file(path));
        let (orphans, derived) = self.drop_derived(lake, base.as_deref())?;
        let files = self.live.values().chain(&derived);
        let add: Vec<LiveFile> = files.filter(|file| before(&file.path) != Some(*file)).cloned().collect();
        let gone = |path: &&String| before(path).is_some();
        let remove: Vec<String> = self.dropped.iter().chain(&orphans).filter(gone).cloned().collect();
        if base.is_none() || key.is_some() || !add.is_empty() || !remove.is_empty() {
            let mut staging = Staging::begin_at(lake, CommitKind::Adopt)?;
            staging.name(add);
            let commit = staging.commit(remove, key)?;
            clear(&lake.staging_folder().join(&commit.batch))?;
        }
        Ok(lake.version()?.expect("it was just made"))
    }
}

/// Whether the table of jobs has the bytes that the log names. One that is missing, or of other files, is counted again by
/// every opening.
fn jobs_are_whole(lake: &Lake, log: &Version) -> bool {
    let Some(file) = log.file(&jobs_path()) else { return true };
    sha256_of(&lake.root().join(&file.path)).map_or(true, |sha256| sha256 == file.sha256)
}

/// The ids in a file of interviews, and how each was found.
fn ids_and_ways(path: &Path) -> Result<Vec<(String, String)>> {
    let rows = ParquetFile::open(path)?.all(&["interview_id", "first_seen_via"])?;
    let (ids, ways) = (strings(&rows, "interview_id"), strings(&rows, "first_seen_via"));
    Ok(ids.iter().zip(ways).filter_map(|(id, via)| Some((id?.to_owned(), via?.to_owned()))).collect())
}

/// Removes the folders of a file that have become empty, up to that of its table.
fn remove_empty_folders(root: &Path, path: &str) {
    let folders = Path::new(path).ancestors().skip(1).filter(|folder| folder.components().count() > 1);
    for folder in folders {
        if fs::remove_dir(root.join(folder)).is_err() {
            return;
        }
    }
}

/// What a ledger knows of the lake.
#[derive(Debug, Clone, Default)]
struct Known {
    applied: Applied,
    files: BTreeMap<String, LiveFile>,
}

/// Reads it. `None` for a ledger that has seen no log.
fn known(lake: &Lake) -> Result<Option<Known>> {
    let ledger = lake.ledger_for_reading()?;
    let Some(applied) = ledger.applied()? else { return Ok(None) };
    let files = ledger.known_files()?.into_iter().map(|file| (file.path.clone(), file)).collect();
    Ok(Some(Known { applied, files }))
}

/// In how many files the tables are other than a list has them.
fn wrong<'a>(lake: &Lake, files: impl Iterator<Item = &'a LiveFile>) -> Result<usize> {
    Ok(disagreements_of(lake.root(), files.filter(|file| is_source(&file.table)))?.len())
}

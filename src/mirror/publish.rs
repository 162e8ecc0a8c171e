//! Brings a mirror to the version of the lake.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use rayon::prelude::*;
use serde::Serialize;

use super::delta::follow;
use super::folder::LogCopy;
use super::head::Head;
use super::layout::{DELTA, ERASING, LOG, TOMBSTONES, object_of};
use super::sweep;
use crate::lake::Lake;
use crate::lake::crash;
use crate::lake::log::{
    Commit, CommitKind, LogFile, Version, checkpoint_bytes, checkpoint_name, commit_name, read_log,
};
use crate::lake::outputs::OutputKind;
use crate::lake::schema::{TABLES, Table, rank};
use crate::ledger::LiveFile;
use crate::model::{Error, Kind, Result};
use crate::objects::{Listed, Objects, Uploaded};
use crate::pipeline::MirrorPlan;

/// How many files are copied at once.
const WIDTH: usize = 16;
/// How often to begin again while the lake goes on.
const TRIES: usize = 5;

/// What was done for a mirror.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize)]
pub struct MirrorSummary {
    /// The version of the lake that the mirror has.
    pub version: u64,
    /// Commits that were copied.
    pub commits: u64,
    /// Files that were copied, and their bytes.
    pub files: u64,
    pub bytes: u64,
    /// Files that were there already.
    pub there: u64,
    /// Files that were deleted there.
    pub deleted: u64,
    /// Tables that stay at home.
    pub withheld: Vec<String>,
}

/// Brings a mirror to the version of the lake. `progress` is told how many files are copied, and of how many.
///
/// # Errors
/// When it is the mirror of another lake, or has commits that the lake does not have; when the lake cannot be read or the
/// mirror not written. Then the mirror is that of the version before, or of this one, and the next call goes on.
pub fn publish(
    lake: &Lake,
    objects: &Objects,
    plan: &MirrorPlan,
    progress: &(dyn Fn(u64, u64) + Sync),
    should_continue: &(dyn Fn() -> bool + Sync),
) -> Result<MirrorSummary> {
    for _ in 0..TRIES {
        // A lake stays at one version, so it is opened anew.
        let lake = Lake::open(lake.root())?;
        let version = lake.version()?.ok_or_else(|| {
            let message = format!("the lake at {} has no log yet", lake.root().display());
            Error::failed(message).hint("the next command that writes to it makes one")
        })?;
        Head::claim(objects, &version.lake, &plan.withheld)?;
        lake.record_output(OutputKind::Mirror, Path::new(&objects.address("")))?;
        objects.sweep()?;
        crash::point("mirror-claimed");
        let work = Work { lake: &lake, version: &version, objects, plan, progress, should_continue };
        if let Some(summary) = work.run()? {
            return Ok(summary);
        }
    }
    let message = format!("the lake at {} changes faster than it can be mirrored", lake.root().display());
    Err(Error::new(Kind::Locked, message).hint("mirror it after the run"))
}

/// Brings a mirror to the version of the lake as it is: with the tables that it has, and without what is old.
///
/// # Errors
/// As [`publish`](fn@publish), and when there is none: its disk may not be mounted.
pub fn catch_up(lake: &Lake, objects: &Objects) -> Result<()> {
    let Some(Head { withheld, .. }) = Head::read(objects)? else {
        return Err(Error::failed(format!("there is no mirror at {}", objects.address(""))));
    };
    let plan = MirrorPlan { to: objects.address(""), withheld, keep_old: SignedDuration::ZERO };
    publish(lake, objects, &plan, &|_, _| {}, &|| true).map(|_| ())
}

/// A mirror that is being brought to a version.
struct Work<'a> {
    lake: &'a Lake,
    version: &'a Version,
    objects: &'a Objects,
    plan: &'a MirrorPlan,
    progress: &'a (dyn Fn(u64, u64) + Sync),
    should_continue: &'a (dyn Fn() -> bool + Sync),
}

/// The commits of the lake that a mirror does not have.
struct Pending {
    /// The bytes of those that the lake's log still has.
    commits: BTreeMap<u64, (Commit, Bytes)>,
    /// Whether the lake's log has all of them.
    is_complete: bool,
    /// Whether there is an erasure among them, or among those that the log does not have any more.
    erases: bool,
}

impl Work<'_> {
    /// Does all of it. `None` if the lake has gone on meanwhile, or another program is ahead with the mirror.
    fn run(&self) -> Result<Option<MirrorSummary>> {
        let folder = tempfile::tempdir().map_err(|error| Error::failed(format!("cannot make a folder: {error}")))?;
        let own = self.lake.log_folder();
        let log = LogCopy::pull_beside(self.objects, LOG, &folder.path().join("log"), Some(&own))?;
        let there = log.read()?.map(|read| read.version);
        if !self.continues(there.as_ref())? {
            return Ok(None);
        }
        let pending = self.pending(there.as_ref())?;
        let was_erasing = self.objects.size(ERASING)?.is_some();
        if pending.erases && !was_erasing {
            self.objects.replace(ERASING, Bytes::new())?;
        }
        // Before all else, so that whoever is erased does not come back with a lake that is restored meanwhile.
        self.carry_tombstones()?;
        let listed = self.objects.list(DELTA)?;
        let mut summary =
            MirrorSummary { version: self.version.number, withheld: self.plan.withheld.clone(), ..Default::default() };
        if !self.upload(&listed, &mut summary)? {
            return Ok(None);
        }
        crash::point("mirror-uploaded");
        if !self.log(&log, there.as_ref(), &pending, &listed, &mut summary)? {
            return Ok(None);
        }
        crash::point("mirror-logged");
        self.tables_and_sweep(&listed, pending.erases || was_erasing, &mut summary)?;
        Head::settle(self.objects, &self.version.lake, &self.plan.withheld)?;
        self.prune(&log)?;
        if pending.erases || was_erasing {
            self.objects.delete(ERASING)?;
        }
        if summary.deleted > 0 && self.objects.keeps_versions() {
            tracing::warn!(
                "{} keeps the older versions of objects: what is deleted there stays until a rule of the store removes it",
                self.objects.address("")
            );
        }
        Ok(Some(summary))
    }

    /// Checks that what the mirror has is of this lake's history. `false` if it is ahead because the lake has gone on.
    fn continues(&self, there: Option<&Version>) -> Result<bool> {
        let Some(there) = there else { return Ok(true) };
        if there.lake == self.version.lake && there.number > self.version.number {
            let newest = read_log(&self.lake.log_folder())?.map_or(0, |read| read.version.number);
            if newest >= there.number {
                return Ok(false);
            }
        }
        let own = if there.number == self.version.number {
            Some(self.version.sha256.clone())
        } else {
            self.commit(there.number + 1)?.and_then(|(next, _)| next.parent)
        };
        // Of a version below the last checkpoint there is nothing to compare with.
        let is_same = there.number <= self.version.number && own.is_none_or(|own| own == there.sha256);
        if there.lake == self.version.lake && is_same {
            return Ok(true);
        }
        let address = self.objects.address("");
        let message = format!(
            "the mirror at {address} has commits that the lake at {} does not have",
            self.lake.root().display()
        );
        let hint = format!(
            "was the lake put back from an older copy? `roundup restore --from {address}` makes a lake of the mirror; \
             another place gets a mirror of its own"
        );
        Err(Error::failed(message).hint(hint))
    }

    /// A commit of the lake's log. `None` if it is not there any more.
    fn commit(&self, number: u64) -> Result<Option<(Commit, Bytes)>> {
        let path = self.lake.log_folder().join(commit_name(number));
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            bytes => bytes.map_err(|error| Error::path("read", &path, error))?,
        };
        let commit = serde_json::from_slice(&bytes).map_err(|_| Error::path("read", &path, "it is no commit"))?;
        Ok(Some((commit, bytes.into())))
    }

    fn pending(&self, there: Option<&Version>) -> Result<Pending> {
        let numbers = there.map_or(0, |there| there.number + 1)..=self.version.number;
        let mut pending = Pending { commits: BTreeMap::new(), is_complete: true, erases: false };
        for number in numbers {
            match self.commit(number)? {
                Some((commit, bytes)) => {
                    pending.erases |= commit.kind == CommitKind::Erase;
                    pending.commits.insert(number, (commit, bytes));
                }
                None => {
                    pending.is_complete = false;
                    pending.erases |= there.is_some();
                }
            }
        }
        Ok(pending)
    }

    fn is_mirrored(&self, table: &str) -> bool {
        !self.plan.withheld.iter().any(|withheld| withheld == table)
    }

    /// Copies the files of the version that are not there. `false` if one has other bytes by now.
    fn upload(&self, listed: &[Listed], summary: &mut MirrorSummary) -> Result<bool> {
        let there: HashMap<&str, u64> = listed.iter().map(|listed| (listed.name.as_str(), listed.bytes)).collect();
        let files: Vec<&LiveFile> = self.version.files().filter(|file| self.is_mirrored(&file.table)).collect();
        let is_missing = |file: &&&LiveFile| there.get(object_of(file).as_str()) != Some(&file.bytes);
        let missing: Vec<&LiveFile> = files.iter().filter(is_missing).copied().collect();
        summary.there = (files.len() - missing.len()) as u64;
        let (done, new, bytes) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        let upload = |file: &&LiveFile| {
            if !(self.should_continue)() {
                let error = Error::new(Kind::Interrupted, "the mirror was interrupted");
                return Err(error.hint("the next one goes on where this one was"));
            }
            let path = self.lake.root().join(&file.path);
            let uploaded = self.objects.create_file(&object_of(file), &path, &file.sha256)?;
            crash::point("mirror-uploaded-one");
            if uploaded == Uploaded::New {
                new.fetch_add(1, Ordering::Relaxed);
                bytes.fetch_add(file.bytes, Ordering::Relaxed);
            }
            (self.progress)(done.fetch_add(1, Ordering::Relaxed) + 1, missing.len() as u64);
            Ok(uploaded == Uploaded::Changed)
        };
        let threads = rayon::ThreadPoolBuilder::new().num_threads(WIDTH).build();
        let threads = threads.map_err(|error| Error::failed(format!("cannot start threads: {error}")))?;
        let changed: Vec<bool> = threads.install(|| missing.par_iter().map(upload).collect::<Result<_>>())?;
        (summary.files, summary.bytes) = (new.into_inner(), bytes.into_inner());
        summary.there += missing.len() as u64 - summary.files;
        let Some(changed) = changed.iter().position(|changed| *changed).map(|index| missing[index]) else {
            return Ok(true);
        };
        let newest = read_log(&self.lake.log_folder())?.map_or(0, |read| read.version.number);
        if newest > self.version.number {
            return Ok(false);
        }
        let path = self.lake.root().join(&changed.path);
        Err(Error::failed(format!("{} is not as the lake's log has it, and is not mirrored", path.display()))
            .hint(format!("see what `roundup status --check --lake {}` says", self.lake.root().display())))
    }

    /// Copies the tombstones.
    fn carry_tombstones(&self) -> Result<()> {
        let path = self.lake.tombstones_file();
        match fs::read(&path) {
            Ok(bytes) => self.objects.replace(TOMBSTONES, bytes.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(Error::path("read", &path, error)),
        }
    }

    /// Copies the commits, which is what makes a version be there. If one of them has files that are gone by now, a
    /// checkpoint of the version comes first. `false` if another program has made another history of it.
    fn log(
        &self,
        log: &LogCopy<'_>,
        there: Option<&Version>,
        pending: &Pending,
        listed: &[Listed],
        summary: &mut MirrorSummary,
    ) -> Result<bool> {
        if there.is_some_and(|there| there.number == self.version.number) {
            return Ok(true);
        }
        let live = self.version.files().map(object_of);
        let objects: HashSet<String> = listed.iter().map(|listed| listed.name.clone()).chain(live).collect();
        let has_files = |(commit, _): &(Commit, Bytes)| {
            let mirrored = commit.add.iter().filter(|file| self.is_mirrored(&file.table));
            mirrored.map(object_of).all(|object| objects.contains(&object))
        };
        if !(pending.is_complete && pending.commits.values().all(has_files)) {
            let bytes = Bytes::from(checkpoint_bytes(self.version));
            if !log.create(&checkpoint_name(self.version.number), &bytes)? {
                return Ok(false);
            }
            crash::point("mirror-checkpoint");
        }
        for (number, (_, bytes)) in &pending.commits {
            if !log.create(&commit_name(*number), bytes)? {
                return Ok(false);
            }
            summary.commits += 1;
            crash::point("mirror-logged-one");
        }
        Ok(true)
    }

    /// Brings the Delta logs to the version, and deletes what nobody needs any more.
    fn tables_and_sweep(&self, listed: &[Listed], erases: bool, summary: &mut MirrorSummary) -> Result<()> {
        let mut tables: Vec<&'static Table> = TABLES.to_vec();
        tables.sort_by_key(|table| rank(table.name));
        tables.retain(|table| self.is_mirrored(table.name));
        let mut obsolete = sweep::withheld(&self.plan.withheld, listed);
        let now = Timestamp::now();
        for table in tables {
            let copy = follow(self.objects, table, self.version, erases, self.plan.keep_old)?;
            crash::point("mirror-delta-one");
            // A table that another program has brought further is swept by that one.
            if copy.lake_version <= self.version.number {
                obsolete.extend(sweep::obsolete(table, &copy, listed, erases, self.plan.keep_old, now));
            }
        }
        summary.deleted = sweep::delete(self.objects, obsolete)?;
        Ok(())
    }

    /// Copies the lake's last checkpoint, and deletes what the lake's log does not have any more below it.
    fn prune(&self, log: &LogCopy<'_>) -> Result<()> {
        let folder = self.lake.log_folder();
        let fail = |error: io::Error| Error::path("list", &folder, error);
        let mut own: HashSet<String> = HashSet::new();
        for entry in fs::read_dir(&folder).map_err(fail)? {
            own.insert(entry.map_err(fail)?.file_name().display().to_string());
        }
        let last = checkpoints(&own).filter(|number| *number <= self.version.number).max();
        if let Some(last) = last.map(checkpoint_name) {
            let path = folder.join(&last);
            match fs::read(&path) {
                Ok(bytes) => _ = log.create(&last, &bytes.into())?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(Error::path("read", &path, error)),
            }
        }
        let names: HashSet<String> = self
            .objects
            .list(LOG)?
            .into_iter()
            .filter_map(|listed| Some(listed.name.rsplit_once('/')?.1.to_owned()))
            .collect();
        let Some(newest) = checkpoints(&names).max() else { return Ok(()) };
        let is_old =
            |name: &&String| LogFile::named(name).is_some_and(|file| file.version() < newest) && !own.contains(*name);
        names.iter().filter(is_old).try_for_each(|name| log.delete(name))
    }
}

/// The versions that have a checkpoint among the files of a log.
fn checkpoints(names: &HashSet<String>) -> impl Iterator<Item = u64> {
    names.iter().filter_map(|name| match LogFile::named(name) {
        Some(LogFile::Checkpoint(version)) => Some(version),
        _ => None,
    })
}

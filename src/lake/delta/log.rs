//! The log of one Delta table: reading it whole or only its newest commit, and adding a commit.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::action::{Action, Add, CommitInfo, MetaData, Remove};
use super::checkpoint;
use super::names::{decoded, place_of};
use crate::lake::durable::{write_new, write_whole};
use crate::model::{Error, Result};

/// A checkpoint is made after so many commits.
const EVERY: u64 = 10;
/// How long commits below a checkpoint are kept, for readers that are behind.
const KEPT_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The name of the file that names the last checkpoint.
const LAST_CHECKPOINT: &str = "_last_checkpoint";

/// A table as its log has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Of the Delta table, counted from 0.
    pub version: u64,
    /// The last commit's.
    pub from: CommitInfo,
    pub metadata: MetaData,
    /// The files in the table, by link.
    pub live: BTreeMap<String, Add>,
    /// Files that were removed, and that the last checkpoint still has or that were removed after it, by link.
    pub removed: BTreeMap<String, Remove>,
    /// The version of the last checkpoint.
    checkpoint: Option<u64>,
}

impl State {
    /// Whether a checkpoint is to be made.
    pub fn wants_checkpoint(&self) -> bool {
        self.version - self.checkpoint.unwrap_or(0) >= EVERY
    }

    /// Whether a file was removed before a time.
    pub fn has_removed_before(&self, time: Timestamp) -> bool {
        self.removed.values().any(|remove| remove.deletion_timestamp < time.as_millisecond())
    }
}

/// The file that names the last checkpoint.
#[derive(Serialize, Deserialize)]
struct LastCheckpoint {
    version: u64,
    /// How many lines it has.
    size: usize,
}

/// The log of a table.
pub struct TableLog {
    folder: PathBuf,
    /// Permissions of its files, before the umask.
    mode: u32,
}

impl TableLog {
    /// The log of the Delta table in a folder.
    pub fn of(table: &Path, mode: u32) -> Self {
        Self { folder: table.join("_delta_log"), mode }
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    fn commit_path(&self, version: u64) -> PathBuf {
        self.folder.join(format!("{version:020}.json"))
    }

    fn checkpoint_path(&self, version: u64) -> PathBuf {
        self.folder.join(format!("{version:020}.checkpoint.parquet"))
    }

    /// Where the last commit comes from, read from few files however long the log is. `None` if there is no log, or if
    /// it does not end with a commit of this program.
    ///
    /// # Errors
    /// When a file is there and cannot be read.
    pub fn last(&self) -> Result<Option<CommitInfo>> {
        let mut last = None;
        for version in self.last_checkpoint()?.unwrap_or(0).. {
            let path = self.commit_path(version);
            if !path.try_exists().map_err(|error| Error::path("look at", &path, error))? {
                break;
            }
            last = Some(version);
        }
        let Some(last) = last else { return Ok(None) };
        Ok(self.commit(last)?.and_then(|actions| info_of(&actions).cloned()))
    }

    /// Reads the log. `None` if there is none, or if it is cut, or not this program's.
    ///
    /// # Errors
    /// When a file is there and cannot be read.
    pub fn read(&self) -> Result<Option<State>> {
        let checkpoint = self.last_checkpoint()?;
        let mut replay = Replay::default();
        if let Some(version) = checkpoint {
            let Some(actions) = checkpoint::read(&self.checkpoint_path(version)) else { return Ok(None) };
            // The commit itself tells where it comes from.
            let info = self.commit(version)?.as_deref().and_then(info_of).cloned();
            if info.is_none() || replay.take(actions.into_iter().chain(info.map(Action::CommitInfo))).is_none() {
                return Ok(None);
            }
        }
        let mut version = checkpoint.map_or(0, |version| version + 1);
        while let Some(bytes) = self.bytes(&self.commit_path(version))? {
            let whole = parsed(&bytes).filter(|actions| info_of(actions).is_some());
            if whole.and_then(|actions| replay.take(actions)).is_none() {
                return Ok(None);
            }
            version += 1;
        }
        let Replay { from: Some(from), metadata: Some(metadata), live, removed } = replay else { return Ok(None) };
        Ok(Some(State { version: version - 1, from, metadata, live, removed, checkpoint }))
    }

    /// Adds a commit: `None` when another writer has made the one of this version.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn append(&self, before: Option<State>, actions: Vec<Action>) -> Result<Option<State>> {
        let (version, checkpoint) = match &before {
            Some(before) => (before.version + 1, before.checkpoint),
            None => (0, None),
        };
        let mut bytes = Vec::new();
        for action in &actions {
            serde_json::to_writer(&mut bytes, action).expect("plain data");
            bytes.push(b'\n');
        }
        let path = self.commit_path(version);
        match write_new(&path, &self.folder.join(".commit.new"), &bytes, self.mode) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            written => written.map_err(|error| Error::path("write", &path, error))?,
        }
        let mut replay = before.map_or_else(Replay::default, |State { from, metadata, live, removed, .. }| Replay {
            from: Some(from),
            metadata: Some(metadata),
            live,
            removed,
        });
        replay.take(actions).expect("its own links");
        let Replay { from, metadata, live, removed } = replay;
        let (from, metadata) = (from.expect("every commit has one"), metadata.expect("the first commit has one"));
        Ok(Some(State { version, from, metadata, live, removed, checkpoint }))
    }

    /// Makes a checkpoint if it is time for one, without the files that were removed before `forgotten`, and deletes the
    /// commits that it stands for once they are old.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write_checkpoint(&self, state: &State, forgotten: Timestamp, now: Timestamp) -> Result<()> {
        if !state.wants_checkpoint() {
            return Ok(());
        }
        self.checkpoint(state, forgotten)?;
        self.prune(state.version, now)
    }

    /// Makes a checkpoint that knows nothing of files that were removed, and deletes all commits below it at once.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn forget_removed(&self, state: &State) -> Result<()> {
        self.checkpoint(state, Timestamp::MAX)?;
        self.prune(state.version, Timestamp::MAX)
    }

    fn checkpoint(&self, state: &State, forgotten: Timestamp) -> Result<()> {
        let is_kept = |remove: &&Remove| remove.deletion_timestamp >= forgotten.as_millisecond();
        let removed: Vec<&Remove> = state.removed.values().filter(is_kept).collect();
        let live: Vec<&Add> = state.live.values().collect();
        let write = |path: &Path, bytes: &[u8]| {
            write_whole(path, bytes, self.mode).map_err(|error| Error::path("write", path, error))
        };
        write(&self.checkpoint_path(state.version), &checkpoint::to_bytes(&state.metadata, &live, &removed)?)?;
        let last = LastCheckpoint { version: state.version, size: 2 + live.len() + removed.len() };
        write(&self.folder.join(LAST_CHECKPOINT), &serde_json::to_vec(&last).expect("plain data"))
    }

    /// Deletes commits and checkpoints below a version that have been there for long.
    fn prune(&self, below: u64, now: Timestamp) -> Result<()> {
        let fail = |path: &Path, error: io::Error| Error::path("delete", path, error);
        for entry in fs::read_dir(&self.folder).map_err(|error| fail(&self.folder, error))? {
            let path = entry.map_err(|error| fail(&self.folder, error))?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let version = name.split_once('.').and_then(|(digits, _)| digits.parse::<u64>().ok());
            if version.is_none_or(|version| version >= below) {
                continue;
            }
            let made = fs::metadata(&path).and_then(|metadata| metadata.modified());
            let made = made.map_err(|error| fail(&path, error))?;
            if Timestamp::try_from(made).is_ok_and(|made| now.duration_since(made) > KEPT_FOR) {
                fs::remove_file(&path).map_err(|error| fail(&path, error))?;
            }
        }
        Ok(())
    }

    fn last_checkpoint(&self) -> Result<Option<u64>> {
        let bytes = self.bytes(&self.folder.join(LAST_CHECKPOINT))?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).map(|last: LastCheckpoint| last.version))
    }

    /// The lines of a commit. `None` if there is none, or it is cut.
    fn commit(&self, version: u64) -> Result<Option<Vec<Action>>> {
        Ok(self.bytes(&self.commit_path(version))?.and_then(|bytes| parsed(&bytes)))
    }

    /// The bytes of a file. `None` if there is none.
    fn bytes(&self, path: &Path) -> Result<Option<Vec<u8>>> {
        match fs::read(path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::path("read", path, error)),
        }
    }
}

/// The lines of a commit. `None` if they are not whole, or not all of a kind that this program writes.
fn parsed(bytes: &[u8]) -> Option<Vec<Action>> {
    let lines = bytes.strip_suffix(b"\n")?;
    lines.split(|byte| *byte == b'\n').map(|line| serde_json::from_slice(line).ok()).collect()
}

fn info_of(actions: &[Action]) -> Option<&CommitInfo> {
    actions.iter().find_map(|action| if let Action::CommitInfo(info) = action { Some(info) } else { None })
}

/// What the lines of a log amount to.
#[derive(Default)]
struct Replay {
    from: Option<CommitInfo>,
    metadata: Option<MetaData>,
    live: BTreeMap<String, Add>,
    removed: BTreeMap<String, Remove>,
}

impl Replay {
    /// Takes lines in. `None` if one names a path that is no link.
    fn take(&mut self, actions: impl IntoIterator<Item = Action>) -> Option<()> {
        for action in actions {
            match action {
                Action::CommitInfo(info) => self.from = Some(info),
                Action::MetaData(metadata) => self.metadata = Some(metadata),
                Action::Protocol(_) => {}
                Action::Add(add) => {
                    let link = decoded(&add.path)?;
                    place_of(&link)?;
                    self.removed.remove(&link);
                    self.live.insert(link, add);
                }
                Action::Remove(remove) => {
                    let link = decoded(&remove.path)?;
                    self.live.remove(&link);
                    self.removed.insert(link, remove);
                }
            }
        }
        Some(())
    }
}

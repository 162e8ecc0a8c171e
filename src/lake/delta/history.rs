//! The history of the lake, as far as a Delta table needs it.

use jiff::Timestamp;

use super::action::CommitInfo;
use crate::lake::exchange::folder_of;
use crate::lake::log::{Commit, CommitKind, Version};
use crate::lake::schema::Table;

/// The lake's version that is to be followed, and the last commits that led to it.
pub struct History<'a> {
    pub version: &'a Version,
    /// Oldest first. Those that an opening itself has made may be missing at the end: the tables followed them at once.
    pub tail: Vec<&'a Commit>,
}

impl History<'_> {
    /// Whether a commit comes from this history, and not from that of another lake or from one that was rolled back.
    pub fn has(&self, info: &CommitInfo) -> bool {
        let at = info.lake_version;
        let sha256 = if at == self.version.number {
            Some(&self.version.sha256)
        } else {
            self.tail.iter().find(|commit| commit.version == at + 1).and_then(|next| next.parent.as_ref())
        };
        // Of a version below the last checkpoint there is nothing to compare with.
        info.lake == self.version.lake
            && at <= self.version.number
            && sha256.is_none_or(|sha256| *sha256 == info.lake_commit)
    }

    /// Whether a commit comes from a later version of this lake.
    pub fn is_behind(&self, info: &CommitInfo) -> bool {
        info.lake == self.version.lake && info.lake_version > self.version.number
    }

    /// Whether a table may have changed since a commit of this history.
    pub fn changes(&self, table: &Table, since: &CommitInfo) -> bool {
        let at = since.lake_version;
        let is_known = at == self.version.number || self.tail.first().is_some_and(|first| first.version <= at + 1);
        !is_known || self.tail.iter().any(|commit| commit.version > at && touches(commit, table))
    }

    /// Whether files of a folder were merged since a commit of this history, and nothing else was done there.
    pub fn only_merged(&self, folder: &str, since: &CommitInfo) -> bool {
        let is_known = self.tail.first().is_some_and(|first| first.version <= since.lake_version + 1);
        let is_there = |path: &str| folder_of(path) == folder;
        let touches = |commit: &&Commit| {
            commit.add.iter().any(|file| is_there(&file.path)) || commit.remove.iter().any(|path| is_there(path))
        };
        let later = self.tail.iter().copied().filter(|commit| commit.version > since.lake_version);
        let mut kinds = later.filter(touches).map(|commit| commit.kind).peekable();
        is_known && kinds.peek().is_some() && kinds.all(|kind| kind == CommitKind::Compact)
    }

    /// The version since which a file of the lake is as it is, or a later one.
    pub fn since(&self, path: &str) -> u64 {
        let adds = |commit: &&&Commit| commit.add.iter().any(|file| file.path == path);
        self.tail.iter().rev().find(adds).map_or(self.version.number, |commit| commit.version)
    }

    /// What a Delta commit says of where it comes from.
    pub fn info(&self, now: Timestamp) -> CommitInfo {
        let Self { version, .. } = self;
        CommitInfo {
            timestamp: now.as_millisecond(),
            operation: "WRITE".to_owned(),
            engine_info: concat!("roundup/", env!("CARGO_PKG_VERSION")).to_owned(),
            user_metadata: format!("lake version {}", version.number),
            lake: version.lake.clone(),
            lake_version: version.number,
            lake_commit: version.sha256.clone(),
        }
    }
}

/// Whether a commit adds or removes files of a table.
pub fn touches(commit: &Commit, table: &Table) -> bool {
    let is_of_table = |path: &str| path.split('/').next() == Some(table.name);
    commit.add.iter().any(|file| file.table == table.name) || commit.remove.iter().any(|path| is_of_table(path))
}

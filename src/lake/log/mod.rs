//! The log of a lake: one file a commit, never changed. The lake is what its log says.
//!
//! `_roundup/log/<20 digits>.json` is a [`Commit`]: the files that it adds and removes. Each names the SHA-256 of the one
//! before, so a commit that was changed, cut or taken from another lake is found. Every 1,000 commits a checkpoint holds
//! all files of its version; what is below it is not read any more, and deleted after a week.
//!
//! A commit is made by giving a whole, synced file its name in the log. The system refuses a name that is taken, so of
//! two writers only one makes the next commit, and the other has lost.

mod checkpoint;
mod commit;
mod read;
#[cfg(test)]
mod tests;
mod version;
mod write;

pub use checkpoint::to_bytes as checkpoint_bytes;
pub use commit::{Commit, CommitKind};
pub use read::{
    LogFile, LogRead, TailCommit, checkpoint_name, commit_name, is_last, oldest, read_log, read_placed, read_version,
};
pub use version::Version;
pub use write::{Committed, append, begin_at, forget_before, prune, write_checkpoint};

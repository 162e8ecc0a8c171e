//! The tables of the lake as Delta tables, for readers that want whole snapshots: `delta/<table>/_delta_log/`, and hard
//! links to the data files.
//!
//! All of it follows from the lake's own [log](super::log) and is made again whenever it is gone, cut or of another lake.
//! So it is not what the lake consists of: a failure here is a warning, and the next opening makes up for it.
//!
//! A link has a name that is never used twice (`month=…/<batch>-<version>.parquet`), because a file of the lake is
//! replaced under its own name, and a reader that holds a snapshot goes on with the old bytes. A replaced file is one
//! link removed and another added; the old one is deleted by a later writer, an hour later.
//!
//! A commit of the lake becomes one Delta commit in each table that it touches, answers before their interviews. Its
//! `commitInfo` names the lake, its version and the hash of its commit, so the newest file of a Delta log tells whether
//! there is anything to do. What was missed is one Delta commit, too: the difference between what a Delta log holds and
//! the lake's version. First the links are made, then the commit gets its name, create-only and synced; a crash between
//! the two leaves links that the next writer takes as they are.
//!
//! A log is continued as long as it can be read whole and belongs to this lake's history. Otherwise the table is begun
//! again under a new table id, so that no stream reads its rows twice.

mod action;
mod checkpoint;
mod copy;
mod erase;
mod follow;
mod history;
mod log;
mod metadata;
mod names;
mod sweep;
mod table;
#[cfg(test)]
mod tests;

pub use copy::{DeltaCopy, copy_of, link_in_copy, links_of};
pub use erase::erase;
pub use follow::{follow_commit, follow_log};

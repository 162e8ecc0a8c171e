//! A mirror: a copy of the lake at another place, mostly an object store, that readers there can rely on.
//!
//! It has the lake's log (`_roundup/log/`), every file that is live (`delta/<table>/month=…/<batch>-<number>.parquet`,
//! where the number follows from the file's bytes), the Delta logs, and the tombstones. It never has the candidate key, nor
//! tables that are withheld: `_roundup/mirror.json` names these, and the lake.
//!
//! Files come first, created and never changed, then the lake's commits, then those of the Delta tables, and deletions
//! last ([`publish`](fn@publish)). So a mirror that was killed at any moment is that of a whole version, and the next one
//! goes on where it was. A commit whose files are gone from the lake by now is never there alone: then a checkpoint comes
//! first, in one object. Two mirrors at once create the same objects.
//!
//! [`verify`](fn@verify) reads all of it, and [`restore`](fn@restore) makes a lake of it.

mod delta;
mod folder;
mod head;
mod layout;
mod publish;
mod restore;
mod sweep;
mod verify;
mod version;

pub use head::check_withheld;
pub use publish::{MirrorSummary, catch_up, publish};
pub use restore::{RestoreSummary, restore};
pub use verify::{MirrorFinding, verify};
pub use version::MirrorReader;

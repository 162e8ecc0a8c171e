//! The lake: a folder of plain Parquet that other tools read at any moment, and the program's own `_roundup/` in it.

mod candidate_keys;
pub mod crash;
pub mod disks;
pub mod durable;
pub mod find;
pub mod framing;
pub mod jobs;
mod lock;
pub mod open_interviews;
mod open_ledger;
pub mod outside;
mod places;
pub mod publish;
pub mod read;
mod read_only;
mod recordings;
pub mod replace;
mod rewrite;
pub mod row_groups;
pub mod rows;
pub mod schema;
pub mod temporary;
pub mod write;

pub use candidate_keys::CandidateKeys;
pub use lock::LakeLock;
pub use places::{Lake, refuse_url};

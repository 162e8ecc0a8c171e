//! The lake: a folder of plain Parquet that other tools read at any moment, and the program's own `_roundup/` in it.

pub mod access;
mod adopt;
mod agreement;
mod candidate_keys;
mod catch_up;
pub mod crash;
pub mod durable;
pub mod find;
mod finish;
pub mod framing;
pub mod jobs;
mod lock;
pub mod log;
pub mod open_interviews;
mod open_ledger;
pub mod outside;
pub mod place;
mod places;
pub mod publish;
pub mod read;
mod recordings;
mod recover;
pub mod repair;
pub mod replace;
mod rewrite;
pub mod row_groups;
pub mod rows;
pub mod schema;
mod set_aside;
pub mod temporary;
pub mod write;

pub use candidate_keys::CandidateKeys;
pub use lock::LakeLock;
pub use places::{Lake, refuse_url};
pub use set_aside::LakeCounts;

//! Ingest: from ids to the lake. Bodies are fetched, spooled, and cut into batches that are published whole.

pub mod cut;
mod due;
mod events;
pub mod import;
mod job;
pub mod quarantine;
mod run;
mod select;
pub mod spool;
mod summary;

pub use job::Job;
pub use run::ingest;
pub use summary::{Progress, Summary};

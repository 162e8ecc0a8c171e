//! Ingest: from ids to the lake. Bodies are fetched, spooled, and cut into batches that are published whole.

mod account;
mod bodies;
pub mod cut;
mod events;
mod failures;
mod fetching;
pub mod import;
pub mod quarantine;
mod repeats;
mod run;
mod select;
mod shared;
pub mod spool;
mod summary;
mod warnings;
mod writer;

pub use account::{Account, IngestRequest};
pub use run::{ingest, pace_of};
pub use summary::{IngestSummary, Progress};

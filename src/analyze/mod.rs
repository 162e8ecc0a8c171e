//! Analysis: figures and keyword hits of every answer in the lake, in one pass over what is new or stale.
//!
//! [`plan`] compares what is there with what is asked for, and what a derived file follows from is in [`derived`];
//! [`pass`] reads a row group once and makes everything of it: [`figures`], [`richness`] and [`language`] know what is
//! computed, [`responses`], [`interviews`] and [`hits`] how it becomes rows. Synchronous; derived files can be made again at any time.

mod batch;
mod derived;
pub mod figures;
mod hits;
mod interviews;
pub mod language;
mod pass;
mod plan;
mod request;
mod responses;
pub mod richness;
mod summary;
pub mod words;

pub use derived::Reason;
pub use plan::{Part, Plan};
pub use request::{PreparedSet, Request};
pub use summary::{Steps, Summary};

//! Analysis: figures and keyword hits of every answer in the lake, in one pass over what is new or stale.
//!
//! [`plan`] compares each derived file's metadata ([`derived`]) with what is asked for and gathers, for each batch, what is
//! missing or stale; [`pass`] then reads a row group once and makes all of it. [`figures`], [`richness`] and [`language`] know
//! what is computed, [`responses`], [`interviews`] and [`hits`] how it becomes rows. All of it is synchronous.
//!
//! Transcripts are decoded a page at a time and worked on 64 at a time, so that a text that was folded is still in the cache
//! when it is searched. The moving-average type-token ratio needs no windows: a word counts in those that begin after its kind
//! was last seen, so one look at the last place of its kind is enough. Every second word is new, which no processor foresees:
//! so a new word takes the same way as one that was seen, and is compared with itself. Fillers are only counted, so nobody asks
//! whether they are negated.
//!
//! Columns that a file of figures repeats of its source are copied as they are stored, without being decoded
//! (`lake/write.rs`); where rows of hits repeat them, ids are read as the dictionaries they are stored as. Finished files are
//! put into their places by a thread of its own: all that were finished while the disk was waited for are synced by one call,
//! since hundreds of small ones synced one by one take longer than making them.

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

pub use derived::StaleReason;
pub use plan::{Plan, PlannedFiles};
pub use request::{AnalyzeRequest, PreparedSet};
pub use summary::{AnalyzeSummary, StepTimes};

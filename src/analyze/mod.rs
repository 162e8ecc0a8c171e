//! Analysis: computes figures and keyword hits for every answer in the lake, in one pass over the answers that are new
//! or stale.
//!
//! [`plan`] compares the metadata of each derived file ([`derived`]) with the request and collects, for each batch, the
//! files that are missing or stale. [`pass`] then reads each row group once and makes all of them. [`figures`],
//! [`richness`] and [`language`] compute values; [`responses`], [`interviews`] and [`hits`] turn them into rows. All of
//! it is synchronous.
//!
//! Transcripts are decoded a page at a time and worked on 64 at a time, so that a folded text is still in the cache
//! when it is searched. The moving-average type-token ratio is computed without going through its windows: a word
//! counts in the windows that contain it and begin after the previous word of its kind, so the distance to that word is
//! enough. Every second word is new, which no branch predictor foresees. A new word therefore takes the same path as a
//! known one and is compared with itself. Fillers are only counted, so their negation is not computed.
//!
//! Of an answer whose transcript was erased nothing is computed: what it had is carried over ([`carried`]).
//!
//! Columns that a file of figures repeats from its source are copied in their stored form, without being decoded
//! (`lake/write.rs`). Rows of hits repeat ids, which are read as the dictionaries they are stored as. A separate thread
//! puts finished files into their places. All files that were finished while it waited for the disk are synced by one
//! call, because hundreds of small files synced one by one take longer than making them.

mod batch;
mod carried;
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
pub mod work;

pub use derived::StaleReason;
pub use plan::{Plan, PlannedFiles};
pub use request::{AnalyzeRequest, PreparedSet};
pub use summary::{AnalyzeSummary, StepTimes};

//! Merges the many small files of a month into few large ones.
//!
//! [`months`] finds the months that have some, and [`plan`] which of their files are merged: those below 64 MB, up to 256 MB
//! together. The files of a name in `interviews`, `responses` and `candidates` and all that was made from them stay
//! together, since they are joined by that name; only those that were analysed alike are merged. [`build`] makes the
//! whole folders of the month in staging: [`merge`] merges rows in their order, as if they had been written at once, so that the same
//! rows give the same bytes; figures and hits are copied, not computed, with the new source named in their metadata;
//! what stays is linked. [`run`] commits that, and each folder is exchanged with the old one
//! ([`exchange`](super::exchange)), which is [kept](super::retired) for an hour.

mod build;
mod merge;
mod months;
mod plan;
mod run;

pub use plan::MANY;
pub use run::{Compacted, Compaction, compact, plan_of};

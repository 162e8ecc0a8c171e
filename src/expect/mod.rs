//! Whether a night was as expected: fewer interviews than usual, a job without any, answers that came without a transcript.
//!
//! [`Night`] is what a run found, and [`figures`] counts it from the files that the run has published. Each run leaves its
//! figures in the table `runs`, where [`history`] finds those of the nights before. [`judge`] is pure: it compares a night
//! with what a pipeline fixes, or with what is learnt of the nights before by [`band`](crate::model::statistics::band).

mod bounds;
pub mod figures;
pub mod history;
mod judge;
mod night;
#[cfg(test)]
mod simulation;

pub use judge::{Judged, Unmet, expected, judge, late_events};
pub use night::{Night, PastNight};

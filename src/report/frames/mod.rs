//! The lake's columns in memory. They contain only the rows that a report needs, with numbers in the place of names.

mod file_rows;
mod hits;
mod input_files;
mod interner;
mod interviews;
mod jobs;
mod packed;
#[cfg(test)]
pub mod random;
mod read;
mod responses;

pub use self::hits::Hits;
pub use self::interviews::{Cohort, State};
pub use self::jobs::{Job, Jobs};
pub use self::read::{Frames, read};

//! The lake's columns as Polars frames. They contain only the rows that a report needs, with numbers in the place of
//! names.

mod columns;
mod hits;
mod input_files;
mod interner;
mod interviews;
mod jobs;
mod read;
mod responses;

pub use self::hits::Hits;
pub use self::interviews::{COMPLETED, EXPIRED, OPEN};
pub use self::read::{Frames, read};

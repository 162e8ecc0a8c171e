//! The model of an interview: the vendor's bodies as this program reads them, and the errors that all layers use.

pub mod body;
pub mod clock;
pub(crate) mod counts;
pub mod document;
pub mod done;
pub mod due;
pub mod error;
pub mod interview;
pub mod invisible;
pub mod json;
pub mod last;
pub mod mask;
pub mod path;
pub mod problems;
pub mod prometheus;
pub mod provenance;
#[cfg(test)]
pub mod random;
pub mod recording;
pub mod similar;
pub mod spreadsheet;
pub mod statistics;
pub mod words;

pub use done::Done;
pub use error::{Error, Kind, Result};
pub use interview::{Candidate, Interview, Job, Question, Response, Status};
pub use path::{folder_or_here, is_address};
pub use problems::{Problems, Section};
pub use provenance::{Provenance, Via};
pub use recording::Link;
pub use similar::similar;
pub use words::{normalised, plural};

//! Evidence: a few quotes in context for each keyword of a job, so that every figure leads to answers behind it.
//!
//! The choice follows from the interviews alone, so the same lake gives the same quotes. Candidates' own names, e-mail
//! addresses and phone numbers are masked. Nothing is quoted where `candidates` cannot be read or does not say whose an
//! answer is. The lake records which interviews a report quotes, so that reports can be found when a person is to be
//! forgotten.

mod choose;
mod context;
mod read;
mod record;
mod write;

pub use self::record::{QuotedEvidence, QuotingReport, quoting};
pub use self::write::evidence;

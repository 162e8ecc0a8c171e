//! Evidence: for each keyword of a job a few quotes in context, so that every figure leads to answers behind it.
//!
//! Which are quoted follows from the interviews alone, so that the same lake gives the same quotes. Candidates' own
//! names, e-mails and phone numbers are masked; where `candidates` cannot be read, or does not say whose an answer is,
//! nothing is quoted. Which interviews a report quotes is kept in the lake, so that they can be found when one of them is to
//! be forgotten.

mod choose;
mod context;
mod mask;
mod read;
mod record;
mod write;

pub use self::record::QuotedEvidence;
pub use self::write::evidence;

//! `search`: looks for words, phrases and patterns in all answers. Takes no lock, so it works during a run.
//!
//! Mentions go out as they are found, unless they are sorted, or counted first, as JSON is: then the answers with mentions
//! are read once more, rather than keeping all mentions in memory.

mod command;
mod concordance;
mod counts;

pub use command::run;

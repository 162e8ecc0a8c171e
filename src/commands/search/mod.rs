//! `search` looks for words, phrases and patterns in all answers, `discover` for terms that nobody listed. They take no
//! lock, so they work during a run.
//!
//! Mentions go out as they are found, unless they are sorted, or counted first, as JSON is: then the answers with mentions
//! are read once more, rather than keeping all mentions in memory.

mod command;
mod concordance;
mod counts;
mod discover;
mod findings;
mod looking;

pub use command::run;
pub use discover::run as discover;

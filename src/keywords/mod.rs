//! Keyword sets and the matcher: text in, hits out, without I/O.
//!
//! [`KeywordSet`] is the file, read and checked; [`Matcher`] is the same set compiled; [`Matcher::find_all`] over
//! [`Texts`] is the one way in. What a hit is stands in "Keyword matching" on the page of definitions, and the modules
//! follow its order: in [`text`], `fold` makes two spellings of a word equal and `boundary` says where a word ends;
//! `surface` lists the spellings of a term; in `search`, `matcher` puts them together and settles overlaps, and
//! `negation` looks at the five words before, for the words of `cues`. For ASCII text, which most is,
//! `search/starts.rs` and `search/anywhere.rs` find the candidates, `search/prefilter.rs` turns away where no set has
//! anything to find, and `text/ascii.rs` and `text/words.rs` read it 64 bytes at a time. [`lint`] knows what is
//! probably a mistake in a set. `reference` finds the same the plain way, for tests.

mod cues;
mod lint;
#[cfg(any(test, fuzzing))]
pub(crate) mod reference;
mod search;
mod set;
mod shipped;
mod surface;
mod term;
#[cfg(test)]
mod tests;
pub mod text;

pub use lint::{Warning, lint};
pub use search::matcher::{Hit, Matcher, Scratch};
pub use search::prefilter::Prefilter;
pub use search::texts::{TextBuffers, Texts};
pub use set::{KeywordSet, KeywordSetFile, MATCHER_VERSION, TermEntry};
pub use shipped::SHIPPED;
pub use term::{Forms, Mode, Term};
pub use text::ascii::Text;

//! Keyword sets and the matcher: text in, hits out, without I/O.
//!
//! [`KeywordSet`] is the file, read and checked; [`Matcher`] is the same set compiled; [`Matcher::find_all`] over [`Texts`] is
//! the one way in. What a hit is stands in "Keyword matching" on the page of definitions, and the modules follow its order: in
//! [`text`], `fold` makes two spellings of a word equal and `boundary` says where a word ends; `surface` lists the spellings of
//! a term; in `search`, `matcher` puts them together and settles overlaps, and `negation` looks at the five words before, for
//! the words of `cues`. [`lint`] knows what is probably a mistake in a set. `reference` finds the same the plain way, and
//! property tests hold every way of searching to it.
//!
//! Nearly every text is ASCII. Each is looked through once for whether it is, which every figure and search asks
//! (`text/ascii.rs`). The ASCII ones are put side by side and lower-cased once for every set (`search/texts.rs`). Where a match
//! can begin in them is found and hashed once, too (`search/starts.rs`), and all sets together turn nearly all of these places
//! away by one filter of a bit a place (`search/prefilter.rs`). A set then only looks up what is left (`search/anchors.rs`), and
//! the rules of the definition are asked of what it finds (`search/finder.rs`). Substrings go to the vector search of
//! `aho-corasick`, which reports no overlaps and is therefore started again one byte on (`search/anywhere.rs`). Negations are
//! found from the few cues of a text: for each, where a hit after it would be negated.
//!
//! Text beyond ASCII is folded with a map back to its bytes and searched the same way; words of it are counted by the
//! standard's own crate only where they are not ASCII (`text/words.rs`).

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

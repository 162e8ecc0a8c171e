//! Keyword sets and the matcher: text in, hits out, without I/O.
//!
//! [`KeywordSet`] is a file, read and checked, and [`Matcher`] is a set compiled. [`Matcher::find_all`] over [`Texts`]
//! is the one way in. "Keyword matching" on the page of definitions defines a hit, and the modules follow its order. In
//! [`text`], `fold` makes two spellings of a word equal and `boundary` says where a word ends. `surface` lists the
//! spellings of a term. In `search`, `matcher` puts them together and settles overlaps, and `negation` looks for the
//! words of `cues` among the five words before a hit. [`lint`](fn@lint) warns of probable mistakes in a set. `reference`
//! finds the same hits in the plainest way, and property tests compare every way of searching with it.
//!
//! Nearly every text is ASCII. Each text is checked once for whether it is, for all figures and searches
//! (`text/ascii.rs`). The ASCII texts are put side by side and lower-cased once for all sets (`search/texts.rs`). The
//! places where a match can begin are also found and hashed once (`search/starts.rs`), and one filter for all sets
//! turns nearly all of them away (`search/prefilter.rs`). Each set looks up only the places that are left
//! (`search/anchors.rs`), and the rules of the definition are applied to the candidates found there
//! (`search/finder.rs`). Substrings go to the vector search of `aho-corasick`, which reports no overlaps and is
//! therefore started again one byte on (`search/anywhere.rs`). Negations are found from the few cues of a text: each
//! yields the places where a hit would be negated by it.
//!
//! Text beyond ASCII is folded with a map back to its bytes and then searched in the same way. Words are counted by the
//! `unicode_segmentation` crate only where a text is not ASCII (`text/words.rs`).

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
pub use set::{KeywordSet, KeywordSetFile, MATCHER_VERSION, TermEntry, wrong_name};
pub use shipped::SHIPPED;
pub use term::{Forms, Mode, Term};
pub use text::ascii::Text;

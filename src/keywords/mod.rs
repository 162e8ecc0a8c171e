//! Keyword sets and the matcher: text in, hits out, without I/O.
//!
//! [`KeywordSet`] is the file, read and checked; [`Matcher`] is the same set compiled; [`Matcher::find_all`] over
//! [`Texts`] is the one way in. What a hit is stands in "Keyword matching" on the page of definitions, and the modules
//! follow its order: [`fold`] makes two spellings of a word equal, [`surface`] lists the spellings of a term,
//! [`boundary`] says where a word ends, [`matcher`] puts them together and settles overlaps, [`negation`] looks at the
//! five words before. For ASCII text, which most is, [`starts`] and [`anywhere`] find the candidates, [`prefilter`] turns
//! away where no set has anything to find, and [`ascii`] and [`words`] read it 64 bytes at a time. [`lint`] knows what
//! is probably a mistake in a set.

mod anchors;
mod anywhere;
mod ascii;
mod boundary;
mod finder;
mod fold;
mod lint;
mod matcher;
mod negation;
mod prefilter;
mod set;
mod shipped;
mod starts;
mod surface;
#[cfg(test)]
mod tests;
mod text;
mod texts;
#[cfg(any(test, fuzzing))]
pub(crate) mod twin;
pub mod words;

pub use lint::{Warning, lint};
pub use matcher::{Hit, Matcher, Scratch};
pub use prefilter::Prefilter;
pub use set::{Forms, KeywordSet, KeywordSetFile, MATCHER_VERSION, Mode, Term, TermEntry};
pub use shipped::SHIPPED;
pub use text::Text;
pub use texts::{TextBuffers, Texts};

//! Reading texts: whether they are ASCII, where words begin and end, and which spellings are equal.

pub mod ascii;
pub(super) mod boundary;
pub mod clauses;
pub(super) mod fold;
pub mod unspaced;
pub mod words;

pub use fold::fold_word;

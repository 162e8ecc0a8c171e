//! How texts are read: what is ASCII of them, where words begin and end, and which spellings are the same.

pub mod ascii;
pub(super) mod boundary;
pub(super) mod fold;
pub mod words;

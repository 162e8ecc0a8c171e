//! Finds the spellings of a set in many texts at once, and decides which of them count.

mod anchors;
mod anywhere;
mod finder;
pub(super) mod matcher;
mod negation;
pub(super) mod prefilter;
mod starts;
pub(super) mod texts;

//! Discovery: the words and phrases that tell a job from all others, or a period from the one before, and that no keyword
//! set finds.
//!
//! [`corpus`] says which answers there are, and [`standing`] what each interview counts for: a person counts once in a
//! job and once in all others. [`tokens`] has their words as numbers, of which there is one for each word that enough
//! persons use ([`vocabulary`]), and [`grams`] makes n-grams of these. [`count`](mod@count) finds those that enough persons
//! use: first by counters that several n-grams share ([`sketch`]), then exactly ([`table`]), and which of them a longer
//! one takes the place of. [`postings`] has the interviews of as many n-grams at a time as fit into memory, and
//! [`compare`] tests them. What may count after all tests is kept in [`candidates`]. [`details`] counts once more for what
//! was found. No step keeps the answers, and what grows with them has a bound.

mod answers;
mod candidates;
mod compare;
mod corpus;
mod count;
mod covered;
mod details;
mod draft;
mod filter;
mod finding;
mod grams;
mod hash;
mod in_use;
mod plan;
mod postings;
mod run;
mod shards;
mod sketch;
mod standing;
mod table;
mod tally;
#[cfg(test)]
mod tests;
mod tokens;
mod vocabulary;
mod words;

pub use draft::draft;
pub use finding::{DiscoverTotals, DiscoverTotalsOf, Finding, finding_rows, finding_schema};
pub use in_use::sets_in_use;
pub use plan::{Against, DiscoverPlan};
pub use run::{Discovered, discover};

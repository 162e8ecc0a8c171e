//! Search: looks for words, phrases and patterns in all answers, counts them, and shows each among its neighbours.
//!
//! There is no index: all answers that the filters leave are read. [`query`] says what was typed, and [`finder`] finds it
//! in texts, words with the matcher of [`keywords`](crate::keywords), and what is [`near`] by the words between. Texts
//! that lack a run of letters of every term are not given to the matcher at all. [`group`] searches a row group: it
//! counts ([`tally`]) and, where mentions are shown, masks them ([`context`]). [`scan`](mod@scan) runs that on all
//! threads and hands on the results in the order of the lake, so that the first mentions are there at once.

mod context;
pub mod discover;
mod finder;
mod group;
mod hit;
mod keep;
mod near;
mod part;
mod query;
mod run;
mod scan;
mod selection;
mod sort;
mod source;
mod tally;

pub use finder::Finder;
pub use hit::{Hit, hit_rows, hit_schema};
pub use part::{Part, part_rows, part_schema};
pub use query::Query;
pub use run::{Found, Search, SearchPlan};
pub use selection::Filters;
pub use sort::Order;
pub use tally::{By, Totals, TotalsOf};

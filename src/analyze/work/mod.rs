//! The analysis in units of work, for more than one machine: a unit is a batch of the lake, with the derived files that
//! are to be made from it.
//!
//! [`list`](fn@list) says what there is to do, [`make`] does a unit wherever its inputs can be read, and [`collect`](fn@collect) takes
//! what was made into the lake, as one commit. A worker writes to a place of its own and never into the lake. Its files
//! have names that follow from what they are made of, so a unit that is done twice, or by two machines at once, ends in
//! one file. Nothing is taken into the lake that was made from other bytes than it has now.

mod collect;
mod list;
mod make;
mod unit;

pub use collect::{CollectSummary, collect};
pub use list::{Shelf, list};
pub use make::make;
pub use unit::{MadeFile, Unit, UnitInput, UnitOutput, UnitResult, read_lines};

//! The figures of a report, computed once through Polars: counted, held back where they must be, and put into the
//! model.

mod aggregates;
mod bins;
mod builder;
mod cards;
mod cells;
mod comparable;
mod counted;
mod counted_tables;
mod groups;
mod jobs;
mod keywords;
mod questions;
mod share;
mod terms;

pub use self::aggregates::{Aggregates, aggregate};

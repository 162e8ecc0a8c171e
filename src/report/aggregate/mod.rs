//! The figures of a report, once, through Polars: counted, then held back where they must be, then put into the model.

mod aggregates;
mod bins;
mod cards;
mod cells;
mod comparable;
mod counted;
mod groups;
mod hand;
mod jobs;
mod keywords;
mod questions;
mod share;
mod tables;
mod terms;

pub use self::aggregates::{Aggregates, aggregate};

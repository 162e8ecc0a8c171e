//! Export: rows of the lake as CSV, JSON Lines, Parquet or a spreadsheet, filtered, batch by batch, so that a million
//! rows take no more memory than a few thousand.

mod analysis;
mod batches;
mod caught;
mod cells;
mod place;
mod plan;
mod reader;
mod searched;
mod selection;
mod sheet;
mod target;
mod writer;

pub use place::Place;
pub use plan::{Plan, RowType};
pub use selection::InterviewSelection;
pub use target::{Target, export, write_rows};
pub use writer::ExportSummary;

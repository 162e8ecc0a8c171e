//! Rows are passed on in batches of a few thousand.

use arrow::array::RecordBatch;

use crate::model::Result;

/// Rows of a batch.
pub const ROWS: usize = 2_048;

/// A callback for each batch of rows.
pub type OnBatch<'a> = &'a mut dyn FnMut(&RecordBatch) -> Result<()>;

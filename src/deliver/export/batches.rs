//! How rows travel: a few thousand at a time.

use arrow::array::RecordBatch;

use crate::model::Result;

/// Rows read at once.
pub const ROWS: usize = 2_048;

/// What takes the rows, batch by batch.
pub type OnBatch<'a> = &'a mut dyn FnMut(&RecordBatch) -> Result<()>;

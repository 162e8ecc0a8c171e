//! Looks for texts in files, as they are and decompressed: Parquet by its pages, zstd, gzip, and zip (a spreadsheet is
//! one). What a database of SQLite holds is found in its bytes, free pages included.

mod needles;
mod objects;
mod packed;
mod parquet;
mod tree;

pub use needles::{Needles, Seen};
pub use objects::scan_objects;
pub use packed::scan_file;
pub use tree::{Scanned, Sighted, scan_tree};

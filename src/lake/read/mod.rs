//! Reads the lake's files: lists them, and reads their columns by name.

mod columns;
mod file;
mod folder;
mod slice;

pub use columns::{
    column, dictionary, flags, float_at, floats, integer_at, integers, string_at, strings, time_at, times,
    timestamp_at, view_at, views,
};
pub use file::ParquetFile;
pub use folder::parquet_files;

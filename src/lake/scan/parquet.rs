//! The pages of a Parquet file. Its footer, indexes and minima are not compressed, and are found in its bytes.

use std::fs::File;
use std::io;

use parquet::file::reader::{FileReader, SerializedFileReader};

use super::needles::{Needles, Seen};

/// Looks through all pages, dictionaries included.
///
/// # Errors
/// When a page cannot be read.
pub fn scan(file: &File, needles: &Needles) -> io::Result<Seen> {
    let reader = SerializedFileReader::new(file.try_clone()?).map_err(io::Error::other)?;
    let mut seen = Seen::default();
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).map_err(io::Error::other)?;
        for column in 0..group.num_columns() {
            let mut pages = group.get_column_page_reader(column).map_err(io::Error::other)?;
            while let Some(page) = pages.get_next_page().map_err(io::Error::other)? {
                seen += needles.look(page.buffer());
            }
        }
    }
    Ok(seen)
}

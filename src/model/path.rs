//! What a path can be besides the name of a file: an address of something elsewhere, or nothing at all.

use std::path::Path;

/// Whether a text is the address of something elsewhere rather than a path: `s3://…`.
#[must_use]
pub fn is_address(text: &str) -> bool {
    text.contains("://")
}

/// A folder as a path or [`Path::parent`] has it, which is empty for where the program runs.
#[must_use]
pub fn folder_or_here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

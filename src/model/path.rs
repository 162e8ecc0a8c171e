//! Paths that do not name a file: addresses of something elsewhere, and the empty path.

use std::path::Path;

/// Whether a text is an address of something elsewhere, such as `s3://…`, rather than a path.
#[must_use]
pub fn is_address(text: &str) -> bool {
    text.contains("://")
}

/// Returns a folder, or `.` if it is empty. [`Path::parent`] returns an empty folder for a file name alone.
#[must_use]
pub fn folder_or_here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

//! Resolves the paths in a pipeline file.

use std::path::{Component, Path, PathBuf};

use crate::model::{folder_or_here, is_address};

/// Resolves `path` against `folder` into a readable path: without `x/..`, and relative to the working directory if it
/// is below that.
pub fn place(folder: &Path, path: &str) -> PathBuf {
    // An address stays as it is. The lake rejects one by itself.
    if is_address(path) {
        return PathBuf::from(path);
    }
    let Ok(here) = std::env::current_dir().and_then(|here| here.canonicalize()) else { return folder.join(path) };
    // The folder is resolved first, because `..` after a symbolic link is not the link's parent folder. One that is not
    // there is no link.
    let real = folder_or_here(folder).canonicalize().unwrap_or_else(|_| here.join(folder));
    let mut clean = PathBuf::new();
    for part in real.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    match clean.strip_prefix(&here) {
        Ok(below) if below.as_os_str().is_empty() => PathBuf::from("."),
        Ok(below) => below.to_owned(),
        _ => clean,
    }
}

/// Resolves a keyword set as a pipeline names it: `builtin:NAME` stays, a path is resolved.
pub fn resolve_set(set: String, folder: &Path) -> String {
    if set.starts_with("builtin:") { set } else { place(folder, &set).display().to_string() }
}

//! Where the paths of a pipeline file lead.

use std::path::{Component, Path, PathBuf};

use crate::model::{folder_or_here, is_address};

/// `folder/path` as a person would write it: without `x/..`, relative to where the program runs if it is below.
pub fn place(folder: &Path, path: &str) -> PathBuf {
    // The lake says itself that it cannot be an address.
    if is_address(path) {
        return PathBuf::from(path);
    }
    // The real folder first, as `..` after a symbolic link is not the folder before it.
    let Ok(real) = folder_or_here(folder).canonicalize() else { return folder.join(path) };
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
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    match here.as_deref().map(|here| clean.strip_prefix(here)) {
        Ok(Ok(below)) if below.as_os_str().is_empty() => PathBuf::from("."),
        Ok(Ok(below)) => below.to_owned(),
        _ => clean,
    }
}

/// A keyword set as a pipeline names it: `builtin:NAME`, or a path.
pub fn resolve_set(set: String, folder: &Path) -> String {
    if set.starts_with("builtin:") { set } else { place(folder, &set).display().to_string() }
}

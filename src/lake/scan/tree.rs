//! All files below a folder.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::needles::{Needles, Seen};
use super::packed::scan_file;
use crate::model::{Error, Result};

/// What was seen in a folder.
#[derive(Debug, Default)]
pub struct Scanned {
    pub files: u64,
    /// Bytes that were looked at, decompressed.
    pub bytes: u64,
    /// Files in which, or in whose path, something was seen, sorted by path.
    pub sighted: Vec<Sighted>,
    /// Files that could not be looked through, and why.
    pub unreadable: Vec<(PathBuf, String)>,
}

/// A file in which something was seen.
#[derive(Debug, PartialEq, Eq)]
pub struct Sighted {
    pub path: PathBuf,
    pub texts: u64,
    pub names: u64,
}

/// Looks through all files below a folder, in parallel. Links are not followed. `is_skipped` is asked of each path.
///
/// # Errors
/// When a folder cannot be listed. One that is not there has no files.
pub fn scan_tree(root: &Path, needles: &Needles, is_skipped: &dyn Fn(&Path) -> bool) -> Result<Scanned> {
    let mut files = Vec::new();
    list(root, is_skipped, &mut HashSet::new(), &mut files)?;
    files.sort();
    let look = |path: PathBuf| {
        let below = path.strip_prefix(root).unwrap_or(&path);
        let named = needles.look(below.as_os_str().as_encoded_bytes());
        let looked = scan_file(&path, needles);
        (path, named, looked)
    };
    let mut all = Scanned { files: files.len() as u64, ..Scanned::default() };
    for (path, Seen { mut texts, mut names, .. }, looked) in files.into_par_iter().map(look).collect::<Vec<_>>() {
        match looked {
            Ok(seen) => {
                all.bytes += seen.bytes;
                texts += seen.texts;
                names += seen.names;
            }
            // Another program has deleted it since.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => all.unreadable.push((path.clone(), error.to_string())),
        }
        if texts + names > 0 {
            all.sighted.push(Sighted { path, texts, names });
        }
    }
    Ok(all)
}

/// Lists files, each of several links to one only once: the links of Delta tables are to the files of the lake.
fn list(
    folder: &Path,
    is_skipped: &dyn Fn(&Path) -> bool,
    met: &mut HashSet<(u64, u64)>,
    files: &mut Vec<PathBuf>,
) -> Result<()> {
    let fail = |error: io::Error| Error::path("list", folder, error);
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(fail)?,
    };
    for entry in entries {
        let entry = entry.map_err(fail)?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(fail)?);
        if is_skipped(&path) {
            continue;
        }
        if kind.is_dir() {
            list(&path, is_skipped, met, files)?;
        } else if kind.is_file() {
            let metadata = entry.metadata().map_err(fail)?;
            if metadata.nlink() == 1 || met.insert((metadata.dev(), metadata.ino())) {
                files.push(path);
            }
        }
    }
    Ok(())
}

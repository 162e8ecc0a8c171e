//! Looks whether anything of somebody is left: through every byte of the lake, of archives and of reports.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::commands::terminal::counted;
use crate::lake::Lake;
use crate::lake::erase::Erasing;
use crate::lake::outputs::OutputKind;
use crate::lake::scan::{Needles, Sighted, scan_tree};
use crate::model::{Result, is_address};

/// What was found.
#[derive(Debug, Default, Serialize)]
pub struct Verified {
    pub files: u64,
    /// Decompressed.
    pub bytes: u64,
    /// Files that have an id or an address, and how often.
    pub left: Vec<(PathBuf, u64)>,
    /// Files that have a name, which may be somebody else's, and how often.
    pub names: Vec<(PathBuf, u64)>,
    /// Files that could not be looked through, and why.
    pub unreadable: Vec<(PathBuf, String)>,
    /// Archives and mirrors that are no folders.
    pub not_looked_at: Vec<String>,
}

impl Verified {
    /// Whether nothing is left.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.left.is_empty() && self.unreadable.is_empty()
    }
}

/// Looks for the ids, keys, addresses and names of an erasure in the lake, in what is recorded of its archives and reports,
/// and in `others`.
///
/// # Errors
/// When a folder cannot be listed.
pub fn verify(lake: &Lake, erasing: &Erasing, others: &[PathBuf]) -> Result<Verified> {
    let texts = erasing.texts().into_iter().chain(erasing.keys.iter().map(String::as_str));
    let needles = Needles::new(texts, erasing.names.iter().map(String::as_str));
    let outputs = lake.outputs()?;
    let elsewhere = outputs.iter().filter(|output| output.what != OutputKind::Export).map(|output| &output.path);
    let mut verified = Verified::default();
    let mut folders = BTreeSet::from([lake.root().to_owned()]);
    folders.extend(others.iter().cloned());
    // An archive or a mirror may be a folder that is named by its address.
    for path in elsewhere.map(|path| path.strip_prefix("file://").unwrap_or(path)) {
        if is_address(path) { verified.not_looked_at.push(path.to_owned()) } else { _ = folders.insert(path.into()) }
    }
    // Who is being erased stands there until the erasure is over.
    let erasing = lake.root().join("_roundup/erasing");
    for folder in folders {
        let scanned = scan_tree(&folder, &needles, &|path: &Path| path == erasing)?;
        verified.files += scanned.files;
        verified.bytes += scanned.bytes;
        verified.unreadable.extend(scanned.unreadable);
        for Sighted { path, texts, names } in scanned.sighted {
            if texts > 0 {
                verified.left.push((path.clone(), texts));
            }
            if names > 0 {
                verified.names.push((path, names));
            }
        }
    }
    Ok(verified)
}

/// What was found, for a person.
pub fn verified_on_screen(verified: &Verified) -> String {
    let Verified { files, bytes, left, names, unreadable, not_looked_at } = verified;
    let mut text = format!("verified   {} with {} MB\n", counted(*files, "file", "files"), bytes.div_ceil(1_000_000));
    for (path, count) in left {
        text += &format!("left       {}: {}\n", path.display(), counted(*count, "time", "times"));
    }
    for (path, count) in names {
        text += &format!("name       {}: {}\n", path.display(), counted(*count, "time", "times"));
    }
    for (path, why) in unreadable {
        text += &format!("unreadable {}: {why}\n", path.display());
    }
    for archive in not_looked_at {
        text += &format!("elsewhere  {archive} is no folder, and was not looked through\n");
    }
    text + if verified.is_clean() { "           no id and no address is left\n" } else { "" }
}

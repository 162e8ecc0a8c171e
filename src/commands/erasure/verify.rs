//! Looks whether anything of somebody is left: through every byte of the lake, of archives, mirrors and reports.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use reqwest::Url;
use serde::Serialize;

use super::mirrors::runtime;
use crate::commands::terminal::counted;
use crate::lake::Lake;
use crate::lake::erase::Erasing;
use crate::lake::outputs::OutputKind;
use crate::lake::scan::{Needles, Scanned, Sighted, scan_objects, scan_tree};
use crate::model::{Result, is_address};
use crate::objects::{Objects, address_of};

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
    /// Files and object stores that could not be looked through, and why.
    pub unreadable: Vec<(PathBuf, String)>,
    /// Folders of archives, mirrors and reports that are not there.
    pub not_there: Vec<PathBuf>,
}

impl Verified {
    /// Whether all was looked through, and nothing is left.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.is_clean_where_looked() && self.not_there.is_empty()
    }

    fn is_clean_where_looked(&self) -> bool {
        self.left.is_empty() && self.unreadable.is_empty()
    }

    fn add(&mut self, scanned: Scanned) {
        self.files += scanned.files;
        self.bytes += scanned.bytes;
        self.unreadable.extend(scanned.unreadable);
        for Sighted { path, texts, names } in scanned.sighted {
            if texts > 0 {
                self.left.push((path.clone(), texts));
            }
            if names > 0 {
                self.names.push((path, names));
            }
        }
    }
}

/// Looks for the ids, keys, addresses and names of an erasure in the lake, in what is recorded of its archives, mirrors and
/// reports, and in `others`.
///
/// # Errors
/// When a folder cannot be listed.
pub fn verify(lake: &Lake, erasing: &Erasing, others: &[PathBuf]) -> Result<Verified> {
    let needles = Needles::new(erasing.texts_and_keys(), erasing.names.iter().map(String::as_str));
    let outputs = lake.outputs()?.into_iter().filter(|output| output.what != OutputKind::Export);
    let places = outputs.map(|output| output.path).chain(others.iter().map(|path| path.display().to_string()));
    let (mut folders, mut stores) = (BTreeSet::from([lake.root().to_owned()]), BTreeSet::new());
    for place in places {
        match folder_of(&place) {
            Some(folder) => _ = folders.insert(folder),
            None => _ = stores.insert(place),
        }
    }
    // Who is being erased stands there until the erasure is over.
    let erasing = lake.root().join("_roundup/erasing");
    let mut verified = Verified::default();
    for folder in folders {
        if folder.exists() {
            verified.add(scan_tree(&folder, &needles, &|path: &Path| path == erasing)?);
        } else {
            verified.not_there.push(folder);
        }
    }
    for store in stores {
        match look_through(&store, &needles) {
            Ok(scanned) => verified.add(scanned),
            Err(error) => verified.unreadable.push((store.into(), error.to_string())),
        }
    }
    Ok(verified)
}

/// The folder that a path or an address names; `None` for an object store.
fn folder_of(place: &str) -> Option<PathBuf> {
    if !is_address(place) {
        return Some(place.into());
    }
    Url::parse(place).ok().filter(|url| url.scheme() == "file")?.to_file_path().ok()
}

fn look_through(store: &str, needles: &Needles) -> Result<Scanned> {
    let runtime = runtime()?;
    let objects = Objects::open("the store", &address_of("the store", store)?, runtime.handle().clone())?;
    scan_objects(&objects, needles)
}

/// What was found, for a person.
pub fn verified_on_screen(verified: &Verified) -> String {
    let Verified { files, bytes, left, names, unreadable, not_there } = verified;
    let mut text = format!("verified   {} with {} MB\n", counted(*files, "file", "files"), bytes.div_ceil(1_000_000));
    for (path, count) in left {
        text += &format!("left       {}: {}\n", path.display(), counted(*count, "time", "times"));
    }
    for (path, count) in names {
        text += &format!("name       {}: {}\n", path.display(), counted(*count, "time", "times"));
    }
    for (path, why) in unreadable {
        text += &format!("not read   {}: {why}\n", path.display());
    }
    for folder in not_there {
        text += &format!("not there  {}\n", folder.display());
    }
    if !not_there.is_empty() {
        text += "           bring it back; or name its new place with --reports, and delete the file in _roundup/outputs that\n\
                 \x20          names the old one\n";
    }
    text + match (verified.is_clean(), verified.is_clean_where_looked()) {
        (true, _) => "           no id and no address is left\n",
        (false, true) => "           no id and no address is left in what is there\n",
        (false, false) => "",
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_folder_may_be_named_by_its_address() {
        assert_eq!(folder_of("/srv/my reports"), Some("/srv/my reports".into()));
        assert_eq!(folder_of("file:///srv/my%20mirror"), Some("/srv/my mirror".into()));
        assert_eq!(folder_of("s3://bucket/mirror"), None);
    }

    #[test]
    fn what_is_not_read_is_said_and_is_not_clean() {
        let folder = tempfile::tempdir().unwrap();
        let lake = Lake::create(&folder.path().join("lake")).unwrap();
        let away = folder.path().join("archive");
        lake.record_output(OutputKind::Archive, &away).unwrap();
        let verified = verify(&lake, &Erasing::default(), &[]).unwrap();
        let text = verified_on_screen(&verified);
        assert!(!verified.is_clean() && text.contains("left in what is there"), "{text}");
        assert_eq!(verified.not_there, [away.as_path()]);
        fs::create_dir(&away).unwrap();
        let verified = verify(&lake, &Erasing::default(), &[]).unwrap();
        let text = verified_on_screen(&verified);
        assert!(verified.is_clean() && text.ends_with("no id and no address is left\n"), "{text}");
        lake.record_output(OutputKind::Mirror, Path::new("ftp://host/mirror")).unwrap();
        let verified = verify(&lake, &Erasing::default(), &[]).unwrap();
        let text = verified_on_screen(&verified);
        assert!(!verified.is_clean() && text.contains("not read   ftp://host/mirror: "), "{text}");
        assert!(!text.contains("no id"), "{text}");
    }
}

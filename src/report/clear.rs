//! Clears what a replaced report or a killed one leaves, without deleting what others put there.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use crate::lake::durable::rename_new;
use crate::lake::temporary::TemporaryFolder;

/// The name in a private folder of a report that was taken out of its place, with a number after it.
pub const REPLACED: &str = "replaced-";
/// The folder of a report that its pages of jobs are in.
const PAGES: &str = "jobs";

/// Whether this program writes a file of that path in a report's folder.
pub fn is_own(path: &str) -> bool {
    let page =
        path.strip_prefix(PAGES).and_then(|page| page.strip_prefix('/')?.strip_suffix(".html")?.rsplit_once('-'));
    match page {
        Some((_, hash)) => hash.len() >= 8 && hash.bytes().all(|digit| digit.is_ascii_hexdigit()),
        None => matches!(
            path,
            "index.html"
                | "roundup.xlsx"
                | "jobs.csv"
                | "questions.csv"
                | "keywords.csv"
                | "summary.json"
                | "figures.parquet"
        ),
    }
}

/// Whether it is a page that this program writes: pages alone have words of people.
pub fn is_page(path: &str) -> bool {
    is_own(path) && path.ends_with(".html")
}

/// Removes a private folder, and the reports in it. What others put into them goes to the report in their place.
pub fn clear(folder: TemporaryFolder, target: &Path) {
    let path = folder.path().to_owned();
    if let Err(error) = remove(folder, target) {
        tracing::warn!("{} is left for the next report to clear: {error}", path.display());
    }
}

fn remove(folder: TemporaryFolder, target: &Path) -> io::Result<()> {
    let mut left = folder.contents()?;
    let was_replaced =
        |path: &Path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(REPLACED.as_bytes()));
    // The process ended after it had taken a report out of its place and before it put its own there.
    if fs::symlink_metadata(target).is_err()
        && let Some(last) = left.iter().rposition(|path| was_replaced(path))
    {
        fs::rename(left.remove(last), target)?;
    }
    for path in left {
        if path.is_symlink() { fs::remove_file(path)? } else { retire(&path, target, "")? }
    }
    folder.remove()
}

/// Deletes the program's own files in a folder of a report, and moves all else to the report that is in its place.
/// `within` is the folder's path in the report.
fn retire(folder: &Path, target: &Path, within: &str) -> io::Result<()> {
    loop {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let path = entry.path();
            let name = Path::new(within).join(entry.file_name());
            let is_folder = entry.file_type()?.is_dir();
            match name.to_str() {
                Some(PAGES) if is_folder => retire(&path, target, PAGES)?,
                Some(name) if !is_folder && is_own(name) => fs::remove_file(&path)?,
                _ => keep(&path, target, within)?,
            }
        }
        match fs::remove_dir(folder) {
            // Another report has just moved something here, which it found in one that was replaced before.
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty => {}
            removed => return removed,
        }
    }
}

/// Moves something into a folder of a report, under another name if its own is taken.
fn keep(path: &Path, report: &Path, within: &str) -> io::Result<()> {
    let folder = report.join(within);
    if !within.is_empty()
        && let Err(error) = fs::create_dir(&folder)
        && error.kind() != ErrorKind::AlreadyExists
    {
        return Err(error);
    }
    let mut name = path.file_name().expect("it was listed").to_owned();
    loop {
        match rename_new(path, &folder.join(&name)) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => name.push("-kept"),
            moved => return moved,
        }
    }
}

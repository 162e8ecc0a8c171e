//! Folders on other disks. A finished file is renamed into its place, and no file system can rename a file into another
//! one. That is better known before anything is fetched than when all of it is to be published.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::fs::{CWD, renameat};
use rustix::io::Errno;

use super::places::staging_of;
use super::schema::TABLES;
use crate::model::{Error, Result, folder_or_here};

/// Checks that files which are finished in the staging folder can be moved into every table and month of a lake. The
/// lake need not exist yet. Writes nothing.
///
/// # Errors
/// A usage error when one of them is on another disk, or is a link to nothing.
pub fn refuse_other_disks(lake: &Path) -> Result<()> {
    let staging = staging_of(lake);
    let hint = "keep the tables and _roundup on one disk; a link to, or a mount of, the whole lake is fine";
    for table in TABLES {
        let table = lake.join(table.name);
        refuse_other_disk(&staging, &table, hint)?;
        // Months are folders or links to some. What else is there is not moved.
        for month in fs::read_dir(&table).into_iter().flatten().flatten() {
            if month.path().is_dir() || month.path().is_symlink() {
                refuse_other_disk(&staging, &month.path(), hint)?;
            }
        }
    }
    Ok(())
}

/// Checks that files can be moved from one folder into another. What counts for a folder that is still to be made is
/// the nearest one that is there. Writes nothing.
///
/// # Errors
/// A usage error with the hint when they are on different disks, or when the second is a link to nothing.
pub fn refuse_other_disk(from: &Path, into: &Path, hint: &str) -> Result<()> {
    for folder in [from, into] {
        if folder.is_symlink() && !folder.exists() {
            let target = folder.read_link().unwrap_or_default();
            let what = format!("{} is a link to {}, and nothing is there", folder.display(), target.display());
            return Err(Error::usage(what).hint("is its disk mounted? Else make the folder, or delete the link"));
        }
    }
    if can_rename(from, into).map_err(|error| Error::path("look at", into, error))? {
        return Ok(());
    }
    let (from, into) = (from.display(), into.display());
    let what = "are on different disks or mounts, and files are moved from the second into the first";
    Err(Error::usage(format!("{into} and {from} {what}")).hint(hint))
}

fn can_rename(from: &Path, into: &Path) -> io::Result<bool> {
    let (from, into) = (nearest_folder(from), nearest_folder(into));
    if from.metadata()?.dev() != into.metadata()?.dev() {
        return Ok(false);
    }
    // Two mounts of one disk have its number both, and still no file is renamed from one into the other. The kernel
    // compares the mounts before it looks for the file, so that one that is not there will do.
    let name = format!(".roundup-not-there-{}", std::process::id());
    Ok(renameat(CWD, from.join(&name), CWD, into.join(&name)) != Err(Errno::XDEV))
}

/// The nearest of a path and the folders above it that is there.
fn nearest_folder(path: &Path) -> &Path {
    path.ancestors().find(|folder| folder.exists()).map_or(Path::new("."), folder_or_here)
}

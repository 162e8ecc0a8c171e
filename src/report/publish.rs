//! Publishes a report atomically: it is written to a hidden folder, then renamed into place. `latest` points to the
//! newest report.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use sha2::{Digest, Sha256};

use super::model::Period;
use crate::lake::durable::{sync, sync_all};
use crate::model::{Error, Result};
use crate::pipeline::Narrow;

/// The name of a report's folder: the first day after its period. A narrowed report has a hash of its selection in its
/// name, so that it does not replace the report on everything.
pub fn name(period: &Period, narrow: &Narrow) -> String {
    if narrow.jobs.is_empty() && narrow.departments.is_empty() {
        return period.until.to_string();
    }
    let mut hash = Sha256::new();
    for name in narrow.jobs.iter().chain([&String::new()]).chain(&narrow.departments) {
        hash.update(name.len().to_le_bytes());
        hash.update(name);
    }
    format!("{}-only-{}", period.until, hex::encode(&hash.finalize()[..4]))
}

/// Writes the files as `out/name/` and points `out/latest` to that folder. An older report of that name is replaced.
pub fn publish(out: &Path, name: &str, files: &[(String, Vec<u8>)]) -> Result<PathBuf> {
    let target = out.join(name);
    work(out, &target, name, files).map_err(|error| Error::path("write the report", &target, error))?;
    Ok(target)
}

fn work(out: &Path, target: &Path, name: &str, files: &[(String, Vec<u8>)]) -> io::Result<()> {
    let new = out.join(format!(".{name}.new"));
    remove_folder(&new)?;
    fs::create_dir_all(&new)?;
    let mut written = BTreeSet::from([new.clone()]);
    for (file, bytes) in files {
        let path = new.join(file);
        let folder = path.parent().expect("a page is in a folder").to_owned();
        fs::create_dir_all(&folder)?;
        fs::write(&path, bytes)?;
        written.extend([path, folder]);
    }
    sync_all(&written.iter().map(PathBuf::as_path).collect::<Vec<_>>()).map_err(io::Error::other)?;
    if target.exists() {
        match renameat_with(CWD, &new, CWD, target, RenameFlags::EXCHANGE) {
            Ok(()) => {}
            // The file system cannot exchange folders: for an instant there is no report of that name.
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
                remove_folder(target)?;
                fs::rename(&new, target)?;
            }
            Err(error) => return Err(error.into()),
        }
        remove_folder(&new)?;
    } else {
        fs::rename(&new, target)?;
    }
    let link = out.join(".latest.new");
    let _absent_is_fine = fs::remove_file(&link);
    std::os::unix::fs::symlink(name, &link)?;
    fs::rename(&link, out.join("latest"))?;
    sync(out)
}

fn remove_folder(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

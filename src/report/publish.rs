//! A report appears whole: written aside, then renamed into place; `latest` points to the newest.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::lake::publish::sync;
use crate::model::{Error, Result};

/// Writes the files as `out/name/` and points `out/latest` to it; an older report of that name is replaced.
pub fn publish(out: &Path, name: &str, files: &[(&'static str, Vec<u8>)]) -> Result<PathBuf> {
    let target = out.join(name);
    work(out, &target, name, files).map_err(|error| Error::path("write the report", &target, error))?;
    Ok(target)
}

fn work(out: &Path, target: &Path, name: &str, files: &[(&'static str, Vec<u8>)]) -> io::Result<()> {
    let new = out.join(format!(".{name}.new"));
    remove_folder(&new)?;
    fs::create_dir_all(&new)?;
    for (file, bytes) in files {
        let mut output = File::create_new(new.join(file))?;
        output.write_all(bytes)?;
        output.sync_all()?;
    }
    sync(&new)?;
    if target.exists() {
        match renameat_with(CWD, &new, CWD, target, RenameFlags::EXCHANGE) {
            Ok(()) => {}
            // File systems that cannot exchange: for an instant there is no report of that name.
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

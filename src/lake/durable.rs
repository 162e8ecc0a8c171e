//! Files that survive a power cut and are never half written: syncing, renaming without overwriting, writing a file
//! whole, hashing it, and names that sort by time.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use sha2::{Digest, Sha256};

use super::access::make_private_folder;
use crate::model::{Error, Result, folder_or_here};

/// A time as `20260531T235959123Z`, which sorts by time and is safe in any file name.
#[must_use]
pub fn batch_id(time: Timestamp) -> String {
    format!("{}{:03}Z", time.strftime("%Y%m%dT%H%M%S"), time.subsec_millisecond())
}

/// Makes something whose name is the time. Tries names one after the other, each a millisecond later, until `make`
/// returns something. It returns `None` for a name that is taken.
///
/// # Errors
/// The error of `make`.
pub fn with_free_id<T, E>(mut make: impl FnMut(&str) -> Result<Option<T>, E>) -> Result<T, E> {
    let mut time = Timestamp::now();
    loop {
        if let Some(made) = make(&batch_id(time))? {
            return Ok(made);
        }
        time += SignedDuration::from_millis(1);
    }
}

/// Makes a file that only its owner can read. `None` when there is a file of that name.
///
/// # Errors
/// When it cannot be made.
pub fn create_private(path: &Path) -> io::Result<Option<File>> {
    match OpenOptions::new().create_new(true).write(true).mode(0o600).open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(None),
        file => file.map(Some),
    }
}

/// Renames a file, never over another one.
///
/// # Errors
/// When it cannot be renamed; `AlreadyExists` when there is a file of that name.
pub fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // For file systems without that flag (old NFS, some FUSE). Only this process writes here, so checking first is
        // enough.
        Err(Errno::INVAL | Errno::NOSYS) if to.exists() => Err(io::ErrorKind::AlreadyExists.into()),
        Err(Errno::INVAL | Errno::NOSYS) => fs::rename(from, to),
        renamed => Ok(renamed?),
    }
}

/// Writes a file that nobody else has written: first whole and synced under `staged`, in a folder of the same file system,
/// then under its name, which is synced as well. Of two writers, only one gets the name.
///
/// # Errors
/// When it cannot be written; `AlreadyExists` when there is a file of that name.
pub fn write_new(path: &Path, staged: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(mode).open(staged)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    match renameat_with(CWD, staged, CWD, path, RenameFlags::NOREPLACE) {
        // A link is refused as well when the name is taken.
        Err(Errno::INVAL | Errno::NOSYS) => fs::hard_link(staged, path)?,
        renamed => renamed?,
    }
    sync_parent(path)
}

/// Moves a file or folder into another folder, under a name. The folder is made, for its owner alone, if it is not there.
///
/// # Errors
/// When it cannot be moved.
pub fn move_to(folder: &Path, path: &Path, name: &str) -> Result<()> {
    let fail = |error: io::Error| Error::path("move aside", path, error);
    make_private_folder(folder).map_err(fail)?;
    fs::rename(path, folder.join(name)).map_err(fail)?;
    sync_with_parent(folder).map_err(fail)?;
    sync_parent(path).map_err(fail)
}

/// Syncs a folder and its parent, so that the folder and the names in it survive a power cut.
///
/// # Errors
/// When either folder cannot be opened or synced.
pub fn sync_with_parent(folder: &Path) -> io::Result<()> {
    sync(folder)?;
    sync_parent(folder)
}

fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |parent| sync(folder_or_here(parent)))
}

/// Syncs files and folders of one file system, all at once if the operating system can: hundreds of small files that
/// are synced one by one take longer than making them.
///
/// # Errors
/// When one cannot be opened or synced.
pub fn sync_all(paths: &[&Path]) -> Result<()> {
    let fail = |path: &Path, error: io::Error| Error::path("sync", path, error);
    #[cfg(target_os = "linux")]
    if let [first, _, ..] = paths {
        let synced = File::open(first).and_then(|file| Ok(rustix::fs::syncfs(file)?));
        return synced.map_err(|error| fail(first, error));
    }
    paths.iter().try_for_each(|path| sync(path).map_err(|error| fail(path, error)))
}

/// Writes a file under a temporary name and renames it, so that a crash never leaves half of it. `mode` is as in
/// `chmod`.
///
/// # Errors
/// When it cannot be written.
pub fn write_whole(path: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(mode).open(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    sync_parent(path)
}

/// Syncs a file, or the names in a folder, so that they survive a power cut.
///
/// # Errors
/// When it cannot be opened or synced.
pub fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// The SHA-256 of a file, in hex.
///
/// # Errors
/// When it cannot be read.
pub fn sha256_of(path: &Path) -> io::Result<String> {
    Ok(hex::encode(hash_of(&mut File::open(path)?)?.finalize()))
}

/// The SHA-256 of the rest of the input.
///
/// # Errors
/// When it cannot be read.
pub fn hash_of(input: &mut impl Read) -> io::Result<Sha256> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match input.read(&mut buffer)? {
            0 => return Ok(hash),
            count => hash.update(&buffer[..count]),
        }
    }
}

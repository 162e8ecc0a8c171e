//! Files that are written beside their place and then moved into it. Until then only their owner can read them, and
//! those of programs that were killed are deleted by the next one.
//!
//! A program locks its file for as long as it writes it. The lock ends with the program, so a file that can be locked
//! was left behind.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::sync::OnceLock;

use rustix::fs::{Mode, OFlags};
use tempfile::NamedTempFile;

/// How the name of an unfinished file begins. Some random letters and digits follow.
const PREFIX: &str = ".roundup-";
/// How many letters and digits follow.
const RANDOM: usize = 6;

/// Begins a file in a folder, which only its owner can read, and deletes what killed programs left there.
///
/// # Errors
/// When it cannot be made.
pub fn begin(folder: &Path) -> io::Result<NamedTempFile> {
    delete_abandoned(folder);
    loop {
        // Such a file is made with the mode 0600.
        let file = tempfile::Builder::new().prefix(PREFIX).rand_bytes(RANDOM).tempfile_in(folder)?;
        match file.as_file().try_lock() {
            // Another program has just taken it for abandoned.
            Err(TryLockError::WouldBlock) => {}
            Ok(()) if file.as_file().metadata()?.nlink() == 0 => {}
            // Where there are no locks, nobody else has one either, and nothing is ever deleted.
            Ok(()) | Err(TryLockError::Error(_)) => return Ok(file),
        }
    }
}

/// Moves a file that is whole into its place, over an older one. As usual for files that a program makes, the user's
/// umask decides who may read it.
///
/// # Errors
/// When it cannot be synced or moved.
pub fn finish(file: NamedTempFile, path: &Path) -> io::Result<()> {
    file.as_file().set_permissions(Permissions::from_mode(0o666 & !umask()))?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

/// The umask can only be read by setting it. So it is read once, and no two threads do it.
fn umask() -> u32 {
    static UMASK: OnceLock<u32> = OnceLock::new();
    *UMASK.get_or_init(|| {
        let mask = rustix::process::umask(Mode::RWXG | Mode::RWXO);
        rustix::process::umask(mask);
        mask.bits()
    })
}

/// Deletes the files in a folder that killed programs left. Whatever is in the way of that is no reason not to go on.
fn delete_abandoned(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if is_one(&path) && open_here(&path).is_ok_and(|file| file.try_lock().is_ok() && is_still(&file, &path)) {
            let _is_gone = fs::remove_file(&path);
        }
    }
}

/// Whether a file has the name of an unfinished one.
fn is_one(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    let end = name.and_then(|name| name.strip_prefix(PREFIX));
    end.is_some_and(|end| end.len() == RANDOM && end.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// Opens a file of this user, if it is one, and never waits.
fn open_here(path: &Path) -> io::Result<File> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new().write(true).custom_flags(flags.bits().cast_signed()).open(path)?;
    let metadata = file.metadata()?;
    let is_own = metadata.is_file() && metadata.uid() == rustix::process::geteuid().as_raw();
    if is_own { Ok(file) } else { Err(io::ErrorKind::PermissionDenied.into()) }
}

/// Whether a file still has its name. Between the opening and the lock its program may have finished it, and another
/// one begun a file of that name.
fn is_still(file: &File, path: &Path) -> bool {
    let id = |metadata: io::Result<fs::Metadata>| metadata.map(|metadata| (metadata.dev(), metadata.ino()));
    matches!((id(file.metadata()), id(path.symlink_metadata())), (Ok(one), Ok(other)) if one == other)
}

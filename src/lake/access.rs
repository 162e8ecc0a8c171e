//! Who may read and write what in a lake. The umask decides, and never gives more than this: keys, the ledger and bodies
//! are their owner's alone, names and addresses are for a group at most, and nothing in the program's own folder can be
//! changed by others.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::path::Path;

use super::schema::CANDIDATES;

/// Permissions of everybody but the owner.
pub(super) const OTHERS: u32 = 0o077;
/// Permissions to write of everybody but the owner.
pub(super) const OTHERS_WRITE: u32 = 0o022;
/// Permissions that a table of names and addresses does not give: to write, and any outside of the group.
const PERSONAL: u32 = 0o027;
/// The bit of a folder whose files get its group.
const SETGID: u32 = 0o2000;

/// Permissions that a table does not give.
pub(super) fn denied(table: &str) -> u32 {
    if table == CANDIDATES.name { PERSONAL } else { 0 }
}

/// Makes a folder that only its owner can look into.
///
/// # Errors
/// When it cannot be made.
pub fn make_private_folder(path: &Path) -> io::Result<()> {
    make_folder(path, OTHERS)?;
    deny(path, OTHERS)
}

/// Makes a folder without some permissions, and those above it that are missing.
pub(super) fn make_folder(path: &Path, denied: u32) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o777 & !denied).create(path)
}

/// Makes a folder of a table, and those above it that are missing.
///
/// # Errors
/// When it cannot be made.
pub fn make_table_folder(table: &str, path: &Path) -> io::Result<()> {
    make_folder(path, denied(table))
}

/// Takes permissions away that an earlier version of the program has given. What belongs to somebody else is left alone.
pub(super) fn deny(path: &Path, denied: u32) -> io::Result<()> {
    let mode = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        metadata => metadata?.mode() & 0o7777,
    };
    if mode & denied == 0 {
        return Ok(());
    }
    match fs::set_permissions(path, Permissions::from_mode(mode & !denied)) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        set => set,
    }
}

/// Gives a folder the permissions and the group of another one, or less if the group cannot be given. What belongs to
/// somebody else is left alone.
pub(super) fn take_access(from: &Path, folder: &Path) -> io::Result<()> {
    let (from, own) = (fs::metadata(from)?, fs::metadata(folder)?);
    let mut mode = from.mode() & 0o7777;
    if own.gid() != from.gid() {
        match chown(folder, None, Some(from.gid())) {
            Err(error) if cannot_be_given(&error) => mode &= !0o070,
            given => given?,
        }
    }
    if own.mode() & 0o7777 == mode {
        return Ok(());
    }
    match fs::set_permissions(folder, Permissions::from_mode(mode)) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        set => set,
    }
}

/// Gives a file that is to be moved into a folder the group that it would have if it were made there, if it can be given.
pub(super) fn take_group(file: &Path, folder: &Path) -> io::Result<()> {
    let (file_group, folder) = (fs::metadata(file)?.gid(), fs::metadata(folder)?);
    if folder.mode() & SETGID == 0 || folder.gid() == file_group {
        return Ok(());
    }
    match chown(file, None, Some(folder.gid())) {
        Err(error) if cannot_be_given(&error) => Ok(()),
        given => given,
    }
}

/// Whether a group cannot be given: this user is not in it, or a user namespace does not have it, which makes it an invalid
/// number.
fn cannot_be_given(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidInput)
}

//! Temporary folders beside what they are to replace. Only their owner can look into them, each has a name of its own,
//! and the next program removes those of programs that were killed.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

/// A file that the owner of a folder keeps locked. The lock ends with its process, however that ends.
const LOCK: &str = "lock";
/// Length of the random end of a name.
const RANDOM: usize = 6;

/// A temporary folder that no other process takes for abandoned.
#[derive(Debug)]
pub struct TemporaryFolder {
    path: PathBuf,
    _lock: File,
}

impl TemporaryFolder {
    /// Makes a folder whose name begins with `prefix`.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new(parent: &Path, prefix: &str) -> io::Result<Self> {
        loop {
            let folder = tempfile::Builder::new()
                .prefix(prefix)
                .rand_bytes(RANDOM)
                .permissions(Permissions::from_mode(0o700))
                .tempdir_in(parent)?
                .keep();
            // Where locks are unknown, nobody else can lock it either.
            if let Some(lock) = claim(&folder, true)? {
                return Ok(Self { path: folder, _lock: lock });
            }
        }
    }

    /// The folders in `parent` that were left by processes that are gone, each with what `of_name` makes of its name
    /// without the random end. `of_name` returns `None` for names that are not its own. They now belong to this
    /// process.
    ///
    /// # Errors
    /// When `parent` cannot be listed.
    pub fn abandoned<T>(parent: &Path, of_name: impl Fn(&str) -> Option<T>) -> io::Result<Vec<(Self, T)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(parent)? {
            let entry = entry?;
            let name = entry.file_name();
            let prefix = name.to_str().and_then(|name| name.split_at_checked(name.len().checked_sub(RANDOM)?));
            let Some(of_name) = prefix.and_then(|(prefix, _)| of_name(prefix)) else { continue };
            // A link of that name could lead anywhere, and so could links in a folder of somebody else's. It may also
            // be gone by now.
            let is_own = |there: fs::Metadata| there.is_dir() && there.uid() == geteuid().as_raw();
            if !entry.metadata().is_ok_and(is_own) {
                continue;
            }
            let path = entry.path();
            if let Ok(Some(lock)) = claim(&path, false) {
                found.push((Self { path, _lock: lock }, of_name));
            }
        }
        Ok(found)
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What is in the folder, sorted by name.
    ///
    /// # Errors
    /// When it cannot be listed.
    pub fn contents(&self) -> io::Result<Vec<PathBuf>> {
        let entries = fs::read_dir(&self.path)?.map(|entry| Ok(entry?.path()));
        let mut contents: Vec<PathBuf> = entries.collect::<io::Result<_>>()?;
        contents.retain(|path| *path != self.path.join(LOCK));
        contents.sort();
        Ok(contents)
    }

    /// Removes the folder with all that is in it.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn clear(self) -> io::Result<()> {
        for path in self.contents()? {
            if path.is_dir() && !path.is_symlink() { fs::remove_dir_all(&path)? } else { fs::remove_file(&path)? }
        }
        self.remove()
    }

    /// Removes the folder, which must be empty.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(self) -> io::Result<()> {
        fs::remove_file(self.path.join(LOCK))?;
        fs::remove_dir(&self.path)
    }
}

/// Removes the folders with a prefix that killed programs left in `parent`, with all that is in them. One that cannot be
/// removed is left to the next program.
pub fn clear_abandoned(parent: &Path, prefix: &str) {
    let is_own = |name: &str| (name == prefix).then_some(());
    for (folder, ()) in TemporaryFolder::abandoned(parent, is_own).into_iter().flatten() {
        let _is_left = folder.clear();
    }
}

/// Locks a folder. `None` if another process has locked or removed it.
fn claim(folder: &Path, without_locks: bool) -> io::Result<Option<File>> {
    let path = folder.join(LOCK);
    let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(0o600).open(&path);
    let file = match file {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) if !without_locks => return Err(error),
        _ => {}
    }
    // It may have been removed between opening and locking.
    Ok(path.exists().then_some(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(parent: &Path) -> Vec<String> {
        let of_name = |name: &str| name.strip_prefix(".mine-").map(str::to_owned);
        TemporaryFolder::abandoned(parent, of_name).unwrap().into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn only_ones_own_and_dead_ones_are_abandoned() {
        let parent = tempfile::tempdir().unwrap();
        for other in [".mine-notes", ".mine-é", ".other-a1b2c3", "mine-a1b2c3", ".m"] {
            fs::create_dir(parent.path().join(other)).unwrap();
        }
        fs::write(parent.path().join(".mine-file-a1b2c3"), "not a folder").unwrap();
        std::os::unix::fs::symlink("mine-a1b2c3", parent.path().join(".mine-link-a1b2c3")).unwrap();
        let living = TemporaryFolder::new(parent.path(), ".mine-x-").unwrap();
        assert_eq!(fs::metadata(living.path()).unwrap().permissions().mode() & 0o777, 0o700);
        assert_eq!(names(parent.path()), [""; 0]);
        let path = living.path().to_owned();
        drop(living);
        assert_eq!(names(parent.path()), ["x-"]);
        let claimed = TemporaryFolder::abandoned(parent.path(), |name| (name == ".mine-x-").then_some(())).unwrap();
        assert_eq!(names(parent.path()), [""; 0], "claimed by another");
        let (folder, ()) = claimed.into_iter().next().unwrap();
        assert_eq!(folder.contents().unwrap(), [""; 0].map(PathBuf::from));
        folder.remove().unwrap();
        assert!(!path.exists());
        // Killed before it could lock it, or while another process removed it.
        fs::create_dir(parent.path().join(".mine-y-a1b2c3")).unwrap();
        assert_eq!(names(parent.path()), ["y-"]);
    }

    #[test]
    fn what_a_killed_program_left_is_cleared_with_all_that_is_in_it() {
        let parent = tempfile::tempdir().unwrap();
        let living = TemporaryFolder::new(parent.path(), ".mine-").unwrap();
        let killed = parent.path().join(".mine-a1b2c3");
        fs::create_dir_all(killed.join("deep")).unwrap();
        fs::write(killed.join("deep/rows"), "rows").unwrap();
        std::os::unix::fs::symlink(living.path(), killed.join("link")).unwrap();
        fs::create_dir(parent.path().join(".other-a1b2c3")).unwrap();
        clear_abandoned(parent.path(), ".mine-");
        let left: Vec<PathBuf> = fs::read_dir(parent.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(left.len() == 2 && left.contains(&living.path().to_owned()), "{left:?}");
        assert!(living.path().join(LOCK).exists());
    }
}

//! The lock of a lake: one run at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::access::{OTHERS, deny};
use super::disks::refuse_other_disks;
use super::places::Lake;
use crate::model::{Error, Kind, Result};

/// The lock of a lake, which a command holds while it changes the lake.
#[derive(Debug)]
pub struct LakeLock {
    file: File,
}

impl Drop for LakeLock {
    /// Ends the lock at once. Closing the file would not, while a process that another thread has just begun still has it open.
    fn drop(&mut self) {
        let _ends_with_the_process = self.file.unlock();
    }
}

impl Lake {
    /// Locks the lake. The lock ends with the process, however that ends, so it is never stale.
    ///
    /// # Errors
    /// [`Kind::Locked`] when another process holds the lock. A usage error when files could not be moved into one of
    /// the tables. When a restore of the lake is not over.
    pub fn lock(&self) -> Result<LakeLock> {
        let lock = self.lock_to_restore()?;
        self.refuse_half_restored()?;
        Ok(lock)
    }

    pub(super) fn lock_path(&self) -> PathBuf {
        self.own().join("lock")
    }

    /// Locks the lake, also if it is not restored to its end.
    pub(super) fn lock_to_restore(&self) -> Result<LakeLock> {
        refuse_other_disks(self.root())?;
        let path = self.lock_path();
        loop {
            let file = self.locked(&path)?;
            // If the file was deleted meanwhile, another program would lock a new one.
            if is_at(&file, &path).map_err(|error| Error::path("lock", &path, error))? {
                return Ok(LakeLock { file });
            }
        }
    }

    fn locked(&self, path: &Path) -> Result<File> {
        let fail = |error: std::io::Error| Error::path("lock", path, error);
        let mut options = OpenOptions::new();
        let options = options.create(true).truncate(false).read(true).write(true).mode(0o600);
        let mut file = options.open(path).map_err(fail)?;
        // Who can open it could hold it, and keep every run away.
        deny(path, OTHERS).map_err(fail)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _unreadable_is_fine = file.read_to_string(&mut holder);
                let holder = if holder.is_empty() { String::new() } else { format!(" (process {})", holder.trim()) };
                let message = format!("another run{holder} holds the lake at {}", self.root().display());
                return Err(Error::new(Kind::Locked, message).hint("wait for it to end, or use another lake"));
            }
            Err(TryLockError::Error(error)) => return Err(fail(error)),
        }
        file.set_len(0).and_then(|()| write!(file, "{}", std::process::id())).map_err(fail)?;
        Ok(file)
    }

    /// Locks the records of quotes until the file is dropped. Waits for a report that is being published, since reports
    /// take no lock of the lake.
    ///
    /// # Errors
    /// When they cannot be locked.
    pub fn lock_quotes(&self) -> Result<File> {
        let path = self.own().join("quotes.lock");
        let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let locked = file.and_then(|file| file.lock().map(|()| file));
        locked.map_err(|error| Error::path("lock", &path, error))
    }
}

/// Whether an open file is the one that has a name.
fn is_at(file: &File, path: &Path) -> std::io::Result<bool> {
    let open = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(named) => Ok((named.dev(), named.ino()) == (open.dev(), open.ino())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_ends_though_a_process_that_has_just_begun_has_its_file_open() {
        let folder = tempfile::tempdir().unwrap();
        let lake = Lake::create(&folder.path().join("lake")).unwrap();
        let lock = lake.lock().unwrap();
        // What a child has between its beginning and its program.
        let inherited = lock.file.try_clone().unwrap();
        assert_eq!(lake.lock().unwrap_err().kind(), Kind::Locked);
        drop(lock);
        lake.lock().unwrap();
        drop(inherited);
    }
}

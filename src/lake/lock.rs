//! The lock of a lake: one run at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Write};

use super::places::Lake;
use crate::model::{Error, Kind, Result};

/// Held for as long as a command changes the lake.
#[derive(Debug)]
pub struct LakeLock {
    _file: File,
}

impl Lake {
    /// Takes the lake for one run. The lock ends with the process, however that ends, so none is ever stale.
    ///
    /// # Errors
    /// [`Kind::Locked`] when another process has it.
    pub fn lock(&self) -> Result<LakeLock> {
        let path = self.own().join("lock");
        let fail = |error: std::io::Error| Error::path("lock", &path, error);
        let mut file =
            OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path).map_err(fail)?;
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
        Ok(LakeLock { _file: file })
    }
}

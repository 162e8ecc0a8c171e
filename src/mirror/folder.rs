//! A folder of a mirror with few and small objects, copied to this machine: a log.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use jiff::Timestamp;
use rustix::fs::{Timespec, Timestamps, futimens};

use crate::lake::log::{LogFile, LogRead, commit_name, read_log};
use crate::model::{Error, Result};
use crate::objects::{Created, Objects};

/// A copy of a log's folder.
pub struct LogCopy<'o> {
    objects: &'o Objects,
    name: String,
    folder: PathBuf,
    /// The bytes of each file that was there.
    there: BTreeMap<String, Bytes>,
}

impl<'o> LogCopy<'o> {
    /// Copies the objects of a folder into a folder of this machine, which is made. Their times are kept.
    ///
    /// # Errors
    /// When one cannot be read or written.
    pub fn pull(objects: &'o Objects, name: &str, folder: &Path) -> Result<Self> {
        Self::pull_beside(objects, name, folder, None)
    }

    /// The same, for a log of which there is one of the same history in a folder of this machine: a file of the same name
    /// and size is copied from there, but for the newest. Each commit has the hash of the one before, so that another
    /// history is found all the same.
    ///
    /// # Errors
    /// As [`Self::pull`].
    pub fn pull_beside(objects: &'o Objects, name: &str, folder: &Path, known: Option<&Path>) -> Result<Self> {
        fs::create_dir_all(folder).map_err(|error| Error::path("make", folder, error))?;
        let mut copy = Self { objects, name: name.to_owned(), folder: folder.to_owned(), there: BTreeMap::new() };
        let listed = objects.list(name)?;
        let newest = listed.iter().map(|listed| listed.name.clone()).max();
        for listed in listed {
            let Some(file) = listed.name.strip_prefix(&format!("{name}/")) else { continue };
            let known = known.filter(|_| newest.as_ref() != Some(&listed.name));
            let own = known.and_then(|known| fs::read(known.join(file)).ok());
            let own = own.filter(|own| own.len() as u64 == listed.bytes).map(Bytes::from);
            let bytes = if own.is_some() { own } else { objects.read(&listed.name)? };
            // One that was deleted since is not there.
            if let Some(bytes) = bytes.filter(|_| !file.contains('/')) {
                copy.keep(file, bytes, Some(listed.modified))?;
            }
        }
        // A store may not list the newest ones yet.
        let mut next = copy.newest().map_or(0, |newest| newest + 1);
        while let Some(bytes) = objects.read(&copy.object(&commit_name(next)))? {
            copy.keep(&commit_name(next), bytes, None)?;
            next += 1;
        }
        Ok(copy)
    }

    fn keep(&mut self, file: &str, bytes: Bytes, modified: Option<Timestamp>) -> Result<()> {
        let path = self.folder.join(file);
        let write = || -> io::Result<()> {
            fs::write(&path, &bytes)?;
            let Some(time) = modified else { return Ok(()) };
            let time = Timespec { tv_sec: time.as_second(), tv_nsec: 0 };
            let times = Timestamps { last_access: time, last_modification: time };
            Ok(futimens(File::options().write(true).open(&path)?, &times)?)
        };
        write().map_err(|error| Error::path("write", &path, error))?;
        self.there.insert(file.to_owned(), bytes);
        Ok(())
    }

    /// The number of the newest commit or checkpoint.
    fn newest(&self) -> Option<u64> {
        self.there.keys().filter_map(|name| name.split_once('.')?.0.parse::<u64>().ok()).max()
    }

    fn object(&self, file: &str) -> String {
        format!("{}/{file}", self.name)
    }

    /// Reads the lake's log of which this is a copy.
    ///
    /// # Errors
    /// When it is damaged. The message names the object.
    pub fn read(&self) -> Result<Option<LogRead>> {
        read_log(&self.folder).map_err(|error| {
            // The copy is gone when the message is read, and what helps the log of a lake does not help this one.
            let there = self.objects.address(&self.name);
            let why = error.to_string().replace(&self.folder.display().to_string(), &there);
            Error::failed(format!("a mirror cannot be read: {why}"))
                .hint("move the mirror away; the next one makes it anew")
        })
    }

    /// Creates an object that must not be there with other bytes. `false` if it is.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn create(&self, file: &str, bytes: &Bytes) -> Result<bool> {
        let name = self.object(file);
        match self.objects.create(&name, bytes.clone())? {
            Created::New => Ok(true),
            Created::Existing => Ok(self.objects.read(&name)?.as_ref() == Some(bytes)),
        }
    }

    /// Deletes an object.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn delete(&self, file: &str) -> Result<()> {
        self.objects.delete(&self.object(file))
    }

    /// Brings the folder of the mirror to what is in the copy by now: first new commits, oldest first, then new
    /// checkpoints, then what names the last of these, and deletions last. `false` if another program has made one of
    /// these commits.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub fn push(&self) -> Result<bool> {
        let fail = |error: io::Error| Error::path("read", &self.folder, error);
        let mut now = BTreeMap::new();
        for entry in fs::read_dir(&self.folder).map_err(fail)? {
            let entry = entry.map_err(fail)?;
            let bytes = Bytes::from(fs::read(entry.path()).map_err(fail)?);
            now.insert(entry.file_name().display().to_string(), bytes);
        }
        let is_commit = |name: &str| matches!(LogFile::named(name), Some(LogFile::Commit(_)));
        let new = now.iter().filter(|(name, bytes)| self.there.get(*name) != Some(bytes));
        let (commits, others): (Vec<_>, Vec<_>) = new.partition(|(name, _)| is_commit(name));
        for (name, bytes) in commits {
            if !self.create(name, bytes)? {
                return Ok(false);
            }
        }
        // `_last_checkpoint` is after all numbers, too.
        for (name, bytes) in others {
            self.objects.replace(&self.object(name), bytes.clone())?;
        }
        for name in self.there.keys().filter(|name| !now.contains_key(*name)) {
            self.delete(name)?;
        }
        Ok(true)
    }
}

//! Where recordings are kept: a folder, or an object store in a build that has them.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

#[cfg(feature = "cloud")]
use super::cloud::Objects;
use crate::lake::Lake;
use crate::lake::outside::refuse_inside;
use crate::lake::publish::{rename_new, sha256_of, sync_with_parent};
use crate::model::{Error, Kind, Result};

/// Name of the folder for recordings that are still coming, inside the archive.
const STAGING: &str = ".roundup";

/// An archive of recordings.
pub struct Store {
    place: Place,
    /// Recordings that are still coming; on the file system of a folder that they will be renamed into.
    staging: PathBuf,
}

enum Place {
    Folder(PathBuf),
    #[cfg(feature = "cloud")]
    Objects(Objects),
}

/// What came of putting a recording into its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    Here,
    /// The same was there.
    There,
    /// Something else is there, and stays.
    Taken,
}

/// Whether this can be the archive of a lake.
///
/// # Errors
/// A usage error when it is inside the lake, or an address that this build has no store for.
pub fn check(out: &Path, lake: &Path) -> Result<()> {
    if let Some((scheme, _)) = out.to_str().and_then(|text| text.split_once("://")) {
        if !["s3", "gs", "az"].contains(&scheme) {
            let what = format!("the archive {} is at no address that can be written to", out.display());
            return Err(Error::usage(what).hint("a folder, or s3://…, gs://…, az://…"));
        }
        if !cfg!(feature = "cloud") {
            let what = format!("the archive {} is an object store, and this build writes folders only", out.display());
            return Err(Error::usage(what).hint("build roundup with `cargo build --release --features cloud`"));
        }
        return Ok(());
    }
    refuse_inside("the archive", out, lake)
}

impl Store {
    /// Opens an archive, making its folder if it is missing.
    ///
    /// # Errors
    /// As [`check`], and when it cannot be made.
    pub fn open(out: &Path, lake: &Lake) -> Result<Self> {
        check(out, lake.root())?;
        #[cfg(feature = "cloud")]
        if let Some(url) = out.to_str().filter(|text| text.contains("://")) {
            let store = Self { place: Place::Objects(Objects::open(url)?), staging: lake.audio_folder() };
            return store.made();
        }
        Self { place: Place::Folder(out.to_owned()), staging: out.join(STAGING) }.made()
    }

    fn made(self) -> Result<Self> {
        fs::create_dir_all(&self.staging)
            .and_then(|()| sync_with_parent(&self.staging))
            .map_err(|error| Error::path("make the archive at", &self.staging, error).with_kind(Kind::Usage))?;
        Ok(self)
    }

    /// Opens what has come of a recording so far, to go on with it.
    ///
    /// # Errors
    /// When it cannot be opened, or another program has it open.
    pub fn part(&self, object: &str) -> io::Result<Part> {
        let path = self.part_path(object);
        let file = OpenOptions::new().create(true).truncate(false).read(true).write(true).open(&path)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Err(io::Error::other("another program is downloading it")),
            Err(TryLockError::Error(error)) => return Err(error),
            Ok(()) => {}
        }
        let mut part = Part { file, tag: path.with_extension("tag"), path, length: 0, validator: None };
        part.length = part.file.metadata()?.len();
        part.validator = fs::read_to_string(&part.tag).ok().filter(|tag| !tag.is_empty() && part.length > 0);
        if part.validator.is_none() {
            part.restart(None)?;
        }
        Ok(part)
    }

    /// The size of what is in a recording's place, where looking costs nothing.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn size_there(&self, object: &str) -> io::Result<Option<u64>> {
        match self.path(object).map(|path| path.metadata()) {
            Some(Err(error)) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Some(Ok(metadata)) => Ok(Some(metadata.len())),
            _ => Ok(None),
        }
    }

    /// The file of a recording that is in its place, unless the archive is an object store.
    pub fn path(&self, object: &str) -> Option<PathBuf> {
        match &self.place {
            Place::Folder(root) => Some(root.join(object)),
            #[cfg(feature = "cloud")]
            Place::Objects(_) => None,
        }
    }

    /// Puts a recording that has come whole into its place, never over another file.
    ///
    /// # Errors
    /// When the archive cannot be written.
    pub async fn place(&self, part: Part, object: &str, sha256: &str) -> Result<Placed> {
        match &self.place {
            Place::Folder(root) => {
                let (target, sha256) = (root.join(object), sha256.to_owned());
                // Waiting for the disk must not keep other recordings waiting.
                let placing = tokio::task::spawn_blocking(move || {
                    part.place(&target, &sha256).map_err(|error| Error::path("write", &target, error))
                });
                placing.await.expect("placing does not panic")
            }
            #[cfg(feature = "cloud")]
            Place::Objects(objects) => {
                let placed = objects.put(object, &part.path).await?;
                part.discard().map_err(|error| Error::failed(format!("cannot clear {object}: {error}")))?;
                Ok(placed)
            }
        }
    }

    /// Deletes the place for what comes of a recording, if nothing has.
    pub fn tidy(&self, object: &str) {
        if self.part_path(object).metadata().is_ok_and(|part| part.len() == 0) {
            self.discard(object);
        }
    }

    /// Deletes what has come of a recording.
    pub fn discard(&self, object: &str) {
        let path = self.part_path(object);
        for path in [path.with_extension("tag"), path] {
            let _is_gone = fs::remove_file(path);
        }
    }

    fn part_path(&self, object: &str) -> PathBuf {
        self.staging.join(format!("{}.part", &hex::encode(Sha256::digest(object))[..32]))
    }
}

/// A recording of which something has come.
pub struct Part {
    file: File,
    path: PathBuf,
    /// File that says by what to tell that the host still has the same recording.
    tag: PathBuf,
    pub length: u64,
    /// What is in that file; without it nothing can be gone on with.
    pub validator: Option<String>,
}

impl Part {
    /// Begins anew.
    pub fn restart(&mut self, validator: Option<&str>) -> io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        self.length = 0;
        self.validator = validator.map(str::to_owned);
        match validator {
            Some(validator) => fs::write(&self.tag, validator),
            None => match fs::remove_file(&self.tag) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => Ok(()),
            },
        }
    }

    /// The hash of what has come, after which more can be appended.
    pub fn hash(&mut self) -> io::Result<Sha256> {
        self.file.rewind()?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match self.file.read(&mut buffer)? {
                0 => break,
                count => hash.update(&buffer[..count]),
            }
        }
        self.file.seek(SeekFrom::End(0))?;
        Ok(hash)
    }

    pub fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    fn place(self, target: &Path, sha256: &str) -> io::Result<Placed> {
        self.file.sync_all()?;
        let folder = target.parent().expect("a recording is in a folder");
        fs::create_dir_all(folder)?;
        let placed = match rename_new(&self.path, target) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_file(&self.path)?;
                if sha256_of(target)? == sha256 { Placed::There } else { Placed::Taken }
            }
            renamed => renamed.map(|()| Placed::Here)?,
        };
        sync_with_parent(folder)?;
        if self.validator.is_some() {
            fs::remove_file(&self.tag)?;
        }
        Ok(placed)
    }

    #[cfg(feature = "cloud")]
    fn discard(self) -> io::Result<()> {
        fs::remove_file(&self.path)?;
        if self.validator.is_some() { fs::remove_file(&self.tag) } else { Ok(()) }
    }
}

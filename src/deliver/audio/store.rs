//! Where recordings are kept: in a folder, or in an object store if the build supports them.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::cloud::Objects;
use super::partial::{PartialDownload, Placement};
use crate::lake::Lake;
use crate::lake::disks::refuse_other_disk;
use crate::lake::durable::sync_with_parent;
use crate::lake::outside::refuse_inside;
use crate::model::{Error, Kind, Result, is_address};

/// Name of the folder for partial downloads, inside the archive.
const STAGING: &str = ".roundup";
/// Name of the folder that all recordings are in. Every object's name begins with it.
pub(super) const RECORDINGS: &str = "interviews";

/// An archive of recordings.
pub struct Store {
    backend: Backend,
    /// Folder for partial downloads. It is on the same file system as the archive, so that they can be renamed into it.
    staging: PathBuf,
}

enum Backend {
    Folder(PathBuf),
    Objects(Objects),
}

/// Checks that a path or address can be the archive of a lake.
///
/// # Errors
/// A usage error when it is inside the lake or on two disks, or is an address that this build does not support.
pub fn check(out: &Path, lake: &Path) -> Result<()> {
    if let Some(address) = address(out) {
        if !["s3://", "gs://", "az://"].iter().any(|scheme| address.starts_with(scheme)) {
            let what = format!("the archive {} is at no address that can be written to", out.display());
            return Err(Error::usage(what).hint("a folder, or s3://…, gs://…, az://…"));
        }
        if !cfg!(feature = "cloud") {
            let what = format!("the archive {} is an object store, and this build writes folders only", out.display());
            return Err(Error::usage(what).hint("build roundup with `cargo build --release --features cloud`"));
        }
        return Ok(());
    }
    refuse_inside("the archive", out, lake)?;
    let hint = "keep its folders on one disk; a link to, or a mount of, the whole archive is fine";
    refuse_other_disk(&out.join(STAGING), &out.join(RECORDINGS), hint)
}

/// The address of an archive that is not a folder.
fn address(out: &Path) -> Option<&str> {
    out.to_str().filter(|text| is_address(text))
}

impl Store {
    /// Opens an archive, making its folder if it is missing.
    ///
    /// # Errors
    /// As [`check`], and when it cannot be made.
    pub fn open(out: &Path, lake: &Lake) -> Result<Self> {
        check(out, lake.root())?;
        if let Some(url) = address(out) {
            let store = Self { backend: Backend::Objects(Objects::open(url)?), staging: lake.audio_folder() };
            return store.create_staging();
        }
        // Synced here, because moving a recording into its folder syncs only that folder and its parent.
        fs::create_dir_all(out.join(RECORDINGS))
            .and_then(|()| sync_with_parent(out))
            .map_err(|error| Error::path("make the archive at", out, error).with_kind(Kind::Usage))?;
        Self { backend: Backend::Folder(out.to_owned()), staging: out.join(STAGING) }.create_staging()
    }

    fn create_staging(self) -> Result<Self> {
        // Recordings of voices are not for every user of the machine.
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.staging)
            .and_then(|()| sync_with_parent(&self.staging))
            .map_err(|error| Error::path("make the archive at", &self.staging, error).with_kind(Kind::Usage))?;
        Ok(self)
    }

    /// Opens the partial download of a recording to resume it, or begins one. `None` while another program works on it.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn partial(&self, object: &str) -> io::Result<Option<PartialDownload>> {
        PartialDownload::open(self.part_path(object))
    }

    /// The size of the file in a recording's place. `None` if there is none, or the archive is an object store.
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

    /// The path of a recording, unless the archive is an object store.
    pub fn path(&self, object: &str) -> Option<PathBuf> {
        match &self.backend {
            Backend::Folder(root) => Some(root.join(object)),
            Backend::Objects(_) => None,
        }
    }

    /// Moves a complete recording into its place, never over another file.
    ///
    /// # Errors
    /// When the archive cannot be written.
    pub async fn place(&self, partial: PartialDownload, object: &str, sha256: &str) -> Result<Placement> {
        match &self.backend {
            Backend::Folder(root) => {
                let (target, sha256) = (root.join(object), sha256.to_owned());
                // Waiting for the disk must not block other downloads.
                let placing = tokio::task::spawn_blocking(move || {
                    partial.place(&target, &sha256).map_err(|error| Error::path("write", &target, error))
                });
                let ended = |error| Error::failed(format!("cannot write {object} to the archive: {error}"));
                placing.await.map_err(ended)?
            }
            Backend::Objects(objects) => {
                let placed = objects.put(object, &partial.path, sha256).await?;
                partial.discard().map_err(|error| Error::failed(format!("cannot clear {object}: {error}")))?;
                Ok(placed)
            }
        }
    }

    /// Deletes a recording. That it is not there is no error.
    ///
    /// # Errors
    /// When it cannot be deleted.
    pub fn erase(&self, object: &str) -> Result<()> {
        match &self.backend {
            Backend::Folder(root) => {
                let path = root.join(object);
                match fs::remove_file(&path) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::path("delete", &path, error)),
                    _ => Ok(()),
                }
            }
            Backend::Objects(objects) => objects.erase(object),
        }
    }

    /// Deletes the partial download of a recording if it is empty.
    pub fn tidy(&self, object: &str) {
        if self.part_path(object).metadata().is_ok_and(|partial| partial.len() == 0) {
            self.discard(object);
        }
    }

    /// Bytes of a recording that were downloaded so far.
    pub fn part_bytes(&self, object: &str) -> u64 {
        self.part_path(object).metadata().map_or(0, |partial| partial.len())
    }

    /// Deletes the partial download of a recording.
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

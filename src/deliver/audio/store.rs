//! Where recordings are kept: a folder, or an object store in a build that has them.

use std::fs;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

#[cfg(feature = "cloud")]
use super::cloud::Objects;
use super::part::{Part, Placed};
use crate::lake::Lake;
use crate::lake::durable::sync_with_parent;
use crate::lake::outside::refuse_inside;
use crate::model::{Error, Kind, Result, is_address};

/// Name of the folder for recordings that are still coming, inside the archive.
const STAGING: &str = ".roundup";
/// Name of the folder that all recordings are in: the first part of each name.
const RECORDINGS: &str = "interviews";

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

/// Whether this can be the archive of a lake.
///
/// # Errors
/// A usage error when it is inside the lake, or an address that this build has no store for.
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
    refuse_inside("the archive", out, lake)
}

/// The address of an archive that is no folder.
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
        #[cfg(feature = "cloud")]
        if let Some(url) = address(out) {
            let store = Self { place: Place::Objects(Objects::open(url)?), staging: lake.audio_folder() };
            return store.made();
        }
        // Synced here: who puts a recording into its folder syncs that and the one around it.
        fs::create_dir_all(out.join(RECORDINGS))
            .and_then(|()| sync_with_parent(out))
            .map_err(|error| Error::path("make the archive at", out, error).with_kind(Kind::Usage))?;
        Self { place: Place::Folder(out.to_owned()), staging: out.join(STAGING) }.made()
    }

    fn made(self) -> Result<Self> {
        // Voices are not for every user of a machine.
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.staging)
            .and_then(|()| sync_with_parent(&self.staging))
            .map_err(|error| Error::path("make the archive at", &self.staging, error).with_kind(Kind::Usage))?;
        Ok(self)
    }

    /// Opens what has come of a recording so far, to go on with it; `None` while another program does.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn part(&self, object: &str) -> io::Result<Option<Part>> {
        Part::open(self.part_path(object))
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
                let ended = |error| Error::failed(format!("cannot write {object} to the archive: {error}"));
                placing.await.map_err(ended)?
            }
            #[cfg(feature = "cloud")]
            Place::Objects(objects) => {
                let placed = objects.put(object, &part.path, sha256).await?;
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

    /// How much has come of a recording.
    pub fn part_bytes(&self, object: &str) -> u64 {
        self.part_path(object).metadata().map_or(0, |part| part.len())
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

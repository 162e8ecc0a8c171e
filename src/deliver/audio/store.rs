//! Where recordings are kept: a folder, or an object store in a build that has them.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

#[cfg(feature = "cloud")]
use super::cloud::Objects;
use crate::lake::durable::{rename_new, sha256_of, sync, sync_with_parent};
use crate::lake::outside::refuse_inside;
use crate::lake::{Lake, crash};
use crate::model::{Error, Kind, Result};

/// Name of the folder for recordings that are still coming, inside the archive.
const STAGING: &str = ".roundup";
/// Bytes of a recording that a power cut may cost.
const SYNC_EVERY: u64 = 32 << 20;

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
        let path = self.part_path(object);
        let options = OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(0o600).open(&path);
        let file = options?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
            Ok(()) => {}
        }
        // Who had it open may have put it into its place before it was locked here.
        let about = file.metadata()?;
        if !path.metadata().is_ok_and(|there| (there.dev(), there.ino()) == (about.dev(), about.ino())) {
            return Ok(None);
        }
        let tag_path = path.with_extension("tag");
        let tag = fs::read_to_string(&tag_path).ok();
        let known = tag.as_deref().and_then(Tag::read).filter(|known| known.length <= about.len());
        let is_tagged = tag.is_some();
        let mut part =
            Part { file, path, tag_path, is_tagged, length: 0, synced: 0, validator: None, content_type: None };
        match known {
            Some(Tag { validator, length, content_type }) => {
                // What came after it was synced may not be what was sent.
                part.file.set_len(length)?;
                (part.length, part.synced) = (length, length);
                (part.validator, part.content_type) = (Some(validator), content_type);
            }
            None => part.restart(None, None)?,
        }
        Ok(Some(part))
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

/// What is known of a recording of which something has come: a line each.
struct Tag {
    validator: String,
    /// Bytes that came and were synced.
    length: u64,
    content_type: Option<String>,
}

impl Tag {
    fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let (validator, length) = (lines.next()?.to_owned(), lines.next()?.parse().ok()?);
        // The last line is there also when it is empty: without it this is a part of a tag.
        let content_type = Some(lines.next()?.to_owned()).filter(|kind| !kind.is_empty());
        (!validator.is_empty() && length > 0).then_some(Self { validator, length, content_type })
    }
}

/// A recording of which something has come. What has, is kept when it is let go.
pub struct Part {
    file: File,
    path: PathBuf,
    /// File that says by what to tell that the host still has the same recording.
    tag_path: PathBuf,
    is_tagged: bool,
    pub length: u64,
    /// Bytes of it that a power cut does not touch.
    synced: u64,
    /// By what the host tells that it has the same recording; without it nothing can be gone on with.
    pub validator: Option<String>,
    /// What the host called it.
    pub content_type: Option<String>,
}

impl Part {
    /// Begins anew.
    pub fn restart(&mut self, validator: Option<&str>, content_type: Option<&str>) -> io::Result<()> {
        if self.is_tagged {
            // Before other bytes are written, or it would vouch for them after a power cut.
            fs::remove_file(&self.tag_path)?;
            sync(self.tag_path.parent().expect("it is in a folder"))?;
            self.is_tagged = false;
        }
        self.file.set_len(0)?;
        self.file.rewind()?;
        (self.length, self.synced) = (0, 0);
        (self.validator, self.content_type) = (validator.map(str::to_owned), content_type.map(str::to_owned));
        Ok(())
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
        if self.length - self.synced >= SYNC_EVERY { self.keep() } else { Ok(()) }
    }

    /// Makes what has come last through a power cut, and says so.
    fn keep(&mut self) -> io::Result<()> {
        self.file.sync_all()?;
        self.synced = self.length;
        let Some(validator) = self.validator.as_deref().filter(|_| self.length > 0) else { return Ok(()) };
        let content_type = self.content_type.as_deref().unwrap_or_default();
        let text = format!("{validator}\n{}\n{content_type}\n", self.length);
        OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .mode(0o600)
            .open(&self.tag_path)?
            .write_all(text.as_bytes())?;
        self.is_tagged = true;
        Ok(())
    }

    fn place(mut self, target: &Path, sha256: &str) -> io::Result<Placed> {
        self.keep()?;
        crash::point("audio-whole");
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
        if self.is_tagged {
            fs::remove_file(&self.tag_path)?;
        }
        Ok(placed)
    }

    #[cfg(feature = "cloud")]
    fn discard(mut self) -> io::Result<()> {
        self.synced = self.length;
        fs::remove_file(&self.path)?;
        if self.is_tagged { fs::remove_file(&self.tag_path) } else { Ok(()) }
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if self.length > self.synced {
            // What is not kept is asked for again.
            let _is_kept = self.keep();
        }
    }
}

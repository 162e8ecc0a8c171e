//! A partial download on disk, and whether it can be resumed.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sha2::Sha256;

use crate::lake::crash;
use crate::lake::durable::{hash_of, rename_new, sha256_of, sync, sync_with_parent};

/// Bytes of a recording that a power cut may cost.
const SYNC_EVERY: u64 = 32 << 20;

/// The result of moving a recording into its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// It was put there.
    New,
    /// The same recording was there already.
    Existing,
    /// Another file is there, and stays.
    Conflict,
}

/// The metadata of a partial download, in a file beside it with one field a line.
struct Tag {
    validator: String,
    /// Bytes that were downloaded and synced.
    length: u64,
    content_type: Option<String>,
    /// Length of the whole, as far as the host said.
    total: Option<u64>,
}

impl Tag {
    fn read(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let (validator, length) = (lines.next()?.to_owned(), lines.next()?.parse().ok()?);
        // This line is always written, even if it is empty. Without it the tag was cut short.
        let content_type = Some(lines.next()?.to_owned()).filter(|kind| !kind.is_empty());
        let total = lines.next().and_then(|total| total.parse().ok());
        (!validator.is_empty() && length > 0).then_some(Self { validator, length, content_type, total })
    }
}

/// A partial download. When it is dropped, what was downloaded is kept.
pub struct PartialDownload {
    file: File,
    pub path: PathBuf,
    /// The file that holds the [`Tag`].
    tag_path: PathBuf,
    is_tagged: bool,
    pub length: u64,
    /// Bytes that are synced.
    synced: u64,
    /// The validator by which the host can tell whether it still has the same recording. Without one, the download
    /// cannot be resumed.
    pub validator: Option<String>,
    /// Content type, as the host declared it.
    pub content_type: Option<String>,
    /// Length of the whole, as far as the host said.
    pub total: Option<u64>,
}

impl PartialDownload {
    /// Opens a partial download to resume it, or begins one. `None` while another program works on it.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: PathBuf) -> io::Result<Option<Self>> {
        let options = OpenOptions::new().create(true).truncate(false).read(true).write(true).mode(0o600).open(&path);
        let file = options?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
            Ok(()) => {}
        }
        // The program that held it may have moved it into its place before it was locked here.
        let metadata = file.metadata()?;
        if !path.metadata().is_ok_and(|there| (there.dev(), there.ino()) == (metadata.dev(), metadata.ino())) {
            return Ok(None);
        }
        let tag_path = path.with_extension("tag");
        let tag = fs::read_to_string(&tag_path).ok();
        let known = tag.as_deref().and_then(Tag::read).filter(|known| known.length <= metadata.len());
        let is_tagged = tag.is_some();
        let mut partial = PartialDownload {
            file,
            path,
            tag_path,
            is_tagged,
            length: 0,
            synced: 0,
            validator: None,
            content_type: None,
            total: None,
        };
        match known {
            Some(Tag { validator, length, content_type, total }) => {
                // Bytes after the last sync may be wrong.
                partial.file.set_len(length)?;
                (partial.length, partial.synced) = (length, length);
                (partial.validator, partial.content_type, partial.total) = (Some(validator), content_type, total);
            }
            None => partial.restart(None, None, None)?,
        }
        Ok(Some(partial))
    }

    /// Starts again from the beginning.
    pub fn restart(
        &mut self,
        validator: Option<&str>,
        content_type: Option<&str>,
        total: Option<u64>,
    ) -> io::Result<()> {
        if self.is_tagged {
            // The tag goes before other bytes are written: after a power cut it would vouch for them.
            fs::remove_file(&self.tag_path)?;
            sync(self.tag_path.parent().expect("it is in a folder"))?;
            self.is_tagged = false;
        }
        self.file.set_len(0)?;
        self.file.rewind()?;
        (self.length, self.synced) = (0, 0);
        (self.validator, self.content_type) = (validator.map(str::to_owned), content_type.map(str::to_owned));
        self.total = total;
        Ok(())
    }

    /// Hashes what was downloaded so far. More can be appended afterwards.
    pub fn hash(&mut self) -> io::Result<Sha256> {
        self.file.rewind()?;
        let hash = hash_of(&mut self.file)?;
        self.file.seek(SeekFrom::End(0))?;
        Ok(hash)
    }

    pub fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.length += bytes.len() as u64;
        if self.length - self.synced >= SYNC_EVERY { self.sync() } else { Ok(()) }
    }

    /// Syncs what was downloaded, and records that in the tag.
    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_all()?;
        self.synced = self.length;
        let Some(validator) = self.validator.as_deref().filter(|_| self.length > 0) else { return Ok(()) };
        let content_type = self.content_type.as_deref().unwrap_or_default();
        let total = self.total.map_or_else(String::new, |total| total.to_string());
        let text = format!("{validator}\n{}\n{content_type}\n{total}\n", self.length);
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

    /// Moves the complete recording into its place, never over another file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn place(mut self, target: &Path, sha256: &str) -> io::Result<Placement> {
        self.sync()?;
        crash::point("audio-whole");
        let folder = target.parent().expect("a recording is in a folder");
        fs::create_dir_all(folder)?;
        let placed = match rename_new(&self.path, target) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_file(&self.path)?;
                if sha256_of(target)? == sha256 { Placement::Existing } else { Placement::Conflict }
            }
            renamed => renamed.map(|()| Placement::New)?,
        };
        sync_with_parent(folder)?;
        if self.is_tagged {
            fs::remove_file(&self.tag_path)?;
        }
        Ok(placed)
    }

    /// Deletes the partial download after it was uploaded.
    ///
    /// # Errors
    /// When it cannot be deleted.
    pub fn discard(mut self) -> io::Result<()> {
        self.synced = self.length;
        fs::remove_file(&self.path)?;
        if self.is_tagged { fs::remove_file(&self.tag_path) } else { Ok(()) }
    }
}

impl Drop for PartialDownload {
    fn drop(&mut self) {
        if self.length > self.synced {
            // What is not synced is downloaded again.
            let _is_synced = self.sync();
        }
    }
}

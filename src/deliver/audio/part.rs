//! A recording that is still coming: what has come of it, on disk, and whether it can be gone on with.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use sha2::Sha256;

use crate::lake::crash;
use crate::lake::durable::{hash_of, rename_new, sha256_of, sync, sync_with_parent};

/// Bytes of a recording that a power cut may cost.
const SYNC_EVERY: u64 = 32 << 20;

/// What came of putting a recording into its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    Here,
    /// The same was there.
    There,
    /// Something else is there, and stays.
    Taken,
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
    pub path: PathBuf,
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
    /// Opens what has come of a recording so far, to go on with it; `None` while another program does.
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
        let hash = hash_of(&mut self.file)?;
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

    /// Puts it into its place, never over another file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn place(mut self, target: &Path, sha256: &str) -> io::Result<Placed> {
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

    /// Deletes what has come, which is in its place elsewhere.
    ///
    /// # Errors
    /// When it cannot be deleted.
    #[cfg(feature = "cloud")]
    pub fn discard(mut self) -> io::Result<()> {
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

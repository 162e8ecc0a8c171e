//! A folder as an object store: for mirrors on another disk, and wherever a real store would be too much. The crate has
//! one, too, which would bring a second library of system calls.

use std::ffi::OsStr;
use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use bytes::Bytes;
use futures_util::stream::{self, BoxStream, StreamExt};
use object_store::path::Path as Key;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tempfile::NamedTempFile;

/// Beginning of the names of files that are not whole yet.
const PART: &str = ".part-";
/// Bytes of a file that are read at once.
const PIECE: u64 = 1 << 20;

/// The files of this machine, by their absolute paths.
#[derive(Debug)]
pub struct FolderStore;

impl fmt::Display for FolderStore {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "the files of this machine")
    }
}

pub(super) fn path_of(key: &Key) -> PathBuf {
    Path::new("/").join(key.as_ref())
}

fn error(key: &Key, error: io::Error) -> Error {
    let (path, kind) = (key.to_string(), error.kind());
    match kind {
        ErrorKind::NotFound | ErrorKind::NotADirectory => Error::NotFound { path, source: error.into() },
        ErrorKind::AlreadyExists => Error::AlreadyExists { path, source: error.into() },
        ErrorKind::PermissionDenied => Error::PermissionDenied { path, source: error.into() },
        _ => Error::Generic { store: "folder", source: error.into() },
    }
}

fn not_supported() -> Error {
    Error::NotSupported { source: "a folder does not do this".into() }
}

/// Writes a file whole or not at all, and syncs it. It never replaces another one in the mode `Create`.
fn write(path: &Path, bytes: &PutPayload, mode: &PutMode) -> io::Result<()> {
    let folder = path.parent().ok_or(ErrorKind::InvalidInput)?;
    fs::create_dir_all(folder)?;
    let mut file = part_in(folder)?;
    for part in bytes {
        file.write_all(part)?;
    }
    file.as_file().sync_all()?;
    match mode {
        PutMode::Create => file.persist_noclobber(path).map_err(|error| error.error)?,
        _ => file.persist(path).map_err(|error| error.error)?,
    };
    File::open(folder)?.sync_all()
}

/// A file that is not whole yet. It is locked for as long as it is written, so that nobody takes it for one that a killed
/// program left.
fn part_in(folder: &Path) -> io::Result<NamedTempFile> {
    loop {
        let file = tempfile::Builder::new().prefix(PART).tempfile_in(folder)?;
        // Where locks are unknown, nobody else can lock it either. It may have been deleted before it was locked.
        let is_locked_by_another = matches!(file.as_file().try_lock(), Err(TryLockError::WouldBlock));
        if !is_locked_by_another && file.path().exists() {
            return Ok(file);
        }
    }
}

/// Deletes the files below a folder that killed programs left and that are not whole.
///
/// # Errors
/// When a folder cannot be listed.
pub fn sweep_folder(folder: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            sweep_folder(&entry.path())?;
        } else if kind.is_file() && is_part(&entry.file_name()) {
            // One that cannot be opened, locked or deleted is left to the next program, or is gone.
            let is_abandoned = File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok());
            let _is_left = if is_abandoned { fs::remove_file(entry.path()) } else { Ok(()) };
        }
    }
    Ok(())
}

fn is_part(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(PART.as_bytes())
}

fn meta_of(key: Key, metadata: &fs::Metadata) -> io::Result<ObjectMeta> {
    let last_modified = metadata.modified()?.into();
    Ok(ObjectMeta { location: key, last_modified, size: metadata.len(), e_tag: None, version: None })
}

fn open(key: &Key, options: &GetOptions) -> io::Result<(GetResult, bool)> {
    let mut file = File::open(path_of(key))?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(ErrorKind::NotFound.into());
    }
    let meta = meta_of(key.clone(), &metadata)?;
    let range = match &options.range {
        Some(range) => range.as_range(meta.size).map_err(io::Error::other)?,
        None => 0..meta.size,
    };
    file.seek(SeekFrom::Start(range.start))?;
    let payload = GetResultPayload::Stream(pieces(file, range.clone()));
    let (attributes, extensions) = (object_store::Attributes::default(), object_store::Extensions::default());
    Ok((GetResult { payload, meta, range, attributes, extensions }, options.head))
}

fn pieces(file: File, range: Range<u64>) -> BoxStream<'static, Result<Bytes>> {
    let next = |(mut file, left): (File, u64)| async move {
        let mut piece = Vec::new();
        match (&mut file).take(left.min(PIECE)).read_to_end(&mut piece) {
            Ok(0) => None,
            Ok(count) => Some((Ok(Bytes::from(piece)), (file, left - count as u64))),
            Err(failed) => Some((Err(Error::Generic { store: "folder", source: failed.into() }), (file, 0))),
        }
    };
    stream::unfold((file, range.end - range.start), next).boxed()
}

/// Every file below a folder, without those that are not whole yet.
fn walk(folder: &Path, found: &mut Vec<Result<ObjectMeta>>) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        // It may be gone by now.
        let Ok(metadata) = fs::metadata(&path) else { continue };
        if metadata.is_dir() {
            walk(&path, found)?;
        } else if !is_part(&entry.file_name())
            && let Some(key) = path.to_str().and_then(|path| Key::parse(path.trim_start_matches('/')).ok())
        {
            found.push(Ok(meta_of(key, &metadata)?));
        }
    }
    Ok(())
}

#[async_trait]
impl ObjectStore for FolderStore {
    async fn put_opts(&self, key: &Key, bytes: PutPayload, options: PutOptions) -> Result<PutResult> {
        if matches!(options.mode, PutMode::Update(_)) {
            return Err(not_supported());
        }
        write(&path_of(key), &bytes, &options.mode).map_err(|failed| error(key, failed))?;
        Ok(PutResult { e_tag: None, version: None, extensions: object_store::Extensions::default() })
    }

    async fn put_multipart_opts(&self, _: &Key, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Err(not_supported())
    }

    async fn get_opts(&self, key: &Key, options: GetOptions) -> Result<GetResult> {
        let (got, is_head) = open(key, &options).map_err(|failed| error(key, failed))?;
        let payload = if is_head { GetResultPayload::Stream(stream::empty().boxed()) } else { got.payload };
        Ok(GetResult { payload, ..got })
    }

    fn delete_stream(&self, keys: BoxStream<'static, Result<Key>>) -> BoxStream<'static, Result<Key>> {
        let delete = |key: Result<Key>| async move {
            let key = key?;
            fs::remove_file(path_of(&key)).map_err(|failed| error(&key, failed))?;
            Ok(key)
        };
        keys.then(delete).boxed()
    }

    fn list(&self, prefix: Option<&Key>) -> BoxStream<'static, Result<ObjectMeta>> {
        let mut found = Vec::new();
        let folder = prefix.map_or_else(|| PathBuf::from("/"), path_of);
        if let Err(failed) = walk(&folder, &mut found) {
            found = vec![Err(error(prefix.unwrap_or(&Key::default()), failed))];
        }
        stream::iter(found).boxed()
    }

    async fn list_with_delimiter(&self, _: Option<&Key>) -> Result<ListResult> {
        Err(not_supported())
    }

    async fn copy_opts(&self, _: &Key, _: &Key, _: CopyOptions) -> Result<()> {
        Err(not_supported())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_a_killed_program_left_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("delta/responses");
        fs::create_dir_all(&below).unwrap();
        let living = part_in(&below).unwrap();
        fs::write(below.join(".part-a1b2c3"), "half of").unwrap();
        fs::write(below.join("whole.parquet"), "all").unwrap();
        sweep_folder(folder.path()).unwrap();
        let mut left: Vec<PathBuf> = fs::read_dir(&below).unwrap().map(|entry| entry.unwrap().path()).collect();
        left.sort();
        assert_eq!(left, [living.path().to_owned(), below.join("whole.parquet")]);
        sweep_folder(&folder.path().join("away")).unwrap();
    }
}

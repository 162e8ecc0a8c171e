//! Objects below a prefix, for work that is not async.

use std::fs::File;
use std::io::{Seek, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use object_store::path::Path as Key;
use object_store::{
    Error as StoreError, GetOptions, GetRange, GetResult, ObjectStore, ObjectStoreExt, PutMode, PutOptions,
};
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;

use super::folder::{path_of, sweep_folder};
use super::memory::UploadMemory;
use super::open::{FOLDER, open};
use crate::model::{Error, Result};

/// How often an object is read whose body ends early.
const TRIES: usize = 3;

/// The objects below a prefix. Names are relative to it. Calls wait for the store, so they are for threads that are not of
/// the runtime.
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    prefix: Key,
    address: String,
    runtime: Handle,
    keeps_versions: AtomicBool,
    memory: UploadMemory,
}

/// What became of an object that was to be created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Created {
    New,
    /// There was one of its name, which is as it was.
    Existing,
}

/// What became of a file that was to be an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Uploaded {
    New,
    /// The object was there already.
    Existing,
    /// The file has other bytes by now, or is gone.
    Changed,
}

/// An object in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub name: String,
    pub bytes: u64,
    pub modified: Timestamp,
}

impl Objects {
    /// Opens the objects at an address. `what` names it in errors.
    ///
    /// # Errors
    /// A usage error when the address or an environment variable is wrong.
    pub fn open(what: &str, address: &str, runtime: Handle) -> Result<Self> {
        let (store, prefix) = open(what, address)?;
        Ok(Self { prefix, ..Self::of(store, address, runtime) })
    }

    /// The objects of a store.
    #[must_use]
    pub fn of(store: Arc<dyn ObjectStore>, address: &str, runtime: Handle) -> Self {
        let (prefix, address) = (Key::default(), address.to_owned());
        let keeps_versions = AtomicBool::new(false);
        Self { store, prefix, address, runtime, keeps_versions, memory: UploadMemory::default() }
    }

    /// The address of an object.
    #[must_use]
    pub fn address(&self, name: &str) -> String {
        if name.is_empty() { self.address.clone() } else { format!("{}/{name}", self.address) }
    }

    /// Whether the store has said that it keeps the older versions of objects.
    #[must_use]
    pub fn keeps_versions(&self) -> bool {
        self.keeps_versions.load(Ordering::Relaxed)
    }

    /// Creates an object, whole or not at all, unless there is one of its name.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn create(&self, name: &str, bytes: Bytes) -> Result<Created> {
        match self.put(name, bytes, PutMode::Create) {
            Ok(()) => Ok(Created::New),
            // 412, and 409 for one that is being created by another program, which may fail.
            Err(error @ (StoreError::AlreadyExists { .. } | StoreError::Precondition { .. })) => {
                match self.size(name)? {
                    Some(_) => Ok(Created::Existing),
                    None => Err(self.failed("write", name, &error)),
                }
            }
            Err(error) => Err(self.failed("write", name, &error)),
        }
    }

    /// Creates an object of a file, if the file has the bytes with this SHA-256.
    ///
    /// # Errors
    /// When the file cannot be read or the store cannot be written, and when there is another object of that name.
    pub fn create_file(&self, name: &str, path: &Path, sha256: &str) -> Result<Uploaded> {
        let fail = |error: std::io::Error| Error::path("read", path, error);
        let size = match path.metadata() {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Uploaded::Changed),
            metadata => metadata.map_err(fail)?.len(),
        };
        let _memory = self.runtime.block_on(self.memory.room_for(size));
        let bytes = std::fs::read(path).map_err(fail)?;
        if hex::encode(Sha256::digest(&bytes)) != sha256 {
            return Ok(Uploaded::Changed);
        }
        let size = bytes.len() as u64;
        match self.create(name, bytes.into())? {
            Created::New => Ok(Uploaded::New),
            Created::Existing if self.size(name)? == Some(size) => Ok(Uploaded::Existing),
            Created::Existing => Err(self.failed("write", name, &"another object has its name")),
        }
    }

    /// Writes an object over the one that may be there.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn replace(&self, name: &str, bytes: Bytes) -> Result<()> {
        self.put(name, bytes, PutMode::Overwrite).map_err(|error| self.failed("write", name, &error))
    }

    fn put(&self, name: &str, bytes: Bytes, mode: PutMode) -> Result<(), StoreError> {
        let options = PutOptions { mode, ..PutOptions::default() };
        let put = self.runtime.block_on(self.store.put_opts(&self.key(name)?, bytes.into(), options))?;
        if put.version.is_some_and(|version| version != "null") {
            self.keeps_versions.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Reads an object. `None` if there is none.
    ///
    /// # Errors
    /// When it cannot be read whole.
    pub fn read(&self, name: &str) -> Result<Option<Bytes>> {
        let mut bytes = Vec::new();
        Ok(self.get(name, &mut Sink::Memory(&mut bytes))?.map(|_| Bytes::from(bytes)))
    }

    /// Reads the last bytes of an object, all of it if it is shorter. `None` if there is none.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read_end(&self, name: &str, bytes: u64) -> Result<Option<Bytes>> {
        let options = GetOptions { range: Some(GetRange::Suffix(bytes)), ..GetOptions::default() };
        let read = self.runtime.block_on(async {
            let got = self.store.get_opts(&self.key(name)?, options).await?;
            got.bytes().await
        });
        self.unless_missing("read", name, read)
    }

    /// Writes an object to a file, which is synced, and returns the SHA-256 of its bytes in hex. `None` if there is none.
    ///
    /// # Errors
    /// When it cannot be read whole, or the file cannot be written.
    pub fn download(&self, name: &str, path: &Path) -> Result<Option<String>> {
        let sha256 = self.get(name, &mut Sink::File(path))?;
        if sha256.is_some() {
            File::open(path).and_then(|file| file.sync_all()).map_err(|error| Error::path("sync", path, error))?;
        }
        Ok(sha256)
    }

    /// Writes an object to an open file that nobody else uses. `false` if there is none.
    ///
    /// # Errors
    /// When it cannot be read whole, or the file cannot be written.
    pub fn copy_into(&self, name: &str, file: &File) -> Result<bool> {
        Ok(self.get(name, &mut Sink::Open(file))?.is_some())
    }

    /// The SHA-256 of an object's bytes in hex. `None` if there is none.
    ///
    /// # Errors
    /// When it cannot be read whole.
    pub fn sha256(&self, name: &str) -> Result<Option<String>> {
        self.get(name, &mut Sink::Nowhere)
    }

    /// Reads an object, once more if its body ends early, and returns the SHA-256 of its bytes.
    fn get(&self, name: &str, sink: &mut Sink<'_>) -> Result<Option<String>> {
        let key = self.key(name).map_err(|error| self.failed("read", name, &error))?;
        let mut why = String::new();
        for _ in 0..TRIES {
            let got = self.runtime.block_on(self.store.get_opts(&key, GetOptions::default()));
            let Some(got) = self.unless_missing("read", name, got)? else { return Ok(None) };
            let size = got.meta.size;
            let copied = match sink {
                Sink::Memory(bytes) => {
                    bytes.clear();
                    self.copy(name, got, *bytes)?
                }
                Sink::File(path) => {
                    let file = File::create(*path).map_err(|error| Error::path("write", path, error));
                    self.copy(name, got, &mut file?)?
                }
                Sink::Open(file) => {
                    let mut file: &File = file;
                    let begun = file.set_len(0).and_then(|()| file.rewind());
                    begun.map_err(|error| self.failed("copy", name, &error))?;
                    self.copy(name, got, &mut file)?
                }
                Sink::Nowhere => self.copy(name, got, &mut std::io::sink())?,
            };
            match copied {
                Ok((read, sha256)) if read == size => return Ok(Some(sha256)),
                Ok((read, _)) => why = format!("it ends after {read} of {size} bytes"),
                Err(error) => why = error.to_string(),
            }
        }
        Err(self.failed("read", name, &why))
    }

    /// Copies a body. The outer result is that of writing, the inner one that of reading.
    fn copy(&self, name: &str, got: GetResult, into: &mut dyn Write) -> Result<Result<(u64, String), StoreError>> {
        let mut body = got.into_stream();
        let (mut hash, mut read) = (Sha256::new(), 0);
        while let Some(part) = self.runtime.block_on(body.next()) {
            match part {
                Ok(part) => {
                    read += part.len() as u64;
                    hash.update(&part);
                    into.write_all(&part).map_err(|error| self.failed("copy", name, &error))?;
                }
                Err(error) => return Ok(Err(error)),
            }
        }
        Ok(Ok((read, hex::encode(hash.finalize()))))
    }

    /// The size of an object. `None` if there is none.
    ///
    /// # Errors
    /// When the store cannot be asked.
    pub fn size(&self, name: &str) -> Result<Option<u64>> {
        let head = self.runtime.block_on(async { self.store.head(&self.key(name)?).await });
        Ok(self.unless_missing("look at", name, head)?.map(|meta| meta.size))
    }

    /// Every object whose name begins with a folder's, in no order. A store may not yet list the newest ones.
    ///
    /// # Errors
    /// When the store cannot be listed.
    pub fn list(&self, folder: &str) -> Result<Vec<Listed>> {
        let key = self.key(folder).map_err(|error| self.failed("list", folder, &error))?;
        let found = self.runtime.block_on(self.store.list(Some(&key)).try_collect::<Vec<_>>());
        let found = found.map_err(|error| self.failed("list", folder, &error))?;
        let below = if self.prefix.as_ref().is_empty() { String::new() } else { format!("{}/", self.prefix) };
        let listed = found.into_iter().filter_map(|meta| {
            let name = meta.location.as_ref().strip_prefix(&*below)?.to_owned();
            let modified = Timestamp::from_millisecond(meta.last_modified.timestamp_millis()).unwrap_or_default();
            Some(Listed { name, bytes: meta.size, modified })
        });
        Ok(listed.collect())
    }

    /// Deletes an object. One that is not there is no error.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn delete(&self, name: &str) -> Result<()> {
        let deleted = self.runtime.block_on(async { self.store.delete(&self.key(name)?).await });
        self.unless_missing("delete", name, deleted).map(|_| ())
    }

    /// Deletes what killed programs left of objects that they were creating. A store does that itself; a folder does not.
    ///
    /// # Errors
    /// When a folder cannot be listed.
    pub fn sweep(&self) -> Result<()> {
        if !self.address.starts_with(FOLDER) {
            return Ok(());
        }
        sweep_folder(&path_of(&self.prefix)).map_err(|error| self.failed("clear", "", &error))
    }

    fn key(&self, name: &str) -> Result<Key, StoreError> {
        let name = if self.prefix.as_ref().is_empty() { name.to_owned() } else { format!("{}/{name}", self.prefix) };
        // Names are safe as they are; encoded again they would be others.
        Ok(Key::parse(name.trim_end_matches('/'))?)
    }

    fn unless_missing<T>(&self, doing: &str, name: &str, result: Result<T, StoreError>) -> Result<Option<T>> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed(doing, name, &error)),
        }
    }

    fn failed(&self, doing: &str, name: &str, why: &dyn std::fmt::Display) -> Error {
        Error::failed(format!("cannot {doing} {}: {why}", self.address(name)))
    }
}

/// Where a body goes. Each try begins anew.
enum Sink<'a> {
    Memory(&'a mut Vec<u8>),
    File(&'a Path),
    Open(&'a File),
    Nowhere,
}

//! Archives in object stores.

use std::path::Path;
use std::sync::Arc;

use object_store::path::Path as Key;
use object_store::{
    Attribute, Attributes, Error as StoreError, GetOptions, ObjectStore, ObjectStoreExt, PutMode, PutOptions,
};

use super::partial::Placement;
use crate::model::{Error, Result};
use crate::objects::{UploadMemory, open};

/// Attribute of an object that holds the hash of its bytes.
const SHA256: &str = "sha256";

/// A prefix in a bucket.
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    prefix: Key,
    memory: UploadMemory,
}

impl Objects {
    /// # Errors
    /// A usage error when the address or an environment variable is wrong.
    pub fn open(address: &str) -> Result<Self> {
        let (store, prefix) = open("the archive", address)?;
        Ok(Self { store, prefix, memory: UploadMemory::default() })
    }

    /// Deletes an object. That it is not there is no error. Must not be called on a Tokio runtime.
    ///
    /// # Errors
    /// When the store cannot be changed.
    pub fn erase(&self, object: &str) -> Result<()> {
        let fail = |error: &dyn std::fmt::Display| Error::failed(format!("cannot delete from the archive: {error}"));
        let key = Key::parse(format!("{}/{object}", self.prefix)).map_err(|error| fail(&error))?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        match runtime.map_err(|error| fail(&error))?.block_on(self.store.delete(&key)) {
            Ok(()) | Err(StoreError::NotFound { .. }) => Ok(()),
            Err(error) => Err(fail(&error)),
        }
    }

    /// Uploads a file, never over another object. An existing object counts as the same recording if it has the same
    /// size, and its hash, if it has one, is the same.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn put(&self, object: &str, file: &Path, sha256: &str) -> Result<Placement> {
        let fail =
            |error: &dyn std::fmt::Display| Error::failed(format!("cannot write {object} to the archive: {error}"));
        // The names are safe as they are; encoded again they would differ from those in the table.
        let key = Key::parse(format!("{}/{object}", self.prefix)).map_err(|error| fail(&error))?;
        let size = file.metadata().map_err(|error| Error::path("read", file, error))?.len();
        let _memory = self.memory.room_for(size).await;
        let bytes = tokio::task::spawn_blocking({
            let file = file.to_owned();
            move || std::fs::read(file)
        });
        let bytes = bytes.await.map_err(|error| fail(&error))?.map_err(|error| Error::path("read", file, error))?;
        let attributes = Attributes::from_iter([(Attribute::Metadata(SHA256.into()), sha256.to_owned())]);
        let options = PutOptions { mode: PutMode::Create, attributes, ..PutOptions::default() };
        match self.store.put_opts(&key, bytes.into(), options).await {
            Ok(_) => Ok(Placement::New),
            Err(StoreError::AlreadyExists { .. }) => {
                let options = GetOptions { head: true, ..GetOptions::default() };
                let there = self.store.get_opts(&key, options).await.map_err(|error| fail(&error))?;
                let said = there.attributes.get(&Attribute::Metadata(SHA256.into()));
                let is_the_same = there.meta.size == size && said.is_none_or(|said| said.as_ref() == sha256);
                Ok(if is_the_same { Placement::Existing } else { Placement::Conflict })
            }
            Err(error) => Err(fail(&error)),
        }
    }
}

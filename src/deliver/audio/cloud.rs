//! Archives in object stores: S3, Google Cloud Storage, Azure. Credentials come from the environment, as their own
//! tools read them.

use std::path::Path;

use object_store::path::Path as Key;
use object_store::{Error as StoreError, ObjectStore, ObjectStoreExt, PutMode, PutOptions, parse_url_opts};
use reqwest::Url;

use super::store::Placed;
use crate::model::{Error, Result};

/// A prefix in a bucket.
pub struct Objects {
    store: Box<dyn ObjectStore>,
    prefix: Key,
}

impl Objects {
    /// # Errors
    /// A usage error when the address or a setting of the environment is wrong.
    pub fn open(address: &str) -> Result<Self> {
        let wrong = |why: &dyn std::fmt::Display| Error::usage(format!("cannot open the archive {address}: {why}"));
        let url = Url::parse(address).map_err(|error| wrong(&error))?;
        let settings = std::env::vars_os().filter_map(|(name, value)| {
            let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
            let is_theirs = ["AWS_", "GOOGLE_", "AZURE_"].iter().any(|prefix| name.starts_with(prefix));
            is_theirs.then(|| (name.to_ascii_lowercase(), value))
        });
        let (store, prefix) = parse_url_opts(&url, settings).map_err(|error| wrong(&error))?;
        Ok(Self { store, prefix })
    }

    /// Puts a file, never over another object. One that is there counts as the same if it is as long.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn put(&self, object: &str, file: &Path) -> Result<Placed> {
        let fail =
            |error: &dyn std::fmt::Display| Error::failed(format!("cannot write {object} to the archive: {error}"));
        // The names are safe as they are; encoded once more they would not be what the table says.
        let key = Key::parse(format!("{}/{object}", self.prefix)).map_err(|error| fail(&error))?;
        let bytes = tokio::task::spawn_blocking({
            let file = file.to_owned();
            move || std::fs::read(file)
        });
        let bytes = bytes.await.expect("reading does not panic").map_err(|error| Error::path("read", file, error))?;
        let size = bytes.len() as u64;
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.store.put_opts(&key, bytes.into(), options).await {
            Ok(_) => Ok(Placed::Here),
            Err(StoreError::AlreadyExists { .. }) => {
                let there = self.store.head(&key).await.map_err(|error| fail(&error))?;
                Ok(if there.size == size { Placed::There } else { Placed::Taken })
            }
            Err(error) => Err(fail(&error)),
        }
    }
}

//! Objects by their whole addresses, wherever they are.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;

use super::open::address_of;
use super::store::Objects;
use crate::model::{Error, Result};

/// Finds objects by their addresses. Each store is opened once.
pub struct Places {
    runtime: Handle,
    opened: Mutex<HashMap<String, Arc<Objects>>>,
}

impl Places {
    #[must_use]
    pub fn new(runtime: Handle) -> Self {
        Self { runtime, opened: Mutex::default() }
    }

    /// The store of an address, and the name of its object there.
    ///
    /// # Errors
    /// A usage error when the address cannot be used.
    pub fn of(&self, address: &str) -> Result<(Arc<Objects>, String)> {
        let address = address_of("the file", address)?;
        let wrong = || Error::usage(format!("{address} names no object"));
        let (scheme, rest) = address.split_once("://").ok_or_else(wrong)?;
        let (host, name) = rest.split_once('/').filter(|(_, name)| !name.is_empty()).ok_or_else(wrong)?;
        let root = format!("{scheme}://{host}");
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let objects = match opened.get(&root) {
            Some(objects) => Arc::clone(objects),
            None => {
                let objects = Arc::new(Objects::open("the store", &root, self.runtime.clone())?);
                opened.insert(root, Arc::clone(&objects));
                objects
            }
        };
        Ok((objects, name.to_owned()))
    }
}

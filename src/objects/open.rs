//! Opens an object store by its address.

use std::sync::Arc;

use object_store::path::Path as Key;
use object_store::{ObjectStore, parse_url_opts};
use reqwest::Url;

use super::credentials::is_credential;
use super::folder::FolderStore;
use crate::model::{Error, Result};

/// The schemes of stores that this program can use.
const CLOUD: [&str; 3] = ["s3://", "gs://", "az://"];
pub(super) const FOLDER: &str = "file://";

/// Checks that a text is an address at which this build can keep objects, and returns it without a slash at its end.
/// `what` names it in errors.
///
/// # Errors
/// A usage error.
pub fn address_of(what: &str, text: &str) -> Result<String> {
    if CLOUD.iter().any(|scheme| text.starts_with(scheme)) {
        if !cfg!(feature = "cloud") {
            let message = format!("{what} {text} is an object store, and this build has none");
            return Err(Error::usage(message).hint("build roundup with `cargo build --release --features cloud`"));
        }
    } else if text.strip_prefix(FOLDER).is_none_or(|path| !path.starts_with('/')) {
        let message = format!("{what} {text} is at no address that can be used");
        return Err(Error::usage(message).hint("s3://bucket/prefix, gs://…, az://… or file:///folder"));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// Opens the store of an address, and returns it with the prefix that the address names.
///
/// # Errors
/// A usage error when the address or an environment variable is wrong. `what` names the address.
pub fn open(what: &str, address: &str) -> Result<(Arc<dyn ObjectStore>, Key)> {
    let wrong = |why: &dyn std::fmt::Display| Error::usage(format!("cannot open {what} {address}: {why}"));
    let url = Url::parse(address).map_err(|error| wrong(&error))?;
    let settings = std::env::vars_os().filter_map(|(name, value)| {
        let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
        is_credential(&name).then(|| (name.to_ascii_lowercase(), value))
    });
    if url.scheme() == "file" {
        let prefix = Key::from_url_path(url.path()).map_err(|error| wrong(&error))?;
        return Ok((Arc::new(FolderStore), prefix));
    }
    let (store, prefix) = parse_url_opts(&url, settings).map_err(|error| wrong(&error))?;
    Ok((store.into(), prefix))
}

//! Bodies that cannot be read are kept as they came, beside the reason, so that no answer is lost.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;

use crate::lake::Lake;
use crate::lake::publish::sync_folder;
use crate::model::{Error, Result};
use crate::round0::client::encode_id;

/// Keeps a body under the name of the id that was asked for.
///
/// # Errors
/// When it cannot be written.
pub fn keep(lake: &Lake, id: &str, body: &[u8]) -> Result<()> {
    let folder = lake.quarantine_folder();
    // No id leaves the folder or hides: an encoded one has no slash, and the prefix keeps `..` a plain name.
    let path = folder.join(format!("body-{}.json", encode_id(id)));
    let new = path.with_extension("new");
    let write = || {
        let mut file = OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&new)?;
        file.write_all(body)?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        sync_folder(&folder)
    };
    write().map_err(|error: std::io::Error| Error::path("write", &path, error))
}

//! Bodies that cannot be read are kept as they came, beside the reason, so that no answer is lost.

use crate::lake::Lake;
use crate::lake::publish::write_whole;
use crate::model::{Error, Result};
use crate::round0::client::encode_id;

/// Keeps a body under the name of the id that was asked for.
///
/// # Errors
/// When it cannot be written.
pub fn keep(lake: &Lake, id: &str, body: &[u8]) -> Result<()> {
    // No id leaves the folder or hides: an encoded one has no slash, and the prefix keeps `..` a plain name.
    let path = lake.quarantine_folder().join(format!("body-{}.json", encode_id(id)));
    write_whole(&path, body, 0o600).map_err(|error| Error::path("write", &path, error))
}

//! Pseudonyms of candidates: most tables hold a key instead of the person, made with a secret of the lake.

use std::fs;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::access::{OTHERS, deny};
use super::durable::write_whole;
use super::places::Lake;
use crate::model::{Error, Result};

const KEY_BYTES: usize = 32;

/// Turns a candidate's id into the key that stands for the person in every table but `candidates`.
pub struct CandidateKeys {
    key: Vec<u8>,
}

impl CandidateKeys {
    /// HMAC-SHA256 of the id under the lake's key, in hex.
    ///
    /// # Panics
    /// Never: HMAC takes a key of any length.
    #[must_use]
    pub fn key_of(&self, candidate_id: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        mac.update(candidate_id.as_bytes());
        hex::encode(mac.finalize().into_bytes())
    }
}

impl Lake {
    /// Reads the lake's secret for candidate keys, or makes it if there is none.
    ///
    /// # Errors
    /// When it cannot be read or made.
    pub fn candidate_keys(&self) -> Result<CandidateKeys> {
        let path = self.own().join("candidate.key");
        let fail = |error: &dyn std::fmt::Display| Error::path("read the candidate key", &path, error);
        deny(&path, OTHERS).map_err(|error| fail(&error))?;
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => make_key(&path)?,
            Err(error) => return Err(fail(&error)),
        };
        let key = hex::decode(text.trim()).map_err(|error| fail(&error))?;
        if key.len() != KEY_BYTES {
            return Err(fail(&"it is not 64 hex digits"));
        }
        Ok(CandidateKeys { key })
    }
}

/// Makes the secret. It is written whole or not at all, because every later run would refuse half of one.
fn make_key(path: &Path) -> Result<String> {
    let fail = |error: &dyn std::fmt::Display| Error::path("make the candidate key", path, error);
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(|error| fail(&error))?;
    let text = hex::encode(key);
    write_whole(path, text.as_bytes(), 0o600).map_err(|error| fail(&error))?;
    Ok(text)
}

//! Pseudonyms of candidates: most tables hold a key instead of the person, made with a secret of the lake.

use std::fs;
use std::io;
use std::path::Path;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::durable::{move_to, write_whole};
use super::places::Lake;
use crate::model::{Error, Kind, Result};

const KEY_BYTES: usize = 32;

/// What to do about a key that is lost or another one.
const PUT_BACK: &str = "put this file alone back from a backup of this lake, however old (`cp -p`); only if none has it: \
                        `roundup repair --new-candidate-key`, after which every person of the lake who comes again counts \
                        as a new one, for good";

/// Turns a candidate's id into the key that stands for the person in every table but `candidates`.
pub struct CandidateKeys {
    key: Vec<u8>,
}

impl CandidateKeys {
    fn of(text: &str) -> Option<Self> {
        let key = hex::decode(text.trim()).ok().filter(|key| key.len() == KEY_BYTES)?;
        Some(Self { key })
    }

    /// A value that tells this key from another one, and nothing about it.
    fn check_value(&self) -> String {
        self.key_of("roundup/candidate-key")[..16].to_owned()
    }

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
    /// Reads the lake's secret for candidate keys.
    ///
    /// # Errors
    /// When it cannot be read, or is not the one that the keys of this lake were made with.
    pub fn candidate_keys(&self) -> Result<CandidateKeys> {
        let keys = self.unchecked_candidate_keys()?;
        match self.version()? {
            Some(version) if version.key.as_ref().is_some_and(|key| *key != keys.check_value()) => {
                let path = self.candidate_key_path();
                Err(Error::failed(format!("the candidate key {} is not the one of this lake", path.display()))
                    .hint(PUT_BACK))
            }
            _ => Ok(keys),
        }
    }

    /// Checks that the secret is the one with a check value, before there is a log that could tell.
    ///
    /// # Errors
    /// A usage error when it is missing or another one.
    pub fn refuse_other_candidate_key(&self, check_value: Option<&str>) -> Result<()> {
        let Some(check_value) = check_value else { return Ok(()) };
        let hint = "name the file of the lake's own key with --candidate-key-file: it is in no mirror";
        let keys = self.unchecked_candidate_keys().map_err(|error| error.with_kind(Kind::Usage).hint(hint))?;
        if keys.check_value() == check_value {
            return Ok(());
        }
        let message = format!("the candidate key {} is not the one of this lake", self.candidate_key_path().display());
        Err(Error::usage(message).hint(hint))
    }

    pub(super) fn unchecked_candidate_keys(&self) -> Result<CandidateKeys> {
        let path = self.candidate_key_path();
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Error::failed(format!("the candidate key {} is missing", path.display())).hint(PUT_BACK));
            }
            read => read.map_err(|error| Error::path("read the candidate key", &path, error))?,
        };
        CandidateKeys::of(&text).ok_or_else(|| {
            Error::failed(format!("the candidate key {} is not 64 hex digits", path.display())).hint(PUT_BACK)
        })
    }

    /// The check value of the secret, for the first commit. If there is no secret, makes one, unless the lake has
    /// candidates: their keys were made with another.
    pub(super) fn adopted_candidate_key(&self, has_candidates: bool) -> Result<String> {
        let path = self.candidate_key_path();
        if !has_candidates && !path.exists() {
            make_key(&path)?;
        }
        Ok(self.unchecked_candidate_keys()?.check_value())
    }

    /// Makes a new secret in the place of the one that is lost, and returns its check value. What is there instead of it
    /// goes to a folder.
    pub(super) fn new_candidate_key(&self, aside: &Path) -> Result<String> {
        let path = self.candidate_key_path();
        if path.exists() {
            move_to(aside, &path, "candidate.key")?;
        }
        make_key(&path)?;
        Ok(self.unchecked_candidate_keys()?.check_value())
    }
}

/// Makes the secret. It is written whole or not at all, because every later run would refuse half of one.
fn make_key(path: &Path) -> Result<()> {
    let fail = |error: &dyn std::fmt::Display| Error::path("make the candidate key", path, error);
    let mut key = [0; KEY_BYTES];
    getrandom::fill(&mut key).map_err(|error| fail(&error))?;
    let text = hex::encode(key);
    write_whole(path, text.as_bytes(), 0o600).map_err(|error| fail(&error))
}

/// An empty lake with a secret, in a folder that goes with the first value.
#[cfg(test)]
pub fn lake_with_key() -> (tempfile::TempDir, Lake) {
    let folder = tempfile::tempdir().unwrap();
    let lake = Lake::create(folder.path()).unwrap();
    fs::write(folder.path().join("_roundup/candidate.key"), "5a".repeat(32)).unwrap();
    (folder, lake)
}

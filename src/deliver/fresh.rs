//! Tells whether a derived file is up to date: each one states the hash of the bytes that it was made from.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::lake::Lake;
use crate::lake::durable::sha256_of;
use crate::lake::schema::{INTERVIEWS, RESPONSES};
use crate::model::{Error, Result};

/// The SHA-256 of each file that derived files are made from.
pub struct SourceHashes(HashMap<PathBuf, String>);

impl SourceHashes {
    /// # Errors
    /// When the log cannot be read.
    pub fn of(lake: &Lake) -> Result<Self> {
        if let Some(version) = lake.version()? {
            let files = version.files();
            return Ok(Self(files.map(|file| (lake.root().join(&file.path), file.sha256.clone())).collect()));
        }
        // Slower, for a lake of an older version.
        let hash = |path: PathBuf| {
            let sha256 = sha256_of(&path).map_err(|error| Error::path("read", &path, error))?;
            Ok((path, sha256))
        };
        let files = [lake.files(&INTERVIEWS)?, lake.files(&RESPONSES)?].concat();
        files.into_iter().map(hash).collect::<Result<_>>().map(Self)
    }

    /// The hash that keyword hits of a batch must state: that of its answers.
    pub fn of_responses(&self, lake: &Lake, place: &Path) -> Option<&str> {
        self.0.get(&lake.root().join(RESPONSES.name).join(place)).map(String::as_str)
    }

    /// The hash that figures of a batch's interviews must state: those of its interviews and answers.
    pub fn of_interviews(&self, lake: &Lake, place: &Path) -> String {
        let interviews = self.0.get(&lake.root().join(INTERVIEWS.name).join(place)).map(String::as_str);
        [interviews, self.of_responses(lake, place)].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

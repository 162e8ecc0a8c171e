//! Whether figures are of what the lake holds now: each file of them says of which bytes it was made.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::lake::Lake;
use crate::lake::schema::{INTERVIEWS, RESPONSES};
use crate::model::Result;

/// SHA-256 of the lake's files.
pub struct Hashes(HashMap<PathBuf, String>);

impl Hashes {
    /// # Errors
    /// When the ledger cannot be read.
    pub fn of(lake: &Lake) -> Result<Self> {
        let files = lake.ledger_for_reading()?.files()?;
        Ok(Self(files.into_iter().map(|file| (lake.root().join(file.path), file.sha256)).collect()))
    }

    /// Of a batch's answers, by the place that its files share: what keyword hits are made of.
    pub fn of_responses(&self, lake: &Lake, place: &Path) -> Option<&str> {
        self.0.get(&lake.root().join(RESPONSES.name).join(place)).map(String::as_str)
    }

    /// Of a batch's interviews and answers: what figures of interviews are made of.
    pub fn of_interviews(&self, lake: &Lake, place: &Path) -> String {
        let interviews = self.0.get(&lake.root().join(INTERVIEWS.name).join(place)).map(String::as_str);
        [interviews, self.of_responses(lake, place)].into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

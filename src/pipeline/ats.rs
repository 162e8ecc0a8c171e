//! What a pipeline says of applicant tracking systems, resolved.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::file::AtsSection;
use super::place::place;
use super::times::parse_midnight;
use crate::model::{Error, Result};

/// One system that interviews are sent to.
#[derive(Debug, Clone)]
pub struct AtsPlan {
    /// The connector's file.
    pub connector: PathBuf,
    /// What was completed from then on; `None` for from its first run on.
    pub since: Option<Timestamp>,
    /// Only interviews of these jobs, by id or title; empty for all.
    pub jobs: Vec<String>,
    pub requests_per_minute: u32,
    /// Values of the connector's settings.
    pub set: BTreeMap<String, String>,
    /// Folder of the archive that recordings are taken from.
    pub recordings: Option<PathBuf>,
}

/// `archive` is where the pipeline archives recordings.
pub(super) fn resolve(section: AtsSection, folder: &Path, archive: Option<&Path>) -> Result<AtsPlan> {
    if section.requests_per_minute == 0 {
        return Err(Error::usage("requests-per-minute under [ats] is at least 1"));
    }
    Ok(AtsPlan {
        connector: place(folder, &section.connector),
        since: section.since.as_deref().map(parse_midnight).transpose()?,
        jobs: section.job,
        requests_per_minute: section.requests_per_minute,
        set: section.set,
        recordings: section.recordings.map(|path| place(folder, &path)).or_else(|| archive.map(Path::to_owned)),
    })
}

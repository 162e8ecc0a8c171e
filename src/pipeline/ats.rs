//! Applicant tracking systems, resolved from a pipeline file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::file::AtsSection;
use super::place::place;
use super::times::parse_midnight;
use crate::model::{Error, Result};

/// One applicant tracking system that interviews are sent to.
#[derive(Debug, Clone)]
pub struct AtsPlan {
    /// File of the connector.
    pub connector: PathBuf,
    /// Only interviews completed at this instant or later are sent; `None` for the time of the connector's first run.
    pub since: Option<Timestamp>,
    /// Ids or titles of the jobs whose interviews are sent; empty for all.
    pub jobs: Vec<String>,
    pub requests_per_minute: u32,
    /// Values of the connector's settings.
    pub set: BTreeMap<String, String>,
    /// Folder of the archive from which recordings are taken.
    pub recordings: Option<PathBuf>,
}

/// Resolves an `[ats]` section. `archive` is the folder in which the pipeline archives recordings.
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

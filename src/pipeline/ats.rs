//! Applicant tracking systems, resolved from a pipeline file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::file::AtsSection;
use super::place::place;
use super::times::parse_midnight;
use crate::model::Section;

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
pub(super) fn resolve(section: AtsSection, folder: &Path, archive: Option<&Path>, at: &mut Section<'_>) -> AtsPlan {
    AtsPlan {
        connector: place(folder, &section.connector),
        since: section.since.and_then(|text| at.keep("since", parse_midnight(&text))),
        jobs: section.job,
        requests_per_minute: at.at_least_1("requests-per-minute", section.requests_per_minute),
        set: section.set,
        recordings: section.recordings.map(|path| place(folder, &path)).or_else(|| archive.map(Path::to_owned)),
    }
}

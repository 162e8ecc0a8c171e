//! The jobs of a lake: how they are called, and how many interviews they have.

use std::collections::BTreeSet;
use std::path::Path;

use super::job_tally::{LakeJob, count_all};
use super::places::Lake;
use super::schema::{INTERVIEWS, OPEN_INTERVIEWS};
use crate::model::Result;

/// The jobs of the interviews of a lake, settled or open, sorted by id.
///
/// # Errors
/// When the lake cannot be read.
pub fn list(lake: &Lake) -> Result<Vec<LakeJob>> {
    let files = [lake.files(&INTERVIEWS)?, lake.files(&OPEN_INTERVIEWS)?].concat();
    Ok(count_all(&files.iter().map(AsRef::<Path>::as_ref).collect::<Vec<_>>())?.into_values().collect())
}

/// The ids of jobs that are named by id or title. A title, whatever its case, stands for every job that had it in any
/// interview of the lake. A name that is no title is taken for an id.
///
/// # Errors
/// When the lake cannot be read.
pub fn job_ids(lake: &Lake, names: &[String]) -> Result<Vec<String>> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let mut ids: BTreeSet<String> = names.iter().cloned().collect();
    let titles: BTreeSet<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let is_named = |job: &LakeJob| job.titles.iter().any(|title| titles.contains(&title.to_lowercase()));
    let named = list(lake)?.into_iter().filter(is_named);
    ids.extend(named.filter_map(|job| job.id));
    Ok(ids.into_iter().collect())
}

//! The jobs of a lake: how they are called, and how many interviews they have.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::job_tally::{LakeJob, count_all};
use super::places::Lake;
use super::read::{ParquetFile, string_at, strings};
use super::schema::{INTERVIEWS, JOBS, OPEN_INTERVIEWS};
use crate::model::{Result, similar};

/// The jobs of the interviews of a lake, settled or open, sorted by id.
///
/// # Errors
/// When the lake cannot be read.
pub fn list(lake: &Lake) -> Result<Vec<LakeJob>> {
    let files = [lake.files(&INTERVIEWS)?, lake.files(&OPEN_INTERVIEWS)?].concat();
    Ok(count_all(&files.iter().map(AsRef::<Path>::as_ref).collect::<Vec<_>>())?.into_values().collect())
}

/// The titles of jobs by id, as the table of jobs has them.
///
/// # Errors
/// When the lake cannot be read.
pub fn titles(lake: &Lake) -> Result<BTreeMap<String, String>> {
    let mut titles = BTreeMap::new();
    for path in lake.files(&JOBS)? {
        let rows = ParquetFile::open(path.as_ref())?.all(&["job_id", "job_title"])?;
        let [ids, names] = ["job_id", "job_title"].map(|name| strings(&rows, name));
        let named = (0..rows.num_rows()).filter_map(|row| Some((string_at(ids, row)?, string_at(names, row)?)));
        titles.extend(named.map(|(id, name)| (id.to_owned(), name.to_owned())));
    }
    Ok(titles)
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

/// Warns of each name that no job of the lake has, neither as id nor as title, and says which one may have been meant. It
/// may be of a job that has not opened yet, so it is no error.
///
/// # Errors
/// When the lake cannot be read.
pub fn warn_of_unknown(lake: &Lake, names: &[String]) -> Result<()> {
    warn_of_unknown_in(lake, names, &[])
}

/// The same, and of each department that no job of the lake is in now.
///
/// # Errors
/// When the lake cannot be read.
pub fn warn_of_unknown_in(lake: &Lake, names: &[String], departments: &[String]) -> Result<()> {
    if names.is_empty() && departments.is_empty() {
        return Ok(());
    }
    let jobs = list(lake)?;
    let known = jobs.iter().flat_map(|job| job.id.as_deref().into_iter().chain(job.titles.iter().map(AsRef::as_ref)));
    warn("job", names, &known.collect());
    warn("department", departments, &jobs.iter().filter_map(|job| job.department.as_deref()).collect());
    Ok(())
}

fn warn(what: &str, names: &[String], known: &BTreeSet<&str>) {
    let is_known = |name: &str| known.iter().any(|known| known.to_lowercase() == name.to_lowercase());
    for name in names.iter().filter(|name| !is_known(name)) {
        let meant = similar(name, known.iter().copied()).map_or_else(
            || "`roundup jobs` lists those that there are".to_owned(),
            |meant| format!("did you mean `{meant}`?"),
        );
        tracing::warn!("no interview of the lake is of the {what} `{name}`; {meant}");
    }
}

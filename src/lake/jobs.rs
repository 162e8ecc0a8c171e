//! Jobs by the names that people give them.

use std::collections::BTreeSet;

use super::Lake;
use super::read::{ParquetFile, string_at, strings};
use super::schema::{INTERVIEWS, OPEN_INTERVIEWS};
use crate::model::Result;

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
    for path in [lake.files(&INTERVIEWS)?, lake.files(&OPEN_INTERVIEWS)?].concat() {
        let rows = ParquetFile::open(&path)?.all(&["job_id", "job_title"])?;
        let (jobs, names) = (strings(&rows, "job_id"), strings(&rows, "job_title"));
        for row in 0..rows.num_rows() {
            let is_named = string_at(names, row).is_some_and(|title| titles.contains(&title.to_lowercase()));
            ids.extend(string_at(jobs, row).filter(|_| is_named).map(str::to_owned));
        }
    }
    Ok(ids.into_iter().collect())
}

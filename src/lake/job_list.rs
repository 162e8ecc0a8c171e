//! The jobs of a lake: how they are called, and how many interviews they have.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::places::Lake;
use super::read::{ParquetFile, string_at, strings, time_at, times};
use super::schema::{INTERVIEWS, OPEN_INTERVIEWS};
use crate::model::Result;

/// A job, with the latest of the names that are not null.
#[derive(Debug, Default, Serialize)]
pub struct LakeJob {
    /// The vendor's id; null for interviews without one.
    pub id: Option<String>,
    pub title: Option<String>,
    pub department: Option<String>,
    /// Number of interviews by status, in the vendor's words.
    pub statuses: BTreeMap<String, u64>,
    /// All titles that it had, in lower case.
    #[serde(skip)]
    pub titles: BTreeSet<String>,
    /// When the title and the department were.
    #[serde(skip)]
    latest: [Option<i64>; 2],
}

/// The jobs of the interviews of a lake, settled or open, sorted by id.
///
/// # Errors
/// When the lake cannot be read.
pub fn list(lake: &Lake) -> Result<Vec<LakeJob>> {
    let mut jobs: BTreeMap<Option<String>, LakeJob> = BTreeMap::new();
    let columns = ["job_id", "job_title", "department", "status", "created_at", "settled_at"];
    for path in [lake.files(&INTERVIEWS)?, lake.files(&OPEN_INTERVIEWS)?].concat() {
        let rows = ParquetFile::open(&path)?.all(&columns)?;
        let (ids, titles) = (strings(&rows, "job_id"), strings(&rows, "job_title"));
        let (departments, statuses) = (strings(&rows, "department"), strings(&rows, "status"));
        let (created, settled) = (times(&rows, "created_at"), times(&rows, "settled_at"));
        for row in 0..rows.num_rows() {
            let id = string_at(ids, row).map(str::to_owned);
            let job = jobs.entry(id).or_insert_with_key(|id| LakeJob { id: id.clone(), ..LakeJob::default() });
            let at = time_at(settled, row).or_else(|| time_at(created, row)).unwrap_or(i64::MIN);
            job.take_names(at, string_at(titles, row), string_at(departments, row));
            *job.statuses.entry(string_at(statuses, row).unwrap_or_default().to_owned()).or_default() += 1;
        }
    }
    Ok(jobs.into_values().collect())
}

impl LakeJob {
    fn take_names(&mut self, at: i64, title: Option<&str>, department: Option<&str>) {
        self.titles.extend(title.map(str::to_lowercase));
        let [title_at, department_at] = &mut self.latest;
        for (text, latest, latest_at) in
            [(title, &mut self.title, title_at), (department, &mut self.department, department_at)]
        {
            // At equal times the greater one, so that the order of files does not matter.
            if text.is_some() && (*latest_at, latest.as_deref()) < (Some(at), text) {
                (*latest_at, *latest) = (Some(at), text.map(str::to_owned));
            }
        }
    }
}

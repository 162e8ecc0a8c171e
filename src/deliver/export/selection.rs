//! Which interviews are exported, and which rows belong to them.

use arrow::array::{BooleanArray, RecordBatch};

use crate::lake::Lake;
use crate::lake::job_list::job_ids;
use crate::lake::read::{string_at, strings, time_at, times};
use crate::model::Result;

/// Selects the interviews to export.
#[derive(Debug, Clone, Default)]
pub struct InterviewSelection {
    /// Ids or titles of jobs, or empty for all.
    pub jobs: Vec<String>,
    /// Statuses in the vendor's words, or empty for all.
    pub statuses: Vec<String>,
    /// The earliest `settled_at`, in microseconds since 1970.
    pub from: Option<i64>,
    /// The end of the range of `settled_at`, exclusive, in microseconds since 1970.
    pub until: Option<i64>,
}

impl InterviewSelection {
    /// The same selection with jobs by id alone.
    ///
    /// # Errors
    /// When the lake cannot be read.
    pub fn with_job_ids(&self, lake: &Lake) -> Result<Self> {
        Ok(Self { jobs: job_ids(lake, &self.jobs)?, ..self.clone() })
    }

    /// Whether interviews of a status are selected.
    pub fn has_status(&self, status: Option<&str>) -> bool {
        self.statuses.is_empty() || self.statuses.iter().any(|wanted| status == Some(wanted))
    }

    /// Which rows of a batch are selected. The batch has the columns `job_id`, `settled_at` and, except for answers,
    /// `status`.
    pub fn keeps(&self, batch: &RecordBatch) -> BooleanArray {
        let (jobs, settled) = (strings(batch, "job_id"), times(batch, "settled_at"));
        let statuses = batch.column_by_name("status").map(|_| strings(batch, "status"));
        let keep = |row: usize| {
            let is_job = self.jobs.is_empty() || self.jobs.iter().any(|job| string_at(jobs, row) == Some(job));
            let at = time_at(settled, row);
            let is_in_time = self.from.is_none_or(|from| at.is_some_and(|at| at >= from))
                && self.until.is_none_or(|until| at.is_some_and(|at| at < until));
            is_job && is_in_time && statuses.is_none_or(|statuses| self.has_status(string_at(statuses, row)))
        };
        (0..batch.num_rows()).map(|row| Some(keep(row))).collect()
    }
}

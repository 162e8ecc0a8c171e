//! Which interviews are exported, and whether a row is of one of them.

use arrow::array::{BooleanArray, RecordBatch};

use crate::lake::read::{string_at, strings, time_at, times};

/// Which interviews.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Ids of jobs; all if empty.
    pub jobs: Vec<String>,
    /// Statuses, in the vendor's words; all if empty.
    pub statuses: Vec<String>,
    /// The first instant of `settled_at`, in microseconds since 1970.
    pub from: Option<i64>,
    /// The first that is no longer wanted.
    pub until: Option<i64>,
}

impl Selection {
    /// Whether interviews of a status are selected.
    pub fn has_status(&self, status: Option<&str>) -> bool {
        self.statuses.is_empty() || self.statuses.iter().any(|wanted| status == Some(wanted))
    }

    /// Which rows of a batch with `job_id`, `settled_at` and, but for answers, `status` are selected.
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

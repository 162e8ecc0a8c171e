//! Whether a report's period is so short that most jobs have few interviews, and which one would be better.

use foldhash::HashMap;
use jiff::{Timestamp, ToSpan};

use super::frames::Jobs;
use crate::lake::Lake;
use crate::lake::read::{ParquetFile, string_at, strings, time_at, times};
use crate::lake::schema;
use crate::model::Result;
use crate::pipeline::{JobsFile, ReportPlan, midnight, today};

/// Completed interviews with which a job's figures need no word of caution.
const ENOUGH: usize = 30;
/// Periods that may be suggested, in weeks.
const WEEKS: [u32; 6] = [1, 2, 4, 8, 13, 26];
/// Days in which a job has had an interview if it is one that is still filled.
const STILL_FILLED: i64 = 91;

/// What to say of a report's period if most of its jobs have few interviews in it, and a longer one would give most of
/// them enough.
///
/// # Errors
/// When the lake cannot be read. A usage error for a day outside of the supported range.
pub fn advice(lake: &Lake, plan: &ReportPlan, merged: &JobsFile, now: Timestamp) -> Result<Option<String>> {
    let until = plan.until.unwrap_or_else(|| today(now, &plan.time_zone));
    let end = midnight(until, &plan.time_zone)?.as_microsecond();
    let jobs = completed(lake, plan, merged, end)?;
    let days_before = |days: i64| -> Result<i64> {
        let day = until.checked_sub(days.days()).unwrap_or(until);
        Ok(midnight(day, &plan.time_zone)?.as_microsecond())
    };
    let since = days_before(STILL_FILLED)?;
    let filled: Vec<&Vec<i64>> = jobs.values().filter(|times| times.iter().any(|at| *at >= since)).collect();
    let of_enough = |days: u32| -> Result<usize> {
        let from = days_before(days.into())?;
        Ok(filled.iter().filter(|times| times.iter().filter(|at| **at >= from).count() >= ENOUGH).count())
    };
    let is_most = |jobs: usize| jobs * 2 > filled.len();
    let now = of_enough(plan.days)?;
    if is_most(now) {
        return Ok(None);
    }
    for weeks in WEEKS.into_iter().filter(|weeks| weeks * 7 > plan.days) {
        let then = of_enough(weeks * 7)?;
        if is_most(then) {
            return Ok(Some(format!(
                "{now} of {} jobs have {ENOUGH} interviews in {} days, and {then} would have in a period of {weeks}w",
                filled.len(),
                plan.days
            )));
        }
    }
    Ok(None)
}

/// When the interviews of each job that a report is of were completed, before the end of its period.
fn completed(lake: &Lake, plan: &ReportPlan, merged: &JobsFile, end: i64) -> Result<HashMap<u32, Vec<i64>>> {
    let mut jobs = Jobs::new(merged);
    let mut found: HashMap<u32, Vec<i64>> = HashMap::default();
    for path in lake.files(&schema::INTERVIEWS)? {
        let rows = ParquetFile::open(&path)?.all(&["status", "job_id", "job_title", "department", "settled_at"])?;
        let text = |name: &str| strings(&rows, name);
        let (statuses, ids) = (text("status"), text("job_id"));
        let (titles, departments) = (text("job_title"), text("department"));
        let settled = times(&rows, "settled_at");
        for row in 0..rows.num_rows() {
            let Some(at) = time_at(settled, row) else { continue };
            let job = jobs.number(string_at(ids, row).unwrap_or_default());
            jobs.record_names(job, at, string_at(titles, row), string_at(departments, row));
            if statuses.value(row) == "completed" && at < end {
                found.entry(job).or_default().push(at);
            }
        }
    }
    let (named, order) = jobs.finish(&plan.narrow)?;
    found.retain(|job, _| named[order[*job as usize] as usize].is_wanted);
    Ok(found)
}

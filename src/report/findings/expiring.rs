//! Interviews that expire soon, by job and day.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;

use super::found::{Found, Measured, day};
use crate::pipeline::FindingKind;
use crate::report::aggregate::Counted;
use crate::report::html::format::thousands;
use crate::report::model::Unit;

/// Number of jobs that are named in one sentence, at most.
const JOBS_NAMED: usize = 3;

/// Interviews that expire, by the day on which they do.
type ByDay = BTreeMap<Date, i64>;

/// What expires within 72 hours after the period: of each job, and of all in one finding, if there are several.
pub fn expiring(counted: &Counted<'_>, jobs: &[u32]) -> Vec<Found> {
    let open = &counted.frames.interviews.open;
    let mut by_job: BTreeMap<u32, ByDay> = BTreeMap::new();
    for (job, at) in open.job.iter().zip(&open.expires_soon) {
        let at = at.and_then(|at| Timestamp::from_microsecond(at).ok());
        if let Some(at) = at.filter(|_| jobs.binary_search(job).is_ok()) {
            let on = counted.calendar.zone.to_datetime(at).date();
            *by_job.entry(*job).or_default().entry(on).or_default() += 1;
        }
    }
    let count = |days: &ByDay| days.values().sum::<i64>();
    let mut of_jobs: Vec<(u32, ByDay)> = by_job.into_iter().collect();
    of_jobs.sort_by_key(|(job, days)| (days.keys().next().copied(), -count(days), *job));
    let mut found: Vec<Found> =
        of_jobs.iter().map(|(job, days)| expire(Some(*job), count(days), &on_days(days))).collect();
    if of_jobs.len() > 1 {
        let name = |job: u32| {
            let job = &counted.frames.jobs[job as usize];
            job.title.clone().unwrap_or_else(|| job.id.clone())
        };
        let mut named: Vec<String> =
            of_jobs.iter().take(JOBS_NAMED).map(|(job, days)| format!("{} ({})", name(*job), on_days(days))).collect();
        if of_jobs.len() > JOBS_NAMED {
            named.push(format!("{} more jobs", of_jobs.len() - JOBS_NAMED));
        }
        let all = of_jobs.iter().map(|(_, days)| count(days)).sum();
        found.push(expire(None, all, &named.join(", ")));
    }
    found
}

/// `2 on 1 Jun, 1 on 3 Jun`.
fn on_days(days: &ByDay) -> String {
    let each: Vec<String> = days.iter().map(|(on, count)| format!("{} on {}", thousands(*count), day(*on))).collect();
    each.join(", ")
}

fn expire(job: Option<u32>, count: i64, which: &str) -> Found {
    let what =
        if count == 1 { "1 interview expires".to_owned() } else { format!("{} interviews expire", thousands(count)) };
    #[expect(clippy::cast_precision_loss, reason = "a count of interviews")]
    let value = count as f64;
    Found {
        job,
        kind: FindingKind::Expiring,
        is_new: true,
        anchor: if job.is_some() { "glance" } else { "expiring" }.to_owned(),
        text: format!("{what} within 72 hours: {which}"),
        about: String::new(),
        weight: value,
        measured: Measured::plain(Unit::Interviews, value, usize::try_from(count).unwrap_or_default()),
    }
}

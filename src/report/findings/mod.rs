//! What needs a look: what a reader should do something about, each in one plain sentence, the most urgent first.
//!
//! `weeks` looks at the volumes of jobs by the rules of `volume`, `data` at what stopped coming, `expiring` at open
//! interviews, `questions` at questions, and `compared` at everything that is shown in two periods. Comparisons are one
//! family, whose p-values are adjusted together. `chosen` says each fact once, leaves out what was dismissed, and takes
//! the five most urgent.

mod chosen;
mod compared;
mod data;
mod expiring;
mod found;
mod questions;
#[cfg(test)]
mod simulation;
mod volume;
mod weeks;

use self::chosen::{agree, most_urgent, said_once};
use self::found::{Found, OF_EACH_FAMILY};
use super::aggregate::{Aggregates, Counted};
use super::frames::Job;
use super::model::{Finding, NeedsALook};
use crate::model::statistics::adjusted;
use crate::pipeline::{Dismissal, FindingKind};

/// Number of findings that are named on a page, at most.
const MOST: usize = 5;

/// What was found over some jobs.
struct AllFound {
    found: Vec<Found>,
    dismissed: usize,
    comparisons: usize,
    not_compared: Option<String>,
}

/// What needs a look. The findings of each job are put into its own figures.
pub fn needs_a_look(
    counted: &Counted<'_>,
    aggregates: &mut Aggregates,
    dismissals: &[Dismissal],
    weeks_of_history: u32,
) -> NeedsALook {
    let AllFound { found, dismissed, comparisons, not_compared } =
        find(counted, &aggregates.numbers, dismissals, weeks_of_history);
    let named = |found: &Found| {
        let page = |job: u32| aggregates.numbers.binary_search(&job).ok().map(|at| aggregates.jobs[at].page.clone());
        finding(found, counted.frames.jobs.as_slice(), found.job.and_then(page))
    };
    let of_each: Vec<Vec<Finding>> = aggregates
        .numbers
        .iter()
        .map(|job| {
            let own: Vec<Found> = found.iter().filter(|one| one.job == Some(*job)).cloned().collect();
            said_once(&own).into_iter().take(MOST).map(named).collect()
        })
        .collect();
    let once = said_once(&found);
    let findings = once.iter().take(MOST).map(|one| named(one)).collect();
    for (job, findings) in aggregates.jobs.iter_mut().zip(of_each) {
        job.findings = findings;
    }
    NeedsALook { findings, others: once.len().saturating_sub(MOST), dismissed, comparisons, not_compared }
}

/// All findings over some jobs, whose numbers are sorted, the most urgent first.
fn find(counted: &Counted<'_>, jobs: &[u32], dismissals: &[Dismissal], weeks_of_history: u32) -> AllFound {
    let is_dismissed = |job: Option<u32>, kind: FindingKind| {
        let job = job.map(|job| &counted.frames.jobs[job as usize]);
        dismissals.iter().any(|one| counted.calendar.period.until < one.until && takes_away(one, job, kind))
    };
    let still_expiring: Vec<u32> =
        jobs.iter().copied().filter(|job| !is_dismissed(Some(*job), FindingKind::Expiring)).collect();
    let mut found = weeks::volumes(counted, jobs);
    found.extend(data::stopped(counted, jobs));
    found.extend(expiring::expiring(counted, &still_expiring));
    found.extend(questions::questions(counted, jobs));
    let (family, not_compared) = match compared::comparisons(counted, jobs, weeks_of_history) {
        Ok(compared) => ([questions::rewordings(counted, jobs), compared].concat(), None),
        Err(why) => (Vec::new(), Some(why)),
    };
    let comparisons = family.len();
    found.extend(beyond_chance(family));
    let all = found.len();
    found.retain(|one| !is_dismissed(one.job, one.kind));
    let dismissed = all - found.len() + (jobs.len() - still_expiring.len());
    most_urgent(&mut found);
    AllFound { found, dismissed, comparisons, not_compared }
}

/// The comparisons of a family that are beyond chance, and of a size that matters.
fn beyond_chance(mut family: Vec<Found>) -> Vec<Found> {
    let p: Vec<f64> = family.iter().map(|one| one.measured.p.unwrap_or(1.0)).collect();
    for (one, q) in family.iter_mut().zip(adjusted(&p, p.len())) {
        one.measured.q = Some(q);
    }
    let is_significant =
        |one: &Found| one.measured.q.is_some_and(|q| q <= OF_EACH_FAMILY) && compared::matters(&one.measured);
    let of_all: Vec<bool> = family.iter().map(|one| is_significant(one) && agree(one, &family)).collect();
    family.into_iter().zip(of_all).filter(|(_, is_kept)| *is_kept).map(|(one, _)| one).collect()
}

fn takes_away(dismissal: &Dismissal, job: Option<&Job>, kind: FindingKind) -> bool {
    let is_kind = dismissal.finding.is_none_or(|other| other == kind);
    let is_job = match (&dismissal.job, job) {
        (None, _) => true,
        (Some(name), Some(job)) => job.is_called(name),
        (Some(_), None) => false,
    };
    is_kind && is_job
}

/// A finding as it is shown, with its job named.
fn finding(found: &Found, jobs: &[Job], page: Option<String>) -> Finding {
    let Found { kind, is_new, anchor, text, measured, .. } = found.clone();
    let job = found.job.map(|job| &jobs[job as usize]);
    let count = |n: usize| i64::try_from(n).expect("a count in memory");
    Finding {
        kind,
        is_new,
        job_id: job.map(|job| job.id.clone()),
        job: job.map(|job| job.title.clone().unwrap_or_else(|| job.id.clone())),
        page,
        anchor,
        text,
        unit: measured.unit,
        value: measured.value,
        previous: measured.previous,
        n: count(measured.n),
        previous_n: measured.previous_n.map(count),
        test: measured.test,
        p: measured.p,
        q: measured.q,
        effect: measured.effect,
    }
}

//! Which findings are named: the most urgent first, and a fact once.

use super::found::Found;
use crate::pipeline::FindingKind;

/// Share of the jobs that have to have moved with all jobs together, if that is to be true of all.
const MOST_JOBS: f64 = 2.0 / 3.0;

/// What is found of a question, by which the figures of its job change, too.
const QUESTIONS: [FindingKind; 4] =
    [FindingKind::Skipped, FindingKind::AtLimit, FindingKind::Thin, FindingKind::Reworded];

/// Puts the most urgent first.
pub fn most_urgent(found: &mut [Found]) {
    let q = |one: &Found| one.measured.q.unwrap_or(0.0);
    let p = |one: &Found| one.measured.p.unwrap_or(0.0);
    found.sort_by(|a, b| {
        let by_test = q(a).total_cmp(&q(b)).then(p(a).total_cmp(&p(b)));
        let by_weight = b.weight.total_cmp(&a.weight);
        (a.kind, !a.is_new)
            .cmp(&(b.kind, !b.is_new))
            .then(by_weight)
            .then(by_test)
            .then_with(|| (a.job, &a.about).cmp(&(b.job, &b.about)))
    });
}

/// Whether a comparison is of one job, or its direction is that of most jobs: all jobs together also change where only
/// their mixture does.
pub fn agree(one: &Found, family: &[Found]) -> bool {
    let of_jobs = || family.iter().filter(|other| other.job.is_some() && is_same(one, other));
    let all = of_jobs().count();
    let with = of_jobs().filter(|other| other.rose() == one.rose()).count();
    one.job.is_some() || all <= 1 || with as f64 >= all as f64 * MOST_JOBS
}

/// The findings of which none says what another says: what holds for all jobs because of one is said of that one, and
/// what holds for several is said of all.
pub fn said_once(found: &[Found]) -> Vec<&Found> {
    let same = |one: &Found, other: &Found| is_same(one, other) && one.rose() == other.rose();
    let jobs_with = |one: &Found| found.iter().filter(|other| other.job.is_some() && same(one, other)).count();
    let is_of_all = |one: &Found| found.iter().any(|other| other.job.is_none() && same(one, other));
    let is_of_a_question =
        |job: Option<u32>| found.iter().any(|one| one.job == job && one.is_new && QUESTIONS.contains(&one.kind));
    let mut once: Vec<&Found> = Vec::new();
    for one in found {
        let is_said = match (one.kind, one.job) {
            (FindingKind::Silent | FindingKind::Volume | FindingKind::Data, _) => false,
            (FindingKind::Expiring, Some(_)) => found.iter().any(|other| other.kind == one.kind && other.job.is_none()),
            (FindingKind::Expiring, None) => false,
            (FindingKind::Duration | FindingKind::Length | FindingKind::Pace, Some(_)) if is_of_a_question(one.job) => {
                true
            }
            // The same keyword of two sets.
            _ if once.iter().any(|other| other.job == one.job && same(one, other)) => true,
            (_, Some(_)) => is_of_all(one) && jobs_with(one) > 1,
            (_, None) => jobs_with(one) == 1,
        };
        if !is_said {
            once.push(one);
        }
    }
    once
}

/// Whether two findings are of the same figure, keyword or question.
fn is_same(one: &Found, other: &Found) -> bool {
    one.kind == other.kind && one.about == other.about
}

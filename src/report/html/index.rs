//! Fills `index.html`.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::context;
use minijinja::value::Value;

use super::evidence::QuoteIndex;
use super::pictures;
use super::rows::{by_week, cards, keyword_row, value};
use super::shown::{shown, shown_by_set};
use crate::report::model::{Count, Evidence, JobReport, Keyword, Report};

/// Number of keywords per set that are shown, at most. The others are in `keywords.csv`.
const KEYWORDS_SHOWN: usize = 25;
/// Number of jobs that are named because some of their interviews expire soon, at most.
const EXPIRING_SHOWN: usize = 6;
/// Number of jobs that a keyword of the index links to, at most: those in which the largest share of interviews mention
/// it.
const JOBS_OF_A_KEYWORD: usize = 3;

pub fn page(report: &Report, evidence: &Evidence) -> Value {
    let mut expiring: Vec<&JobReport> = report.jobs.iter().filter(|job| job.open.expiring != Count(Some(0))).collect();
    expiring.sort_by_key(|job| (job.open.first_expiry.is_none(), job.open.first_expiry.as_deref()));
    let expiring_left_out = expiring.len().saturating_sub(EXPIRING_SHOWN);
    expiring.truncate(EXPIRING_SHOWN);
    context! {
        overall => value(&report.overall),
        overall_previous => value(&report.overall_previous),
        cards => cards(&report.cards),
        volume => pictures::volume(&report.weeks, &report.weekly),
        weeks => value(&report.weeks),
        weekly => value(&report.weekly),
        open => value(&report.open),
        expiring => expiring.into_iter().map(job_row).collect::<Vec<_>>(),
        expiring_left_out,
        changes => value(&report.changes),
        jobs => report.jobs.iter().map(job_row).collect::<Vec<_>>(),
        some_are_few => report.jobs.iter().any(|job| job.figures.is_none()),
        departments => departments(report).into_iter().map(Value::from).collect::<Vec<_>>(),
        sets => sets(report, evidence),
        quality => value(&report.quality),
    }
}

/// A row of the table of jobs.
fn job_row(job: &JobReport) -> Value {
    context! {
        job_id => &job.job_id,
        job_title => &job.job_title,
        department => &job.department,
        page => &job.page,
        figures => value(&job.figures),
        previous => value(&job.previous),
        open => value(&job.open),
        trend => if job.figures.is_some() { pictures::of_volume(&job.weekly) } else { Value::from("") },
    }
}

fn departments(report: &Report) -> BTreeSet<&str> {
    report.jobs.iter().filter_map(|job| job.department.as_deref()).collect()
}

/// The keyword sets over all jobs. Each keyword links to the jobs in which the largest share of interviews mention it,
/// and there to its quotes if there are any.
fn sets(report: &Report, evidence: &Evidence) -> Vec<Value> {
    let mut jobs_of: BTreeMap<&str, Vec<(f64, Value)>> = BTreeMap::new();
    for job in &report.jobs {
        let sets = shown(report, job);
        let quoted = QuoteIndex::new(evidence.jobs.get(&job.job_id), &sets, &[]);
        for keyword in sets.iter().flat_map(|set| &set.keywords) {
            let share = keyword.counts.as_ref().map_or(0.0, |counts| counts.share);
            let anchor = quoted.has(&keyword.set, &keyword.term).then_some(&keyword.anchor);
            let JobReport { page, job_title, job_id, .. } = job;
            let link = context! { share, page, anchor, job_title, job_id };
            jobs_of.entry(&keyword.anchor).or_default().push((share, link));
        }
    }
    for jobs in jobs_of.values_mut() {
        jobs.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        jobs.truncate(JOBS_OF_A_KEYWORD);
    }
    let row = |keyword: &&Keyword| {
        let jobs = jobs_of.get(keyword.anchor.as_str()).map_or(&[][..], Vec::as_slice);
        context! { jobs => jobs.iter().map(|(_, link)| link.clone()).collect::<Vec<_>>(), ..keyword_row(keyword) }
    };
    shown_by_set(report, &report.keywords, KEYWORDS_SHOWN)
        .into_iter()
        .map(|set| {
            let shown: Vec<Value> = set.keywords.iter().map(row).collect();
            let (weeks, by_week) = by_week(report, &set.keywords);
            context! { name => set.name, others => set.others, shown, weeks, by_week }
        })
        .collect()
}

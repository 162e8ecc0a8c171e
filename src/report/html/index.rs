//! Fills `index.html`.

use std::collections::{BTreeMap, BTreeSet};

use minijinja::context;
use minijinja::value::Value;

use super::evidence::QuoteIndex;
use super::pictures;
use super::rows::{by_span, cards, keyword_rows, value, weeks};
use super::shown::{shown, shown_by_set};
use crate::report::model::{Evidence, JobReport, Report};

/// Number of keywords per set that are shown, at most. The others are in `keywords.csv`.
const KEYWORDS_SHOWN: usize = 25;
/// Number of jobs that are named because some of their interviews expire soon, at most.
const EXPIRING_SHOWN: usize = 6;
/// Number of jobs that a keyword of the index links to, at most: those in which the largest share of interviews mention
/// it.
const JOBS_OF_A_KEYWORD: usize = 3;

pub fn page(report: &Report, evidence: &Evidence) -> Value {
    let mut expiring: Vec<&JobReport> = report.jobs.iter().filter(|job| job.open.expiring > 0).collect();
    expiring.sort_by_key(|job| (job.open.first_expiry.is_none(), job.open.first_expiry.as_deref()));
    let expiring_left_out = expiring.len().saturating_sub(EXPIRING_SHOWN);
    expiring.truncate(EXPIRING_SHOWN);
    context! {
        overall => value(&report.overall),
        overall_previous => value(&report.overall_previous),
        cards => cards(&report.cards, report),
        volume => pictures::volume(&report.weeks, &report.weekly),
        weeks => weeks(report, &report.weekly, &report.spans),
        open => value(&report.open),
        expiring => expiring.into_iter().map(|job| job_row(job, Value::from(""))).collect::<Vec<_>>(),
        expiring_left_out,
        needs_a_look => value(&report.needs_a_look),
        jobs => job_rows(report),
        of_departments => value(&report.departments),
        other_jobs => value(&report.other_jobs),
        some_are_pooled => report.jobs.iter().any(|job| job.is_pooled),
        departments => departments(report).into_iter().map(Value::from).collect::<Vec<_>>(),
        sets => sets(report, evidence),
        quality => value(&report.quality),
    }
}

/// The rows of the table of jobs.
fn job_rows(report: &Report) -> Vec<Value> {
    let trends = pictures::of_volumes(report.jobs.iter().map(|job| job.weekly.as_slice()));
    report.jobs.iter().zip(trends).map(|(job, trend)| job_row(job, trend)).collect()
}

fn job_row(job: &JobReport, trend: Value) -> Value {
    context! {
        job_id => &job.job_id,
        job_title => &job.job_title,
        department => &job.department,
        page => &job.page,
        figures => value(&job.figures),
        previous => value(&job.previous),
        open => value(&job.open),
        is_pooled => job.is_pooled,
        trend,
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
            let share = keyword.counts.share;
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
    shown_by_set(report, &report.keywords, KEYWORDS_SHOWN)
        .into_iter()
        .map(|set| {
            let rows = keyword_rows(report, &report.spans, &set.keywords).into_iter().zip(&set.keywords);
            let shown: Vec<Value> = rows
                .map(|(row, keyword)| {
                    let jobs = jobs_of.get(keyword.anchor.as_str()).map_or(&[][..], Vec::as_slice);
                    context! { jobs => jobs.iter().map(|(_, link)| link.clone()).collect::<Vec<_>>(), ..row }
                })
                .collect();
            let (spans, by_span) = by_span(report, &report.spans, &set.keywords);
            context! { name => set.name, others => set.others, shown, spans, by_span }
        })
        .collect()
}

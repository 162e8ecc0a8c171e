//! Names of jobs and departments in a pipeline that no interview of its lake has. Each may be a mistake, or of a job that
//! has not opened yet.

use std::collections::BTreeSet;

use crate::lake::Lake;
use crate::lake::job_list::list;
use crate::lake::job_tally::LakeJob;
use crate::model::Result;
use crate::pipeline::{JobsFile, Pipeline, ReportPlan};

/// A warning for each name that is unknown, with its place in the pipeline; none before the first interview. `merged` is
/// the report's file of jobs.
///
/// # Errors
/// When the lake cannot be read.
pub fn unknown_jobs(pipeline: &Pipeline, merged: &JobsFile) -> Result<Vec<String>> {
    let Ok(lake) = Lake::open(&pipeline.lake) else { return Ok(Vec::new()) };
    let jobs = list(&lake)?;
    if jobs.is_empty() {
        return Ok(Vec::new());
    }
    let known = KnownJobs::of(&jobs);
    let mut warnings = Vec::new();
    let unknown = |section: &str, keys: &[&str], names: &[String], is_known: &dyn Fn(&str) -> bool| {
        let key = pipeline.problems.written(section, keys);
        let unknown = names.iter().enumerate().filter(|(_, name)| !is_known(name));
        let warning = |(number, name): (usize, &String)| {
            let place = pipeline.problems.place(&format!("{key}[{number}]"));
            format!("{place}: no interview of the lake has `{}`; it may not have opened yet", name.escape_debug())
        };
        unknown.map(warning).collect::<Vec<_>>()
    };
    for (number, export) in pipeline.exports.iter().enumerate() {
        let section = format!("export[{number}]");
        warnings.extend(unknown(&section, &["job", "jobs"], &export.plan.jobs, &|name| known.has_job(name)));
    }
    for (number, system) in pipeline.ats.iter().enumerate() {
        let section = format!("ats[{number}]");
        warnings.extend(unknown(&section, &["job", "jobs"], &system.jobs, &|name| known.has_job(name)));
    }
    if let Some(report) = &pipeline.report {
        if let Some(path) = &report.jobs_file {
            for id in merged.vendor_ids().filter(|id| !known.ids.contains(*id)) {
                let (path, id) = (path.display(), id.escape_debug());
                warnings.push(format!("{path}: no interview of the lake is of the job `{id}`"));
            }
        }
        let known = KnownJobs::shown(&jobs, merged);
        let (jobs, departments) = (&report.narrow.jobs, &report.narrow.departments);
        warnings.extend(unknown("report", &["job", "only-jobs"], jobs, &|name| known.has_job(name)));
        let keys = ["department", "only-departments"];
        warnings.extend(unknown("report", &keys, departments, &|name| known.has_department(name)));
    }
    Ok(warnings)
}

/// Whether a report is narrowed to jobs or departments of which the lake has none yet.
///
/// # Errors
/// When the lake cannot be read.
pub fn is_of_nothing(lake: &Lake, report: &ReportPlan, merged: &JobsFile) -> Result<bool> {
    let (jobs, departments) = (&report.narrow.jobs, &report.narrow.departments);
    if jobs.is_empty() && departments.is_empty() {
        return Ok(false);
    }
    let known = KnownJobs::shown(&list(lake)?, merged);
    let none_of = |names: &[String], is_known: &dyn Fn(&str) -> bool| {
        !names.is_empty() && !names.iter().any(|name| is_known(name))
    };
    Ok(none_of(jobs, &|name| known.has_job(name)) || none_of(departments, &|name| known.has_department(name)))
}

/// What the jobs of a lake are called. Titles and departments are in lower case.
#[derive(Default)]
struct KnownJobs {
    ids: BTreeSet<String>,
    titles: BTreeSet<String>,
    departments: BTreeSet<String>,
}

impl KnownJobs {
    /// By every name that they had.
    fn of(jobs: &[LakeJob]) -> Self {
        let mut known = Self::default();
        for LakeJob { id, titles, .. } in jobs {
            known.ids.extend(id.clone());
            known.titles.extend(titles.iter().map(|title| title.to_lowercase()));
        }
        known
    }

    /// By the names that a report shows.
    fn shown(jobs: &[LakeJob], merged: &JobsFile) -> Self {
        let mut known = Self::default();
        for LakeJob { id, title, department, .. } in jobs {
            let id = id.as_deref().unwrap_or_default();
            let named = merged.named(id);
            let given = named.and_then(|job| job.title.as_deref()).or(title.as_deref());
            known.titles.extend(given.map(|title| title.to_lowercase()));
            let given = named.and_then(|job| job.department.as_deref()).or(department.as_deref());
            known.departments.extend(given.map(|department| department.to_lowercase()));
            known.ids.insert(merged.merged_id(id).to_owned());
        }
        known
    }

    fn has_job(&self, name: &str) -> bool {
        // Reports also know a job by the name of its page, which ends with digits of a hash.
        let is_hash = |end: &str| end.len() >= 8 && end.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_page = name.rsplit_once('-').is_some_and(|(_, end)| is_hash(end));
        self.ids.contains(name) || self.titles.contains(&name.to_lowercase()) || is_page
    }

    fn has_department(&self, name: &str) -> bool {
        self.departments.contains(&name.to_lowercase())
    }
}

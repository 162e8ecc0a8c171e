//! Names of jobs and departments in a pipeline that no interview of its lake has. Each may be a mistake, or of a job that
//! has not opened yet.

use std::collections::BTreeSet;

use crate::lake::Lake;
use crate::lake::job_list::list;
use crate::lake::job_tally::LakeJob;
use crate::model::{Result, similar};
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
    let unknown = |section: &str, keys: &[&str], names: &[String], known: &Names| {
        let key = pipeline.problems.written(section, keys);
        let unknown = names.iter().enumerate().filter(|(_, name)| !known.has(name));
        let warning = |(number, name): (usize, &String)| {
            let place = pipeline.problems.place(&format!("{key}[{number}]"));
            let meant =
                known.like(name).map_or_else(String::new, |meant| format!(", or `{}` is meant", meant.escape_debug()));
            format!(
                "{place}: no interview of the lake has `{}`; it may not have opened yet{meant}",
                name.escape_debug()
            )
        };
        unknown.map(warning).collect::<Vec<_>>()
    };
    for (number, export) in pipeline.exports.iter().enumerate() {
        let section = format!("export[{number}]");
        warnings.extend(unknown(&section, &["job", "jobs"], &export.plan.jobs, &known.jobs));
    }
    for (number, system) in pipeline.ats.iter().enumerate() {
        let section = format!("ats[{number}]");
        warnings.extend(unknown(&section, &["job", "jobs"], &system.jobs, &known.jobs));
    }
    if let Some(report) = &pipeline.report {
        if let Some(path) = &report.jobs_file {
            for id in merged.vendor_ids().filter(|id| !known.jobs.ids.contains(*id)) {
                let (path, id) = (path.display(), id.escape_debug());
                warnings.push(format!("{path}: no interview of the lake is of the job `{id}`"));
            }
        }
        let known = KnownJobs::shown(&jobs, merged);
        let (jobs, departments) = (&report.narrow.jobs, &report.narrow.departments);
        warnings.extend(unknown("report", &["job", "only-jobs"], jobs, &known.jobs));
        let keys = ["department", "only-departments"];
        warnings.extend(unknown("report", &keys, departments, &known.departments));
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
    let none_of = |names: &[String], known: &Names| !names.is_empty() && !names.iter().any(|name| known.has(name));
    Ok(none_of(jobs, &known.jobs) || none_of(departments, &known.departments))
}

/// What the jobs of a lake and their departments are called.
#[derive(Default)]
struct KnownJobs {
    jobs: Names,
    departments: Names,
}

/// Ids, and names that are the same in any case.
#[derive(Default)]
struct Names {
    ids: BTreeSet<String>,
    names: BTreeSet<String>,
}

impl KnownJobs {
    /// By every name that they had.
    fn of(jobs: &[LakeJob]) -> Self {
        let mut known = Self::default();
        for LakeJob { id, titles, .. } in jobs {
            known.jobs.ids.extend(id.clone());
            known.jobs.names.extend(titles.iter().map(ToString::to_string));
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
            known.jobs.names.extend(given.map(str::to_owned));
            let given = named.and_then(|job| job.department.as_deref()).or(department.as_deref());
            known.departments.names.extend(given.map(str::to_owned));
            known.jobs.ids.insert(merged.merged_id(id).to_owned());
        }
        known
    }
}

impl Names {
    fn has(&self, name: &str) -> bool {
        // Reports also know a job by the name of its page, which ends with digits of a hash.
        let is_hash = |end: &str| end.len() >= 8 && end.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_page = !self.ids.is_empty() && name.rsplit_once('-').is_some_and(|(_, end)| is_hash(end));
        let lower = name.to_lowercase();
        self.ids.contains(name) || self.names.iter().any(|known| known.to_lowercase() == lower) || is_page
    }

    /// The name or id that is most like this one.
    fn like(&self, name: &str) -> Option<&str> {
        similar(name, self.names.iter().chain(&self.ids).map(String::as_str))
    }
}

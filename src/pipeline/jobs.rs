//! The file of jobs, which merges several of the vendor's job ids into one job and renames jobs.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use super::dismiss::{Dismissal, FindingKind};
use super::times::parse_date;
use crate::model::document::from_toml;
use crate::model::{Error, Result};

/// Jobs that are merged or renamed. The default changes nothing.
#[derive(Debug, Default)]
pub struct JobsFile {
    jobs: Vec<NamedJob>,
    /// Position in `jobs` by the vendor's id.
    places: BTreeMap<String, usize>,
    dismissals: Vec<Dismissal>,
}

/// A job as reports show it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedJob {
    /// Id under which the job is shown.
    pub id: String,
    /// The vendor's ids that are merged into this job. Without it, the job has only `id`.
    #[serde(default)]
    pub ids: Vec<String>,
    /// Title of the job. Without it, the latest title from the vendor is used.
    pub title: Option<String>,
    /// Department of the job. Without it, the latest department from the vendor is used.
    pub department: Option<String>,
    /// Findings about the job that reports do not name for a time.
    #[serde(default)]
    pub dismiss: Vec<DismissOfJob>,
}

/// Findings about a job that are dismissed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DismissOfJob {
    /// Which ones; left out: all.
    finding: Option<FindingKind>,
    /// First day on which they are named again.
    until: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    job: Vec<NamedJob>,
}

impl JobsFile {
    /// Reads a file; without a path, returns the default.
    ///
    /// # Errors
    /// A usage error that names the file, and the line if there is one.
    pub fn read(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else { return Ok(Self::default()) };
        let name = path.display().to_string();
        let text = fs::read_to_string(path)
            .map_err(|error| Error::usage(format!("cannot read the file of jobs {name}: {error}")))?;
        Self::parse(&text, &name)
    }

    /// Parses `[[job]]` tables; `origin` is the name of the file in errors.
    ///
    /// # Errors
    /// A usage error for text that is not a file of jobs, and for an id that two jobs claim.
    pub fn parse(text: &str, origin: &str) -> Result<Self> {
        let Raw { job: jobs } = from_toml(text, origin)?;
        let mut places = BTreeMap::new();
        let mut dismissals = Vec::new();
        for job in &jobs {
            for DismissOfJob { finding, until } in &job.dismiss {
                let until = parse_date(until)
                    .map_err(|error| Error::usage(format!("{origin}: `dismiss` of the job {}: {error}", job.id)))?;
                dismissals.push(Dismissal { job: Some(job.id.clone()), finding: *finding, until });
            }
        }
        for (place, job) in jobs.iter().enumerate() {
            for id in job.ids.iter().chain([&job.id]) {
                if places.insert(id.clone(), place).is_some_and(|other| other != place) {
                    return Err(Error::usage(format!("{origin}: two jobs claim the id {id}")));
                }
            }
        }
        Ok(Self { jobs, places, dismissals })
    }

    /// The vendor's ids that are merged or renamed. A job that lists none has its own.
    pub fn vendor_ids(&self) -> impl Iterator<Item = &str> {
        self.jobs.iter().flat_map(|job| {
            let alone = job.ids.is_empty().then_some(job.id.as_str());
            job.ids.iter().map(String::as_str).chain(alone)
        })
    }

    /// Findings about these jobs that are dismissed.
    #[must_use]
    pub fn dismissals(&self) -> &[Dismissal] {
        &self.dismissals
    }

    /// The id under which the job with this vendor id is shown.
    #[must_use]
    pub fn merged_id<'a>(&'a self, id: &'a str) -> &'a str {
        self.named(id).map_or(id, |job| job.id.as_str())
    }

    /// The entry of the job with this vendor id, if the file has one.
    #[must_use]
    pub fn named(&self, id: &str) -> Option<&NamedJob> {
        self.places.get(id).map(|place| &self.jobs[*place])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_belongs_to_one_job() {
        let text = "[[job]]\nid = \"a\"\nids = [\"x\", \"y\"]\n[[job]]\nid = \"b\"\nids = [\"y\"]\n";
        let error = JobsFile::parse(text, "jobs.toml").unwrap_err();
        assert_eq!(error.to_string(), "jobs.toml: two jobs claim the id y");
        let error = JobsFile::parse("[[job]]\nid = \"a\"\ntitel = \"A\"\n", "jobs.toml").unwrap_err();
        assert!(error.to_string().starts_with("jobs.toml:3: unknown field `titel`"), "{error}");
        let file = JobsFile::parse("[[job]]\nid = \"a\"\nids = [\"x\"]\ntitle = \"A\"\n", "jobs.toml").unwrap();
        assert_eq!([file.merged_id("x"), file.merged_id("a"), file.merged_id("z")], ["a", "a", "z"]);
    }
}

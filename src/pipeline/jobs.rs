//! A file of jobs: which ids of the vendor's are one job to its readers, and what it is called.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde::Deserialize;

use crate::model::error::from_toml;
use crate::model::{Error, Result};

/// Merges and names. The default changes nothing.
#[derive(Debug, Default)]
pub struct JobsFile {
    jobs: Vec<NamedJob>,
    /// By the vendor's id: the place in `jobs`.
    places: BTreeMap<String, usize>,
}

/// One job as its readers know it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedJob {
    /// The id that a report shows.
    pub id: String,
    /// The vendor's ids that are this job; left out: `id` alone.
    #[serde(default)]
    pub ids: Vec<String>,
    /// Left out: the latest that the vendor has.
    pub title: Option<String>,
    /// Left out: the latest that the vendor has.
    pub department: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    job: Vec<NamedJob>,
}

impl JobsFile {
    /// Reads a file, or nothing.
    ///
    /// # Errors
    /// A usage error that names the file and, where there is one, the line.
    pub fn read(path: Option<&Path>) -> Result<Self> {
        let Some(path) = path else { return Ok(Self::default()) };
        let name = path.display().to_string();
        let text = fs::read_to_string(path)
            .map_err(|error| Error::usage(format!("cannot read the file of jobs {name}: {error}")))?;
        Self::parse(&text, &name)
    }

    /// Reads `[[job]]` tables; `origin` is named in errors.
    ///
    /// # Errors
    /// A usage error for what is no such file, and for an id that two jobs claim.
    pub fn parse(text: &str, origin: &str) -> Result<Self> {
        let Raw { job: jobs } = from_toml(text, origin)?;
        let mut places = BTreeMap::new();
        for (place, job) in jobs.iter().enumerate() {
            for id in job.ids.iter().chain([&job.id]) {
                if places.insert(id.clone(), place).is_some_and(|other| other != place) {
                    return Err(Error::usage(format!("{origin}: two jobs claim the id {id}")));
                }
            }
        }
        Ok(Self { jobs, places })
    }

    /// The id under which a job is shown.
    #[must_use]
    pub fn merged_id<'a>(&'a self, id: &'a str) -> &'a str {
        self.named(id).map_or(id, |job| job.id.as_str())
    }

    /// What is said of a job.
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

//! What a report is made by, as it is recorded, so that the same report can be made anew.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::model::Period;
use crate::model::{Error, Result};
use crate::pipeline::{
    Compare, DismissSection, Format, Narrow, ReportPlan, parse_compare, parse_date, parse_time_zone,
};

/// A [`ReportPlan`] with the day on which its period ends.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlanRecord {
    formats: Vec<Format>,
    days: u32,
    until: String,
    time_zone: String,
    compare: String,
    jobs: Vec<String>,
    departments: Vec<String>,
    jobs_file: Option<PathBuf>,
    quotes: bool,
    whole_answers: bool,
    dismiss: Vec<DismissSection>,
}

impl PlanRecord {
    /// # Errors
    /// When the absolute path of the file of jobs cannot be found.
    pub fn of(plan: &ReportPlan, period: &Period) -> Result<Self> {
        let absolute = |path: &PathBuf| std::path::absolute(path).map_err(|error| Error::path("find", path, error));
        let dismissed = |one: &crate::pipeline::Dismissal| DismissSection {
            job: one.job.clone(),
            finding: one.finding,
            until: one.until.to_string(),
        };
        Ok(Self {
            formats: plan.formats.clone(),
            days: plan.days,
            until: period.until.to_string(),
            time_zone: plan.time_zone.iana_name().unwrap_or("UTC").to_owned(),
            compare: match plan.compare {
                Compare::None => "none".to_owned(),
                Compare::Previous => "previous".to_owned(),
                Compare::Until(day) => day.to_string(),
            },
            jobs: plan.narrow.jobs.clone(),
            departments: plan.narrow.departments.clone(),
            jobs_file: plan.jobs_file.as_ref().map(absolute).transpose()?,
            quotes: plan.quotes,
            whole_answers: plan.whole_answers,
            dismiss: plan.dismiss.iter().map(dismissed).collect(),
        })
    }

    /// The plan of the report, which is written into a folder in `out`.
    ///
    /// # Errors
    /// When the record was written by a newer version, or by nobody.
    pub fn plan(&self, out: &Path) -> Result<ReportPlan> {
        Ok(ReportPlan {
            out: out.to_owned(),
            formats: self.formats.clone(),
            days: self.days,
            until: Some(parse_date(&self.until)?),
            time_zone: parse_time_zone(&self.time_zone)?,
            compare: parse_compare(&self.compare)?,
            narrow: Narrow {
                jobs: self.jobs.clone(),
                departments: self.departments.clone(),
                // Those of an erased interview may be gone.
                may_be_missing: true,
            },
            jobs_file: self.jobs_file.clone(),
            quotes: self.quotes,
            whole_answers: self.whole_answers,
            dismiss: self.dismiss.iter().map(DismissSection::resolve).collect::<Result<_>>()?,
        })
    }
}

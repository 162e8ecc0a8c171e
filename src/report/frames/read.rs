//! Reads the lake, table by table: each says what the next may know.

use super::hits::Hits;
use super::input_files::InputFiles;
use super::interviews::Interviews;
use super::jobs::{Job, Jobs};
use super::responses::Responses;
use crate::lake::{Lake, schema};
use crate::model::Result;
use crate::pipeline::{JobsFile, ReportPlan};
use crate::report::period::Calendar;

/// What a report is made from.
pub struct Frames {
    /// In the order in which they are shown; their place is their number everywhere below.
    pub jobs: Vec<Job>,
    /// Settled and open interviews.
    pub interviews: Interviews,
    /// Answers of completed interviews, also of jobs that were not asked for: what is held back depends on all.
    pub responses: Responses,
    /// Keyword hits in these.
    pub hits: Hits,
    /// The files that were read.
    pub inputs: InputFiles,
}

/// Reads what a report needs. A missing job id is read as the empty one.
///
/// # Errors
/// When a file cannot be read, or was not analysed yet; a usage error for a job or department that is not there.
pub fn read(lake: &Lake, calendar: &Calendar, merged: &JobsFile, plan: &ReportPlan) -> Result<Frames> {
    let mut jobs = Jobs::new(merged);
    let mut inputs = InputFiles::default();
    if let Some(path) = &plan.jobs_file {
        inputs.add_jobs_file(path)?;
    }
    let mut interviews = Interviews::read(lake, calendar, &mut jobs, &mut inputs)?;
    let (jobs, order) = jobs.finish(&plan.narrow)?;
    interviews.renumber(&order);
    let mut responses = Responses::new(lake, &interviews, &mut inputs)?;
    let mut hits = Hits::new(lake)?;
    for path in lake.files(&schema::RESPONSES)? {
        let rows = responses.read(lake, &path, &interviews, &mut inputs)?;
        hits.read(&path, &rows, &responses)?;
    }
    responses.finish(&interviews);
    Ok(Frames { jobs, interviews, responses, hits, inputs })
}

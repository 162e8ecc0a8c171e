//! Reads the lake table by table. Each table limits which rows of the next are needed.

use super::hits::Hits;
use super::input_files::InputFiles;
use super::interviews::Interviews;
use super::jobs::{Job, Jobs};
use super::responses::Responses;
use crate::lake::{Lake, schema};
use crate::model::Result;
use crate::pipeline::{JobsFile, ReportPlan};
use crate::report::period::Calendar;

/// The data that a report is made from.
pub struct Frames {
    /// Jobs in the order in which they are shown. The position of a job is its number in all other frames.
    pub jobs: Vec<Job>,
    /// Settled and open interviews.
    pub interviews: Interviews,
    /// Answers of completed interviews. They include those of unwanted jobs, because all of them decide which are counted
    /// together.
    pub responses: Responses,
    /// Keyword hits in the answers.
    pub hits: Hits,
    /// The files that were read.
    pub inputs: InputFiles,
}

/// Reads the data of a report. A missing job id is read as an empty one.
///
/// # Errors
/// When a file cannot be read, or was not analysed yet; a usage error for a job or department that is not in the lake.
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
        responses.read(lake, &path, &interviews, &mut inputs)?;
        hits.read(&path, lake.place_of(&schema::RESPONSES, &path), &interviews, &responses)?;
    }
    responses.finish(&interviews);
    Ok(Frames { jobs, interviews, responses, hits, inputs })
}

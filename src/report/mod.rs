//! Reports: the figures of a period as a self-contained folder, with the same figures in every format.
//!
//! `frames` reads only the columns and rows that a report needs and turns every name into a number: interviews, jobs,
//! terms, questions and types are integers, so that 400,000 answers take some tens of megabytes and grouping is fast.
//! Transcripts are read in two cases only: when the figures of an answer cannot tell whether it is blank, and when it is
//! quoted. `aggregate` counts once for all formats. Counts of interviews are shown as they are. What was said is added up
//! of `atoms`, parts of enough persons each, and only whole atoms go into the model. `findings` says what needs a look, `evidence`
//! quotes.
//!
//! The [`model`] is final: exporters write it and compute nothing, so that no format can show a figure that another
//! does not. Candidates' words are in `Evidence`, apart from the figures, and only pages get it.
//!
//! `html` fills templates from the model and nothing else. The environment's one formatter escapes all text and makes
//! control characters visible, so that no template can forget to; only the pictures made by `charts` are markup. A
//! content security policy allows the style sheet and the scripts by their hashes and refuses everything else, including
//! style attributes: shades and bars are classes and shapes. The script sorts and searches what is on the page. The page
//! of all jobs also has an index of the rows on the other pages, and of nothing else, so a page without its script has
//! the same content. To stay light, a page shows the keywords and questions that most interviews have. Only keywords
//! with a row have quotes, and the target of every link is on the page.

mod again;
mod aggregate;
mod anchors;
mod atoms;
mod charts;
mod clear;
mod evidence;
mod export;
mod findings;
mod frames;
mod html;
#[cfg(test)]
mod lakes;
pub mod model;
mod period;
mod plan_record;
mod provenance;
mod publish;
mod thin;

pub use self::again::{Again, make_anew, quoted_in};
pub use self::thin::advice;

use std::path::PathBuf;

use jiff::Timestamp;

use self::aggregate::{Aggregates, Counted, aggregate};
use self::atoms::SMALLEST_GROUP;
use self::model::{Evidence, Finding, NeedsALook, Provenance, Report, ReportSelection, RunReference};
use self::period::Calendar;
use self::plan_record::PlanRecord;
use crate::lake::Lake;
use crate::lake::outputs::OutputKind;
use crate::model::Result;
use crate::pipeline::{Format, JobsFile, ReportPlan};

/// A report that was written.
pub struct WrittenReport {
    pub folder: PathBuf,
    /// What needs a look, a line each, the most urgent first.
    pub needs_a_look: Vec<String>,
}

/// Computes and writes a report. `run` is the run that the report belongs to; if it is `None`,
/// the report names the newest run of the lake.
///
/// # Errors
/// When the lake cannot be read or was not analysed, or when the folder cannot be written. A usage error for a job or
/// department that is not in the lake.
pub fn report(lake: &Lake, plan: &ReportPlan, now: Timestamp, run: Option<RunReference>) -> Result<WrittenReport> {
    lake.record_output(OutputKind::Reports, &plan.out)?;
    write(lake, plan, now, run, true)
}

/// Computes and writes a report. `leads` says whether `latest` may point to it from now on.
fn write(
    lake: &Lake,
    plan: &ReportPlan,
    now: Timestamp,
    run: Option<RunReference>,
    leads: bool,
) -> Result<WrittenReport> {
    let calendar = Calendar::new(plan, now)?;
    let merged = JobsFile::read(plan.jobs_file.as_deref())?;
    let frames = frames::read(lake, &calendar, &merged, plan)?;
    let counted = Counted::new(&frames, &calendar, &aggregate::wanted(&frames));
    let mut aggregates = aggregate(&counted);
    let provenance = provenance::provenance(lake, &calendar, &frames, &mut aggregates, run)?;
    let dismissals = [&plan.dismiss, merged.dismissals()].concat();
    let needs_a_look = findings::needs_a_look(&counted, &mut aggregates, &dismissals, provenance.weeks_of_history);
    drop(counted);
    let wants_pages = plan.formats.contains(&Format::Html);
    let quoted = if wants_pages {
        evidence::evidence(lake, plan, (&frames, &calendar.current_segments), &aggregates)?
    } else {
        evidence::QuotedEvidence::default()
    };
    drop(frames);
    let report = assembled(plan, calendar, aggregates, needs_a_look, provenance);
    let files = render(&report, &quoted.evidence, &plan.formats)?;
    let name = publish::name(&report.period, &plan.narrow);
    // The record must always find every quote that is shown, in the new pages and in those that they replace.
    let record = quoted.record(lake, &plan.out.join(&name), PlanRecord::of(plan, &report.period)?)?;
    record.as_ref().map_or(Ok(()), |record| record.before_publishing())?;
    let folder = publish::publish(&plan.out, &name, &files, leads && report.provenance.interviews_in_period > 0)?;
    record.map_or(Ok(()), |record| record.after_publishing())?;
    Ok(WrittenReport { folder, needs_a_look: report.needs_a_look.findings.iter().map(Finding::line).collect() })
}

/// The model of a report.
fn assembled(
    plan: &ReportPlan,
    calendar: Calendar,
    aggregates: Aggregates,
    needs_a_look: NeedsALook,
    provenance: Provenance,
) -> Report {
    let Aggregates {
        overall,
        overall_previous,
        cards,
        weekly,
        spans,
        open,
        jobs,
        departments,
        other_jobs,
        keywords,
        quality,
        ..
    } = aggregates;
    Report {
        period: calendar.period,
        previous_period: calendar.previous_period,
        provenance,
        selection: ReportSelection { jobs: plan.narrow.jobs.clone(), departments: plan.narrow.departments.clone() },
        weeks: calendar.weeks,
        overall,
        overall_previous,
        cards,
        weekly,
        spans,
        open,
        needs_a_look,
        jobs,
        departments,
        other_jobs,
        keywords,
        quality,
        smallest_group: SMALLEST_GROUP,
    }
}

/// Every file of the report, with its path in the report's folder.
fn render(report: &Report, evidence: &Evidence, formats: &[Format]) -> Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    for format in Format::all().into_iter().filter(|format| formats.contains(format)) {
        match format {
            Format::Html => files.extend(html::pages(report, evidence)?),
            Format::Xlsx => files.push(("roundup.xlsx".to_owned(), export::xlsx(report)?)),
            Format::Csv => files.extend(export::csv(report)),
            Format::Json => files.push(("summary.json".to_owned(), export::json(report))),
            Format::Parquet => files.push(("figures.parquet".to_owned(), export::figures(report))),
        }
    }
    Ok(files)
}

//! Computes a report, and writes its files.

use std::path::PathBuf;

use jiff::Timestamp;
use rayon::prelude::*;

use super::aggregate::{self, Aggregates, Counted, aggregate};
use super::atoms::SMALLEST_GROUP;
use super::model::{Evidence, Finding, NeedsALook, Provenance, Report, ReportSelection, RunReference};
use super::period::Calendar;
use super::plan_record::PlanRecord;
use super::{evidence, export, findings, frames, html, provenance, publish};
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
///
/// # Errors
/// As [`report`].
pub fn write(
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
pub fn assembled(
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

/// Every file of the report, with its path in the report's folder. Two formats are made side by side, since a workbook is
/// compressed by one thread; all at once would hold more memory than they save time.
pub fn render(report: &Report, evidence: &Evidence, formats: &[Format]) -> Result<Vec<(String, Vec<u8>)>> {
    let wanted: Vec<Format> = Format::all().into_iter().filter(|format| formats.contains(format)).collect();
    let render = |format: &Format| -> Result<Vec<(String, Vec<u8>)>> {
        Ok(match format {
            Format::Html => html::pages(report, evidence)?,
            Format::Xlsx => vec![("roundup.xlsx".to_owned(), export::xlsx(report)?)],
            Format::Csv => export::csv(report),
            Format::Json => vec![("summary.json".to_owned(), export::json(report))],
            Format::Parquet => vec![("figures.parquet".to_owned(), export::figures(report))],
        })
    };
    let mut files = Vec::new();
    for pair in wanted.chunks(2) {
        files.extend(pair.par_iter().map(render).collect::<Result<Vec<_>>>()?.into_iter().flatten());
    }
    Ok(files)
}

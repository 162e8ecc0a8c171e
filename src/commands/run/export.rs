//! The stage that writes exports.

use std::fs;
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;

use crate::commands::terminal;
use crate::deliver::export::{ExportSummary, InterviewSelection, Plan, RowType, Target, export};
use crate::keywords::Mode;
use crate::lake::Lake;
use crate::lake::outputs::OutputKind;
use crate::model::{Done, Error, Result};
use crate::pipeline::sets::load_sets;
use crate::pipeline::{ExportPlan, ExportRows, ExportTo, Since, first_day, midnight, today};

const COMPLETED: &str = "completed";

/// An export of a pipeline, with its keyword sets read.
pub struct ReadyExport {
    plan: Plan,
    pub output: PathBuf,
}

impl ReadyExport {
    /// Reads the keyword sets of an export.
    ///
    /// # Errors
    /// When a keyword set is wrong, or its days are too far away.
    pub fn new(ExportTo { plan, output }: &ExportTo) -> Result<Self> {
        Ok(Self { plan: ready(plan, Mode::Word, Timestamp::now())?, output: output.clone() })
    }
}

/// Reads the keyword sets of an export, and resolves its days.
///
/// # Errors
/// When a keyword set is wrong, or its days are too far away.
pub fn ready(plan: &ExportPlan, txt_mode: Mode, now: Timestamp) -> Result<Plan> {
    let what = match plan.what {
        ExportRows::Interviews => RowType::Interviews,
        ExportRows::Responses => RowType::Responses,
        ExportRows::Analysis => {
            let sets = load_sets(&plan.keywords, txt_mode).into_iter().collect::<Result<_>>()?;
            let is_substring =
                txt_mode == Mode::Substring && plan.keywords.iter().any(|reference| reference.ends_with(".txt"));
            let mode = if is_substring { " --mode substring" } else { "" };
            RowType::Analysis { sets, reference: format!("{}{mode}", plan.keywords.join(" ")) }
        }
    };
    let beginning = |day: Date| midnight(day, &plan.time_zone).map(Timestamp::as_microsecond);
    let end = plan.until.unwrap_or_else(|| today(now, &plan.time_zone));
    let (from, until) = match plan.from {
        Since::Always => (None, plan.until),
        Since::Day(day) => (Some(day), plan.until),
        Since::DaysBefore(days) => (Some(first_day(end, days)?), Some(end)),
    };
    let mut selection = InterviewSelection {
        jobs: plan.jobs.clone(),
        statuses: plan.statuses.clone(),
        from: from.map(beginning).transpose()?,
        until: until.map(beginning).transpose()?,
    };
    if plan.what == ExportRows::Analysis && selection.statuses.is_empty() {
        selection.statuses.push(COMPLETED.to_owned());
    }
    Ok(Plan { what, format: plan.format, selection, raw: plan.raw })
}

/// An export that a run wrote.
#[derive(Debug, Serialize)]
pub struct Exported {
    path: String,
    rows: u64,
    /// Texts that were cut because they were too long for a cell of a spreadsheet.
    cut: u64,
}

/// Writes every export while the run continues, even after one that failed.
pub fn export_all(
    lake: &Lake,
    exports: Vec<ReadyExport>,
    quiet: bool,
    continues: &dyn Fn() -> bool,
) -> Done<Vec<Exported>> {
    let (mut exported, mut errors) = (Vec::new(), Vec::new());
    for ReadyExport { plan, output } in exports.into_iter().take_while(|_| continues()) {
        let folder = output.parent().map_or(Ok(()), fs::create_dir_all);
        let made = folder.map_err(|error| Error::path("make the folder of", &output, error)).and_then(|()| {
            lake.record_output(OutputKind::Export, &output)?;
            terminal::with_bar("export", quiet, |progress| export(lake, &plan, Target::File(output.clone()), progress))
        });
        let path = output.display().to_string();
        match made {
            Ok(ExportSummary { rows, cut }) => exported.push(Exported { path, rows, cut }),
            Err(error) => errors.push(error.prefix(&format!("the export to {path}"))),
        }
    }
    Done { summary: exported, errors }
}

/// What was exported, for a person.
pub fn exports_on_screen(exported: &[Exported]) -> String {
    let line = |Exported { path, rows, cut }: &Exported| {
        let cut =
            if *cut > 0 { format!(", {cut} texts cut as they are longer than a cell holds") } else { String::new() };
        format!("export     {path}: {}{cut}\n", terminal::counted(*rows, "row", "rows"))
    };
    exported.iter().map(line).collect()
}

//! `export`: rows of the lake for other programs. Takes no lock, so it works during a run.

use std::fs;
use std::io::{self, BufWriter, IsTerminal};
use std::path::PathBuf;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Serialize;

use super::cli::ExportFlags;
use super::{DONE, output, progress};
use crate::deliver::export::{Plan, Selection, Summary, Target, What, export};
use crate::keywords::Mode;
use crate::lake::Lake;
use crate::lake::outside::refuse_inside;
use crate::model::{Error, Result};
use crate::pipeline::sets::load_set;
use crate::pipeline::{ExportPlan, ExportRows, ExportTo, Since, midnight, parse_date};

const COMPLETED: &str = "completed";

pub fn run(flags: &ExportFlags, quiet: bool) -> Result<u8> {
    let plan = plan(flags)?;
    let target = match &flags.output {
        Some(path) => Target::File(path.clone()),
        None if plan.format.is_text() => Target::Stream(Box::new(BufWriter::with_capacity(1 << 16, output::Stdout))),
        None => return Err(Error::usage("this format is no text to be shown").hint("name a file with --output FILE")),
    };
    let lake = Lake::open(&flags.lake.lake)?;
    if let Some(path) = &flags.output {
        refuse_inside("the export", path, lake.root())?;
    }
    let bar = progress::bar("export", quiet || (flags.output.is_none() && io::stdout().is_terminal()));
    let made = export(&lake, &plan, target, &progress::moves(&bar));
    bar.finish_and_clear();
    let Summary { rows, cut } = made?;
    let to = flags.output.as_ref().map_or_else(String::new, |path| format!(" to {}", path.display()));
    if rows == 0 {
        tracing::warn!("nothing in the lake is selected: no rows were written{to}");
    } else {
        tracing::info!(rows, "wrote {rows} rows{to}");
    }
    if cut > 0 {
        tracing::warn!(cut, "{cut} texts are longer than a cell holds and were cut; other formats have them whole");
    }
    Ok(DONE)
}

fn plan(flags: &ExportFlags) -> Result<Plan> {
    let day = |text: &Option<String>| text.as_deref().map(parse_date).transpose();
    let plan = ExportPlan {
        what: flags.what,
        format: flags.format,
        jobs: flags.job.clone(),
        statuses: flags.status.clone(),
        from: day(&flags.from)?.map_or(Since::Always, Since::Day),
        until: day(&flags.until)?,
        raw: flags.raw,
        keywords: flags.keywords.clone(),
    };
    plan.check()?;
    ready(&plan, flags.mode, Timestamp::now())
}

/// Reads what an export names.
fn ready(plan: &ExportPlan, txt_mode: Mode, now: Timestamp) -> Result<Plan> {
    let what = match plan.what {
        ExportRows::Interviews => What::Interviews,
        ExportRows::Responses => What::Responses,
        ExportRows::Analysis => {
            let reference = plan.set();
            let is_substring = reference.ends_with(".txt") && txt_mode == Mode::Substring;
            let mode = if is_substring { " --mode substring" } else { "" };
            What::Analysis { set: load_set(reference, txt_mode)?, reference: format!("{reference}{mode}") }
        }
    };
    let far = |day: Date| Error::usage(format!("{day} is too far away"));
    let beginning = |day: Date| midnight(day).map(Timestamp::as_microsecond);
    let end = plan.until.unwrap_or_else(|| TimeZone::UTC.to_datetime(now).date());
    let (from, until) = match plan.from {
        Since::Always => (None, plan.until),
        Since::Day(day) => (Some(day), plan.until),
        Since::DaysBefore(days) => (Some(end.checked_sub(i64::from(days).days()).map_err(|_| far(end))?), Some(end)),
    };
    let mut selection = Selection {
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

/// An export of a pipeline with what it names read.
pub struct ReadyExport {
    plan: Plan,
    pub output: PathBuf,
}

impl ReadyExport {
    /// # Errors
    /// When its keyword set is wrong, or its days are too far away.
    pub fn new(ExportTo { plan, output }: &ExportTo) -> Result<Self> {
        Ok(Self { plan: ready(plan, Mode::Word, Timestamp::now())?, output: output.clone() })
    }
}

/// An export that a run wrote.
#[derive(Debug, Serialize)]
pub struct Exported {
    path: String,
    rows: u64,
    /// Texts that a cell of a spreadsheet could not hold whole.
    cut: u64,
}

/// The stage of a run: every export for as long as it goes on, also after one that failed.
pub fn stage(
    lake: &Lake,
    exports: Vec<ReadyExport>,
    quiet: bool,
    goes_on: &dyn Fn() -> bool,
    errors: &mut Vec<Error>,
) -> Vec<Exported> {
    let mut done = Vec::new();
    for ReadyExport { plan, output } in exports.into_iter().take_while(|_| goes_on()) {
        let bar = progress::bar("export", quiet);
        let folder = output.parent().map_or(Ok(()), fs::create_dir_all);
        let made = folder.map_err(|error| Error::path("make the folder of", &output, error));
        let made = made.and_then(|()| export(lake, &plan, Target::File(output.clone()), &progress::moves(&bar)));
        bar.finish_and_clear();
        let path = output.display().to_string();
        match made {
            Ok(Summary { rows, cut }) => done.push(Exported { path, rows, cut }),
            Err(error) => errors.push(error.prefix(&format!("the export to {path}"))),
        }
    }
    done
}

/// What was exported, for a person.
pub fn on_screen(exported: &[Exported]) -> String {
    let line = |Exported { path, rows, cut }: &Exported| {
        let cut =
            if *cut > 0 { format!(", {cut} texts cut as they are longer than a cell holds") } else { String::new() };
        format!("export     {path}: {rows} rows{cut}\n")
    };
    exported.iter().map(line).collect()
}

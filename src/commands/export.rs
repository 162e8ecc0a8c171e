//! `export`: writes rows of the lake for other programs. Takes no lock, so it works during a run.

use std::io::{self, BufWriter, IsTerminal};
use std::path::Path;

use jiff::Timestamp;

use super::run::ready_export;
use super::terminal::{self, ExportFlags};
use crate::deliver::export::{ExportSummary, Place, Plan, Target, export};
use crate::lake::Lake;
use crate::lake::job_list::warn_of_unknown;
use crate::lake::outputs::OutputKind;
use crate::lake::outside::refuse_inside;
use crate::model::{Error, Result};
use crate::pipeline::{ExportPlan, Since, parse_date, parse_days, parse_time_zone};

pub fn run(flags: &ExportFlags, quiet: bool) -> Result<()> {
    let plan = plan(flags)?;
    let stdout = || Target::Stream(Box::new(BufWriter::with_capacity(1 << 16, terminal::Stdout::new())));
    let target = match &flags.output {
        Some(path) if matches!(Place::of(path), Place::Stdout) => stdout(),
        Some(path) => Target::File(path.clone()),
        None if plan.format.is_text() => stdout(),
        None => return Err(Error::usage("this format is no text to be shown").hint("name a file with --output FILE")),
    };
    let lake = Lake::open(&flags.lake.lake)?;
    warn_of_unknown(&lake, &flags.job)?;
    if let Some(path) = &flags.output {
        refuse_inside("the export", path, lake.root())?;
    }
    // Before it is written: a program that is killed after that would not record it.
    record(&lake, flags.output.as_deref())?;
    let no_bar = quiet || (matches!(target, Target::Stream(_)) && io::stdout().is_terminal());
    let ExportSummary { rows, cut } =
        terminal::with_bar("export", no_bar, |progress| export(&lake, &plan, target, progress))?;
    let to = flags.output.as_ref().map_or_else(String::new, |path| format!(" to {}", path.display()));
    if rows == 0 {
        tracing::warn!("nothing in the lake is selected: no rows were written{to}");
    } else {
        tracing::info!(rows, "wrote {}{to}", terminal::counted(rows, "row", "rows"));
    }
    if cut > 0 {
        tracing::warn!(cut, "{cut} texts are longer than a cell holds and were cut; other formats have them whole");
    }
    Ok(())
}

/// Records where rows are written to. A pipe keeps none.
fn record(lake: &Lake, output: Option<&Path>) -> Result<()> {
    match output.map(Place::of) {
        Some(Place::File(path)) => lake.record_output(OutputKind::Export, &path),
        _ => Ok(()),
    }
}

fn plan(flags: &ExportFlags) -> Result<Plan> {
    let day = |text: &Option<String>| text.as_deref().map(parse_date).transpose();
    let period = flags.period.as_deref().map(parse_days).transpose()?.map(Since::DaysBefore);
    let plan = ExportPlan {
        what: flags.what,
        format: flags.format,
        jobs: flags.job.clone(),
        statuses: flags.status.clone(),
        from: period.or(day(&flags.from)?.map(Since::Day)).unwrap_or(Since::Always),
        until: day(&flags.until)?,
        time_zone: parse_time_zone(&flags.time_zone)?,
        raw: flags.raw,
        keywords: flags.keywords.clone(),
    };
    let wrong: Vec<Error> = plan.check().into_iter().map(|(_, error)| error).collect();
    if !wrong.is_empty() {
        return Err(terminal::report_all(wrong));
    }
    ready_export(&plan, flags.mode, Timestamp::now())
}

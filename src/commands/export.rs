//! `export`: rows of the lake for other programs. Takes no lock, so it works during a run.

use std::io::{self, BufWriter, IsTerminal};

use super::cli::{ExportFlags, ExportRows};
use super::{DONE, output, progress};
use crate::deliver::export::{Format, Plan, Selection, Summary, Target, What, export};
use crate::keywords::Mode;
use crate::lake::Lake;
use crate::model::{Error, Result};
use crate::pipeline::parse_midnight;
use crate::pipeline::sets::load_set;

/// The terms of the vendor's sample, found as it does.
const DEFAULT_SET: &str = "builtin:vendor-sample";
const COMPLETED: &str = "completed";

pub fn run(flags: &ExportFlags, quiet: bool) -> Result<u8> {
    let plan = plan(flags)?;
    let target = match &flags.output {
        Some(path) => Target::File(path.clone()),
        None if plan.format.is_text() => Target::Stream(Box::new(BufWriter::with_capacity(1 << 16, output::Stdout))),
        None => return Err(Error::usage("this format is no text to be shown").hint("name a file with --output FILE")),
    };
    let lake = Lake::open(&flags.lake.lake)?;
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
    if flags.raw && flags.format != Format::Csv {
        return Err(Error::usage("--raw is for csv: the other formats say what is a text"));
    }
    let is_analysis = flags.what == ExportRows::Analysis;
    if flags.keywords.is_some() && !is_analysis {
        return Err(Error::usage("--keywords is for `--what analysis`"));
    }
    let what = match flags.what {
        ExportRows::Interviews => What::Interviews,
        ExportRows::Responses => What::Responses,
        ExportRows::Analysis => {
            let reference = flags.keywords.as_deref().unwrap_or(DEFAULT_SET);
            let set = load_set(reference, flags.mode)?;
            let is_substring = reference.ends_with(".txt") && flags.mode == Mode::Substring;
            What::Analysis {
                set,
                reference: format!("{reference}{}", if is_substring { " --mode substring" } else { "" }),
            }
        }
    };
    let midnight = |day: &Option<String>| -> Result<Option<i64>> {
        let midnight = day.as_deref().map(parse_midnight).transpose()?;
        Ok(midnight.map(|midnight| midnight.as_microsecond()))
    };
    let mut selection = Selection {
        jobs: flags.job.clone(),
        statuses: flags.status.clone(),
        from: midnight(&flags.from)?,
        until: midnight(&flags.until)?,
    };
    if let (Some(from), Some(until)) = (selection.from, selection.until)
        && from >= until
    {
        return Err(Error::usage("there is no day from --from on that is before --until"));
    }
    if is_analysis && selection.statuses.is_empty() {
        selection.statuses.push(COMPLETED.to_owned());
    }
    Ok(Plan { what, format: flags.format, selection, raw: flags.raw })
}

//! `analyze`: figures and keyword hits, without fetching.

use super::cli::{AnalyzeFlags, DataFormat};
use super::prepare::ready_sets;
use super::run::analyze_on_screen;
use super::{DONE, output, progress};
use crate::analyze::analyze;
use crate::lake::Lake;
use crate::model::Result;

pub fn run(flags: &AnalyzeFlags, quiet: bool) -> Result<u8> {
    let sets = ready_sets(&flags.keywords, flags.mode)?;
    let lake = Lake::open(&flags.lake.lake)?;
    let lock = lake.lock()?;
    let ledger = lake.ledger(&lock)?;
    let bar = progress::bar("analyse", quiet);
    let summary = analyze(&lake, &ledger, &sets.sets, &sets.fillers, flags.force, &progress::moves(&bar));
    bar.finish_and_clear();
    let summary = summary?;
    match flags.format {
        DataFormat::Json => output::data(&output::json(&summary))?,
        DataFormat::Text if quiet => {}
        DataFormat::Text => output::data(&analyze_on_screen(&summary))?,
    }
    Ok(DONE)
}

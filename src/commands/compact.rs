//! `compact`: merges the small files of each month.

use super::erasure::open_ledger;
use super::terminal::{self, Alone, CompactFlags, DONE, said};
use crate::lake::Lake;
use crate::lake::compact::{Compaction, compact, plan_of};
use crate::model::Result;

/// Whoever asks for it has all files merged that can be.
const LEAST_FILES: usize = 2;

pub fn run(flags: &CompactFlags, quiet: bool) -> Result<u8> {
    let lake = Lake::open(&flags.lake.lake)?.with_delta(!flags.delta.no_delta);
    if flags.dry_run {
        return show(&plan_of(&lake, LEAST_FILES)?, flags, quiet).map(|()| DONE);
    }
    let lock = lake.lock()?;
    let mut ledger = open_ledger(&lake, &lock)?;
    let begun = Alone::begin("compact");
    let done = terminal::with_bar("compact", quiet, |progress| compact(&lake, &mut ledger, LEAST_FILES, progress));
    match done {
        // What has changed nothing is no run.
        Ok(done) if done.months.is_empty() => show(&done, flags, quiet).map(|()| DONE),
        Ok(done) => {
            let shown = show(&done, flags, quiet);
            Ok(begun.end(&lake, &mut ledger, shown.err().into_iter().collect()))
        }
        Err(error) => Ok(begun.end(&lake, &mut ledger, vec![error])),
    }
}

fn show(compaction: &Compaction, flags: &CompactFlags, quiet: bool) -> Result<()> {
    // What was asked for alone is said all the same.
    let is_quiet = quiet && !flags.dry_run;
    said(flags.format, compaction, &if is_quiet { String::new() } else { as_text(compaction, flags.dry_run) })
}

fn as_text(Compaction { months, kept }: &Compaction, is_dry: bool) -> String {
    let mut text = String::new();
    for month in months {
        text += &format!("{:<9}  {}\n", month.month, terminal::compacted(month));
    }
    kept.iter().for_each(|why| text += &format!("left       {why}\n"));
    text + match (months.is_empty(), is_dry) {
        (true, _) => "nothing to compact\n",
        (false, true) => "nothing was changed: run it without --dry-run\n",
        (false, false) => "",
    }
}

//! `retain`: erases what is older than it is kept.

use super::erasure::{open_ledger, plan_on_screen, receipt_on_screen, retain, too_old};
use super::terminal::{self, Alone, DONE, RetainFlags, said};
use crate::lake::Lake;
use crate::model::{Error, Result};
use crate::pipeline::RetainPlan;

/// What is said when nothing is too old.
const NOTHING: &str = "nothing in the lake is older than it is kept\n";

pub fn run(flags: &RetainFlags) -> Result<u8> {
    let RetainFlags { audio_days, transcripts_days, candidates_days, interviews_days, .. } = *flags;
    let plan = RetainPlan { audio_days, transcripts_days, candidates_days, interviews_days };
    if plan.is_empty() {
        return Err(Error::usage("nothing is said of how long what is kept").hint("for example --transcripts-days 365"));
    }
    let lake = Lake::open(&flags.lake.lake)?
        .with_candidate_key(flags.key.candidate_key_file.clone())
        .with_delta(!flags.delta.no_delta);
    if flags.dry_run {
        let found = too_old(&lake, &lake.ledger_for_reading()?, &plan, &flags.archive)?;
        let text = found.as_ref().map_or_else(|| NOTHING.to_owned(), plan_on_screen);
        let found = found.map(|erasing| erasing.found);
        return said(flags.format, &found, &(text + "nothing was changed: run it without --dry-run\n")).map(|()| DONE);
    }
    let lock = lake.lock()?;
    let mut ledger = open_ledger(&lake, &lock)?;
    if !flags.yes {
        let Some(found) = too_old(&lake, &ledger, &plan, &flags.archive)? else {
            return terminal::data(NOTHING).map(|()| DONE);
        };
        terminal::data(&plan_on_screen(&found))?;
        terminal::confirm("Erase all of this for good?", "nothing is erased without a yes")?;
    }
    let begun = Alone::begin("retain");
    let (receipt, errors) = match retain(&lake, &mut ledger, &plan, &flags.archive) {
        Ok(receipt) => (receipt, Vec::new()),
        Err(error) => (None, vec![error.hint("the next command that writes to the lake goes on with the erasure")]),
    };
    let code = begun.end(&lake, &mut ledger, errors);
    if code == DONE {
        said(flags.format, &receipt, &receipt.as_ref().map_or_else(|| NOTHING.to_owned(), receipt_on_screen))?;
    }
    Ok(code)
}

//! `retain`: erases what is older than it is kept.

use super::age::{erase_too_old, too_old};
use super::carry_out::open_ledger;
use super::text::{plan_on_screen, receipt_on_screen};
use crate::commands::terminal::{self, Alone, DONE, RetainFlags, said};
use crate::lake::Lake;
use crate::lake::erase::{Erasing, Receipt};
use crate::model::{Error, Result};
use crate::pipeline::RetainPlan;

/// What is said when nothing is too old.
const NOTHING: &str = "nothing in the lake is older than it is kept\n";

/// Runs the command.
///
/// # Errors
/// When nothing is said of how long what is kept, nothing may be erased, or the lake cannot be opened. Later errors are in
/// the exit code.
pub fn retain(flags: &RetainFlags) -> Result<u8> {
    let RetainFlags { audio_days, transcripts_days, candidates_days, interviews_days, .. } = *flags;
    let plan = RetainPlan { audio_days, transcripts_days, candidates_days, interviews_days };
    if plan.is_empty() {
        return Err(Error::usage("nothing is said of how long what is kept").hint("for example --transcripts-days 365"));
    }
    let lake = Lake::open(&flags.lake.lake)?
        .with_candidate_key(flags.key.candidate_key_file.clone())
        .with_delta(!flags.delta.no_delta);
    if flags.dry_run {
        let old = too_old(&lake, &lake.ledger_for_reading()?, &plan, &flags.archive)?;
        let text = found_on_screen(&old) + "nothing was changed: run it without --dry-run\n";
        let found = Some(&old.found).filter(|_| !old.rows.is_empty());
        return said(flags.format, &found, &text).map(|()| DONE);
    }
    let lock = lake.lock()?;
    let mut ledger = open_ledger(&lake, &lock)?;
    let old = too_old(&lake, &ledger, &plan, &flags.archive)?;
    if !flags.yes {
        if old.rows.is_empty() {
            return said(flags.format, &None::<Receipt>, NOTHING).map(|()| DONE);
        }
        terminal::data(&found_on_screen(&old))?;
        terminal::confirm("Erase all of this for good?", "nothing is erased without a yes")?;
    }
    let begun = Alone::begin("retain");
    let (receipt, errors) = match erase_too_old(&lake, &mut ledger, old) {
        Ok(receipt) => (receipt, Vec::new()),
        Err(error) => (None, vec![error]),
    };
    let code = begun.end(&lake, &mut ledger, errors);
    if code == DONE {
        said(flags.format, &receipt, &receipt.as_ref().map_or_else(|| NOTHING.to_owned(), receipt_on_screen))?;
    }
    Ok(code)
}

fn found_on_screen(old: &Erasing) -> String {
    if old.rows.is_empty() { NOTHING.to_owned() } else { plan_on_screen(old) }
}

//! `forget`: erases persons or interviews everywhere, and looks whether anything is left.

use super::carry_out::{carry_out, open_ledger};
use super::persons::{Asked, resolve};
use super::plan::find;
use super::text::{plan_on_screen, receipt_on_screen};
use super::verify::{verified_on_screen, verify};
use crate::commands::terminal::{self, Alone, DONE, ForgetFlags, said};
use crate::lake::Lake;
use crate::lake::erase::Erasing;
use crate::lake::tombstones::address_of;
use crate::model::{Error, Kind, Result};

/// Runs the command.
///
/// # Errors
/// When nobody is named or found, nothing may be erased, or the lake cannot be opened. Later errors are in the exit code.
pub fn forget(flags: &ForgetFlags) -> Result<u8> {
    if flags.candidate.is_empty() && flags.interview.is_empty() {
        return Err(Error::usage("nobody is named").hint("--candidate EMAIL or ID, or --interview ID"));
    }
    let lake = Lake::open(&flags.lake.lake)?
        .with_candidate_key(flags.key.candidate_key_file.clone())
        .with_delta(!flags.delta.no_delta);
    let asked = Asked { candidates: &flags.candidate, interviews: &flags.interview, only: &flags.id, all: flags.all };
    if flags.dry_run {
        let ledger = lake.ledger_for_reading()?;
        let mut erasing = resolve(&lake, &ledger, &asked)?;
        erasing.found = find(&lake, &ledger, &erasing, &flags.archive)?;
        let text = plan_on_screen(&erasing) + "nothing was changed: run it without --dry-run\n";
        return said(flags.format, &erasing.found, &text).map(|()| DONE);
    }
    if flags.verify && !flags.yes {
        return looked(flags, &lake, &typed(flags, &lake)?);
    }
    let lock = lake.lock()?;
    let mut ledger = open_ledger(&lake, &lock)?;
    let mut erasing = resolve(&lake, &ledger, &asked)?;
    erasing.found = find(&lake, &ledger, &erasing, &flags.archive)?;
    if !flags.yes {
        terminal::data(&plan_on_screen(&erasing))?;
        terminal::confirm("Erase all of this for good?", "nothing is erased without a yes")?;
    }
    let begun = Alone::begin("forget");
    let erasing = erasing.begin(&lake)?;
    let (receipt, errors) = match carry_out(&lake, &mut ledger, erasing.clone()) {
        Ok(receipt) => (Some(receipt), Vec::new()),
        Err(error) => (None, vec![error]),
    };
    let code = begun.end(&lake, &mut ledger, errors);
    let Some(receipt) = receipt.filter(|_| code == DONE) else { return Ok(code) };
    said(flags.format, &receipt, &receipt_on_screen(&receipt))?;
    if flags.verify { looked(flags, &lake, &erasing) } else { Ok(code) }
}

/// What is looked for when nobody is erased: what was typed.
fn typed(flags: &ForgetFlags, lake: &Lake) -> Result<Erasing> {
    let mut typed = Erasing::default();
    typed.rows.interviews.extend(flags.interview.iter().cloned());
    typed.names.extend(flags.name.iter().cloned());
    for candidate in &flags.candidate {
        if candidate.contains('@') {
            typed.emails.insert(address_of(candidate));
        } else {
            typed.candidates.insert(candidate.clone());
            typed.keys.insert(lake.candidate_keys()?.key_of(candidate));
        }
    }
    Ok(typed)
}

fn looked(flags: &ForgetFlags, lake: &Lake, erasing: &Erasing) -> Result<u8> {
    let others = [&flags.archive[..], &flags.reports].concat();
    let verified = verify(lake, erasing, &others)?;
    said(flags.format, &verified, &verified_on_screen(&verified))?;
    Ok(if verified.is_clean() { DONE } else { Kind::Failed.exit_code() })
}

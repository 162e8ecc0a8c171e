//! `repair`: makes a lake, its log and its ledger agree again.

use super::erasure::open_ledger;
use super::terminal::{Alone, DONE, RepairFlags, counted, said};
use crate::lake::Lake;
use crate::lake::repair::Repair;
use crate::model::Result;

/// How many ids are shown as text.
const SHOWN: usize = 10;

pub fn run(flags: &RepairFlags) -> Result<u8> {
    let lake = Lake::open(&flags.lake.lake)?
        .with_candidate_key(flags.key.candidate_key_file.clone())
        .with_delta(!flags.delta.no_delta);
    let mut code = DONE;
    let repair = if flags.dry_run {
        let repair = Repair::plan(&lake, flags.new_candidate_key)?;
        // What there is to do beside it is said first.
        if let Err(lost) = repair.check_candidate_key(&lake) {
            if !repair.is_empty() {
                said(flags.format, &repair, &as_text(&repair, flags.dry_run))?;
            }
            return Err(lost);
        }
        repair
    } else {
        let lock = lake.lock()?;
        // What a killed run left half done is finished first, also if the lake is refused after that.
        drop(lake.ledger(&lock));
        let repair = Repair::plan(&lake, flags.new_candidate_key)?;
        repair.check_candidate_key(&lake)?;
        if !repair.is_empty() {
            let begun = Alone::begin("repair");
            repair.carry_out(&lake, &lock)?;
            let mut ledger = open_ledger(&lake, &lock)?;
            code = begun.end(&lake, &mut ledger, Vec::new());
        }
        repair
    };
    said(flags.format, &repair, &as_text(&repair, flags.dry_run))?;
    Ok(code)
}

fn as_text(repair: &Repair, is_dry: bool) -> String {
    if repair.is_empty() {
        return "nothing to repair\n".to_owned();
    }
    let mut lines = Vec::new();
    let Repair { new_log, new_candidate_key, new_ledger, taken_in, set_aside, dropped, asked_again, imported, .. } =
        repair;
    lines.extend(new_log.iter().map(|why| format!("begin the log anew: {why}")));
    lines.extend(
        new_candidate_key.then(|| "make a new candidate key: who comes again counts as a new person".to_owned()),
    );
    lines.extend(new_ledger.iter().map(|why| format!("rebuild the ledger from the tables: {why}")));
    lines.extend(taken_in.iter().map(|path| format!("take in {path}")));
    lines.extend(set_aside.iter().map(|path| format!("move {path} to _roundup/foreign/")));
    lines.extend(dropped.iter().map(|path| format!("drop {path}")));
    if !asked_again.is_empty() {
        let interviews = counted(asked_again.len() as u64, "interview", "interviews");
        lines.push(format!(
            "{interviews} to be asked for again by the next run: keep _roundup/foreign/ until they have come, since what the \
             vendor has deleted is there alone"
        ));
    }
    if !imported.is_empty() {
        let named: Vec<String> = imported.iter().take(SHOWN).map(|id| id.escape_debug().to_string()).collect();
        let more = match imported.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(", and {more} more, which --format json lists"),
        };
        lines.push(format!(
            "{} of them imported, to be imported again unless the API has them: {}{more}",
            imported.len(),
            named.join(", ")
        ));
    }
    let end = if is_dry { "nothing was changed: run it without --dry-run" } else { "done" };
    lines.push(end.to_owned());
    lines.join("\n") + "\n"
}

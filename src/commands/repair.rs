//! `repair`: makes a lake, its log and its ledger agree again.

use super::erasure::open_ledger;
use super::terminal::{Alone, DONE, RepairFlags, said};
use crate::lake::Lake;
use crate::lake::repair::Repair;
use crate::model::Result;

pub fn run(flags: &RepairFlags) -> Result<u8> {
    let lake = Lake::open(&flags.lake.lake)?
        .with_candidate_key(flags.key.candidate_key_file.clone())
        .with_delta(!flags.delta.no_delta);
    let mut code = DONE;
    let repair = if flags.dry_run {
        Repair::plan(&lake, flags.new_candidate_key)?
    } else {
        let lock = lake.lock()?;
        // What a killed run left half done is finished first, also if the lake is refused after that.
        drop(lake.ledger(&lock));
        let repair = Repair::plan(&lake, flags.new_candidate_key)?;
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
    let Repair { new_log, new_candidate_key, new_ledger, taken_in, set_aside, dropped, .. } = repair;
    lines.extend(new_log.iter().map(|why| format!("begin the log anew: {why}")));
    lines.extend(
        new_candidate_key.then(|| "make a new candidate key: who comes again counts as a new person".to_owned()),
    );
    lines.extend(new_ledger.iter().map(|why| format!("rebuild the ledger from the tables: {why}")));
    lines.extend(taken_in.iter().map(|path| format!("take in {path}")));
    lines.extend(set_aside.iter().map(|path| format!("move {path} to _roundup/foreign/")));
    lines.extend(dropped.iter().map(|path| format!("drop {path}; what was in it is fetched again")));
    let end = if is_dry { "nothing was changed: run it without --dry-run" } else { "done" };
    lines.push(end.to_owned());
    lines.join("\n") + "\n"
}

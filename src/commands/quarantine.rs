//! `quarantine`: lists, shows, retries or discards bodies that break the contract.

use serde_json::json;

use super::erasure::open_ledger;
use super::terminal::{self, Alone, DONE, QuarantineCommand, Which, said};
use crate::ingest::IngestSummary;
use crate::ingest::quarantine::{self, QuarantinedBody, Retried};
use crate::lake::Lake;
use crate::model::{Error, Result};

/// Its name in the table `runs`.
const QUARANTINE: &str = "quarantine";

pub fn run(command: &QuarantineCommand) -> Result<u8> {
    match command {
        QuarantineCommand::List { lake, format } => {
            let kept = quarantine::list(&Lake::open(&lake.lake)?)?;
            said(*format, &kept.iter().map(as_json).collect::<Vec<_>>(), &as_text(&kept))?;
        }
        QuarantineCommand::Show { lake, id } => {
            let body = quarantine::load(&Lake::open(&lake.lake)?, id)?;
            terminal::bytes(&body)?;
        }
        QuarantineCommand::Retry(which) => {
            let lake = Lake::open(&which.lake.lake)?
                .with_candidate_key(which.key.candidate_key_file.clone())
                .with_delta(!which.delta.no_delta);
            let lock = lake.lock()?;
            let mut ledger = open_ledger(&lake, &lock)?;
            let ids = ids(&lake, which)?;
            let begun = Alone::begin(QUARANTINE);
            let retried = quarantine::retry(&lake, &mut ledger, &ids);
            let (Retried { settled, open, due, stay }, errors) = match retried {
                Ok(retried) => (retried, Vec::new()),
                Err(error) => (Retried::default(), vec![error]),
            };
            let is_whole = errors.is_empty();
            let ingest = IngestSummary { newly_settled: settled, still_open: open, ..IngestSummary::default() };
            let code = begun.ingested(ingest).end(&lake, &mut ledger, errors);
            if is_whole {
                let published = settled + open;
                terminal::data(&format!(
                    "{published} published, {due} to be asked for by the next ingest, {stay} still cannot be read\n"
                ))?;
            }
            return Ok(code);
        }
        QuarantineCommand::Discard { which, yes } => {
            let lake = Lake::open(&which.lake.lake)?.with_delta(!which.delta.no_delta);
            let ids = ids(&lake, which)?;
            if !yes {
                let bodies = terminal::counted(ids.len() as u64, "body", "bodies");
                terminal::confirm(&format!("Delete {bodies} for good?"), "nothing is deleted without a yes")?;
            }
            let lock = lake.lock()?;
            let mut ledger = open_ledger(&lake, &lock)?;
            let begun = Alone::begin(QUARANTINE);
            let errors: Vec<Error> = quarantine::discard(&lake, &mut ledger, &ids).err().into_iter().collect();
            let is_whole = errors.is_empty();
            let code = begun.end(&lake, &mut ledger, errors);
            if !is_whole {
                return Ok(code);
            }
            terminal::data(&format!("{} deleted\n", terminal::counted(ids.len() as u64, "body is", "bodies are")))?;
        }
    }
    Ok(DONE)
}

fn ids(lake: &Lake, which: &Which) -> Result<Vec<String>> {
    if which.all {
        return Ok(quarantine::list(lake)?.into_iter().map(|kept| kept.id).collect());
    }
    if which.ids.is_empty() {
        return Err(Error::usage("name ids, or --all").hint("`roundup quarantine list` says which there are"));
    }
    Ok(which.ids.clone())
}

fn reason(kept: &QuarantinedBody) -> String {
    kept.violation.as_ref().map_or_else(|| "can be read by this version: retry".to_owned(), ToString::to_string)
}

fn as_text(kept: &[QuarantinedBody]) -> String {
    let mut text = String::new();
    for one in kept {
        text += &format!("{}  {:>9} bytes  {}  {}\n", one.since.strftime("%Y-%m-%d"), one.size, one.id, reason(one));
    }
    if kept.is_empty() { "nothing is set aside\n".to_owned() } else { text }
}

fn as_json(kept: &QuarantinedBody) -> serde_json::Value {
    json!({
        "id": kept.id,
        "since": kept.since,
        "bytes": kept.size,
        "reason": reason(kept),
        "path": kept.path,
    })
}

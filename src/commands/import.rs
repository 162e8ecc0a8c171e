//! `import`: fills a lake from files, without calling the API.

use super::erasure::open_ledger;
use super::terminal::{self, Alone, ImportFlags, said};
use crate::ingest::IngestSummary;
use crate::ingest::import::{ImportSummary, import};
use crate::lake::Lake;
use crate::model::{Done, Error, Result};

pub fn run(flags: &ImportFlags, quiet: bool) -> Result<u8> {
    // A misspelt name is reported before the first file is read.
    for file in flags.files.iter().filter(|file| file.as_os_str() != "-") {
        if !file.is_file() {
            return Err(Error::usage(format!("there is no file {}", file.display())));
        }
    }
    let lake = Lake::create(&flags.lake.lake)?
        .with_candidate_key(flags.key.candidate_key_file.clone())
        .with_delta(!flags.delta.no_delta);
    let lock = lake.lock()?;
    let mut ledger = open_ledger(&lake, &lock)?;
    let begun = Alone::begin("import");
    let bar = terminal::counter("import", quiet);
    let Done { summary, errors } =
        import(&lake, &mut ledger, &flags.source, &flags.files, &|bodies| bar.set_position(bodies));
    bar.finish_and_clear();
    let is_whole = errors.is_empty();
    let code = begun.ingested(counts(&summary)).end(&lake, &mut ledger, errors);
    if !is_whole {
        return Ok(code);
    }
    said(flags.format, &summary, &if quiet { String::new() } else { terminal::imported_on_screen(&summary) })?;
    Ok(code)
}

/// What an import did, in the words of an ingest.
fn counts(summary: &ImportSummary) -> IngestSummary {
    IngestSummary {
        fetched: summary.bodies,
        newly_settled: summary.newly_settled,
        still_open: summary.still_open,
        quarantined: summary.quarantined,
        ..IngestSummary::default()
    }
}

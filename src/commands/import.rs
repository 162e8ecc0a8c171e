//! `import`: fills a lake from files, without calling the API.

use super::terminal::{self, DONE, DataFormat, FINISHED_WITH_LOSSES, ImportFlags};
use crate::ingest::import::import;
use crate::lake::Lake;
use crate::model::{Error, Result};

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
    let mut ledger = lake.ledger(&lock)?;
    let bar = terminal::counter("import", quiet);
    let summary = import(&lake, &mut ledger, &flags.source, &flags.files, &|bodies| bar.set_position(bodies));
    bar.finish_and_clear();
    let summary = summary?;
    match flags.format {
        DataFormat::Json => terminal::data(&terminal::json(&summary))?,
        DataFormat::Text if quiet => {}
        DataFormat::Text => terminal::data(&terminal::imported_on_screen(&summary))?,
    }
    Ok(if summary.quarantined > 0 { FINISHED_WITH_LOSSES } else { DONE })
}

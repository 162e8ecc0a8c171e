//! `restore`: makes a lake of a mirror.

use super::session::runtime;
use super::terminal::{self, DataFormat, RestoreFlags};
use crate::lake::{Lake, refuse_url};
use crate::mirror::{MirrorReader, restore};
use crate::model::Result;
use crate::objects::{Objects, address_of};

pub fn run(flags: &RestoreFlags, quiet: bool) -> Result<()> {
    let address = address_of("the mirror", &flags.from)?;
    let (root, key) = (&flags.lake.lake, flags.key.candidate_key_file.as_deref());
    refuse_url(root)?;
    let runtime = runtime()?;
    let objects = Objects::open("the mirror", &address, runtime.handle().clone())?;
    let mirror = MirrorReader::open(&objects)?;
    let summary = terminal::with_bar("restore", quiet, |progress| restore(&mirror, root, key, progress))?;
    // Makes the ledger, and with it looks whether the lake agrees with its log.
    let lake = Lake::open(root)?.with_candidate_key(key.map(ToOwned::to_owned)).with_delta(!flags.delta.no_delta);
    let lock = lake.lock()?;
    let _ledger = lake.ledger(&lock)?;
    match flags.format {
        DataFormat::Json => terminal::data(&terminal::json(&summary))?,
        DataFormat::Text => {
            let files = terminal::counted(summary.files, "file", "files");
            terminal::data(&format!("restored   version {}: {files} into {}\n", summary.version, root.display()))?;
            if summary.lost > 0 {
                let lost = terminal::counted(summary.lost, "file", "files");
                let tables = summary.withheld.join(", ");
                terminal::data(&format!(
                    "withheld   {tables}: {lost} were never in the mirror, and are not in this lake\n"
                ))?;
            }
        }
    }
    Ok(())
}

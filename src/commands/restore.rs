//! `restore`: makes a lake of a mirror.

use super::session::runtime;
use super::terminal::{self, RestoreFlags, said};
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
    let (summary, lock) = terminal::with_bar("restore", quiet, |progress| restore(&mirror, root, key, progress))?;
    // Makes the ledger, and with it looks whether the lake agrees with its log.
    let lake = Lake::open(root)?.with_candidate_key(key.map(ToOwned::to_owned)).with_delta(!flags.delta.no_delta);
    let _ledger = lake.ledger(&lock)?;
    let files = |count| terminal::counted(count, "file", "files");
    let mut text =
        format!("restored   version {}: {} into {}\n", summary.version, files(summary.files), root.display());
    if summary.lost > 0 {
        let (lost, tables) = (files(summary.lost), summary.withheld.join(", "));
        text += &format!("withheld   {tables}: {lost} were never in the mirror, and are not in this lake\n");
    }
    said(flags.format, &summary, &text)
}

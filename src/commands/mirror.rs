//! `mirror`: copies a lake to an object store, or reads such a copy and says what is wrong with it.

use super::session::Network;
use super::terminal::{self, DONE, DataFormat, MirrorFlags, said};
use crate::lake::Lake;
use crate::mirror::{MirrorReader, check_withheld, publish, verify};
use crate::model::{Error, Kind, Result};
use crate::objects::{Objects, address_of};
use crate::pipeline::{MirrorPlan, parse_keep_old};

pub fn run(flags: &MirrorFlags, quiet: bool) -> Result<u8> {
    let address = address_of("the mirror", &flags.to)?;
    check_withheld(&flags.exclude_table)?;
    let keep_old = parse_keep_old(&flags.keep_old)?;
    let lake = Lake::open(&flags.lake.lake)?;
    let network = Network::start()?;
    let objects = Objects::open("the mirror", &address, network.runtime.handle().clone())?;
    if flags.verify {
        return verified(&lake, &objects, flags.format, quiet);
    }
    let plan = MirrorPlan { to: address.clone(), withheld: flags.exclude_table.clone(), keep_old };
    let summary = network.interrupt.during(|_| {
        let continues = || !network.interrupt.is_requested();
        terminal::with_bar("mirror", quiet, |progress| publish(&lake, &objects, &plan, progress, &continues))
    })?;
    let text = if quiet { String::new() } else { terminal::mirrored_on_screen(&summary, &address) };
    said(flags.format, &summary, &text).map(|()| DONE)
}

fn verified(lake: &Lake, objects: &Objects, format: DataFormat, quiet: bool) -> Result<u8> {
    let mirror = MirrorReader::open(objects)?;
    let own = lake.version()?;
    if own.as_ref().is_some_and(|own| own.lake != mirror.version.lake) {
        return Err(Error::usage(format!("{} is the mirror of another lake", objects.address(""))));
    }
    let found = terminal::with_bar("verify", quiet, |progress| verify(&mirror, progress))?;
    let mut text: String = found.iter().map(|finding| format!("{}: {}\n", finding.at, finding.what)).collect();
    if !quiet {
        let number = mirror.version.number;
        let behind = own.map_or(0, |own| own.number.saturating_sub(number));
        let behind = terminal::counted(behind, "commit", "commits");
        let files = terminal::counted(mirror.files().count() as u64, "file", "files");
        let wrong = found.len();
        text += &format!("version    {number}, {behind} behind the lake; {files}, {wrong} not as they should be\n");
    }
    said(format, &found, &text)?;
    Ok(if found.is_empty() { DONE } else { Kind::Failed.exit_code() })
}

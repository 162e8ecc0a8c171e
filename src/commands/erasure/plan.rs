//! What there is of what is to be erased, before anything is.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;

use super::exports::with_erased;
use crate::inbox;
use crate::ingest::{quarantine, spool};
use crate::lake::erase::{self, Erasing, Found, Theirs};
use crate::lake::outputs::OutputKind;
use crate::lake::people::recordings;
use crate::lake::{Lake, schema};
use crate::ledger::Ledger;
use crate::model::{Error, Result};
use crate::report;

/// Counts what there is, and changes nothing. `archives` are those that are named beside the recorded ones.
///
/// # Errors
/// When the lake cannot be read. A usage error when there are recordings and no archive is known.
pub fn find(lake: &Lake, ledger: &Ledger, erasing: &Erasing, archives: &[PathBuf]) -> Result<Found> {
    let mut found = Found::default();
    let mut add = |place: &str, count: u64| {
        if count > 0 {
            *found.places.entry(place.to_owned()).or_default() += count;
        }
    };
    let mut files = (0, 0);
    if let Some(version) = lake.version()? {
        for touched in erase::touched(lake, &version, &erasing.rows)? {
            add(touched.table.name, touched.rows);
            files = (files.0 + 1, files.1 + touched.file.bytes);
        }
    }
    let interviews: HashSet<&str> = erasing.rows.interviews.iter().map(String::as_str).collect();
    let (rows, links) = ledger.rows_of(&interviews)?;
    add("ledger", rows);
    add("links", links);
    let theirs = Theirs::of(lake, erasing)?;
    add("spool", spool::count(&lake.spool_folder(), &|record| theirs.has(&record.id, &record.body))?);
    let is_of = |event: &inbox::file::ReceivedEvent| {
        theirs.has(event.event.interview.as_deref().unwrap_or_default(), &event.event.body)
    };
    add("inbox", inbox::file::count(&lake.inbox_folder(), &is_of)?);
    add("quarantine", quarantine::erased(lake, &|id, body| theirs.has(id, body))?.len() as u64);
    add("set-aside", erase::leftovers(lake, &erasing.texts())?.len() as u64);
    (found.files, found.bytes) = files;
    found.sent_to = ledger.sent_to(&interviews)?.into_iter().collect();
    found.reports = report::quoted_in(lake, &erasing.rows.without_words())?;
    let outputs = lake.outputs()?;
    let of =
        |what: OutputKind| outputs.iter().filter(move |output| output.what == what).map(|output| output.path.clone());
    found.exports = with_erased(of(OutputKind::Export).collect(), erasing);
    let with_recordings: HashSet<&str> =
        erasing.rows.interviews.iter().chain(&erasing.rows.audio).map(String::as_str).collect();
    let objects = recordings(lake, &with_recordings)?;
    let archives = archives.iter().map(|path| path.display().to_string()).chain(of(OutputKind::Archive));
    let archives: BTreeSet<String> = archives.collect();
    let are_archived = !lake.files(&schema::AUDIO)?.is_empty();
    if archives.is_empty() && are_archived && found.places.contains_key(schema::AUDIO.name) {
        let message = "the lake lists recordings, and does not say in which archive they are";
        return Err(Error::usage(message).hint("name it with --archive"));
    }
    if !archives.is_empty() {
        found.objects = objects;
    }
    found.archives = archives;
    Ok(found)
}

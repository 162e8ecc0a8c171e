//! What lies in the lake's own folder besides its tables, its ledger and bodies that wait: files that were set aside, the
//! record of the last run, and what killed programs left.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use jiff::Timestamp;
use serde_json::Value;

use super::record::Erasing;
use crate::lake::durable::{sync_with_parent, write_whole};
use crate::lake::places::Lake;
use crate::lake::retired;
use crate::lake::scan::{Needles, scan_tree};
use crate::model::{Error, Result};

/// The files that a repair has set aside, or that units of work have made and nobody has collected, and that have somebody
/// who is erased. One that cannot be read may have them.
///
/// # Errors
/// When their folders cannot be listed.
pub fn leftovers(lake: &Lake, texts: &BTreeSet<&str>) -> Result<Vec<PathBuf>> {
    if texts.is_empty() {
        return Ok(Vec::new());
    }
    let needles = Needles::new(texts.iter().copied(), []);
    let mut found = Vec::new();
    for folder in [lake.foreign_folder(), lake.work_folder()] {
        let scanned = scan_tree(&folder, &needles, &|_| false)?;
        found.extend(scanned.sighted.into_iter().map(|sighted| sighted.path));
        found.extend(scanned.unreadable.into_iter().map(|(path, _)| path));
    }
    Ok(found)
}

/// Deletes these files, takes ids out of the record of the last run, and deletes what killed programs left half written.
///
/// # Errors
/// When a file cannot be deleted or written.
pub fn clear_leftovers(lake: &Lake, erasing: &Erasing) -> Result<()> {
    // Whoever reads on in folders that were merged does without: they have rows that are gone.
    retired::clear(lake.root(), Timestamp::MAX)?;
    let texts = erasing.texts();
    let own = lake.own();
    let mut gone = leftovers(lake, &texts)?;
    // A receiver of events never writes a file whole, so that none of these is one that it is making now.
    let waiting = [lake.spool_folder(), lake.inbox_folder(), lake.quarantine_folder()];
    let others = [own.clone(), lake.quotes_folder(), own.join("links"), own.join("outputs")];
    for folder in waiting.into_iter().chain(others) {
        let entries = fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path());
        gone.extend(entries.filter(|path| path.extension().is_some_and(|extension| extension == "new")));
    }
    for path in gone {
        let parent = path.parent().expect("it is in a folder").to_owned();
        let deleted = fs::remove_file(&path).and_then(|()| sync_with_parent(&parent));
        deleted.map_err(|error| Error::path("delete", &path, error))?;
    }
    let path = lake.last_run_path();
    let Some(mut last) = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok()) else {
        return Ok(());
    };
    if erase_from(&mut last, &texts) {
        let text = serde_json::to_string_pretty(&last).expect("plain data") + "\n";
        write_whole(&path, text.as_bytes(), 0o644).map_err(|error| Error::path("write", &path, error))?;
    }
    Ok(())
}

/// Takes the entries of lists that have a text out of JSON, and empties other values that have one. Returns whether there
/// were any.
fn erase_from(value: &mut Value, texts: &BTreeSet<&str>) -> bool {
    match value {
        Value::Array(list) => {
            let before = list.len();
            list.retain(|entry| !has(entry, texts));
            list.len() < before
        }
        Value::Object(fields) => {
            let erased: Vec<bool> = fields.values_mut().map(|field| erase_from(field, texts)).collect();
            erased.contains(&true)
        }
        Value::String(_) if has(value, texts) => {
            *value = Value::String("[erased]".to_owned());
            true
        }
        _ => false,
    }
}

fn has(value: &Value, texts: &BTreeSet<&str>) -> bool {
    match value {
        Value::Array(list) => list.iter().any(|entry| has(entry, texts)),
        Value::Object(fields) => fields.values().any(|field| has(field, texts)),
        Value::String(text) => texts.iter().any(|id| text.contains(id)),
        _ => false,
    }
}

//! The steps of an erasure.

use std::collections::HashSet;
use std::path::Path;

use super::mirrors;
use crate::deliver::audio;
use crate::inbox;
use crate::ingest::{quarantine, spool};
use crate::lake::erase::{Erasing, ErasureKind, Receipt, Theirs};
use crate::lake::tombstones::{Named, Tombstone};
use crate::lake::{Lake, LakeLock, crash, deliveries, erase};
use crate::ledger::Ledger;
use crate::model::Result;
use crate::report;

/// Opens the ledger of a lake, and finishes erasures that are not over. One that still cannot be finished, because an
/// archive is away or the disk is full, is warned of, and holds up nobody.
///
/// # Errors
/// When the ledger cannot be opened, or the records of erasures cannot be read.
pub fn open_ledger(lake: &Lake, lock: &LakeLock) -> Result<Ledger> {
    let mut ledger = lake.ledger(lock)?;
    for erasing in Erasing::all(lake)? {
        tracing::info!("finishing an erasure that was begun at {}", erasing.at);
        if let Err(error) = carry_out(lake, &mut ledger, erasing) {
            tracing::warn!("an erasure is not over, and the next command goes on with it: {error}");
        }
    }
    Ok(ledger)
}

/// Carries an erasure out, from wherever it was.
///
/// # Errors
/// When something cannot be erased. The record stays then, and the next opening goes on.
pub fn carry_out(lake: &Lake, ledger: &mut Ledger, erasing: Erasing) -> Result<Receipt> {
    all_steps(lake, ledger, erasing).map_err(|error| match error.hint_text() {
        Some(_) => error,
        None => error.hint("the next command that writes to the lake goes on with the erasure"),
    })
}

fn all_steps(lake: &Lake, ledger: &mut Ledger, mut erasing: Erasing) -> Result<Receipt> {
    lake.add_tombstones(tombstones(lake, &erasing)?)?;
    crash::point("erase-tombstoned");
    if let Some(version) = lake.version()? {
        let found = erase::touched(lake, &version, &erasing.rows)?;
        erase::erase_rows(lake, ledger, &found, &erasing.rows, erasing.at)?;
    }
    crash::point("erase-committed");
    let interviews: HashSet<&str> = erasing.rows.interviews.iter().map(String::as_str).collect();
    ledger.erase(&interviews)?;
    deliveries::rewrite(lake, ledger)?;
    crash::point("erase-ledger");
    let theirs = Theirs::of(lake, &erasing)?;
    spool::erase(&lake.spool_folder(), &|record| theirs.has(&record.id, &record.body))?;
    crash::point("erase-spool");
    let is_of = |event: &inbox::file::ReceivedEvent| {
        theirs.has(event.event.interview.as_deref().unwrap_or_default(), &event.event.body)
    };
    inbox::file::erase(&lake.inbox_folder(), &is_of)?;
    crash::point("erase-inbox");
    for id in quarantine::erased(lake, &|id, body| theirs.has(id, body))? {
        quarantine::forget(lake, &id)?;
    }
    crash::point("erase-quarantine");
    for archive in erasing.found.archives.iter().filter(|_| !erasing.found.objects.is_empty()) {
        audio::erase(lake, Path::new(archive), &erasing.found.objects, &erasing.rows.interviews)?;
    }
    crash::point("erase-archive");
    erase::clear_leftovers(lake, &erasing)?;
    crash::point("erase-leftovers");
    let again = report::make_anew(lake, &erasing.rows.without_words())?;
    crash::point("erase-reports");
    erasing.reports_made_anew.extend(again.made_anew.iter().cloned());
    erasing.reports_without_pages.extend(again.without_pages.iter().cloned());
    erasing.update(lake)?;
    again.all_there()?;
    let receipt = Receipt::of(&erasing);
    if !erase::is_recorded(lake, &erasing.id)? {
        erase::record(lake, ledger, &receipt)?;
    }
    crash::point("erase-receipt");
    erase::forget_files(lake)?;
    crash::point("erase-forgotten");
    // All is erased here. A mirror has to have done so too before the record goes.
    mirrors::bring_up(lake)?;
    crash::point("erase-mirrors");
    erasing.end(lake)?;
    Ok(receipt)
}

/// The tombstones of an erasure: of each interview and person, and of ages.
fn tombstones(lake: &Lake, erasing: &Erasing) -> Result<Vec<Tombstone>> {
    let Erasing { at, kind, rows, keys, emails, shared, ages, .. } = erasing;
    let secret = lake.candidate_keys()?;
    let interviews = rows.interviews.iter().map(|id| Named::Interview(id));
    let persons = keys.iter().map(|key| Named::CandidateKey(key));
    let addresses = emails.difference(shared).map(|address| Named::Email(address));
    let persons = persons.chain(addresses).filter(|_| *kind == ErasureKind::Forget);
    let named = interviews.chain(persons).map(|named| named.tombstone(&secret, *at));
    let ages = ages.iter().map(|(age, (_, before))| age.tombstone(*before));
    Ok(named.chain(ages).collect())
}

//! Who is to be forgotten: from what somebody types to ids, keys and addresses.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::commands::terminal;
use crate::inbox;
use crate::ingest::{quarantine, spool};
use crate::lake::Lake;
use crate::lake::erase::{Erasing, ErasureKind, Theirs};
use crate::lake::people::{CandidateRow, candidates, interviews};
use crate::lake::tombstones::address_of;
use crate::ledger::Ledger;
use crate::model::{Error, Result};

/// Digits of a candidate's key in this lake.
const KEY: usize = 64;

/// What was typed.
pub struct Asked<'a> {
    /// Addresses, the vendor's ids of candidates, or their keys in this lake.
    pub candidates: &'a [String],
    pub interviews: &'a [String],
    /// Of several persons with one address, the keys of those that are meant.
    pub only: &'a [String],
    /// All persons with an address are meant.
    pub all: bool,
}

/// Finds who is meant, and all interviews of theirs.
///
/// # Errors
/// When nobody is found, or several persons have one address and none of them is named, whom this prints.
pub fn resolve(lake: &Lake, ledger: &Ledger, asked: &Asked<'_>) -> Result<Erasing> {
    let at = Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap_or_default();
    let mut erasing = Erasing { at, kind: ErasureKind::Forget, ..Erasing::default() };
    let secret = lake.candidate_keys()?;
    for (number, candidate) in (1..).zip(asked.candidates) {
        // All that waits now is meant, also what was created by a clock that is ahead.
        let mut one = Erasing { at: Timestamp::MAX, ..Erasing::default() };
        if candidate.contains('@') {
            one.emails.insert(address_of(candidate));
            by_address(lake, asked, &address_of(candidate), &mut one)?;
            // Like a body, a reason with an address does not tell which of several persons it is of.
            if asked.only.is_empty() {
                one.rows.interviews.extend(ledger.with_address(&address_of(candidate))?);
            }
        } else if candidate.len() == KEY && candidate.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            one.keys.insert(candidate.to_lowercase());
        } else {
            one.candidates.insert(candidate.clone());
            one.keys.insert(secret.key_of(candidate));
        }
        let keys = one.keys.clone();
        let of_keys = interviews(lake, |one| one.key.as_ref().is_some_and(|key| keys.contains(key)))?;
        one.rows.interviews.extend(of_keys.into_iter().map(|interview| interview.interview));
        // A body with an address does not tell which of several persons it is of.
        let emails = if asked.only.is_empty() { BTreeSet::new() } else { std::mem::take(&mut one.emails) };
        add_waiting(lake, &mut one)?;
        one.emails.extend(emails);
        if one.rows.interviews.is_empty() && !has_body(lake, &one)? {
            return Err(nobody(candidate, number));
        }
        add(&mut erasing, one);
    }
    for id in asked.interviews {
        erasing.rows.interviews.insert(id.clone());
        let is_there = ledger.state(id)?.is_some() || !interviews(lake, |one| one.interview == *id)?.is_empty();
        let alone = Erasing { rows: erasing.rows.clone(), ..Erasing::default() };
        if !is_there && !has_body(lake, &alone)? {
            return Err(Error::failed(format!("the lake knows no interview {id}")));
        }
    }
    let theirs = candidates(lake, |row| erasing.rows.interviews.contains(&row.interview))?;
    let is_person = |row: &CandidateRow| row.key.as_ref().is_some_and(|key| erasing.keys.contains(key));
    let emails = |rows: &mut dyn Iterator<Item = &CandidateRow>| -> BTreeSet<String> {
        rows.filter_map(|row| row.email.as_deref().map(address_of)).collect()
    };
    // Of an interview that is named alone, only it goes: its person may have others.
    let of_persons = emails(&mut theirs.iter().filter(|row| is_person(row)));
    erasing.emails.extend(of_persons);
    erasing.names.extend(theirs.into_iter().filter_map(|row| row.name));
    let stay = candidates(lake, |row| {
        let is_shared = row.email.as_deref().is_some_and(|email| erasing.emails.contains(&address_of(email)));
        is_shared && !erasing.rows.interviews.contains(&row.interview)
    })?;
    erasing.shared = emails(&mut stay.iter());
    for address in erasing.emails.difference(&erasing.shared) {
        erasing.rows.interviews.extend(ledger.with_address(address)?);
    }
    Ok(erasing)
}

fn add(erasing: &mut Erasing, one: Erasing) {
    erasing.rows.interviews.extend(one.rows.interviews);
    erasing.candidates.extend(one.candidates);
    erasing.keys.extend(one.keys);
    erasing.emails.extend(one.emails);
}

fn nobody(candidate: &str, number: usize) -> Error {
    if candidate.contains('@') {
        // The address itself is not repeated: messages are logged.
        let error = Error::failed(format!("nobody in the lake has the address of --candidate {number}"));
        return error.hint(
            "open interviews have no addresses: name the candidate's id of the vendor, or the interview with --interview",
        );
    }
    Error::failed(format!("nobody in the lake has the id of --candidate {number}"))
        .hint("an address, the vendor's id of a candidate, or their candidate_key in the tables")
}

/// Adds the persons who have an address.
fn by_address(lake: &Lake, asked: &Asked<'_>, address: &str, one: &mut Erasing) -> Result<()> {
    let rows = candidates(lake, |row| row.email.as_deref().is_some_and(|email| address_of(email) == address))?;
    let mut persons: BTreeMap<String, Vec<&CandidateRow>> = BTreeMap::new();
    for row in &rows {
        // Without the vendor's id, each interview may be of another person.
        persons.entry(row.key.clone().unwrap_or_else(|| row.interview.clone())).or_default().push(row);
    }
    let with_id = persons.values().filter(|rows| rows[0].key.is_some()).count();
    if with_id > 1 && !asked.all && asked.only.is_empty() {
        terminal::data(&persons_on_screen(&persons))?;
        let message = format!("{} persons have this address", persons.len());
        return Err(Error::usage(message).hint("--id with the key of one of them, or --all"));
    }
    let is_meant = |key: &str| asked.all || asked.only.is_empty() || asked.only.iter().any(|only| only == key);
    for (key, rows) in persons.iter().filter(|(key, _)| is_meant(key)) {
        one.rows.interviews.extend(rows.iter().map(|row| row.interview.clone()));
        one.keys.extend(rows[0].key.as_ref().map(|_| key.clone()));
    }
    Ok(())
}

fn persons_on_screen(persons: &BTreeMap<String, Vec<&CandidateRow>>) -> String {
    let line = |(key, rows): (&String, &Vec<&CandidateRow>)| {
        let name = rows.iter().find_map(|row| row.name.as_deref()).unwrap_or("without a name");
        format!("{key}  {name}, {}\n", terminal::counted(rows.len() as u64, "interview", "interviews"))
    };
    persons.iter().map(line).collect()
}

/// Adds the interviews of bodies that wait or are set aside and have the person, and the vendor's ids of the person in them.
fn add_waiting(lake: &Lake, one: &mut Erasing) -> Result<()> {
    let theirs = Theirs::of(lake, one)?;
    let (mut found, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for path in spool::waiting(&lake.spool_folder())? {
        for record in spool::read(&path)?.into_iter().filter(|record| theirs.has(&record.id, &record.body)) {
            ids.extend(theirs.candidates_in(&record.body));
            found.insert(record.id);
        }
    }
    for id in quarantine::erased(lake, &|id, body| theirs.has(id, body))? {
        ids.extend(theirs.candidates_in(&quarantine::load(lake, &id)?));
        found.extend(quarantine::interview_of(&id).map(str::to_owned));
    }
    for path in
        inbox::file::files(&lake.inbox_folder())?.into_iter().chain(inbox::file::recorded(&lake.inbox_folder())?)
    {
        let events = inbox::file::read(&path)?.into_iter().map(|received| received.event);
        for event in events.filter(|event| theirs.has("", &event.body)) {
            ids.extend(theirs.candidates_in(&event.body));
            found.extend(event.interview);
        }
    }
    one.rows.interviews.extend(found);
    one.candidates.extend(ids);
    Ok(())
}

/// Whether a body that waits or is set aside has the person, or the interview.
fn has_body(lake: &Lake, one: &Erasing) -> Result<bool> {
    let theirs = Theirs::of(lake, one)?;
    let is_of = |event: &inbox::file::ReceivedEvent| {
        theirs.has(event.event.interview.as_deref().unwrap_or_default(), &event.event.body)
    };
    Ok(!quarantine::erased(lake, &|id, body| theirs.has(id, body))?.is_empty()
        || spool::count(&lake.spool_folder(), &|record| theirs.has(&record.id, &record.body))? > 0
        || inbox::file::count(&lake.inbox_folder(), &is_of)? > 0)
}

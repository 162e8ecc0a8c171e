//! The log of a Delta table whose files are copies elsewhere: in a mirror. It is made in a folder of this machine, and its
//! files are then copied there, too.
//!
//! The name of a copy ends with a number that follows from its bytes, so that everybody who has the lake's log knows it,
//! and two programs at once make the same copies.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::action::{Action, Add};
use super::history::History;
use super::log::{State, TableLog};
use super::metadata::changed_metadata;
use super::names::{link_of, place_of};
use crate::lake::log::Version;
use crate::lake::schema::Table;
use crate::ledger::LiveFile;
use crate::model::{Error, Result};

/// How many hex digits of a file's hash are the number in its name.
const DIGITS: usize = 16;

/// A table as the log of its copy has it.
#[derive(Debug, Default)]
pub struct DeltaCopy {
    /// The names of the files in the table, below its folder.
    pub live: BTreeSet<String>,
    /// When files were removed that the log still knows.
    pub removed: BTreeMap<String, Timestamp>,
    /// The version of the lake that the table is at.
    pub lake_version: u64,
}

/// The name, below its Delta table, of the copy of a file.
#[must_use]
pub fn link_in_copy(file: &LiveFile) -> String {
    let place = file.path.split_once('/').map_or("", |(_, place)| place);
    link_of(place, u64::from_str_radix(&file.sha256[..DIGITS], 16).unwrap_or_default())
}

/// Brings the log in the folder of a table to a version of the lake, whose files are copied already. `forgets` is for an
/// erasure: the log then knows nothing of files that were removed. Files that were removed longer ago than `keep_old` are
/// forgotten with the next checkpoint.
///
/// # Errors
/// When the log cannot be read, is of another lake, or cannot be written.
pub fn copy_of(
    table: &'static Table,
    folder: &Path,
    version: &Version,
    forgets: bool,
    keep_old: SignedDuration,
) -> Result<DeltaCopy> {
    let log = TableLog::of(folder, 0o600);
    fs::create_dir_all(log.folder()).map_err(|error| Error::path("make", log.folder(), error))?;
    let is_begun = fs::read_dir(log.folder()).is_ok_and(|mut entries| entries.next().is_some());
    let before = match log.read()? {
        None if is_begun => return Err(unreadable(table, "it is damaged")),
        Some(state) if state.from.lake != version.lake => return Err(unreadable(table, "it is of another lake")),
        before => before,
    };
    // Another program has gone on since.
    if let Some(state) = before.as_ref().filter(|state| state.from.lake_version > version.number) {
        return Ok(what_is_in(state));
    }
    if before.is_none() && !version.files().any(|file| file.table == table.name) {
        return Ok(DeltaCopy { lake_version: version.number, ..DeltaCopy::default() });
    }
    let now = Timestamp::now();
    let history = History { version, tail: Vec::new() };
    let actions = actions(table, before.as_ref(), &history, now)?;
    let says_nothing = actions.len() == 1;
    let state = match before {
        Some(state) if says_nothing && !forgets => return Ok(what_is_in(&state)),
        before => append(&log, before, actions)?,
    };
    if !forgets {
        log.write_checkpoint(&state, now - keep_old, now)?;
        return Ok(what_is_in(&state));
    }
    // The newest commit stays, and is the one that removed them: so one that says nothing of files follows.
    let state = append(&log, Some(state), vec![Action::CommitInfo(history.info(now))])?;
    log.forget_removed(&state)?;
    Ok(DeltaCopy { removed: BTreeMap::new(), ..what_is_in(&state) })
}

/// The names of the files that the log in the folder of a table has. `None` if there is none that can be read.
///
/// # Errors
/// When a file is there and cannot be read.
pub fn links_of(folder: &Path) -> Result<Option<BTreeSet<String>>> {
    let state = TableLog::of(folder, 0o600).read()?;
    Ok(state.map(|state| state.live.into_keys().collect()))
}

/// The lines that bring a table to a version.
fn actions(
    table: &'static Table,
    before: Option<&State>,
    history: &History<'_>,
    now: Timestamp,
) -> Result<Vec<Action>> {
    let mut actions = vec![Action::CommitInfo(history.info(now))];
    actions.extend(changed_metadata(table, before.map(|state| &state.metadata))?);
    let files = history.version.files().filter(|file| file.table == table.name);
    let wanted: BTreeMap<String, &LiveFile> = files.map(|file| (link_in_copy(file), file)).collect();
    let live = || before.iter().flat_map(|state| &state.live);
    let gone = live().filter(|(link, _)| !wanted.contains_key(*link));
    actions.extend(gone.map(|(_, add)| Action::Remove(add.removal(now.as_millisecond()))));
    let there: BTreeSet<&String> = live().map(|(link, _)| link).collect();
    actions.extend(wanted.iter().filter(|(link, _)| !there.contains(link)).map(|(link, file)| {
        let values = table.partition_values(&place_of(link).unwrap_or_default());
        Action::Add(Add::of(file, link, values, now))
    }));
    Ok(actions)
}

fn append(log: &TableLog, before: Option<State>, actions: Vec<Action>) -> Result<State> {
    log.append(before, actions)?.ok_or_else(|| Error::failed("another program is writing to it"))
}

fn what_is_in(state: &State) -> DeltaCopy {
    let time = |milliseconds| Timestamp::from_millisecond(milliseconds).unwrap_or_default();
    DeltaCopy {
        live: state.live.keys().cloned().collect(),
        removed: state.removed.iter().map(|(link, remove)| (link.clone(), time(remove.deletion_timestamp))).collect(),
        lake_version: state.from.lake_version,
    }
}

fn unreadable(table: &Table, why: &str) -> Error {
    Error::failed(format!("the Delta log of {} there cannot be continued: {why}", table.name))
        .hint("delete the folder of that Delta table there; it is begun anew then, and its files are copied again")
}

//! Lets the Delta tables follow the lake. What goes wrong is a warning: the lake has what it needs, and the next opening
//! makes up for it.

use super::history::{History, touches};
use super::names::delta_folder;
use super::table::{DeltaTable, Followed};
use crate::lake::log::{Commit, TailCommit, Version};
use crate::lake::places::Lake;
use crate::lake::schema::{TABLES, Table, rank};
use crate::model::Result;

/// Brings the tables that a commit touches to its version. It was made just now, and its files are in their places.
pub fn follow_commit(lake: &Lake, commit: &Commit) {
    let Ok(Some(version)) = lake.version() else { return };
    let history = History { version: &version, tail: vec![commit] };
    for table in in_order().filter(|table| touches(commit, table)) {
        if lake.keeps_delta() {
            said(lake, table, DeltaTable::of(lake.root(), table).follow(&history, true));
        }
    }
}

/// Brings all tables to the lake's version, if they are not there. `tail` are the last commits of the log.
pub fn follow_log(lake: &Lake, version: &Version, tail: &[TailCommit]) {
    let folder = delta_folder(lake.root());
    if !lake.keeps_delta() && folder.exists() {
        tracing::warn!(
            "{} is not kept up, and falls behind the tables: delete it, or turn `delta` on",
            folder.display()
        );
    }
    let history = History { version, tail: tail.iter().map(|commit| &commit.commit).collect() };
    for table in in_order() {
        if lake.keeps_delta() {
            said(lake, table, catch_up(&DeltaTable::of(lake.root(), table), table, &history));
        }
    }
}

fn catch_up(delta: &DeltaTable<'_>, table: &Table, history: &History<'_>) -> Result<Followed> {
    if delta.exists() {
        delta.take_access()?;
        let last = delta.log.last()?;
        if last.is_some_and(|last| history.has(&last) && !history.changes(table, &last)) {
            return Ok(Followed::Done);
        }
    } else if !history.version.files().any(|file| file.table == table.name) {
        return Ok(Followed::Done);
    }
    delta.follow(history, false)
}

/// All tables, in the order in which files are put into place: answers before their interviews.
fn in_order() -> impl Iterator<Item = &'static Table> {
    let mut tables = TABLES.to_vec();
    tables.sort_by_key(|table| rank(table.name));
    tables.into_iter()
}

fn said(lake: &Lake, table: &Table, followed: Result<Followed>) {
    match followed {
        Ok(Followed::Done) => {}
        Ok(Followed::Waits) => {
            tracing::info!("the Delta table of {} waits for the next analysis", table.name);
        }
        Ok(Followed::CannotLink(why)) => {
            lake.give_up_delta();
            tracing::warn!(
                "{} gets no Delta tables, because its files cannot be linked ({why}); `delta = false` says so",
                lake.root().display()
            );
        }
        Err(error) => tracing::warn!(
            "the Delta table of {} is not up to date, which the next run makes up for: {error}",
            table.name
        ),
    }
}

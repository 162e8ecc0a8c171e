//! Rows of `runs`.

use std::iter::once;

use jiff::Timestamp;
use serde_json::Value;

use super::log::CommitKind;
use super::places::Lake;
use super::publish::Staging;
use super::rows;
use super::schema::{Column, RUNS};
use crate::ledger::{Change, Ledger};
use crate::model::Result;
use crate::model::interview::month_of;

/// A command that has ended.
#[derive(Debug)]
pub struct RunRow<'a> {
    pub run_id: &'a str,
    pub command: &'a str,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    pub exit_code: u8,
    pub complete: bool,
    /// What ended it badly.
    pub error: Option<&'a str>,
    /// Counts of its ingest, by name. Columns that are not named here have those of the same name.
    pub counts: &'a Value,
}

/// Adds a row to the table.
///
/// # Errors
/// When the lake cannot be written.
pub fn add(lake: &Lake, ledger: &mut Ledger, row: &RunRow<'_>) -> Result<()> {
    let counts = row.counts;
    let column = |column: &Column| match column.name {
        "run_id" => rows::strings(once(Some(row.run_id))),
        "command" => rows::strings(once(Some(row.command))),
        "started_at" => rows::times(once(Some(row.started_at))),
        "ended_at" => rows::times(once(Some(row.ended_at))),
        "exit_code" => rows::integers(once(Some(row.exit_code.into()))),
        "complete" => rows::flags(once(row.complete)),
        "error" => rows::strings(once(row.error)),
        // For now or for good.
        "failed" => {
            rows::integers(once(counts["failed"].as_i64().zip(counts["given_up"].as_i64()).map(|(a, b)| a + b)))
        }
        count => rows::integers(once(counts[count].as_i64())),
    };
    let batch = rows::batch(&RUNS, RUNS.columns.iter().map(column).collect());
    let mut staging = Staging::begin(lake, ledger, CommitKind::Run)?;
    staging.write(&RUNS, &month_of(Some(row.started_at)), Some(batch))?;
    staging.publish(ledger, Change::default())
}

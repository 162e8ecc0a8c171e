//! Rows of `runs`.

use std::iter::once;
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Float64Type, Int64Type};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::log::CommitKind;
use super::places::Lake;
use super::publish::Staging;
use super::read::{ParquetFile, flags, string_at, strings, times, timestamp_at};
use super::rows;
use super::schema::{Column, ColumnType, RUNS};
use crate::ledger::{Change, Ledger};
use crate::model::interview::month_of;
use crate::model::{Error, Result};

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
    /// Its other figures by name: counts of its ingest, and what else it has. Columns that are not named here have those of
    /// the same name, and are null without one.
    pub counts: &'a Value,
}

/// A run of a pipeline in the past.
#[derive(Debug, Clone)]
pub struct PastRun {
    pub started_at: Timestamp,
    /// Whether nothing was left for the next run.
    pub complete: bool,
    /// Its figures by name, as [`RunRow::counts`].
    pub values: Value,
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
        name => match column.column_type {
            ColumnType::Float => rows::floats(once(counts[name].as_f64())),
            ColumnType::Counts => rows::counts(counts[name].as_object()),
            _ => rows::integers(once(counts[name].as_i64())),
        },
    };
    let batch = rows::batch(&RUNS, RUNS.columns.iter().map(column).collect());
    let mut staging = Staging::begin(lake, ledger, CommitKind::Run)?;
    staging.write(&RUNS, &month_of(Some(row.started_at)), Some(batch))?;
    staging.publish(ledger, Change::default())
}

/// The runs of pipelines that began at a time or later, in any order.
///
/// # Errors
/// When the table cannot be read.
pub fn read_since(lake: &Lake, first: Timestamp) -> Result<Vec<PastRun>> {
    let month = format!("month={}", month_of(Some(first)));
    let is_late_enough = |path: &Path| {
        path.components().any(|part| {
            part.as_os_str().to_string_lossy().as_ref() >= month.as_str()
                && part.as_os_str().to_string_lossy().starts_with("month=")
        })
    };
    let mut runs = Vec::new();
    for path in lake.files(&RUNS)? {
        if !is_late_enough(path.as_ref()) {
            continue;
        }
        let file = ParquetFile::open(path.as_ref())?;
        let batch = file.all(&file.present(&RUNS.column_names()))?;
        let batch = RUNS.conform(&batch).map_err(|error| Error::path("read", path.as_ref(), error))?;
        for row in 0..batch.num_rows() {
            let is_of_pipeline = string_at(strings(&batch, "command"), row).is_none_or(|command| command == "run");
            let started_at = timestamp_at(times(&batch, "started_at"), row).filter(|at| *at >= first);
            if let Some(started_at) = started_at.filter(|_| is_of_pipeline) {
                let complete = flags(&batch, "complete").value(row);
                runs.push(PastRun { started_at, complete, values: figures(&batch, row) });
            }
        }
    }
    Ok(runs)
}

/// The figures of a row by name.
fn figures(batch: &RecordBatch, row: usize) -> Value {
    let mut figures = Map::new();
    for column in RUNS.columns {
        let values = batch.column_by_name(column.name).filter(|values| values.is_valid(row));
        let value = values.and_then(|values| match column.column_type {
            ColumnType::Integer => Some(values.as_primitive::<Int64Type>().value(row).into()),
            ColumnType::Float => Some(values.as_primitive::<Float64Type>().value(row).into()),
            ColumnType::Counts => {
                let entries = values.as_list::<i32>().value(row);
                let (names, counts) = (entries.as_struct().column(0), entries.as_struct().column(1));
                let counts = counts.as_primitive::<Int64Type>().values().iter();
                let named = names.as_string::<i32>().iter().flatten().zip(counts);
                Some(named.map(|(name, count)| (name.to_owned(), Value::from(*count))).collect())
            }
            _ => None,
        });
        figures.extend(value.map(|value| (column.name.to_owned(), value)));
    }
    figures.into()
}

//! The record of a run: its row in `runs`, `last-run.json`, and the metrics for Prometheus.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use serde::Serialize;

use super::export::Exported;
use crate::analyze::AnalyzeSummary;
use crate::commands::session::Session;
use crate::commands::terminal;
use crate::deliver::ats::DeliverySummary;
use crate::deliver::audio::ArchiveSummary;
use crate::ingest::IngestSummary;
use crate::lake::durable::{batch_id, write_whole};
use crate::lake::run_rows::{self, RunRow};
use crate::lake::{Lake, LakeCounts};
use crate::ledger::{Ledger, UnfetchedIds};
use crate::mirror::MirrorSummary;
use crate::model::prometheus::metric;
use crate::model::{Error, Result};

/// How many ids of a kind are listed. `roundup status` lists all.
pub const MOST_IDS: usize = 1000;

/// The summary of a run, as it is written to `_roundup/last-run.json`.
#[derive(Debug, Serialize)]
pub struct RunSummary {
    pub run_id: String,
    pub started_at: Timestamp,
    ended_at: Timestamp,
    pub exit_code: u8,
    /// Whether nothing is left for the next run.
    pub complete: bool,
    pub lake: String,
    /// Like the summaries of the other stages, null if the stage did not run.
    pub ingest: Option<IngestSummary>,
    /// Ids that this run found no interview for, at most [`MOST_IDS`] of each kind.
    pub ids: UnfetchedIds,
    /// Bodies that are set aside in the lake, those of earlier runs and of imports included.
    pub set_aside: u64,
    pub analyze: Option<AnalyzeSummary>,
    pub report: Option<String>,
    /// What needs a look, a line each, the most urgent first; null without a report.
    pub needs_a_look: Option<Vec<String>>,
    /// What would make the report tell more; null if nothing would.
    pub advice: Option<String>,
    pub export: Option<Vec<Exported>>,
    /// Probable problems outside of this run. They do not change the exit code.
    pub warnings: Vec<String>,
    pub audio: Option<ArchiveSummary>,
    /// One summary for each system.
    pub ats: Option<Vec<DeliverySummary>>,
    pub mirror: Option<MirrorSummary>,
    pub errors: Vec<String>,
    /// Why the notification of the run failed, if it did.
    pub notify: Option<String>,
}

impl RunSummary {
    /// The summary of a run that begins now.
    pub fn new(lake: &Lake) -> Self {
        let started_at = Timestamp::now();
        Self {
            run_id: batch_id(started_at),
            started_at,
            ended_at: started_at,
            exit_code: terminal::DONE,
            complete: false,
            lake: lake.root().display().to_string(),
            ingest: None,
            ids: UnfetchedIds::default(),
            set_aside: 0,
            analyze: None,
            report: None,
            needs_a_look: None,
            advice: None,
            export: None,
            warnings: Vec::new(),
            audio: None,
            ats: None,
            mirror: None,
            errors: Vec::new(),
            notify: None,
        }
    }

    /// Records that the run has ended, with its errors.
    pub fn end(&mut self, errors: &[Error]) {
        self.ended_at = Timestamp::now();
        self.exit_code = terminal::exit_code(errors, self.has_losses());
        self.complete = errors.is_empty() && self.is_complete();
        self.errors = errors.iter().map(ToString::to_string).collect();
    }

    /// Whether anything was newly set aside or given up.
    pub fn has_losses(&self) -> bool {
        self.ingest.as_ref().is_some_and(IngestSummary::has_losses)
            || self.audio.as_ref().is_some_and(ArchiveSummary::has_losses)
            || self.ats.iter().flatten().any(DeliverySummary::has_losses)
    }

    /// Whether no stage left anything for the next run.
    fn is_complete(&self) -> bool {
        self.ingest.as_ref().is_none_or(IngestSummary::is_complete)
            && self.audio.as_ref().is_none_or(ArchiveSummary::is_complete)
            && self.ats.iter().flatten().all(DeliverySummary::is_complete)
    }
}

/// Writes the row of `runs`, `last-run.json`, and the file for Prometheus if there is to be one.
///
/// # Errors
/// When one of them cannot be written.
pub fn record(session: &mut Session<'_>, summary: &RunSummary, prometheus: Option<&Path>) -> Result<()> {
    let Session { lake, ledger, .. } = session;
    add_row(lake, ledger, summary)?;
    write_last_run(lake, summary)?;
    let Some(path) = prometheus else { return Ok(()) };
    let text = metrics(summary, &lake.counts(ledger)?);
    write_whole(path, text.as_bytes(), 0o644).map_err(|error| Error::path("write", path, error))
}

fn write_last_run(lake: &Lake, summary: &RunSummary) -> Result<()> {
    let path = lake.last_run_path();
    let written = write_whole(&path, terminal::json(summary).as_bytes(), 0o644);
    written.map_err(|error| Error::path("write", &path, error))
}

/// Writes `last-run.json` again, with what became of the notification, unless another run has written it since.
///
/// # Errors
/// When it cannot be written.
pub fn record_notification(lake: &Lake, summary: &RunSummary) -> Result<()> {
    let last = fs::read(lake.last_run_path()).ok();
    let last = last.and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    let is_last = last.is_some_and(|last| last["run_id"] == summary.run_id.as_str());
    if is_last { write_last_run(lake, summary) } else { Ok(()) }
}

fn add_row(lake: &Lake, ledger: &mut Ledger, summary: &RunSummary) -> Result<()> {
    let errors = (!summary.errors.is_empty()).then(|| summary.errors.join("; "));
    let row = RunRow {
        run_id: &summary.run_id,
        command: "run",
        started_at: summary.started_at,
        ended_at: summary.ended_at,
        exit_code: summary.exit_code,
        complete: summary.complete,
        error: errors.as_deref(),
        counts: &serde_json::to_value(summary.ingest.clone().unwrap_or_default()).expect("plain data"),
    };
    run_rows::add(lake, ledger, &row)
}

/// The metrics of a run, in the text format of Prometheus.
fn metrics(summary: &RunSummary, counts: &LakeCounts) -> String {
    let seconds = |time: Timestamp| time.as_microsecond() as f64 / 1e6;
    let took = seconds(summary.ended_at) - seconds(summary.started_at);
    let ingest = summary.ingest.clone().unwrap_or_default();
    let count = |count: u64| count as f64;
    let alone = |value: f64| vec![(String::new(), value)];
    let by = |label: &str, values: &[(&str, u64)]| -> Vec<(String, f64)> {
        values.iter().map(|(value, number)| (format!("{{{label}=\"{value}\"}}"), count(*number))).collect()
    };
    let gauges = [
        ("last_run_end_timestamp_seconds", "When the last run ended.", alone(seconds(summary.ended_at))),
        ("last_run_duration_seconds", "How long the last run took.", alone(took)),
        ("last_run_exit_code", "Its exit code.", alone(summary.exit_code.into())),
        (
            "last_run_complete",
            "1 when nothing was left for the next run.",
            alone(f64::from(u8::from(summary.complete))),
        ),
        (
            "last_run_warnings",
            "What was probably wrong outside of it, such as events that stopped.",
            alone(summary.warnings.len() as f64),
        ),
        (
            "last_run_requests",
            "Requests of the last run: sent, of those sent again after a failure, and of those answered 429.",
            by("kind", &[("all", ingest.requests), ("retry", ingest.retries), ("limited", ingest.limited)]),
        ),
        ("last_run_bytes", "Bytes of bodies, decompressed.", alone(count(ingest.bytes))),
        ("last_run_waited_seconds", "Seconds held back for the limit's sake.", alone(count(ingest.waited_seconds))),
        ("interviews", "Interviews the lake has heard of, by state.", by("state", &states(counts))),
    ];
    gauges.iter().map(|(name, help, values)| metric(name, "gauge", help, values)).collect()
}

fn states(LakeCounts { interviews: counts, quarantined, discarded }: &LakeCounts) -> [(&'static str, u64); 9] {
    [
        ("settled", counts.settled),
        ("open", counts.open),
        ("stale", counts.stale),
        ("gone", counts.gone),
        ("quarantined", *quarantined),
        ("discarded", *discarded),
        ("failed", counts.failed),
        ("given_up", counts.given_up),
        ("excluded", counts.excluded),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::schema::{ColumnType, RUNS};

    #[test]
    fn every_count_in_the_table_of_runs_is_one_of_the_ingest() {
        let counts = serde_json::to_value(IngestSummary::default()).unwrap();
        let integers = RUNS
            .columns
            .iter()
            .filter(|column| column.column_type == ColumnType::Integer && column.name != "exit_code");
        for column in integers {
            assert!(counts[column.name].is_u64(), "{}", column.name);
        }
    }
}

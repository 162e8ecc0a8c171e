//! The record of a run: its row in `runs`, and `last-run.json`.

use std::collections::BTreeMap;
use std::fs;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::export::Exported;
use crate::analyze::AnalyzeSummary;
use crate::commands::session::Session;
use crate::commands::terminal;
use crate::deliver::ats::DeliverySummary;
use crate::deliver::audio::ArchiveSummary;
use crate::expect::{Judged, Night};
use crate::ingest::IngestSummary;
use crate::lake::Lake;
use crate::lake::compact::Compacted;
use crate::lake::durable::{batch_id, write_whole};
use crate::lake::erase::Receipt;
use crate::lake::run_rows::{self, RunRow};
use crate::ledger::{Ledger, UnfetchedIds};
use crate::mirror::MirrorSummary;
use crate::model::{Error, Result};
use crate::pipeline::Stage;

/// How many ids of a kind are listed. `roundup status` lists all.
pub const MOST_IDS: usize = 1000;

/// What a run does beside its stages, by the names under which it is said how long that took.
pub const EXPECT: &str = "expect";
pub const COMPACT: &str = "compact";

/// The summary of a run, as it is written to `_roundup/last-run.json`.
#[derive(Debug, Serialize)]
pub struct RunSummary {
    pub run_id: String,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
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
    /// The receipt of what was erased by age; null also if nothing was.
    pub retain: Option<Receipt>,
    /// Erasures that are begun and not over, those of `forget` included. The next command goes on with them.
    pub unfinished_erasures: u64,
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
    /// The months whose many small files were merged.
    pub compact: Vec<Compacted>,
    /// How long each stage took, and beside them `expect` and `compact`.
    pub seconds: BTreeMap<&'static str, f64>,
    /// What the ingest found; null without one, as the next one.
    pub night: Option<Night>,
    /// Whether that was as expected; null without [expect]. What was not is also among the warnings.
    pub expect: Option<Judged>,
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
            retain: None,
            unfinished_erasures: 0,
            report: None,
            needs_a_look: None,
            advice: None,
            export: None,
            warnings: Vec::new(),
            audio: None,
            ats: None,
            mirror: None,
            errors: Vec::new(),
            compact: Vec::new(),
            seconds: BTreeMap::new(),
            night: None,
            expect: None,
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

    /// Whether the night was as expected, or nothing was.
    pub fn is_as_expected(&self) -> bool {
        self.expect.as_ref().is_none_or(Judged::is_met)
    }

    /// Whether anything was newly set aside or given up, or is not as it has to be.
    pub fn has_losses(&self) -> bool {
        self.expect.as_ref().is_some_and(|judged| judged.fail && !judged.is_met())
            || self.ingest.as_ref().is_some_and(IngestSummary::has_losses)
            || self.audio.as_ref().is_some_and(ArchiveSummary::has_losses)
            || self.ats.iter().flatten().any(DeliverySummary::has_losses)
    }

    /// How many interviews, rows and recordings were erased by age; `None` if that stage did not run.
    pub fn erased(&self) -> Option<[u64; 3]> {
        let erased = self.retain.as_ref().map(|receipt| [receipt.interviews, receipt.rows, receipt.recordings]);
        erased.or_else(|| self.seconds.contains_key(Stage::Retain.as_str()).then_some([0; 3]))
    }

    /// Whether no stage left anything for the next run.
    fn is_complete(&self) -> bool {
        self.ingest.as_ref().is_none_or(IngestSummary::is_complete)
            && self.audio.as_ref().is_none_or(ArchiveSummary::is_complete)
            && self.ats.iter().flatten().all(DeliverySummary::is_complete)
    }
}

/// Writes the row of `runs`, and `last-run.json`.
///
/// # Errors
/// When one of them cannot be written.
pub fn record(session: &mut Session<'_>, summary: &RunSummary) -> Result<()> {
    let Session { lake, ledger, .. } = session;
    add_row(lake, ledger, summary)?;
    write_last_run(lake, summary)
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
    let last = last.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
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
        counts: &figures(summary),
    };
    run_rows::add(lake, ledger, &row)
}

/// The figures of a run by the names of their columns.
fn figures(summary: &RunSummary) -> Value {
    let RunSummary { ingest, night, audio, ats, expect, seconds, .. } = summary;
    let mut figures = serde_json::to_value(ingest.clone().unwrap_or_default()).expect("plain data");
    let object = figures.as_object_mut().expect("named counts");
    if let Some(Value::Object(night)) = night.as_ref().map(|night| serde_json::to_value(night).expect("plain data")) {
        object.extend(night);
    }
    let mut add = |name: &str, value: Value| object.insert(name.to_owned(), value);
    if let Some(ArchiveSummary { archived, bytes, found, failed, given_up, left, .. }) = audio {
        add("recordings_archived", (*archived).into());
        add("recordings_bytes", (*bytes).into());
        add("recordings_found", (*found).into());
        add("recordings_not_archived", (failed + given_up).into());
        add("recordings_left", (*left).into());
    }
    if let Some(systems) = ats {
        let all = |count: fn(&DeliverySummary) -> u64| Value::from(systems.iter().map(count).sum::<u64>());
        add("interviews_sent", all(|sent| sent.delivered));
        add("interviews_not_sent", all(|sent| sent.failed + sent.dead));
        add("interviews_not_sent_yet", all(|sent| sent.waiting + sent.left));
    }
    if let Some([interviews, rows, recordings]) = summary.erased() {
        add("interviews_erased", interviews.into());
        add("rows_erased", rows.into());
        add("recordings_erased", recordings.into());
    }
    add("unfinished_erasures", summary.unfinished_erasures.into());
    if let Some(judged) = expect {
        add("expectations", judged.judged.values().sum::<usize>().into());
        add("expectations_unmet", judged.unmet.len().into());
        let unmet = judged.unmet_by_expectation().map(|(one, count)| (one.as_str().to_owned(), count.into()));
        add("unmet_by_expectation", Value::Object(unmet.collect()));
    }
    for (stage, seconds) in seconds {
        add(&format!("{stage}_seconds"), (*seconds).into());
    }
    figures
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expect::judge;
    use crate::lake::schema::{ColumnType, RUNS};
    use crate::pipeline::ExpectPlan;

    #[test]
    fn every_figure_in_the_table_of_runs_is_one_of_a_run() {
        let counts = serde_json::to_value(IngestSummary::default()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let mut whole = RunSummary::new(&Lake::create(folder.path()).unwrap());
        let plan = ExpectPlan::default();
        whole.expect = Some(judge(&plan, &[], (&Night::default(), true), &str::to_owned));
        whole.night = Some(Night { median_duration_seconds: Some(1.0), ..Night::default() });
        (whole.audio, whole.ats) = (Some(ArchiveSummary::default()), Some(Vec::new()));
        whole.seconds =
            Stage::ALL.map(Stage::as_str).into_iter().chain([EXPECT, COMPACT]).map(|part| (part, 1.0)).collect();
        let figures = figures(&whole);
        for column in RUNS.columns.iter().filter(|column| column.name != "exit_code") {
            let (value, is_always) = (&figures[column.name], !column.nullable);
            let is_there = match column.column_type {
                ColumnType::Integer => value.is_u64() && (!is_always || counts[column.name].is_u64()),
                ColumnType::Float => value.is_f64(),
                ColumnType::Counts => value.is_object(),
                _ => true,
            };
            assert!(is_there, "{}", column.name);
        }
    }
}

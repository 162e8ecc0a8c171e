//! The figures of a run, in the text format of Prometheus.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;

use super::record::RunSummary;
use crate::commands::session::Session;
use crate::deliver::ats::DeliverySummary;
use crate::deliver::audio::ArchiveSummary;
use crate::lake::LakeCounts;
use crate::lake::durable::write_whole;
use crate::model::prometheus::metric;
use crate::model::{Error, Result};
use crate::pipeline::Expectation;

/// Writes the file for Prometheus, if there is to be one.
///
/// # Errors
/// When it cannot be written, or the lake cannot be read.
pub fn write(session: &Session<'_>, summary: &RunSummary, path: Option<&Path>) -> Result<()> {
    let Some(path) = path else { return Ok(()) };
    let text = metrics(summary, &session.lake.counts(&session.ledger)?);
    write_whole(path, text.as_bytes(), 0o644).map_err(|error| Error::path("write", path, error))
}

/// The metrics of a run.
fn metrics(summary: &RunSummary, counts: &LakeCounts) -> String {
    let seconds = |time: Timestamp| time.as_microsecond() as f64 / 1e6;
    let took = seconds(summary.ended_at) - seconds(summary.started_at);
    let ingest = summary.ingest.clone().unwrap_or_default();
    let count = |count: u64| count as f64;
    let alone = |value: f64| vec![(String::new(), value)];
    let by = |label: &str, values: &[(&str, u64)]| -> Vec<(String, f64)> {
        values.iter().map(|(value, number)| (format!("{{{label}=\"{value}\"}}"), count(*number))).collect()
    };
    let gauges: [Gauge; 9] = [
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
    let gauges =
        gauges.into_iter().chain(of_stages(summary)).chain(of_erasures(summary)).chain(of_expectations(summary));
    gauges.map(|(name, help, values)| metric(name, "gauge", help, &values)).collect()
}

/// The name of a metric, its help, and its values with their labels.
type Gauge = (&'static str, &'static str, Vec<(String, f64)>);

/// How long stages took, and what those after the report did; nothing of one that did not run.
fn of_stages(summary: &RunSummary) -> Vec<Gauge> {
    let mut gauges = Vec::new();
    let seconds = summary.seconds.iter();
    let seconds = seconds.map(|(stage, seconds)| (format!("{{stage=\"{stage}\"}}"), *seconds));
    gauges.push(("last_run_stage_seconds", "How long each stage of the last run took.", seconds.collect()));
    if let Some(&ArchiveSummary { archived, bytes, found, failed, given_up, left, .. }) = summary.audio.as_ref() {
        let states =
            [("archived", archived), ("found", found), ("failed", failed), ("given_up", given_up), ("left", left)];
        let values = states.map(|(state, count)| (format!("{{state=\"{state}\"}}"), count as f64));
        gauges.push(("last_run_recordings", "Recordings of the last run, by what became of them.", values.to_vec()));
        let bytes = vec![(String::new(), bytes as f64)];
        gauges.push(("last_run_recordings_bytes", "Bytes of the recordings that were archived.", bytes));
    }
    if let Some(systems) = &summary.ats {
        let of_system = |sent: &DeliverySummary| {
            let states = [
                ("delivered", sent.delivered),
                ("waiting", sent.waiting),
                ("failed", sent.failed),
                ("dead", sent.dead),
                ("left", sent.left),
            ];
            // The name of a connector needs no escapes: letters, digits, `-`, `_` and `.`
            let labels = |state: &str| format!("{{connector=\"{}\",state=\"{state}\"}}", sent.connector);
            states.map(|(state, count)| (labels(state), count as f64))
        };
        let values = systems.iter().flat_map(of_system).collect();
        gauges.push(("last_run_sent", "Interviews sent by the last run, by system and what became of them.", values));
    }
    gauges
}

/// What was erased by age, if anything is, and erasures that are not over.
fn of_erasures(summary: &RunSummary) -> Vec<Gauge> {
    let unfinished = vec![(String::new(), summary.unfinished_erasures as f64)];
    let unfinished = ("unfinished_erasures", "Erasures that are begun and not over.", unfinished);
    let Some([interviews, rows, recordings]) = summary.erased() else { return vec![unfinished] };
    let erased = [("interviews", interviews), ("rows", rows), ("recordings", recordings)];
    let erased = erased.map(|(what, count)| (format!("{{what=\"{what}\"}}"), count as f64));
    vec![("last_run_erased", "What the last run erased because it was too old.", erased.to_vec()), unfinished]
}

/// What was judged by expectations, and what was not met; nothing without any.
fn of_expectations(summary: &RunSummary) -> Vec<Gauge> {
    let Some(judged) = &summary.expect else { return Vec::new() };
    let unmet: BTreeMap<Expectation, usize> = judged.unmet_by_expectation().collect();
    let by = |counts: &BTreeMap<Expectation, usize>| {
        let count = |one: &Expectation| counts.get(one).copied().unwrap_or_default() as f64;
        Expectation::ALL.map(|one| (format!("{{expectation=\"{}\"}}", one.as_str()), count(&one))).to_vec()
    };
    let (known, unmet) = (by(&judged.judged), by(&unmet));
    vec![
        ("last_run_expectations", "What the last run judged by what is expected of a night.", known),
        ("last_run_expectations_unmet", "What of it was not as expected.", unmet),
        (
            "last_run_expectations_learnt",
            "1 when there were nights enough to learn what is usual.",
            vec![(String::new(), f64::from(u8::from(judged.learnt)))],
        ),
    ]
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

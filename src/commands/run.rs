//! `run`: the stages of a pipeline, in order, under one lock.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::Serialize;
use tokio::runtime::Runtime;

use super::audio::{Archiving, beside};
use super::cli::RunFlags;
use super::export::{self, Exported};
use super::interrupt::Interrupt;
use super::prepare::{Accounts, OpenSource, Ready, prepare, runtime, say_all};
use super::{DONE, FINISHED_WITH_LOSSES, ats as ats_command, audio, check, notify, output, progress};
use crate::deliver::ats;
use crate::deliver::audio::{Selection, Summary as AudioSummary, outlook, publish_archived};
use crate::http::pace::Pace;
use crate::inbox::stalled;
use crate::ingest::{self, Job, Progress};
use crate::lake::durable::{batch_id, write_whole};
use crate::lake::publish::Staging;
use crate::lake::rows;
use crate::lake::{Lake, schema};
use crate::ledger::{Counts, Ledger};
use crate::model::interview::month_of;
use crate::model::{Error, Kind, Result};
use crate::pipeline::{IngestPlan, Pipeline, Stage};
use crate::report::model::Run;
use crate::{analyze, report};

/// What a run did, as `_roundup/last-run.json` has it.
#[derive(Debug, Serialize)]
pub struct RunSummary {
    run_id: String,
    started_at: Timestamp,
    ended_at: Timestamp,
    exit_code: u8,
    /// Whether nothing is left for the next run.
    pub complete: bool,
    lake: String,
    /// Null for a stage that did not run.
    ingest: Option<ingest::Summary>,
    analyze: Option<analyze::Summary>,
    pub report: Option<String>,
    export: Option<Vec<Exported>>,
    /// What is probably wrong outside of this run; it changes no exit code.
    warnings: Vec<String>,
    audio: Option<AudioSummary>,
    /// One for each system.
    ats: Option<Vec<ats::Summary>>,
    pub errors: Vec<String>,
}

pub fn run(flags: &RunFlags, quiet: bool) -> Result<u8> {
    let pipeline = Pipeline::read(&flags.pipeline)?;
    let ready = prepare(&pipeline, |stage| is_wanted(flags, stage));
    if flags.dry_run {
        return check::say_plan(&pipeline, &ready.map_err(say_all)?, |stage| is_wanted(flags, stage)).map(|()| DONE);
    }
    let network = Network::start()?;
    let stages = |ready| network.interrupt.during(|_| stages(flags, quiet, &pipeline, ready, &network));
    match ready.map_err(say_all).and_then(stages) {
        Ok((summary, exit_code)) => {
            notify::of_run(&pipeline, &network.runtime, &summary, exit_code);
            Ok(exit_code)
        }
        Err(error) => {
            notify::of_failure(&pipeline, &network.runtime, &error);
            Err(error)
        }
    }
}

fn is_wanted(flags: &RunFlags, stage: Stage) -> bool {
    flags.only.is_empty() || flags.only.contains(&stage)
}

/// Every stage that is wanted, and the record of them: what they did, and the exit code.
fn stages(
    flags: &RunFlags,
    quiet: bool,
    pipeline: &Pipeline,
    ready: Ready,
    network: &Network,
) -> Result<(RunSummary, u8)> {
    let wanted = |stage| is_wanted(flags, stage);
    let started_at = Timestamp::now();
    let lake = Lake::create(&pipeline.lake)?;
    let lock = lake.lock()?;
    let mut ledger = lake.ledger(&lock)?;
    let Ready { sources, analysis, exports, ats } = ready;
    let mut errors: Vec<Error> = Vec::new();

    let stop_at = stop_at(&pipeline.ingest);
    let mut accounts = Accounts::new(&network.runtime, &pipeline.sources);
    let audio_plan = pipeline.audio.as_ref().filter(|_| wanted(Stage::Audio));
    let mut archived: Option<AudioSummary> = None;
    let mut archive_failed = false;
    let mut fetched = None;
    if wanted(Stage::Ingest) {
        let mut open = Vec::new();
        for source in sources {
            accounts.open(source).map_or_else(|error| errors.push(error), |source| open.push(source));
        }
        let options = Options { plan: &pipeline.ingest, stop_at, refetch: flags.refetch, quiet };
        let mut ingest = || ingest_all(&lake, &mut ledger, network, std::mem::take(&mut open), &options);
        let (summary, met) = match audio_plan {
            None => ingest(),
            Some(plan) => {
                let (done, summary, result) =
                    beside(&lake, &lock, network, plan, stop_at.map(ingest::instant_of), ingest);
                archived = Some(summary);
                archive_failed = result.is_err();
                errors.extend(result.err());
                done
            }
        };
        fetched = Some(summary);
        errors.extend(met);
    }
    let mut warned = None;
    if wanted(Stage::Ingest) {
        keep(warnings(pipeline, &ledger, started_at), &mut warned, &mut errors);
    }
    // Asked before each stage: what is begun is ended in good order, and no other begins.
    let goes_on = || !network.interrupt.is_wanted();
    let mut analyzed = None;
    if let Some(analysis) = analysis.filter(|_| wanted(Stage::Analyze) && goes_on()) {
        let bar = progress::bar("analyse", quiet);
        let plan = analyze::Plan::new(&lake, &ledger, analysis.request(false));
        let made = plan.and_then(|plan| plan.run(&lake, &progress::moves(&bar), &goes_on));
        bar.finish_and_clear();
        keep(made, &mut analyzed, &mut errors);
    }
    let mut reported = None;
    if let Some(plan) = pipeline.report.as_ref().filter(|_| wanted(Stage::Report) && goes_on()) {
        let run = Run { run_id: batch_id(started_at), started_at: started_at.to_string() };
        keep(report::report(&lake, plan, started_at, Some(run)), &mut reported, &mut errors);
    }

    let wants_exports = !exports.is_empty() && goes_on();
    let exported = wants_exports.then(|| export::stage(&lake, exports, quiet, &goes_on, &mut errors));

    // What ended it beside the ingest would end it again: what came by then is only told of.
    if audio_plan.is_some() && archive_failed && goes_on() {
        errors.extend(publish_archived(&lake, &mut ledger).err());
    }
    if let Some(plan) = audio_plan.filter(|_| goes_on() && !archive_failed) {
        let IngestPlan { requests_per_minute, limit_window: window, concurrency, .. } = pipeline.ingest;
        let task = Archiving {
            plan,
            selection: Selection { from: plan.from, ..Selection::default() },
            began: started_at,
            pace: Pace { requests_per_minute, window, concurrency },
            stop_at: stop_at.map(ingest::instant_of),
            quiet,
        };
        let mut client_of = |source: &str| accounts.client(source);
        let made = outlook(&lake, &mut ledger, &task.selection, started_at)
            .map(|outlook| task.archive(&lake, &mut ledger, network, outlook, &mut client_of));
        match made {
            Ok((summary, met)) => {
                *archived.get_or_insert_default() += &summary;
                errors.extend(met);
            }
            Err(error) => errors.push(error),
        }
    }
    accounts.close();

    let mut sent = None;
    if !ats.is_empty() && goes_on() {
        let (summaries, met) = ats_command::deliver_all(&lake, &mut ledger, network, ats, quiet);
        sent = Some(summaries);
        errors.extend(met);
    }

    network.interrupt.note(&mut errors);
    let losses = fetched.as_ref().is_some_and(ingest::Summary::has_losses)
        || archived.as_ref().is_some_and(AudioSummary::has_losses)
        || sent.iter().flatten().any(ats::Summary::has_losses);
    let exit_code = exit_code(&errors, losses);
    let summary = RunSummary {
        run_id: batch_id(started_at),
        started_at,
        ended_at: Timestamp::now(),
        exit_code,
        complete: errors.is_empty()
            && fetched.as_ref().is_none_or(|summary| summary.left + summary.failed + summary.questions_failed == 0)
            && archived.as_ref().is_none_or(|summary| summary.left + summary.failed == 0)
            && sent.iter().flatten().all(ats::Summary::is_complete),
        lake: pipeline.lake.display().to_string(),
        ingest: fetched,
        analyze: analyzed,
        report: reported.map(|folder: PathBuf| folder.display().to_string()),
        export: exported,
        warnings: warned.unwrap_or_default(),
        audio: archived,
        ats: sent,
        errors: errors.iter().map(ToString::to_string).collect(),
    };
    // Said first: on a full disk the record fails too, and must not hide the cause.
    errors.iter().for_each(output::error);
    if quiet {
        summary.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    }
    let recorded = record(&lake, &mut ledger, &summary, pipeline.prometheus.as_deref());
    if !quiet {
        output::data(&on_screen(&summary, audio_plan.map(|plan| plan.out.as_path())))?;
    }
    if let Err(error) = recorded {
        output::error(&error);
        errors.push(error);
        return Ok((summary, self::exit_code(&errors, losses)));
    }
    Ok((summary, exit_code))
}

/// What is probably wrong outside of a run.
fn warnings(pipeline: &Pipeline, ledger: &Ledger, now: Timestamp) -> Result<Vec<String>> {
    let inboxes = pipeline.sources.iter().filter(|source| source.inbox);
    let warnings = inboxes.map(|source| stalled::warning(ledger, &source.name, now));
    warnings.filter_map(Result::transpose).collect()
}

/// A stage's result, or its error beside those of other stages: later stages work on what is there.
fn keep<T>(result: Result<T>, value: &mut Option<T>, errors: &mut Vec<Error>) {
    match result {
        Ok(done) => *value = Some(done),
        Err(error) => errors.push(error),
    }
}

/// The threads that talk to the network, and the signals that they listen for as long as the command runs.
pub struct Network {
    pub runtime: Runtime,
    pub interrupt: Interrupt,
}

impl Network {
    /// # Errors
    /// When the system has no threads to give or does not let signals be listened for.
    pub fn start() -> Result<Self> {
        let runtime = runtime()?;
        let interrupt = Interrupt::listen(&runtime)?;
        Ok(Self { runtime, interrupt })
    }
}

/// How an ingest is done.
pub struct Options<'a> {
    pub plan: &'a IngestPlan,
    /// When to leave the rest for the next run.
    pub stop_at: Option<Timestamp>,
    pub refetch: bool,
    pub quiet: bool,
}

/// Every source in turn. A source that fails leaves the next ones their turn; an interrupt does not.
pub fn ingest_all(
    lake: &Lake,
    ledger: &mut Ledger,
    Network { runtime, interrupt }: &Network,
    sources: Vec<OpenSource>,
    &Options { plan, stop_at, refetch, quiet }: &Options<'_>,
) -> (ingest::Summary, Vec<Error>) {
    let mut all = ingest::Summary::default();
    let mut errors = Vec::new();
    for OpenSource { name, ids, inbox, exclude, client } in sources {
        let fetching = progress::Fetching::new(quiet);
        let report = |progress: Progress| fetching.shows(progress);
        let (summary, result) = interrupt.during(|interrupt| {
            let exclude = &exclude;
            let progress = &report;
            let job = Job { source: &name, ids, inbox, client, plan, exclude, refetch, stop_at, interrupt, progress };
            ingest::ingest(lake, ledger, runtime, job)
        });
        fetching.ends();
        all += &summary;
        if let Err(error) = result {
            errors.push(error);
        }
        if interrupt.is_wanted() {
            break;
        }
    }
    interrupt.note(&mut errors);
    (all, errors)
}

/// When a run that begins now leaves the rest for the next one.
pub fn stop_at(plan: &IngestPlan) -> Option<Timestamp> {
    plan.stop_at.map(|time| next_time(time, Timestamp::now(), &TimeZone::system()))
}

/// When it is this time of day next, by the clock of a time zone.
fn next_time(time: Time, now: Timestamp, zone: &TimeZone) -> Timestamp {
    let today = zone.to_datetime(now).date();
    let on = |date: Date| zone.to_timestamp(date.to_datetime(time)).unwrap_or(Timestamp::MAX);
    if on(today) > now { on(today) } else { today.tomorrow().map_or(Timestamp::MAX, on) }
}

/// The first that applies of the README's table.
pub fn exit_code(errors: &[Error], losses: bool) -> u8 {
    let order = [Kind::Interrupted, Kind::Usage, Kind::Locked, Kind::Refused, Kind::Failed];
    let worst = order.into_iter().find(|kind| errors.iter().any(|error| error.kind() == *kind));
    worst.map_or(if losses { FINISHED_WITH_LOSSES } else { DONE }, Kind::exit_code)
}

/// Writes the row of `runs`, `last-run.json`, and the file for Prometheus if there is to be one.
fn record(lake: &Lake, ledger: &mut Ledger, summary: &RunSummary, prometheus: Option<&Path>) -> Result<()> {
    let count = |get: fn(&ingest::Summary) -> u64| {
        let count = summary.ingest.as_ref().map_or(0, get);
        rows::integers(std::iter::once(i64::try_from(count).ok()))
    };
    let errors = (!summary.errors.is_empty()).then(|| summary.errors.join("; "));
    let row = rows::batch(
        &schema::RUNS,
        vec![
            rows::strings(std::iter::once(Some(summary.run_id.as_str()))),
            rows::times(std::iter::once(Some(summary.started_at))),
            rows::times(std::iter::once(Some(summary.ended_at))),
            rows::integers(std::iter::once(Some(summary.exit_code.into()))),
            rows::flags(std::iter::once(summary.complete)),
            count(|ingest| ingest.requests),
            count(|ingest| ingest.fetched),
            count(|ingest| ingest.newly_settled),
            count(|ingest| ingest.skipped_settled),
            count(|ingest| ingest.gone),
            count(|ingest| ingest.quarantined),
            count(|ingest| ingest.failed),
            count(|ingest| ingest.excluded),
            count(|ingest| ingest.still_open),
            count(|ingest| ingest.left),
            count(|ingest| ingest.retries),
            count(|ingest| ingest.limited),
            count(|ingest| ingest.waited_seconds),
            count(|ingest| ingest.bytes),
            rows::strings(std::iter::once(errors.as_deref())),
        ],
    );
    let mut staging = Staging::begin(lake, ledger)?;
    staging.write(&schema::RUNS, &month_of(Some(summary.started_at)), Some(row))?;
    staging.publish(ledger, &[], &[])?;
    let path = lake.last_run_path();
    write_whole(&path, output::json(summary).as_bytes(), 0o644).map_err(|error| Error::path("write", &path, error))?;
    let Some(path) = prometheus else { return Ok(()) };
    let text = metrics(summary, ledger.counts()?);
    write_whole(path, text.as_bytes(), 0o644).map_err(|error| Error::path("write", path, error))
}

/// The figures of a run in the text format of Prometheus.
fn metrics(summary: &RunSummary, counts: Counts) -> String {
    let mut text = String::new();
    let mut gauge = |name: &str, help: &str, values: &[(&str, f64)]| {
        let _infallible = writeln!(text, "# HELP roundup_{name} {help}\n# TYPE roundup_{name} gauge");
        for (labels, value) in values {
            let _infallible = writeln!(text, "roundup_{name}{labels} {value}");
        }
    };
    let seconds = |time: Timestamp| time.as_microsecond() as f64 / 1e6;
    gauge("last_run_end_timestamp_seconds", "When the last run ended.", &[("", seconds(summary.ended_at))]);
    let took = seconds(summary.ended_at) - seconds(summary.started_at);
    gauge("last_run_duration_seconds", "How long the last run took.", &[("", took)]);
    gauge("last_run_exit_code", "Its exit code.", &[("", summary.exit_code.into())]);
    gauge(
        "last_run_complete",
        "1 when nothing was left for the next run.",
        &[("", f64::from(u8::from(summary.complete)))],
    );
    let warnings = summary.warnings.len() as f64;
    gauge(
        "last_run_warnings",
        "What was probably wrong outside of it, such as events that stopped.",
        &[("", warnings)],
    );
    let ingest = summary.ingest.clone().unwrap_or_default();
    let count = |count: u64| count as f64;
    gauge(
        "last_run_requests",
        "Requests of the last run: sent, of those sent again after a failure, and of those answered 429.",
        &[
            ("{kind=\"all\"}", count(ingest.requests)),
            ("{kind=\"retry\"}", count(ingest.retries)),
            ("{kind=\"limited\"}", count(ingest.limited)),
        ],
    );
    gauge("last_run_bytes", "Bytes of bodies, decompressed.", &[("", count(ingest.bytes))]);
    gauge("last_run_waited_seconds", "Seconds held back for the limit's sake.", &[("", count(ingest.waited_seconds))]);
    gauge(
        "interviews",
        "Interviews the lake has heard of, by state.",
        &[
            ("{state=\"settled\"}", count(counts.settled)),
            ("{state=\"open\"}", count(counts.open)),
            ("{state=\"stale\"}", count(counts.stale)),
            ("{state=\"gone\"}", count(counts.gone)),
            ("{state=\"quarantined\"}", count(counts.quarantined)),
            ("{state=\"failed\"}", count(counts.failed)),
            ("{state=\"excluded\"}", count(counts.excluded)),
        ],
    );
    text
}

fn on_screen(summary: &RunSummary, archive: Option<&Path>) -> String {
    let mut text = String::new();
    if let Some(ingest) = &summary.ingest {
        text += &ingest_on_screen(ingest);
    }
    if let Some(analyze) = &summary.analyze {
        text += &analyze_on_screen(analyze);
    }
    if let (Some(archived), Some(archive)) = (&summary.audio, archive) {
        text += &audio::on_screen(archived, archive);
    }
    for sent in summary.ats.iter().flatten() {
        text += &ats_command::on_screen(sent);
    }
    let lake = &summary.lake;
    let _infallible = writeln!(text, "lake       {lake}");
    if let Some(report) = &summary.report {
        let index = Path::new(report).join("index.html");
        let shown = if index.exists() { index.display().to_string() } else { report.clone() };
        let _infallible = writeln!(text, "report     {shown}");
    }
    summary.warnings.iter().for_each(|warning| text += &format!("warning    {warning}\n"));
    text += &export::on_screen(summary.export.as_deref().unwrap_or_default());
    let _infallible = writeln!(text, "\nAsk the lake, for example with DuckDB:");
    let sql = format!(
        "SELECT job_title, count(*) AS completed FROM '{lake}/interviews/**/*.parquet' WHERE status = 'completed' GROUP BY ALL ORDER BY ALL"
    );
    let _infallible = writeln!(text, "  duckdb -c \"{sql}\"");
    text
}

/// What an ingest did, for a person.
pub fn ingest_on_screen(ingest: &ingest::Summary) -> String {
    let mut text = format!(
        "fetched    {} of {} interviews in {} requests; {} already settled and not asked for again\n",
        ingest.fetched, ingest.listed, ingest.requests, ingest.skipped_settled
    );
    if ingest.retries + ingest.limited > 0 {
        let _infallible = writeln!(
            text,
            "           {} tries after a failure, {} refused by the limit",
            ingest.retries, ingest.limited
        );
    }
    let _infallible = writeln!(
        text,
        "published  {} settled interviews with {} answers; {} still open; questions of {}",
        ingest.newly_settled, ingest.responses, ingest.still_open, ingest.questions
    );
    let rest = [
        (ingest.events, "events of webhooks read from the inbox"),
        (ingest.replaced, "replaced by what the API has now"),
        (ingest.gone, "unknown to the API"),
        (ingest.quarantined, "set aside because the body breaks the contract"),
        (ingest.failed, "given up for now"),
        (ingest.questions_failed, "whose questions are given up for now"),
        (ingest.excluded, "kept out of the lake by a pattern"),
        (ingest.not_due, "open and not due yet"),
        (ingest.skipped_other, "gone, stale, set aside or kept out before, and not asked for"),
        (ingest.left, "left for the next run"),
    ];
    text + &output::counts(&rest)
}

/// What an analysis did, for a person.
pub fn analyze_on_screen(analyze: &analyze::Summary) -> String {
    format!(
        "analysed   {} answers into {} files; {} files were up to date\n",
        analyze.responses, analyze.files_made, analyze.files_fresh
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_met_next_today_or_tomorrow() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let next = |now: &str| next_time("05:30".parse().unwrap(), now.parse().unwrap(), &zone).to_string();
        assert_eq!(next("2026-05-31T20:00:00Z"), "2026-06-01T03:30:00Z");
        assert_eq!(next("2026-06-01T03:29:59Z"), "2026-06-01T03:30:00Z");
        assert_eq!(next("2026-06-01T03:30:00Z"), "2026-06-02T03:30:00Z");
    }
}

//! `check`: all that is wrong with a pipeline, then what a run would do. Writes nothing and sends nothing.

use std::fmt::Write;

use jiff::Timestamp;

use super::audio::outlook_on_screen;
use super::cli::CheckFlags;
use super::prepare::{Access, Ready, prepare, say_all};
use super::{DONE, notify, output};
use crate::deliver::audio::{Outlook, Selection, outlook};
use crate::inbox;
use crate::lake::Lake;
use crate::model::Result;
use crate::pipeline::{NotifyWay, Pipeline, Stage};

pub fn run(flags: &CheckFlags) -> Result<u8> {
    let pipeline = Pipeline::read(&flags.pipeline)?;
    let ready = prepare(&pipeline, |_| true).map_err(say_all)?;
    // A run goes on without it, and says so when it has ended.
    if let Some(plan) = pipeline.notify.as_ref().filter(|plan| !matches!(plan.way, NotifyWay::Command(_))) {
        notify::address(plan)?;
    }
    say_plan(&pipeline, &ready, |_| true)?;
    Ok(DONE)
}

/// Says what a run of the wanted stages would do, in the order in which it does it.
pub fn say_plan(pipeline: &Pipeline, ready: &Ready, wanted: impl Fn(Stage) -> bool) -> Result<()> {
    let lake = Lake::open(&pipeline.lake).ok();
    let mut ledger = lake.as_ref().map(Lake::ledger_for_reading).transpose()?;
    let mut text = String::new();
    for source in &ready.sources {
        let _infallible = match &source.access {
            Access::Sandbox { interviews, .. } if source.ids.is_empty() && !source.inbox => {
                let which = interviews.map_or("the sample".to_owned(), |count| format!("{count} made-up ones"));
                writeln!(text, "ingest     {}: the sandbox inside this process, {which}", source.name)
            }
            _ => {
                let mut due = source.ids.len();
                if let Some(ledger) = &ledger {
                    due = ledger.due(&source.name, Timestamp::now())?.len();
                    for id in &source.ids {
                        due += usize::from(ledger.state(id)?.is_none());
                    }
                }
                let rate = u64::from(pipeline.ingest.requests_per_minute);
                let minutes = (due as u64).div_ceil(rate);
                writeln!(
                    text,
                    "ingest     {}: {due} interviews are due of {} listed ones and those still open, {minutes} min at {rate} requests a minute",
                    source.name,
                    source.ids.len(),
                )
            }
        };
    }
    if ready.sources.iter().any(|source| source.inbox) {
        let waiting = lake.as_ref().map_or(Ok(0), |lake| inbox::file::waiting(&lake.inbox_folder()))?;
        let _infallible = writeln!(text, "inbox      {waiting} events wait, and their interviews are asked for first");
    }
    let _infallible = writeln!(text, "lake       {}", pipeline.lake.display());
    if let Some(analysis) = &ready.analysis {
        let names: Vec<String> =
            analysis.sets.iter().map(|set| format!("{} ({} terms)", set.set.name(), set.set.terms().len())).collect();
        let names = if names.is_empty() { "no keyword sets".to_owned() } else { names.join(", ") };
        let _infallible = writeln!(text, "analyze    {names}");
    }
    if let Some(report) = pipeline.report.as_ref().filter(|_| wanted(Stage::Report)) {
        let _infallible = writeln!(text, "report     {} days, to {}", report.days, report.out.display());
    }
    for export in &ready.exports {
        let _infallible = writeln!(text, "export     to {}", export.output.display());
    }
    if let Some(plan) = pipeline.audio.as_ref().filter(|_| wanted(Stage::Audio)) {
        let outlook = match (&lake, &mut ledger) {
            (Some(lake), Some(ledger)) => {
                let selection = Selection { from: plan.from, ..Selection::default() };
                outlook(lake, ledger, &selection, Timestamp::now())?
            }
            _ => Outlook::default(),
        };
        let what = outlook_on_screen(&outlook, pipeline.ingest.requests_per_minute, plan);
        let while_fetched = if wanted(Stage::Ingest) { "; those of new interviews while they are fetched" } else { "" };
        let _infallible = writeln!(text, "audio      {what}{while_fetched}");
    }
    for ats in &ready.ats {
        let since = match (ats.plan.since, ledger.as_ref().map(|ledger| ledger.connector_since(&ats.connector.name))) {
            (Some(since), _) => since.strftime("%Y-%m-%d").to_string(),
            (None, Some(recorded)) => {
                recorded?.map_or("its first run".to_owned(), |since| since.strftime("%Y-%m-%d").to_string())
            }
            (None, None) => "its first run".to_owned(),
        };
        let _infallible = writeln!(text, "ats        {}: interviews completed from {since} on", ats.connector.name);
    }
    if let Some(notify) = &pipeline.notify {
        let way = match &notify.way {
            NotifyWay::Command(command) => format!("runs {}", command[0]),
            NotifyWay::UrlEnvironment(_) | NotifyWay::UrlFile(_) => "posts to an address".to_owned(),
        };
        let on: Vec<&str> = notify.on.iter().map(|outcome| outcome.as_str()).collect();
        let _infallible = writeln!(text, "notify     {way} when a run ends {}", on.join(", "));
    }
    output::data(&text)
}

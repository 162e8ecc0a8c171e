//! Shows what a run would do.

use std::collections::HashSet;
use std::path::Path;

use jiff::Timestamp;

use super::accounts::{Access, ReadySource};
use super::ats::ReadyAts;
use super::expect::expected_on_screen;
use super::prepare::Ready;
use crate::commands::erasure::{plan_on_screen as erasure_on_screen, too_old};
use crate::commands::session::local_zone_name;
use crate::commands::terminal;
use crate::deliver::audio::{Estimate, RecordingSelection, estimate};
use crate::inbox;
use crate::lake::Lake;
use crate::ledger::Ledger;
use crate::model::Result;
use crate::pipeline::{AudioPlan, NotifyPlan, NotifyWay, Pipeline};
use crate::report::advice;

/// The lake of a pipeline as it is before the run, if there is one, with its ledger opened for reading.
struct LakeBefore {
    lake: Lake,
    ledger: Ledger,
}

impl LakeBefore {
    fn open(path: &Path) -> Result<Option<Self>> {
        let Ok(lake) = Lake::open(path) else { return Ok(None) };
        let ledger = lake.ledger_for_reading()?;
        Ok(Some(Self { lake, ledger }))
    }
}

/// Describes for people what a run would do, in order.
///
/// # Errors
/// When the lake cannot be read.
pub fn plan_on_screen(pipeline: &Pipeline, ready: &Ready<'_>) -> Result<String> {
    let mut before = LakeBefore::open(&pipeline.lake)?;
    let rate = pipeline.ingest.requests_per_minute;
    let mut text = String::new();
    let sources = ready.sources.as_deref().unwrap_or_default();
    let mut listed = HashSet::new();
    for (number, source) in sources.iter().enumerate() {
        text += &source_on_screen(source, before.as_ref(), rate, &mut listed)?;
        text += &same_key_on_screen(source, &sources[..number]);
    }
    if let Some(time) = pipeline.ingest.stop_at.filter(|_| ready.sources.is_some() || ready.audio.is_some()) {
        text += &format!("stop-at    {}, {}\n", time.strftime("%H:%M"), local_zone_name());
    }
    if sources.iter().any(|source| source.inbox) {
        let waiting = before.as_ref().map_or(Ok(0), |before| inbox::file::waiting(&before.lake.inbox_folder()))?;
        let waiting = terminal::counted(waiting as u64, "event waits", "events wait");
        text += &format!("inbox      {waiting}; what the inbox names is asked for first\n");
    }
    text += &format!("lake       {}\n", pipeline.lake.display());
    if let Some(analysis) = &ready.analysis {
        let terms = |count: usize| terminal::counted(count as u64, "term", "terms");
        let names: Vec<String> =
            analysis.sets.iter().map(|set| format!("{} ({})", set.set.name(), terms(set.set.terms().len()))).collect();
        let names = if names.is_empty() { "no keyword sets".to_owned() } else { names.join(", ") };
        text += &format!("analyze    {names}\n");
    }
    if let Some(plan) = ready.retain {
        let found = match &before {
            Some(LakeBefore { lake, ledger }) => Some(too_old(lake, ledger, plan, &[])?),
            None => None,
        };
        let found = found.as_ref().filter(|found| !found.rows.is_empty());
        let old = found.map_or_else(|| "           nothing is older yet\n".to_owned(), erasure_on_screen);
        text += &format!("retain     what is older than it is kept is erased\n{old}");
    }
    if let Some(report) = ready.report {
        let days = terminal::counted(report.days.into(), "day", "days");
        text += &format!("report     {days}, to {}\n", report.out.display());
        if let Some(LakeBefore { lake, .. }) = &before
            && let Some(advice) = advice(lake, report, &ready.merged, Timestamp::now())?
        {
            text += &terminal::advice_on_screen(&advice);
        }
    }
    for export in &ready.exports {
        text += &format!("export     to {}\n", export.output.display());
    }
    if let Some(plan) = ready.audio {
        let what = audio_on_screen(plan, before.as_mut(), rate)?;
        let while_fetched =
            if ready.sources.is_some() { "; those of new interviews while they are fetched" } else { "" };
        text += &format!("audio      {what}{while_fetched}\n");
    }
    for system in &ready.ats {
        text += &ats_on_screen(system, before.as_ref())?;
    }
    if let Some(expect) = pipeline.expect.as_ref().filter(|_| ready.sources.is_some()) {
        text += &expected_on_screen(expect, before.as_ref().map(|before| &before.lake), Timestamp::now())?;
    }
    if let Some(mirror) = ready.mirror {
        let without = match mirror.withheld.as_slice() {
            [] => String::new(),
            tables => format!(", without {}", tables.join(", ")),
        };
        text += &format!("mirror     to {}{without}\n", mirror.to);
    }
    Ok(text + &pipeline.notify.as_ref().map_or_else(String::new, notify_on_screen))
}

/// What is fetched of a source. `known` are the ids that earlier sources list, to which those of this one are added.
fn source_on_screen<'s>(
    source: &'s ReadySource,
    before: Option<&LakeBefore>,
    requests_per_minute: u32,
    known: &mut HashSet<&'s str>,
) -> Result<String> {
    let name = &source.name;
    let (clients, requests_per_minute) = match &source.access {
        Access::Sandbox { interviews, .. } if source.ids.is_empty() && !source.inbox => {
            let which = interviews.map_or("the sample".to_owned(), |count| format!("{count} made-up ones"));
            return Ok(format!("ingest     {name}: the sandbox inside this process, {which}\n"));
        }
        Access::Sandbox { .. } => (1, requests_per_minute),
        Access::Remote(clients) => (clients.len(), clients[0].requests_per_minute(requests_per_minute)),
    };
    let new: Vec<&str> = source.ids.iter().map(String::as_str).filter(|id| known.insert(id)).collect();
    let listed = new.len();
    let mut due = listed;
    if let Some(LakeBefore { ledger, .. }) = before {
        due = ledger.due(name, Timestamp::now())?.len();
        for id in new {
            due += usize::from(ledger.state(id)?.is_none());
        }
    }
    let minutes = (due as u64).div_ceil(u64::from(requests_per_minute) * clients as u64);
    let due = terminal::counted(due as u64, "interview is", "interviews are");
    let requests = terminal::counted(requests_per_minute.into(), "request", "requests");
    let keys = if clients == 1 { String::new() } else { format!(" with each of {clients} keys") };
    Ok(format!(
        "ingest     {name}: {due} due, of {listed} listed and of those still open; {minutes} min at {requests} a minute{keys}\n"
    ))
}

/// Says which of some earlier sources has a key of this one.
fn same_key_on_screen(source: &ReadySource, earlier: &[ReadySource]) -> String {
    let clients = |source: &'_ ReadySource| match &source.access {
        Access::Remote(clients) => clients.clone(),
        Access::Sandbox { .. } => Vec::new(),
    };
    let own = clients(source);
    let has_one =
        |other: &&ReadySource| clients(other).iter().any(|client| own.iter().any(|own| own.shares_window(client)));
    earlier.iter().find(has_one).map_or_else(String::new, |other| {
        format!("           the key is that of source {}, and has one limit for both\n", other.name)
    })
}

fn audio_on_screen(plan: &AudioPlan, before: Option<&mut LakeBefore>, requests_per_minute: u32) -> Result<String> {
    let selection = RecordingSelection { from: plan.from, ..RecordingSelection::default() };
    let estimate = match before {
        Some(LakeBefore { lake, ledger }) => estimate(lake, ledger, &selection, Timestamp::now())?,
        None => Estimate::default(),
    };
    Ok(terminal::estimate_on_screen(&estimate, requests_per_minute, plan))
}

fn ats_on_screen(ReadyAts { plan, connector, .. }: &ReadyAts, before: Option<&LakeBefore>) -> Result<String> {
    let recorded = || before.map_or(Ok(None), |before| before.ledger.connector_since(&connector.name));
    let since = plan.since.map_or_else(recorded, |since| Ok(Some(since)))?;
    let since = since.map_or("its first run".to_owned(), |since| since.strftime("%Y-%m-%d").to_string());
    Ok(format!("ats        {}: interviews completed from {since} on\n", connector.name))
}

fn notify_on_screen(notify: &NotifyPlan) -> String {
    let way = match &notify.way {
        NotifyWay::Command(command) => format!("runs {}", command[0]),
        NotifyWay::UrlEnvironment(_) | NotifyWay::UrlFile(_) => "posts to an address".to_owned(),
    };
    let on: Vec<&str> = notify.on.iter().map(|outcome| outcome.as_str()).collect();
    format!("notify     {way} when a run ends {}\n", on.join(", "))
}

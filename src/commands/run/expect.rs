//! Whether the night of a run was as expected.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::commands::terminal;
use crate::expect::{Judged, Night, expected, history, judge, late_events};
use crate::lake::Lake;
use crate::lake::job_list::titles;
use crate::ledger::Ledger;
use crate::model::Result;
use crate::pipeline::{ExpectPlan, Expectation, Pipeline};

/// Judges what a run found that began at a time, together with what earlier runs of its night found. `is_whole` says
/// whether it reached all that was due.
///
/// # Errors
/// When the lake cannot be read.
pub fn judged(
    pipeline: &Pipeline,
    plan: &ExpectPlan,
    (lake, ledger): (&Lake, &Ledger),
    began: Timestamp,
    (night, is_whole): (&Night, bool),
) -> Result<Judged> {
    let (nights, own) = history::before(lake, began)?;
    let mut tonight = night.clone();
    tonight.add(own.unwrap_or_default());
    let titles = titles(lake)?;
    let mut judged = judge(plan, &nights, (&tonight, is_whole), &|job| title_of(&titles, job));
    let within = plan.events_within.filter(|_| !plan.ignore.contains(&Expectation::Events));
    if let Some(within) = within {
        for source in pipeline.sources.iter().filter(|source| source.inbox) {
            let last = ledger.last_event(&source.name, began)?;
            judged.add(
                Expectation::Events,
                late_events(&source.name, last.map(|last| began.duration_since(last)), within),
            );
        }
    }
    Ok(judged)
}

fn title_of(titles: &BTreeMap<String, String>, job: &str) -> String {
    titles.get(job).map_or(job, String::as_str).escape_debug().to_string()
}

/// What a run would expect, a line each.
///
/// # Errors
/// When the lake cannot be read.
pub fn expected_on_screen(plan: &ExpectPlan, lake: Option<&Lake>, now: Timestamp) -> Result<String> {
    let (nights, titles) = match lake {
        Some(lake) => (history::before(lake, now)?.0, titles(lake)?),
        None => (Vec::new(), BTreeMap::new()),
    };
    let mut lines = expected(plan, &nights, &|job| title_of(&titles, job));
    if plan.fail {
        lines.push("a night that is not so ends with exit code 3".to_owned());
    }
    Ok(lines.iter().map(|line| format!("expect     {line}\n")).collect())
}

/// What came of the expectations, in a line. Those that are not met are among the warnings.
pub fn judged_on_screen(judged: &Judged) -> String {
    let all = judged.judged.values().sum::<usize>();
    let figures = terminal::counted(all as u64, "figure", "figures");
    let met = match judged.unmet.len() {
        0 => format!("{figures} as expected"),
        unmet => format!("{unmet} of {figures} not as expected"),
    };
    let nights = terminal::counted(judged.nights as u64, "night", "nights");
    let how = match (judged.learns, judged.learnt) {
        (true, true) => format!(", by the last {nights}"),
        (true, false) => format!("; more is learnt once there are six weeks of nights ({nights} so far)"),
        (false, _) => String::new(),
    };
    format!("expect     {met}{how}\n")
}

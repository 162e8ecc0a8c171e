//! The command itself.

use serde::Serialize;

use super::work;
use crate::analyze::{AnalyzeRequest, AnalyzeSummary, Plan, PlannedFiles, StepTimes};
use crate::commands::erasure::open_ledger;
use crate::commands::run::ready_analysis;
use crate::commands::terminal::{self, Alone, AnalyzeFlags, DataFormat, said};
use crate::lake::Lake;
use crate::ledger::Ledger;
use crate::model::{Result, is_address};

pub fn run(flags: &AnalyzeFlags, quiet: bool) -> Result<u8> {
    let analysis = ready_analysis(&flags.keywords, flags.mode, &flags.metrics);
    let analysis =
        analysis.map_err(|wrong| terminal::report_all(wrong.into_iter().map(|(_, error)| error).collect()))?;
    let request = analysis.request(flags.force);
    if let Some(units) = &flags.work_from {
        return work::make(units, &request);
    }
    let lake = flags.lake.as_deref().expect("all other ways need one");
    if let Some(address) = lake.to_str().filter(|lake| flags.list_work && is_address(lake)) {
        return work::list_mirror(address, &request, flags);
    }
    let lake = Lake::open(lake)?.with_delta(!flags.delta.no_delta);
    if flags.list_work {
        return work::list(&lake, &request, flags);
    }
    let lock = lake.lock()?;
    let mut ledger = open_ledger(&lake, &lock)?;
    let begun = Alone::begin("analyze");
    if let Some(results) = &flags.collect {
        return Ok(match work::collect(results, &lake, &mut ledger, flags.format, quiet) {
            Ok(has_losses) => begun.delivered(has_losses, !has_losses).end(&lake, &mut ledger, Vec::new()),
            Err(error) => begun.end(&lake, &mut ledger, vec![error]),
        });
    }
    let analysed = analyze(&lake, &mut ledger, request, flags, quiet);
    Ok(begun.end(&lake, &mut ledger, analysed.err().into_iter().collect()))
}

fn analyze(
    lake: &Lake,
    ledger: &mut Ledger,
    request: AnalyzeRequest<'_>,
    flags: &AnalyzeFlags,
    quiet: bool,
) -> Result<()> {
    let plan = Plan::new(lake, request)?;
    let prints_text = flags.format == DataFormat::Text && !quiet;
    if flags.explain && prints_text {
        terminal::data(&plan_on_screen(&plan.parts))?;
    }
    let summary = terminal::with_bar("analyse", quiet, |progress| plan.run(lake, ledger, progress, &|| true))?;
    let parts = flags.explain.then_some(plan.parts.as_slice());
    let mut text = String::new();
    if prints_text {
        text += &terminal::analyze_on_screen(&summary);
        text += &if flags.explain { steps_on_screen(&summary.steps) } else { String::new() };
    }
    said(flags.format, &AnalyzeOutput { summary: &summary, plan: parts }, &text)
}

/// The JSON output: the summary, and with `--explain` the plan.
#[derive(Serialize)]
struct AnalyzeOutput<'a> {
    #[serde(flatten)]
    summary: &'a AnalyzeSummary,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<&'a [PlannedFiles]>,
}

fn plan_on_screen(parts: &[PlannedFiles]) -> String {
    let mut text = String::new();
    for part in parts {
        let name = part.set.as_ref().map_or(part.table.to_owned(), |set| format!("{} of {set}", part.table));
        let mut counts: Vec<String> =
            part.made.iter().map(|(reason, files)| format!("{files} to make ({})", reason.text())).collect();
        if part.fresh > 0 || counts.is_empty() {
            counts.push(format!("{} up to date", part.fresh));
        }
        text += &format!("{name:<34} files: {}\n", counts.join(", "));
    }
    text
}

fn steps_on_screen(steps: &StepTimes) -> String {
    let all = [
        ("decode", steps.decode),
        ("fold", steps.fold),
        ("words", steps.words),
        ("language", steps.language),
        ("match", steps.r#match),
        ("encode", steps.encode),
    ];
    #[expect(clippy::cast_precision_loss, reason = "for people to read")]
    let megabytes = steps.bytes as f64 / 1e6;
    let mut text = format!("over {megabytes:.1} MB of transcripts, in seconds of all threads together:\n");
    for (step, seconds) in all {
        let pace = if seconds > 0.0 { format!("{:>9.0} MB/s", megabytes / seconds) } else { String::new() };
        text += &format!("  {step:<9}{seconds:>8.3} s{pace}\n");
    }
    text
}

//! What a person sees when a run has ended, on one screen: what came, what needs a look, and where to look next.

use std::path::Path;

use super::expect::judged_on_screen;
use super::export::exports_on_screen;
use super::record::RunSummary;
use crate::commands::erasure::receipt_on_screen;
use crate::commands::terminal;

/// How many warnings are shown. All are in `last-run.json`.
const MOST_WARNINGS: usize = 5;

/// The screen. `archive` is where recordings are archived, and `mirror` where the lake is mirrored.
pub fn on_screen(summary: &RunSummary, archive: Option<&Path>, mirror: Option<&str>) -> String {
    let look = needs_a_look(summary);
    let look = if look.is_empty() { look } else { format!("\nNeeds a look:\n{look}") };
    format!("{}{look}\nWhere to look next:\n{}", what_came(summary, archive, mirror), where_next(summary))
}

fn what_came(summary: &RunSummary, archive: Option<&Path>, mirror: Option<&str>) -> String {
    let mut text = String::new();
    if let Some(ingest) = &summary.ingest {
        text += &terminal::ingest_on_screen(ingest);
    }
    if let Some(analyze) = &summary.analyze {
        text += &terminal::analyze_on_screen(analyze);
    }
    if let Some(receipt) = &summary.retain {
        text += &receipt_on_screen(receipt);
    }
    text += &exports_on_screen(summary.export.as_deref().unwrap_or_default());
    if let (Some(archived), Some(archive)) = (&summary.audio, archive) {
        text += &terminal::archived_on_screen(archived, archive);
    }
    for month in &summary.compact {
        text += &format!("compacted  {}: {}\n", month.month, terminal::compacted(month));
    }
    for sent in summary.ats.iter().flatten() {
        text += &terminal::sent_on_screen(sent);
    }
    if let (Some(mirrored), Some(to)) = (&summary.mirror, mirror) {
        text += &terminal::mirrored_on_screen(mirrored, to);
    }
    text
}

/// What somebody should see to, a line each.
fn needs_a_look(summary: &RunSummary) -> String {
    let RunSummary { lake, errors, warnings, .. } = summary;
    let mut text = String::new();
    match summary.needs_a_look.as_deref() {
        None => {}
        Some([]) => text += "look       nothing needs a look\n",
        Some(lines) => lines.iter().for_each(|line| text += &format!("look       {line}\n")),
    }
    if let Some(judged) = &summary.expect {
        text += &judged_on_screen(judged);
    }
    if !errors.is_empty() {
        let errors = terminal::counted(errors.len() as u64, "error", "errors");
        text += &format!("failed     {errors}: see above, or the record\n");
    }
    if summary.set_aside > 0 {
        let bodies = terminal::counted(summary.set_aside, "body", "bodies");
        text += &format!("set aside  {bodies} in all: `roundup quarantine list --lake {lake}` says why\n");
    }
    warnings.iter().take(MOST_WARNINGS).for_each(|warning| text += &format!("warning    {warning}\n"));
    if warnings.len() > MOST_WARNINGS {
        text += &format!("           and {} more: see the record\n", warnings.len() - MOST_WARNINGS);
    }
    if let Some(why) = &summary.notify {
        text += &format!("notify     failed: {why}\n");
    }
    if let Some(advice) = &summary.advice {
        text += &terminal::advice_on_screen(advice);
    }
    text
}

fn where_next(summary: &RunSummary) -> String {
    let RunSummary { lake, .. } = summary;
    let mut text = String::new();
    if let Some(report) = &summary.report {
        let index = Path::new(report).join("index.html");
        let shown = if index.exists() { index.display().to_string() } else { report.clone() };
        text += &format!("report     {shown}\n");
    }
    let sql = format!(
        "SELECT job_title, count(*) AS completed FROM '{lake}/interviews/**/*.parquet' WHERE status = 'completed' GROUP BY ALL ORDER BY ALL"
    );
    text + &format!("lake       {lake}: `roundup status --lake {lake}`\n")
        + &format!("record     {lake}/_roundup/last-run.json\n")
        + &format!("SQL        duckdb -c \"{sql}\"\n")
}

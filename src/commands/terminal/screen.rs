//! Summaries of the stages, as text for people.

use std::path::Path;

use crate::analyze::AnalyzeSummary;
use crate::deliver::ats::DeliverySummary;
use crate::deliver::audio::{ArchiveSummary, Estimate};
use crate::ingest::IngestSummary;
use crate::pipeline::AudioPlan;

/// Counts, one a line, without those that are zero.
fn counts(of: &[(u64, &str)]) -> String {
    of.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("           {count} {what}\n")).collect()
}

/// The summary of an ingest.
pub fn ingest_on_screen(ingest: &IngestSummary) -> String {
    let mut text = format!(
        "fetched    {} of {} interviews in {} requests; {} already settled and not asked for again\n",
        ingest.fetched, ingest.listed, ingest.requests, ingest.skipped_settled
    );
    if ingest.retries + ingest.limited > 0 {
        text +=
            &format!("           {} tries after a failure, {} refused by the limit\n", ingest.retries, ingest.limited);
    }
    text += &format!(
        "published  {} settled interviews with {} answers; {} still open; questions of {}\n",
        ingest.newly_settled, ingest.responses, ingest.still_open, ingest.questions
    );
    let rest = [
        (ingest.events, "events of webhooks read from the inbox"),
        (ingest.replaced, "replaced by what the API has now"),
        (ingest.gone, "unknown to the API"),
        (ingest.quarantined, "set aside because the body breaks the contract"),
        (ingest.mended, "with half characters, which were read as U+FFFD"),
        (ingest.failed, "given up for now"),
        (ingest.questions_failed, "whose questions are given up for now"),
        (ingest.excluded, "kept out of the lake by a pattern"),
        (ingest.not_due, "open and not due yet"),
        (ingest.skipped_other, "gone, stale, set aside or kept out before, and not asked for"),
        (ingest.left, "left for the next run"),
    ];
    text + &counts(&rest)
}

/// The summary of an analysis.
pub fn analyze_on_screen(analyze: &AnalyzeSummary) -> String {
    format!(
        "analysed   {} answers into {} files; {} files were up to date\n",
        analyze.responses, analyze.files_made, analyze.files_fresh
    )
}

/// The estimate for archiving recordings.
pub fn estimate_on_screen(estimate: &Estimate, requests_per_minute: u32, plan: &AudioPlan) -> String {
    let Estimate { wanted, calls } = estimate;
    let minutes = calls.div_ceil(requests_per_minute.into());
    let asked = match calls {
        0 => "no interview has to be asked for again".to_owned(),
        _ => format!(
            "{calls} interviews are asked for again for their links, {minutes} min at {requests_per_minute} requests a minute"
        ),
    };
    format!("to {}: {wanted} recordings are not archived; {asked}", plan.out.display())
}

/// The summary of archiving recordings.
pub fn archived_on_screen(summary: &ArchiveSummary, out: &Path) -> String {
    let &ArchiveSummary { archived, found, bytes, asked, failed, given_up, left } = summary;
    let megabytes = bytes as f64 / 1e6;
    let text = format!("archived   {archived} recordings, {megabytes:.1} MB, to {}\n", out.display());
    let rest = [
        (found, "were there already"),
        (asked, "interviews asked for again for their links"),
        (failed, "given up for now; `roundup status` says why"),
        (given_up, "given up, and left alone unless their interview is named"),
        (left, "left for the next run"),
    ];
    text + &counts(&rest)
}

/// The summary of a delivery to an applicant tracking system.
pub fn sent_on_screen(summary: &DeliverySummary) -> String {
    let DeliverySummary { connector, delivered, requests, .. } = summary;
    let text = format!("sent       {delivered} interviews to {connector} in {requests} requests\n");
    let rest = [
        (summary.retries, "tries after a failure"),
        (summary.limited, "refused by the limit"),
        (summary.unchanged, "sent before with the same answers"),
        (summary.waiting, "whose candidate it does not know yet, or whose recordings are not archived yet"),
        (summary.failed, "given up for now, to be tried again"),
        (summary.dead, "given up: `roundup status` says why, `roundup ats --retry-dead` puts them back"),
        (summary.left, "left for the next run"),
    ];
    text + &counts(&rest)
}

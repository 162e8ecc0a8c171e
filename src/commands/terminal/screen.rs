//! Summaries of the stages, as text for people.

use std::path::Path;

use crate::analyze::AnalyzeSummary;
use crate::deliver::ats::DeliverySummary;
use crate::deliver::audio::{ArchiveSummary, Estimate};
use crate::ingest::IngestSummary;
use crate::ingest::import::ImportSummary;
use crate::lake::compact::Compacted;
use crate::mirror::MirrorSummary;
use crate::model::plural;
use crate::pipeline::AudioPlan;

/// A number with the word for what it counts.
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", plural(count, one, many))
}

/// Rows of a table as lines, each column as wide as its longest text.
pub fn columns<const N: usize>(rows: impl IntoIterator<Item = [String; N]>) -> String {
    let rows: Vec<[String; N]> = rows.into_iter().collect();
    let length = |text: &String| text.chars().count();
    let widths: [usize; N] =
        std::array::from_fn(|column| rows.iter().map(|row| length(&row[column])).max().unwrap_or(0));
    let line = |row: &[String; N]| {
        let cells: Vec<String> = row.iter().zip(widths).map(|(text, width)| format!("{text:<width$}")).collect();
        cells.join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

/// Counts, one a line, without those that are zero.
fn counts(of: &[(u64, &str)]) -> String {
    of.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("           {count} {what}\n")).collect()
}

/// The summary of an ingest.
pub fn ingest_on_screen(ingest: &IngestSummary) -> String {
    let mut text = format!(
        "fetched    {} of {} in {}; {} already settled and not asked for again\n",
        ingest.fetched,
        counted(ingest.asked, "interview", "interviews"),
        counted(ingest.requests, "request", "requests"),
        ingest.skipped_settled
    );
    if ingest.retries + ingest.limited > 0 {
        let tries = counted(ingest.retries, "try", "tries");
        text += &format!("           {tries} after a failure, {} refused by the limit\n", ingest.limited);
    }
    text += &format!(
        "published  {} with {}; {} still open; questions of {}\n",
        counted(ingest.newly_settled, "settled interview", "settled interviews"),
        counted(ingest.responses, "answer", "answers"),
        ingest.still_open,
        ingest.questions
    );
    let rest = [
        (ingest.events, plural(ingest.events, "event read from the inbox", "events read from the inbox")),
        (ingest.replaced, "replaced by what the API has now"),
        (ingest.gone, "unknown to the API"),
        (ingest.quarantined, "set aside because the body breaks the contract"),
        (ingest.mended, "with half characters, which were read as U+FFFD"),
        (ingest.failed, "given up for now"),
        (ingest.given_up, "given up; `roundup status` says why, and an event or --refetch asks for them again"),
        (ingest.questions_failed, "whose questions are given up for now"),
        (ingest.questions_given_up, "whose questions are given up"),
        (ingest.excluded, "kept out of the lake by a pattern"),
        (ingest.erased, "erased before, and not asked for or not loaded"),
        (ingest.not_due, "open and not due yet"),
        (ingest.failed_before, "given up for now before, and not due yet"),
        (ingest.skipped_other, "gone, stale, set aside, given up or kept out before, and not asked for"),
        (ingest.left, "left for the next run"),
    ];
    text + &counts(&rest)
}

/// The summary of an import.
pub fn imported_on_screen(import: &ImportSummary) -> String {
    let text = format!(
        "imported   {} with {} and {} from {}\n",
        counted(import.newly_settled, "settled interview", "settled interviews"),
        counted(import.responses, "answer", "answers"),
        counted(import.still_open, "open one", "open ones"),
        counted(import.bodies, "body", "bodies"),
    );
    let rest = [
        (import.there_before, plural(import.there_before, "was there before", "were there before")),
        (import.repeated, "came again in these files"),
        (import.contradicted, "left out, as another body of the same interview came before"),
        (import.erased, "erased before, and not loaded"),
        (import.quarantined, "set aside because the body breaks the contract"),
        (import.quarantined_before, "set aside before"),
        (import.mended, "with half characters, which were read as U+FFFD"),
    ];
    text + &counts(&rest)
}

/// The summary of an analysis.
pub fn analyze_on_screen(analyze: &AnalyzeSummary) -> String {
    format!(
        "analysed   {} into {}; {} up to date\n",
        counted(analyze.responses, "answer", "answers"),
        counted(analyze.files_made, "file", "files"),
        counted(analyze.files_fresh, "file was", "files were")
    )
}

/// What a compaction has done with a month, or would do.
pub fn compacted(Compacted { files_before, files_after, bytes_before, bytes_after, .. }: &Compacted) -> String {
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let (before, after) = (counted(*files_before, "file", "files"), counted(*files_after, "file", "files"));
    let size = bytes_after.map(|bytes| format!(" of {:.1} MB", megabytes(bytes))).unwrap_or_default();
    format!("{before} of {:.1} MB become {after}{size}", megabytes(*bytes_before))
}

/// What would make a report tell more.
pub fn advice_on_screen(advice: &str) -> String {
    format!("advice     {advice}\n")
}

/// The estimate for archiving recordings.
pub fn estimate_on_screen(estimate: &Estimate, requests_per_minute: u32, plan: &AudioPlan) -> String {
    let Estimate { wanted, calls } = estimate;
    let minutes = calls.div_ceil(requests_per_minute.into());
    let asked = match calls {
        0 => "no interview has to be asked for again".to_owned(),
        _ => format!(
            "{} asked for again for {} links, {minutes} min at {requests_per_minute} requests a minute",
            counted(*calls, "interview is", "interviews are"),
            plural(*calls, "its", "their")
        ),
    };
    let wanted = counted(*wanted, "recording is", "recordings are");
    format!("to {}: {wanted} not archived; {asked}", plan.out.display())
}

/// The summary of archiving recordings.
pub fn archived_on_screen(summary: &ArchiveSummary, out: &Path) -> String {
    let &ArchiveSummary { archived, found, bytes, asked, failed, given_up, left } = summary;
    let megabytes = bytes as f64 / 1e6;
    let archived = counted(archived, "recording", "recordings");
    let text = format!("archived   {archived}, {megabytes:.1} MB, to {}\n", out.display());
    let rest = [
        (found, plural(found, "was there already", "were there already")),
        (asked, plural(asked, "interview asked for again for its links", "interviews asked for again for their links")),
        (failed, "given up for now; `roundup status` says why"),
        (given_up, "given up, and left alone unless their interview is named"),
        (left, "left for the next run"),
    ];
    text + &counts(&rest)
}

/// The summary of a delivery to an applicant tracking system.
pub fn sent_on_screen(summary: &DeliverySummary) -> String {
    let DeliverySummary { connector, delivered, requests, .. } = summary;
    let interviews = counted(*delivered, "interview", "interviews");
    let requests = counted(*requests, "request", "requests");
    let text = format!("sent       {interviews} to {connector} in {requests}\n");
    let rest = [
        (summary.retries, plural(summary.retries, "try after a failure", "tries after a failure")),
        (summary.limited, "refused by the limit"),
        (summary.unchanged, "sent before with the same answers"),
        (summary.waiting, "whose candidate it does not know yet, or whose recordings are not archived yet"),
        (summary.failed, "given up for now, to be tried again"),
        (summary.dead, "given up: `roundup status` says why, `roundup ats --retry-dead` puts them back"),
        (summary.left, "left for the next run"),
    ];
    text + &counts(&rest)
}

/// The summary of a mirror.
pub fn mirrored_on_screen(summary: &MirrorSummary, to: &str) -> String {
    let MirrorSummary { version, files, bytes, .. } = summary;
    #[expect(clippy::cast_precision_loss, reason = "for people to read")]
    let megabytes = *bytes as f64 / 1e6;
    let copied = counted(*files, "file", "files");
    let text = format!("mirrored   version {version} to {to}: {copied} copied, {megabytes:.1} MB\n");
    let rest = [
        (summary.there, plural(summary.there, "file that was there", "files that were there")),
        (summary.deleted, plural(summary.deleted, "old file deleted", "old files deleted")),
    ];
    let withheld = match summary.withheld.as_slice() {
        [] => String::new(),
        tables => format!("           without {}\n", tables.join(", ")),
    };
    text + &counts(&rest) + &withheld
}

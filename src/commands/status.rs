//! `status`: shows what is in a lake and what is still to be done. Takes no lock, so it works during a run.

use jiff::Timestamp;
use serde::Serialize;

use super::terminal::{self, DataFormat, StatusFlags};
use crate::inbox;
use crate::ingest::spool;
use crate::lake::Lake;
use crate::lake::read::ParquetFile;
use crate::lake::schema::TABLES;
use crate::ledger::{DeadLetter, DueCounts, InterviewCounts, OutboxCounts, UnarchivedRecording};
use crate::model::{Error, Result};

/// How many dead letters are shown as text.
const SHOWN_DEAD_LETTERS: usize = 20;
/// How many recordings are shown as text.
const SHOWN_RECORDINGS: usize = 10;

/// The state of a lake.
#[derive(Serialize)]
struct LakeStatus {
    interviews: InterviewCounts,
    /// What the next ingest fetches besides new interviews in its lists.
    due: DueCounts,
    tables: Vec<TableStatus>,
    /// Recordings that could not be archived, and why.
    recordings: Vec<UnarchivedRecording>,
    /// Spool files that the next ingest publishes first.
    spool_files_waiting: usize,
    /// Events that the next ingest of a pipeline with "inbox" takes first.
    inbox_events_waiting: usize,
    /// The outbox of each applicant tracking system.
    outbox: Vec<OutboxCounts>,
    dead_letters: Vec<DeadLetter>,
    /// The content of `last-run.json`. Null before the first run.
    last_run: Option<serde_json::Value>,
}

/// The size of a table.
#[derive(Serialize)]
struct TableStatus {
    table: &'static str,
    files: usize,
    rows: u64,
    bytes: u64,
}

pub fn run(flags: &StatusFlags) -> Result<()> {
    let lake = Lake::open(&flags.lake.lake)?;
    let status = read(&lake)?;
    terminal::data(&match flags.format {
        DataFormat::Json => terminal::json(&status),
        DataFormat::Text => on_screen(&status),
    })?;
    Ok(())
}

fn read(lake: &Lake) -> Result<LakeStatus> {
    let mut tables = Vec::new();
    for table in TABLES {
        let files = lake.files(table)?;
        let (mut rows, mut bytes) = (0, 0);
        for path in &files {
            rows += ParquetFile::open(path)?.rows();
            bytes += path.metadata().map_err(|error| Error::path("read", path, error))?.len();
        }
        tables.push(TableStatus { table: table.name, files: files.len(), rows, bytes });
    }
    let last_run = std::fs::read(lake.last_run_path()).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let ledger = lake.ledger_for_reading()?;
    Ok(LakeStatus {
        interviews: ledger.counts()?,
        due: ledger.due_counts(Timestamp::now())?,
        tables,
        recordings: ledger.unarchived_recordings()?,
        spool_files_waiting: spool::waiting(&lake.spool_folder())?.len(),
        inbox_events_waiting: inbox::file::waiting(&lake.inbox_folder())?,
        outbox: ledger.outbox_counts()?,
        dead_letters: ledger.dead_letters()?,
        last_run,
    })
}

fn on_screen(status: &LakeStatus) -> String {
    let InterviewCounts { settled, open, gone, stale, quarantined, failed, excluded, questions_wanted } =
        status.interviews;
    let mut text = format!(
        "interviews {settled} settled, {open} open, {stale} stale, {gone} gone, {quarantined} set aside, {failed} given up \
         for now, {excluded} kept out\n"
    );
    let DueCounts { open, late_transcripts, failed, next } = status.due;
    text += &format!("due now    {open} open, {late_transcripts} that lack a transcript, {failed} given up before");
    text += &next.map_or_else(String::new, |next| next.strftime("; the next at %Y-%m-%d %H:%M UTC").to_string());
    text += "\n";
    if questions_wanted > 0 {
        text += &format!("           the questions of {questions_wanted} are still to be asked for\n");
    }
    if status.spool_files_waiting > 0 {
        text += &format!("spool      {} files, published by the next ingest\n", status.spool_files_waiting);
    }
    if status.inbox_events_waiting > 0 {
        text += &format!(
            "inbox      {} events, taken by the next ingest that reads the inbox\n",
            status.inbox_events_waiting
        );
    }
    if !status.recordings.is_empty() {
        text += &recordings_on_screen(&status.recordings);
    }
    for OutboxCounts { connector, delivered, pending, dead } in &status.outbox {
        text += &format!(
            "outbox     {connector}: {delivered} delivered, {pending} to be sent or tried again, {dead} given up\n"
        );
    }
    for letter in status.dead_letters.iter().take(SHOWN_DEAD_LETTERS) {
        let DeadLetter { connector, interview_id, reason, tries, since } = letter;
        let since = since.strftime("%Y-%m-%d");
        let tries = if *tries == 1 { "1 try".to_owned() } else { format!("{tries} tries") };
        text += &format!("           {since}  {connector}  {interview_id}  {reason} ({tries})\n");
    }
    if status.dead_letters.len() > SHOWN_DEAD_LETTERS {
        let more = status.dead_letters.len() - SHOWN_DEAD_LETTERS;
        text += &format!("           and {more} more, which --format json lists\n");
    }
    if let Some(last) = status.last_run.as_ref() {
        let text_of = |key: &str| last.get(key).map(|value| value.to_string().trim_matches('"').to_owned());
        let (ended, code) = (text_of("ended_at").unwrap_or_default(), text_of("exit_code").unwrap_or_default());
        text += &format!("last run   ended {ended} with exit code {code}\n");
    }
    text += &format!("\n{:<20} {:>7} {:>12} {:>14}\n", "table", "files", "rows", "bytes");
    for TableStatus { table, files, rows, bytes } in &status.tables {
        text += &format!("{table:<20} {files:>7} {rows:>12} {bytes:>14}\n");
    }
    text
}

fn recordings_on_screen(recordings: &[UnarchivedRecording]) -> String {
    let given_up = recordings.iter().filter(|recording| recording.given_up).count();
    let failed = recordings.len() - given_up;
    let mut text = format!(
        "audio      {failed} recordings given up for now, {given_up} left alone unless their interview is named\n"
    );
    for UnarchivedRecording { interview_id, position, reason, .. } in recordings.iter().take(SHOWN_RECORDINGS) {
        text += &format!("           {interview_id}, answer {position}: {reason}\n");
    }
    if recordings.len() > SHOWN_RECORDINGS {
        let more = recordings.len() - SHOWN_RECORDINGS;
        text += &format!("           and {more} more; --format json has them all\n");
    }
    text
}

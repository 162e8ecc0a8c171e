//! What is in a lake and what is still to be done.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;

use crate::commands::terminal::{DONE, StatusFlags, counted, said};
use crate::inbox;
use crate::ingest::spool;
use crate::lake::erase::Erasing;
use crate::lake::read::ParquetFile;
use crate::lake::schema::{TABLES, Table};
use crate::lake::{Lake, LakeCounts};
use crate::ledger::{
    DeadLetter, DueCounts, FailedCall, InterviewCounts, Ledger, OutboxCounts, QUESTIONS, RefusedEvent,
    UnarchivedRecording, UnfetchedIds,
};
use crate::model::{Error, Kind, Result};

/// How many dead letters are shown as text.
const SHOWN_DEAD_LETTERS: usize = 20;
/// How many recordings, and ids of a kind, are shown as text.
const SHOWN: usize = 10;

/// The state of a lake.
#[derive(Serialize)]
struct LakeStatus {
    /// Absent for those who may not read it, and where it cannot be read.
    #[serde(flatten)]
    work: Option<WorkStatus>,
    tables: Vec<TableStatus>,
    /// The content of `last-run.json`. Null before the first run.
    last_run: Option<serde_json::Value>,
    /// What could not be read, and why.
    unreadable: Vec<Unreadable>,
}

/// Something that cannot be read.
#[derive(Serialize)]
struct Unreadable {
    /// What it is, and why.
    what: String,
    /// What to do about it.
    hint: Option<String>,
}

impl Unreadable {
    fn of(error: &Error) -> Self {
        Self { what: error.to_string(), hint: error.hint_text().map(str::to_owned) }
    }
}

/// What is known of the work on a lake. Its owner alone can read it.
#[derive(Serialize)]
struct WorkStatus {
    interviews: LakeCounts,
    /// What the next ingest fetches besides new interviews in its lists.
    due: DueCounts,
    /// Ids that no interview came of, all of them.
    ids: UnfetchedIds,
    /// Recordings that could not be archived, and why.
    recordings: Vec<UnarchivedRecording>,
    /// Spool files that the next ingest publishes first.
    spool_files_waiting: usize,
    /// Events that the next ingest of a pipeline with "inbox" takes first.
    inbox_events_waiting: usize,
    /// The outbox of each applicant tracking system.
    outbox: Vec<OutboxCounts>,
    dead_letters: Vec<DeadLetter>,
    /// Erasures that were begun and are not over: the next command that writes to the lake goes on with them.
    erasures_not_over: usize,
}

/// The size of a table.
#[derive(Serialize)]
struct TableStatus {
    table: &'static str,
    /// Absent for those who may not read the table, and where the log cannot be read.
    #[serde(flatten)]
    size: Option<TableSize>,
}

#[derive(Serialize)]
struct TableSize {
    /// Those that can be read, as rows and bytes are.
    files: usize,
    rows: u64,
    bytes: u64,
}

pub fn run(flags: &StatusFlags) -> Result<u8> {
    let lake = Lake::open(&flags.lake.lake)?;
    let status = read(&lake);
    said(flags.format, &status, &on_screen(&status, &lake))?;
    Ok(if status.unreadable.is_empty() { DONE } else { Kind::Failed.exit_code() })
}

/// Reads as much as can be read.
fn read(lake: &Lake) -> LakeStatus {
    let mut unreadable = Vec::new();
    let log = lake.version();
    unreadable.extend(log.as_ref().err().map(Unreadable::of));
    let mut size = |table| if log.is_ok() { size_of(lake, table, &mut unreadable) } else { None };
    let tables = TABLES.iter().map(|table| TableStatus { table: table.name, size: size(table) }).collect();
    let last_run = std::fs::read(lake.last_run_path()).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let work = lake.ledger_if_allowed().and_then(|ledger| ledger.map(|ledger| work(lake, &ledger)).transpose());
    let work = work.unwrap_or_else(|error| {
        unreadable.push(Unreadable::of(&error));
        None
    });
    LakeStatus { work, tables, last_run, unreadable }
}

/// The size of a table. `None` if this user may not read it.
fn size_of(lake: &Lake, table: &Table, unreadable: &mut Vec<Unreadable>) -> Option<TableSize> {
    if !lake.is_readable(table) {
        return None;
    }
    let mut size = TableSize { files: 0, rows: 0, bytes: 0 };
    let files = lake.files(table).unwrap_or_else(|error| {
        unreadable.push(Unreadable::of(&error));
        Vec::new()
    });
    for path in &files {
        let bytes = path.metadata().map_err(|error| Error::path("read", path, error));
        match bytes.and_then(|bytes| Ok((bytes.len(), ParquetFile::open(path)?.rows()))) {
            Ok((bytes, rows)) => {
                size.files += 1;
                size.rows += rows;
                size.bytes += bytes;
            }
            Err(error) => unreadable.push(Unreadable::of(&error)),
        }
    }
    Some(size)
}

fn work(lake: &Lake, ledger: &Ledger) -> Result<WorkStatus> {
    Ok(WorkStatus {
        interviews: lake.counts(ledger)?,
        due: ledger.due_counts(Timestamp::now())?,
        ids: ledger.unfetched_ids(Timestamp::MIN, usize::MAX)?,
        recordings: ledger.unarchived_recordings()?,
        spool_files_waiting: spool::waiting(&lake.spool_folder())?.len(),
        inbox_events_waiting: inbox::file::waiting(&lake.inbox_folder())?,
        outbox: ledger.outbox_counts()?,
        dead_letters: ledger.dead_letters()?,
        erasures_not_over: Erasing::count(lake),
    })
}

fn on_screen(status: &LakeStatus, lake: &Lake) -> String {
    let mut text = match &status.work {
        Some(work) => work_on_screen(work),
        None if !status.unreadable.is_empty() => "interviews not readable\n".to_owned(),
        None => "interviews what is known of each, and what is due, is for the owner of the lake alone\n".to_owned(),
    };
    if let Some(last) = status.last_run.as_ref() {
        let ended = last["ended_at"].as_str().and_then(|time| time.parse::<Timestamp>().ok());
        let ended = ended.map_or_else(String::new, |time| time.strftime(" %Y-%m-%d %H:%M:%S UTC").to_string());
        text += &format!("last run   ended{ended} with exit code {}\n", last["exit_code"]);
    }
    text += &format!("\n{:<20} {:>7} {:>12} {:>14}\n", "table", "files", "rows", "bytes");
    for TableStatus { table, size } in &status.tables {
        text += &match size {
            Some(TableSize { files, rows, bytes }) => format!("{table:<20} {files:>7} {rows:>12} {bytes:>14}\n"),
            None if !status.unreadable.is_empty() => format!("{table:<20} not readable\n"),
            None => format!("{table:<20} not readable for this user\n"),
        };
    }
    if !status.unreadable.is_empty() {
        text += &unreadable_on_screen(&status.unreadable, lake);
    }
    text
}

fn unreadable_on_screen(unreadable: &[Unreadable], lake: &Lake) -> String {
    let mut text = "\nunreadable\n".to_owned();
    text.extend(unreadable.iter().take(SHOWN).map(|one| format!("           {}\n", one.what)));
    text += &more(unreadable.len(), SHOWN);
    // Those of files say the same as the last line.
    let hints: BTreeSet<&str> = unreadable.iter().filter_map(|one| one.hint.as_deref()).collect();
    let hints = hints.into_iter().filter(|hint| !hint.contains("status --check"));
    text.extend(hints.map(|hint| format!("           hint: {hint}\n")));
    let lake = lake.root().display();
    text + &format!("           `roundup status --check --lake {lake}` says what is wrong, and what to do\n")
}

fn work_on_screen(status: &WorkStatus) -> String {
    let LakeCounts { interviews, quarantined, discarded } = status.interviews;
    let InterviewCounts { settled, open, gone, stale, failed, given_up, excluded, questions_wanted } = interviews;
    let mut text = format!(
        "interviews {settled} settled, {open} open, {stale} stale, {gone} gone, {quarantined} set aside, {failed} given up \
         for now, {given_up} given up, {excluded} kept out\n"
    );
    if quarantined + discarded > 0 {
        let bodies = counted(quarantined, "body", "bodies");
        let gone = if discarded > 0 { format!(", and {discarded} discarded") } else { String::new() };
        text += &format!("set aside  {bodies}{gone}; `roundup quarantine list` says why\n");
    }
    let DueCounts { open, late_transcripts, failed, next } = status.due;
    let late = counted(late_transcripts, "that lacks a transcript", "that lack a transcript");
    text += &format!("due now    {open} open, {late}, {failed} given up for now");
    text += &next.map_or_else(String::new, |next| next.strftime("; the next at %Y-%m-%d %H:%M UTC").to_string());
    text += "\n";
    if questions_wanted > 0 {
        text += &format!("           the questions of {questions_wanted} are still to be asked for\n");
    }
    text += &ids_on_screen(&status.ids);
    if status.spool_files_waiting > 0 {
        let files = counted(status.spool_files_waiting as u64, "file", "files");
        text += &format!("spool      {files}, published by the next ingest\n");
    }
    if status.inbox_events_waiting > 0 {
        let events = counted(status.inbox_events_waiting as u64, "event", "events");
        text += &format!("inbox      {events}, taken by the next ingest that reads the inbox\n");
    }
    if status.erasures_not_over > 0 {
        let erasures = counted(status.erasures_not_over as u64, "erasure is", "erasures are");
        text += &format!("erasures   {erasures} not over; the next command that writes to the lake goes on\n");
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
        let tries = counted((*tries).into(), "try", "tries");
        text += &format!("           {since}  {connector}  {interview_id}  {reason} ({tries})\n");
    }
    text + &more(status.dead_letters.len(), SHOWN_DEAD_LETTERS)
}

fn recordings_on_screen(recordings: &[UnarchivedRecording]) -> String {
    let given_up = recordings.iter().filter(|recording| recording.given_up).count();
    let failed = recordings.len() - given_up;
    let failed = counted(failed as u64, "recording", "recordings");
    let mut text =
        format!("audio      {failed} given up for now, {given_up} left alone unless their interview is named\n");
    for UnarchivedRecording { interview_id, position, reason, .. } in recordings.iter().take(SHOWN) {
        text += &format!("           {interview_id}, answer {position}: {reason}\n");
    }
    text + &more(recordings.len(), SHOWN)
}

/// How many there are beyond those that are shown, as a line if there are any.
fn more(count: usize, shown: usize) -> String {
    match count.saturating_sub(shown) {
        0 => String::new(),
        more => format!("           and {more} more, which --format json lists\n"),
    }
}

fn ids_on_screen(UnfetchedIds { gone, failed, given_up, refused_events }: &UnfetchedIds) -> String {
    let mut text = String::new();
    if !gone.is_empty() {
        let interviews = counted(gone.len() as u64, "interview", "interviews");
        text += &format!("gone       {interviews} that the API does not know\n");
        text.extend(gone.iter().take(SHOWN).map(|one| format!("           {}\n", one.interview_id.escape_debug())));
        text += &more(gone.len(), SHOWN);
    }
    for (calls, what) in [
        (failed, "failed     {}, asked for again\n"),
        (given_up, "given up   {}, asked for again only after an event or with --refetch\n"),
    ] {
        if !calls.is_empty() {
            text += &what.replace("{}", &counted(calls.len() as u64, "call", "calls"));
            text.extend(calls.iter().take(SHOWN).map(failed_call_on_screen));
            text += &more(calls.len(), SHOWN);
        }
    }
    if !refused_events.is_empty() {
        let events = counted(refused_events.len() as u64, "event", "events");
        text += &format!("refused    {events}, as the id cannot be that of an interview\n");
        for RefusedEvent { event_id, interview_id, .. } in refused_events.iter().take(SHOWN) {
            text += &format!("           {}: `{}`\n", event_id.escape_debug(), interview_id.escape_debug());
        }
        text += &more(refused_events.len(), SHOWN);
    }
    text
}

fn failed_call_on_screen(FailedCall { interview_id, call, reason, nights, next_due, .. }: &FailedCall) -> String {
    let of = if call == QUESTIONS { ", its questions" } else { "" };
    let nights = counted((*nights).into(), "night", "nights");
    let again = next_due.filter(|due| *due > Timestamp::now());
    let again = again.map_or_else(String::new, |due| due.strftime("; again from %Y-%m-%d %H:%M UTC").to_string());
    format!("           {}{of}: {reason} ({nights}){again}\n", interview_id.escape_debug())
}

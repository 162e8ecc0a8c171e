//! Brings a ledger up to the lake, from the rows of the lake's own tables. A ledger that is new is rebuilt.
//!
//! What only the ledger knew is lost with it: failed tries, and which ids the API did not know. Such interviews are asked
//! for once more.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};

use arrow::array::{Array, RecordBatch};
use jiff::Timestamp;

use super::deliveries::table;
use super::exchange::folder_of;
use super::log::{CommitKind, TailCommit, Version};
use super::places::Lake;
use super::read::{ParquetFile, integer_at, integers, string_at, strings, times, timestamp_at};
use super::schema::{DELIVERIES, INTERVIEWS, OPEN_INTERVIEWS, QUESTIONS, RESPONSES, Table, is_source};
use crate::ledger::{
    Applied, Change, EndedDelivery, FirstSeen, InterviewState, KnownConnector, KnownQuestion, Ledger, LiveFile,
    QuestionsNeed, Sighting,
};
use crate::model::due::{NextDue, transcripts_come_until};
use crate::model::interview::month_of;
use crate::model::{Error, Kind, Result, Status, Via};

/// Columns of the tables of interviews that tell what the ledger knows of one.
const COLUMNS: &[&str] = &[
    "interview_id",
    "source",
    "status",
    "job_id",
    "expires_at",
    "settled_at",
    "first_seen_at",
    "first_seen_via",
    "first_seen_status",
    "asked_at",
    "asks_after_expiry",
];

/// Brings the ledger from a version, or from nothing, to that of the lake. An interruption is made up for by the next
/// call: the version is recorded last.
///
/// # Errors
/// When the lake cannot be read or the ledger cannot be written.
pub fn catch_up(
    lake: &Lake,
    ledger: &mut Ledger,
    version: &Version,
    tail: &[TailCommit],
    at: Option<&Applied>,
) -> Result<()> {
    let missed = at.and_then(|at| missed(tail, at.version));
    let later = || tail.iter().filter(|commit| at.is_some_and(|at| commit.commit.version > at.version));
    let live: Vec<&LiveFile> = version.files().filter(|file| is_source(&file.table)).collect();
    let changed: Vec<&LiveFile> = match &missed {
        Some(paths) => live.iter().copied().filter(|file| paths.contains(file.path.as_str())).collect(),
        None => live.clone(),
    };
    let mut known = ledger.known_questions()?;
    let mut questions_published = Vec::new();
    for file in changed.iter().filter(|file| file.table == QUESTIONS.name) {
        questions(&lake.root().join(&file.path), &mut known, &mut questions_published)?;
    }
    let now = Timestamp::now();
    for file in changed.iter().filter(|file| [INTERVIEWS.name, OPEN_INTERVIEWS.name].contains(&file.table.as_str())) {
        let path = lake.root().join(&file.path);
        let answers = lake.root().join(file.path.replacen(INTERVIEWS.name, RESPONSES.name, 1));
        let answers = Some(answers).filter(|path| file.table == INTERVIEWS.name && path.exists());
        ledger.record_sightings(&sightings(&path, answers, &mut known, now)?)?;
    }
    ledger.record_questions(&known)?;
    for file in changed.iter().filter(|file| file.table == DELIVERIES.name) {
        take_in_deliveries(ledger, &table::read(&lake.root().join(&file.path))?)?;
    }
    let onto = at.map(|at| at.version);
    let gone = |commit: &&TailCommit| commit.commit.kind != CommitKind::Compact;
    let gone: Vec<String> = later().filter(gone).flat_map(|commit| commit.commit.remove.iter().cloned()).collect();
    if !gone.is_empty() {
        unsettle_missing(lake, ledger, version.files(), &gone)?;
    }
    let removed: Vec<String> = later().flat_map(|commit| commit.commit.remove.iter().cloned()).collect();
    let added: BTreeSet<&str> =
        later().flat_map(|commit| commit.commit.add.iter().map(|file| file.path.as_str())).collect();
    let is_added = |file: &&&LiveFile| missed.is_none() || added.contains(file.path.as_str());
    let add = live.iter().filter(is_added).map(|file| (*file).clone()).collect();
    let change = Change { add, remove: &removed, questions_published: &questions_published, ..Change::default() };
    if ledger.apply(onto, &version.applied(), &change)? {
        return Ok(());
    }
    Err(Error::new(Kind::Locked, "another program has changed the ledger meanwhile"))
}

/// The paths of files with rows that the commits after a version have brought; `None` when not all of these commits are in
/// the tail. Merged files are among them only if one that they were made of is.
fn missed(tail: &[TailCommit], version: u64) -> Option<BTreeSet<&str>> {
    if tail.first().is_none_or(|first| first.commit.version > version + 1) {
        return None;
    }
    let mut paths: BTreeSet<&str> = BTreeSet::new();
    for TailCommit { commit, .. } in tail.iter().filter(|commit| commit.commit.version > version) {
        let added = commit.add.iter().map(|file| file.path.as_str());
        if commit.kind == CommitKind::Compact {
            let merged = commit.remove.iter().filter(|path| paths.contains(path.as_str()));
            let folders: BTreeSet<&str> = merged.map(|path| folder_of(path)).collect();
            paths.extend(added.filter(|path| folders.contains(folder_of(path))));
        } else {
            paths.extend(added);
        }
    }
    Some(paths)
}

/// Makes interviews due whose rows are in none of the lake's files any more. `removed` are the paths of files that are no
/// longer there.
///
/// # Errors
/// When a file cannot be read or the ledger cannot be written.
pub fn unsettle_missing<'a>(
    lake: &Lake,
    ledger: &mut Ledger,
    files: impl Iterator<Item = &'a LiveFile> + Clone,
    removed: &[String],
) -> Result<()> {
    let ids_in = |table: &Table| {
        let mut ids = HashSet::new();
        for file in files.clone().filter(|file| file.table == table.name) {
            ids.extend(ids_of(&lake.root().join(&file.path))?);
        }
        Ok::<_, Error>(ids)
    };
    let lacks = |table: &Table| removed.iter().any(|path| path.starts_with(&format!("{}/", table.name)));
    let with_questions = if lacks(&QUESTIONS) { Some(ids_in(&QUESTIONS)?) } else { None };
    ledger.unsettle_missing(&ids_in(&INTERVIEWS)?, with_questions.as_ref())?;
    if lacks(&DELIVERIES) {
        let mut there = Vec::new();
        for file in files.filter(|file| file.table == DELIVERIES.name) {
            there.extend(table::read(&lake.root().join(&file.path))?);
        }
        ledger.unpublish_deliveries(&there)?;
    }
    Ok(())
}

/// Tells the outbox how deliveries ended. A connector ran at the latest when the first of them did.
fn take_in_deliveries(ledger: &mut Ledger, ended: &[EndedDelivery]) -> Result<()> {
    let mut first: BTreeMap<&str, Timestamp> = BTreeMap::new();
    for EndedDelivery { id, at, .. } in ended {
        let first = first.entry(&id.connector).or_insert(*at);
        *first = (*first).min(*at);
    }
    let known = |(connector, since): (&str, Timestamp)| KnownConnector { connector: connector.to_owned(), since };
    let connectors: Vec<KnownConnector> = first.into_iter().map(known).collect();
    ledger.take_in_deliveries(&connectors, ended, &[], true)
}

/// The ids in a file of a table.
///
/// # Errors
/// When it cannot be read.
pub fn ids_of(path: &Path) -> Result<Vec<String>> {
    let rows = ParquetFile::open(path)?.all(&["interview_id"])?;
    Ok(strings(&rows, "interview_id").iter().flatten().map(str::to_owned).collect())
}

/// Reads a file of `questions`: whose questions it has, and which.
fn questions(path: &Path, known: &mut HashSet<KnownQuestion>, published: &mut Vec<String>) -> Result<()> {
    let file = ParquetFile::open(path)?;
    for group in 0..file.row_groups() {
        let rows = file.row_group(group, &["interview_id", "job_id", "question_id"])?;
        let (ids, jobs, questions) =
            (strings(&rows, "interview_id"), strings(&rows, "job_id"), strings(&rows, "question_id"));
        for row in 0..rows.num_rows() {
            if published.last().map(String::as_str) != Some(ids.value(row)) {
                published.push(ids.value(row).to_owned());
            }
            let job = string_at(jobs, row).unwrap_or_default();
            // The empty id stands for the job itself.
            for question in [string_at(questions, row).unwrap_or_default(), ""] {
                known.insert(KnownQuestion { job_id: job.to_owned(), question_id: question.to_owned() });
            }
        }
    }
    Ok(())
}

/// What the answers of an interview tell the ledger.
#[derive(Debug, Default)]
struct Answers {
    question_ids: Vec<String>,
    lacks_a_transcript: bool,
}

/// Reads a file of interviews as sightings. `answers` is the file with their answers. Of interviews that show a question
/// or job that is not known, the first one wants its questions fetched, unless it was imported.
fn sightings(
    path: &Path,
    answers: Option<PathBuf>,
    known: &mut HashSet<KnownQuestion>,
    now: Timestamp,
) -> Result<Vec<Sighting>> {
    let file = ParquetFile::open(path)?;
    let rows = InterviewRows::of(file.all(&file.present(COLUMNS))?);
    let waits = (0..rows.count()).any(|row| rows.may_wait(row, now));
    let mut answers = answers.map(|path| answers_of(&path, waits)).transpose()?.unwrap_or_default();
    let sighting = |row| {
        let answers = answers.remove(rows.id(row)).unwrap_or_default();
        rows.sighting(row, &answers, known)
    };
    Ok((0..rows.count()).map(sighting).collect())
}

/// Rows of interviews.
struct InterviewRows {
    batch: RecordBatch,
}

impl InterviewRows {
    fn of(batch: RecordBatch) -> Self {
        Self { batch }
    }

    fn count(&self) -> usize {
        self.batch.num_rows()
    }

    fn text(&self, column: &str, row: usize) -> Option<&str> {
        string_at(strings(&self.batch, column), row)
    }

    fn time(&self, column: &str, row: usize) -> Option<Timestamp> {
        timestamp_at(times(&self.batch, column), row)
    }

    fn id(&self, row: usize) -> &str {
        self.text("interview_id", row).unwrap_or_default()
    }

    fn status(&self, row: usize) -> Status {
        Status::from_word(self.text("status", row).unwrap_or_default())
    }

    /// When the body was read. Older files do not say.
    fn asked_at(&self, row: usize) -> Timestamp {
        let asked = self.batch.column_by_name("asked_at").and_then(|_| self.time("asked_at", row));
        asked.or_else(|| self.time("first_seen_at", row)).unwrap_or_default()
    }

    /// Whether an interview is worth asking for again if a transcript is missing.
    fn may_wait(&self, row: usize, now: Timestamp) -> bool {
        let ends = self.time("settled_at", row).map(transcripts_come_until);
        self.status(row) == Status::Completed && ends.is_some_and(|ends| ends > now)
    }

    fn sighting(&self, row: usize, answers: &Answers, known: &mut HashSet<KnownQuestion>) -> Sighting {
        let (status, at, settled_at) = (self.status(row), self.asked_at(row), self.time("settled_at", row));
        let asks = self.batch.column_by_name("asks_after_expiry");
        let asks = asks.and_then(|_| integer_at(integers(&self.batch, "asks_after_expiry"), row)).unwrap_or(0);
        let asks_before = u32::try_from(asks).unwrap_or(0).saturating_sub(1);
        let next = if status.is_settled() {
            NextDue::of_settled(&status, settled_at, answers.lacks_a_transcript, at)
        } else {
            NextDue::of_open(self.time("expires_at", row), at, asks_before)
        };
        let via: Via = self.text("first_seen_via", row).unwrap_or_default().to_owned().into();
        let questions = match status.is_settled() {
            true if via != Via::Import && self.shows_unknown(row, answers, known) => QuestionsNeed::Wanted,
            true => QuestionsNeed::Unknown,
            false => QuestionsNeed::NotWanted,
        };
        let (next_due, asks_after_expiry) = next.due();
        Sighting {
            id: self.id(row).to_owned(),
            source: self.text("source", row).unwrap_or_default().to_owned(),
            state: InterviewState::after(&status, next),
            job_id: self.text("job_id", row).map(str::to_owned),
            settled_at,
            month: month_of(settled_at),
            first_seen: FirstSeen {
                at: self.time("first_seen_at", row).unwrap_or_default(),
                via,
                status: self.text("first_seen_status", row).unwrap_or_default().to_owned(),
            },
            at,
            next_due,
            asks_after_expiry,
            questions,
            question_ids: Vec::new(),
            status: status.as_str().to_owned(),
        }
    }

    /// Whether an interview shows a question, or is for a job, that is not known. It is known from then on.
    fn shows_unknown(&self, row: usize, answers: &Answers, known: &mut HashSet<KnownQuestion>) -> bool {
        let job = self.text("job_id", row).unwrap_or_default();
        let shown = std::iter::once("").chain(answers.question_ids.iter().map(String::as_str));
        let mut unknown = false;
        for question in shown {
            unknown |= known.insert(KnownQuestion { job_id: job.to_owned(), question_id: question.to_owned() });
        }
        unknown
    }
}

/// Reads what the ledger knows of answers. The transcripts themselves are only read if one may still come.
fn answers_of(path: &Path, with_transcripts: bool) -> Result<HashMap<String, Answers>> {
    let file = ParquetFile::open(path)?;
    let mut found: HashMap<String, Answers> = HashMap::new();
    let columns: &[&str] = if with_transcripts {
        &["interview_id", "question_id", "transcript"]
    } else {
        &["interview_id", "question_id"]
    };
    for group in 0..file.row_groups() {
        let rows = file.row_group(group, columns)?;
        let (ids, questions) = (strings(&rows, "interview_id"), strings(&rows, "question_id"));
        let transcripts = with_transcripts.then(|| strings(&rows, "transcript"));
        for row in 0..rows.num_rows() {
            let answers = found.entry(ids.value(row).to_owned()).or_default();
            answers.question_ids.extend(string_at(questions, row).map(str::to_owned));
            answers.lacks_a_transcript |= transcripts.is_some_and(|transcripts| transcripts.is_null(row));
        }
    }
    Ok(found)
}

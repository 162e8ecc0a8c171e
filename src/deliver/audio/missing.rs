//! Which recordings are still to be archived: answers in the lake that have a recording which the table `audio` lacks.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use crate::lake::Lake;
use crate::lake::read::{ParquetFile, flags, integer_at, integers, string_at, strings, times, timestamp_at};
use crate::lake::schema::{AUDIO, RESPONSES};
use crate::lake::tombstones::Age;
use crate::ledger::{ArchivedRecording, Ledger, RecordingId, RecordingState};
use crate::model::Result;
use crate::model::interview::month_of;
use crate::model::recording::object_names;

/// Selects the recordings to archive.
#[derive(Debug, Clone, Default)]
pub struct RecordingSelection {
    /// Ids of interviews, or empty for all. A recording that was given up is tried again when its interview is named.
    pub interviews: HashSet<String>,
    /// Ids of jobs, or empty for all.
    pub jobs: Vec<String>,
    /// Only interviews that settled at this time or later.
    pub from: Option<Timestamp>,
}

/// A recording that the table `audio` does not have.
#[derive(Debug, Clone)]
pub struct MissingRecording {
    pub recording: RecordingId,
    pub object: String,
    pub question_id: Option<String>,
    pub job_id: Option<String>,
    pub settled_at: Option<Timestamp>,
    /// Set when it is in the archive, and only its row in the table is missing.
    pub archived: Option<ArchivedRecording>,
    /// Whether an earlier run tried it, and could not archive it.
    pub was_tried: bool,
}

impl MissingRecording {
    pub fn month(&self) -> String {
        month_of(self.settled_at)
    }
}

/// Positions and names of the recordings in the table `audio`, by interview.
#[derive(Debug, Default)]
pub struct PublishedRecordings(HashMap<String, Vec<(u32, String)>>);

impl PublishedRecordings {
    /// # Errors
    /// When the lake cannot be read.
    pub fn read(lake: &Lake) -> Result<Self> {
        let mut known: HashMap<String, Vec<(u32, String)>> = HashMap::new();
        for path in lake.files(&AUDIO)? {
            let rows = ParquetFile::open(&path)?.all(&["interview_id", "position", "object"])?;
            let (positions, objects) = (integers(&rows, "position").iter(), strings(&rows, "object").iter());
            for ((id, position), object) in strings(&rows, "interview_id").iter().zip(positions).zip(objects) {
                let position = position.and_then(|position| u32::try_from(position).ok());
                if let (Some(id), Some(position), Some(object)) = (id, position, object) {
                    known.entry(id.to_owned()).or_default().push((position, object.to_owned()));
                }
            }
        }
        Ok(Self(known))
    }

    pub fn has(&self, RecordingId { interview, position }: &RecordingId, object: &str) -> bool {
        let is_it = |(at, name): &(u32, String)| at == position && name == object;
        self.0.get(interview).is_some_and(|known| known.iter().any(is_it))
    }
}

/// Calls `take` with the recordings that are still to be archived, one file of the lake at a time. Those that were
/// tried since `began` are left out. Those that are archived and only missing in the table are always included.
///
/// # Errors
/// When the lake or the ledger cannot be read, or `take` fails.
pub fn each_missing(
    lake: &Lake,
    ledger: &mut Ledger,
    selection: &RecordingSelection,
    began: Timestamp,
    known: &PublishedRecordings,
    take: &mut dyn FnMut(&mut Ledger, Vec<MissingRecording>) -> Result<()>,
) -> Result<()> {
    let unpublished: HashSet<String> =
        ledger.archived_recordings()?.into_iter().map(|(recording, _)| recording.interview).collect();
    let tombstones = lake.tombstones()?;
    for path in lake.files(&RESPONSES)? {
        let file = ParquetFile::open(&path)?;
        let mut wanted = Vec::new();
        for group in 0..file.row_groups() {
            let columns = ["interview_id", "position", "job_id", "settled_at", "question_id", "has_audio"];
            let rows = file.row_group(group, &columns)?;
            let (ids, jobs, questions) =
                (strings(&rows, "interview_id"), strings(&rows, "job_id"), strings(&rows, "question_id"));
            let (positions, settled, has_audio) =
                (integers(&rows, "position"), times(&rows, "settled_at"), flags(&rows, "has_audio"));
            let mut begin = 0;
            while begin < rows.num_rows() {
                // The answers of an interview are together, in order, and in one row group.
                let id = ids.value(begin);
                let end = (begin..rows.num_rows()).find(|row| ids.value(*row) != id).unwrap_or(rows.num_rows());
                let answers = begin..end;
                begin = end;
                let job_id = string_at(jobs, answers.start);
                let settled_at = timestamp_at(settled, answers.start);
                let is_selected =
                    selection.has(id, job_id, settled_at) && !tombstones.is_too_old(Age::Audio, settled_at);
                if !answers.clone().any(|row| has_audio.value(row)) || !(is_selected || unpublished.contains(id)) {
                    continue;
                }
                let names = object_names(id, answers.clone().map(|row| string_at(questions, row)));
                for (row, object) in answers.zip(names).filter(|(row, _)| has_audio.value(*row)) {
                    let position = integer_at(positions, row).and_then(|position| u32::try_from(position).ok());
                    let recording = RecordingId { interview: id.to_owned(), position: position.unwrap_or_default() };
                    if known.has(&recording, &object) {
                        continue;
                    }
                    let (archived, was_tried) = match ledger.recording_called(&recording, Some(&object))? {
                        Some(RecordingState::Failed(at)) if at >= began => continue,
                        Some(RecordingState::GivenUp) if selection.interviews.is_empty() => continue,
                        Some(RecordingState::Archived(archived)) => (Some(archived), false),
                        _ if !is_selected => continue,
                        state => (None, state.is_some()),
                    };
                    let question_id = string_at(questions, row).map(str::to_owned);
                    let job_id = job_id.map(str::to_owned);
                    wanted.push(MissingRecording {
                        recording,
                        object,
                        question_id,
                        job_id,
                        settled_at,
                        archived,
                        was_tried,
                    });
                }
            }
        }
        take(ledger, wanted)?;
    }
    Ok(())
}

impl RecordingSelection {
    fn has(&self, id: &str, job: Option<&str>, settled_at: Option<Timestamp>) -> bool {
        (self.interviews.is_empty() || self.interviews.contains(id))
            && (self.jobs.is_empty() || self.jobs.iter().any(|wanted| job == Some(wanted)))
            && settled_since(settled_at, self.from)
    }
}

/// Whether an interview settled at a time or later.
pub fn settled_since(settled_at: Option<Timestamp>, from: Option<Timestamp>) -> bool {
    from.is_none_or(|from| settled_at.is_some_and(|at| at >= from))
}

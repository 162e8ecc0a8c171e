//! The table `audio`, which lists what is archived.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use jiff::Timestamp;

use super::missing::{MissingRecording, PublishedRecordings, RecordingSelection, each_missing};
use crate::lake::log::CommitKind;
use crate::lake::publish::Staging;
use crate::lake::row_groups::{InterviewSize, row_groups};
use crate::lake::{Lake, crash, rows, schema};
use crate::ledger::{ArchivedRecording, Change, Ledger};
use crate::model::Result;

/// A row of the table.
type AudioRow<'a> = (&'a MissingRecording, &'a ArchivedRecording);

/// Publishes the archived recordings that only the ledger knows.
///
/// # Errors
/// When the lake or the ledger cannot be read or written.
pub fn publish_archived(lake: &Lake, ledger: &mut Ledger) -> Result<()> {
    let none = RecordingSelection { from: Some(Timestamp::MAX), ..RecordingSelection::default() };
    let mut unpublished = Vec::new();
    each_missing(lake, ledger, &none, Timestamp::now(), &PublishedRecordings::read(lake)?, &mut |_, wanted| {
        unpublished.extend(wanted);
        Ok(())
    })?;
    publish(lake, ledger, &unpublished)
}

/// Publishes the archived ones among some recordings as one batch, and then makes the ledger forget them. A crash in
/// between leaves them in both, which does no harm, because readers ask the table first.
///
/// # Errors
/// When the lake or the ledger cannot be written.
pub fn publish(lake: &Lake, ledger: &mut Ledger, recordings: &[MissingRecording]) -> Result<()> {
    let mut months: BTreeMap<String, Vec<AudioRow<'_>>> = BTreeMap::new();
    for wanted in recordings {
        if let Some(archived) = &wanted.archived {
            months.entry(wanted.month()).or_default().push((wanted, archived));
        }
    }
    if months.is_empty() {
        return Ok(());
    }
    let mut staging = Staging::begin(lake, ledger, CommitKind::Audio)?;
    for (month, rows) in &mut months {
        rows.sort_by(|(a, _), (b, _)| (&a.job_id, &a.recording).cmp(&(&b.job_id, &b.recording)));
        let of_interview = rows.chunk_by(|(a, _), (b, _)| a.recording.interview == b.recording.interview);
        let groups = row_groups(of_interview.map(|rows| InterviewSize { rows: rows.len(), transcript_bytes: 0 }));
        staging.write(&schema::AUDIO, month, groups.map(|group| batch(&rows[group.rows])))?;
    }
    staging.publish(ledger, Change::default())?;
    crash::point("audio-published");
    ledger.forget_recordings(months.values().flatten().map(|(wanted, _)| &wanted.recording))
}

fn batch(rows: &[AudioRow<'_>]) -> RecordBatch {
    rows::batch(
        &schema::AUDIO,
        vec![
            rows::strings(rows.iter().map(|(wanted, _)| Some(wanted.recording.interview.as_str()))),
            rows::integers(rows.iter().map(|(wanted, _)| Some(wanted.recording.position.into()))),
            rows::strings(rows.iter().map(|(wanted, _)| wanted.job_id.as_deref())),
            rows::times(rows.iter().map(|(wanted, _)| wanted.settled_at)),
            rows::strings(rows.iter().map(|(wanted, _)| wanted.question_id.as_deref())),
            rows::strings(rows.iter().map(|(_, archived)| Some(archived.object.as_str()))),
            rows::integers(rows.iter().map(|(_, archived)| i64::try_from(archived.bytes).ok())),
            rows::strings(rows.iter().map(|(_, archived)| Some(archived.sha256.as_str()))),
            rows::strings(rows.iter().map(|(_, archived)| archived.content_type.as_deref())),
            rows::times(rows.iter().map(|(_, archived)| Some(archived.at))),
        ],
    )
}

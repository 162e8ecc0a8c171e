//! The table `audio`: what is archived.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;
use jiff::Timestamp;

use super::missing::{Known, Selection, Wanted, each};
use crate::lake::publish::Staging;
use crate::lake::row_groups::{InterviewSize, row_groups};
use crate::lake::{Lake, crash, rows, schema};
use crate::ledger::{Archived, Ledger};
use crate::model::Result;

/// A row of the table.
type Row<'a> = (&'a Wanted, &'a Archived);

/// Publishes the recordings that are archived and only the ledger knows.
///
/// # Errors
/// When the lake or the ledger cannot be read or written.
pub fn publish_archived(lake: &Lake, ledger: &mut Ledger) -> Result<()> {
    let none = Selection { from: Some(Timestamp::MAX), ..Selection::default() };
    let mut unpublished = Vec::new();
    each(lake, ledger, &none, Timestamp::now(), &Known::read(lake)?, &mut |_, wanted| {
        unpublished.extend(wanted);
        Ok(())
    })?;
    publish(lake, ledger, &unpublished)
}

/// Publishes those recordings that are archived as one batch; the ledger then forgets them. A crash in between leaves them
/// in both, which who asks the table first does not notice.
///
/// # Errors
/// When the lake or the ledger cannot be written.
pub fn publish(lake: &Lake, ledger: &mut Ledger, recordings: &[Wanted]) -> Result<()> {
    let mut months: BTreeMap<String, Vec<Row<'_>>> = BTreeMap::new();
    for wanted in recordings {
        if let Some(archived) = &wanted.archived {
            months.entry(wanted.month()).or_default().push((wanted, archived));
        }
    }
    if months.is_empty() {
        return Ok(());
    }
    let mut staging = Staging::begin(lake, ledger)?;
    for (month, rows) in &mut months {
        rows.sort_by(|(a, _), (b, _)| (&a.job_id, &a.recording).cmp(&(&b.job_id, &b.recording)));
        let of_interview = rows.chunk_by(|(a, _), (b, _)| a.recording.interview == b.recording.interview);
        let groups = row_groups(of_interview.map(|rows| InterviewSize { rows: rows.len(), transcript_bytes: 0 }));
        staging.write(&schema::AUDIO, month, groups.map(|group| batch(&rows[group.rows])))?;
    }
    staging.publish(ledger, &[], &[])?;
    crash::point("audio-published");
    ledger.forget_recordings(months.values().flatten().map(|(wanted, _)| &wanted.recording))
}

fn batch(rows: &[Row<'_>]) -> RecordBatch {
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

//! The table `audio`: what is archived.

use std::collections::BTreeMap;

use arrow::array::RecordBatch;

use super::missing::Wanted;
use crate::lake::publish::Staging;
use crate::lake::write::ROW_GROUP_ROWS;
use crate::lake::{Lake, crash, rows, schema};
use crate::ledger::{Archived, Ledger};
use crate::model::Result;

/// Publishes recordings that are archived as one batch; the ledger then forgets them. A crash in between leaves them in
/// both, which who asks the table first does not notice.
///
/// # Errors
/// When the lake or the ledger cannot be written.
pub fn publish(lake: &Lake, ledger: &mut Ledger, archived: &[(Wanted, Archived)]) -> Result<()> {
    if archived.is_empty() {
        return Ok(());
    }
    let mut months: BTreeMap<String, Vec<&(Wanted, Archived)>> = BTreeMap::new();
    for one in archived {
        months.entry(one.0.month()).or_default().push(one);
    }
    let mut staging = Staging::begin(lake, ledger)?;
    for (month, mut rows) in months {
        rows.sort_by(|(a, _), (b, _)| (&a.job_id, &a.recording).cmp(&(&b.job_id, &b.recording)));
        staging.write(&schema::AUDIO, &month, rows.chunks(ROW_GROUP_ROWS).map(batch))?;
    }
    staging.publish(ledger, &[], &[])?;
    crash::point("audio-published");
    ledger.forget_recordings(archived.iter().map(|(wanted, _)| &wanted.recording))
}

fn batch(rows: &[&(Wanted, Archived)]) -> RecordBatch {
    let all = || rows.iter().map(|(wanted, archived)| (wanted, archived));
    rows::batch(
        &schema::AUDIO,
        vec![
            rows::strings(all().map(|(wanted, _)| Some(wanted.recording.interview.as_str()))),
            rows::integers(all().map(|(wanted, _)| Some(wanted.recording.position.into()))),
            rows::strings(all().map(|(wanted, _)| wanted.job_id.as_deref())),
            rows::times(all().map(|(wanted, _)| wanted.settled_at)),
            rows::strings(all().map(|(wanted, _)| wanted.question_id.as_deref())),
            rows::strings(all().map(|(_, archived)| Some(archived.object.as_str()))),
            rows::integers(all().map(|(_, archived)| i64::try_from(archived.bytes).ok())),
            rows::strings(all().map(|(_, archived)| Some(archived.sha256.as_str()))),
            rows::strings(all().map(|(_, archived)| archived.content_type.as_deref())),
            rows::times(all().map(|(_, archived)| Some(archived.at))),
        ],
    )
}

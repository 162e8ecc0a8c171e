//! What a run found, counted from the files that it has published.

use std::collections::HashSet;
use std::path::Path;

use arrow::array::Array;
use arrow::datatypes::DataType;

use super::night::Night;
use crate::lake::Lake;
use crate::lake::read::{ParquetFile, float_at, floats, string_at, strings, views};
use crate::lake::schema::{INTERVIEWS, RESPONSES, Table};
use crate::model::{Result, Status, Via};

/// Counts the interviews that settled in batches from this one on. A batch is named by its time; files that were replaced
/// keep their names, so what was known before does not count again.
///
/// # Errors
/// When the lake cannot be read.
pub fn since(lake: &Lake, batch: &str) -> Result<Night> {
    let mut night = Night::default();
    let mut completed = HashSet::new();
    for path in files(lake, &INTERVIEWS, batch)? {
        let rows = ParquetFile::open(path.as_ref())?.all(&["interview_id", "status", "job_id", "first_seen_via"])?;
        let text = |name: &str| strings(&rows, name);
        let (ids, statuses, jobs, vias) =
            (text("interview_id"), text("status"), text("job_id"), text("first_seen_via"));
        for row in 0..rows.num_rows() {
            if statuses.value(row) != Status::Completed.as_str() {
                night.expired += 1;
                continue;
            }
            night.completed += 1;
            night.by_event += u64::from(vias.value(row) == Via::Webhook.as_str());
            if let Some(job) = string_at(jobs, row) {
                *night.completed_by_job.entry(job.to_owned()).or_default() += 1;
            }
            completed.insert(ids.value(row).to_owned());
        }
    }
    let mut durations = Vec::new();
    for path in files(lake, &RESPONSES, batch)? {
        add_answers(path.as_ref(), &completed, &mut night, &mut durations)?;
    }
    durations.sort_by(f64::total_cmp);
    night.median_duration_seconds = durations.get(durations.len() / 2).copied();
    Ok(night)
}

/// The files of a table whose batch is this one, or a later one.
fn files(lake: &Lake, table: &Table, batch: &str) -> Result<Vec<impl AsRef<Path>>> {
    let is_later = |path: &Path| path.file_stem().is_some_and(|name| name.to_string_lossy().as_ref() >= batch);
    Ok(lake.files(table)?.into_iter().filter(|path| is_later(path.as_ref())).collect())
}

fn add_answers(path: &Path, completed: &HashSet<String>, night: &mut Night, durations: &mut Vec<f64>) -> Result<()> {
    // Views of the transcripts are enough to know which are there.
    let file = ParquetFile::open_as(path, &[("transcript", DataType::Utf8View)])?;
    for group in 0..file.row_groups() {
        let rows = file.row_group(group, &["interview_id", "question_type", "transcript", "duration_seconds"])?;
        let (ids, types) = (strings(&rows, "interview_id"), strings(&rows, "question_type"));
        let (transcripts, seconds) = (views(&rows, "transcript"), floats(&rows, "duration_seconds"));
        for row in (0..rows.num_rows()).filter(|row| completed.contains(ids.value(*row))) {
            night.answers += 1;
            night.without_transcript += u64::from(transcripts.is_null(row));
            match float_at(seconds, row) {
                Some(seconds) => durations.push(seconds),
                None => night.without_duration += 1,
            }
            if let Some(question_type) = string_at(types, row) {
                *night.answers_by_type.entry(question_type.to_owned()).or_default() += 1;
            }
        }
    }
    Ok(())
}

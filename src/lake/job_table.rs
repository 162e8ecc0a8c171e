//! The table of jobs: one file, counted from the tables of interviews and replaced by each batch that changes them. Its
//! metadata says of which files it was counted, so that it is known without reading them whether it is right.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use sha2::{Digest, Sha256};

use super::job_tally::{JobTally, Jobs, LakeJob, add, count_all};
use super::log::Version;
use super::places::Lake;
use super::read::ParquetFile;
use super::rows;
use super::schema::{INTERVIEWS, JOBS, OPEN_INTERVIEWS, SCHEMA, SCHEMA_VERSION, SOURCE_SHA256};
use crate::ledger::LiveFile;
use crate::model::{Result, Status};

/// The path of the one file of `jobs`, relative to the lake.
#[must_use]
pub fn jobs_path() -> String {
    format!("{0}/{0}.parquet", JOBS.name)
}

/// Whether jobs are counted from a table.
#[must_use]
pub fn is_counted(table: &str) -> bool {
    [INTERVIEWS.name, OPEN_INTERVIEWS.name].contains(&table)
}

/// The SHA-256 of the paths and hashes of the files that jobs are counted from.
pub fn source_of<'a>(files: impl Iterator<Item = &'a LiveFile>) -> String {
    let counted: BTreeMap<&str, &str> =
        files.filter(|file| is_counted(&file.table)).map(|file| (&*file.path, &*file.sha256)).collect();
    let mut hash = Sha256::new();
    for (path, sha256) in counted {
        hash.update(format!("{path} {sha256}\n"));
    }
    hex::encode(hash.finalize())
}

/// Counts the jobs of files, each with the place where it is.
///
/// # Errors
/// When one cannot be read.
pub fn count(tally: &mut JobTally, files: &[(&LiveFile, PathBuf)]) -> Result<Jobs> {
    let (open, settled): (Vec<_>, Vec<_>) =
        files.iter().cloned().partition(|(file, _)| file.table == OPEN_INTERVIEWS.name);
    let mut jobs = tally.of(&settled)?;
    add(&mut jobs, count_all(&open.iter().map(|(_, path)| path.as_path()).collect::<Vec<_>>())?);
    Ok(jobs)
}

/// The rows of the table.
#[must_use]
pub fn rows_of(jobs: &Jobs) -> RecordBatch {
    const KNOWN: [Status; 4] = [Status::Completed, Status::Expired, Status::Invited, Status::InProgress];
    let text = |get: fn(&LakeJob) -> Option<&str>| rows::strings(jobs.values().map(get));
    let of_status = |job: &LakeJob, status: &Status| job.statuses.get(status.as_str()).copied().unwrap_or_default();
    let counts = |count: &dyn Fn(&LakeJob) -> u64| {
        rows::integers(jobs.values().map(|job| Some(i64::try_from(count(job)).expect("fewer than 2^63 interviews"))))
    };
    let [completed, expired, invited, in_progress] = KNOWN.map(|status| counts(&|job| of_status(job, &status)));
    let other = counts(&|job| {
        job.statuses.values().sum::<u64>() - KNOWN.iter().map(|status| of_status(job, status)).sum::<u64>()
    });
    rows::batch(
        &JOBS,
        vec![
            text(|job| job.id.as_deref()),
            text(|job| job.title.as_deref()),
            text(|job| job.department.as_deref()),
            rows::times(jobs.values().map(|job| job.first_seen_at)),
            rows::times(jobs.values().map(|job| job.last_seen_at)),
            completed,
            expired,
            invited,
            in_progress,
            other,
        ],
    )
}

/// Whether the table is there and counted from the files of a version. One without interviews needs none.
#[must_use]
pub fn is_current(lake: &Lake, version: &Version) -> bool {
    let Some(file) = version.file(&jobs_path()) else {
        return version.files().all(|file| !is_counted(&file.table));
    };
    let path = lake.root().join(&file.path);
    let is_whole = fs::metadata(&path).is_ok_and(|there| there.len() == file.bytes);
    is_whole && ParquetFile::open(&path).is_ok_and(|file| is_of(&file, version))
}

/// What is wrong with the table, as rows of a version's files have it.
#[must_use]
pub fn difference(lake: &Lake, version: &Version, table: &ParquetFile) -> Option<&'static str> {
    if !is_of(table, version) {
        return Some("it was made from other bytes than the lake has now");
    }
    let files: Vec<PathBuf> =
        version.files().filter(|file| is_counted(&file.table)).map(|file| lake.root().join(&file.path)).collect();
    // Files that cannot be read are found by themselves.
    let jobs = count_all(&files.iter().map(AsRef::<Path>::as_ref).collect::<Vec<_>>()).ok()?;
    let rows = table.all(&JOBS.column_names()).ok().and_then(|rows| JOBS.conform(&rows).ok());
    (rows? != rows_of(&jobs)).then_some("its rows are not what the interviews tell")
}

fn is_of(table: &ParquetFile, version: &Version) -> bool {
    table.metadata(SCHEMA) == Some(SCHEMA_VERSION) && table.metadata(SOURCE_SHA256) == Some(&source_of(version.files()))
}

//! Where an export is written: to a file, which appears whole or not at all, or to a stream.

use std::fs;
use std::io::BufWriter;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::plan::Plan;
use super::reader::RowReader;
use super::writer::{ExportSummary, RowWriter, Sink};
use crate::lake::Lake;
use crate::lake::durable::sync;
use crate::lake::outside::real_path;
use crate::model::{Error, Kind, Result, folder_or_here};

/// Where rows are written to.
pub enum Target {
    File(PathBuf),
    Stream(Sink),
}

/// Writes an export. A file appears whole or not at all. `progress` is called with the number of files of the lake that
/// are done, and of all.
///
/// # Errors
/// When the lake cannot be read or was not analysed as the plan needs, the target cannot be written, or there are more
/// rows than a sheet holds.
pub fn export(lake: &Lake, plan: &Plan, target: Target, progress: &dyn Fn(u64, u64)) -> Result<ExportSummary> {
    match target {
        Target::Stream(sink) => write(lake, plan, sink, Path::new("standard output"), progress),
        Target::File(path) => to_file(lake, plan, &path, progress),
    }
}

fn to_file(lake: &Lake, plan: &Plan, path: &Path, progress: &dyn Fn(u64, u64)) -> Result<ExportSummary> {
    // The target of a symbolic link is replaced, and not the link.
    let path = &if path.is_symlink() { real_path(path) } else { path.to_owned() };
    if path.exists() && !path.is_file() {
        return Err(Error::usage(format!("{} is not a file", path.display())));
    }
    let fail = |error: &dyn std::fmt::Display| Error::path("write", path, error);
    let folder = path.parent().map_or(Path::new("."), folder_or_here);
    if !folder.is_dir() {
        return Err(Error::usage(format!("there is no folder {}", folder.display())));
    }
    // As usual for files that a program makes: the user's umask decides who may read it.
    let mode = fs::Permissions::from_mode(0o666);
    let temporary = tempfile::Builder::new().prefix(".roundup-").permissions(mode).tempfile_in(folder);
    let file = temporary.map_err(|error| fail(&error).with_kind(Kind::Usage))?;
    let sink = file.as_file().try_clone().map_err(|error| fail(&error))?;
    let summary = write(lake, plan, Box::new(BufWriter::with_capacity(1 << 20, sink)), path, progress)?;
    file.as_file().sync_all().map_err(|error| fail(&error))?;
    file.persist(path).map_err(|error| fail(&error.error))?;
    sync(folder).map_err(|error| fail(&error))?;
    Ok(summary)
}

fn write(lake: &Lake, plan: &Plan, sink: Sink, name: &Path, progress: &dyn Fn(u64, u64)) -> Result<ExportSummary> {
    let selection = plan.selection.with_job_ids(lake)?;
    let reader = RowReader::new(lake, &plan.what, &selection)?;
    let mut writer = RowWriter::new(plan, &reader.schema(), sink, name)?;
    reader.each_batch(progress, &mut |batch| writer.write(batch))?;
    writer.finish()
}

//! Where an export goes: a file, which appears whole or not at all, or a stream.

use std::fs;
use std::io::BufWriter;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::plan::Plan;
use super::source::Source;
use super::writer::{ExportSummary, Sink, Writer};
use crate::lake::Lake;
use crate::lake::durable::sync;
use crate::lake::outside::real_path;
use crate::model::{Error, Kind, Result, folder_or_here};

/// Where rows go.
pub enum Target {
    File(PathBuf),
    Stream(Sink),
}

/// Writes the rows. A file appears whole, or not at all. `progress` hears how many files of the lake are done, of how
/// many.
///
/// # Errors
/// When the lake cannot be read, was not analysed with what is asked for, the target cannot be written, or a sheet does
/// not hold the rows.
pub fn export(lake: &Lake, plan: &Plan, target: Target, progress: &dyn Fn(u64, u64)) -> Result<ExportSummary> {
    match target {
        Target::Stream(sink) => write(lake, plan, sink, Path::new("standard output"), progress),
        Target::File(path) => to_file(lake, plan, &path, progress),
    }
}

fn to_file(lake: &Lake, plan: &Plan, path: &Path, progress: &dyn Fn(u64, u64)) -> Result<ExportSummary> {
    // What a link points to is replaced, not the link.
    let path = &if path.is_symlink() { real_path(path) } else { path.to_owned() };
    if path.exists() && !path.is_file() {
        return Err(Error::usage(format!("{} is not a file", path.display())));
    }
    let fail = |error: &dyn std::fmt::Display| Error::path("write", path, error);
    let folder = path.parent().map_or(Path::new("."), folder_or_here);
    if !folder.is_dir() {
        return Err(Error::usage(format!("there is no folder {}", folder.display())));
    }
    // As any file that a program makes: who may read it is for the user's umask to say.
    let mode = fs::Permissions::from_mode(0o666);
    let beside = tempfile::Builder::new().prefix(".roundup-").permissions(mode).tempfile_in(folder);
    let file = beside.map_err(|error| fail(&error).with_kind(Kind::Usage))?;
    let sink = file.as_file().try_clone().map_err(|error| fail(&error))?;
    let summary = write(lake, plan, Box::new(BufWriter::with_capacity(1 << 20, sink)), path, progress)?;
    file.as_file().sync_all().map_err(|error| fail(&error))?;
    file.persist(path).map_err(|error| fail(&error.error))?;
    sync(folder).map_err(|error| fail(&error))?;
    Ok(summary)
}

fn write(lake: &Lake, plan: &Plan, sink: Sink, name: &Path, progress: &dyn Fn(u64, u64)) -> Result<ExportSummary> {
    let source = Source::new(lake, &plan.what, &plan.selection)?;
    let mut writer = Writer::new(plan, &source.schema(), sink, name)?;
    source.each_batch(progress, &mut |batch| writer.write(batch))?;
    writer.finish()
}

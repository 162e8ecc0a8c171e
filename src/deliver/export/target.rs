//! Where an export is written: to a file, which appears whole or not at all, to what is no file, or to a stream.

use std::fs::OpenOptions;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use super::place::{Place, is_stdout};
use super::plan::Plan;
use super::reader::RowReader;
use super::writer::{ExportSummary, RowWriter, Sink};
use crate::lake::durable::sync;
use crate::lake::{Lake, crash, unfinished};
use crate::model::{Error, Kind, Result, folder_or_here};

/// Bytes that are written at once.
const BUFFER: usize = 1 << 20;

/// Where rows are written to.
pub enum Target {
    File(PathBuf),
    Stream(Sink),
}

/// Writes an export. A file appears whole or not at all; what is at the path and is no file is written straight. `progress` is called with the number of files of the lake that
/// are done, and of all.
///
/// # Errors
/// When the lake cannot be read or was not analysed as the plan needs, the target cannot be written, or there are more
/// rows than a sheet holds.
pub fn export(lake: &Lake, plan: &Plan, target: Target, progress: &dyn Fn(u64, u64)) -> Result<ExportSummary> {
    match target {
        Target::Stream(sink) => write(lake, plan, sink, Path::new("standard output"), progress),
        Target::File(path) => match Place::of(&path) {
            Place::File(path) => to_file(lake, plan, &path, progress),
            Place::Straight(path) => straight(lake, plan, &path, progress),
        },
    }
}

fn to_file(lake: &Lake, plan: &Plan, path: &Path, progress: &dyn Fn(u64, u64)) -> Result<ExportSummary> {
    let fail = |error: io::Error| Error::path("write", path, error);
    if path.is_dir() {
        return Err(Error::usage(format!("{} is not a file", path.display())));
    }
    let folder = path.parent().map_or(Path::new("."), folder_or_here);
    if !folder.is_dir() {
        return Err(Error::usage(format!("there is no folder {}", folder.display())));
    }
    let file = unfinished::begin(folder).map_err(|error| fail(error).with_kind(Kind::Usage))?;
    let sink = file.as_file().try_clone().map_err(fail)?;
    let summary = write(lake, plan, Box::new(BufWriter::with_capacity(BUFFER, sink)), path, progress)?;
    crash::point("export-written");
    unfinished::finish(file, path).and_then(|()| sync(folder)).map_err(fail)?;
    Ok(summary)
}

/// Writes to what is there, after what it holds already.
fn straight(lake: &Lake, plan: &Plan, path: &Path, progress: &dyn Fn(u64, u64)) -> Result<ExportSummary> {
    let fail = |error: io::Error| Error::path("write", path, error);
    // Opened anew, standard output would begin at its own beginning, or could not be opened, being a socket.
    let sink: Sink = if is_stdout(path).map_err(fail)? {
        Box::new(BufWriter::with_capacity(BUFFER, io::stdout()))
    } else {
        let file = OpenOptions::new().append(true).open(path).map_err(|error| fail(error).with_kind(Kind::Usage))?;
        Box::new(BufWriter::with_capacity(BUFFER, file))
    };
    write(lake, plan, sink, path, progress)
}

fn write(lake: &Lake, plan: &Plan, sink: Sink, name: &Path, progress: &dyn Fn(u64, u64)) -> Result<ExportSummary> {
    let selection = plan.selection.with_job_ids(lake)?;
    let reader = RowReader::new(lake, &plan.what, &selection)?;
    let mut writer = RowWriter::new(plan, &reader.schema(), sink, name)?;
    reader.each_batch(progress, &mut |batch| writer.write(batch))?;
    writer.finish()
}

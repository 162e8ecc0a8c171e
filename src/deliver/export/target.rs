//! Where an export is written: to a file, which appears whole or not at all, to what is no file, or to a stream.

use std::env;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use arrow::datatypes::SchemaRef;

use super::batches::OnBatch;
use super::place::Place;
use super::plan::Plan;
use super::reader::RowReader;
use super::writer::{ExportSummary, RowWriter, Sink};
use crate::lake::durable::sync;
use crate::lake::temporary::TemporaryFolder;
use crate::lake::{Lake, crash};
use crate::model::{Error, Kind, Result, folder_or_here};
use crate::pipeline::ExportFormat;

/// Bytes that are written at once.
const BUFFER: usize = 1 << 20;
/// How the names of temporary folders begin.
const TEMPORARY: &str = ".roundup-";
/// The name of the export in its temporary folder.
const UNFINISHED: &str = "export";

/// Where rows are written to.
pub enum Target {
    File(PathBuf),
    Stream(Sink),
}

/// Writes an export. A file appears whole or not at all. What is at the path and is no file is written straight.
/// `progress` is called with the number of files of the lake that are done, and of all.
///
/// # Errors
/// When the lake cannot be read or was not analysed as the plan needs, the target cannot be written, or there are more
/// rows than a sheet holds.
pub fn export(lake: &Lake, plan: &Plan, target: Target, progress: &dyn Fn(u64, u64)) -> Result<ExportSummary> {
    to(target, &mut |sink, name, folder| {
        let selection = plan.selection.with_job_ids(lake)?;
        let reader = RowReader::new(lake, &plan.what, &selection)?;
        let mut writer = RowWriter::new(plan.format, plan.raw, &reader.schema(), sink, name, folder)?;
        reader.each_batch(progress, &mut |batch| writer.write(batch))?;
        writer.finish()
    })
}

/// Writes rows that are made elsewhere, as an export is written. `rows` is called once, with what takes each batch.
///
/// # Errors
/// When the target cannot be written, there are more rows than a sheet holds, or `rows` fails.
pub fn write_rows(
    target: Target,
    format: ExportFormat,
    schema: &SchemaRef,
    rows: &mut dyn FnMut(OnBatch) -> Result<()>,
) -> Result<ExportSummary> {
    to(target, &mut |sink, name, folder| {
        let mut writer = RowWriter::new(format, false, schema, sink, name, folder)?;
        rows(&mut |batch| writer.write(batch))?;
        writer.finish()
    })
}

/// Writes to a sink of this name, with temporary files in a folder.
type Write<'a> = &'a mut dyn FnMut(Sink, &Path, &Path) -> Result<ExportSummary>;

fn to(target: Target, write: Write) -> Result<ExportSummary> {
    match target {
        Target::Stream(sink) => write(sink, Path::new("standard output"), &env::temp_dir()),
        Target::File(path) => match Place::of(&path) {
            Place::File(path) => to_file(&path, write),
            Place::Straight => {
                // After what is there already.
                let file = OpenOptions::new().append(true).open(&path);
                let file = file.map_err(|error| Error::path("write", &path, error).with_kind(Kind::Usage))?;
                write(Box::new(BufWriter::with_capacity(BUFFER, file)), &path, &env::temp_dir())
            }
            // Opened anew, it would be written from its beginning, or could not be opened, being a socket.
            Place::Stdout => write(Box::new(BufWriter::with_capacity(BUFFER, io::stdout())), &path, &env::temp_dir()),
        },
    }
}

fn to_file(path: &Path, write: Write) -> Result<ExportSummary> {
    if path.is_dir() {
        return Err(Error::usage(format!("{} is not a file", path.display())));
    }
    let folder = path.parent().map_or(Path::new("."), folder_or_here);
    if !folder.is_dir() {
        return Err(Error::usage(format!("there is no folder {}", folder.display())));
    }
    clear_abandoned(folder);
    let fail = |error: io::Error| Error::path("write", path, error);
    let temporary = TemporaryFolder::new(folder, TEMPORARY).map_err(|error| fail(error).with_kind(Kind::Usage))?;
    let written = (|| {
        let unfinished = temporary.path().join(UNFINISHED);
        let file = File::create(&unfinished).map_err(fail)?;
        let sink = BufWriter::with_capacity(BUFFER, file.try_clone().map_err(fail)?);
        let summary = write(Box::new(sink), path, temporary.path())?;
        crash::point("export-written");
        file.sync_all().and_then(|()| fs::rename(&unfinished, path)).and_then(|()| sync(folder)).map_err(fail)?;
        Ok(summary)
    })();
    clear(temporary);
    written
}

/// Clears what killed exports left in a folder.
fn clear_abandoned(folder: &Path) {
    let is_own = |name: &str| (name == TEMPORARY).then_some(());
    // A folder that cannot be listed can still be written.
    for (temporary, ()) in TemporaryFolder::abandoned(folder, is_own).into_iter().flatten() {
        clear(temporary);
    }
}

/// Removes a temporary folder, or leaves it to the next export. What others put into it stays.
fn clear(temporary: TemporaryFolder) {
    let _is_gone = fs::remove_file(temporary.path().join(UNFINISHED));
    let _is_left = temporary.remove();
}

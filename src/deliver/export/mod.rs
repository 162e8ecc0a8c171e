//! Export: rows of the lake as CSV, JSON Lines, Parquet or a spreadsheet, filtered, batch by batch, so that a million
//! rows take no more memory than a few thousand.

mod analysis;
mod cells;
mod sheet;
mod source;
mod writer;

use std::fs;
use std::io::{BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::keywords::KeywordSet;
use crate::lake::Lake;
use crate::lake::durable::sync;
use crate::lake::outside::real_path;
use crate::model::{Error, Kind, Result};
pub use crate::pipeline::ExportFormat as Format;
use source::Source;
use writer::Writer;

/// What a row is.
pub enum What {
    /// An interview, settled or open: the columns of `interviews`.
    Interviews,
    /// An answer, transcript included: the columns of `responses`.
    Responses,
    /// A settled interview with its figures under the names of the vendor's sample, and for each term of the set the
    /// number of answers in which it occurs.
    Analysis {
        set: KeywordSet,
        /// The set as `roundup analyze --keywords` is told of it.
        reference: String,
    },
}

/// Which interviews.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Ids of jobs; all if empty.
    pub jobs: Vec<String>,
    /// Statuses, in the vendor's words; all if empty.
    pub statuses: Vec<String>,
    /// The first instant of `settled_at`, in microseconds since 1970.
    pub from: Option<i64>,
    /// The first that is no longer wanted.
    pub until: Option<i64>,
}

pub struct Plan {
    pub what: What,
    pub format: Format,
    pub selection: Selection,
    /// CSV as the rows are stored: no byte-order mark, and no apostrophe before what could be a formula.
    pub raw: bool,
}

/// Where rows go.
pub enum Target {
    File(PathBuf),
    Stream(Box<dyn Write + Send>),
}

/// What an export did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    pub rows: u64,
    /// Texts that a cell of a spreadsheet could not hold whole.
    pub cut: u64,
}

/// Writes the rows. A file appears whole, or not at all. `progress` hears how many files of the lake are done, of how
/// many.
///
/// # Errors
/// When the lake cannot be read, was not analysed with what is asked for, the target cannot be written, or a sheet does
/// not hold the rows.
pub fn export(lake: &Lake, plan: &Plan, target: Target, progress: &dyn Fn(u64, u64)) -> Result<Summary> {
    match target {
        Target::Stream(sink) => write(lake, plan, sink, Path::new("standard output"), progress),
        Target::File(path) => to_file(lake, plan, &path, progress),
    }
}

fn to_file(lake: &Lake, plan: &Plan, path: &Path, progress: &dyn Fn(u64, u64)) -> Result<Summary> {
    // What a link points to is replaced, not the link.
    let path = &if path.is_symlink() { real_path(path) } else { path.to_owned() };
    if path.exists() && !path.is_file() {
        return Err(Error::usage(format!("{} is not a file", path.display())));
    }
    let fail = |error: &dyn std::fmt::Display| Error::path("write", path, error);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
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

fn write(
    lake: &Lake,
    plan: &Plan,
    sink: Box<dyn Write + Send>,
    name: &Path,
    progress: &dyn Fn(u64, u64),
) -> Result<Summary> {
    let source = Source::new(lake, &plan.what, &plan.selection)?;
    let mut writer = Writer::new(plan, &source.schema(), sink, name)?;
    source.each_batch(progress, &mut |batch| writer.write(batch))?;
    writer.finish()
}

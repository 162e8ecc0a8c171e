//! The analysis in units of work: what there is to do, doing some of it, and taking what was made into the lake.

use std::fs;
use std::io::{self, Read};
use std::path::{self, Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;
use serde::Serialize;

use crate::analyze::AnalyzeRequest;
use crate::analyze::work::{self, CollectSummary, Shelf, Unit, UnitResult, read_lines};
use crate::commands::session::runtime;
use crate::commands::terminal::{self, AnalyzeFlags, DONE, DataFormat, FINISHED_WITH_LOSSES, said};
use crate::lake::Lake;
use crate::lake::read::ParquetFile;
use crate::ledger::{Ledger, LiveFile};
use crate::mirror::MirrorReader;
use crate::model::{Done, Error, Result, is_address};
use crate::objects::{Objects, Places, address_of};

/// Prints the units of work, a line each.
///
/// # Errors
/// When the lake cannot be read.
pub fn list(lake: &Lake, request: &AnalyzeRequest<'_>, flags: &AnalyzeFlags) -> Result<u8> {
    let version = lake.version()?.ok_or_else(|| {
        let message = format!("the lake at {} has no log yet", lake.root().display());
        Error::failed(message).hint("the next command that writes to it makes one")
    })?;
    let out = out_of(flags.outputs.clone().unwrap_or_else(|| lake.work_folder()));
    terminal::data(&work::list(&version, request, lake, &out).iter().map(line).collect::<String>())?;
    Ok(DONE)
}

/// Prints the units of work of a mirror, a line each. Workers read it, and write below `--outputs`.
///
/// # Errors
/// When the mirror cannot be read, and a usage error when it is not said where workers write.
pub fn list_mirror(address: &str, request: &AnalyzeRequest<'_>, flags: &AnalyzeFlags) -> Result<u8> {
    let Some(out) = &flags.outputs else {
        let error = Error::usage("workers do not write into a mirror");
        return Err(error.hint("say with --outputs where they do: an address that all machines can write to"));
    };
    let address = address_of("the mirror", address)?;
    let runtime = runtime()?;
    let objects = Objects::open("the mirror", &address, runtime.handle().clone())?;
    let mirror = MirrorReader::open(&objects)?;
    let units = work::list(&mirror.version, request, &MirrorShelf(&mirror), &out_of(out.clone()));
    terminal::data(&units.iter().map(line).collect::<String>())?;
    Ok(DONE)
}

/// The path or address that workers write below, as it is in any folder that they work in.
fn out_of(outputs: PathBuf) -> String {
    let is_elsewhere = outputs.to_str().is_some_and(is_address);
    let out = if is_elsewhere { outputs } else { path::absolute(&outputs).map_or(outputs, without_parents) };
    out.display().to_string().trim_end_matches('/').to_owned()
}

/// A path without `..`, if the folders before it are there. Links are followed that far and no further: the rest may be
/// called otherwise on other machines.
fn without_parents(path: PathBuf) -> PathBuf {
    let parts: Vec<Component<'_>> = path.components().collect();
    let Some(last) = parts.iter().rposition(|part| *part == Component::ParentDir) else { return path };
    let (before, after) = parts.split_at(last + 1);
    match before.iter().collect::<PathBuf>().canonicalize() {
        Ok(before) => before.components().chain(after.iter().copied()).collect(),
        Err(_) => path,
    }
}

/// The files of a mirror.
struct MirrorShelf<'m>(&'m MirrorReader<'m>);

impl Shelf for MirrorShelf<'_> {
    fn address(&self, file: &LiveFile) -> String {
        self.0.address(file)
    }

    fn derived(&self, file: &LiveFile) -> Option<ParquetFile> {
        self.0.footer(file).ok().filter(|_| self.0.has(&file.table))
    }
}

/// Does the units in a file, and prints a line for each as it ends.
///
/// # Errors
/// When the file cannot be read, or nothing can be printed.
pub fn make(file: &Path, request: &AnalyzeRequest<'_>) -> Result<u8> {
    let units: Vec<Unit> = read(file)?;
    let runtime = runtime()?;
    let places = Places::new(runtime.handle().clone());
    let prefilter = request.prefilter();
    let failed = AtomicU64::new(0);
    units.par_iter().try_for_each(|unit| {
        let result = work::make(unit, request, &prefilter, &places).unwrap_or_else(|error| {
            failed.fetch_add(1, Ordering::Relaxed);
            terminal::error(&error);
            UnitResult::failed(unit, &error)
        });
        terminal::data(&line(&result))
    })?;
    Ok(if failed.into_inner() > 0 { FINISHED_WITH_LOSSES } else { DONE })
}

/// Takes what units have made into the lake. Returns whether any of them failed.
///
/// # Errors
/// When the file cannot be read, or the lake cannot be written.
pub fn collect(file: &Path, lake: &Lake, ledger: &mut Ledger, format: DataFormat, quiet: bool) -> Result<bool> {
    let results: Vec<UnitResult> = read(file)?;
    let runtime = runtime()?;
    let places = Places::new(runtime.handle().clone());
    let Done { summary, errors } = work::collect(lake, ledger, &results, &places)?;
    errors.iter().for_each(terminal::error);
    said(format, &summary, &if quiet { String::new() } else { on_screen(&summary) })?;
    Ok(summary.failed > 0)
}

fn on_screen(summary: &CollectSummary) -> String {
    let CollectSummary { collected, fresh, superseded, failed } = summary;
    let files = |count: &u64| terminal::counted(*count, "file", "files");
    let mut text = format!("collected  {}, {fresh} were there already\n", files(collected));
    if *superseded > 0 {
        text += &format!("left out   {}: their answers have changed since; list the work again\n", files(superseded));
    }
    if *failed > 0 {
        text +=
            &format!("failed     {}: see above; list the work again\n", terminal::counted(*failed, "unit", "units"));
    }
    text
}

fn read<T: serde::de::DeserializeOwned>(file: &Path) -> Result<Vec<T>> {
    let fail = |error: io::Error| Error::usage(format!("cannot read {}: {error}", file.display()));
    if file == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map_err(fail)?;
        return read_lines(&text, "standard input");
    }
    read_lines(&fs::read_to_string(file).map_err(fail)?, &file.display().to_string())
}

fn line(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("plain data") + "\n"
}

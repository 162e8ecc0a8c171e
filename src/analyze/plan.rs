//! Decides which derived files are missing or stale, and makes them.
//!
//! A derived file has the month and name of the file it was made from. Its metadata says from which bytes and under
//! which definitions it was made; it is made again only when one of these has changed. Row group N of figures of
//! answers and of keyword hits comes from row group N of the answers. Row group N of figures of interviews comes from
//! row group N of the interviews. All stale files of one batch are made in one pass over its answers.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::{fs, mem, thread};

use rayon::prelude::*;
use serde::Serialize;

use super::batch::{Batch, BatchResult};
use super::derived::{DerivedFile, DerivedKind, StagedFile, StaleReason};
use super::request::AnalyzeRequest;
use super::summary::AnalyzeSummary;
use crate::lake::Lake;
use crate::lake::place::{live_file, replace_derived};
use crate::lake::publish::commit_derived;
use crate::lake::read::ParquetFile;
use crate::lake::schema::{self, is_source};
use crate::ledger::{Ledger, LiveFile};
use crate::model::{Error, Kind, Result};

/// The derived files that an analysis will make.
pub struct Plan<'a> {
    request: AnalyzeRequest<'a>,
    batches: Vec<Batch<'a>>,
    /// Files that are up to date and not in the log as they are: an analysis that was killed had made them.
    uncommitted: Vec<(&'static str, PathBuf)>,
    /// Paths of derived files that are in the log, and were deleted.
    deleted: Vec<String>,
    /// The numbers of fresh and stale files of each kind, for `--explain`.
    pub parts: Vec<PlannedFiles>,
}

/// The derived files of one kind: those of a table or, for keyword hits, of one set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlannedFiles {
    pub table: &'static str,
    /// The keyword set, for a table of keyword hits.
    pub set: Option<String>,
    /// Number of files that are up to date.
    pub fresh: u64,
    /// Number of files to make, by reason.
    pub made: BTreeMap<StaleReason, u64>,
}

impl<'a> Plan<'a> {
    /// Compares the derived files in the lake with the request.
    ///
    /// # Errors
    /// When the lake cannot be read.
    pub fn new(lake: &Lake, request: AnalyzeRequest<'a>) -> Result<Self> {
        let version = lake.version()?;
        let live = || version.iter().flat_map(|version| version.files());
        let hashes: HashMap<PathBuf, String> =
            live().map(|file| (lake.root().join(&file.path), file.sha256.clone())).collect();
        let kinds = DerivedKind::all(&request);
        let part = |kind: &DerivedKind| {
            let set = kind.set().map(str::to_owned);
            PlannedFiles { table: kind.table().name, set, fresh: 0, made: BTreeMap::new() }
        };
        let mut parts: Vec<PlannedFiles> = kinds.iter().map(part).collect();
        let (mut batches, mut uncommitted, mut planned) = (Vec::new(), Vec::new(), HashSet::new());
        for interviews in lake.files(&schema::INTERVIEWS)? {
            let mut batch = Batch::of(lake, interviews);
            let hashes = batch.hashes(&hashes)?;
            for (&kind, part) in kinds.iter().zip(&mut parts) {
                let Some(output) = DerivedFile::of(kind, &request, &batch.place, &hashes) else { continue };
                let target = lake.root().join(&output.path);
                let committed = version.as_ref().and_then(|version| version.file(&output.path));
                planned.insert(output.path.clone());
                let there = ParquetFile::open(&target).ok();
                match if request.force { Some(StaleReason::Forced) } else { output.staleness(there.as_ref()) } {
                    None => {
                        part.fresh += 1;
                        let bytes = fs::metadata(&target).map(|metadata| metadata.len()).ok();
                        if committed.map(|file| file.bytes) != bytes {
                            uncommitted.push((kind.table().name, target));
                        }
                    }
                    Some(reason) => {
                        *part.made.entry(reason).or_default() += 1;
                        batch.outputs.push(output);
                    }
                }
            }
            if !batch.outputs.is_empty() {
                batches.push(batch);
            }
        }
        let is_deleted = |file: &&LiveFile| {
            !is_source(&file.table) && !planned.contains(&file.path) && !lake.root().join(&file.path).exists()
        };
        let deleted = live().filter(is_deleted).map(|file| file.path.clone()).collect();
        Ok(Self { request, batches, uncommitted, deleted, parts })
    }

    /// Makes every file that is missing or stale, in parallel over batches and their row groups, as long as
    /// `should_continue` returns `true`, and then commits them. Calls `progress` with the number of batches that are done and the number of
    /// all.
    ///
    /// # Errors
    /// When a file cannot be read or written, and [`Kind::Interrupted`] when `should_continue` returns `false`. Files
    /// that were made before stay.
    pub fn run(
        &self,
        lake: &Lake,
        ledger: &mut Ledger,
        progress: &(dyn Fn(u64, u64) + Sync),
        should_continue: &(dyn Fn() -> bool + Sync),
    ) -> Result<AnalyzeSummary> {
        let of = self.batches.len() as u64;
        let prefilter = self.request.prefilter();
        let (finished, published) = mpsc::channel();
        let (made, published) = thread::scope(|scope| {
            let publisher = scope.spawn(|| publish(lake, published, |done| progress(done, of)));
            let make = |batch: &Batch<'a>| {
                if !should_continue() {
                    let error = Error::new(Kind::Interrupted, "the analysis was interrupted");
                    return Err(error.hint("the next one makes what is missing"));
                }
                let mut made = batch.make(&lake.staging_folder(), &self.request, &prefilter)?;
                // This fails only if the publisher has ended, and its own result says why.
                let _ended = finished.send(mem::take(&mut made.staged));
                Ok(made)
            };
            let made: Result<Vec<BatchResult>> = self.batches.par_iter().map(make).collect();
            drop(finished);
            (made, publisher.join().expect("the publisher does not panic"))
        });
        let made = made?;
        let mut files = published?;
        for (table, path) in &self.uncommitted {
            files.push(live_file(lake, table, path)?);
        }
        commit_derived(lake, ledger, files, self.deleted.clone())?;
        let mut summary = AnalyzeSummary {
            files_made: self.batches.iter().map(|batch| batch.outputs.len() as u64).sum(),
            files_fresh: self.parts.iter().map(|part| part.fresh).sum(),
            ..AnalyzeSummary::default()
        };
        for batch in made {
            summary.responses += batch.responses;
            summary.steps += batch.steps;
        }
        Ok(summary)
    }
}

/// Puts files into their places as they are finished. Files that are finished while this waits for the disk are
/// published together. Returns all of them.
fn publish(lake: &Lake, finished: mpsc::Receiver<Vec<StagedFile>>, progress: impl Fn(u64)) -> Result<Vec<LiveFile>> {
    let (mut done, mut files) = (0, Vec::new());
    while let Ok(first) = finished.recv() {
        let batches: Vec<Vec<StagedFile>> = std::iter::once(first).chain(finished.try_iter()).collect();
        done += batches.len() as u64;
        let batches: Vec<StagedFile> = batches.into_iter().flatten().collect();
        let pairs: Vec<(&Path, PathBuf)> =
            batches.iter().map(|batch| (batch.staged.as_path(), lake.root().join(&batch.file.path))).collect();
        replace_derived(pairs.iter().map(|(staged, target)| (*staged, target.as_path())))?;
        files.extend(batches.into_iter().map(|staged| staged.file));
        progress(done);
    }
    Ok(files)
}

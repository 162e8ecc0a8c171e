//! The stale derived files of one batch, made in one pass over its answers.

use std::collections::HashMap;
use std::path::PathBuf;

use rayon::prelude::*;

use super::carried::Erased;
use super::derived::{DerivedFile, DerivedKind, DerivedRows, StagedFile, metadata};
use super::interviews;
use super::pass::{self, PassRequest};
use super::request::AnalyzeRequest;
use super::summary::{StepTimes, timed};
use crate::keywords::Prefilter;
use crate::lake::Lake;
use crate::lake::durable::sha256_of;
use crate::lake::read::ParquetFile;
use crate::lake::schema;
use crate::lake::sources::source_sha256;
use crate::model::{Error, Result};

/// A batch: the files of each table that share a month and a name, and the derived files to make from them.
pub struct Batch<'a> {
    /// The batch's file in `interviews`.
    interviews: PathBuf,
    /// The batch's file in `responses`; `None` if no interview of the batch has answers.
    responses: Option<PathBuf>,
    /// The derived files to make.
    pub outputs: Vec<DerivedFile<'a>>,
}

/// The result of [`Batch::make`].
pub struct BatchResult {
    pub staged: Vec<StagedFile>,
    /// Number of answers analysed; 0 if only figures of interviews were made.
    pub responses: u64,
    pub steps: StepTimes,
}

/// The SHA-256 hashes of a batch's two files.
pub struct BatchHashes {
    interviews: String,
    responses: Option<String>,
}

impl<'a> Batch<'a> {
    /// The batch of a file in `interviews`, with nothing to make yet.
    pub fn of(lake: &Lake, interviews: PathBuf) -> Self {
        let place = lake.place_of(&schema::INTERVIEWS, &interviews);
        let responses = Some(lake.root().join(schema::RESPONSES.name).join(place)).filter(|path| path.exists());
        Self { interviews, responses, outputs: Vec::new() }
    }

    /// Returns the SHA-256 hashes of the batch's files. `known` holds those of the log; other files are read.
    pub fn hashes(&self, known: &HashMap<PathBuf, String>) -> Result<BatchHashes> {
        let hash = |path: &PathBuf| match known.get(path) {
            Some(hash) => Ok(hash.clone()),
            None => sha256_of(path).map_err(|error| Error::path("read", path, error)),
        };
        Ok(BatchHashes {
            interviews: hash(&self.interviews)?,
            responses: self.responses.as_ref().map(hash).transpose()?,
        })
    }

    /// Returns the derived file of a kind, or `None` if the batch has no answers to make it from.
    pub fn output(
        &self,
        lake: &Lake,
        request: &AnalyzeRequest,
        kind: DerivedKind<'a>,
        hashes: &BatchHashes,
    ) -> Option<DerivedFile<'a>> {
        let place = lake.place_of(&schema::INTERVIEWS, &self.interviews);
        let table = lake.root().join(kind.table().name);
        let target = match kind {
            DerivedKind::Keywords(set) => table.join(format!("set={}", set.set.name())).join(place),
            DerivedKind::Responses | DerivedKind::Interviews => table.join(place),
        };
        let source = source_sha256(kind.table(), Some(&hashes.interviews), hashes.responses.as_deref())?;
        Some(DerivedFile { kind, target, metadata: metadata(kind, request, place.display().to_string(), source) })
    }

    /// Makes the files of `outputs` in the staging folder.
    pub fn make(&self, lake: &Lake, request: &AnalyzeRequest, prefilter: &Prefilter) -> Result<BatchResult> {
        let kinds = || self.outputs.iter().map(|output| output.kind);
        let request = PassRequest {
            figures: kinds()
                .any(|kind| matches!(kind, DerivedKind::Responses))
                .then_some((request.metrics, request.fillers)),
            sets: kinds()
                .filter_map(|kind| if let DerivedKind::Keywords(set) = kind { Some(set) } else { None })
                .collect(),
            answers: kinds().any(|kind| matches!(kind, DerivedKind::Interviews)),
            prefilter,
        };
        let mut steps = StepTimes::default();
        let source = self.responses.as_deref().map(pass::open).transpose()?;
        let (mut rows, mut made) = (0, Vec::new());
        if let Some(source) = &source {
            rows = source.rows();
            let groups = (0..source.row_groups()).into_par_iter();
            made = groups
                .map(|group| pass::row_group(source, group, &request))
                .collect::<Result<Vec<pass::RowGroupResult>>>()?;
        }
        let (mut figures, mut hits) = (Vec::new(), vec![Vec::new(); request.sets.len()]);
        let mut answers = interviews::AnswersByInterview::new();
        for group in made {
            steps += group.steps;
            figures.extend(group.figures);
            hits.iter_mut().zip(group.hits).for_each(|(all, batch)| all.push(batch));
            for (interview, these) in group.answers {
                answers.entry(interview).or_default().extend(these);
            }
        }
        let erased = source.as_ref().map(Erased::of).transpose()?.flatten();
        if let Some(erased) = &erased {
            let mut sets = hits.iter_mut();
            for DerivedFile { kind, target, .. } in &self.outputs {
                match kind {
                    DerivedKind::Responses => erased.carry_figures(kind.table(), target, &mut figures)?,
                    DerivedKind::Keywords(_) => {
                        erased.carry_hits(kind.table(), target, sets.next().expect("a list for each set"))?;
                    }
                    // With the interviews, below.
                    DerivedKind::Interviews => {}
                }
            }
        }
        let mut hits = hits.into_iter();
        let mut staged = Vec::new();
        for output in &self.outputs {
            let settled;
            let rows = match output.kind {
                DerivedKind::Responses => {
                    let source = source.as_ref().expect("figures of answers are made of answers");
                    DerivedRows::WithSource(source, std::mem::take(&mut figures))
                }
                DerivedKind::Keywords(_) => DerivedRows::Own(hits.next().expect("a list for each set")),
                DerivedKind::Interviews => {
                    settled = timed(&mut steps.decode, || ParquetFile::open(&self.interviews))?;
                    let mut columns = timed(&mut steps.decode, || interviews::columns(&settled, &answers))?;
                    if let Some(erased) = &erased {
                        erased.carry_interviews(output.kind.table(), &output.target, &settled, &mut columns)?;
                    }
                    DerivedRows::WithSource(&settled, columns)
                }
            };
            staged.push(timed(&mut steps.encode, || output.write(lake, rows))?);
        }
        let responses = if request.figures.is_some() || !request.sets.is_empty() { rows } else { 0 };
        Ok(BatchResult { staged, responses, steps })
    }
}

//! The stale derived files of one batch, made in one pass over its answers.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::carried::Erased;
use super::derived::{DerivedFile, DerivedKind, DerivedRows, SourceHashes, StagedFile};
use super::interviews;
use super::pass::{self, PassRequest};
use super::request::AnalyzeRequest;
use super::summary::{StepTimes, timed};
use crate::keywords::Prefilter;
use crate::lake::Lake;
use crate::lake::durable::sha256_of;
use crate::lake::read::ParquetFile;
use crate::lake::schema;
use crate::model::{Error, Result};

/// A batch: the files of each table that share a month and a name, and the derived files to make from them.
pub struct Batch<'a> {
    /// The month and name: `month=…/<batch>.parquet`.
    pub place: String,
    /// The batch's file in `interviews`.
    pub interviews: PathBuf,
    /// The batch's file in `responses`; `None` if no interview of the batch has answers.
    pub responses: Option<PathBuf>,
    /// The lake, in which is what was derived before. `None` for a unit of work, which has its inputs only.
    pub lake: Option<PathBuf>,
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

impl<'a> Batch<'a> {
    /// The batch of a file in `interviews`, with nothing to make yet.
    pub fn of(lake: &Lake, interviews: PathBuf) -> Self {
        let place = lake.place_of(&schema::INTERVIEWS, &interviews);
        let responses = Some(lake.root().join(schema::RESPONSES.name).join(place)).filter(|path| path.exists());
        let lake = Some(lake.root().to_owned());
        Self { place: place.display().to_string(), interviews, responses, lake, outputs: Vec::new() }
    }

    /// Returns the SHA-256 hashes of the batch's files. `known` holds those of the log; other files are read.
    pub fn hashes(&self, known: &HashMap<PathBuf, String>) -> Result<SourceHashes> {
        let hash = |path: &PathBuf| match known.get(path) {
            Some(hash) => Ok(hash.clone()),
            None => sha256_of(path).map_err(|error| Error::path("read", path, error)),
        };
        Ok(SourceHashes {
            interviews: hash(&self.interviews)?,
            responses: self.responses.as_ref().map(hash).transpose()?,
        })
    }

    /// Makes the files of `outputs` in a staging folder.
    pub fn make(&self, folder: &Path, request: &AnalyzeRequest, prefilter: &Prefilter) -> Result<BatchResult> {
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
        let erased = erased.map(|erased| Ok((erased, self.lake_of_erased()?))).transpose()?;
        if let Some((erased, lake)) = &erased {
            let mut sets = hits.iter_mut();
            for DerivedFile { kind, path, .. } in &self.outputs {
                let old = lake.join(path);
                match kind {
                    DerivedKind::Responses => erased.carry_figures(kind.table(), &old, &mut figures)?,
                    DerivedKind::Keywords(_) => {
                        erased.carry_hits(kind.table(), &old, sets.next().expect("a list for each set"))?;
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
                    if let Some((erased, lake)) = &erased {
                        let old = lake.join(&output.path);
                        erased.carry_interviews(output.kind.table(), &old, &settled, &mut columns)?;
                    }
                    DerivedRows::WithSource(&settled, columns)
                }
            };
            staged.push(timed(&mut steps.encode, || output.write(folder, rows))?);
        }
        let responses = if request.figures.is_some() || !request.sets.is_empty() { rows } else { 0 };
        Ok(BatchResult { staged, responses, steps })
    }

    /// The lake, which has the figures of erased answers.
    fn lake_of_erased(&self) -> Result<&Path> {
        self.lake.as_deref().ok_or_else(|| {
            let message = format!("{}: transcripts were erased, and what they had is in the lake alone", self.place);
            Error::failed(message).hint("`roundup analyze --lake` makes the files of this batch")
        })
    }
}

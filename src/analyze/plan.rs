//! Which derived files are missing or stale, why, and how they are made.
//!
//! A derived file has the month and name of the file it was made from, and says in its metadata from which bytes and
//! under which definitions; it is made again only when one of these changed. Row group N of figures of answers and of
//! keyword hits comes from row group N of the answers, and row group N of figures of interviews from row group N of the
//! interviews. Everything that is stale of one batch of answers is made in one pass over it.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;

use arrow::array::{ArrayRef, RecordBatch};
use clap::ValueEnum;
use rayon::prelude::*;
use serde::Serialize;

use super::pass::{self, Made, Steps, Wanted, timed};
use super::{DEFINITIONS_VERSION, PreparedSet, Request, Summary, interviews};
use crate::keywords::{Matcher, Prefilter};
use crate::lake::Lake;
use crate::lake::durable::sha256_of;
use crate::lake::publish::replace_derived;
use crate::lake::read::ParquetFile;
use crate::lake::schema::{self, SCHEMA_VERSION, SET_SHA256, SOURCE_SHA256, Table};
use crate::lake::write::{write_beside, write_file};
use crate::ledger::Ledger;
use crate::model::{Error, Kind, Result};
use crate::pipeline::MetricGroup;

const DEFINITIONS: &str = "roundup.definitions";
const METRICS: &str = "roundup.metrics";
const SCHEMA: &str = "roundup.schema";
const SOURCE: &str = "roundup.source";

/// What an analysis will do.
pub struct Plan<'a> {
    request: Request<'a>,
    jobs: Vec<Job<'a>>,
    /// For `--explain`: what becomes of each kind of derived file.
    pub parts: Vec<Part>,
}

/// One kind of derived file: a table, and of keyword hits one set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    pub table: &'static str,
    pub set: Option<String>,
    /// Files that are up to date.
    pub fresh: u64,
    /// Files to be made, by what they are made for.
    pub made: BTreeMap<Reason, u64>,
}

/// Why a derived file is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// There is none yet, or none that can be read.
    Missing,
    /// The answers or interviews it was made from are others now.
    Source,
    /// What the figures mean, or the table, is another.
    Definitions,
    /// The keyword set is another.
    Set,
    /// Other groups of figures are asked for.
    Metrics,
    /// `--force`.
    Forced,
}

impl Reason {
    /// As it is said of files.
    #[must_use]
    pub fn said(self) -> &'static str {
        match self {
            Self::Missing => "new",
            Self::Source => "their source changed",
            Self::Definitions => "the definitions changed",
            Self::Set => "the keyword set changed",
            Self::Metrics => "other metrics are asked for",
            Self::Forced => "forced",
        }
    }
}

/// All that is stale of one batch: of the files with one month and name.
struct Job<'a> {
    /// What it is in `interviews`.
    interviews: PathBuf,
    /// What it is in `responses`; none if no interview of the batch has answers.
    responses: Option<PathBuf>,
    outputs: Vec<Output<'a>>,
}

/// A derived file.
struct Output<'a> {
    what: What<'a>,
    target: PathBuf,
    /// What the bytes follow from.
    metadata: Vec<(&'static str, String)>,
}

#[derive(Clone, Copy)]
enum What<'a> {
    Responses,
    Keywords(&'a PreparedSet),
    Interviews,
}

impl What<'_> {
    fn table(self) -> &'static Table {
        match self {
            Self::Responses => &schema::RESPONSE_METRICS,
            Self::Keywords(_) => &schema::KEYWORD_HITS,
            Self::Interviews => &schema::INTERVIEW_METRICS,
        }
    }
}

impl<'a> Plan<'a> {
    /// Compares what is there with what is asked for.
    ///
    /// # Errors
    /// When the lake cannot be read.
    pub fn new(lake: &Lake, ledger: &Ledger, request: Request<'a>) -> Result<Self> {
        let hashes: HashMap<PathBuf, String> =
            ledger.files()?.into_iter().map(|file| (lake.root().join(file.path), file.sha256)).collect();
        let mut kinds: Vec<What> = vec![What::Responses];
        kinds.extend(request.sets.iter().map(What::Keywords));
        kinds.push(What::Interviews);
        let part = |what: &What| {
            let set = if let What::Keywords(set) = what { Some(set.set.name().to_owned()) } else { None };
            Part { table: what.table().name, set, fresh: 0, made: BTreeMap::new() }
        };
        let mut parts: Vec<Part> = kinds.iter().map(part).collect();
        let mut jobs = Vec::new();
        for interviews in lake.files(&schema::INTERVIEWS)? {
            let mut job = Job::of(lake, interviews);
            let hashes = job.hashes(&hashes)?;
            for (&what, part) in kinds.iter().zip(&mut parts) {
                let Some(output) = job.output(lake, &request, what, &hashes) else { continue };
                match if request.force { Some(Reason::Forced) } else { output.staleness() } {
                    None => part.fresh += 1,
                    Some(reason) => {
                        *part.made.entry(reason).or_default() += 1;
                        job.outputs.push(output);
                    }
                }
            }
            if !job.outputs.is_empty() {
                jobs.push(job);
            }
        }
        Ok(Self { request, jobs, parts })
    }

    /// Makes every file that is missing or stale, in parallel over batches and their row groups, for as long as it goes
    /// on.
    ///
    /// # Errors
    /// When a file cannot be read or written, and [`Kind::Interrupted`] when it does not go on. Files made before that
    /// stay.
    pub fn run(
        &self,
        lake: &Lake,
        progress: &(dyn Fn(u64, u64) + Sync),
        goes_on: &(dyn Fn() -> bool + Sync),
    ) -> Result<Summary> {
        let of = self.jobs.len() as u64;
        let searched = self.request.sets.iter().chain([self.request.fillers]);
        let prefilter = Matcher::shared_prefilter(searched.map(|set| &set.matcher));
        let (finished, published) = mpsc::channel();
        let (made, published) = thread::scope(|scope| {
            let publisher = scope.spawn(|| publish(published, |done| progress(done, of)));
            let make = |job: &Job<'a>| {
                if !goes_on() {
                    let error = Error::new(Kind::Interrupted, "the analysis was interrupted");
                    return Err(error.hint("the next one makes what is missing"));
                }
                let (staged, rows, steps) = job.make(lake, &self.request, &prefilter)?;
                // If the publisher has ended, it says why.
                let _ended = finished.send(staged);
                Ok((rows, steps))
            };
            let made: Result<Vec<(u64, Steps)>> = self.jobs.par_iter().map(make).collect();
            drop(finished);
            (made, publisher.join().expect("the publisher does not panic"))
        });
        let made = made?;
        published?;
        let mut summary = Summary {
            files_made: self.jobs.iter().map(|job| job.outputs.len() as u64).sum(),
            files_fresh: self.parts.iter().map(|part| part.fresh).sum(),
            ..Summary::default()
        };
        for (responses, steps) in made {
            summary.responses += responses;
            summary.steps += steps;
        }
        Ok(summary)
    }
}

/// Puts files into their places as they are finished: those of all jobs that were finished while the disk was waited for
/// go together.
fn publish(finished: mpsc::Receiver<Vec<Staged>>, progress: impl Fn(u64)) -> Result<()> {
    let mut done = 0;
    while let Ok(first) = finished.recv() {
        let jobs: Vec<Vec<Staged>> = std::iter::once(first).chain(finished.try_iter()).collect();
        done += jobs.len() as u64;
        replace_derived(&jobs.concat())?;
        progress(done);
    }
    Ok(())
}

/// SHA-256 of a batch's two files.
struct Hashes {
    interviews: String,
    responses: Option<String>,
}

impl<'a> Job<'a> {
    fn of(lake: &Lake, interviews: PathBuf) -> Self {
        let place = lake.place_of(&schema::INTERVIEWS, &interviews);
        let responses = Some(lake.root().join(schema::RESPONSES.name).join(place)).filter(|path| path.exists());
        Self { interviews, responses, outputs: Vec::new() }
    }

    fn hashes(&self, known: &HashMap<PathBuf, String>) -> Result<Hashes> {
        let hash = |path: &PathBuf| match known.get(path) {
            Some(hash) => Ok(hash.clone()),
            None => sha256_of(path).map_err(|error| Error::path("read", path, error)),
        };
        Ok(Hashes { interviews: hash(&self.interviews)?, responses: self.responses.as_ref().map(hash).transpose()? })
    }

    /// The derived file of a kind; none if there is nothing to make it from.
    fn output(&self, lake: &Lake, request: &Request, what: What<'a>, hashes: &Hashes) -> Option<Output<'a>> {
        let place = lake.place_of(&schema::INTERVIEWS, &self.interviews);
        let table = lake.root().join(what.table().name);
        let target = match what {
            What::Keywords(set) => table.join(format!("set={}", set.set.name())).join(place),
            What::Responses | What::Interviews => table.join(place),
        };
        let source = match (what, &hashes.responses) {
            (What::Interviews, Some(responses)) => format!("{} {responses}", hashes.interviews),
            (What::Interviews, None) => hashes.interviews.clone(),
            (What::Responses | What::Keywords(_), responses) => responses.clone()?,
        };
        let mut metadata = vec![
            (DEFINITIONS, DEFINITIONS_VERSION.to_owned()),
            (SOURCE, place.display().to_string()),
            (SOURCE_SHA256, source),
        ];
        match what {
            What::Responses => {
                metadata.push((METRICS, names_of(request.metrics)));
                if request.metrics.contains(&MetricGroup::Fillers) {
                    metadata.push((SET_SHA256, request.fillers.set.hash().to_owned()));
                }
            }
            What::Keywords(set) => metadata.push((SET_SHA256, set.set.hash().to_owned())),
            What::Interviews => {}
        }
        Some(Output { what, target, metadata })
    }

    /// Makes the files under staging; returns them, how many answers were analysed, and where the time went.
    fn make(&self, lake: &Lake, request: &Request, prefilter: &Prefilter) -> Result<(Vec<Staged>, u64, Steps)> {
        let kinds = || self.outputs.iter().map(|output| output.what);
        let wanted = Wanted {
            figures: kinds().any(|what| matches!(what, What::Responses)).then_some((request.metrics, request.fillers)),
            sets: kinds().filter_map(|what| if let What::Keywords(set) = what { Some(set) } else { None }).collect(),
            answers: kinds().any(|what| matches!(what, What::Interviews)),
            prefilter,
        };
        let mut steps = Steps::default();
        let source = self.responses.as_deref().map(pass::open).transpose()?;
        let (mut rows, mut made) = (0, Vec::new());
        if let Some(source) = &source {
            rows = source.rows();
            let groups = (0..source.row_groups()).into_par_iter();
            made = groups.map(|group| pass::row_group(source, group, &wanted)).collect::<Result<Vec<Made>>>()?;
        }
        let (mut figures, mut hits) = (Vec::new(), vec![Vec::new(); wanted.sets.len()]);
        let mut answers = interviews::Answers::new();
        for group in made {
            steps += group.steps;
            figures.extend(group.figures);
            hits.iter_mut().zip(group.hits).for_each(|(all, batch)| all.push(batch));
            for (interview, these) in group.answers {
                answers.entry(interview).or_default().extend(these);
            }
        }
        let mut hits = hits.into_iter();
        let mut staged = Vec::new();
        for output in &self.outputs {
            let settled;
            let rows = match output.what {
                What::Responses => {
                    let source = source.as_ref().expect("figures of answers are made of answers");
                    Rows::Beside(source, std::mem::take(&mut figures))
                }
                What::Keywords(_) => Rows::Own(hits.next().expect("a list for each set")),
                What::Interviews => {
                    settled = timed(&mut steps.decode, || ParquetFile::open(&self.interviews))?;
                    let columns = timed(&mut steps.decode, || interviews::columns(&settled, &answers))?;
                    Rows::Beside(&settled, columns)
                }
            };
            staged.push(timed(&mut steps.encode, || output.write(lake, rows))?);
        }
        let analysed = if wanted.figures.is_some() || !wanted.sets.is_empty() { rows } else { 0 };
        Ok((staged, analysed, steps))
    }
}

/// What a derived file is written from, by row groups.
enum Rows<'a> {
    Own(Vec<RecordBatch>),
    /// A row for each of another file, with columns of that and new ones.
    Beside(&'a ParquetFile, Vec<Vec<ArrayRef>>),
}

/// A derived file that is written and not yet in its place: where it is, and where it belongs.
type Staged = (PathBuf, PathBuf);

impl Output<'_> {
    /// Why the file must be made again; none if it was made from the same bytes under the same definitions.
    fn staleness(&self) -> Option<Reason> {
        let Ok(target) = ParquetFile::open(&self.target) else { return Some(Reason::Missing) };
        if target.metadata(SCHEMA) != Some(SCHEMA_VERSION) {
            return Some(Reason::Definitions);
        }
        let differs = |(key, value): &(&'static str, String)| target.metadata(key) != Some(value.as_str());
        let (key, _) = self.metadata.iter().find(|pair| differs(pair))?;
        Some(match *key {
            METRICS => Reason::Metrics,
            SET_SHA256 => Reason::Set,
            DEFINITIONS => Reason::Definitions,
            _ => Reason::Source,
        })
    }

    fn write(&self, lake: &Lake, rows: Rows) -> Result<Staged> {
        let name = self.target.strip_prefix(lake.root()).expect("a target is in the lake").display().to_string();
        // What a killed run left there is gone: opening the ledger, which the plan was made with, clears staging.
        let file = lake.staging_folder().join(name.replace('/', "--"));
        let metadata: Vec<(&str, &str)> = self.metadata.iter().map(|(key, value)| (*key, value.as_str())).collect();
        match rows {
            Rows::Own(batches) => write_file(&file, self.what.table(), &metadata, batches)?,
            Rows::Beside(source, groups) => write_beside(&file, self.what.table(), &metadata, source, groups)?,
        };
        Ok((file, self.target.clone()))
    }
}

/// Groups as metadata has them: in a fixed order, each once.
fn names_of(groups: &[MetricGroup]) -> String {
    let mut groups = groups.to_vec();
    groups.sort_unstable();
    groups.dedup();
    let names = groups.iter().filter_map(MetricGroup::to_possible_value).map(|value| value.get_name().to_owned());
    names.collect::<Vec<_>>().join(" ")
}

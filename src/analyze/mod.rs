//! Analysis: figures and keyword hits of every answer in the lake, in parallel over files and row groups.
//!
//! A derived file has the month and name of the file it was made from, and says in its metadata from which bytes and
//! under which definitions; it is made again only when one of these changed. Row group N of it comes from row group N
//! of its source. Synchronous and without a ledger: such files can be made again at any time.

pub mod figures;
mod hits;
mod metrics;
pub mod words;

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use crate::keywords::{KeywordSet, Matcher};
use crate::lake::Lake;
use crate::lake::publish::{replace_derived, sha256_of};
use crate::lake::read::ParquetFile;
use crate::lake::schema::{self, SET_SHA256, SOURCE_SHA256, Table};
use crate::lake::write::write_file;
use crate::ledger::Ledger;
use crate::model::{Error, Result};

/// Version of what the figures mean. A change makes every result stale.
pub const DEFINITIONS_VERSION: &str = "1";

const DEFINITIONS: &str = "roundup.definitions";
const SOURCE: &str = "roundup.source";

/// A keyword set ready to search.
pub struct PreparedSet {
    pub set: KeywordSet,
    pub matcher: Matcher,
}

impl PreparedSet {
    /// # Errors
    /// When the set is too large to search for.
    pub fn new(set: KeywordSet) -> Result<Self> {
        let matcher = Matcher::new(&set)?;
        Ok(Self { set, matcher })
    }
}

/// What an analysis did.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Summary {
    /// Answers analysed now, for whatever figures.
    pub responses: u64,
    /// Derived files made now.
    pub files_made: u64,
    /// Derived files that were up to date.
    pub files_fresh: u64,
}

/// Makes every derived file that is missing or stale; all of them with `force`.
///
/// # Errors
/// When a file cannot be read or written. Files made before that stay.
pub fn analyze(
    lake: &Lake,
    ledger: &Ledger,
    sets: &[PreparedSet],
    fillers: &PreparedSet,
    force: bool,
    progress: &(dyn Fn(u64, u64) + Sync),
) -> Result<Summary> {
    let hashes: HashMap<PathBuf, String> =
        ledger.files()?.into_iter().map(|file| (lake.root().join(file.path), file.sha256)).collect();
    let mut made = Vec::new();
    let mut summary = Summary::default();
    for job in jobs(lake, &hashes, sets, fillers)? {
        if !force && job.is_fresh() {
            summary.files_fresh += 1;
        } else {
            made.push(job);
        }
    }
    let of = made.len() as u64;
    let done = std::sync::atomic::AtomicU64::new(0);
    let rows: Vec<u64> = made
        .par_iter()
        .map(|job| {
            let rows = job.make(lake)?;
            progress(done.fetch_add(1, std::sync::atomic::Ordering::Relaxed) + 1, of);
            Ok(rows)
        })
        .collect::<Result<_>>()?;
    summary.files_made = of;
    // Several figures are made of the same answers; they are counted once.
    let answers = made.iter().zip(&rows).filter(|(job, _)| job.source.starts_with(lake.root().join("responses")));
    let counted: HashMap<&Path, u64> = answers.map(|(job, rows)| (job.source.as_path(), *rows)).collect();
    summary.responses = counted.values().sum();
    Ok(summary)
}

/// One derived file to make.
struct Job<'a> {
    what: What<'a>,
    source: PathBuf,
    target: PathBuf,
    table: &'static Table,
    /// What the bytes follow from.
    metadata: Vec<(&'static str, String)>,
}

enum What<'a> {
    Responses {
        fillers: &'a PreparedSet,
    },
    /// Figures of interviews need the answers beside them, if the batch had any.
    Interviews {
        responses: Option<PathBuf>,
    },
    Keywords(&'a PreparedSet),
}

fn jobs<'a>(
    lake: &Lake,
    hashes: &HashMap<PathBuf, String>,
    sets: &'a [PreparedSet],
    fillers: &'a PreparedSet,
) -> Result<Vec<Job<'a>>> {
    let mut jobs = Vec::new();
    for source in lake.files(&schema::RESPONSES)? {
        let place = place_in_table(lake, &schema::RESPONSES, &source);
        let base = base_metadata(&place, hash_of(&source, hashes)?);
        let mut metadata = base.clone();
        metadata.push((SET_SHA256, fillers.set.hash().to_owned()));
        let table = &schema::RESPONSE_METRICS;
        let target = lake.root().join(table.name).join(&place);
        jobs.push(Job { what: What::Responses { fillers }, source: source.clone(), target, table, metadata });
        for set in sets {
            let table = &schema::KEYWORD_HITS;
            let target = lake.root().join(table.name).join(format!("set={}", set.set.name())).join(&place);
            let mut metadata = base.clone();
            metadata.push((SET_SHA256, set.set.hash().to_owned()));
            jobs.push(Job { what: What::Keywords(set), source: source.clone(), target, table, metadata });
        }
    }
    for source in lake.files(&schema::INTERVIEWS)? {
        let place = place_in_table(lake, &schema::INTERVIEWS, &source);
        let responses = Some(lake.root().join(schema::RESPONSES.name).join(&place)).filter(|path| path.exists());
        let mut hash = hash_of(&source, hashes)?;
        if let Some(responses) = &responses {
            hash = format!("{hash} {}", hash_of(responses, hashes)?);
        }
        let table = &schema::INTERVIEW_METRICS;
        let target = lake.root().join(table.name).join(&place);
        let metadata = base_metadata(&place, hash);
        jobs.push(Job { what: What::Interviews { responses }, source, target, table, metadata });
    }
    Ok(jobs)
}

/// `month=…/<batch>.parquet`: what a file and those derived from it share.
fn place_in_table(lake: &Lake, table: &Table, path: &Path) -> PathBuf {
    path.strip_prefix(lake.root().join(table.name)).expect("a table's file is in its folder").to_owned()
}

fn hash_of(path: &Path, known: &HashMap<PathBuf, String>) -> Result<String> {
    match known.get(path) {
        Some(hash) => Ok(hash.clone()),
        None => sha256_of(path).map_err(|error| Error::path("read", path, error)),
    }
}

fn base_metadata(place: &Path, source_hash: String) -> Vec<(&'static str, String)> {
    let place = place.display().to_string();
    vec![(DEFINITIONS, DEFINITIONS_VERSION.to_owned()), (SOURCE, place), (SOURCE_SHA256, source_hash)]
}

impl Job<'_> {
    /// Whether the target is there and was made from the same bytes under the same definitions.
    fn is_fresh(&self) -> bool {
        let Ok(target) = ParquetFile::open(&self.target) else { return false };
        self.metadata.iter().all(|(key, value)| target.metadata(key) == Some(value.as_str()))
            && target.metadata("roundup.schema") == Some(schema::SCHEMA_VERSION)
    }

    /// Makes the file; returns the rows of its source.
    fn make(&self, lake: &Lake) -> Result<u64> {
        let source = ParquetFile::open(&self.source)?;
        let groups = match &self.what {
            What::Responses { fillers } => {
                let one = |group| metrics::of_responses(&source, group, fillers);
                (0..source.row_groups()).into_par_iter().map(one).collect::<Result<Vec<_>>>()?
            }
            What::Keywords(set) => {
                let one = |group| hits::of_responses(&source, group, set);
                (0..source.row_groups()).into_par_iter().map(one).collect::<Result<Vec<_>>>()?
            }
            What::Interviews { responses } => {
                let responses = responses.as_deref().map(ParquetFile::open).transpose()?;
                metrics::of_interviews(&source, responses.as_ref())?
            }
        };
        let name = self.target.strip_prefix(lake.root()).expect("a target is in the lake").display().to_string();
        let staged = lake.staging_folder().join(name.replace('/', "--"));
        // Left by a run that was killed while it wrote.
        let _absent_is_fine = fs::remove_file(&staged);
        let metadata: Vec<(&str, &str)> = self.metadata.iter().map(|(key, value)| (*key, value.as_str())).collect();
        write_file(&staged, self.table, &metadata, groups)?;
        replace_derived(&staged, &self.target)?;
        Ok(source.rows())
    }
}

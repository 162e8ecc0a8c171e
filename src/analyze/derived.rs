//! Derived files: the inputs they are made from, the reasons to make them again, and how they are written.

use std::path::PathBuf;

use arrow::array::{ArrayRef, RecordBatch};
use serde::Serialize;

use super::request::{AnalyzeRequest, PreparedSet};
use crate::lake::Lake;
use crate::lake::place::staged_path;
use crate::lake::read::ParquetFile;
use crate::lake::schema::{self, SCHEMA, SCHEMA_VERSION, SET_SHA256, SOURCE, SOURCE_SHA256, Table};
use crate::lake::write::{WrittenFile, write_extended, write_file};
use crate::ledger::LiveFile;
use crate::model::Result;
use crate::pipeline::MetricGroup;

/// Version of the definitions of all figures. A change makes every derived file stale.
const DEFINITIONS_VERSION: &str = "4";

const DEFINITIONS: &str = "roundup.definitions";
const METRICS: &str = "roundup.metrics";

/// The reason why a derived file has to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaleReason {
    /// The file does not exist or cannot be read.
    Missing,
    /// The answers or interviews that the file was made from have changed.
    Source,
    /// The definitions of the figures or the schema of the table have changed.
    Definitions,
    /// The keyword set has changed.
    Set,
    /// The file was made for other groups of figures than those asked for.
    Metrics,
    /// `--force` was given.
    Forced,
}

impl StaleReason {
    /// The reason as a phrase about several files, such as "their source changed".
    #[must_use]
    pub fn text(self) -> &'static str {
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

/// A derived file: its kind, its path in the lake and its metadata.
pub struct DerivedFile<'a> {
    pub kind: DerivedKind<'a>,
    pub target: PathBuf,
    /// The metadata that names the file's inputs. If the file in the lake has other metadata, it is stale.
    pub metadata: Vec<(&'static str, String)>,
}

/// The kinds of derived files.
#[derive(Clone, Copy)]
pub enum DerivedKind<'a> {
    Responses,
    Keywords(&'a PreparedSet),
    Interviews,
}

impl DerivedKind<'_> {
    pub fn table(self) -> &'static Table {
        match self {
            Self::Responses => &schema::RESPONSE_METRICS,
            Self::Keywords(_) => &schema::KEYWORD_HITS,
            Self::Interviews => &schema::INTERVIEW_METRICS,
        }
    }
}

/// The rows of a derived file, by row group.
pub enum DerivedRows<'a> {
    /// Rows with columns of their own.
    Own(Vec<RecordBatch>),
    /// The rows of a source file, with new columns beside its own.
    WithSource(&'a ParquetFile, Vec<Vec<ArrayRef>>),
}

/// A derived file that is written but not yet published.
#[derive(Debug)]
pub struct StagedFile {
    /// Its path in the staging folder.
    pub staged: PathBuf,
    /// Its path in the lake.
    pub target: PathBuf,
    /// It as a commit names it.
    pub file: LiveFile,
}

impl DerivedFile<'_> {
    /// Returns why the file must be made again, or `None` if it was made from the same bytes under the same
    /// definitions.
    pub fn staleness(&self) -> Option<StaleReason> {
        let Ok(target) = ParquetFile::open(&self.target) else { return Some(StaleReason::Missing) };
        if target.metadata(SCHEMA) != Some(SCHEMA_VERSION) {
            return Some(StaleReason::Definitions);
        }
        let differs = |(key, value): &(&'static str, String)| target.metadata(key) != Some(value.as_str());
        let (key, _) = self.metadata.iter().find(|pair| differs(pair))?;
        Some(match *key {
            METRICS => StaleReason::Metrics,
            SET_SHA256 => StaleReason::Set,
            DEFINITIONS => StaleReason::Definitions,
            _ => StaleReason::Source,
        })
    }

    /// Writes the file into the staging folder.
    pub fn write(&self, lake: &Lake, rows: DerivedRows) -> Result<StagedFile> {
        let path = self.path(lake);
        // A killed run has left nothing there: opening the ledger clears the staging folder, and the plan needs the
        // ledger.
        let staged = staged_path(&lake.staging_folder(), &path);
        let metadata: Vec<(&str, &str)> = self.metadata.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let WrittenFile { rows, size: bytes, sha256 } = match rows {
            DerivedRows::Own(batches) => write_file(&staged, self.kind.table(), &metadata, batches)?,
            DerivedRows::WithSource(source, groups) => {
                write_extended(&staged, self.kind.table(), &metadata, source, groups)?
            }
        };
        let file = LiveFile { table: self.kind.table().name.to_owned(), path, rows, bytes, sha256 };
        Ok(StagedFile { staged, target: self.target.clone(), file })
    }

    /// Its path relative to the lake.
    pub fn path(&self, lake: &Lake) -> String {
        self.target.strip_prefix(lake.root()).expect("a target is in the lake").display().to_string()
    }
}

/// Returns the metadata of a derived file. `source` is the month and name of the batch it is made from, and `hash` the
/// SHA-256 of the source's bytes (two hashes for figures of interviews that have answers).
pub fn metadata(
    kind: DerivedKind,
    request: &AnalyzeRequest,
    source: String,
    hash: String,
) -> Vec<(&'static str, String)> {
    let mut metadata = vec![(DEFINITIONS, DEFINITIONS_VERSION.to_owned()), (SOURCE, source), (SOURCE_SHA256, hash)];
    match kind {
        DerivedKind::Responses => {
            metadata.push((METRICS, names_of(request.metrics)));
            if request.metrics.contains(&MetricGroup::Fillers) {
                metadata.push((SET_SHA256, request.fillers.set.hash().to_owned()));
            }
        }
        DerivedKind::Keywords(set) => metadata.push((SET_SHA256, set.set.hash().to_owned())),
        DerivedKind::Interviews => {}
    }
    metadata
}

/// Returns the names of groups as metadata holds them: in a fixed order, each once, separated by spaces.
fn names_of(groups: &[MetricGroup]) -> String {
    let mut groups = groups.to_vec();
    groups.sort_unstable();
    groups.dedup();
    groups.into_iter().map(MetricGroup::as_str).collect::<Vec<_>>().join(" ")
}

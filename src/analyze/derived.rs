//! Derived files: the inputs they are made from, the reasons to make them again, and how they are written.

use std::path::{Path, PathBuf};

use arrow::array::{ArrayRef, RecordBatch};
use serde::Serialize;

use super::request::{AnalyzeRequest, PreparedSet};
use crate::lake::place::staged_path;
use crate::lake::read::ParquetFile;
use crate::lake::schema::{self, SCHEMA, SCHEMA_VERSION, SET_SHA256, SOURCE, SOURCE_SHA256, Table};
use crate::lake::sources::source_sha256;
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
    /// Relative to the lake.
    pub path: String,
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

impl<'a> DerivedKind<'a> {
    /// The kinds that a request asks for, in the order in which they are made.
    pub fn all(request: &AnalyzeRequest<'a>) -> Vec<Self> {
        let mut kinds = vec![Self::Responses];
        kinds.extend(request.sets.iter().map(Self::Keywords));
        kinds.push(Self::Interviews);
        kinds
    }

    /// The name of the keyword set, for keyword hits.
    pub fn set(self) -> Option<&'a str> {
        if let Self::Keywords(set) = self { Some(set.set.name()) } else { None }
    }

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
    /// It as a commit names it.
    pub file: LiveFile,
}

/// The SHA-256 hashes of a batch's files.
pub struct SourceHashes {
    pub interviews: String,
    /// `None` if no interview of the batch has answers.
    pub responses: Option<String>,
}

impl<'a> DerivedFile<'a> {
    /// The derived file of a kind, of the batch with a month and name, or `None` if it has no answers to make it from.
    pub fn of(kind: DerivedKind<'a>, request: &AnalyzeRequest, place: &str, sources: &SourceHashes) -> Option<Self> {
        let path = derived_path(kind.table().name, kind.set(), place);
        let source = source_sha256(kind.table(), Some(&sources.interviews), sources.responses.as_deref())?;
        Some(Self { kind, path, metadata: metadata(kind, request, place.to_owned(), source) })
    }

    /// Returns why the file must be made again, or `None` if that which is there was made from the same bytes under the
    /// same definitions.
    pub fn staleness(&self, there: Option<&ParquetFile>) -> Option<StaleReason> {
        let Some(target) = there else { return Some(StaleReason::Missing) };
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

    /// Writes the file into a staging folder.
    pub fn write(&self, folder: &Path, rows: DerivedRows) -> Result<StagedFile> {
        let path = self.path.clone();
        // A killed run has left nothing there: opening the ledger clears the staging folder, and the plan needs the
        // ledger.
        let staged = staged_path(folder, &path);
        let metadata: Vec<(&str, &str)> = self.metadata.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let WrittenFile { rows, size: bytes, sha256 } = match rows {
            DerivedRows::Own(batches) => write_file(&staged, self.kind.table(), &metadata, batches)?,
            DerivedRows::WithSource(source, groups) => {
                write_extended(&staged, self.kind.table(), &metadata, source, groups)?
            }
        };
        let file = LiveFile { table: self.kind.table().name.to_owned(), path, rows, bytes, sha256 };
        Ok(StagedFile { staged, file })
    }
}

/// The path, relative to the lake, of a file that was derived from the batch with a month and name.
pub fn derived_path(table: &str, set: Option<&str>, place: &str) -> String {
    match set {
        Some(set) => format!("{table}/set={set}/{place}"),
        None => format!("{table}/{place}"),
    }
}

/// Whether a file of figures or hits is of this program's schema and definitions.
pub fn has_own_definitions(file: &ParquetFile) -> bool {
    file.metadata(SCHEMA) == Some(SCHEMA_VERSION) && file.metadata(DEFINITIONS) == Some(DEFINITIONS_VERSION)
}

/// Whether a file was made from a batch and its bytes.
pub fn is_made_from(file: &ParquetFile, place: &str, sha256: &str) -> bool {
    file.metadata(SOURCE) == Some(place) && file.metadata(SOURCE_SHA256) == Some(sha256)
}

/// What the value of a key of a file's metadata is about, for a message.
pub fn about(key: &str) -> &'static str {
    match key {
        METRICS => "the groups of figures are others",
        SET_SHA256 => "the keyword set is another one",
        DEFINITIONS => "the definitions of the figures are others",
        _ => "the source is another one",
    }
}

/// Returns the metadata of a derived file. `source` is the month and name of the batch it is made from, and `hash` the
/// SHA-256 of the source's bytes (two hashes for figures of interviews that have answers).
fn metadata(kind: DerivedKind, request: &AnalyzeRequest, source: String, hash: String) -> Vec<(&'static str, String)> {
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

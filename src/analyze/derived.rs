//! A derived file: what its bytes follow from, why it must be made again, and how it is written.

use std::path::PathBuf;

use arrow::array::{ArrayRef, RecordBatch};
use serde::Serialize;

use super::request::{AnalyzeRequest, PreparedSet};
use crate::lake::Lake;
use crate::lake::read::ParquetFile;
use crate::lake::schema::{self, SCHEMA_VERSION, SET_SHA256, SOURCE_SHA256, Table};
use crate::lake::write::{write_extended, write_file};
use crate::model::Result;
use crate::pipeline::MetricGroup;

/// Version of what the figures mean. A change makes every result stale.
const DEFINITIONS_VERSION: &str = "3";

const DEFINITIONS: &str = "roundup.definitions";
const METRICS: &str = "roundup.metrics";
const SCHEMA: &str = "roundup.schema";
const SOURCE: &str = "roundup.source";

/// Why a derived file is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaleReason {
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

impl StaleReason {
    /// As it is said of files.
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

/// A derived file.
pub struct DerivedFile<'a> {
    pub kind: DerivedKind<'a>,
    pub target: PathBuf,
    /// What the bytes follow from.
    pub metadata: Vec<(&'static str, String)>,
}

/// What a derived file has rows of.
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

/// What a derived file is written from, by row groups.
pub enum DerivedRows<'a> {
    Own(Vec<RecordBatch>),
    /// A row for each of another file, with columns of that and new ones.
    WithSource(&'a ParquetFile, Vec<Vec<ArrayRef>>),
}

/// A derived file that is written and not yet in its place: where it is, and where it belongs.
pub type StagedFile = (PathBuf, PathBuf);

impl DerivedFile<'_> {
    /// Why the file must be made again; none if it was made from the same bytes under the same definitions.
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

    /// Writes the file under staging.
    pub fn write(&self, lake: &Lake, rows: DerivedRows) -> Result<StagedFile> {
        let name = self.target.strip_prefix(lake.root()).expect("a target is in the lake").display().to_string();
        // What a killed run left there is gone: opening the ledger, which the plan was made with, clears staging.
        let file = lake.staging_folder().join(name.replace('/', "--"));
        let metadata: Vec<(&str, &str)> = self.metadata.iter().map(|(key, value)| (*key, value.as_str())).collect();
        match rows {
            DerivedRows::Own(batches) => write_file(&file, self.kind.table(), &metadata, batches)?,
            DerivedRows::WithSource(source, groups) => {
                write_extended(&file, self.kind.table(), &metadata, source, groups)?
            }
        };
        Ok((file, self.target.clone()))
    }
}

/// What the bytes of a derived file follow from. `source` is the name of the file it is made from, and `hash` says which
/// bytes that has.
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

/// Groups as metadata has them: in a fixed order, each once.
fn names_of(groups: &[MetricGroup]) -> String {
    let mut groups = groups.to_vec();
    groups.sort_unstable();
    groups.dedup();
    groups.into_iter().map(MetricGroup::as_str).collect::<Vec<_>>().join(" ")
}

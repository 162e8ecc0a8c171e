//! The plan that a pipeline file resolves to.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::civil::Time;

use super::ats::{self, AtsPlan};
use super::audio::{self, AudioPlan};
use super::choices::{MetricGroup, QuestionPolicy};
use super::export::{self, ExportTo};
use super::file::PipelineFile;
use super::notify::{self, NotifyPlan};
use super::place::{place, resolve_set};
use super::report::{self, ReportPlan};
use super::source::{self, Source};
use super::times::{parse_time_of_day, parse_window};
use crate::model::error::from_toml;
use crate::model::{Error, Result};

/// A pipeline file that was read and checked, with every path resolved and every default filled in.
#[derive(Debug)]
pub struct Pipeline {
    pub sources: Vec<Source>,
    pub lake: PathBuf,
    /// Where the candidate key is, if not in the lake.
    pub candidate_key_file: Option<PathBuf>,
    pub ingest: IngestPlan,
    pub analyze: Option<AnalyzePlan>,
    pub report: Option<ReportPlan>,
    pub exports: Vec<ExportTo>,
    pub audio: Option<AudioPlan>,
    /// Applicant tracking systems that interviews are sent to.
    pub ats: Vec<AtsPlan>,
    pub notify: Option<NotifyPlan>,
    /// File to which a run writes its figures for Prometheus.
    pub prometheus: Option<PathBuf>,
}

#[derive(Debug, Clone)]
pub struct IngestPlan {
    /// Requests per minute, at most. A lower limit of the API takes precedence.
    pub requests_per_minute: u32,
    pub concurrency: usize,
    pub questions: QuestionPolicy,
    /// Time of day, in this machine's time zone, at which a run stops and leaves the rest to the next run.
    pub stop_at: Option<Time>,
    /// Length of the window in which the API counts requests.
    pub limit_window: Duration,
}

#[derive(Debug, Clone)]
pub struct AnalyzePlan {
    /// Keyword sets: each is `builtin:NAME` or a path.
    pub keywords: Vec<String>,
    pub metrics: Vec<MetricGroup>,
}

impl Pipeline {
    /// Reads a pipeline file.
    ///
    /// # Errors
    /// A usage error that names the file, and the line if there is one.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|error| {
            Error::usage(format!("cannot read the pipeline {name}: {error}")).hint("`roundup run pipelines/demo.toml`")
        })?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::resolve(from_toml(&text, &name)?, folder).map_err(|error| error.prefix(&name))
    }

    fn resolve(file: PipelineFile, folder: &Path) -> Result<Self> {
        let sources: Vec<Source> =
            file.source.0.into_iter().map(|source| source::resolve(source, folder)).collect::<Result<_>>()?;
        if sources.is_empty() {
            return Err(Error::usage("there is no [source]"));
        }
        for (index, source) in sources.iter().enumerate() {
            if sources[..index].iter().any(|earlier| earlier.name == source.name) {
                return Err(Error::usage(format!("two sources are called {}", source.name)).hint("give each a `name`"));
            }
        }
        let ingest = file.ingest;
        if ingest.concurrency == 0 || ingest.requests_per_minute == 0 {
            return Err(Error::usage("concurrency and requests-per-minute under [ingest] are at least 1"));
        }
        let lake = place(folder, &file.lake.path);
        let analyze = file.analyze.map(|analyze| AnalyzePlan {
            keywords: analyze.keywords.into_iter().map(|set| resolve_set(set, folder)).collect(),
            metrics: analyze.metrics,
        });
        let audio = file.audio.map(|audio| audio::resolve(audio, folder)).transpose()?;
        let systems = file.ats.map_or_else(Vec::new, |ats| ats.0);
        let archive = audio.as_ref().and_then(AudioPlan::folder);
        let exports = file.export.map_or_else(Vec::new, |export| export.0);
        let searched = analyze.as_ref().map(|plan| plan.keywords.as_slice());
        Ok(Self {
            sources,
            exports: export::resolve_all(exports, folder, searched)?,
            lake,
            candidate_key_file: file.lake.candidate_key_file.as_deref().map(|path| place(folder, path)),
            ingest: IngestPlan {
                requests_per_minute: ingest.requests_per_minute,
                concurrency: ingest.concurrency,
                questions: ingest.questions,
                stop_at: ingest.stop_at.map(|text| parse_time_of_day(&text)).transpose()?,
                limit_window: parse_window(&ingest.limit_window)?,
            },
            prometheus: file.metrics.prometheus.map(|path| place(folder, &path)),
            analyze,
            report: file.report.map(|report| report::resolve(report, folder)).transpose()?,
            ats: systems.into_iter().map(|ats| ats::resolve(ats, folder, archive)).collect::<Result<_>>()?,
            audio,
            notify: file.notify.map(|notify| notify::resolve(notify, folder)).transpose()?,
        })
    }
}

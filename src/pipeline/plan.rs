//! The plan that a pipeline file resolves to.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::civil::Time;

use super::ats::{self, AtsPlan};
use super::audio::{self, AudioPlan};
use super::choices::{MetricGroup, QuestionPolicy};
use super::expect::{self, ExpectPlan};
use super::export::{self, ExportTo};
use super::file::{IngestSection, PipelineFile};
use super::mirror::{self, MirrorPlan};
use super::notify::{self, NotifyPlan};
use super::place::{place, resolve_set};
use super::report::{self, ReportPlan};
use super::retain::{self, RetainPlan};
use super::source::{self, Source};
use super::times::{parse_time_of_day, parse_window};
use crate::model::document::read_toml;
use crate::model::{Error, Problems, Result, Section};

/// A pipeline file that was read, with every path resolved and every default filled in.
#[derive(Debug)]
pub struct Pipeline {
    pub sources: Vec<Source>,
    pub lake: PathBuf,
    /// Where the candidate key is, if not in the lake.
    pub candidate_key_file: Option<PathBuf>,
    /// Whether Delta tables are kept up.
    pub delta: bool,
    pub ingest: IngestPlan,
    pub analyze: Option<AnalyzePlan>,
    pub retain: Option<RetainPlan>,
    pub report: Option<ReportPlan>,
    pub exports: Vec<ExportTo>,
    pub audio: Option<AudioPlan>,
    /// Applicant tracking systems that interviews are sent to.
    pub ats: Vec<AtsPlan>,
    /// What a night should look like.
    pub expect: Option<ExpectPlan>,
    pub mirror: Option<MirrorPlan>,
    pub notify: Option<NotifyPlan>,
    /// File to which a run writes its figures for Prometheus.
    pub prometheus: Option<PathBuf>,
    /// What is wrong in the file. A pipeline with problems is not run.
    pub problems: Problems,
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

/// The pipeline that ships. It stands for `pipelines/demo.toml` below the working directory, so that it writes into `demo/`.
const DEMO: &str = "builtin:demo";

impl Pipeline {
    /// Reads a pipeline file, or the one that ships, `builtin:demo`. What is wrong in it is in its `problems`, and another value in its place, so that all
    /// that it names can be checked.
    ///
    /// # Errors
    /// All problems, if they leave nothing to go on with.
    pub fn read(path: &Path) -> Result<Self, Vec<Error>> {
        let name = path.display().to_string();
        let (text, folder) = if name == DEMO {
            (include_str!("../../pipelines/demo.toml").to_owned(), Path::new("pipelines"))
        } else {
            let text = fs::read_to_string(path).map_err(|error| {
                let error = Error::usage(format!("cannot read the pipeline {name}: {error}"));
                vec![error.hint(format!("`roundup run {DEMO}` runs one that ships"))]
            })?;
            (text, path.parent().unwrap_or(Path::new("")))
        };
        match read_toml(&text, &name) {
            (Some(file), problems) => Ok(Self::resolve(file, folder, problems)),
            (None, problems) => Err(problems.into_errors()),
        }
    }

    fn resolve(file: PipelineFile, folder: &Path, mut problems: Problems) -> Self {
        let sources = source::resolve_all(file.source.0, folder, &mut problems);
        let analyze = file.analyze.map(|analyze| AnalyzePlan {
            keywords: analyze.keywords.into_iter().map(|set| resolve_set(set, folder)).collect(),
            metrics: analyze.metrics,
        });
        let audio = file.audio.map(|audio| audio::resolve(audio, folder, &mut problems.section("audio")));
        let systems = file.ats.map_or_else(Vec::new, |ats| ats.0);
        let archive = audio.as_ref().and_then(AudioPlan::folder);
        let ats = systems.into_iter().enumerate().map(|(number, system)| {
            ats::resolve(system, folder, archive, &mut problems.section(format!("ats[{number}]")))
        });
        let ats = ats.collect();
        let exports = file.export.map_or_else(Vec::new, |export| export.0);
        let searched = analyze.as_ref().map(|plan| plan.keywords.as_slice());
        let exports = export::resolve_all(exports, folder, searched, &mut problems);
        Self {
            sources,
            exports,
            lake: place(folder, &file.lake.path),
            candidate_key_file: file.lake.candidate_key_file.as_deref().map(|path| place(folder, path)),
            delta: file.lake.delta,
            ingest: resolve_ingest(file.ingest, &mut problems.section("ingest")),
            prometheus: file.metrics.prometheus.map(|path| place(folder, &path)),
            retain: file.retain.map(|retain| retain::resolve(retain, &mut problems.section("retain"))),
            report: file.report.map(|report| report::resolve(report, folder, &mut problems.section("report"))),
            ats,
            audio,
            expect: file.expect.map(|expect| expect::resolve(expect, &mut problems.section("expect"))),
            mirror: file.mirror.map(|mirror| mirror::resolve(mirror, &mut problems.section("mirror"))),
            notify: file.notify.and_then(|notify| notify::resolve(notify, folder, &mut problems.section("notify"))),
            analyze,
            problems,
        }
    }
}

fn resolve_ingest(ingest: IngestSection, at: &mut Section<'_>) -> IngestPlan {
    let default = IngestSection::default();
    let window = parse_window(&default.limit_window).expect("the default is right");
    IngestPlan {
        requests_per_minute: at.at_least_1("requests-per-minute", ingest.requests_per_minute),
        concurrency: at.at_least_1("concurrency", ingest.concurrency),
        questions: ingest.questions,
        stop_at: ingest.stop_at.and_then(|text| at.keep("stop-at", parse_time_of_day(&text))),
        limit_window: at.or("limit-window", parse_window(&ingest.limit_window), window),
    }
}

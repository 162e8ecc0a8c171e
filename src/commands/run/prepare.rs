//! Prepares a pipeline: everything that it names is read before anything is written.

use std::path::Path;

use super::accounts::{ReadySource, access_of};
use super::ats::ReadyAts;
use super::export::ReadyExport;
use crate::analyze::{AnalyzeRequest, PreparedSet};
use crate::deliver::audio;
use crate::deliver::export::Place;
use crate::keywords::Mode;
use crate::lake::disks::refuse_other_disks;
use crate::lake::outside::{real_path, refuse_inside, unusable, unwritable};
use crate::lake::refuse_url;
use crate::model::{Error, Result, is_address};
use crate::pipeline::ids::read_lists;
use crate::pipeline::sets::{load_set, load_sets};
use crate::pipeline::{AtsPlan, AudioPlan, ExportTo, JobsFile, MetricGroup, Pipeline, ReportPlan, Source, Stage};

/// Everything that the selected stages need.
pub struct Ready<'p> {
    pub sources: Option<Vec<ReadySource>>,
    pub analysis: Option<ReadyAnalysis>,
    pub report: Option<&'p ReportPlan>,
    pub exports: Vec<ReadyExport>,
    pub audio: Option<&'p AudioPlan>,
    pub ats: Vec<ReadyAts>,
}

/// Reads everything that the selected stages of a pipeline name.
///
/// # Errors
/// All problems, and not only the first.
pub fn prepare(pipeline: &Pipeline, wanted: impl Fn(Stage) -> bool) -> std::result::Result<Ready<'_>, Vec<Error>> {
    let lake = &pipeline.lake;
    let mut problems = Problems::default();
    let sources = wanted(Stage::Ingest)
        .then(|| pipeline.sources.iter().filter_map(|source| problems.ready_source(source)).collect());
    let analysis = pipeline.analyze.as_ref().filter(|_| wanted(Stage::Analyze));
    let analysis = analysis.and_then(|plan| problems.keep(ready_analysis(&plan.keywords, Mode::Word, &plan.metrics)));
    let no_lake = refuse_url(lake).err().or_else(|| unwritable("the lake", lake));
    problems.add(no_lake.map(|error| error.hint("choose another folder with `path` under [lake]")));
    problems.add(refuse_other_disks(lake).err());
    let report = pipeline.report.as_ref().filter(|_| wanted(Stage::Report));
    if let Some(report) = report {
        let out = unusable("the report", &report.out, &report.out, lake);
        problems.add(out.map(|error| error.hint("choose another folder with `out` under [report]")));
        problems.add(JobsFile::read(report.jobs_file.as_deref()).err());
    }
    let exports = pipeline.exports.iter().filter(|_| wanted(Stage::Export));
    let exports = exports.filter_map(|export| problems.ready_export(export, lake)).collect();
    let audio = pipeline.audio.as_ref().filter(|_| wanted(Stage::Audio));
    problems.add(audio.and_then(|audio| no_place_for(audio, lake)));
    let mut ats: Vec<ReadyAts> = Vec::new();
    for plan in pipeline.ats.iter().filter(|_| wanted(Stage::Ats)) {
        let ready = problems.ready_ats(plan, pipeline.audio.as_ref(), &ats);
        ats.extend(ready);
    }
    if problems.0.is_empty() { Ok(Ready { sources, analysis, report, exports, audio, ats }) } else { Err(problems.0) }
}

/// All problems with a pipeline.
#[derive(Default)]
struct Problems(Vec<Error>);

impl Problems {
    fn add(&mut self, problem: Option<Error>) {
        self.0.extend(problem);
    }

    fn keep<T>(&mut self, result: Result<T>) -> Option<T> {
        result.map_err(|error| self.0.push(error)).ok()
    }

    fn ready_source(&mut self, source: &Source) -> Option<ReadySource> {
        let ids = read_lists(&source.lists).map_err(|errors| self.0.extend(errors)).ok();
        let access = self.keep(access_of(source));
        let (name, exclude) = (source.name.clone(), source.exclude.clone());
        Some(ReadySource { name, ids: ids?, inbox: source.inbox, exclude, access: access? })
    }

    fn ready_export(&mut self, export: &ExportTo, lake: &Path) -> Option<ReadyExport> {
        // What is no file is written itself; of a file, its folder is.
        let folder = export.output.parent().unwrap_or(Path::new(""));
        let out = match Place::of(&export.output) {
            Place::Straight | Place::Stdout => refuse_inside("the export", &export.output, lake).err(),
            Place::File(_) => unusable("the export", &export.output, folder, lake),
        };
        self.add(out.map(|error| error.hint("choose another place with `output` under [export]")));
        self.keep(ReadyExport::new(export))
    }

    fn ready_ats(&mut self, plan: &AtsPlan, made: Option<&AudioPlan>, others: &[ReadyAts]) -> Option<ReadyAts> {
        self.add(plan.recordings.as_deref().and_then(|folder| no_archive(folder, made)));
        let ready = self.keep(ReadyAts::new(plan))?;
        if others.iter().any(|other| other.connector.name == ready.connector.name) {
            self.add(Some(Error::usage(format!("two connectors are called {}", ready.connector.name))));
            return None;
        }
        Some(ready)
    }
}

/// The keyword sets and metrics of an analysis.
pub struct ReadyAnalysis {
    pub sets: Vec<PreparedSet>,
    fillers: PreparedSet,
    metrics: Vec<MetricGroup>,
}

impl ReadyAnalysis {
    pub fn request(&self, force: bool) -> AnalyzeRequest<'_> {
        AnalyzeRequest { sets: &self.sets, fillers: &self.fillers, metrics: &self.metrics, force }
    }
}

/// Reads keyword sets, and the set of fillers.
///
/// # Errors
/// The error of the first set that is wrong.
pub fn ready_analysis(references: &[String], txt_mode: Mode, metrics: &[MetricGroup]) -> Result<ReadyAnalysis> {
    let sets = load_sets(references, txt_mode)?.into_iter().map(PreparedSet::new).collect::<Result<_>>()?;
    let fillers = PreparedSet::new(load_set("builtin:fillers", Mode::Word)?)?;
    Ok(ReadyAnalysis { sets, fillers, metrics: metrics.to_vec() })
}

/// Why recordings cannot be archived in the place that a pipeline names, if so.
fn no_place_for(audio: &AudioPlan, lake: &Path) -> Option<Error> {
    let checked = audio::store::check(&audio.out, lake);
    let error = checked.err().or_else(|| audio.folder().and_then(|folder| unwritable("the archive", folder)))?;
    Some(match error.hint_text() {
        Some(_) => error,
        None => error.hint("choose another folder with `out` under [audio]"),
    })
}

/// Why recordings cannot be read from a folder, if so. The folder that this pipeline archives them in need not exist
/// yet.
fn no_archive(folder: &Path, made: Option<&AudioPlan>) -> Option<Error> {
    let is_made = made.and_then(AudioPlan::folder).is_some_and(|made| real_path(made) == real_path(folder));
    let name = folder.display();
    let what = if is_address(&name.to_string()) {
        format!("recordings are sent from a folder, and {name} is none")
    } else if is_made || folder.is_dir() {
        return None;
    } else {
        format!("there is no folder {name} to send recordings from")
    };
    Some(Error::usage(what).hint("`recordings` under [ats] names the folder that `roundup audio` fills"))
}

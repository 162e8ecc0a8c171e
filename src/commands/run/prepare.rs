//! Prepares a pipeline: everything that it names is read before anything is written.

use std::path::Path;

use super::accounts::{Access, ReadySource};
use super::ats::ReadyAts;
use super::export::ReadyExport;
use crate::analyze::{AnalyzeRequest, PreparedSet};
use crate::deliver::audio;
use crate::deliver::export::Place;
use crate::keywords::Mode;
use crate::lake::disks::refuse_other_disks;
use crate::lake::outside::{real_path, refuse_inside, unwritable};
use crate::lake::refuse_url;
use crate::mirror::check_withheld;
use crate::model::{Error, Problems, Result, Section, is_address};
use crate::objects::address_of;
use crate::pipeline::ids::read_lists;
use crate::pipeline::sets::{load_set, load_sets};
use crate::pipeline::{
    Api, AtsPlan, AudioPlan, ExportTo, JobsFile, KeyPlace, MetricGroup, MirrorPlan, Pipeline, ReportPlan, RetainPlan,
    Source, Stage,
};
use crate::round0::client::ApiClient;

/// Everything that the selected stages need.
pub struct Ready<'p> {
    pub sources: Option<Vec<ReadySource>>,
    pub analysis: Option<ReadyAnalysis>,
    pub retain: Option<&'p RetainPlan>,
    pub report: Option<&'p ReportPlan>,
    /// The report's file of jobs.
    pub merged: JobsFile,
    pub exports: Vec<ReadyExport>,
    pub audio: Option<&'p AudioPlan>,
    pub ats: Vec<ReadyAts>,
    pub mirror: Option<&'p MirrorPlan>,
}

/// Reads everything that the selected stages of a pipeline name. `problems` are those that are known.
///
/// # Errors
/// All problems, and not only the first.
pub fn prepare(
    pipeline: &Pipeline,
    mut problems: Problems,
    wanted: impl Fn(Stage) -> bool,
) -> Result<Ready<'_>, Vec<Error>> {
    let lake = &pipeline.lake;
    let sources = pipeline.sources.iter().enumerate().filter(|_| wanted(Stage::Ingest));
    let sources: Vec<ReadySource> = sources
        .filter_map(|(number, source)| ready_source(source, &mut problems.section(format!("source[{number}]"))))
        .collect();
    let analysis = pipeline.analyze.as_ref().filter(|_| wanted(Stage::Analyze));
    let analysis = analysis.and_then(|plan| {
        let ready = ready_analysis(&plan.keywords, Mode::Word, &plan.metrics);
        let add = |(number, error)| problems.add(&format!("analyze.keywords[{number}]"), error);
        ready.map_err(|errors| errors.into_iter().for_each(add)).ok()
    });
    let no_lake = refuse_url(lake).err().or_else(|| unwritable("the lake", lake));
    no_lake.into_iter().for_each(|error| problems.add("lake.path", error.hint("choose another folder")));
    refuse_other_disks(lake).err().into_iter().for_each(|error| problems.add("lake.path", error));
    let lake = Some(lake.as_path()).filter(|_| !problems.is_blamed_for("lake.path"));
    let retain = pipeline.retain.as_ref().filter(|_| wanted(Stage::Retain));
    let report = pipeline.report.as_ref().filter(|_| wanted(Stage::Report));
    let mut merged = JobsFile::default();
    if let Some(report) = report {
        let mut at = problems.section("report");
        let inside = lake.and_then(|lake| refuse_inside("the report", &report.out, lake).err());
        let out = inside.or_else(|| unwritable("the report", &report.out));
        out.into_iter().for_each(|error| at.add("out", error.hint("choose another folder")));
        let key = problems.written("report", &["jobs-file", "jobs"]);
        merged = problems.keep(&key, JobsFile::read(report.jobs_file.as_deref())).unwrap_or_default();
    }
    let exports = pipeline.exports.iter().enumerate().filter(|_| wanted(Stage::Export));
    let exports = exports
        .filter_map(|(number, export)| {
            let mut at = problems.section(format!("export[{number}]"));
            ready_export(export, lake, &mut at)
        })
        .collect();
    let audio = pipeline.audio.as_ref().filter(|_| wanted(Stage::Audio));
    let no_archive = audio.zip(lake).and_then(|(audio, lake)| no_place_for(audio, lake));
    no_archive.into_iter().for_each(|error| problems.add("audio.out", error));
    let mut ats: Vec<ReadyAts> = Vec::new();
    for (number, plan) in pipeline.ats.iter().enumerate().filter(|_| wanted(Stage::Ats)) {
        let at = &mut problems.section(format!("ats[{number}]"));
        let ready = ready_ats(plan, pipeline.audio.as_ref(), &ats, at);
        ats.extend(ready);
    }
    let mirror = pipeline.mirror.as_ref().filter(|_| wanted(Stage::Mirror));
    if let Some(mirror) = mirror {
        let mut at = problems.section("mirror");
        at.keep("to", address_of("the mirror", &mirror.to));
        at.keep("exclude-tables", check_withheld(&mirror.withheld));
    }
    let metrics = pipeline.prometheus.as_deref().and_then(|path| no_file("the metrics", path));
    metrics.into_iter().for_each(|error| problems.add("metrics.prometheus", error));
    let sources = wanted(Stage::Ingest).then_some(sources);
    problems.or_value(Ready { sources, analysis, retain, report, merged, exports, audio, ats, mirror })
}

fn ready_source(source: &Source, at: &mut Section<'_>) -> Option<ReadySource> {
    let lists = read_lists(&source.lists, source.column.as_deref());
    let ids = lists.map_err(|errors| errors.into_iter().for_each(|error| at.add("interviews", error))).ok();
    let access = match &source.api {
        Api::Sandbox { interviews, seed } => Some(Access::Sandbox { interviews: *interviews, seed: *seed }),
        Api::Remote { base, keys, requests_per_minute } => ready_clients(base, keys, at)
            .map(|clients| clients.into_iter().map(|client| client.at_most(*requests_per_minute)).collect())
            .map(Access::Remote),
    };
    let (name, exclude) = (source.name.clone(), source.exclude.clone());
    Some(ReadySource { name, ids: ids?, inbox: source.inbox, exclude, access: access? })
}

/// A client for each key of an account.
fn ready_clients(base: &str, keys: &[KeyPlace], at: &mut Section<'_>) -> Option<Vec<ApiClient>> {
    let mut clients: Vec<(&KeyPlace, ApiClient)> = Vec::new();
    for (number, place) in keys.iter().enumerate() {
        let named_by = if let KeyPlace::File(_) = place { "key-file" } else { "key-env" };
        let named_by = if keys.len() == 1 { named_by.to_owned() } else { format!("{named_by}[{number}]") };
        let key = at.keep(&named_by, place.read());
        let client = ApiClient::new(base, key.as_deref().unwrap_or("none"));
        // The address is checked also without a key, and once.
        let client = if number == 0 { at.keep("api", client) } else { client.ok() };
        let Some(client) = key.and(client) else { continue };
        if let Some((other, _)) = clients.iter().find(|(_, other)| other.shares_window(&client)) {
            let hint = "a key has one limit, however often it is named";
            at.add(&named_by, Error::usage(format!("{place} is the same key as {other}")).hint(hint));
        }
        clients.push((place, client));
    }
    (clients.len() == keys.len()).then(|| clients.into_iter().map(|(_, client)| client).collect())
}

fn ready_export(export: &ExportTo, lake: Option<&Path>, at: &mut Section<'_>) -> Option<ReadyExport> {
    // What is no file is written itself; of a file, its folder is.
    let inside = lake.and_then(|lake| refuse_inside("the export", &export.output, lake).err());
    let out = inside.or_else(|| match Place::of(&export.output) {
        Place::Straight | Place::Stdout => None,
        Place::File(_) => no_file("the export", &export.output),
    });
    out.into_iter().for_each(|error| at.add("output", error.hint("choose another place")));
    at.keep("keywords", ReadyExport::new(export))
}

fn ready_ats(plan: &AtsPlan, made: Option<&AudioPlan>, others: &[ReadyAts], at: &mut Section<'_>) -> Option<ReadyAts> {
    let no_archive = plan.recordings.as_deref().and_then(|folder| no_archive(folder, made));
    no_archive.into_iter().for_each(|error| at.add("recordings", error));
    let ready = at.keep("connector", ReadyAts::new(plan))?;
    if others.iter().any(|other| other.connector.name == ready.connector.name) {
        at.add("connector", Error::usage(format!("two connectors are called {}", ready.connector.name)));
        return None;
    }
    Some(ready)
}

/// Why a file cannot be written, if so.
fn no_file(what: &str, path: &Path) -> Option<Error> {
    if path.is_dir() {
        return Some(Error::usage(format!("{what} is to be a file, and {} is a folder", path.display())));
    }
    unwritable(what, path.parent().unwrap_or(Path::new("")))
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
/// The errors of all sets that are wrong, each with the number of its set.
pub fn ready_analysis(
    references: &[String],
    txt_mode: Mode,
    metrics: &[MetricGroup],
) -> Result<ReadyAnalysis, Vec<(usize, Error)>> {
    let (mut sets, mut wrong) = (Vec::new(), Vec::new());
    for (number, set) in load_sets(references, txt_mode).into_iter().enumerate() {
        match set.and_then(PreparedSet::new) {
            Ok(set) => sets.push(set),
            Err(error) => wrong.push((number, error)),
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let fillers = load_set("builtin:fillers", Mode::Word).and_then(PreparedSet::new).expect("it ships");
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

//! A pipeline made ready to run: everything it names is read before anything is written.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use tokio::runtime::{Builder, Runtime};

use super::export::ReadyExport;
use super::output;
use crate::analyze::{PreparedSet, Request};
use crate::deliver::ats;
use crate::deliver::audio;
use crate::keywords::Mode;
use crate::lake::outside::{real_path, refuse_inside};
use crate::lake::refuse_url;
use crate::model::{Error, Result};
use crate::pipeline::ids::read_lists;
use crate::pipeline::sets::{load_set, load_sets};
use crate::pipeline::{Api, AtsPlan, AudioPlan, Exclude, JobsFile, MetricGroup, Pipeline, Source, Stage};
use crate::round0::client::Client;
use crate::sandbox::{Options, Sandbox, start};

/// One source with its ids read and its key in hand.
pub struct ReadySource {
    pub name: String,
    pub ids: Vec<String>,
    /// Whether it also takes ids from the inbox.
    pub inbox: bool,
    pub exclude: Exclude,
    pub access: Access,
}

pub enum Access {
    Remote(Client),
    Sandbox { interviews: Option<usize>, seed: u64 },
}

/// One source with its API there to be asked.
pub struct OpenSource {
    pub name: String,
    pub ids: Vec<String>,
    pub inbox: bool,
    pub exclude: Exclude,
    pub client: Client,
}

/// The accounts of a pipeline, each opened when it is first needed and kept until the run ends.
pub struct Accounts<'a> {
    runtime: &'a Runtime,
    sources: &'a [Source],
    clients: HashMap<String, Client>,
    sandboxes: Vec<Sandbox>,
}

impl<'a> Accounts<'a> {
    pub fn new(runtime: &'a Runtime, sources: &'a [Source]) -> Self {
        Self { runtime, sources, clients: HashMap::new(), sandboxes: Vec::new() }
    }

    /// # Errors
    /// When a sandbox cannot be started.
    pub fn open(&mut self, ready: ReadySource) -> Result<OpenSource> {
        let ReadySource { name, mut ids, inbox, exclude, access } = ready;
        let client = match access {
            Access::Remote(client) => client,
            Access::Sandbox { interviews, seed } => {
                let (sandbox, client) = start_sandbox(self.runtime, interviews, seed)?;
                if ids.is_empty() && !inbox {
                    ids = sandbox.ids().collect();
                }
                self.sandboxes.push(sandbox);
                client
            }
        };
        self.clients.insert(name.clone(), client.clone());
        Ok(OpenSource { name, ids, inbox, exclude, client })
    }

    /// The client of an account by its name; `None` when the pipeline has no such account.
    ///
    /// # Errors
    /// When there is no key, or a sandbox cannot be started.
    pub fn client(&mut self, name: &str) -> Result<Option<Client>> {
        if let Some(client) = self.clients.get(name) {
            return Ok(Some(client.clone()));
        }
        let Some(source) = self.sources.iter().find(|source| source.name == name) else { return Ok(None) };
        let access = access_of(source)?;
        let (name, exclude) = (source.name.clone(), source.exclude.clone());
        let ready = ReadySource { name, ids: Vec::new(), inbox: false, exclude, access };
        self.open(ready).map(|open| Some(open.client))
    }

    /// Stops the sandboxes.
    pub fn close(self) {
        for sandbox in self.sandboxes {
            self.runtime.block_on(sandbox.stop());
        }
    }
}

/// What an analysis asks for.
pub struct ReadyAnalysis {
    pub sets: Vec<PreparedSet>,
    fillers: PreparedSet,
    metrics: Vec<MetricGroup>,
}

impl ReadyAnalysis {
    pub fn request(&self, force: bool) -> Request<'_> {
        Request { sets: &self.sets, fillers: &self.fillers, metrics: &self.metrics, force }
    }
}

/// Everything a run needs, or all that is wrong.
pub struct Ready {
    pub sources: Vec<ReadySource>,
    pub analysis: Option<ReadyAnalysis>,
    pub exports: Vec<ReadyExport>,
    pub ats: Vec<ReadyAts>,
}

/// One applicant tracking system with its secrets in hand.
pub struct ReadyAts {
    pub plan: AtsPlan,
    pub connector: ats::Connector,
    pub secrets: ats::Secrets,
}

impl ReadyAts {
    /// # Errors
    /// A usage error when the connector is wrong or a secret is not there.
    pub fn new(plan: &AtsPlan) -> Result<Self> {
        let connector = ats::Connector::read(plan)?;
        let secrets = connector.secrets()?;
        Ok(Self { plan: plan.clone(), connector, secrets })
    }
}

/// Reads what the wanted stages of a pipeline name.
///
/// # Errors
/// Every problem there is, not only the first.
pub fn prepare(pipeline: &Pipeline, wanted: impl Fn(Stage) -> bool) -> std::result::Result<Ready, Vec<Error>> {
    let mut problems = Vec::new();
    let mut sources = Vec::new();
    for source in pipeline.sources.iter().filter(|_| wanted(Stage::Ingest)) {
        match ready_source(source) {
            Ok(source) => sources.push(source),
            Err(errors) => problems.extend(errors),
        }
    }
    let analysis = pipeline.analyze.as_ref().filter(|_| wanted(Stage::Analyze)).and_then(|plan| {
        match ready_analysis(&plan.keywords, Mode::Word, &plan.metrics) {
            Ok(analysis) => Some(analysis),
            Err(error) => {
                problems.push(error);
                None
            }
        }
    });
    let lake = refuse_url(&pipeline.lake).err().or_else(|| unwritable("the lake", &pipeline.lake));
    problems.extend(lake.map(|error| error.hint("choose another folder with `path` under [lake]")));
    if let Some(report) = pipeline.report.as_ref().filter(|_| wanted(Stage::Report)) {
        let out = unusable("the report", &report.out, &report.out, &pipeline.lake);
        problems.extend(out.map(|error| error.hint("choose another folder with `out` under [report]")));
        problems.extend(JobsFile::read(report.jobs_file.as_deref()).err());
    }
    let mut exports = Vec::new();
    for export in pipeline.exports.iter().filter(|_| wanted(Stage::Export)) {
        let folder = export.output.parent().unwrap_or(Path::new(""));
        let out = unusable("the export", &export.output, folder, &pipeline.lake);
        problems.extend(out.map(|error| error.hint("choose another place with `output` under [export]")));
        match ReadyExport::new(export) {
            Ok(export) => exports.push(export),
            Err(error) => problems.push(error),
        }
    }
    if let Some(audio) = pipeline.audio.as_ref().filter(|_| wanted(Stage::Audio)) {
        let checked = audio::store::check(&audio.out, &pipeline.lake);
        let out = checked.err().or_else(|| audio.folder().and_then(|folder| unwritable("the archive", folder)));
        problems.extend(out.map(|error| match error.hint_text() {
            Some(_) => error,
            None => error.hint("choose another folder with `out` under [audio]"),
        }));
    }
    let mut ats: Vec<ReadyAts> = Vec::new();
    for plan in pipeline.ats.iter().filter(|_| wanted(Stage::Ats)) {
        problems.extend(plan.recordings.as_deref().and_then(|folder| no_archive(folder, pipeline.audio.as_ref())));
        match ReadyAts::new(plan) {
            Ok(ready) if ats.iter().any(|other| other.connector.name == ready.connector.name) => {
                problems.push(Error::usage(format!("two connectors are called {}", ready.connector.name)));
            }
            Ok(ready) => ats.push(ready),
            Err(error) => problems.push(error),
        }
    }
    if problems.is_empty() { Ok(Ready { sources, analysis, exports, ats }) } else { Err(problems) }
}

fn ready_source(source: &Source) -> std::result::Result<ReadySource, Vec<Error>> {
    let mut problems = Vec::new();
    let ids = read_lists(&source.lists).unwrap_or_else(|errors| {
        problems.extend(errors);
        Vec::new()
    });
    match access_of(source) {
        Ok(access) if problems.is_empty() => {
            let (name, exclude) = (source.name.clone(), source.exclude.clone());
            Ok(ReadySource { name, ids, inbox: source.inbox, exclude, access })
        }
        Ok(_) => Err(problems),
        Err(error) => {
            problems.push(error);
            Err(problems)
        }
    }
}

fn access_of(source: &Source) -> Result<Access> {
    match &source.api {
        Api::Sandbox { interviews, seed } => Ok(Access::Sandbox { interviews: *interviews, seed: *seed }),
        Api::Remote { base, key } => key.read().and_then(|key| Client::new(base, &key)).map(Access::Remote),
    }
}

/// Reads keyword sets, and the one for fillers.
///
/// # Errors
/// The first that is wrong.
pub fn ready_analysis(references: &[String], txt_mode: Mode, metrics: &[MetricGroup]) -> Result<ReadyAnalysis> {
    let sets = load_sets(references, txt_mode)?.into_iter().map(PreparedSet::new).collect::<Result<_>>()?;
    let fillers = PreparedSet::new(load_set("builtin:fillers", Mode::Word)?)?;
    Ok(ReadyAnalysis { sets, fillers, metrics: metrics.to_vec() })
}

/// What keeps recordings from being read from a folder, unless that is the one which this pipeline makes for them.
fn no_archive(folder: &Path, made: Option<&AudioPlan>) -> Option<Error> {
    let is_made = made.and_then(AudioPlan::folder).is_some_and(|made| real_path(made) == real_path(folder));
    let name = folder.display();
    let what = if name.to_string().contains("://") {
        format!("recordings are sent from a folder, and {name} is none")
    } else if is_made || folder.is_dir() {
        return None;
    } else {
        format!("there is no folder {name} to send recordings from")
    };
    Some(Error::usage(what).hint("`recordings` under [ats] names the folder that `roundup audio` fills"))
}

/// What keeps something from being written to a place in a folder that is to be made.
fn unusable(what: &str, place: &Path, folder: &Path, lake: &Path) -> Option<Error> {
    refuse_inside(what, place, lake).err().or_else(|| unwritable(what, folder))
}

/// What keeps a folder from being made or written, without making it.
fn unwritable(what: &str, folder: &Path) -> Option<Error> {
    let there = folder.ancestors().find(|folder| folder.exists()).map_or(PathBuf::from("."), |folder| {
        if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder.to_owned() }
    });
    let why = if !there.is_dir() {
        format!("{} is not a folder", there.display())
    } else if rustix::fs::access(&there, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK).is_err() {
        format!("{} is not writable", there.display())
    } else {
        return None;
    };
    Some(Error::usage(format!("cannot make {what} at {}: {why}", folder.display())))
}

/// Says all problems and returns the last as the error to end with.
pub fn say_all(mut problems: Vec<Error>) -> Error {
    let last = problems.pop().expect("there is at least one problem");
    problems.iter().for_each(output::error);
    last
}

/// The thread that talks to the network: one, as a second would bring a heap of its own, and bodies pass through all.
///
/// # Errors
/// When the system has none to give.
pub fn runtime() -> Result<Runtime> {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    runtime.map_err(|error| Error::failed(format!("cannot start the network threads: {error}")))
}

/// Starts the stand-in API inside this process.
///
/// # Errors
/// When it cannot listen.
pub fn start_sandbox(runtime: &Runtime, interviews: Option<usize>, seed: u64) -> Result<(Sandbox, Client)> {
    let options = Options { interviews, seed, limit: None, ..Options::default() };
    let key = options.key.clone();
    let sandbox = runtime
        .block_on(start(options))
        .map_err(|error| Error::failed(format!("cannot start the sandbox: {error}")))?;
    let client = Client::new(&sandbox.base_url(), &key)?;
    Ok((sandbox, client))
}

//! Pipeline files: what may stand in one, and the plan that it resolves to.

mod ats;
mod audio;
mod exclude;
mod export;
pub mod file;
pub mod ids;
mod jobs;
mod report;
mod secret;
pub mod sets;
mod times;

use std::fs;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use jiff::civil::Time;

pub use ats::AtsPlan;
pub use audio::{AudioPlan, parse_size};
pub use exclude::Exclude;
pub use export::{ExportPlan, ExportTo, Since};
pub use file::{ExportFormat, ExportRows, Format, MetricGroup, Outcome, QuestionPolicy, Stage};
pub use jobs::JobsFile;
pub use report::{Compare, Narrow, NotifyPlan, NotifyWay, ReportPlan, parse_compare};
pub use secret::{KeyPlace, is_variable_name, read_variable, sendable};
pub use times::{
    midnight, parse_date, parse_days, parse_max_time, parse_midnight, parse_time_of_day, parse_time_zone, parse_window,
    span_up_to,
};

use crate::model::error::from_toml;
use crate::model::{Error, Result};
use file::{PipelineFile, SourceSection};

/// The word that stands for the inbox among lists of ids.
pub const INBOX: &str = "inbox";

/// The word that stands for the stand-in API inside this process.
pub const SANDBOX: &str = "sandbox";

/// A pipeline that was read and found right: every path resolved, every default filled in.
#[derive(Debug)]
pub struct Pipeline {
    pub sources: Vec<Source>,
    pub lake: PathBuf,
    pub ingest: IngestPlan,
    pub analyze: Option<AnalyzePlan>,
    pub report: Option<ReportPlan>,
    pub exports: Vec<ExportTo>,
    pub audio: Option<AudioPlan>,
    /// Systems that interviews are sent to.
    pub ats: Vec<AtsPlan>,
    pub notify: Option<NotifyPlan>,
    /// Where a run writes its figures for Prometheus.
    pub prometheus: Option<PathBuf>,
}

/// One account to read interviews from.
#[derive(Debug)]
pub struct Source {
    pub name: String,
    pub api: Api,
    /// Lists of ids, `-` for standard input. Empty for the sandbox: all of its own.
    pub lists: Vec<PathBuf>,
    /// Whether it also takes ids from the inbox.
    pub inbox: bool,
    pub exclude: Exclude,
}

#[derive(Debug)]
pub enum Api {
    Remote {
        /// Without a slash at the end.
        base: String,
        key: KeyPlace,
    },
    /// Started inside this process.
    Sandbox { interviews: Option<usize>, seed: u64 },
}

#[derive(Debug, Clone)]
pub struct IngestPlan {
    /// A ceiling; the API's own limit rules below it.
    pub requests_per_minute: u32,
    pub concurrency: usize,
    pub questions: QuestionPolicy,
    /// Time of day, by this machine's time zone, at which a run leaves the rest for the next one.
    pub stop_at: Option<Time>,
    /// How long the window is in which the API counts requests.
    pub limit_window: Duration,
}

#[derive(Debug, Clone)]
pub struct AnalyzePlan {
    /// `builtin:NAME`, or the path of a set.
    pub keywords: Vec<String>,
    pub metrics: Vec<MetricGroup>,
}

impl Pipeline {
    /// Reads a pipeline file.
    ///
    /// # Errors
    /// A usage error that names the file and, where there is one, the line.
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
            file.source.0.into_iter().map(|source| resolve_source(source, folder)).collect::<Result<_>>()?;
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
            notify: file.notify.map(|notify| report::resolve_notify(notify, folder)).transpose()?,
        })
    }
}

/// `folder/path` as a person would write it: without `x/..`, relative to where the program runs if it is below.
fn place(folder: &Path, path: &str) -> PathBuf {
    // A URL is no path; the lake says itself that it cannot be one.
    if path.contains("://") {
        return PathBuf::from(path);
    }
    // The real folder first, as `..` after a symbolic link is not the folder before it.
    let Ok(real) = folder_or_here(folder).canonicalize() else { return folder.join(path) };
    let mut clean = PathBuf::new();
    for part in real.join(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                clean.pop();
            }
            part => clean.push(part),
        }
    }
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    match here.as_deref().map(|here| clean.strip_prefix(here)) {
        Ok(Ok(below)) if below.as_os_str().is_empty() => PathBuf::from("."),
        Ok(Ok(below)) => below.to_owned(),
        _ => clean,
    }
}

fn folder_or_here(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() { Path::new(".") } else { folder }
}

fn resolve_source(source: SourceSection, folder: &Path) -> Result<Source> {
    let name = source.name;
    if name.is_empty() || !name.chars().all(|character| character.is_ascii_alphanumeric() || "-_.".contains(character))
    {
        return Err(Error::usage("the name of a source is made of letters, digits, `-`, `_` and `.`"));
    }
    let inbox = source.interviews.iter().any(|list| list == INBOX);
    let lists: Vec<PathBuf> = source
        .interviews
        .into_iter()
        .filter(|list| list != INBOX)
        .map(|list| match list.as_str() {
            "-" => PathBuf::from("-"),
            _ => place(folder, &list),
        })
        .collect();
    let api = if source.api == SANDBOX {
        if source.key_env.is_some() || source.key_file.is_some() {
            return Err(Error::usage("the sandbox inside this process takes no key"));
        }
        let sandbox = source.sandbox.unwrap_or_default();
        Api::Sandbox { interviews: sandbox.interviews, seed: sandbox.seed }
    } else {
        if source.sandbox.is_some() {
            return Err(Error::usage("`sandbox` under [source] is for api = \"sandbox\" only"));
        }
        if lists.is_empty() && !inbox {
            let hint = "interviews = [\"ids.txt\"], one id a line; the vendor has no call that lists them";
            return Err(Error::usage(format!("source {name} names no `interviews`")).hint(hint));
        }
        let key = match (source.key_env, source.key_file) {
            (Some(_), Some(_)) => return Err(Error::usage("name key-env or key-file, not both")),
            (None, Some(path)) => KeyPlace::File(place(folder, &path)),
            (name, None) => KeyPlace::Environment(name.unwrap_or_else(|| "ROUNDZERO_API_KEY".to_owned())),
        };
        Api::Remote { base: source.api.trim_end_matches('/').to_owned(), key }
    };
    let exclude = Exclude::new(&source.exclude)?;
    Ok(Source { name, api, lists, inbox, exclude })
}

fn resolve_set(set: String, folder: &Path) -> String {
    if set.starts_with("builtin:") { set } else { place(folder, &set).display().to_string() }
}

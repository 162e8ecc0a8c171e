//! Every command, flag and help text.

mod deliver;
mod values;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use deliver::{AtsFlags, AudioFlags, ExportFlags, GetFlags, WaitFlags};

use crate::keywords::Mode;
use crate::pipeline::{Format, MetricGroup, QuestionPolicy, Stage};
use crate::sandbox::{AtsFault, WebhookFault};

/// The nightly roundup of ROUND0 interviews: fetch them into Parquet, analyse every transcript, write the report.
#[derive(Debug, Parser)]
#[command(version, after_help = AFTER_HELP)]
pub struct Arguments {
    /// How messages on stderr are written
    #[arg(long, value_enum, default_value = "text", global = true)]
    pub log_format: LogFormat,
    /// Say nothing but warnings and errors
    #[arg(short, long, global = true)]
    pub quiet: bool,
    /// Say more
    #[arg(short, long, global = true, conflicts_with = "quiet")]
    pub verbose: bool,
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str = "\
Exit codes: 0 done · 1 failed · 2 usage or configuration · 3 finished, but something was set aside or given up ·
4 not ready, or not in time · 5 access refused · 6 another run holds the lake · 130 interrupted";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a pipeline: fetch, analyse, report
    Run(RunFlags),
    /// Fetch interviews into a lake, and do nothing else
    Ingest(IngestFlags),
    /// Load bodies of `GET /interviews/:id`, one a line, into a lake without a call
    Import(ImportFlags),
    /// Show interviews: their questions and answers
    Get(GetFlags),
    /// Wait until interviews are completed, and show them
    Wait(WaitFlags),
    /// Make the figures and keyword hits of what is in a lake
    Analyze(AnalyzeFlags),
    /// Write the report of what was analysed
    Report(ReportFlags),
    /// Write interviews, answers or figures of a lake as CSV, JSON Lines, Parquet or a spreadsheet
    Export(ExportFlags),
    /// Archive recordings of answers, each once
    Audio(AudioFlags),
    /// Send completed interviews to an applicant tracking system
    Ats(AtsFlags),
    /// Say all that is wrong with a pipeline file, then what a run would do
    Check(CheckFlags),
    /// Say what is in a lake and what is still open
    Status(StatusFlags),
    /// Look after bodies that were set aside because they break the contract
    #[command(subcommand)]
    Quarantine(QuarantineCommand),
    /// Check a keyword set, or show what it finds
    #[command(subcommand)]
    Keywords(KeywordsCommand),
    /// Receive the vendor's webhooks, and keep their events for the next ingest
    Listen(ListenFlags),
    /// Describe the tables, the pipeline file or keyword sets
    Schema(SchemaFlags),
    /// Serve the vendor's API on this machine, with made-up interviews
    Sandbox(SandboxFlags),
    /// Write a completion script for a shell
    Completions { shell: clap_complete::Shell },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    Text,
    Json,
}

/// How data on stdout is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum DataFormat {
    Text,
    Json,
}

#[derive(Debug, Args)]
pub struct RunFlags {
    /// The pipeline file, for example pipelines/demo.toml
    pub pipeline: PathBuf,
    /// Run this stage only; may be given several times
    #[arg(long, value_enum, value_name = "STAGE")]
    pub only: Vec<Stage>,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Ask again for every listed interview, settled ones included
    #[arg(long)]
    pub refetch: bool,
}

#[derive(Debug, Args)]
pub struct CheckFlags {
    /// The pipeline file
    pub pipeline: PathBuf,
}

#[derive(Debug, Args)]
pub struct LakeFlag {
    /// Folder of the lake
    #[arg(long, value_name = "DIR")]
    pub lake: PathBuf,
}

#[derive(Debug, Args)]
pub struct IngestFlags {
    #[command(flatten)]
    pub lake: LakeFlag,
    /// Files of interview ids, one a line, `#` comments; `-` for standard input, `inbox` for what `listen` took
    #[arg(required = true, value_name = "IDS")]
    pub interviews: Vec<PathBuf>,
    #[command(flatten)]
    pub api: ApiFlags,
    /// Name of the account, as it will stand in the column `source`
    #[arg(long, default_value = "default")]
    pub source: String,
    /// Which interviews' questions are asked for
    #[arg(long, value_enum, default_value = "unseen")]
    pub questions: QuestionPolicy,
    /// Time of day at which the rest is left for the next run, as 05:30
    #[arg(long, value_name = "TIME")]
    pub stop_at: Option<String>,
    /// Keep interviews out by id, candidate's e-mail, or id or title of the job; `*` is any text
    #[arg(long, value_name = "PATTERN")]
    pub exclude: Vec<String>,
    /// Ask again for every listed interview, settled ones included
    #[arg(long)]
    pub refetch: bool,
}

#[derive(Debug, Args)]
pub struct ApiFlags {
    /// Address of the API up to and with /api/v1
    #[arg(long, value_name = "URL", default_value = "https://rz-app-omega.vercel.app/api/v1")]
    pub api: String,
    /// Environment variable that holds the key
    #[arg(long, value_name = "VAR", default_value = "ROUNDZERO_API_KEY")]
    pub key_env: String,
    /// Never ask for more than this; the API's own limit rules below it
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub requests_per_minute: u32,
    /// Requests under way at once, at most
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..))]
    pub concurrency: u16,
    /// How long the window is in which the API counts requests
    #[arg(long, value_name = "TIME", default_value = "60s")]
    pub limit_window: String,
}

#[derive(Debug, Args)]
pub struct ImportFlags {
    #[command(flatten)]
    pub lake: LakeFlag,
    /// JSON Lines, plain, gzip or zstd; `-` for standard input
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<PathBuf>,
    /// Name of the account, as it will stand in the column `source`
    #[arg(long, default_value = "default")]
    pub source: String,
    /// How the summary is written
    #[arg(long, value_enum, default_value = "text")]
    pub format: DataFormat,
}

#[derive(Debug, Args)]
pub struct AnalyzeFlags {
    #[command(flatten)]
    pub lake: LakeFlag,
    /// A keyword set: a .toml file, a .txt file with one term a line, or builtin:NAME; may be given several times
    #[arg(long, value_name = "SET", num_args = 1..)]
    pub keywords: Vec<String>,
    /// How terms of .txt sets are found
    #[arg(long, value_enum, default_value = "word")]
    pub mode: Mode,
    /// Which figures of answers are made, separated by commas; all if left out
    #[arg(long, value_enum, value_name = "GROUP,…", value_delimiter = ',', default_values_t = MetricGroup::all(), hide_default_value = true)]
    pub metrics: Vec<MetricGroup>,
    /// Make everything again, also what is up to date
    #[arg(long)]
    pub force: bool,
    /// Say before what is made and why, and after where the time went
    #[arg(long)]
    pub explain: bool,
    /// How the summary is written
    #[arg(long, value_enum, default_value = "text")]
    pub format: DataFormat,
}

#[derive(Debug, Args)]
pub struct ReportFlags {
    #[command(flatten)]
    pub lake: LakeFlag,
    /// Folder in which the report gets a folder of its own
    #[arg(long, value_name = "DIR", default_value = "reports")]
    pub out: PathBuf,
    /// What to write
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["html", "xlsx", "csv", "json"])]
    pub formats: Vec<Format>,
    /// Length of the period in days or weeks: 7d, 4w
    #[arg(long, default_value = "7d")]
    pub period: String,
    /// First day that is no longer in the period, as 2026-06-01; today if left out
    #[arg(long, value_name = "DAY")]
    pub until: Option<String>,
    /// Time zone in which days begin, as Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub time_zone: String,
    /// Compare with the period before, with none, or with that which ends before a day
    #[arg(long, value_name = "previous|none|DAY", default_value = "previous")]
    pub compare: String,
    /// Only this job, by id or title; can be repeated
    #[arg(long, value_name = "JOB")]
    pub job: Vec<String>,
    /// Only jobs of this department; can be repeated
    #[arg(long, value_name = "NAME")]
    pub department: Vec<String>,
    /// File that merges and renames jobs
    #[arg(long, value_name = "FILE")]
    pub jobs_file: Option<PathBuf>,
    /// Quote no answers
    #[arg(long)]
    pub no_quotes: bool,
    /// Also show some whole answers of each question
    #[arg(long)]
    pub whole_answers: bool,
}

#[derive(Debug, Args)]
pub struct StatusFlags {
    #[command(flatten)]
    pub lake: LakeFlag,
    #[arg(long, value_enum, default_value = "text")]
    pub format: DataFormat,
}

#[derive(Debug, Subcommand)]
pub enum QuarantineCommand {
    /// What is set aside, since when, and why
    List {
        #[command(flatten)]
        lake: LakeFlag,
        #[arg(long, value_enum, default_value = "text")]
        format: DataFormat,
    },
    /// Print a body as it came
    Show {
        #[command(flatten)]
        lake: LakeFlag,
        id: String,
    },
    /// Read bodies again; what still cannot be read is asked for by the next ingest
    Retry(Which),
    /// Delete bodies for good; their interviews are not asked for again
    Discard {
        #[command(flatten)]
        which: Which,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
pub struct Which {
    #[command(flatten)]
    pub lake: LakeFlag,
    /// As `quarantine list` has them
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// All that are set aside
    #[arg(long, conflicts_with = "ids")]
    pub all: bool,
}

#[derive(Debug, Subcommand)]
pub enum KeywordsCommand {
    /// Say what is probably a mistake in a set: short and common terms, terms that hide one another
    Lint {
        #[command(flatten)]
        set: SetFlags,
        /// Also name the terms that stand in no answer of this lake
        #[arg(long, value_name = "DIR")]
        lake: Option<PathBuf>,
    },
    /// Show every hit of a set in context, the matched text between « and »
    #[command(group = clap::ArgGroup::new("where").required(true))]
    Try {
        #[command(flatten)]
        set: SetFlags,
        /// Look through the answers of this lake
        #[arg(long, value_name = "DIR", group = "where")]
        lake: Option<PathBuf>,
        /// Look through this text; `-` for standard input
        #[arg(long, value_name = "FILE", group = "where")]
        text: Option<PathBuf>,
        /// How hits are written; as JSON, one a line
        #[arg(long, value_enum, default_value = "text")]
        format: DataFormat,
    },
}

#[derive(Debug, Args)]
pub struct SetFlags {
    /// A .toml file, a .txt file with one term a line, or builtin:NAME
    pub set: String,
    /// How terms of .txt sets are found
    #[arg(long, value_enum, default_value = "word")]
    pub mode: Mode,
}

#[derive(Debug, Args)]
pub struct ListenFlags {
    #[command(flatten)]
    pub lake: LakeFlag,
    /// Address to listen on; port 0 takes a free one
    #[arg(long)]
    pub addr: SocketAddr,
    /// Environment variable that holds the secret of the webhook; while a secret is changed, one for each
    #[arg(long, value_name = "VAR", required = true)]
    pub secret_env: Vec<String>,
    /// Name of the account, as the pipeline has it: a secret of another account wants a receiver of its own
    #[arg(long, default_value = "default")]
    pub source: String,
    /// Start a run of this pipeline when events have come, one run at a time
    #[arg(long, num_args = 2, value_names = ["run", "PIPELINE.toml"])]
    pub then: Option<Vec<PathBuf>>,
    /// How long no event must have come before a run starts; it starts after six times that at the latest
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = parse_time, requires = "then")]
    pub debounce: Duration,
}

#[derive(Debug, Args)]
pub struct SchemaFlags {
    /// A table, `pipeline` or `keywords`; every table if left out
    pub what: Option<String>,
    /// Of tables: Markdown, JSON or SQL views for DuckDB. `pipeline` and `keywords` are JSON Schemas
    #[arg(long, value_enum, default_value = "markdown")]
    pub format: SchemaFormat,
    /// Where the SQL views read the lake
    #[arg(long, value_name = "DIR", default_value = "lake")]
    pub lake: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaFormat {
    Markdown,
    Json,
    Sql,
}

#[derive(Debug, Args)]
pub struct SandboxFlags {
    /// Loopback address to listen on; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:0")]
    pub addr: SocketAddr,
    /// How many interviews; those of the sample if left out
    #[arg(long, value_name = "N")]
    pub interviews: Option<usize>,
    /// Another seed makes other interviews
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// The key's limit: a number for each window, or `unlimited`
    #[arg(long, value_name = "N|unlimited", default_value = "100", value_parser = parse_limit)]
    pub requests_per_minute: Limit,
    /// How the window of the limit moves
    #[arg(long, value_enum, default_value = "sliding")]
    pub window: WindowKind,
    /// How long the window is: 60s, 2s, 500ms
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_time)]
    pub window_length: Duration,
    /// How long every answer is held back
    #[arg(long, value_name = "TIME", default_value = "0ms", value_parser = parse_time)]
    pub latency: Duration,
    /// The key that is accepted
    #[arg(long, default_value = crate::sandbox::DEFAULT_KEY)]
    pub key: String,
    /// Let things go wrong as this file says; see docs/faults.md
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// Send events of its interviews to this address, as the vendor's webhooks do
    #[arg(long, value_name = "URL", requires = "webhook_secret")]
    pub webhook_to: Option<reqwest::Url>,
    /// What they are signed with
    #[arg(long, value_name = "SECRET", requires = "webhook_to")]
    pub webhook_secret: Option<String>,
    /// What goes wrong with those of one interview in three, in turn, separated by commas
    #[arg(long, value_enum, value_name = "FAULT,…", value_delimiter = ',', requires = "webhook_to")]
    pub webhook_faults: Vec<WebhookFault>,
    /// What goes wrong in its applicant tracking systems with one candidate in three, in turn, separated by commas
    #[arg(long, value_enum, value_name = "FAULT,…", value_delimiter = ',')]
    pub ats_faults: Vec<AtsFault>,
    /// Write the ids of all interviews to this file, one a line
    #[arg(long, value_name = "FILE")]
    pub ids_out: Option<PathBuf>,
}

/// Requests for each window; `None` for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit(pub Option<u32>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum WindowKind {
    Fixed,
    Sliding,
}

fn parse_limit(text: &str) -> Result<Limit, String> {
    if text == "unlimited" {
        return Ok(Limit(None));
    }
    let wrong = || "a number of at least 1, or `unlimited`".to_owned();
    text.parse().ok().filter(|limit| *limit > 0).map(|limit| Limit(Some(limit))).ok_or_else(wrong)
}

/// Longer than anybody waits, and far from what a clock cannot hold.
const LONGEST_TIME: Duration = Duration::from_hours(30 * 24);

fn parse_time(text: &str) -> Result<Duration, String> {
    let span: jiff::SignedDuration = text.parse().map_err(|_| "a time such as 60s or 40ms".to_owned())?;
    let time = Duration::try_from(span).map_err(|_| "a time cannot be negative".to_owned())?;
    if time > LONGEST_TIME { Err("a time is at most 30 days".to_owned()) } else { Ok(time) }
}

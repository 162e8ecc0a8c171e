//! Flags of `run`, `check` and the stages that fill a lake and read it.

use std::path::PathBuf;

use clap::Args;

use super::shared::{ApiFlags, CandidateKeyFlag, DataFormat, DeltaFlag, LakeFlag};
use crate::keywords::Mode;
use crate::pipeline::{Format, MetricGroup, QuestionPolicy, Stage};

#[derive(Debug, Args)]
pub struct RunFlags {
    /// The pipeline file, or builtin:demo
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
    /// The pipeline file, or builtin:demo
    pub pipeline: PathBuf,
}

#[derive(Debug, Args)]
pub struct IngestFlags {
    #[command(flatten)]
    pub lake: LakeFlag,
    #[command(flatten)]
    pub key: CandidateKeyFlag,
    #[command(flatten)]
    pub delta: DeltaFlag,
    /// Files of interview ids, one a line, `#` comments; `-` for standard input, `inbox` for what `listen` took
    #[arg(required = true, value_name = "IDS")]
    pub interviews: Vec<PathBuf>,
    /// Column of ids, for lists that are CSV with a header line
    #[arg(long, value_name = "NAME")]
    pub column: Option<String>,
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
pub struct ImportFlags {
    #[command(flatten)]
    pub lake: LakeFlag,
    #[command(flatten)]
    pub key: CandidateKeyFlag,
    #[command(flatten)]
    pub delta: DeltaFlag,
    /// JSON Lines, a JSON list or indented JSON, plain, gzip or zstd; `-` for standard input
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
#[command(group = clap::ArgGroup::new("work"))]
pub struct AnalyzeFlags {
    /// Folder of the lake; with --list-work also the address of a mirror
    #[arg(long, value_name = "DIR", required_unless_present = "work_from")]
    pub lake: Option<PathBuf>,
    #[command(flatten)]
    pub delta: DeltaFlag,
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
    /// Print what there is to do, a unit of work a line, and do nothing
    #[arg(long, group = "work")]
    pub list_work: bool,
    /// Where the results of the units go, a folder that all machines see or the address of an object store; in the lake's
    /// own folder if left out
    #[arg(long, value_name = "DIR|URL", requires = "list_work")]
    pub outputs: Option<PathBuf>,
    /// Do the units of work in this file, with no other lake than their inputs; `-` for standard input
    #[arg(long, value_name = "FILE", group = "work", conflicts_with = "lake")]
    pub work_from: Option<PathBuf>,
    /// Take what the units of work have made into the lake, from what `--work-from` printed; `-` for standard input
    #[arg(long, value_name = "FILE", group = "work")]
    pub collect: Option<PathBuf>,
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
    #[arg(long, value_enum, value_delimiter = ',', default_values = ["html", "xlsx", "csv", "json", "parquet"])]
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

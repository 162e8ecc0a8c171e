//! What leaves the lake, or is asked of the API for somebody who waits.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::shared::{ApiFlags, DataFormat, DeltaFlag, LakeFlag, parse_time};
use crate::keywords::Mode;
use crate::pipeline::{ExportFormat, ExportRows};

#[derive(Debug, Args)]
pub struct GetFlags {
    /// Ids of interviews
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<String>,
    /// The questions instead of the answers, whatever the status
    #[arg(long)]
    pub questions: bool,
    /// Take what is settled from this lake, and ask the API for the rest
    #[arg(long, value_name = "DIR")]
    pub lake: Option<PathBuf>,
    /// Ask the API also for what is in the lake
    #[arg(long, requires = "lake")]
    pub fresh: bool,
    /// How they are written; as JSON, one a line, also those that are not ready
    #[arg(long, value_enum, default_value = "text")]
    pub format: DataFormat,
    #[command(flatten)]
    pub api: ApiFlags,
}

#[derive(Debug, Args)]
pub struct WaitFlags {
    /// Ids of interviews
    #[arg(required = true, value_name = "ID")]
    pub ids: Vec<String>,
    /// How long to wait, at most
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = parse_time)]
    pub max_wait: Duration,
    /// How long between two looks, a tenth more or less
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = parse_time)]
    pub every: Duration,
    /// Look at once when `listen` receives the end of one of them for this lake
    #[arg(long, value_name = "DIR")]
    pub lake: Option<PathBuf>,
    /// How they are written; as JSON, one a line
    #[arg(long, value_enum, default_value = "text")]
    pub format: DataFormat,
    #[command(flatten)]
    pub api: ApiFlags,
}

#[derive(Debug, Args)]
pub struct ExportFlags {
    #[command(flatten)]
    pub lake: LakeFlag,
    /// How rows are written
    #[arg(long, value_enum)]
    pub format: ExportFormat,
    /// What a row is
    #[arg(long, value_enum, default_value = "interviews")]
    pub what: ExportRows,
    /// File to write, which appears whole; csv and jsonl go to standard output if left out
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Only interviews of this job, by id or title; can be repeated
    #[arg(long, value_name = "JOB", num_args = 1..)]
    pub job: Vec<String>,
    /// Only interviews of this status, in the vendor's words; may be given several times. Of an analysis: completed
    #[arg(long, value_name = "STATUS", num_args = 1..)]
    pub status: Vec<String>,
    /// Only interviews that settled from this day on, as 2026-05-01
    #[arg(long, value_name = "DAY", conflicts_with = "period")]
    pub from: Option<String>,
    /// Only interviews that settled before this day
    #[arg(long, value_name = "DAY")]
    pub until: Option<String>,
    /// Only interviews that settled in so many days or weeks before `--until`, or before today: 7d, 4w
    #[arg(long)]
    pub period: Option<String>,
    /// Time zone in which days begin, as Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub time_zone: String,
    /// CSV as stored, for programs: no byte-order mark, no apostrophe before what a spreadsheet takes for a formula
    #[arg(long)]
    pub raw: bool,
    /// Keyword sets whose terms an analysis counts; those that the lake was analysed with if left out
    #[arg(long, value_name = "SET", num_args = 1..)]
    pub keywords: Vec<String>,
    /// How terms of .txt sets are found
    #[arg(long, value_enum, default_value = "word")]
    pub mode: Mode,
}

#[derive(Debug, Args)]
pub struct AudioFlags {
    #[command(flatten)]
    pub lake: LakeFlag,
    #[command(flatten)]
    pub delta: DeltaFlag,
    /// Folder of the archive, or s3://, gs:// or az:// address in a build with the feature `cloud`
    #[arg(long, value_name = "DIR|URL")]
    pub out: PathBuf,
    /// Only recordings of these interviews, also those that were given up; all if left out
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Only interviews of this job, by id or title; can be repeated
    #[arg(long, value_name = "JOB")]
    pub job: Vec<String>,
    /// Only interviews that settled from this day on, in UTC, as 2026-05-01
    #[arg(long, value_name = "DAY")]
    pub from: Option<String>,
    /// Largest recording
    #[arg(long, value_name = "SIZE", default_value = "200MB")]
    pub max_bytes: String,
    /// How long one recording may take
    #[arg(long, value_name = "TIME", default_value = "10m")]
    pub max_time: String,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// For tests: links may lead to this machine, also without TLS
    #[arg(long)]
    pub allow_loopback: bool,
    /// Account whose interviews can be asked for again, as the column `source` has it
    #[arg(long, default_value = "default")]
    pub source: String,
    #[command(flatten)]
    pub api: ApiFlags,
}

#[derive(Debug, Args)]
pub struct AtsFlags {
    #[command(flatten)]
    pub lake: LakeFlag,
    #[command(flatten)]
    pub delta: DeltaFlag,
    /// File of the connector: which requests tell the system of an interview; see docs/ats/
    #[arg(long, value_name = "FILE")]
    pub connector: PathBuf,
    /// Only these interviews, also those from before the connector's first run
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Print the requests and send nothing; of interviews that are named all requests, also of those that were sent
    #[arg(long)]
    pub dry_run: bool,
    /// First put back what was given up, of these interviews or of all
    #[arg(long, conflicts_with = "dry_run")]
    pub retry_dead: bool,
    /// First day, in UTC, whose completed interviews are sent this time, as 2026-05-01 [default: that of the first run]
    #[arg(long, value_name = "DAY")]
    pub since: Option<String>,
    /// Only interviews of this job, by id or title; can be repeated
    #[arg(long, value_name = "JOB")]
    pub job: Vec<String>,
    /// Value of a setting of the connector; may be given several times
    #[arg(long, value_name = "NAME=VALUE", value_parser = parse_setting)]
    pub set: Vec<(String, String)>,
    /// Folder that recordings are archived in, for connectors that send them
    #[arg(long, value_name = "DIR")]
    pub recordings: Option<PathBuf>,
    /// Never send more than this; a 429 is heeded below it
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..))]
    pub requests_per_minute: u32,
    /// How requests or the summary are written; as JSON, one request a line
    #[arg(long, value_enum, default_value = "text")]
    pub format: DataFormat,
}

fn parse_setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("a name, =, and a value")?;
    Ok((name.to_owned(), value.to_owned()))
}

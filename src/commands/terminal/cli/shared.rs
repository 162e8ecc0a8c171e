//! Flags that several commands have.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};

use crate::pipeline::DEFAULT_KEY_VARIABLE;

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
pub struct LakeFlag {
    /// Folder of the lake
    #[arg(long, value_name = "DIR")]
    pub lake: PathBuf,
}

#[derive(Debug, Args)]
pub struct CandidateKeyFlag {
    /// Where the secret for the keys of candidates is, if not in the lake
    #[arg(long, value_name = "FILE", env = "ROUNDUP_CANDIDATE_KEY_FILE")]
    pub candidate_key_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct DeltaFlag {
    /// Do not keep the Delta tables in `delta/` up, as `delta = false` of a pipeline
    #[arg(long, env = "ROUNDUP_NO_DELTA", value_parser = BoolishValueParser::new())]
    pub no_delta: bool,
}

#[derive(Debug, Args)]
pub struct ApiFlags {
    /// Address of the API up to and with /api/v1
    #[arg(long, value_name = "URL", default_value = "https://rz-app-omega.vercel.app/api/v1")]
    pub api: String,
    /// Environment variable that holds the key
    #[arg(long, value_name = "VAR", default_value = DEFAULT_KEY_VARIABLE)]
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

/// Longer than anybody waits, and far from what a clock cannot hold.
const LONGEST_TIME: Duration = Duration::from_hours(30 * 24);

/// Reads a time such as `60s` or `40ms`.
pub fn parse_time(text: &str) -> Result<Duration, String> {
    let span: jiff::SignedDuration = text.parse().map_err(|_| "a time such as 60s or 40ms".to_owned())?;
    let time = Duration::try_from(span).map_err(|_| "a time cannot be negative".to_owned())?;
    if time > LONGEST_TIME { Err("a time is at most 30 days".to_owned()) } else { Ok(time) }
}

//! Flags of the two servers, `listen` and `sandbox`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::shared::{LakeFlag, parse_time};
use crate::sandbox::{AtsFault, WebhookFault, WindowKind};

#[derive(Debug, Args)]
pub struct ListenFlags {
    #[command(flatten)]
    pub lake: LakeFlag,
    /// Address to listen on; port 0 takes a free one
    #[arg(long)]
    pub addr: SocketAddr,
    /// Environment variable that holds the secret of the webhook; while a secret is changed, one for each
    #[arg(long, value_name = "VAR", required_unless_present = "secret_file")]
    pub secret_env: Vec<String>,
    /// File that holds it instead; while a secret is changed, one a line
    #[arg(long, value_name = "FILE")]
    pub secret_file: Vec<PathBuf>,
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
    /// The key that is accepted; repeat it for several keys of one account, each with a limit of its own
    #[arg(long, default_value = crate::sandbox::DEFAULT_KEY)]
    pub key: Vec<String>,
    /// Let things go wrong as this file says; see docs/faults.md
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// Plant in the interviews what this file says, to see what a report says of it; see docs/faults.md
    #[arg(long, value_name = "FILE")]
    pub contrast: Option<PathBuf>,
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

fn parse_limit(text: &str) -> Result<Limit, String> {
    if text == "unlimited" {
        return Ok(Limit(None));
    }
    let wrong = || "a number of at least 1, or `unlimited`".to_owned();
    text.parse().ok().filter(|limit| *limit > 0).map(|limit| Limit(Some(limit))).ok_or_else(wrong)
}

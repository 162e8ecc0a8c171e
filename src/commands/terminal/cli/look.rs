//! Flags of what looks into transcripts.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::shared::LakeFlag;
use crate::keywords::Mode;
use crate::search::By;
use crate::search::discover::Against;

/// How mentions, or terms, are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SearchFormat {
    /// A line each, and the counts last
    Text,
    /// JSON Lines: the counts first
    Json,
    /// As a table; the counts are a message
    Csv,
}

/// What narrows the answers that are looked into.
#[derive(Debug, Args)]
pub struct FilterFlags {
    /// Only interviews of this job, by id or title; can be repeated
    #[arg(long, value_name = "JOB")]
    pub job: Vec<String>,
    /// Only jobs of this department; can be repeated
    #[arg(long, value_name = "NAME")]
    pub department: Vec<String>,
    /// Only answers to this question, by id or by a part of its text; can be repeated
    #[arg(long, value_name = "TEXT")]
    pub question: Vec<String>,
    /// Only answers to questions of this type, in the vendor's words; can be repeated
    #[arg(long = "type", value_name = "TYPE")]
    pub question_type: Vec<String>,
    /// Only interviews that settled from this day on, as 2026-05-01
    #[arg(long, value_name = "DAY")]
    pub from: Option<String>,
    /// Only interviews that settled before this day
    #[arg(long, value_name = "DAY")]
    pub until: Option<String>,
    /// Time zone in which days begin, as Europe/Berlin
    #[arg(long, value_name = "ZONE", default_value = "UTC")]
    pub time_zone: String,
}

#[derive(Debug, Args)]
pub struct DiscoverFlags {
    #[command(flatten)]
    pub lake: LakeFlag,
    /// Compare each job with all others, or the days from --from to --until with as many before
    #[arg(long, value_enum, default_value = "others")]
    pub against: Against,
    /// Terms of these keyword sets are known: .toml or .txt files, or builtin:NAME; those that the lake was searched for,
    /// as far as they ship, if left out
    #[arg(long, value_name = "SET", num_args = 1..)]
    pub keywords: Vec<String>,
    #[command(flatten)]
    pub filters: FilterFlags,
    /// Only interviews of this status, in the vendor's words; can be repeated
    #[arg(long, value_name = "STATUS", default_value = "completed")]
    pub status: Vec<String>,
    /// Show at most so many terms of each job, or of the period
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// How terms are written
    #[arg(long, value_enum, default_value = "text")]
    pub format: SearchFormat,
    /// Write them to this file, which appears whole: .csv, .jsonl, .xlsx, .parquet
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Make a keyword set of them, to be edited: a new .toml file
    #[arg(long, value_name = "FILE")]
    pub draft: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub struct SearchFlags {
    /// A word or phrase, 'a NEAR/5 b' for at most five words between, or /regular expression/, with /i for any case;
    /// of several, any
    #[arg(required = true, value_name = "TERM")]
    pub terms: Vec<String>,
    #[command(flatten)]
    pub lake: LakeFlag,
    /// How words and phrases are found
    #[arg(long, value_enum, default_value = "word")]
    pub mode: Mode,
    #[command(flatten)]
    pub filters: FilterFlags,
    /// Only interviews of this status, in the vendor's words; can be repeated
    #[arg(long, value_name = "STATUS")]
    pub status: Vec<String>,
    /// Words to show on each side of a mention
    #[arg(long, value_name = "WORDS", default_value_t = 8, value_parser = clap::value_parser!(u16).range(0..=200))]
    pub context: u16,
    /// Sort mentions by time, job, or the words before and after: 1L,1R,2R. They are in the order of the lake if left out
    #[arg(long, value_name = "KEYS", value_delimiter = ',', conflicts_with = "by")]
    pub sort: Vec<String>,
    /// Show at most so many mentions, or parts; all are counted
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Show counts by this instead of mentions, per 1,000 words
    #[arg(long, value_enum)]
    pub by: Option<By>,
    /// Show candidates' own names, e-mail addresses and phone numbers too
    #[arg(long)]
    pub unmasked: bool,
    /// How mentions or counts are written
    #[arg(long, value_enum, default_value = "text")]
    pub format: SearchFormat,
    /// Write them to this file, which appears whole, and only the counts to standard output: .csv, .jsonl, .xlsx, .parquet
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

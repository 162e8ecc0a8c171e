//! Every command, flag and help text.

mod care;
mod deliver;
mod look;
mod serve;
mod shared;
mod stages;
mod values;

use clap::{Parser, Subcommand};

pub use care::{
    FilesFlags, JobsFlags, KeywordsCommand, LedgerCommand, QuarantineCommand, RepairFlags, SchemaFlags, SchemaFormat,
    SetFlags, StatusFlags, Which,
};
pub use deliver::{AtsFlags, AudioFlags, ExportFlags, GetFlags, WaitFlags};
pub use look::{DiscoverFlags, FilterFlags, SearchFlags, SearchFormat};
pub use serve::{ListenFlags, SandboxFlags};
pub use shared::{ApiFlags, DataFormat, LogFormat};
pub use stages::{AnalyzeFlags, CheckFlags, ImportFlags, IngestFlags, ReportFlags, RunFlags};

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
    /// Load bodies of `GET /interviews/:id`, one a line or in a JSON list, into a lake without a call
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
    /// Look for words, phrases or patterns in all answers, count them, and show each among its neighbours
    Search(SearchFlags),
    /// Find the words and phrases that tell a job from all others, or a period from the one before, and that no keyword
    /// set has
    Discover(DiscoverFlags),
    /// Archive recordings of answers, each once
    Audio(AudioFlags),
    /// Send completed interviews to an applicant tracking system
    Ats(AtsFlags),
    /// Say all that is wrong with a pipeline file, then what a run would do
    Check(CheckFlags),
    /// Say what is in a lake and what is still open, or check that all of it is as it should be
    Status(StatusFlags),
    /// List the jobs of a lake, with how many interviews they have
    Jobs(JobsFlags),
    /// List the files of a table at a version of the lake, or what has changed since one
    Files(FilesFlags),
    /// Make a lake, its log and its ledger agree again after something else has changed or deleted their files
    Repair(RepairFlags),
    /// Look after the ledger, which knows what is asked for when
    #[command(subcommand)]
    Ledger(LedgerCommand),
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

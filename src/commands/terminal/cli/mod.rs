//! Every command, flag and help text.

mod care;
mod deliver;
mod examples;
mod look;
mod serve;
mod shared;
mod stages;
mod values;

use std::path::PathBuf;

use clap::{Parser, Subcommand};

pub use care::{
    CompactFlags, FilesFlags, ForgetFlags, JobsFlags, KeywordsCommand, LedgerCommand, MirrorFlags, QuarantineCommand,
    RepairFlags, RestoreFlags, RetainFlags, SchemaFlags, SchemaFormat, SetFlags, StatusFlags, Which,
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
    #[arg(long, value_enum, default_value = "text", global = true, help_heading = GLOBAL)]
    pub log_format: LogFormat,
    /// Say nothing but warnings and errors
    #[arg(short, long, global = true, help_heading = GLOBAL)]
    pub quiet: bool,
    /// Say more
    #[arg(short, long, global = true, help_heading = GLOBAL, conflicts_with = "quiet")]
    pub verbose: bool,
    #[command(subcommand)]
    pub command: Command,
}

/// The heading of the flags that every command has.
const GLOBAL: &str = "Options of every command";

const AFTER_HELP: &str = "\
Examples:
  Try it: made-up interviews, on this machine alone
    roundup run builtin:demo
  What the flags of a command are
    roundup help run

Exit codes: 0 done · 1 failed · 2 usage or configuration · 3 finished, but something was set aside or given up ·
4 not ready, or not in time · 5 access refused · 6 another run holds the lake · 130 interrupted";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a pipeline: fetch, analyse, report
    #[command(after_help = examples::RUN)]
    Run(RunFlags),
    /// Fetch interviews into a lake, and do nothing else
    #[command(after_help = examples::INGEST)]
    Ingest(IngestFlags),
    /// Load bodies of `GET /interviews/:id`, one a line or in a JSON list, into a lake without a call
    #[command(after_help = examples::IMPORT)]
    Import(ImportFlags),
    /// Show interviews: their questions and answers
    #[command(after_help = examples::GET)]
    Get(GetFlags),
    /// Wait until interviews are completed, and show them
    #[command(after_help = examples::WAIT)]
    Wait(WaitFlags),
    /// Make the figures and keyword hits of what is in a lake
    #[command(after_help = examples::ANALYZE)]
    Analyze(AnalyzeFlags),
    /// Write the report of what was analysed
    #[command(after_help = examples::REPORT)]
    Report(ReportFlags),
    /// Write interviews, answers or figures of a lake as CSV, JSON Lines, Parquet or a spreadsheet
    #[command(after_help = examples::EXPORT)]
    Export(ExportFlags),
    /// Look for words, phrases or patterns in all answers, count them, and show each among its neighbours
    #[command(after_help = examples::SEARCH)]
    Search(SearchFlags),
    /// Find the words and phrases that tell a job from all others, or a period from the one before, and that no keyword
    /// set has
    #[command(after_help = examples::DISCOVER)]
    Discover(DiscoverFlags),
    /// Archive recordings of answers, each once
    #[command(after_help = examples::AUDIO)]
    Audio(AudioFlags),
    /// Send completed interviews to an applicant tracking system
    #[command(after_help = examples::ATS)]
    Ats(AtsFlags),
    /// Say all that is wrong with a pipeline file, then what a run would do
    #[command(after_help = examples::CHECK)]
    Check(CheckFlags),
    /// Say what is in a lake and what is still open, or check that all of it is as it should be
    #[command(after_help = examples::STATUS)]
    Status(StatusFlags),
    /// List the jobs of a lake, with how many interviews they have
    #[command(after_help = examples::JOBS)]
    Jobs(JobsFlags),
    /// List the files of a table at a version of the lake, or what has changed since one
    #[command(after_help = examples::FILES)]
    Files(FilesFlags),
    /// Make a lake, its log and its ledger agree again after something else has changed or deleted their files
    #[command(after_help = examples::REPAIR)]
    Repair(RepairFlags),
    /// Merge the many small files of a month into few large ones
    #[command(after_help = examples::COMPACT)]
    Compact(CompactFlags),
    /// Erase persons or interviews everywhere, for good, and keep them from coming back
    #[command(after_help = examples::FORGET)]
    Forget(ForgetFlags),
    /// Erase what is older than it is kept: recordings, transcripts, names, whole interviews
    #[command(after_help = examples::RETAIN)]
    Retain(RetainFlags),
    /// Copy a lake to an object store, for readers there and as a backup, or read such a copy and say what is wrong
    #[command(after_help = examples::MIRROR)]
    Mirror(MirrorFlags),
    /// Make a lake of a mirror
    #[command(after_help = examples::RESTORE)]
    Restore(RestoreFlags),
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
    #[command(after_help = examples::LISTEN)]
    Listen(ListenFlags),
    /// Describe the tables, the pipeline file or keyword sets
    #[command(after_help = examples::SCHEMA)]
    Schema(SchemaFlags),
    /// Serve the vendor's API on this machine, with made-up interviews
    #[command(after_help = examples::SANDBOX)]
    Sandbox(SandboxFlags),
    /// Write a completion script for a shell
    #[command(after_help = examples::COMPLETIONS)]
    Completions { shell: clap_complete::Shell },
    /// Write the man pages, one a command, into a folder: for those who make packages
    #[command(hide = true)]
    Man { folder: PathBuf },
}

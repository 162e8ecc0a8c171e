//! Flags of the commands that look after a lake, keyword sets and schemas.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::examples;
use super::shared::{CandidateKeyFlag, DataFormat, DeltaFlag, LakeFlag};
use crate::keywords::Mode;

#[derive(Debug, Args)]
pub struct StatusFlags {
    #[command(flatten)]
    pub lake: LakeFlag,
    /// Read everything and say what is not as it should be: bytes, pages, keys, the log, the ledger, permissions; ends
    /// with 1 if there is anything
    #[arg(long)]
    pub check: bool,
    #[command(flatten)]
    pub key: CandidateKeyFlag,
    #[arg(long, value_enum, default_value = "text")]
    pub format: DataFormat,
}

#[derive(Debug, Args)]
pub struct JobsFlags {
    #[command(flatten)]
    pub lake: LakeFlag,
    /// How they are written
    #[arg(long, value_enum, default_value = "text")]
    pub format: DataFormat,
}

#[derive(Debug, Args)]
pub struct FilesFlags {
    /// The table, as `interviews`
    pub table: String,
    #[command(flatten)]
    pub lake: LakeFlag,
    /// List the files of this version of the lake; of the last one if left out
    #[arg(long, value_name = "N")]
    pub version: Option<u64>,
    /// List what was added and removed after this version
    #[arg(long, value_name = "N")]
    pub since: Option<u64>,
    /// How they are written
    #[arg(long, value_enum, default_value = "text")]
    pub format: DataFormat,
}

#[derive(Debug, Args)]
pub struct RepairFlags {
    #[command(flatten)]
    pub lake: LakeFlag,
    #[command(flatten)]
    pub key: CandidateKeyFlag,
    #[command(flatten)]
    pub delta: DeltaFlag,
    /// Make another candidate key, if the lake's own is lost for good: who comes again then counts as a new person
    #[arg(long)]
    pub new_candidate_key: bool,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: DataFormat,
}

#[derive(Debug, Args)]
pub struct CompactFlags {
    #[command(flatten)]
    pub lake: LakeFlag,
    #[command(flatten)]
    pub delta: DeltaFlag,
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: DataFormat,
}

#[derive(Debug, Args)]
pub struct ForgetFlags {
    #[command(flatten)]
    pub lake: LakeFlag,
    /// A person: their e-mail address, or the vendor's id of the candidate; all of their interviews go
    #[arg(long, value_name = "EMAIL|ID")]
    pub candidate: Vec<String>,
    /// An interview; others of its person stay
    #[arg(long, value_name = "ID")]
    pub interview: Vec<String>,
    /// Of several persons with one address, the candidate_key of one who is meant
    #[arg(long, value_name = "KEY", conflicts_with = "all")]
    pub id: Vec<String>,
    /// All persons who have the address are meant
    #[arg(long)]
    pub all: bool,
    /// Folder or address of recordings, beside those that the lake knows of
    #[arg(long, value_name = "DIR")]
    pub archive: Vec<PathBuf>,
    /// Say what there is, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    /// Look through every byte of lake, archives, mirrors and reports for what is named; with --yes, after it was erased
    #[arg(long, conflicts_with = "dry_run")]
    pub verify: bool,
    /// A name to look for, too; where it is found is only listed, since others may have it
    #[arg(long, value_name = "NAME", requires = "verify")]
    pub name: Vec<String>,
    /// Another folder to look through
    #[arg(long, value_name = "DIR", requires = "verify")]
    pub reports: Vec<PathBuf>,
    #[command(flatten)]
    pub key: CandidateKeyFlag,
    #[command(flatten)]
    pub delta: DeltaFlag,
    #[arg(long, value_enum, default_value = "text")]
    pub format: DataFormat,
}

#[derive(Debug, Args)]
pub struct RetainFlags {
    #[command(flatten)]
    pub lake: LakeFlag,
    /// Days after an interview has settled for which its recordings are kept in the archive
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub audio_days: Option<u32>,
    /// Days for which transcripts are kept; their figures and keyword hits stay
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub transcripts_days: Option<u32>,
    /// Days for which names and addresses are kept
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub candidates_days: Option<u32>,
    /// Days for which interviews are kept, with all that is of them
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub interviews_days: Option<u32>,
    /// Folder or address of recordings, beside those that the lake knows of
    #[arg(long, value_name = "DIR")]
    pub archive: Vec<PathBuf>,
    /// Say what is older, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask
    #[arg(long)]
    pub yes: bool,
    #[command(flatten)]
    pub key: CandidateKeyFlag,
    #[command(flatten)]
    pub delta: DeltaFlag,
    #[arg(long, value_enum, default_value = "text")]
    pub format: DataFormat,
}

#[derive(Debug, Args)]
pub struct MirrorFlags {
    #[command(flatten)]
    pub lake: LakeFlag,
    /// Where the mirror is: s3://bucket/prefix, gs://…, az://… or file:///folder
    #[arg(long, value_name = "URL")]
    pub to: String,
    /// Keep this table at home, as `candidates`; can be repeated
    #[arg(long, value_name = "TABLE")]
    pub exclude_table: Vec<String>,
    /// How long replaced files stay there, for readers that hold an older version
    #[arg(long, value_name = "TIME", default_value = "1h")]
    pub keep_old: String,
    /// Change nothing: read every file of the mirror and compare it with the log; ends with 1 if anything is wrong
    #[arg(long)]
    pub verify: bool,
    #[arg(long, value_enum, default_value = "text")]
    pub format: DataFormat,
}

#[derive(Debug, Args)]
pub struct RestoreFlags {
    /// Where the mirror is: s3://bucket/prefix, gs://…, az://… or file:///folder
    #[arg(long, value_name = "URL")]
    pub from: String,
    #[command(flatten)]
    pub lake: LakeFlag,
    #[command(flatten)]
    pub key: CandidateKeyFlag,
    #[command(flatten)]
    pub delta: DeltaFlag,
    #[arg(long, value_enum, default_value = "text")]
    pub format: DataFormat,
}

#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Make the ledger anew from the tables; tries and ids the API does not know are forgotten
    #[command(after_help = examples::LEDGER_REBUILD)]
    Rebuild {
        #[command(flatten)]
        lake: LakeFlag,
        #[command(flatten)]
        delta: DeltaFlag,
    },
}

#[derive(Debug, Subcommand)]
pub enum QuarantineCommand {
    /// What is set aside, since when, and why
    #[command(after_help = examples::QUARANTINE_LIST)]
    List {
        #[command(flatten)]
        lake: LakeFlag,
        #[arg(long, value_enum, default_value = "text")]
        format: DataFormat,
    },
    /// Print a body as it came
    #[command(after_help = examples::QUARANTINE_SHOW)]
    Show {
        #[command(flatten)]
        lake: LakeFlag,
        id: String,
    },
    /// Read bodies again; what still cannot be read is asked for by the next ingest
    #[command(after_help = examples::QUARANTINE_RETRY)]
    Retry(Which),
    /// Delete bodies for good; their interviews are not asked for again
    #[command(after_help = examples::QUARANTINE_DISCARD)]
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
    #[command(flatten)]
    pub key: CandidateKeyFlag,
    #[command(flatten)]
    pub delta: DeltaFlag,
    /// As `quarantine list` has them
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// All that are set aside
    #[arg(long, conflicts_with = "ids")]
    pub all: bool,
}

#[derive(Debug, Subcommand)]
pub enum KeywordsCommand {
    /// List the sets that ship: how they find terms, how many there are, in which languages, and what for
    #[command(after_help = examples::KEYWORDS_LIST)]
    List {
        /// How they are written
        #[arg(long, value_enum, default_value = "text")]
        format: DataFormat,
    },
    /// Say what is probably a mistake in a set: short and common terms, terms that hide one another
    #[command(after_help = examples::KEYWORDS_LINT)]
    Lint {
        #[command(flatten)]
        set: SetFlags,
        /// Also name the terms that stand in no answer of this lake
        #[arg(long, value_name = "DIR")]
        lake: Option<PathBuf>,
    },
    /// Show every hit of a set in context, the matched text between « and »
    #[command(group = clap::ArgGroup::new("where").required(true), after_help = examples::KEYWORDS_TRY)]
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
pub struct SchemaFlags {
    /// A table, `pipeline`, `keywords` or `settings`; every table if left out
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

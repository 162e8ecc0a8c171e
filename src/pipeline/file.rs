//! The pipeline file as it is written: raw, before paths and defaults are resolved.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::choices::{ExportFormat, ExportRows, Format, MetricGroup, QuestionPolicy, RunOutcome};
use super::dismiss::DismissSection;
use super::expect::ExpectSection;
use super::one_or_many::{OneOrMany, OneOrManyTexts};

/// A pipeline: where interviews come from, where they go, and what is made of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "roundup pipeline")]
pub struct PipelineFile {
    /// The account to read from; `[[source]]` for several.
    pub source: OneOrMany<SourceSection>,
    /// Where the interviews are kept.
    pub lake: LakeSection,
    /// How interviews are fetched.
    #[serde(default)]
    pub ingest: IngestSection,
    /// Figures about each run, for programs that watch it.
    #[serde(default)]
    pub metrics: MetricsSection,
    /// Which figures and keywords are looked for; left out: nothing is analysed.
    pub analyze: Option<AnalyzeSection>,
    /// How long what is kept after an interview has settled; left out: always.
    pub retain: Option<RetainSection>,
    /// The report of a period; left out: none is written.
    pub report: Option<ReportSection>,
    /// Rows of the lake as files for other programs; `[[export]]` for several.
    pub export: Option<OneOrMany<ExportSection>>,
    /// Where recordings are archived; left out: nowhere.
    pub audio: Option<AudioSection>,
    /// Applicant tracking system that completed interviews are sent to; `[[ats]]` for several, left out: none.
    pub ats: Option<OneOrMany<AtsSection>>,
    /// What a night should look like; left out: whatever comes is taken as it is.
    pub expect: Option<ExpectSection>,
    /// Where the lake is mirrored after the other stages; left out: nowhere.
    pub mirror: Option<MirrorSection>,
    /// Who is told when a run has ended; left out: nobody.
    pub notify: Option<NotifySection>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SourceSection {
    /// Name of the account, as it will stand in the column `source`.
    #[serde(default = "default_name")]
    pub name: String,
    /// Address of the API up to and with `/api/v1`, or "sandbox": start one inside this process.
    #[serde(default = "default_api")]
    pub api: String,
    /// Environment variable that holds the key; ROUNDZERO_API_KEY if neither this nor key-file is given. A list of several
    /// if the account has several keys: each has a limit of its own, and they share the work.
    pub key_env: Option<OneOrManyTexts>,
    /// File that holds the key, or a list of several.
    pub key_file: Option<OneOrManyTexts>,
    /// A ceiling for each key of this account, in place of that under [ingest].
    pub requests_per_minute: Option<u32>,
    /// Files of interview ids, one a line, `#` comments; "-" for standard input; "inbox" for what `roundup listen` took.
    /// The sandbox needs none.
    #[serde(default)]
    pub interviews: Vec<String>,
    /// Column of ids, for lists that are CSV with a header line.
    pub column: Option<String>,
    /// Patterns (`*` and `?`) of what stays out of the lake: interview ids, e-mails of candidates, ids or titles of jobs.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// What the sandbox serves, for api = "sandbox".
    pub sandbox: Option<SandboxSection>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct SandboxSection {
    /// How many interviews; left out: those of the sample.
    pub interviews: Option<usize>,
    /// Another seed makes other interviews.
    pub seed: u64,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LakeSection {
    /// Folder of the Parquet files; made if it is missing.
    pub path: String,
    /// File with the secret that the keys of candidates are made with, kept outside of the lake; made if the lake is new.
    pub candidate_key_file: Option<String>,
    /// Whether the tables are kept as Delta tables, too, in `delta/` of the lake: links, not copies.
    #[serde(default = "on")]
    pub delta: bool,
}

fn on() -> bool {
    true
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct IngestSection {
    /// A ceiling for each key; the API's own limit rules below it.
    pub requests_per_minute: u32,
    /// Requests under way at once with each key, at most.
    pub concurrency: usize,
    /// Which interviews' questions are asked for.
    pub questions: QuestionPolicy,
    /// Time of day, by this machine's time zone, at which a run leaves the rest for the next one: "05:30".
    pub stop_at: Option<String>,
    /// How long the window is in which the API counts requests: "60s". Changed only if yours is another.
    pub limit_window: String,
}

impl Default for IngestSection {
    fn default() -> Self {
        Self {
            requests_per_minute: 100,
            concurrency: 16,
            questions: QuestionPolicy::Unseen,
            stop_at: None,
            limit_window: "60s".to_owned(),
        }
    }
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct MetricsSection {
    /// File that a run writes its figures to, in the text format of Prometheus (node_exporter's textfile collector).
    pub prometheus: Option<String>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct AnalyzeSection {
    /// Keyword sets: paths of TOML files, or "builtin:NAME" for those that ship.
    pub keywords: Vec<String>,
    /// Which figures of answers are made; those of other groups are null.
    #[serde(default = "MetricGroup::all")]
    pub metrics: Vec<MetricGroup>,
}

/// What is older is erased by each run, for good, after the analysis. One of these at least.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct RetainSection {
    /// Days for which recordings are kept in the archive.
    pub audio_days: Option<u32>,
    /// Days for which transcripts are kept; their figures and keyword hits stay.
    pub transcripts_days: Option<u32>,
    /// Days for which names and addresses are kept.
    pub candidates_days: Option<u32>,
    /// Days for which interviews are kept, with all that is of them.
    pub interviews_days: Option<u32>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ReportSection {
    /// Folder in which each report gets a folder of its own.
    #[serde(default = "default_out")]
    pub out: String,
    /// Which files a report is written as.
    #[serde(default = "Format::all")]
    pub formats: Vec<Format>,
    /// Length of the period: days or weeks, "7d" or "4w".
    #[serde(default = "default_period")]
    pub period: String,
    /// First day that is no longer in the period, "2026-06-01"; left out: today.
    pub until: Option<String>,
    /// IANA name of the time zone in which days begin.
    #[serde(default = "default_time_zone")]
    pub time_zone: String,
    /// What figures are compared with: "previous", the period before; "none"; or the first day that is no longer in
    /// the compared period, "2025-06-01".
    #[serde(default = "default_compare")]
    pub compare: String,
    /// Only these jobs, by id or title.
    #[serde(default, alias = "only-jobs")]
    pub job: Vec<String>,
    /// Only jobs of these departments.
    #[serde(default, alias = "only-departments")]
    pub department: Vec<String>,
    /// File that merges and renames jobs.
    #[serde(alias = "jobs")]
    pub jobs_file: Option<String>,
    /// Whether pages quote answers around keywords.
    #[serde(default = "default_true")]
    pub quotes: bool,
    /// Whether pages show some whole answers of each question.
    #[serde(default)]
    pub whole_answers: bool,
    /// Findings that the report does not name for a time.
    #[serde(default)]
    pub dismiss: Vec<DismissSection>,
}

/// A file that each run writes anew. It appears whole, or stays as it was.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ExportSection {
    /// File to write; its folder is made if it is missing.
    pub output: String,
    /// How rows are written.
    pub format: ExportFormat,
    /// What a row is.
    #[serde(default)]
    pub what: ExportRows,
    /// Only interviews of these jobs, by id or title.
    #[serde(default, alias = "jobs")]
    pub job: Vec<String>,
    /// Only interviews of these statuses, in the vendor's words. Of an analysis: completed.
    #[serde(default, alias = "statuses")]
    pub status: Vec<String>,
    /// Only interviews that settled from this day on: "2026-05-01".
    pub from: Option<String>,
    /// Only interviews that settled before this day.
    pub until: Option<String>,
    /// Instead of `from`: only interviews that settled in so many days or weeks before `until`, or before today: "7d".
    pub period: Option<String>,
    /// IANA name of the time zone in which days begin.
    #[serde(default = "default_time_zone")]
    pub time_zone: String,
    /// CSV as stored, for programs: no byte-order mark, no apostrophe before what a spreadsheet takes for a formula.
    #[serde(default)]
    pub raw: bool,
    /// Keyword set whose terms an analysis counts; left out: those of [analyze], or that the lake was analysed with.
    pub keywords: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AtsSection {
    /// File of the connector: which requests tell the system of an interview. Those of docs/ats/ are made to be copied.
    pub connector: String,
    /// First day, in UTC, whose completed interviews are sent: "2026-05-01". Left out: from its first run on.
    pub since: Option<String>,
    /// Only interviews of these jobs, by id or title.
    #[serde(default, alias = "jobs")]
    pub job: Vec<String>,
    /// A ceiling; a 429 is heeded below it.
    #[serde(default = "default_ats_pace")]
    pub requests_per_minute: u32,
    /// Values of the connector's settings.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// Folder that recordings are archived in, for connectors that send them; left out: that of [audio].
    pub recordings: Option<String>,
}

/// Where recordings are archived.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct AudioSection {
    /// Folder, or s3://, gs:// or az:// address, below which `interviews/<id>/q<question id>.mp3` are kept.
    pub out: String,
    /// Downloads under way at once, at most.
    #[serde(default = "default_downloads")]
    pub concurrency: usize,
    /// Largest recording: "200MB".
    #[serde(default = "default_max_bytes")]
    pub max_bytes: String,
    /// How long one may take: "10m".
    #[serde(default = "default_max_time")]
    pub max_time: String,
    /// Only recordings of interviews that settled from this day on, in UTC: "2026-05-31".
    pub from: Option<String>,
    /// For tests: links may lead to this machine, also without TLS.
    #[serde(default)]
    pub allow_loopback: bool,
}

/// A copy of the lake, for readers there and as a backup.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MirrorSection {
    /// Where: s3://bucket/prefix, gs://, az:// or file:///folder.
    pub to: String,
    /// Tables that stay at home: ["candidates"].
    #[serde(default)]
    pub exclude_tables: Vec<String>,
    /// How long replaced files stay there, for readers that hold an older version: "1h".
    #[serde(default = "default_keep_old")]
    pub keep_old: String,
}

/// Either a command or an address.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NotifySection {
    /// Program and arguments, started without a shell; the summary of the run comes on its standard input as JSON.
    #[serde(default)]
    pub command: Vec<String>,
    /// Environment variable that holds the address that the summary is sent to by POST; an address can be a secret.
    pub url_env: Option<String>,
    /// File that holds the address.
    pub url_file: Option<String>,
    /// After which runs: all by default.
    #[serde(default = "RunOutcome::all")]
    pub on: Vec<RunOutcome>,
    /// How long it may take: "10s".
    #[serde(default = "default_notify_timeout")]
    pub timeout: String,
}

fn default_name() -> String {
    "default".to_owned()
}

fn default_api() -> String {
    "https://rz-app-omega.vercel.app/api/v1".to_owned()
}

fn default_out() -> String {
    "reports".to_owned()
}

fn default_period() -> String {
    "7d".to_owned()
}

fn default_time_zone() -> String {
    "UTC".to_owned()
}

fn default_compare() -> String {
    "previous".to_owned()
}

fn default_true() -> bool {
    true
}

fn default_ats_pace() -> u32 {
    60
}

fn default_downloads() -> usize {
    8
}

fn default_max_bytes() -> String {
    "200MB".to_owned()
}

fn default_max_time() -> String {
    "10m".to_owned()
}

fn default_keep_old() -> String {
    "1h".to_owned()
}

fn default_notify_timeout() -> String {
    "10s".to_owned()
}

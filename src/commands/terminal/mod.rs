//! What a user sees and types: flags and help, data and messages, progress, and exit codes. Commands use it only
//! through this module.

mod alone;
mod cli;
mod confirm;
mod exit_code;
mod interview;
mod man;
mod output;
mod pager;
mod progress;
mod screen;
mod visible;

pub use alone::Alone;
pub use cli::{
    AnalyzeFlags, ApiFlags, Arguments, AtsFlags, AudioFlags, CheckFlags, Command, CompactFlags, DataFormat,
    DiscoverFlags, ExportFlags, FilesFlags, FilterFlags, ForgetFlags, GetFlags, ImportFlags, IngestFlags, JobsFlags,
    KeywordsCommand, LedgerCommand, ListenFlags, MirrorFlags, QuarantineCommand, RepairFlags, ReportFlags,
    RestoreFlags, RetainFlags, RunFlags, SandboxFlags, SchemaFlags, SchemaFormat, SearchFlags, SearchFormat, SetFlags,
    StatusFlags, WaitFlags, Which,
};
pub use confirm::confirm;
pub use exit_code::{DONE, FINISHED_WITH_LOSSES, NOT_READY, exit_code};
pub use interview::{interview_text, standing};
pub use man::{Page, man_pages};
pub use output::{Stdout, bytes, data, error, init, is_json, json, report_all, said};
pub use pager::{Pager, width};
pub use progress::{FetchProgress, bar, counter, with_bar};
pub use screen::{
    advice_on_screen, analyze_on_screen, archived_on_screen, columns, compacted, counted, estimate_on_screen,
    imported_on_screen, ingest_on_screen, mirrored_on_screen, sent_on_screen,
};
pub use visible::{controls_terminal, visible};

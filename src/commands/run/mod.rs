//! `run`: the stages of a pipeline, in order, under one lock. [`command`](mod@command) is the command itself. Commands
//! for single stages use these functions as well.

mod accounts;
mod ats;
mod audio;
mod command;
mod end;
mod expect;
mod export;
mod ingest;
mod known_jobs;
mod metrics;
mod notify;
mod plan;
mod prepare;
mod record;
mod stages;

pub use accounts::OpenSource;
pub use ats::{ReadyAts, deliver};
pub use audio::Archiving;
pub use command::run;
pub use export::ready as ready_export;
pub use ingest::{IngestOptions, ingest_all};
pub use known_jobs::unknown_jobs;
pub use notify::reachable as notify_reachable;
pub use plan::plan_on_screen;
pub use prepare::{prepare, ready_analysis};

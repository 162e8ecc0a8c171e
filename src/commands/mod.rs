//! The command line: a file for each command, and three folders that they share. [`terminal`] is what a user sees and
//! types, [`session`] what a command works with, and [`run`](mod@run) the stages of a pipeline. Each command combines
//! stages, and no command knows another. Only this module knows more than one stage.

mod analyze;
mod ats;
mod audio;
mod check;
mod compact;
mod completions;
mod erasure;
mod export;
mod get;
mod import;
mod ingest;
mod keywords;
mod ledger;
mod listen;
mod mirror;
mod quarantine;
mod repair;
mod report;
mod restore;
mod run;
mod sandbox;
mod schema;
mod search;
mod session;
mod status;
mod terminal;
mod wait;

use clap::Parser;

use crate::model::Result;
use terminal::{Arguments, Command, DONE};

/// Parses the arguments, runs the command, and returns the exit code.
#[must_use]
pub fn main() -> u8 {
    // Usage errors end with 2 here, help and version with 0.
    let arguments = Arguments::parse();
    terminal::init(arguments.log_format, arguments.quiet, arguments.verbose);
    dispatch(arguments).unwrap_or_else(|error| {
        terminal::error(&error);
        error.kind().exit_code()
    })
}

fn dispatch(arguments: Arguments) -> Result<u8> {
    let quiet = arguments.quiet;
    match arguments.command {
        Command::Run(flags) => return run::run(&flags, quiet),
        Command::Ingest(flags) => return ingest::run(flags, quiet),
        Command::Import(flags) => return import::run(&flags, quiet),
        Command::Get(flags) => return get::run(&flags),
        Command::Wait(flags) => return wait::run(&flags, quiet),
        Command::Audio(flags) => return audio::run(&flags, quiet),
        Command::Ats(flags) => return ats::run(&flags, quiet),
        Command::Listen(flags) => return listen::run(&flags),
        Command::Status(flags) => return status::run(&flags, quiet),
        Command::Analyze(flags) => return analyze::run(&flags, quiet),
        Command::Compact(flags) => return compact::run(&flags, quiet),
        Command::Repair(flags) => return repair::run(&flags),
        Command::Forget(flags) => return erasure::forget(&flags),
        Command::Retain(flags) => return erasure::retain(&flags),
        Command::Mirror(flags) => return mirror::run(&flags, quiet),
        Command::Quarantine(command) => return quarantine::run(&command),
        // The others either succeed or return an error.
        Command::Report(flags) => report::run(&flags),
        Command::Export(flags) => export::run(&flags, quiet),
        Command::Search(flags) => search::run(&flags),
        Command::Discover(flags) => search::discover(&flags),
        Command::Check(flags) => check::run(&flags),
        Command::Restore(flags) => restore::run(&flags, quiet),
        Command::Jobs(flags) => status::jobs(&flags),
        Command::Files(flags) => status::files(&flags),
        Command::Ledger(command) => ledger::run(&command),
        Command::Keywords(command) => keywords::run(&command),
        Command::Schema(flags) => schema::run(&flags),
        Command::Sandbox(flags) => sandbox::run(flags),
        Command::Completions { shell } => completions::run(shell),
        Command::Man { folder } => completions::man(&folder),
    }?;
    Ok(DONE)
}

//! The command line. Each command puts stages together; only this module knows more than one of them.

mod analyze;
mod ask;
mod ats;
mod audio;
mod check;
mod cli;
mod export;
mod get;
mod import;
mod ingest;
mod interrupt;
mod keywords;
mod listen;
mod notify;
mod output;
mod prepare;
mod progress;
mod quarantine;
mod report;
mod run;
mod sandbox;
mod schema;
mod status;
mod then;
mod wait;

use clap::{CommandFactory, Parser};

use crate::model::{Error, Result};
use cli::{Arguments, Command};

/// Exit codes that are no errors.
pub const DONE: u8 = 0;
/// Finished, but something was newly quarantined or given up.
pub const FINISHED_WITH_LOSSES: u8 = 3;
/// An interview that was asked for is not completed, or was not in time.
pub const NOT_READY: u8 = 4;

/// Parses the arguments, runs the command, and returns the exit code.
#[must_use]
pub fn main() -> u8 {
    // Usage errors end with 2 here, help and version with 0.
    let arguments = Arguments::parse();
    output::init(arguments.log_format, arguments.quiet, arguments.verbose);
    match dispatch(arguments) {
        Ok(code) => code,
        Err(error) => {
            output::error(&error);
            error.kind().exit_code()
        }
    }
}

fn dispatch(arguments: Arguments) -> Result<u8> {
    let quiet = arguments.quiet;
    match arguments.command {
        Command::Run(flags) => run::run(&flags, quiet),
        Command::Ingest(flags) => ingest::run(flags, quiet),
        Command::Import(flags) => import::run(&flags, quiet),
        Command::Get(flags) => get::run(&flags),
        Command::Wait(flags) => wait::run(&flags, quiet),
        Command::Analyze(flags) => analyze::run(&flags, quiet),
        Command::Report(flags) => report::run(&flags),
        Command::Export(flags) => export::run(&flags, quiet),
        Command::Audio(flags) => audio::run(&flags, quiet),
        Command::Ats(flags) => ats::run(&flags, quiet),
        Command::Check(flags) => check::run(&flags),
        Command::Status(flags) => status::run(&flags),
        Command::Quarantine(command) => quarantine::run(&command),
        Command::Keywords(command) => keywords::run(&command),
        Command::Listen(flags) => listen::run(&flags),
        Command::Schema(flags) => schema::run(&flags),
        Command::Sandbox(flags) => sandbox::run(flags),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "roundup", &mut script);
            output::data(&String::from_utf8(script).map_err(|error| Error::failed(error.to_string()))?)?;
            Ok(DONE)
        }
    }
}

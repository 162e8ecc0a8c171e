//! Data to stdout, messages to stderr.

use std::io::{self, IsTerminal, Write};
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use tracing::Level;

use super::cli::LogFormat;
use super::exit_code::DONE;
use crate::model::{Error, Result};

/// Whether messages are JSON; set once, before anything is said.
static JSON: AtomicBool = AtomicBool::new(false);

/// Sets up the log.
pub fn init(format: LogFormat, quiet: bool, verbose: bool) {
    let level = match (quiet, verbose) {
        (true, _) => Level::WARN,
        (_, true) => Level::DEBUG,
        _ => Level::INFO,
    };
    let log = tracing_subscriber::fmt().with_max_level(level).with_writer(io::stderr).with_target(false);
    match format {
        LogFormat::Text => log.without_time().with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => {
            JSON.store(true, Ordering::Relaxed);
            log.json().flatten_event(true).init();
        }
    }
}

/// Whether messages are JSON.
pub fn is_json() -> bool {
    JSON.load(Ordering::Relaxed)
}

/// Says what went wrong, and what to do about it.
pub fn error(error: &Error) {
    if is_json() {
        tracing::error!(hint = error.hint_text(), "{error}");
        return;
    }
    // A closed stderr is no reason to end otherwise than with the exit code.
    let mut stderr = io::stderr().lock();
    let _closed = writeln!(stderr, "error: {error}");
    if let Some(hint) = error.hint_text() {
        let _closed = writeln!(stderr, "hint: {hint}");
    }
}

/// Writes data to stdout. A reader that has seen enough (`| head`) ends it quietly.
///
/// # Errors
/// When stdout cannot be written, other than because its reader has gone.
pub fn data(text: &str) -> Result<()> {
    bytes(text.as_bytes())
}

/// As [`data`], of what need not be text.
///
/// # Errors
/// As [`data`].
pub fn bytes(bytes: &[u8]) -> Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::failed(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Standard output, for what is written bit by bit. A reader that has seen enough ends the program quietly.
pub struct Stdout;

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        until_closed(io::stdout().lock().write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        until_closed(io::stdout().lock().flush())
    }
}

fn until_closed<T>(written: io::Result<T>) -> io::Result<T> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => process::exit(DONE.into()),
        written => written,
    }
}

/// Plain data as indented JSON and a line feed.
pub fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).expect("plain data") + "\n"
}

/// Prints all problems but the last, which is returned as the error to end with.
pub fn report_all(mut problems: Vec<Error>) -> Error {
    let last = problems.pop().expect("there is at least one problem");
    problems.iter().for_each(error);
    last
}

//! Prints data to stdout and messages to stderr. A message that cannot be written is lost, and changes nothing else: not
//! what is done, and not the exit code. Data that cannot be written is an error.
//!
//! Everything on its way to a terminal goes through here, where control characters are made visible. A pipe or a file
//! gets data byte for byte.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::FileType;
use rustix::io::Errno;
use tracing::Level;
use tracing_subscriber::field::MakeExt;
use tracing_subscriber::fmt::format::debug_fn;

use super::cli::{DataFormat, LogFormat};
use super::exit_code::DONE;
use super::visible::{Visible, visible};
use crate::model::{Error, Result};

/// Whether messages are JSON. It is set once, before anything is printed.
static JSON: AtomicBool = AtomicBool::new(false);

/// Sets up the log.
pub fn init(format: LogFormat, quiet: bool, verbose: bool) {
    let level = match (quiet, verbose) {
        (true, _) => Level::WARN,
        (_, true) => Level::DEBUG,
        _ => Level::INFO,
    };
    let log = tracing_subscriber::fmt()
        .with_max_level(level)
        .with_target(false)
        // Otherwise it reports a failed write with `eprintln!`, which panics, since it fails as well.
        .log_internal_errors(false);
    match format {
        LogFormat::Text => {
            // The writer is not to make the colours visible, so the messages are made so before.
            let fields = debug_fn(|writer, field, value| match (field.name(), format!("{value:?}")) {
                ("message", text) => write!(writer, "{}", visible(&text)),
                (name, text) => write!(writer, "{name}={}", visible(&text)),
            });
            let log = log.fmt_fields(fields.delimited(" ")).with_writer(io::stderr);
            log.without_time().with_ansi(has_colours()).init();
        }
        LogFormat::Json => {
            JSON.store(true, Ordering::Relaxed);
            log.with_writer(|| Visible::new(io::stderr())).json().flatten_event(true).init();
        }
    }
}

/// Whether messages are coloured: on a terminal, unless the user wants none.
fn has_colours() -> bool {
    let wants_none = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let has_none = env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
    io::stderr().is_terminal() && !wants_none && !has_none
}

/// Whether messages are JSON.
pub fn is_json() -> bool {
    JSON.load(Ordering::Relaxed)
}

/// Prints an error, and what to do about it.
pub fn error(error: &Error) {
    if is_json() {
        tracing::error!(hint = error.hint_text(), "{error}");
        return;
    }
    // If stderr is closed, the exit code still tells the error.
    let mut stderr = Visible::new(io::stderr().lock());
    let _closed = writeln!(stderr, "error: {error}");
    if let Some(hint) = error.hint_text() {
        let _closed = writeln!(stderr, "hint: {hint}");
    }
}

/// Writes text to stdout. If its reader has gone (`| head`, a terminal that was closed), the text is dropped quietly.
///
/// # Errors
/// When stdout cannot be written, except because its reader has gone.
pub fn data(text: &str) -> Result<()> {
    bytes(text.as_bytes())
}

/// Writes bytes to stdout, like [`data`].
///
/// # Errors
/// As [`data`].
pub fn bytes(bytes: &[u8]) -> Result<()> {
    let mut stdout = Visible::new(io::stdout().lock());
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(error) if !reader_has_gone(&error) => {
            Err(Error::failed(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Standard output, for data that is written piece by piece. If its reader goes, the program ends quietly.
pub struct Stdout(Visible<io::Stdout>);

impl Stdout {
    pub fn new() -> Self {
        Self(Visible::new(io::stdout()))
    }
}

impl Write for Stdout {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        until_gone(self.0.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        until_gone(self.0.flush())
    }
}

fn until_gone<T>(written: io::Result<T>) -> io::Result<T> {
    match written {
        Err(error) if reader_has_gone(&error) => process::exit(DONE.into()),
        written => written,
    }
}

/// Whether stdout failed because nobody reads it any more: a pipe was closed, or a terminal. Writing to a closed terminal
/// is an error of input and output, and it is a device still, but no longer says that it is a terminal.
fn reader_has_gone(error: &io::Error) -> bool {
    let is_device = || {
        let stdout = rustix::fs::fstat(io::stdout());
        stdout.is_ok_and(|stdout| FileType::from_raw_mode(stdout.st_mode) == FileType::CharacterDevice)
    };
    error.kind() == io::ErrorKind::BrokenPipe || (Errno::from_io_error(error) == Some(Errno::IO) && is_device())
}

/// Writes what a command did or found to stdout: as JSON, or as the text for it, which may be empty.
///
/// # Errors
/// As [`data`].
pub fn said(format: DataFormat, value: &impl serde::Serialize, text: &str) -> Result<()> {
    match format {
        DataFormat::Json => data(&json(value)),
        DataFormat::Text => data(text),
    }
}

/// A value as indented JSON with a line feed.
pub fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string_pretty(value).expect("plain data") + "\n"
}

/// Prints all problems but the last, which is returned as the error to end with.
pub fn report_all(mut problems: Vec<Error>) -> Error {
    let last = problems.pop().expect("there is at least one problem");
    problems.iter().for_each(error);
    last
}

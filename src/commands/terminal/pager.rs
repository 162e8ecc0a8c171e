//! Long text on a terminal: a pager, and how wide a line may be.

use std::env;
use std::io::{self, IsTerminal, Write};
use std::process::{self, Child, ChildStdin, Command, Stdio};

use terminal_size::{Width, terminal_size};

use super::exit_code::DONE;
use super::output::Stdout;
use super::visible::visible;
use crate::model::{Error, Result};

/// The width of lines that do not go to a terminal.
const WIDE: usize = 160;

/// Columns of the terminal, or as many as a line may have elsewhere.
pub fn width() -> usize {
    let columns = io::stdout().is_terminal().then(terminal_size).flatten();
    columns.map_or(WIDE, |(Width(columns), _)| columns.into())
}

/// Text on its way to stdout, page by page if a person reads it.
pub enum Pager {
    Straight(Stdout),
    Paged(Child, ChildStdin),
}

impl Pager {
    /// Starts what `PAGER` names, or `less`, if a person is at the terminal. Without either the text is not paged.
    pub fn start() -> Self {
        let is_read = io::stdout().is_terminal() && io::stdin().is_terminal();
        let pager = is_read.then(pager).flatten().and_then(|mut pager| pager.stdin(Stdio::piped()).spawn().ok());
        match pager.map(|mut pager| (pager.stdin.take(), pager)) {
            Some((Some(stdin), pager)) => Self::Paged(pager, stdin),
            _ => Self::Straight(Stdout::new()),
        }
    }

    /// Shows text. If its reader goes, the program ends quietly.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn show(&mut self, text: &str) -> Result<()> {
        let written = match self {
            Self::Straight(stdout) => stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()),
            Self::Paged(pager, stdin) => {
                // What goes through a pager reaches the terminal as well.
                let written = stdin.write_all(visible(text).as_bytes());
                if written.as_ref().is_err_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
                    let _left = pager.wait();
                    process::exit(DONE.into());
                }
                written
            }
        };
        written.map_err(|error| Error::failed(format!("cannot write to standard output: {error}")))
    }

    /// Waits until the pager is left.
    pub fn finish(self) {
        if let Self::Paged(mut pager, stdin) = self {
            drop(stdin);
            let _left = pager.wait();
        }
    }
}

/// The pager to start; `None` if none is wanted, or the terminal cannot move its cursor.
fn pager() -> Option<Command> {
    if env::var_os("TERM").is_none_or(|terminal| terminal == "dumb") {
        return None;
    }
    let named = env::var("PAGER").unwrap_or_else(|_| "less".to_owned());
    let mut words = named.split_whitespace();
    let mut pager = Command::new(words.next().filter(|name| *name != "cat")?);
    pager.args(words);
    if env::var_os("LESS").is_none() {
        // What fits on the screen is not paged, and stays there.
        pager.env("LESS", "FRX");
    }
    Some(pager)
}

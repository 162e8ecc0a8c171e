//! Asks before what cannot be undone.

use std::io::{IsTerminal, Write as _};

use crate::model::{Error, Result};

/// Asks for confirmation on a terminal, and refuses elsewhere.
///
/// # Errors
/// A usage error with the message `refusal` for every answer but yes.
pub fn confirm(question: &str, refusal: &str) -> Result<()> {
    let refuse = || Error::usage(refusal).hint("--yes says it beforehand");
    if !std::io::stdin().is_terminal() {
        return Err(refuse());
    }
    let mut stderr = std::io::stderr().lock();
    let _closed = write!(stderr, "{question} [y/N] ").and_then(|()| stderr.flush());
    let mut answer = String::new();
    let read = std::io::stdin().read_line(&mut answer);
    let is_yes = matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes");
    if read.is_ok() && is_yes { Ok(()) } else { Err(refuse()) }
}

//! Errors that a user can do something about, and the program's exit code for each kind.

use std::fmt::Display;
use std::path::Path;

pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The kind of an error. It alone decides the exit code; of several errors, the first kind in this order does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The user pressed Ctrl-C or closed the terminal, or the service manager asked to stop.
    Interrupted,
    /// A flag, a configuration file, a keyword set, an id file or an environment variable is wrong.
    Usage,
    /// Another run holds the lake.
    Locked,
    /// The API refused the key (401) or the account (403).
    Refused,
    /// The disk of the ledger is full, so nothing is wrong with the ledger.
    DiskFull,
    /// Everything else: a full disk elsewhere, an API that is not there, a damaged file.
    Failed,
}

impl Kind {
    /// The process exit code, as listed in the README.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::DiskFull | Self::Failed => 1,
            Self::Usage => 2,
            Self::Refused => 5,
            Self::Locked => 6,
            Self::Interrupted => 130,
        }
    }
}

/// An expected error. Its message is a lower-case fragment that names the file, line or id. Where it helps, a hint says
/// what to do.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    kind: Kind,
    message: String,
    hint: Option<String>,
}

impl Error {
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None }
    }

    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    pub fn failed(message: impl Into<String>) -> Self {
        Self::new(Kind::Failed, message)
    }

    /// Creates an error about a failed file or folder operation: `cannot {doing} {path}: {why}`.
    pub fn path(doing: &str, path: &Path, why: impl Display) -> Self {
        Self::failed(format!("cannot {doing} {}: {why}", path.display()))
    }

    /// Adds a hint that says what the user can do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Puts a place in front of the message: `{place}: {message}`.
    #[must_use]
    pub fn prefix(mut self, place: &str) -> Self {
        self.message = format!("{place}: {}", self.message);
        self
    }

    /// Gives the error another kind. For example, a missing file named on the command line is a usage error.
    #[must_use]
    pub fn with_kind(mut self, kind: Kind) -> Self {
        self.kind = kind;
        self
    }

    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// What the user can do about it, printed on a line of its own.
    #[must_use]
    pub fn hint_text(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

//! The origin of a body: the account, how its interview was found, and when the body came.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How an interview was found. It is spelled alike in spool files, in tables and in the ledger; an unknown word is kept
/// as it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Via {
    /// A list of ids named it.
    List,
    /// An event of a webhook called for it.
    Webhook,
    /// A file that was imported held its body.
    Import,
    Other(String),
}

impl Via {
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::List => "list",
            Self::Webhook => "webhook",
            Self::Import => "import",
            Self::Other(word) => word,
        }
    }
}

impl From<String> for Via {
    fn from(word: String) -> Self {
        match word.as_str() {
            "list" => Self::List,
            "webhook" => Self::Webhook,
            "import" => Self::Import,
            _ => Self::Other(word),
        }
    }
}

impl From<Via> for String {
    fn from(via: Via) -> Self {
        match via {
            Via::Other(word) => word,
            known => known.as_str().to_owned(),
        }
    }
}

/// The origin of a body. The names and the order of the fields are those of a spool file's records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The name of the account.
    pub source: String,
    pub via: Via,
    /// Whether the interview was fetched on purpose although it is settled in the lake. The body then replaces the one
    /// there.
    #[serde(default)]
    pub again: bool,
    /// When the body was fetched, or read from a file.
    pub fetched_at: Timestamp,
}

//! What a check finds, and what to do about it.

use serde::Serialize;

use crate::lake::agreement::is_rewritten;
use crate::lake::places::Lake;
use crate::lake::schema::{JOBS, is_source};
use crate::model::Error;

/// The kinds of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// A file of the log is not there.
    Missing,
    /// A file has another size, other bytes or other rows than the log says.
    Changed,
    /// A file is in no commit.
    Foreign,
    /// A file, or a part of one, cannot be read.
    Unreadable,
    /// A file has other columns than its table.
    Schema,
    /// Rows have the same key.
    Doubled,
    /// Rows lack the interview or the answer that they belong to.
    Orphans,
    /// Rows are in the folder of another month.
    Misplaced,
    /// A derived file was made from other bytes than the lake has.
    Stale,
    Log,
    Ledger,
    CandidateKey,
    /// Others can read what is private, or write to the lake.
    Permissions,
}

impl FindingKind {
    /// The kind in a word or two, for people.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Changed => "changed",
            Self::Foreign => "foreign",
            Self::Unreadable => "unreadable",
            Self::Schema => "schema",
            Self::Doubled => "doubled",
            Self::Orphans => "orphans",
            Self::Misplaced => "misplaced",
            Self::Stale => "stale",
            Self::Log => "log",
            Self::Ledger => "ledger",
            Self::CandidateKey => "candidate key",
            Self::Permissions => "permissions",
        }
    }
}

/// Something that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    pub kind: FindingKind,
    /// Relative to the lake.
    pub path: String,
    pub what: String,
    /// What to do about it.
    pub hint: String,
}

impl Finding {
    pub(super) fn new(
        kind: FindingKind,
        path: impl Into<String>,
        what: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { kind, path: path.into(), what: what.into(), hint: hint.into() }
    }

    /// An error as a finding. `hint` is for one that has none of its own.
    pub(super) fn of_error(kind: FindingKind, path: impl Into<String>, error: &Error, hint: &str) -> Self {
        Self::new(kind, path, error.to_string(), error.hint_text().unwrap_or(hint))
    }
}

/// What to do about a file with a finding of a kind.
pub(super) fn way_out(lake: &Lake, kind: FindingKind, table: &str) -> String {
    let root = lake.root().display();
    let repair = format!("`roundup repair --lake {root}`");
    let analyze = format!("`roundup analyze --lake {root}`");
    if table == JOBS.name {
        return format!("{repair} counts it again from the interviews");
    }
    match (kind, is_source(table)) {
        (FindingKind::Missing | FindingKind::Changed, true) if is_rewritten(table) => {
            format!("{repair}; the next run fetches again what was in it")
        }
        (FindingKind::Missing | FindingKind::Changed, true) => {
            format!(
                "put this file alone back from a backup (`cp -p`); if none has it, {repair}, with --dry-run first, lets \
                 it be fetched again"
            )
        }
        (FindingKind::Foreign, true) => format!("{repair} moves it to _roundup/foreign/, and nothing else"),
        (FindingKind::Orphans, true) => {
            "the next run asks again for interviews that a repair has dropped; else put the tables and the log back from \
             a backup of before this was so"
                .to_owned()
        }
        (_, true) => "put the tables and the log back from a backup of before this was so".to_owned(),
        (FindingKind::Missing | FindingKind::Stale, false) => {
            format!(
                "{analyze} with the same keyword sets makes it again; delete what is left of a set no longer in use"
            )
        }
        (FindingKind::Foreign, false) => {
            format!("{analyze} takes in what an interrupted one has made; delete what it leaves")
        }
        (_, false) => format!("delete it, and {analyze} with the same keyword sets makes it again"),
    }
}

//! How a command ends that changes a lake without a pipeline: its errors are printed, and it gets its row in `runs`, as a
//! run does.

use jiff::Timestamp;

use super::exit_code::exit_code;
use super::output::error;
use crate::ingest::IngestSummary;
use crate::lake::Lake;
use crate::lake::durable::batch_id;
use crate::lake::run_rows::{RunRow, add};
use crate::ledger::Ledger;
use crate::model::Error;

/// A command that works on a lake alone.
pub struct Alone {
    command: &'static str,
    started_at: Timestamp,
    counts: IngestSummary,
    has_losses: bool,
    is_complete: bool,
}

impl Alone {
    /// A command that begins now.
    pub fn begin(command: &'static str) -> Self {
        let counts = IngestSummary::default();
        Self { command, started_at: Timestamp::now(), counts, has_losses: false, is_complete: true }
    }

    /// What it has ingested.
    #[must_use]
    pub fn ingested(self, counts: IngestSummary) -> Self {
        let (has_losses, is_complete) = (counts.has_losses(), counts.is_complete());
        Self { counts, has_losses, is_complete, ..self }
    }

    /// What it has delivered: whether anything was given up, and whether nothing is left.
    #[must_use]
    pub fn delivered(self, has_losses: bool, is_complete: bool) -> Self {
        Self { has_losses, is_complete, ..self }
    }

    /// Prints the errors, adds the row, and returns the exit code.
    pub fn end(self, lake: &Lake, ledger: &mut Ledger, mut errors: Vec<Error>) -> u8 {
        let Self { command, started_at, counts, has_losses, is_complete } = self;
        // Errors are printed first: on a full disk the row fails as well, and must not hide the cause.
        errors.iter().for_each(error);
        let texts = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let row = RunRow {
            run_id: &batch_id(started_at),
            command,
            started_at,
            ended_at: Timestamp::now(),
            exit_code: exit_code(&errors, has_losses),
            complete: errors.is_empty() && is_complete,
            error: Some(&*texts).filter(|texts| !texts.is_empty()),
            counts: &serde_json::to_value(counts).expect("plain data"),
        };
        if let Err(failed) = add(lake, ledger, &row) {
            error(&failed);
            errors.push(failed);
        }
        exit_code(&errors, has_losses)
    }
}

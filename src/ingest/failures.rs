//! Calls that fail: whether that is their own fault, and when they are made again.
//!
//! A wrong address, a proxy in between and an API that is down fail every call, of whatever interview. So a failure is
//! held back until another call shows that the API is there, and counts against its interview only then.

use jiff::Timestamp;

use super::summary::IngestSummary;
use super::warnings::{WarningKind, Warnings};
use crate::ledger::{CallOf, INTERVIEW, Ledger, QUESTIONS};
use crate::model::Result;
use crate::model::due::{FailureKind, next_try};
use crate::round0::call::Call;

/// If this many calls failed, and no other was answered before, the fault is probably not theirs.
pub const MOST_HELD: usize = 20;

/// A call that failed at its last try.
#[derive(Debug)]
pub struct FailedCall {
    pub call: Call,
    pub id: String,
    pub kind: FailureKind,
    /// The reason, in words.
    pub why: String,
}

impl FailedCall {
    fn of(&self) -> CallOf<'_> {
        CallOf { interview: &self.id, call: name_of(self.call) }
    }

    /// What failed, in words.
    fn what(&self) -> String {
        match self.call {
            Call::Interview => format!("interview {}", self.id),
            Call::Questions => format!("the questions of interview {}", self.id),
        }
    }
}

/// The name of a call in the ledger.
fn name_of(call: Call) -> &'static str {
    match call {
        Call::Interview => INTERVIEW,
        Call::Questions => QUESTIONS,
    }
}

/// What recording a failure changes.
pub struct Records<'a> {
    pub ledger: &'a mut Ledger,
    pub source: &'a str,
    pub summary: &'a mut IngestSummary,
    pub warnings: &'a mut Warnings,
}

/// The failures of an account.
#[derive(Debug, Default)]
pub struct Failures {
    /// Failures that may be the fault of the address.
    held: Vec<FailedCall>,
    /// Whether a call was answered by the API.
    is_answering: bool,
}

impl Failures {
    /// Notes that a call was answered by the API. So failures are the fault of their calls, also earlier ones.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn answered(&mut self, records: Records<'_>) -> Result<()> {
        self.is_answering = true;
        self.settle(records)
    }

    /// Records a failure, or holds it back.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn failed(&mut self, failed: FailedCall, records: Records<'_>) -> Result<()> {
        self.held.push(failed);
        if self.is_answering { self.settle(records) } else { Ok(()) }
    }

    /// The failures that are held back.
    pub fn held(&self) -> &[FailedCall] {
        &self.held
    }

    /// Whether asking for an interview is among the failures that are held back.
    pub fn holds_interview(&self, id: &str) -> bool {
        self.held.iter().any(|failed| failed.call == Call::Interview && failed.id == id)
    }

    /// Counts the failures that were held back, and records when each call is made again.
    fn settle(&mut self, mut records: Records<'_>) -> Result<()> {
        self.held.drain(..).try_for_each(|failed| records.count(&failed))
    }

    /// Leaves the failures that are held back for the next run, without counting a night.
    ///
    /// # Errors
    /// When the ledger cannot be written.
    pub fn leave(&mut self, mut records: Records<'_>) -> Result<()> {
        self.held.drain(..).try_for_each(|failed| records.leave(&failed))
    }
}

impl Records<'_> {
    fn count(&mut self, failed: &FailedCall) -> Result<()> {
        let now = Timestamp::now();
        let next = |nights| next_try(failed.kind, nights, now);
        let next = self.ledger.record_failure(failed.of(), self.source, &failed.why, next)?;
        let (what, why) = (failed.what(), &failed.why);
        match next {
            Some(next) if next > now => {
                let next = next.strftime("%Y-%m-%d %H:%M UTC");
                self.warn_of_failure(failed, &format!("{what} failed: {why}; asked for again from {next} on"));
            }
            Some(_) => self.warn_of_failure(failed, &format!("{what} is left for the next run: {why}")),
            None => {
                *match failed.call {
                    Call::Interview => &mut self.summary.given_up,
                    Call::Questions => &mut self.summary.questions_given_up,
                } += 1;
                let message = format!("{what} is given up: {why}");
                self.warnings.add(WarningKind::GivenUp, &failed.id, &message);
            }
        }
        Ok(())
    }

    fn leave(&mut self, failed: &FailedCall) -> Result<()> {
        self.ledger.record_unproven_failure(failed.of(), self.source, &failed.why)?;
        self.warn_of_failure(failed, &format!("{} is left for the next run: {}", failed.what(), failed.why));
        Ok(())
    }

    fn warn_of_failure(&mut self, failed: &FailedCall, message: &str) {
        *match failed.call {
            Call::Interview => &mut self.summary.failed,
            Call::Questions => &mut self.summary.questions_failed,
        } += 1;
        self.warnings.add(WarningKind::Failed, &failed.id, message);
    }
}

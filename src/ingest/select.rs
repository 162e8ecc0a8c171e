//! Selects the interviews that an ingest fetches.

use std::collections::HashSet;

use jiff::Timestamp;

use super::account::Account;
use super::summary::IngestSummary;
use crate::lake::tombstones::Tombstones;
use crate::ledger::{CallOf, CallStanding, DueInterview, INTERVIEW, InterviewState, Ledger};
use crate::model::Result;
use crate::round0::call::Call;
use crate::round0::fetch::FetchTask;

/// The interviews to fetch.
pub struct InterviewsDue {
    /// The tasks in order: interviews that events call for, listed ones that are new, open ones that are due, settled
    /// ones that lack a transcript, and those that failed before. They are followed even if they are not listed any
    /// more.
    pub tasks: Vec<FetchTask>,
    /// Interviews that are fetched only because of an event, and were not listed.
    pub called: HashSet<String>,
}

/// Selects what is fetched of an account.
pub struct Selector<'a> {
    pub ledger: &'a mut Ledger,
    pub tombstones: &'a Tombstones,
    pub summary: &'a mut IngestSummary,
    /// Whether to fetch every listed interview, whatever is known of it.
    pub refetch: bool,
}

impl Selector<'_> {
    /// Selects from the listed ids, those that events call for, and those that the ledger follows.
    ///
    /// # Errors
    /// When the ledger cannot be read or written.
    pub fn due(&mut self, account: Account<'_>) -> Result<InterviewsDue> {
        let Self { ledger, tombstones, summary, refetch } = self;
        let Account { source, mut ids, inbox, exclude: patterns, .. } = account;
        let listed = ids.len() as u64;
        summary.listed += listed;
        ids.retain(|id| !tombstones.has_interview(id));
        summary.erased += listed - ids.len() as u64;
        let now = Timestamp::now();
        let due = if *refetch { Vec::new() } else { ledger.due(source, now)? };
        let is_due: HashSet<&str> = due.iter().map(|due| due.id.as_str()).collect();
        let called = if inbox { ledger.called_for(source, now)? } else { Vec::new() };
        let mut unlisted: HashSet<String> = called.iter().cloned().collect();
        let mut tasks = Vec::with_capacity(called.len() + ids.len());
        for id in called {
            let state = ledger.state(&id)?;
            match patterns.by_id(&id) {
                Some(pattern) if state.is_none() => exclude(ledger, summary, &id, source, pattern)?,
                _ if state == Some(InterviewState::Excluded) => {
                    summary.skipped_other += 1;
                    ledger.close_events([id.as_str()])?;
                }
                // Also an interview that was gone, stale, given up or set aside, because the event is news of it.
                _ => tasks.push(task(id, state)),
            }
        }
        for id in ids {
            if unlisted.remove(&id) {
                // It would have been fetched without the event, and belongs to the cohort of its list.
                continue;
            }
            let state = ledger.state(&id)?;
            match state {
                None => match patterns.by_id(&id) {
                    Some(pattern) => exclude(ledger, summary, &id, source, pattern)?,
                    None => tasks.push(task(id, state)),
                },
                Some(_) if *refetch => tasks.push(task(id, state)),
                Some(_) if is_due.contains(id.as_str()) => {}
                Some(InterviewState::Settled) => summary.skipped_settled += 1,
                Some(InterviewState::Open) => summary.not_due += 1,
                Some(InterviewState::Failed) => {
                    match ledger.call_standing(CallOf { interview: &id, call: INTERVIEW }, now)? {
                        // It failed under the name of another source.
                        CallStanding::Due => tasks.push(task(id, state)),
                        CallStanding::Waiting => summary.failed_before += 1,
                        CallStanding::GivenUp => summary.skipped_other += 1,
                    }
                }
                Some(
                    InterviewState::Gone
                    | InterviewState::Stale
                    | InterviewState::Quarantined
                    | InterviewState::Excluded,
                ) => summary.skipped_other += 1,
            }
        }
        // Interviews that an event calls for are in the list already.
        let asked: HashSet<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
        let due = due.into_iter().filter(|due| !asked.contains(due.id.as_str()));
        let due: Vec<FetchTask> = due.map(|DueInterview { id, state }| task(id, Some(state))).collect();
        tasks.extend(due);
        Ok(InterviewsDue { tasks, called: unlisted })
    }
}

fn task(id: String, state: Option<InterviewState>) -> FetchTask {
    FetchTask { call: Call::Interview, id: id.into(), again: state == Some(InterviewState::Settled) }
}

/// Records that a pattern of the pipeline keeps an interview out. The address of a person is not written down beside its id:
/// nothing of theirs is in the lake, and nobody would find it there when they are to be forgotten.
pub fn exclude(ledger: &mut Ledger, summary: &mut IngestSummary, id: &str, source: &str, pattern: &str) -> Result<()> {
    summary.excluded += 1;
    let reason =
        if pattern.contains('@') { "kept out by an address".to_owned() } else { format!("kept out by `{pattern}`") };
    ledger.record_end(id, source, InterviewState::Excluded, &reason)
}

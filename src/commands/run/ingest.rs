//! The stage that ingests each account in turn.

use tokio::time::Instant;

use super::accounts::OpenSource;
use crate::commands::session::{Session, next_moment};
use crate::commands::terminal::FetchProgress;
use crate::ingest::{Account, IngestSummary, Progress, ingest};
use crate::model::Done;
use crate::pipeline::IngestPlan;

/// How an ingest is done.
pub struct IngestOptions<'a> {
    pub plan: &'a IngestPlan,
    /// When to leave the rest for the next run.
    pub stop_at: Option<Instant>,
    pub refetch: bool,
}

impl<'a> IngestOptions<'a> {
    /// Options for an ingest that begins now.
    pub fn new(plan: &'a IngestPlan, refetch: bool) -> Self {
        Self { plan, stop_at: plan.stop_at.map(next_moment), refetch }
    }
}

/// Ingests each account in turn. If one fails, the next ones still follow, except after an interrupt.
pub fn ingest_all(
    session: &mut Session<'_>,
    sources: Vec<OpenSource>,
    &IngestOptions { plan, stop_at, refetch }: &IngestOptions<'_>,
) -> Done<IngestSummary> {
    let Session { network, lake, ledger, quiet, .. } = session;
    let (mut all, mut errors) = (IngestSummary::default(), Vec::new());
    for OpenSource { name, ids, inbox, exclude, client } in sources {
        let fetch_progress = FetchProgress::new(*quiet);
        let progress = |progress: Progress| fetch_progress.show(progress);
        let done = network.interrupt.during(|cancellation| {
            let (exclude, progress) = (&exclude, &progress);
            let cancellation = cancellation.or_at(stop_at);
            let account = Account { source: &name, ids, inbox, client, plan, exclude, refetch, cancellation, progress };
            ingest(lake, ledger, &network.runtime, account)
        });
        fetch_progress.finish();
        all += &done.into_summary(&mut errors);
        if network.interrupt.is_requested() {
            break;
        }
    }
    network.interrupt.add_error(&mut errors);
    Done { summary: all, errors }
}

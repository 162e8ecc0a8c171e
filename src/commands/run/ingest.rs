//! The stage that ingests each account in turn.

use super::accounts::OpenSource;
use crate::commands::session::Session;
use crate::commands::terminal::FetchProgress;
use crate::ingest::{Account, IngestSummary, Progress, ingest};
use crate::model::Done;
use crate::pipeline::IngestPlan;

/// How an ingest is done.
pub struct IngestOptions<'a> {
    pub plan: &'a IngestPlan,
    pub refetch: bool,
}

/// Ingests each account in turn. If one fails, the next ones still follow, except after an interrupt.
pub fn ingest_all(
    session: &mut Session<'_>,
    sources: Vec<OpenSource>,
    &IngestOptions { plan, refetch }: &IngestOptions<'_>,
) -> Done<IngestSummary> {
    let Session { network, lake, ledger, quiet, stop_at, .. } = session;
    let (mut all, mut errors) = (IngestSummary::default(), Vec::new());
    for OpenSource { name, ids, inbox, exclude, client } in sources {
        let fetch_progress = FetchProgress::new(*quiet);
        let progress = |progress: Progress| fetch_progress.show(&progress);
        let done = network.interrupt.during(|cancellation| {
            let (exclude, progress) = (&exclude, &progress);
            let cancellation = cancellation.or_at(stop_at.clone());
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

//! The stage that ingests all accounts at the same time.

use super::accounts::OpenSource;
use crate::commands::session::Session;
use crate::commands::terminal::FetchProgress;
use crate::ingest::{Account, IngestRequest, IngestSummary, Progress, ingest};
use crate::model::Done;
use crate::pipeline::IngestPlan;

/// How an ingest is done.
pub struct IngestOptions<'a> {
    pub plan: &'a IngestPlan,
    pub refetch: bool,
}

/// Ingests all accounts at the same time. If one fails, the others go on.
pub fn ingest_all(
    session: &mut Session<'_>,
    mut sources: Vec<OpenSource>,
    &IngestOptions { plan, refetch }: &IngestOptions<'_>,
) -> Done<IngestSummary> {
    let Session { network, lake, ledger, quiet, stop_at, .. } = session;
    let lists: Vec<Vec<String>> = sources.iter_mut().map(|source| std::mem::take(&mut source.ids)).collect();
    let accounts = sources.iter().zip(lists).map(|(source, ids)| {
        let OpenSource { name, inbox, exclude, clients, .. } = source;
        Account { source: name, ids, inbox: *inbox, clients: clients.clone(), exclude }
    });
    let accounts = accounts.collect();
    let fetch_progress = FetchProgress::new(*quiet);
    let progress = |progress: Progress| fetch_progress.show(&progress);
    let Done { summary, mut errors } = network.interrupt.during(|cancellation| {
        let cancellation = cancellation.or_at(stop_at.clone());
        let request = IngestRequest { plan, refetch, cancellation, progress: &progress };
        ingest(lake, ledger, &network.runtime, accounts, &request)
    });
    fetch_progress.finish();
    network.interrupt.add_error(&mut errors);
    Done { summary, errors }
}

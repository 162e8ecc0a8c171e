//! The stage that fetches: every account in turn.

use tokio::time::Instant;

use super::accounts::OpenSource;
use crate::commands::session::{Session, next_moment};
use crate::commands::terminal::Fetching;
use crate::ingest::{Account, IngestSummary, Progress, ingest};
use crate::model::Done;
use crate::pipeline::IngestPlan;

/// How an ingest is done.
pub struct Options<'a> {
    pub plan: &'a IngestPlan,
    /// When to leave the rest for the next run.
    pub stop_at: Option<Instant>,
    pub refetch: bool,
}

impl<'a> Options<'a> {
    /// For an ingest that begins now.
    pub fn new(plan: &'a IngestPlan, refetch: bool) -> Self {
        Self { plan, stop_at: plan.stop_at.map(next_moment), refetch }
    }
}

/// Every source in turn. A source that fails leaves the next ones their turn; an interrupt does not.
pub fn ingest_all(
    session: &mut Session<'_>,
    sources: Vec<OpenSource>,
    &Options { plan, stop_at, refetch }: &Options<'_>,
) -> Done<IngestSummary> {
    let Session { network, lake, ledger, quiet, .. } = session;
    let (mut all, mut errors) = (IngestSummary::default(), Vec::new());
    for OpenSource { name, ids, inbox, exclude, client } in sources {
        let fetching = Fetching::new(*quiet);
        let progress = |progress: Progress| fetching.shows(progress);
        let done = network.interrupt.during(|cancellation| {
            let (exclude, progress) = (&exclude, &progress);
            let cancellation = cancellation.or_at(stop_at);
            let account = Account { source: &name, ids, inbox, client, plan, exclude, refetch, cancellation, progress };
            ingest(lake, ledger, &network.runtime, account)
        });
        fetching.ends();
        all += &done.into_summary(&mut errors);
        if network.interrupt.is_wanted() {
            break;
        }
    }
    network.interrupt.note(&mut errors);
    Done { summary: all, errors }
}

//! The stage that archives recordings: during the ingest, and again after it.

use std::thread;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::commands::session::Session;
use crate::commands::terminal;
use crate::deliver::audio::{ArchiveSummary, Archiver, ClientsOf, Estimate, LinkRenewer, RecordingSelection};
use crate::http::pace::Pace;
use crate::model::Done;
use crate::pipeline::AudioPlan;

/// How recordings are archived.
pub struct Archiving<'a> {
    pub plan: &'a AudioPlan,
    pub selection: RecordingSelection,
    /// Recordings that were tried since then are left out.
    pub began: Timestamp,
    pub pace: Pace,
}

impl Archiving<'_> {
    /// Archives the recordings that are missing in the archive. First prints the estimate if it needs calls to the API.
    pub fn archive(
        self,
        session: &mut Session<'_>,
        estimate: Estimate,
        clients_of: &mut ClientsOf<'_>,
    ) -> Done<ArchiveSummary> {
        let Self { plan, selection, began, pace } = self;
        if estimate.calls > 0 {
            tracing::info!("audio {}", terminal::estimate_on_screen(&estimate, pace.requests_per_minute, plan));
        }
        let Session { network, lake, ledger, quiet, stop_at, .. } = session;
        let made = terminal::with_bar("audio", *quiet, |set_progress| {
            network.interrupt.during(|cancellation| {
                let cancellation = cancellation.or_at(stop_at.clone());
                let archiver = Archiver::new(lake, &network.runtime, plan, cancellation.clone())?;
                let mut renewer = LinkRenewer::new(&network.runtime, pace, cancellation, clients_of);
                let progress = |done: u64| set_progress(done, estimate.wanted);
                Ok(archiver.pass(ledger, &selection, began, &mut renewer, &progress))
            })
        });
        made.unwrap_or_else(Done::failed)
    }
}

/// Runs an ingest, and archives recordings meanwhile, as the ingest keeps their links. Returns the results of both.
pub fn archive_during<T>(
    session: &mut Session<'_>,
    plan: &AudioPlan,
    ingest: impl FnOnce(&mut Session<'_>) -> T,
) -> (T, Done<ArchiveSummary>) {
    let (lake, network, stop_at) = (session.lake.clone(), session.network, session.stop_at.clone());
    network.interrupt.during(|cancellation| {
        let opened = session.lake.second_ledger(&session.lock).and_then(|ledger| {
            Ok((ledger, Archiver::new(&lake, &network.runtime, plan, cancellation.or_at(stop_at))?))
        });
        let (mut ledger, archiver) = match opened {
            Ok(opened) => opened,
            Err(error) => return (ingest(session), Done::failed(error)),
        };
        let ingest_ended = CancellationToken::new();
        thread::scope(|scope| {
            let archiving = scope.spawn(|| archiver.archive_during(&mut ledger, &ingest_ended));
            let done = {
                let _ends_archiving = ingest_ended.clone().drop_guard();
                ingest(session)
            };
            (done, archiving.join().expect("a panic has been said"))
        })
    })
}

//! Requests interviews again whose links to recordings are missing or no longer open.

use std::collections::{BTreeMap, HashSet};

use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use crate::http::cancel::Cancellation;
use crate::http::pace::Pace;
use crate::model::recording::RecordingLink;
use crate::model::{Error, Result};
use crate::round0::call::{Call, ParsedBody};
use crate::round0::client::ApiClient;
use crate::round0::fetch::{FetchOutcome, FetchTask, Fetched, Fetcher, StopReason};
use crate::round0::keys::Keys;

/// The result of requesting an interview again.
#[derive(Debug)]
pub enum Renewal {
    /// The links that it has now.
    Links { interview: String, links: Vec<RecordingLink> },
    /// The API does not know the interview any more.
    Gone { interview: String },
    /// The API did not return the interview, but may later. Holds the reason.
    Failed { interview: String, why: String },
    /// No further interview of this account is requested, because of this error. `None` if the API refuses its keys, of
    /// which [`LinkRenewer::refused_keys`] tells.
    Refused { source: String, error: Option<Error> },
}

/// Returns the clients of an account, one for each of its keys, or `None` for an account that cannot be asked.
pub type ClientsOf<'a> = dyn FnMut(&str) -> Result<Option<Vec<ApiClient>>> + 'a;

/// Requests interviews whose links no longer open, each account at its own pace.
pub struct LinkRenewer<'a, 'b> {
    runtime: &'a Runtime,
    pace: Pace,
    cancellation: Cancellation,
    keys: BTreeMap<String, Keys>,
    /// Accounts that are not asked. A warning was printed for each.
    skipped: HashSet<String>,
    clients_of: &'a mut ClientsOf<'b>,
}

impl<'a, 'b> LinkRenewer<'a, 'b> {
    pub fn new(
        runtime: &'a Runtime,
        pace: Pace,
        cancellation: Cancellation,
        clients_of: &'a mut ClientsOf<'b>,
    ) -> Self {
        Self { runtime, pace, cancellation, keys: BTreeMap::new(), skipped: HashSet::new(), clients_of }
    }

    /// Requests interviews, by account. The channel closes when every interview has a result, apart from those of
    /// accounts that refuse.
    pub fn request(&mut self, ids: BTreeMap<String, Vec<String>>) -> mpsc::UnboundedReceiver<Renewal> {
        let (sender, renewals) = mpsc::unbounded_channel();
        let mut work = Vec::new();
        for (source, ids) in ids {
            match self.fetcher(&source) {
                Ok(Some(fetcher)) => work.push((source, fetcher, ids)),
                Ok(None) if self.skipped.contains(&source) => {}
                Ok(None) => {
                    tracing::warn!(
                        "interviews of account {source} that have no live links are left: another account is asked here"
                    );
                    self.skipped.insert(source);
                }
                Err(error) => {
                    let _receiver_is_gone = sender.send(Renewal::Refused { source, error: Some(error) });
                }
            }
        }
        self.runtime.spawn(async move {
            for (source, fetcher, ids) in work {
                let tasks =
                    ids.iter().map(|id| FetchTask { call: Call::Interview, id: id.into(), again: true }).collect();
                let (results, mut fetched) = mpsc::channel(fetcher.width);
                let fetching = tokio::spawn(fetcher.fetch(tasks, results));
                while let Some(fetched) = fetched.recv().await {
                    // Nobody listens any more. Returning also ends the fetching.
                    if sender.send(renewal_of(fetched)).is_err() {
                        return;
                    }
                }
                match fetching.await.expect("fetching does not panic") {
                    Ok(()) => {}
                    Err(StopReason::Cancelled(_)) => return,
                    Err(stop) => {
                        let is_of_keys = matches!(stop, StopReason::Refused(_));
                        let error = (!is_of_keys).then(|| stop.error(&format!("the API of source {source}")));
                        let _receiver_is_gone = sender.send(Renewal::Refused { source, error });
                    }
                }
            }
        });
        renewals
    }

    /// An error for each key that the API refused, by account, also where other keys did its work.
    pub fn refused_keys(&self) -> impl Iterator<Item = Error> {
        self.keys.iter().flat_map(|(source, keys)| keys.errors(source))
    }

    fn fetcher(&mut self, source: &str) -> Result<Option<Fetcher>> {
        if !self.keys.contains_key(source) {
            let Some(clients) = (self.clients_of)(source)? else { return Ok(None) };
            self.keys.insert(source.to_owned(), Keys::new(clients, self.pace));
        }
        Ok(Some(Fetcher::new(self.keys[source].clone(), self.pace.concurrency, self.cancellation.clone())))
    }
}

fn renewal_of(Fetched { task, outcome, .. }: Fetched) -> Renewal {
    let interview = task.id.into_string();
    match outcome {
        FetchOutcome::Body(_, ParsedBody::Interview(mut body)) => {
            Renewal::Links { interview, links: body.take_links() }
        }
        FetchOutcome::Body(_, ParsedBody::Questions(_)) => unreachable!("interviews are asked for"),
        FetchOutcome::Gone => Renewal::Gone { interview },
        FetchOutcome::Unreadable(_, violation) => {
            Renewal::Failed { interview, why: format!("the interview breaks the contract: {violation}") }
        }
        FetchOutcome::Unusable(why) | FetchOutcome::Failed(why) => {
            Renewal::Failed { interview, why: format!("the interview could not be asked for again: {why}") }
        }
    }
}

//! Asks the API again for interviews whose links to recordings are missing or no longer open.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use crate::http::cancel::Cancellation;
use crate::http::pace::{Pace, Pacer};
use crate::model::recording::RecordingLink;
use crate::model::{Error, Result};
use crate::round0::call::{Call, Content};
use crate::round0::client::Client;
use crate::round0::fetch::{Fetched, Fetcher, Outcome, Stop, Task};

/// What came of asking for an interview again.
#[derive(Debug)]
pub enum Asked {
    /// The links it has now.
    Links { interview: String, links: Vec<RecordingLink> },
    /// The API does not know the interview any more.
    Gone { interview: String },
    /// It did not answer with the interview, and why; it may later.
    Failed { interview: String, why: String },
    /// No further interview of this account is asked for, because of this.
    Refused { source: String, error: Error },
}

/// The client of an account, if it is one that can be asked.
pub type ClientOf<'a> = dyn FnMut(&str) -> Result<Option<Client>> + 'a;

/// Asks the API for interviews whose links no longer open, each account at its own pace.
pub struct Asker<'a, 'b> {
    runtime: &'a Runtime,
    pace: Pace,
    cancellation: Cancellation,
    pacers: HashMap<String, (Client, Arc<Pacer>)>,
    /// Accounts that are not asked here, which has been said.
    left_alone: HashSet<String>,
    client_of: &'a mut ClientOf<'b>,
}

impl<'a, 'b> Asker<'a, 'b> {
    pub fn new(runtime: &'a Runtime, pace: Pace, cancellation: Cancellation, client_of: &'a mut ClientOf<'b>) -> Self {
        Self { runtime, pace, cancellation, pacers: HashMap::new(), left_alone: HashSet::new(), client_of }
    }

    /// Asks for interviews, by account. The channel ends when all are answered for, but for those
    /// of accounts that refuse.
    pub fn ask(&mut self, ids: BTreeMap<String, Vec<String>>) -> mpsc::UnboundedReceiver<Asked> {
        let (sender, asked) = mpsc::unbounded_channel();
        let mut work = Vec::new();
        for (source, ids) in ids {
            match self.fetcher(&source) {
                Ok(Some(fetcher)) => work.push((source, fetcher, ids)),
                Ok(None) if self.left_alone.contains(&source) => {}
                Ok(None) => {
                    tracing::warn!(
                        "interviews of account {source} that have no live links are left: another account is asked here"
                    );
                    self.left_alone.insert(source);
                }
                Err(error) => {
                    let _nobody_cares = sender.send(Asked::Refused { source, error });
                }
            }
        }
        self.runtime.spawn(async move {
            for (source, fetcher, ids) in work {
                let tasks = ids.iter().map(|id| Task { call: Call::Interview, id: id.into(), again: true }).collect();
                let (results, mut fetched) = mpsc::channel(fetcher.width);
                let fetching = tokio::spawn(fetcher.fetch(tasks, results));
                while let Some(fetched) = fetched.recv().await {
                    // Nobody wants to know any more: ending to listen ends the fetching.
                    if sender.send(asked_of(fetched)).is_err() {
                        return;
                    }
                }
                match fetching.await.expect("fetching does not panic") {
                    Ok(()) => {}
                    Err(Stop::Cancelled(_)) => return,
                    Err(stop) => {
                        let error = stop.error(&format!("the API of source {source}"));
                        let _nobody_cares = sender.send(Asked::Refused { source, error });
                    }
                }
            }
        });
        asked
    }

    fn fetcher(&mut self, source: &str) -> Result<Option<Fetcher>> {
        if !self.pacers.contains_key(source) {
            let Some(client) = (self.client_of)(source)? else { return Ok(None) };
            let pacer = Arc::new(client.pacer(self.pace));
            self.pacers.insert(source.to_owned(), (client, pacer));
        }
        let (client, pacer) = &self.pacers[source];
        Ok(Some(Fetcher {
            client: client.clone(),
            pacer: Arc::clone(pacer),
            width: self.pace.concurrency * 2,
            counts: Arc::default(),
            cancellation: self.cancellation.clone(),
        }))
    }
}

fn asked_of(Fetched { task, outcome, .. }: Fetched) -> Asked {
    let interview = task.id.into_string();
    match outcome {
        Outcome::Body(_, Content::Interview(mut body)) => Asked::Links { interview, links: body.take_links() },
        Outcome::Body(_, Content::Questions(_)) => unreachable!("interviews are asked for"),
        Outcome::Gone => Asked::Gone { interview },
        Outcome::Unreadable(_, violation) => {
            Asked::Failed { interview, why: format!("the interview breaks the contract: {violation}") }
        }
        Outcome::Failed(why) => {
            Asked::Failed { interview, why: format!("the interview could not be asked for again: {why}") }
        }
    }
}

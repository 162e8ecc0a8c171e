//! The keys of one account. Each has a rate-limit window of its own, so each call goes out with the key that has room
//! first. A key that the API refuses is not used any more.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use futures_util::future::select_all;

use super::client::ApiClient;
use crate::http::pace::{InFlight, Pace, Pacer};
use crate::model::{Error, Kind};

/// The keys of one account, at least one. Clones are the same keys.
#[derive(Clone)]
pub struct Keys(Arc<[Arc<Key>]>);

/// A key, the pace of its requests, and why the API refused it, if it did.
pub struct Key {
    pub client: ApiClient,
    pacer: Pacer,
    refused: OnceLock<String>,
}

/// The turn of one request, with the key that it goes out with.
pub struct Turn<'a> {
    pub key: &'a Key,
    pub in_flight: InFlight<'a>,
}

impl Keys {
    /// The keys of several accounts. A key that several have keeps one pace in all of them, the slowest that one of them
    /// sets, and is refused in all.
    ///
    /// # Panics
    /// When an account has no key.
    #[must_use]
    pub fn of_accounts(accounts: Vec<Vec<ApiClient>>, pace: Pace) -> Vec<Self> {
        let slowest = |client: &ApiClient| {
            let same = accounts.iter().flatten().filter(|other| other.shares_window(client));
            same.map(|client| client.requests_per_minute(pace.requests_per_minute)).min()
        };
        let paces: Vec<Vec<Option<u32>>> =
            accounts.iter().map(|clients| clients.iter().map(slowest).collect()).collect();
        let mut all: Vec<Arc<Key>> = Vec::new();
        let mut key = |(client, slowest): (ApiClient, Option<u32>)| {
            let client = client.at_most(slowest);
            if let Some(known) = all.iter().find(|known| known.client.shares_window(&client)) {
                return Arc::clone(known);
            }
            let key = Arc::new(Key { pacer: client.pacer(pace), client, refused: OnceLock::new() });
            all.push(Arc::clone(&key));
            key
        };
        let keys = |(clients, paces): (Vec<ApiClient>, Vec<Option<u32>>)| {
            assert!(!clients.is_empty(), "nothing could be asked");
            Self(clients.into_iter().zip(paces).map(&mut key).collect())
        };
        accounts.into_iter().zip(paces).map(keys).collect()
    }

    /// The keys of one account.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn new(clients: Vec<ApiClient>, pace: Pace) -> Self {
        Self::of_accounts(vec![clients], pace).remove(0)
    }

    /// Waits until a request may go out with one of the keys.
    ///
    /// # Errors
    /// Why the API refused the last key, when it has refused all.
    pub async fn turn(&self) -> Result<Turn<'_>, String> {
        loop {
            let accepted = self.0.iter().filter(|key| key.refused.get().is_none());
            let turns: Vec<_> =
                accepted.map(|key| Box::pin(async move { Turn { key, in_flight: key.pacer.turn().await } })).collect();
            if turns.is_empty() {
                return Err(self.refused().last().map_or_else(String::new, |(_, why)| why.to_owned()));
            }
            let (turn, ..) = select_all(turns).await;
            // Another call may have learnt meanwhile that the key is refused: then no request goes out with it.
            if turn.key.refused.get().is_none() {
                return Ok(turn);
            }
        }
    }

    /// Notes that the API refuses the key of a turn, before the next call gets it.
    pub fn refuse(&self, turn: Turn<'_>, why: String) {
        if turn.key.refused.set(why.clone()).is_ok() && self.refused().count() < self.count() {
            tracing::warn!("{} is refused, and the others are used: {why}", self.place(turn.key));
        }
    }

    /// How many keys there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// An error for each key that the API refused. It names the account, and the key if there are several.
    pub fn errors(&self, source: &str) -> impl Iterator<Item = Error> {
        let is_one = self.count() == 1;
        self.refused().map(move |(key, why)| {
            let key = if is_one { String::new() } else { format!(", {key}") };
            Error::new(Kind::Refused, format!("source {source}{key}: {why}"))
        })
    }

    /// The keys that the API refused: the place of each among all, in words, and why.
    fn refused(&self) -> impl Iterator<Item = (String, &str)> {
        self.0.iter().filter_map(|key| Some((self.place(key), key.refused.get()?.as_str())))
    }

    fn place(&self, key: &Key) -> String {
        let place = self.0.iter().position(|other| std::ptr::eq(&**other, key)).map_or(0, |place| place + 1);
        format!("key {place} of {}", self.count())
    }

    /// How many requests are left in the windows of all keys, as far as answers have told.
    #[must_use]
    pub fn remaining(&self) -> Option<u32> {
        self.0.iter().filter_map(|key| key.pacer.remaining()).reduce(u32::saturating_add)
    }

    /// What all requests wait for, if for long: `None` if any key lets them through.
    #[must_use]
    pub fn waiting(&self) -> Option<String> {
        let accepted = self.0.iter().filter(|key| key.refused.get().is_none());
        accepted.map(|key| key.pacer.waiting()).reduce(|one, other| one.and(other)).flatten()
    }

    /// How long requests were held back for the limit's sake, one after the other, by the key that held back most.
    #[must_use]
    pub fn waited(&self) -> Duration {
        self.0.iter().map(|key| key.pacer.waited()).max().unwrap_or_default()
    }
}

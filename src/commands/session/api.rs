//! Requests a few interviews from the API, for `get` and `wait`.

use std::collections::HashSet;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::network::Network;
use crate::commands::terminal::ApiFlags;
use crate::http::cancel::{Cancellation, Cancelled, Deadline};
use crate::http::pace::Pace;
use crate::model::{Error, Result};
use crate::pipeline::ids::check_id;
use crate::pipeline::{KeyPlace, parse_window};
use crate::round0::call::Call;
use crate::round0::client::ApiClient;
use crate::round0::fetch::{FetchTask, Fetched, Fetcher, StopReason};
use crate::round0::keys::Keys;

/// The API client for some flags.
///
/// # Errors
/// A usage error when the address is invalid, or there is no key.
pub fn client(flags: &ApiFlags) -> Result<ApiClient> {
    ApiClient::new(flags.api.trim_end_matches('/'), &KeyPlace::Environment(flags.key_env.clone()).read()?)
}

/// The pace for some flags.
///
/// # Errors
/// A usage error when the length of the window is invalid.
pub fn pace(flags: &ApiFlags) -> Result<Pace> {
    let window = parse_window(&flags.limit_window)?;
    Ok(Pace { requests_per_minute: flags.requests_per_minute, window, concurrency: flags.concurrency.into() })
}

/// The ids on a command line, without duplicates.
///
/// # Errors
/// A usage error for an invalid id.
pub fn ids(given: &[String]) -> Result<Vec<String>> {
    let mut seen = HashSet::new();
    for id in given {
        check_id(id).map_err(|what| Error::usage(format!("`{}`: {what}", id.escape_debug())))?;
    }
    Ok(given.iter().filter(|id| seen.insert(id.as_str())).cloned().collect())
}

/// Requests interviews, within the rate limit that all programs with the same key share.
pub struct InterviewApi {
    /// No work watches for its interrupt, so an interrupt ends the program at once.
    network: Network,
    fetcher: Fetcher,
}

impl InterviewApi {
    /// # Errors
    /// As [`client`] and [`Network::start`].
    pub fn new(flags: &ApiFlags) -> Result<Self> {
        let client = client(flags)?;
        let pace = pace(flags)?;
        let fetcher = Fetcher::new(Keys::new(vec![client], pace), pace.concurrency, Cancellation::default());
        Ok(Self { network: Network::start()?, fetcher })
    }

    /// Makes a call for each id, and calls `take` with each result. Returns `false` if `stop_at` came first.
    ///
    /// # Errors
    /// When fetching stops early, or `take` fails. The remaining calls are not made then.
    pub fn ask(
        &self,
        call: Call,
        ids: &[String],
        stop_at: Option<Instant>,
        take: &mut dyn FnMut(Fetched) -> Result<()>,
    ) -> Result<bool> {
        let tasks = ids.iter().map(|id| FetchTask { call, id: id.into(), again: false }).collect();
        let (sender, mut results) = mpsc::channel(1);
        let cancellation = Cancellation::default().or_at(stop_at.map(Deadline::from));
        let fetcher = Fetcher { cancellation, ..self.fetcher.clone() };
        let fetching = self.network.runtime.spawn(fetcher.fetch(tasks, sender));
        while let Some(fetched) = self.network.runtime.block_on(results.recv()) {
            if let Err(error) = take(fetched) {
                fetching.abort();
                return Err(error);
            }
        }
        match self.network.runtime.block_on(fetching).expect("fetching does not panic") {
            Ok(()) => Ok(true),
            Err(StopReason::Cancelled(Cancelled::TimeIsUp)) => Ok(false),
            Err(stop) => Err(stop.error("the API")),
        }
    }

    /// Waits for some time.
    pub fn pause(&self, time: Duration) {
        self.network.runtime.block_on(async { tokio::time::sleep(time).await });
    }
}

/// The error for an interview that the API does not know.
pub fn unknown(id: &str) -> Error {
    Error::failed(format!("the API knows no interview {id}"))
}

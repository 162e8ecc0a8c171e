//! Asking the API for a few interviews: what `get` and `wait` have in common.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::cli::{ApiFlags, DataFormat};
use super::interrupt::Interrupt;
use super::prepare::runtime;
use crate::deliver::notes;
use crate::http::pace::Pace;
use crate::model::{Error, Interview, Result, Status};
use crate::pipeline::ids::check_id;
use crate::pipeline::{KeyPlace, parse_window};
use crate::round0::call::Call;
use crate::round0::client::Client;
use crate::round0::fetch::{Fetched, Fetcher, Stop, Task};

/// The client that the flags describe.
///
/// # Errors
/// A usage error when the address is none, or there is no key.
pub fn client(flags: &ApiFlags) -> Result<Client> {
    Client::new(flags.api.trim_end_matches('/'), &KeyPlace::Environment(flags.key_env.clone()).read()?)
}

/// The ids of a command line, each once.
///
/// # Errors
/// A usage error for what can be no id.
pub fn ids(given: &[String]) -> Result<Vec<String>> {
    let mut seen = HashSet::new();
    for id in given {
        check_id(id).map_err(|what| Error::usage(format!("`{}`: {what}", id.escape_debug())))?;
    }
    Ok(given.iter().filter(|id| seen.insert(id.as_str())).cloned().collect())
}

/// Asks within the budget that all programs with the key share.
pub struct Api {
    runtime: Runtime,
    fetcher: Fetcher,
    /// While it is there, an interrupt ends the program with its own exit code.
    _interrupt: Interrupt,
}

impl Api {
    /// # Errors
    /// As [`client`], and when the system does not let it.
    pub fn new(flags: &ApiFlags) -> Result<Self> {
        let client = client(flags)?;
        let concurrency = usize::from(flags.concurrency);
        let window = parse_window(&flags.limit_window)?;
        let pacer = client.pacer(Pace { requests_per_minute: flags.requests_per_minute, window, concurrency });
        let runtime = runtime()?;
        let interrupt = Interrupt::listen(&runtime)?;
        let never = watch::channel(false).1;
        let fetcher = Fetcher {
            client,
            pacer: Arc::new(pacer),
            width: concurrency * 2,
            counts: Arc::default(),
            interrupt: never,
            stop_at: None,
        };
        Ok(Self { runtime, fetcher, _interrupt: interrupt })
    }

    /// Makes a call for each id and gives what becomes of it, as it does; `false` if `stop_at` came first.
    ///
    /// # Errors
    /// When no call is answered, or they are not taken: then what is left is not asked for.
    pub fn ask(
        &self,
        call: Call,
        ids: &[String],
        stop_at: Option<Instant>,
        take: &mut dyn FnMut(Fetched) -> Result<()>,
    ) -> Result<bool> {
        let tasks = ids.iter().map(|id| Task { call, id: id.into(), again: false }).collect();
        let (sender, mut results) = mpsc::channel(1);
        let fetching = self.runtime.spawn(Fetcher { stop_at, ..self.fetcher.clone() }.fetch(tasks, sender));
        while let Some(fetched) = self.runtime.block_on(results.recv()) {
            if let Err(error) = take(fetched) {
                fetching.abort();
                return Err(error);
            }
        }
        match self.runtime.block_on(fetching).expect("fetching does not panic") {
            Ok(()) => Ok(true),
            Err(Stop::TimeIsUp) => Ok(false),
            Err(stop) => Err(stop.error("the API")),
        }
    }

    /// Does nothing for so long.
    pub fn rest(&self, time: Duration) {
        self.runtime.block_on(async { tokio::time::sleep(time).await });
    }
}

/// An interview that the API does not know.
pub fn unknown(id: &str) -> Error {
    Error::failed(format!("the API knows no interview {id}"))
}

/// A completed interview on the screen; among several with a heading.
pub fn shown(interview: &Interview, format: DataFormat, has_heading: bool) -> String {
    if format == DataFormat::Json {
        return notes::json(interview).to_string() + "\n";
    }
    let heading = if has_heading { format!("{}\n\n", heading(interview)) } else { String::new() };
    let end = if has_heading { "\n" } else { "" };
    format!("{heading}{}{end}", notes::text(&interview.responses))
}

fn heading(interview: &Interview) -> String {
    let parts = [Some(&interview.id), interview.candidate.name.as_ref(), interview.job.title.as_ref()];
    let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
    format!("{}, {}", parts.join(", "), standing(interview))
}

/// `completed at …`, `invited, expires at …`.
pub fn standing(interview: &Interview) -> String {
    let status = interview.status.as_str();
    let at = |time: Option<Timestamp>| time.map_or_else(String::new, |time| format!(" at {time}"));
    match interview.status {
        Status::Completed => status.to_owned() + &at(interview.completed_at),
        Status::Expired => status.to_owned() + &at(interview.expires_at),
        _ if interview.expires_at.is_some() => format!("{status}, expires{}", at(interview.expires_at)),
        _ => status.to_owned(),
    }
}

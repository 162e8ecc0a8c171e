//! State and counters of a sandbox, shared by the API and the audio host.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::faults::{DrawnFault, Faults};
use super::interviews::Interviews;
use super::links::LinkSigner;
use super::stats::{RequestCounter, Stats};
use crate::http::pace::limiter::Limiter;

/// The data that all answers are made from.
pub struct SandboxApi {
    pub interviews: Interviews,
    /// The keys that are accepted.
    pub keys: Vec<String>,
    pub latency: Duration,
    pub faults: Option<Faults>,
    /// Address that redirects lead to. A client must not follow them.
    pub elsewhere: String,
    pub links: LinkSigner,
    pub started: Instant,
    pub state: Mutex<RequestState>,
}

/// State that requests change. One lock covers both fields, so that times reach them in order.
pub struct RequestState {
    /// The limit of each key; none without a limit.
    pub limiters: Vec<Limiter>,
    pub counter: RequestCounter,
}

impl SandboxApi {
    pub fn stats(&self) -> Stats {
        self.state().counter.stats()
    }

    /// Counts a request for a recording or for a part of it, and draws its fault.
    pub fn recording_asked(&self, recording: u64, is_part: bool) -> Option<DrawnFault> {
        let mut state = self.state();
        let ordinal = state.counter.recording_asked(recording, is_part);
        let fault = self.faults.as_ref().and_then(|faults| faults.draw_recording(recording, ordinal));
        state.counter.spoilt(fault.map(|drawn| drawn.fault));
        fault
    }

    pub fn state(&self) -> MutexGuard<'_, RequestState> {
        // After a panic in another request, counts are off by one at most, which is no reason to stop answering.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time since 1970.
pub fn unix_now() -> Duration {
    Duration::try_from(jiff::Timestamp::now().as_duration()).unwrap_or_default()
}

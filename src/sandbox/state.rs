//! What a sandbox knows and counts, for the API and the recordings' host alike.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::faults::{DrawnFault, Faults};
use super::interviews::Interviews;
use super::links::LinkSigner;
use super::stats::{RequestCounter, Stats};
use crate::http::pace::limiter::Limiter;

/// What all answers are made from.
pub struct SandboxApi {
    pub interviews: Interviews,
    pub key: String,
    pub latency: Duration,
    pub faults: Option<Faults>,
    /// Where an answer sends the client that should not.
    pub elsewhere: String,
    pub links: LinkSigner,
    pub started: Instant,
    pub state: Mutex<RequestState>,
}

/// What the requests change. One lock for both, so that times reach them in order.
pub struct RequestState {
    pub limiter: Option<Limiter>,
    pub counter: RequestCounter,
}

impl SandboxApi {
    pub fn stats(&self) -> Stats {
        self.state().counter.stats()
    }

    /// Counts a request for a recording, and draws what goes wrong with it. A part of it counts apart from the whole.
    pub fn recording_asked(&self, recording: u64, is_part: bool) -> Option<DrawnFault> {
        let mut state = self.state();
        let ordinal = state.counter.recording_asked(recording, is_part);
        let fault = self.faults.as_ref().and_then(|faults| faults.draw_recording(recording, ordinal));
        state.counter.spoilt(fault.map(|drawn| drawn.fault));
        fault
    }

    pub fn state(&self) -> MutexGuard<'_, RequestState> {
        // A panic in another request leaves counts that are at most one off, which is no reason to stop answering.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time since 1970.
pub fn unix_now() -> Duration {
    Duration::try_from(jiff::Timestamp::now().as_duration()).unwrap_or_default()
}

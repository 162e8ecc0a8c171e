//! What a sandbox knows and counts, for the API and the recordings' host alike.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::faults::{Drawn, Faults};
use super::interviews::Interviews;
use super::links::Links;
use super::stats::{Stats, Tally};
use crate::http::pace::limiter::Limiter;

/// What all answers are made from.
pub struct Api {
    pub interviews: Interviews,
    pub key: String,
    pub latency: Duration,
    pub faults: Option<Faults>,
    /// Where an answer sends the client that should not.
    pub elsewhere: String,
    pub links: Links,
    pub started: Instant,
    pub counts: Mutex<Counts>,
}

/// What the requests change. One lock for both, so that times reach them in order.
pub struct Counts {
    pub limiter: Option<Limiter>,
    pub tally: Tally,
}

impl Api {
    pub fn stats(&self) -> Stats {
        self.counts().tally.stats()
    }

    /// Counts a request for a recording, and draws what goes wrong with it. A part of it counts apart from the whole.
    pub fn recording_asked(&self, recording: u64, is_part: bool) -> Option<Drawn> {
        let mut counts = self.counts();
        let ordinal = counts.tally.recording_asked(recording, is_part);
        let fault = self.faults.as_ref().and_then(|faults| faults.draw_recording(recording, ordinal));
        counts.tally.spoilt(fault.map(|drawn| drawn.fault));
        fault
    }

    pub fn counts(&self) -> MutexGuard<'_, Counts> {
        // A panic in another request leaves counts that are at most one off, which is no reason to stop answering.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The time since 1970.
pub fn unix_now() -> Duration {
    Duration::try_from(jiff::Timestamp::now().as_duration()).unwrap_or_default()
}

//! The sandbox's counters. Nothing here reads a clock: every time is passed in as the time since the sandbox started,
//! and never goes back.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::faults::ApiFault;
use crate::http::pace::limiter::forget;

/// Counts since the server started. `GET /_sandbox/stats` returns them as JSON, and is not counted itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Requests to the API with any answer; those to the audio host are not included. A request counts when it arrives,
    /// even if the client hangs up before the latency is over.
    pub requests: u64,
    /// Requests to the API by the status of their answer.
    pub by_status: BTreeMap<u16, u64>,
    /// Requests to the API with each valid key, in the order in which the sandbox was given them.
    pub by_key: Vec<u64>,
    /// The largest number of requests with one valid key within any span of one window length, its later end included and
    /// its earlier end not. Requests that were answered 429 are included: the number is what the client sent, for every
    /// kind of window and also without a limit.
    pub largest_window: u64,
    /// How often the body that was fetched most was answered with 200: 1 if nothing was fetched twice. An interview and
    /// its questions are two bodies. Other answers, and answers spoilt by a fault, are not included.
    pub largest_per_id: u64,
    /// Number of faults given, by kind.
    pub faults: BTreeMap<ApiFault, u64>,
    /// Requests to the audio host with a valid link, for a whole recording.
    pub recordings: u64,
    /// Requests to the audio host with a valid link, for the rest of a recording.
    pub recordings_continued: u64,
}

/// Counts requests into [`Stats`].
#[derive(Debug)]
pub struct RequestCounter {
    length: Duration,
    /// Times of the requests with each valid key within the last window length.
    recent: Vec<VecDeque<Duration>>,
    /// Answers with 200 by index of the interview: for the interview and for its questions.
    answered: HashMap<usize, [u64; 2]>,
    /// Requests for which a fault may be drawn, by index of the interview: for the interview and for its questions.
    asked: HashMap<usize, [u64; 2]>,
    /// Requests by recording.
    recordings: HashMap<u64, u64>,
    stats: Stats,
}

impl RequestCounter {
    /// A counter for so many keys.
    pub fn new(length: Duration, keys: usize) -> Self {
        Self {
            length,
            recent: vec![VecDeque::new(); keys],
            answered: HashMap::new(),
            asked: HashMap::new(),
            recordings: HashMap::new(),
            stats: Stats { by_key: vec![0; keys], ..Stats::default() },
        }
    }

    /// Counts a request at `now` with a valid key, by its number, whatever it asks for.
    pub fn arrived(&mut self, key: usize, now: Duration) {
        let recent = &mut self.recent[key];
        forget(recent, now, self.length);
        recent.push_back(now);
        self.stats.by_key[key] += 1;
        self.stats.largest_window = self.stats.largest_window.max(recent.len() as u64);
    }

    /// Counts any request by the status of its answer.
    pub fn answered(&mut self, status: u16) {
        self.stats.requests += 1;
        *self.stats.by_status.entry(status).or_default() += 1;
    }

    /// Counts a request for the interview at `index`, or for its questions, and returns the number of earlier ones.
    pub fn asked(&mut self, index: usize, questions: bool) -> u64 {
        let times = &mut self.asked.entry(index).or_default()[usize::from(questions)];
        *times += 1;
        *times - 1
    }

    /// Counts a request for a recording, or for a part of it, and returns the number of earlier ones.
    pub fn recording_asked(&mut self, recording: u64, is_part: bool) -> u64 {
        self.stats.recordings += u64::from(!is_part);
        self.stats.recordings_continued += u64::from(is_part);
        let times = self.recordings.entry(recording).or_default();
        *times += 1;
        *times - 1
    }

    /// Counts a fault, if there was one.
    pub fn spoilt(&mut self, fault: Option<ApiFault>) {
        if let Some(fault) = fault {
            *self.stats.faults.entry(fault).or_default() += 1;
        }
    }

    /// Counts a body that was answered with 200: the interview at `index`, or its questions.
    pub fn served(&mut self, index: usize, questions: bool) {
        let times = &mut self.answered.entry(index).or_default()[usize::from(questions)];
        *times += 1;
        self.stats.largest_per_id = self.stats.largest_per_id.max(*times);
    }

    pub fn stats(&self) -> Stats {
        self.stats.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::pace::limiter::tests::times;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn largest_window_equals_a_count_over_all_windows_of_each_key() {
        for seed in 0..60 {
            let times = times(seed, SECOND);
            let mut counter = RequestCounter::new(SECOND, 2);
            // Two requests of three are with the first key.
            let of_key =
                |key: usize| times.iter().enumerate().filter(move |(number, _)| usize::from(number % 3 == 0) == key);
            times.iter().enumerate().for_each(|(number, &now)| counter.arrived(usize::from(number % 3 == 0), now));
            let count = |key: usize, end: Duration| {
                of_key(key).filter(|(_, time)| **time <= end && end < **time + SECOND).count()
            };
            let largest = [0, 1].into_iter().flat_map(|key| of_key(key).map(move |(_, end)| (key, *end)));
            let largest = largest.map(|(key, end)| count(key, end)).max().unwrap();
            assert_eq!(counter.stats().largest_window, largest as u64, "seed {seed}");
            assert_eq!(counter.stats().by_key, [0, 1].map(|key| of_key(key).count() as u64));
        }
    }

    #[test]
    fn bodies_are_counted_one_by_one() {
        let mut counter = RequestCounter::new(SECOND, 1);
        counter.served(7, false);
        counter.served(7, true);
        counter.served(8, false);
        assert_eq!(counter.stats().largest_per_id, 1);
        counter.served(7, true);
        assert_eq!(counter.stats().largest_per_id, 2);
    }
}

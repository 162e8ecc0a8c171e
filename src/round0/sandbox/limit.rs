//! The rate limit and the counts. Nothing here reads a clock: every time is passed in, as the time since the sandbox
//! started, and never goes back.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use super::faults::Fault;
use serde::{Deserialize, Serialize};

/// How the limit counts. The vendor does not document which of the two it uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Window {
    /// Windows follow one another without a gap from the first counted request on; each starts empty. A client may
    /// so send twice the limit around the end of one.
    Fixed,
    /// At every moment, no more than the limit was admitted within the window length before it.
    #[default]
    Sliding,
}

/// What the server counted since it started. `GET /_sandbox/stats` answers it as JSON; asking is not counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// Requests to the API, whatever the answer; the audio host's are not among them. A request counts when it
    /// arrives, so also when the client hangs up before the latency is over.
    pub requests: u64,
    /// The same requests by the status of their answer.
    pub by_status: BTreeMap<u16, u64>,
    /// The largest number of counted requests within any stretch of one window length (the later end included, the
    /// earlier not). Counted are the requests with a valid key, those that were answered 429 included: it is what the
    /// client sent, whichever kind of window is set, and also without a limit.
    pub largest_window: u64,
    /// How often the most asked-for body was answered with 200: 1 when nothing was fetched twice. The interview and
    /// its questions are two bodies; what was answered otherwise, or spoilt by a fault, is not in it.
    pub largest_per_id: u64,
    /// Faults given, by kind.
    pub faults: BTreeMap<Fault, u64>,
    /// Requests to the audio host with a link that opens: for a whole recording, and for the rest of one.
    pub recordings: u64,
    pub recordings_continued: u64,
}

/// What the limit says of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    pub admitted: bool,
    pub limit: u32,
    /// How many more requests would be admitted now.
    pub remaining: u32,
    /// How long until the window resets. Fixed: until it ends. Sliding: until the oldest admitted request leaves it,
    /// which is when one more is admitted.
    pub reset_in: Duration,
}

/// A limit of so many admitted requests in a window. What it refuses takes no place in the window.
#[derive(Debug)]
pub struct Limiter {
    limit: u32,
    length: Duration,
    log: Log,
}

#[derive(Debug)]
enum Log {
    Fixed { start: Option<Duration>, used: u32 },
    Sliding { admitted: VecDeque<Duration> },
}

impl Limiter {
    /// `length` must be longer than zero.
    pub fn new(limit: u32, window: Window, length: Duration) -> Self {
        let log = match window {
            Window::Fixed => Log::Fixed { start: None, used: 0 },
            Window::Sliding => Log::Sliding { admitted: VecDeque::new() },
        };
        Self { limit, length, log }
    }

    /// Judges one request at `now` and takes its place in the window when there is one.
    pub fn admit(&mut self, now: Duration) -> Verdict {
        let (limit, length) = (self.limit, self.length);
        match &mut self.log {
            Log::Fixed { start, used } => {
                let since = now - *start.get_or_insert(now);
                if since >= length {
                    *start = Some(now - remainder(since, length));
                    *used = 0;
                }
                let admitted = *used < limit;
                *used += u32::from(admitted);
                Verdict { admitted, limit, remaining: limit - *used, reset_in: length - remainder(since, length) }
            }
            Log::Sliding { admitted: log } => {
                forget(log, now, length);
                let admitted = log.len() < limit as usize;
                if admitted {
                    log.push_back(now);
                }
                let used = u32::try_from(log.len()).unwrap_or(limit);
                let oldest = log.front().copied().unwrap_or(now);
                Verdict { admitted, limit, remaining: limit - used, reset_in: oldest + length - now }
            }
        }
    }
}

/// Counts requests into [`Stats`].
#[derive(Debug)]
pub struct Tally {
    length: Duration,
    /// The counted requests of the last window length.
    recent: VecDeque<Duration>,
    /// Answers with 200, by index of the interview: of itself and of its questions.
    answered: HashMap<usize, [u64; 2]>,
    /// Requests that a fault might be drawn for, likewise.
    asked: HashMap<usize, [u64; 2]>,
    /// Requests for each recording.
    recordings: HashMap<u64, u64>,
    stats: Stats,
}

impl Tally {
    pub fn new(length: Duration) -> Self {
        Self {
            length,
            recent: VecDeque::new(),
            answered: HashMap::new(),
            asked: HashMap::new(),
            recordings: HashMap::new(),
            stats: Stats::default(),
        }
    }

    /// Counts a request with a valid key at `now`, before anything else is known of it.
    pub fn arrived(&mut self, now: Duration) {
        forget(&mut self.recent, now, self.length);
        self.recent.push_back(now);
        self.stats.largest_window = self.stats.largest_window.max(self.recent.len() as u64);
    }

    /// Counts any request by the status of its answer.
    pub fn answered(&mut self, status: u16) {
        self.stats.requests += 1;
        *self.stats.by_status.entry(status).or_default() += 1;
    }

    /// Counts a request for the interview at `index`, or for its questions, and returns how many came before it.
    pub fn asked(&mut self, index: usize, questions: bool) -> u64 {
        let times = &mut self.asked.entry(index).or_default()[usize::from(questions)];
        *times += 1;
        *times - 1
    }

    /// Counts a request for a recording, and returns how many came before it.
    pub fn recording_asked(&mut self, recording: u64, is_part: bool) -> u64 {
        self.stats.recordings += u64::from(!is_part);
        self.stats.recordings_continued += u64::from(is_part);
        let times = self.recordings.entry(recording).or_default();
        *times += 1;
        *times - 1
    }

    /// Counts a fault, if there was one.
    pub fn spoilt(&mut self, fault: Option<Fault>) {
        if let Some(fault) = fault {
            *self.stats.faults.entry(fault).or_default() += 1;
        }
    }

    /// Counts a body answered with 200: of the interview at `index`, or of its questions.
    pub fn served(&mut self, index: usize, questions: bool) {
        let times = &mut self.answered.entry(index).or_default()[usize::from(questions)];
        *times += 1;
        self.stats.largest_per_id = self.stats.largest_per_id.max(*times);
    }

    pub fn stats(&self) -> Stats {
        self.stats.clone()
    }
}

/// Drops what is a window length old or older.
fn forget(times: &mut VecDeque<Duration>, now: Duration, length: Duration) {
    while times.front().is_some_and(|&time| time + length <= now) {
        times.pop_front();
    }
}

fn remainder(time: Duration, length: Duration) -> Duration {
    Duration::from_nanos_u128(time.as_nanos() % length.as_nanos())
}

#[cfg(test)]
mod tests {
    use super::super::random::Random;
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Times with bursts, ties, pauses and, often, exactly a window length apart: where an off-by-one would hide.
    fn times(seed: u64, length: Duration) -> Vec<Duration> {
        let mut random = Random::new(seed, 0);
        let mut now = Duration::ZERO;
        (0..400)
            .map(|_| {
                now += match random.below(6) {
                    0 | 1 => Duration::ZERO,
                    2 => length,
                    3 => length / 7,
                    4 => Duration::from_millis(random.below(3000) as u64),
                    _ => Duration::from_millis(random.below(40) as u64),
                };
                now
            })
            .collect()
    }

    #[test]
    fn sliding_admits_as_its_naive_twin() {
        for seed in 0..60 {
            let limit = 1 + u32::try_from(seed % 9).unwrap();
            let mut limiter = Limiter::new(limit, Window::Sliding, SECOND);
            let mut admitted: Vec<Duration> = Vec::new();
            for now in times(seed, SECOND) {
                let within: Vec<_> = admitted.iter().copied().filter(|&time| now < time + SECOND).collect();
                let room = within.len() < limit as usize;
                let verdict = limiter.admit(now);
                assert_eq!(verdict.admitted, room, "seed {seed} at {now:?}");
                let used = u32::try_from(within.len()).unwrap() + u32::from(room);
                assert_eq!(verdict.remaining, limit - used);
                let oldest = within.first().copied().unwrap_or(now);
                assert_eq!(now + verdict.reset_in, oldest + SECOND);
                if room {
                    admitted.push(now);
                }
            }
        }
    }

    #[test]
    fn fixed_admits_as_its_naive_twin() {
        for seed in 0..60 {
            let limit = 1 + u32::try_from(seed % 9).unwrap();
            let mut limiter = Limiter::new(limit, Window::Fixed, SECOND);
            let times = times(seed, SECOND);
            let window_of = |time: Duration| (time - times[0]).as_secs();
            let mut admitted: Vec<Duration> = Vec::new();
            for &now in &times {
                let used = admitted.iter().filter(|&&time| window_of(time) == window_of(now)).count();
                let verdict = limiter.admit(now);
                assert_eq!(verdict.admitted, used < limit as usize, "seed {seed} at {now:?}");
                assert_eq!(now + verdict.reset_in, times[0] + SECOND * u32::try_from(window_of(now) + 1).unwrap());
                if verdict.admitted {
                    admitted.push(now);
                }
            }
        }
    }

    #[test]
    fn a_request_at_the_reset_is_admitted() {
        for window in [Window::Fixed, Window::Sliding] {
            let mut limiter = Limiter::new(2, window, SECOND);
            assert!(limiter.admit(SECOND * 5).admitted);
            assert!(limiter.admit(SECOND * 5).admitted);
            let refused = limiter.admit(SECOND * 5 + SECOND / 4);
            assert_eq!(refused, Verdict { admitted: false, limit: 2, remaining: 0, reset_in: SECOND * 3 / 4 });
            assert!(!limiter.admit(SECOND * 6 - Duration::from_nanos(1)).admitted);
            assert!(limiter.admit(SECOND * 6).admitted);
        }
    }

    #[test]
    fn only_the_fixed_window_lets_twice_the_limit_through_around_its_end() {
        let admitted = |window| {
            let mut limiter = Limiter::new(10, window, SECOND);
            limiter.admit(Duration::ZERO);
            let late = (0..20).filter(|_| limiter.admit(SECOND * 9 / 10).admitted).count();
            late + (0..20).filter(|_| limiter.admit(SECOND).admitted).count()
        };
        assert_eq!((admitted(Window::Fixed), admitted(Window::Sliding)), (19, 10));
    }

    #[test]
    fn a_limit_of_nothing_admits_nothing() {
        for window in [Window::Fixed, Window::Sliding] {
            let verdict = Limiter::new(0, window, SECOND).admit(SECOND);
            assert_eq!(verdict, Verdict { admitted: false, limit: 0, remaining: 0, reset_in: SECOND });
        }
    }

    #[test]
    fn largest_window_equals_a_count_over_all_windows() {
        for seed in 0..60 {
            let times = times(seed, SECOND);
            let mut tally = Tally::new(SECOND);
            times.iter().for_each(|&now| tally.arrived(now));
            let count = |end: Duration| times.iter().filter(|&&time| time <= end && end < time + SECOND).count();
            let largest = times.iter().map(|&end| count(end)).max().unwrap();
            assert_eq!(tally.stats().largest_window, largest as u64, "seed {seed}");
        }
    }

    #[test]
    fn bodies_are_counted_one_by_one() {
        let mut tally = Tally::new(SECOND);
        tally.served(7, false);
        tally.served(7, true);
        tally.served(8, false);
        assert_eq!(tally.stats().largest_per_id, 1);
        tally.served(7, true);
        assert_eq!(tally.stats().largest_per_id, 2);
    }
}

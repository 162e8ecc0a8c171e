//! A server's rate limit, used by the stand-in of the API and by the tests of the pace. Nothing here reads a clock:
//! every time is passed in, as the time since the server started, and never goes back.

use std::collections::VecDeque;
use std::time::Duration;

/// The kind of window in which a limit counts. The vendor does not document which of the two it uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WindowKind {
    /// Windows follow one another without a gap from the first counted request on, and each starts empty. A client can
    /// therefore send twice the limit around the end of a window.
    Fixed,
    /// At every moment, no more requests than the limit were admitted within the window's length before it.
    #[default]
    Sliding,
}

/// The verdict of a limit on one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    pub admitted: bool,
    pub limit: u32,
    /// How many more requests would be admitted now.
    pub remaining: u32,
    /// How long until the window resets. A fixed window resets when it ends. A sliding window resets when the oldest
    /// admitted request leaves it, which makes room for one more.
    pub reset_in: Duration,
}

/// A limit on the number of requests admitted in a window. Refused requests do not count.
#[derive(Debug)]
pub struct Limiter {
    limit: u32,
    length: Duration,
    counter: Counter,
}

#[derive(Debug)]
enum Counter {
    Fixed { start: Option<Duration>, used: u32 },
    Sliding { admitted: VecDeque<Duration> },
}

impl Limiter {
    /// Creates a limiter. `length` must be longer than zero.
    pub fn new(limit: u32, window: WindowKind, length: Duration) -> Self {
        let counter = match window {
            WindowKind::Fixed => Counter::Fixed { start: None, used: 0 },
            WindowKind::Sliding => Counter::Sliding { admitted: VecDeque::new() },
        };
        Self { limit, length, counter }
    }

    /// Decides on one request at `now`, and counts it if it is admitted.
    pub fn admit(&mut self, now: Duration) -> Admission {
        let (limit, length) = (self.limit, self.length);
        match &mut self.counter {
            Counter::Fixed { start, used } => {
                let since = now - *start.get_or_insert(now);
                if since >= length {
                    *start = Some(now - remainder(since, length));
                    *used = 0;
                }
                let admitted = *used < limit;
                *used += u32::from(admitted);
                Admission { admitted, limit, remaining: limit - *used, reset_in: length - remainder(since, length) }
            }
            Counter::Sliding { admitted: times } => {
                forget(times, now, length);
                let admitted = times.len() < limit as usize;
                if admitted {
                    times.push_back(now);
                }
                let used = u32::try_from(times.len()).unwrap_or(limit);
                let oldest = times.front().copied().unwrap_or(now);
                Admission { admitted, limit, remaining: limit - used, reset_in: oldest + length - now }
            }
        }
    }
}

/// Drops the times that are a window's length old or older.
pub(crate) fn forget(times: &mut VecDeque<Duration>, now: Duration, length: Duration) {
    while times.front().is_some_and(|&time| time + length <= now) {
        times.pop_front();
    }
}

fn remainder(time: Duration, length: Duration) -> Duration {
    Duration::from_nanos_u128(time.as_nanos() % length.as_nanos())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Times with bursts, ties and pauses. Many are exactly a window's length apart, where an off-by-one error would
    /// hide.
    pub(crate) fn times(seed: u64, length: Duration) -> Vec<Duration> {
        let mut state = seed;
        let mut below = |count: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % count
        };
        let mut now = Duration::ZERO;
        (0..400)
            .map(|_| {
                now += match below(6) {
                    0 | 1 => Duration::ZERO,
                    2 => length,
                    3 => length / 7,
                    4 => Duration::from_millis(below(3000)),
                    _ => Duration::from_millis(below(40)),
                };
                now
            })
            .collect()
    }

    #[test]
    fn sliding_admits_as_its_plain_reference() {
        for seed in 0..60 {
            let limit = 1 + u32::try_from(seed % 9).unwrap();
            let mut limiter = Limiter::new(limit, WindowKind::Sliding, SECOND);
            let mut admitted: Vec<Duration> = Vec::new();
            for now in times(seed, SECOND) {
                let within: Vec<_> = admitted.iter().copied().filter(|&time| now < time + SECOND).collect();
                let room = within.len() < limit as usize;
                let admission = limiter.admit(now);
                assert_eq!(admission.admitted, room, "seed {seed} at {now:?}");
                let used = u32::try_from(within.len()).unwrap() + u32::from(room);
                assert_eq!(admission.remaining, limit - used);
                let oldest = within.first().copied().unwrap_or(now);
                assert_eq!(now + admission.reset_in, oldest + SECOND);
                if room {
                    admitted.push(now);
                }
            }
        }
    }

    #[test]
    fn fixed_admits_as_its_plain_reference() {
        for seed in 0..60 {
            let limit = 1 + u32::try_from(seed % 9).unwrap();
            let mut limiter = Limiter::new(limit, WindowKind::Fixed, SECOND);
            let times = times(seed, SECOND);
            let window_of = |time: Duration| (time - times[0]).as_secs();
            let mut admitted: Vec<Duration> = Vec::new();
            for &now in &times {
                let used = admitted.iter().filter(|&&time| window_of(time) == window_of(now)).count();
                let admission = limiter.admit(now);
                assert_eq!(admission.admitted, used < limit as usize, "seed {seed} at {now:?}");
                assert_eq!(now + admission.reset_in, times[0] + SECOND * u32::try_from(window_of(now) + 1).unwrap());
                if admission.admitted {
                    admitted.push(now);
                }
            }
        }
    }

    #[test]
    fn a_request_at_the_reset_is_admitted() {
        for window in [WindowKind::Fixed, WindowKind::Sliding] {
            let mut limiter = Limiter::new(2, window, SECOND);
            assert!(limiter.admit(SECOND * 5).admitted);
            assert!(limiter.admit(SECOND * 5).admitted);
            let refused = limiter.admit(SECOND * 5 + SECOND / 4);
            assert_eq!(refused, Admission { admitted: false, limit: 2, remaining: 0, reset_in: SECOND * 3 / 4 });
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
        assert_eq!((admitted(WindowKind::Fixed), admitted(WindowKind::Sliding)), (19, 10));
    }

    #[test]
    fn a_limit_of_nothing_admits_nothing() {
        for window in [WindowKind::Fixed, WindowKind::Sliding] {
            let admission = Limiter::new(0, window, SECOND).admit(SECOND);
            assert_eq!(admission, Admission { admitted: false, limit: 0, remaining: 0, reset_in: SECOND });
        }
    }
}

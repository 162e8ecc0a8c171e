//! Tests the governor against a simulated server, a network and other clients of the same key, in virtual time.

use std::time::Duration;

use proptest::prelude::*;

use super::budget::Budget;
use super::governor::{Decision, Governor, SentRequest, Why};
use super::limiter::{Limiter, WindowKind};
use super::micros::{Micros, micros};
use super::window::Window;
use crate::http::steady::Epoch;

const START: Micros = 1_800_000_000_000_000;
const SECOND: Micros = 1_000_000;
const YEAR: Micros = 365 * 24 * 3600 * SECOND;

/// A simulated server, a network and other clients of the same key, in virtual time.
struct Simulation {
    limit: u32,
    kind: WindowKind,
    window: Duration,
    /// The shortest and the longest time that a request takes to the server, or an answer back.
    way: (Micros, Micros),
    concurrency: usize,
    /// When other clients send requests, as times since the start.
    others: Vec<Micros>,
    requests: usize,
}

#[derive(Debug, Default)]
struct SimulationResult {
    took: Micros,
    /// When the server refused requests of the client.
    refused: Vec<Micros>,
    others_refused: usize,
    /// When each of the client's requests arrived at the server.
    arrived: Vec<Micros>,
}

impl Simulation {
    fn run(&self, seed: u64) -> SimulationResult {
        let mut limiter = Limiter::new(self.limit, self.kind, self.window);
        self.run_at(START, Window::in_memory(micros(self.window)), &mut limiter, seed)
    }

    /// Runs from a time on, as a program with this window, against a server that may have counted others before.
    fn run_at(&self, start: Micros, window: Window, limiter: &mut Limiter, seed: u64) -> SimulationResult {
        let mut state = seed;
        let mut way = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            self.way.0 + ((state >> 33) as Micros) % (self.way.1 - self.way.0 + 1)
        };
        let mut governor = Governor::new(window, self.window, u32::MAX, self.concurrency);
        let mut result = SimulationResult::default();
        let (mut now, mut wake, mut left) = (start, Some(start), self.requests);
        let mut others = self.others.iter().map(|at| START + at).peekable();
        // Requests on their way to the server, and answers on their way back.
        let mut there: Vec<(Micros, SentRequest)> = Vec::new();
        let mut back: Vec<(Micros, SentRequest, Budget, bool)> = Vec::new();
        while left > 0 || !there.is_empty() || !back.is_empty() {
            let next_there = there.iter().map(|(at, ..)| *at).min();
            let next_back = back.iter().map(|(at, ..)| *at).min();
            let times = [next_there, next_back, wake.filter(|_| left > 0), others.peek().copied()];
            now = times.into_iter().flatten().min().expect("something is still to come").max(now);
            let since = |at: Micros| Duration::from_micros((at - START) as u64);
            if others.next_if(|at| *at <= now).is_some() {
                result.others_refused += usize::from(!limiter.admit(since(now)).admitted);
            } else if let Some(place) = there.iter().position(|(at, ..)| *at <= now) {
                let (_, sent) = there.remove(place);
                let admission = limiter.admit(since(now));
                result.arrived.push(now);
                if !admission.admitted {
                    result.refused.push(now);
                }
                let end = (now + micros(admission.reset_in) + SECOND - 1) / SECOND;
                let budget = Budget {
                    limit: Some(self.limit),
                    remaining: Some(admission.remaining),
                    // As in `X-RateLimit-Reset` and `Date`, in whole seconds of a clock that is wrong.
                    window_end: Some(end + 1234),
                    server_time: Some(now / SECOND + 1234),
                    retry_after: None,
                };
                back.push((now + way(), sent, budget, admission.admitted));
            } else if let Some(place) = back.iter().position(|(at, ..)| *at <= now) {
                let (_, sent, budget, admitted) = back.remove(place);
                governor.answered(sent, now, budget).unwrap();
                if admitted {
                    governor.admitted();
                } else {
                    left += 1;
                    governor.refused(now, budget.wait()).unwrap();
                }
                wake = Some(now);
            } else {
                wake = match governor.decide(now).unwrap() {
                    Decision::Send(sent) => {
                        left -= 1;
                        there.push((now + way(), sent));
                        Some(now)
                    }
                    Decision::WaitUntil(until, _) => {
                        assert!(until > now, "a wait that is over is no wait");
                        Some(until)
                    }
                    Decision::WaitForAnswer => {
                        assert!(!there.is_empty() || !back.is_empty(), "no answer will come");
                        None
                    }
                };
            }
        }
        result.took = now - start;
        result
    }

    /// Returns how many microseconds the requests take at the limit if the share `left` of it is available.
    fn bound(&self, left: f64) -> f64 {
        self.window.as_micros() as f64 * (self.requests - 1) as f64 / (f64::from(self.limit) * left)
    }
}

fn kind() -> impl Strategy<Value = WindowKind> {
    prop_oneof![Just(WindowKind::Fixed), Just(WindowKind::Sliding)]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    /// A client that has the key to itself is never refused and uses the whole limit.
    #[test]
    fn alone_the_limit_is_used_up_and_never_exceeded(
        kind in kind(), seconds in 10_u64..=60, limit in 10_u32..600, slow in 0_i64..1_000_000,
        jitter in 0_i64..200_000, concurrency in 1_usize..40, windows in 1_usize..4, seed: u64,
    ) {
        let way = (slow / 2, (slow + jitter) / 2);
        let window = Duration::from_secs(seconds);
        let requests = limit as usize * windows + limit as usize / 3;
        let simulation = Simulation { limit, kind, window, way, concurrency, others: Vec::new(), requests };
        let result = simulation.run(seed);
        prop_assert_eq!(result.refused.len(), 0);
        for (index, end) in result.arrived.iter().enumerate().skip(limit as usize) {
            prop_assert!(end - result.arrived[index - limit as usize] >= micros(window));
        }
        // Each window may lose a round trip and the second that a reset is rounded by, and only so many requests can be
        // in flight at once.
        let round_trip = 2 * way.1;
        let lost = (windows as i64 + 2) * (round_trip + 2 * SECOND);
        let by_width = requests as f64 * round_trip as f64 / concurrency as f64;
        let bound = simulation.bound(1.0).max(by_width) + lost as f64;
        prop_assert!(result.took as f64 <= bound, "{} s, not {} s", result.took as f64 / 1e6, bound / 1e6);
    }

    /// Another program that uses a steady share of the key keeps it, and the client uses the rest.
    #[test]
    fn a_steady_share_of_others_is_left_to_them(
        kind in kind(), before in 0_i64..60, slow in 1_000_i64..400_000, seed: u64,
    ) {
        let (limit, window) = (600, Duration::from_secs(60));
        // Others use a third of the limit.
        let others = (0..).map(|n| n * 300_000).take_while(|at| *at < 500 * SECOND).collect();
        let simulation = Simulation {
            limit, kind, window, way: (slow, slow + 5_000), concurrency: 16, others, requests: 1200 + before as usize,
        };
        let result = simulation.run(seed);
        prop_assert_eq!(result.refused.len(), 0);
        prop_assert_eq!(result.others_refused, 0);
        let bound = simulation.bound(2.0 / 3.0) * 1.05 + 4.0 * SECOND as f64;
        prop_assert!(result.took as f64 <= bound, "{} s, not {} s", result.took as f64 / 1e6, bound / 1e6);
    }

    /// Bursts of other clients cost at most one 429 a window.
    #[test]
    fn bursts_of_others_cost_one_refusal_a_window(
        kind in kind(), bursts in prop::collection::vec((61_i64..90, 1_i64..150), 0..8), seed: u64,
    ) {
        // There is at most one burst a window, of any size.
        let mut at = 0;
        let mut others = Vec::new();
        for (pause, count) in bursts {
            at += pause * SECOND;
            others.extend((0..count).map(|n| at + n * 1_000));
        }
        let window = Duration::from_secs(60);
        let simulation = Simulation { limit: 200, kind, window, way: (20_000, 30_000), concurrency: 16, others, requests: 700 };
        let result = simulation.run(seed);
        for pair in result.refused.windows(2) {
            // Fixed windows follow one another from the first request on, so that a burst late in one and a burst
            // early in the next can cost one each.
            let window_of = |at: Micros| (at - result.arrived[0]) / micros(window);
            let apart = match kind {
                WindowKind::Fixed => window_of(pair[0]) != window_of(pair[1]),
                WindowKind::Sliding => pair[1] - pair[0] >= 55 * SECOND,
            };
            prop_assert!(apart, "{:?}", result.refused);
        }
    }

    /// Programs that follow one another with the same key stay within the limit together, whatever the wall clock shows
    /// in each: it is set between them, ahead and back.
    #[test]
    fn a_wall_clock_that_is_set_neither_stalls_nor_lets_too_much_through(
        kind in kind(), limit in 10_u32..100, seed: u64,
        programs in prop::collection::vec((-YEAR..YEAR, 1_usize..150, 0..20 * SECOND), 2..5),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let window = Duration::from_secs(60);
        let mut limiter = Limiter::new(limit, kind, window);
        let (mut now, mut arrived) = (START, Vec::new());
        for (set, requests, pause) in programs {
            let simulation =
                Simulation { limit, kind, window, way: (20_000, 30_000), concurrency: 16, others: Vec::new(), requests };
            let epoch = Epoch { boot: 1, began: set };
            let shared = Window::shared(micros(window), &folder.path().join("window"), epoch, now).unwrap();
            let result = simulation.run_at(now, shared, &mut limiter, seed);
            prop_assert_eq!(result.refused.len(), 0);
            // The requests of the program before count for a window, and a reset is rounded by a second.
            let windows = (requests / limit as usize + 3) as i64;
            let bound = simulation.bound(1.0) as i64 + micros(window) + windows * 3 * SECOND;
            prop_assert!(result.took <= bound, "{} s, not {} s", result.took / SECOND, bound / SECOND);
            arrived.extend(result.arrived);
            now += result.took + pause;
        }
        for (index, end) in arrived.iter().enumerate().skip(limit as usize) {
            prop_assert!(end - arrived[index - limit as usize] >= micros(window));
        }
    }
}

/// Answers to requests that go alone report that no requests are left until a time; returns how long the next one waits.
fn wait_after_used_up(reset_in: i64) -> Micros {
    let window = Duration::from_secs(60);
    let mut governor = Governor::new(Window::in_memory(micros(window)), window, 100, 16);
    let Decision::Send(sent) = governor.decide(START).unwrap() else { panic!("it is the first") };
    let now = START + SECOND / 10;
    let server_time = START / SECOND;
    let budget = Budget {
        limit: Some(100),
        remaining: Some(0),
        window_end: Some(server_time + reset_in),
        server_time: Some(server_time),
        retry_after: None,
    };
    governor.answered(sent, now, budget).unwrap();
    governor.admitted();
    match governor.decide(now).unwrap() {
        Decision::WaitUntil(until, Why::UsedUp) => until - now,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_reset_is_waited_for_a_quarter_of_an_hour_at_most() {
    for (reset_in, expected) in [(30, 30), (600, 600), (899, 899), (24 * 3600, 900), (5_400_000_000, 900)] {
        assert_eq!(wait_after_used_up(reset_in), expected * SECOND, "{reset_in}");
    }
}

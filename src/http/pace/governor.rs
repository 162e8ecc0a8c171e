//! When the next request may go out. Nothing here sleeps or reads a clock: every time is passed in.
//!
//! The server's window may be fixed or sliding, and nothing says which. This keeps the stricter of the two for itself:
//! a request counts from when it is sent until a window's length after its answer, so that wherever between the two
//! the server counted it, no window of either kind holds more than the limit. What the answers say of the limit is
//! held against that: the difference is what others use of the same key, and is left to them.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::time::Duration;

use super::window::Window;
use super::{Budget, Micros, micros};

/// A limit above this is kept by the even pace alone: so many requests a window are not worth a record of each.
const EXACT_UP_TO: u32 = 6_000;
/// Of such a limit, the share that is used; in flight and in the clock's grain the rest may be lost.
const SHARE_OF_A_LARGE_LIMIT: f64 = 0.97;
/// A 429 without a word on when to come back waits this long.
const UNSAID: Duration = Duration::from_secs(30);
/// No 429 waits shorter than this (0 is not "at once, forever") or longer than that.
const BOUNDS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(15 * 60));
/// While another program of this user has the last word, its answers are looked for this often.
const LOOK_AGAIN: Micros = 20_000;
/// Timers are no finer than this, and what is due by then may go out.
const GRAIN: Micros = 1_000;

/// How long a 429 says to wait, within bounds.
pub fn wait_of(budget: Budget) -> Duration {
    let reset = budget.window_end.zip(budget.server_time).map(|(end, now)| end.saturating_sub(now));
    let reset = reset.and_then(|seconds| u64::try_from(seconds).ok()).map(Duration::from_secs);
    budget.retry_after.or(reset).unwrap_or(UNSAID).clamp(BOUNDS.0, BOUNDS.1)
}

/// What a request that wants to go out is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Go(Sent),
    /// Ask again at this time, or when an answer comes.
    Wait(Micros),
    /// Ask again when an answer comes.
    AfterAnswer,
}

/// A request that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    number: u64,
    at: Micros,
    slot: Option<usize>,
}

/// The newest word on the limit: that of the request that was sent last of those answered.
#[derive(Debug, Clone, Copy)]
struct Heard {
    number: u64,
    sent: Micros,
    at: Micros,
    limit: Option<u32>,
    remaining: u32,
    /// In Unix seconds of the server's clock; stands still while a fixed window lasts.
    window_end: Option<i64>,
    /// Requests sent earlier and not answered then: the server may have counted them later.
    stragglers: usize,
}

#[derive(Debug)]
pub struct Governor {
    length: Micros,
    /// Requests a window that the user allows.
    ceiling: u32,
    /// Requests under way at once, at most.
    concurrency: usize,
    window: Window,
    under_way: BTreeSet<u64>,
    next_number: u64,
    last_sent: Micros,
    heard: Option<Heard>,
    /// By how much the server's clock is ahead of this machine's; it tells whole seconds, so this is the least.
    server_ahead: Option<Micros>,
    /// One request at a time, until an answer says how things are.
    alone: bool,
    /// Requests were seen to leave the server's window one by one: it slides.
    slides: bool,
    others: Others,
}

impl Governor {
    /// # Panics
    /// When the ceiling or the concurrency is 0.
    pub fn new(window: Window, length: Duration, ceiling: u32, concurrency: usize) -> Self {
        assert!(ceiling > 0 && concurrency > 0, "nothing could ever be sent");
        Self {
            length: micros(length),
            ceiling,
            concurrency,
            window,
            under_way: BTreeSet::new(),
            next_number: 0,
            last_sent: 0,
            heard: None,
            server_ahead: None,
            alone: true,
            slides: false,
            others: Others::default(),
        }
    }

    /// Whether a request may go out now.
    ///
    /// # Errors
    /// When the file of the window fails; [`Self::forsake_file`] goes on without it.
    pub fn turn(&mut self, now: Micros) -> io::Result<Turn> {
        self.window.lock()?;
        self.window.bury(now)?;
        let turn = match self.wait(now) {
            Some(wait) => wait,
            None => Turn::Go(self.send(now)?),
        };
        self.window.unlock()?;
        Ok(turn)
    }

    pub fn forsake_file(&mut self) {
        self.window.forsake_file();
    }

    /// Requests left in the window, as the newest answer had it.
    pub fn remaining(&self) -> Option<u32> {
        self.heard.map(|heard| heard.remaining)
    }

    /// What a request must wait for, if anything.
    fn wait(&self, now: Micros) -> Option<Turn> {
        let busy = if self.alone { 1 } else { self.concurrency };
        if self.under_way.len() >= busy {
            return Some(Turn::AfterAnswer);
        }
        let earliest = self.window.not_before.max(self.due(now)).max(self.last_sent + self.interval(now) / 2);
        if earliest > now + GRAIN {
            return Some(Turn::Wait(earliest));
        }
        if !self.is_exact() {
            return None;
        }
        let (used, share) = (self.window.used(now), self.share(now) as usize);
        if used >= share {
            return Some(match self.window.frees(used - share + 1, now) {
                Some(time) => Turn::Wait(time),
                None if self.window.is_shared() => Turn::Wait(now + LOOK_AGAIN),
                None => Turn::AfterAnswer,
            });
        }
        self.wait_for_server(now)
    }

    /// What the server's own count leaves to wait for. Its window may hold what this one knows nothing of.
    fn wait_for_server(&self, now: Micros) -> Option<Turn> {
        let heard = self.heard.filter(|heard| now < heard.at + self.length)?;
        let since = self.window.sent_between(heard.sent, now) + heard.stragglers;
        let dropped = if self.slides { self.window.dropped(heard.at, now) } else { 0 };
        if heard.remaining as usize + dropped > since {
            return None;
        }
        if !self.under_way.is_empty() {
            return Some(Turn::AfterAnswer);
        }
        // Nothing is under way that could bring news: at the reset one goes out and asks.
        let reset = self.resets(heard).unwrap_or(heard.at + self.length);
        let next = self.slides.then(|| self.window.next_dropped(heard.at, now)).flatten();
        let until = next.map_or(reset, |next| next.min(reset));
        (until > now).then_some(Turn::Wait(until))
    }

    /// When the window of an answer resets, by this machine's clock.
    fn resets(&self, heard: Heard) -> Option<Micros> {
        Some(heard.window_end? * 1_000_000 - self.server_ahead.unwrap_or(0))
    }

    fn send(&mut self, now: Micros) -> io::Result<Sent> {
        let due = self.due(now);
        // Two requests never have the same time: who was sent after whom is asked by time.
        let at = now.max(self.last_sent + 1);
        // One that goes alone may be the first that tells a limit.
        let slot = if self.alone || self.is_exact() {
            Some(self.window.send(at, due)?)
        } else {
            self.window.last_due = due;
            None
        };
        self.last_sent = at;
        let number = self.next_number;
        self.next_number += 1;
        self.under_way.insert(number);
        Ok(Sent { number, at, slot })
    }

    /// When the next request is due by the even pace. A pause is made up for, by a sixtieth of a window at most, and at
    /// no more than twice that pace.
    fn due(&self, now: Micros) -> Micros {
        if self.window.last_due == 0 {
            return now;
        }
        (self.window.last_due + self.interval(now)).max(now - self.length / 60)
    }

    fn interval(&self, now: Micros) -> Micros {
        let share = match self.window.limit {
            Some(limit) if !self.is_exact() => f64::from(self.ceiling).min(f64::from(limit) * SHARE_OF_A_LARGE_LIMIT),
            _ => f64::from(self.share(now)),
        };
        (self.length as f64 / share) as Micros
    }

    fn is_exact(&self) -> bool {
        self.window.limit.map_or(self.ceiling, |limit| limit.min(self.ceiling)) <= EXACT_UP_TO
    }

    /// Requests a window that are this user's: the limit less what others use, under the user's own ceiling.
    fn share(&self, now: Micros) -> u32 {
        let Some(limit) = self.window.limit else { return self.ceiling };
        let others = self.others.forecast(now, self.length, self.slides);
        // Others do not come quite evenly, so they are left a little more than they take.
        let room = if others == 0 { 0 } else { 1 + others / 50 };
        limit.saturating_sub(others + room).clamp(1, self.ceiling)
    }

    /// Heeds an answer, or that none came (an empty budget).
    ///
    /// # Errors
    /// As [`Self::turn`]; the answer is heeded all the same.
    pub fn answered(&mut self, sent: Sent, now: Micros, budget: Budget) -> io::Result<()> {
        self.under_way.remove(&sent.number);
        let recorded = sent.slot.map_or(Ok(()), |slot| self.window.answered(slot, now));
        if let Some(time) = budget.server_time {
            // The least that an answer took on its way is the nearest to the truth.
            let ahead = time * 1_000_000 - now;
            self.server_ahead = Some(self.server_ahead.map_or(ahead, |most| most.max(ahead)));
        }
        let kept = budget.limit.filter(|limit| *limit > 0).map_or(Ok(()), |limit| self.window.set_limit(limit));
        if let Some(remaining) = budget.remaining
            && self.heard.is_none_or(|heard| heard.number < sent.number)
        {
            let heard = Heard {
                number: sent.number,
                sent: sent.at,
                at: now,
                limit: self.window.limit,
                remaining,
                window_end: budget.window_end,
                stragglers: self.under_way.range(..sent.number).count(),
            };
            if self.is_exact() {
                self.learn(heard);
            }
            self.heard = Some(heard);
        }
        recorded.and(kept)
    }

    /// Says that a request was answered at all, whatever with, and not with a 429.
    pub fn admitted(&mut self) {
        self.alone = false;
    }

    /// Heeds a 429: nothing goes out before it says so, and then one request alone.
    ///
    /// # Errors
    /// As [`Self::turn`]; the wait is kept all the same.
    pub fn refused(&mut self, now: Micros, wait: Duration) -> io::Result<()> {
        self.alone = true;
        // Kept even when the file of it fails.
        let locked = self.window.lock();
        let held = self.window.hold(now + micros(wait));
        locked.and(held).and(self.window.unlock())
    }

    /// Learns from two answers that follow one another what others use, and whether the window slides.
    fn learn(&mut self, new: Heard) {
        let Some(limit) = new.limit else { return };
        // Stragglers may have been counted or not; what is left to others errs in their favour.
        let own = self.window.sent_between(new.sent - self.length, new.sent).saturating_sub(new.stragglers);
        let used = i64::from(limit) - i64::from(new.remaining);
        self.others.level(new.at, used - own as i64, self.length);
        let Some(old) = self.heard.filter(|old| old.limit == new.limit) else { return };
        let (Some(old_end), Some(new_end)) = (old.window_end, new.window_end) else { return };
        if (new_end - old_end).abs() * 1_000_000 > self.length / 2 {
            // A fixed window has begun anew (or one request overtook another as it did), or a sliding one was left
            // alone for long.
            return;
        }
        // Sent after the older answer came, so counted after it; and yet nothing was used up.
        self.slides |= new.sent > old.at && new.remaining >= old.remaining;
        let own = self.window.sent_between(old.sent, new.sent);
        let used = i64::from(old.remaining) - i64::from(new.remaining);
        self.others.came(old.at, new.at, used - own as i64, self.length);
    }
}

/// What others use of the key, as far as the answers tell.
#[derive(Debug, Default)]
struct Others {
    /// Falling: requests of others in the server's window when an answer came; the largest of one length is the first.
    levels: VecDeque<(Micros, i64)>,
    latest: i64,
    /// Requests of others between two answers; below 0 where some left the window, or one overtook another.
    came: VecDeque<(Micros, i64)>,
    /// When watching began.
    since: Option<Micros>,
}

impl Others {
    fn level(&mut self, at: Micros, level: i64, length: Micros) {
        while self.levels.back().is_some_and(|(_, lower)| *lower <= level) {
            self.levels.pop_back();
        }
        self.levels.push_back((at, level));
        while self.levels.front().is_some_and(|(time, _)| time + length <= at) {
            self.levels.pop_front();
        }
        self.latest = level;
    }

    fn came(&mut self, from: Micros, at: Micros, count: i64, length: Micros) {
        self.since.get_or_insert(from);
        self.came.push_back((at, count));
        while self.came.pop_front_if(|(time, _)| *time + length <= at).is_some() {}
    }

    /// Requests a window to be left to them: as many as there were in the server's (of a fixed one only its end shows
    /// them all, so the most within a length counts), or as many as will come at their present rate.
    fn forecast(&self, now: Micros, length: Micros, slides: bool) -> u32 {
        // What is older says nothing, also when nothing came since.
        let recent = |(time, _): &&(Micros, i64)| *time + length > now;
        let level = if slides { self.latest } else { self.levels.iter().find(recent).map_or(0, |(_, level)| *level) };
        let watched = self.since.map_or(0, |since| (now - since).clamp(length / 10, length));
        let sum: i64 = self.came.iter().filter(recent).map(|(_, count)| count).sum();
        let coming = if watched == 0 { 0 } else { sum * length / watched };
        u32::try_from(level.max(coming)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::http::pace::limiter::Limiter;
    use crate::sandbox::Window as Kind;

    const START: Micros = 1_800_000_000_000_000;
    const SECOND: Micros = 1_000_000;

    /// A server, a network, and others with the same key, in virtual time.
    struct World {
        limit: u32,
        kind: Kind,
        window: Duration,
        /// From the least to the most that a request takes to the server, and an answer back.
        way: (Micros, Micros),
        concurrency: usize,
        /// When others ask, as times since the start.
        others: Vec<Micros>,
        requests: usize,
    }

    #[derive(Debug, Default)]
    struct Seen {
        took: Micros,
        /// When the server refused one.
        refused: Vec<Micros>,
        others_refused: usize,
        /// When the server took in each of the client's requests.
        arrived: Vec<Micros>,
    }

    impl World {
        fn run(&self, seed: u64) -> Seen {
            let mut state = seed;
            let mut way = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                self.way.0 + ((state >> 33) as Micros) % (self.way.1 - self.way.0 + 1)
            };
            let window = Window::in_memory(micros(self.window));
            let mut governor = Governor::new(window, self.window, u32::MAX, self.concurrency);
            let mut limiter = Limiter::new(self.limit, self.kind, self.window);
            let mut seen = Seen::default();
            let (mut now, mut wake, mut left) = (START, Some(START), self.requests);
            let mut others = self.others.iter().map(|at| START + at).peekable();
            // Requests on their way to the server, and answers on their way back.
            let mut there: Vec<(Micros, Sent)> = Vec::new();
            let mut back: Vec<(Micros, Sent, Budget, bool)> = Vec::new();
            while left > 0 || !there.is_empty() || !back.is_empty() {
                let next_there = there.iter().map(|(at, ..)| *at).min();
                let next_back = back.iter().map(|(at, ..)| *at).min();
                let times = [next_there, next_back, wake.filter(|_| left > 0), others.peek().copied()];
                now = times.into_iter().flatten().min().expect("something is still to come").max(now);
                let since = |at: Micros| Duration::from_micros((at - START) as u64);
                if others.next_if(|at| *at <= now).is_some() {
                    seen.others_refused += usize::from(!limiter.admit(since(now)).admitted);
                } else if let Some(place) = there.iter().position(|(at, ..)| *at <= now) {
                    let (_, sent) = there.remove(place);
                    let verdict = limiter.admit(since(now));
                    seen.arrived.push(now);
                    if !verdict.admitted {
                        seen.refused.push(now);
                    }
                    let end = (now + micros(verdict.reset_in) + SECOND - 1) / SECOND;
                    let budget = Budget {
                        limit: Some(self.limit),
                        remaining: Some(verdict.remaining),
                        // As `X-RateLimit-Reset` and `Date` have it, in whole seconds of a clock that is wrong.
                        window_end: Some(end + 1234),
                        server_time: Some(now / SECOND + 1234),
                        retry_after: None,
                    };
                    back.push((now + way(), sent, budget, verdict.admitted));
                } else if let Some(place) = back.iter().position(|(at, ..)| *at <= now) {
                    let (_, sent, budget, admitted) = back.remove(place);
                    governor.answered(sent, now, budget).unwrap();
                    if admitted {
                        governor.admitted();
                    } else {
                        left += 1;
                        governor.refused(now, wait_of(budget)).unwrap();
                    }
                    wake = Some(now);
                } else {
                    wake = match governor.turn(now).unwrap() {
                        Turn::Go(sent) => {
                            left -= 1;
                            there.push((now + way(), sent));
                            Some(now)
                        }
                        Turn::Wait(until) => {
                            assert!(until > now, "a wait that is over is no wait");
                            Some(until)
                        }
                        Turn::AfterAnswer => {
                            assert!(!there.is_empty() || !back.is_empty(), "no answer will come");
                            None
                        }
                    };
                }
            }
            seen.took = now - START;
            seen
        }

        /// How long the requests take at the limit, if `left` of it is there to be had.
        fn bound(&self, left: f64) -> f64 {
            self.window.as_micros() as f64 * (self.requests - 1) as f64 / (f64::from(self.limit) * left)
        }
    }

    fn kind() -> impl Strategy<Value = Kind> {
        prop_oneof![Just(Kind::Fixed), Just(Kind::Sliding)]
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

        /// Whoever has the key for himself is never refused and uses what there is.
        #[test]
        fn alone_the_limit_is_used_up_and_never_exceeded(
            kind in kind(), seconds in 10_u64..=60, limit in 10_u32..600, slow in 0_i64..1_000_000,
            jitter in 0_i64..200_000, concurrency in 1_usize..40, windows in 1_usize..4, seed: u64,
        ) {
            let way = (slow / 2, (slow + jitter) / 2);
            let window = Duration::from_secs(seconds);
            let requests = limit as usize * windows + limit as usize / 3;
            let world = World { limit, kind, window, way, concurrency, others: Vec::new(), requests };
            let seen = world.run(seed);
            prop_assert_eq!(seen.refused.len(), 0);
            for (index, end) in seen.arrived.iter().enumerate().skip(limit as usize) {
                prop_assert!(end - seen.arrived[index - limit as usize] >= micros(window));
            }
            // Each window may lose an answer's way and the second that a reset is rounded by, and no more than so many
            // can be under way at once.
            let round_trip = 2 * way.1;
            let lost = (windows as i64 + 2) * (round_trip + 2 * SECOND);
            let by_width = requests as f64 * round_trip as f64 / concurrency as f64;
            let bound = world.bound(1.0).max(by_width) + lost as f64;
            prop_assert!(seen.took as f64 <= bound, "{} s, not {} s", seen.took as f64 / 1e6, bound / 1e6);
        }

        /// Another program with a steady share of the key keeps it, and the rest is used.
        #[test]
        fn a_steady_share_of_others_is_left_to_them(
            kind in kind(), before in 0_i64..60, slow in 1_000_i64..400_000, seed: u64,
        ) {
            let (limit, window) = (600, Duration::from_secs(60));
            // A third of the key; it may have begun long before.
            let others = (0..).map(|n| n * 300_000).take_while(|at| *at < 500 * SECOND).collect();
            let world = World {
                limit, kind, window, way: (slow, slow + 5_000), concurrency: 16, others, requests: 1200 + before as usize,
            };
            let seen = world.run(seed);
            prop_assert_eq!(seen.refused.len(), 0);
            prop_assert_eq!(seen.others_refused, 0);
            let bound = world.bound(2.0 / 3.0) * 1.05 + 4.0 * SECOND as f64;
            prop_assert!(seen.took as f64 <= bound, "{} s, not {} s", seen.took as f64 / 1e6, bound / 1e6);
        }

        /// Others that come in bursts are met with one 429 a window at most.
        #[test]
        fn bursts_of_others_cost_one_refusal_a_window(
            kind in kind(), bursts in prop::collection::vec((61_i64..90, 1_i64..150), 0..8), seed: u64,
        ) {
            // One burst a window at most, of any size.
            let mut at = 0;
            let mut others = Vec::new();
            for (pause, count) in bursts {
                at += pause * SECOND;
                others.extend((0..count).map(|n| at + n * 1_000));
            }
            let window = Duration::from_secs(60);
            let world = World { limit: 200, kind, window, way: (20_000, 30_000), concurrency: 16, others, requests: 700 };
            let seen = world.run(seed);
            for pair in seen.refused.windows(2) {
                // Fixed windows follow one another from the first request on, so that a burst late in one and a burst
                // early in the next can cost one each.
                let window_of = |at: Micros| (at - seen.arrived[0]) / micros(window);
                let apart = match kind {
                    Kind::Fixed => window_of(pair[0]) != window_of(pair[1]),
                    Kind::Sliding => pair[1] - pair[0] >= 55 * SECOND,
                };
                prop_assert!(apart, "{:?}", seen.refused);
            }
        }
    }
}

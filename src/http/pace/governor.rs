//! Decides when the next request may go out. Nothing here sleeps or reads a clock: every time is passed in.
//!
//! The server's window may be fixed or sliding, and nothing says which. The governor therefore keeps a window that is
//! stricter than both: a request counts from when it is sent until a window's length after its answer. Wherever in
//! between the server counted it, no window of either kind holds more than the limit. The limit that answers report is
//! compared with this window. The difference is what other clients use of the same key, and it is left to them.

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use super::budget::{Budget, LONGEST};
use super::micros::{Micros, micros};
use super::other_clients::OtherClients;
use super::window::Window;

/// The largest limit, in requests a window, for which every request is recorded. A larger limit is kept by the even
/// pace alone.
const EXACT_UP_TO: u32 = 6_000;
/// The share that is used of a limit above [`EXACT_UP_TO`]. The rest may be lost to requests in flight and to the grain
/// of the clock.
const SHARE_OF_A_LARGE_LIMIT: f64 = 0.97;
/// How often to look for news in the shared window while only an answer to another program of this user can make room.
const LOOK_AGAIN: Micros = 20_000;
/// The grain of timers. A request that is due within this time may go out now.
const GRAIN: Micros = 1_000;

/// The decision on a request that wants to go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Send it now.
    Send(SentRequest),
    /// Ask again at this time, or earlier when an answer comes.
    WaitUntil(Micros, Why),
    /// Ask again when an answer comes.
    WaitForAnswer,
}

/// What a request waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The even pace.
    Pace,
    /// The end of the pause after a 429.
    Refused,
    /// Room in our own window.
    Full,
    /// Answers to other programs of this user, which use the whole limit.
    OtherPrograms,
    /// The reset of the server's window, in which no requests are left.
    UsedUp,
}

/// A request in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentRequest {
    number: u64,
    at: Micros,
    slot: Option<usize>,
}

/// The newest report on the limit. It is from the answer to the request that was sent last among those answered.
#[derive(Debug, Clone, Copy)]
struct BudgetReport {
    number: u64,
    sent: Micros,
    at: Micros,
    limit: Option<u32>,
    remaining: u32,
    /// When the window resets, in seconds of the server's clock. It does not change while a fixed window lasts.
    window_end: Option<i64>,
    /// Number of requests that were sent earlier and had no answer yet. The server may have counted them later.
    stragglers: usize,
}

#[derive(Debug)]
pub struct Governor {
    length: Micros,
    /// The most requests a window that the user allows.
    ceiling: u32,
    /// The most requests in flight at once.
    concurrency: usize,
    window: Window,
    in_flight: BTreeSet<u64>,
    next_number: u64,
    last_sent: Micros,
    latest: Option<BudgetReport>,
    /// By how much the server's clock is at least ahead of the times that are passed in. It cannot be known exactly,
    /// because the server reports whole seconds.
    server_ahead: Option<Micros>,
    /// Whether one request is sent at a time, until an answer other than a 429 comes.
    is_probing: bool,
    /// Whether requests were seen to leave the server's window one by one, which means that it slides.
    is_sliding: bool,
    others: OtherClients,
}

impl Governor {
    /// Creates a governor.
    ///
    /// # Panics
    /// When the ceiling or the concurrency is 0.
    pub fn new(window: Window, length: Duration, ceiling: u32, concurrency: usize) -> Self {
        assert!(ceiling > 0 && concurrency > 0, "nothing could ever be sent");
        Self {
            length: micros(length),
            ceiling,
            concurrency,
            window,
            in_flight: BTreeSet::new(),
            next_number: 0,
            last_sent: 0,
            latest: None,
            server_ahead: None,
            is_probing: true,
            is_sliding: false,
            others: OtherClients::default(),
        }
    }

    /// Decides whether a request may go out now, and records it if so.
    ///
    /// # Errors
    /// When the window's file fails. [`Self::drop_file`] goes on without it.
    pub fn decide(&mut self, now: Micros) -> io::Result<Decision> {
        self.window.lock(now)?;
        self.window.release_dead(now)?;
        let decision = match self.wait(now) {
            Some(wait) => wait,
            None => Decision::Send(self.send(now)?),
        };
        self.window.unlock()?;
        Ok(decision)
    }

    /// Goes on without the window's file.
    pub fn drop_file(&mut self) {
        self.window.drop_file();
    }

    /// Returns how many requests are left in the window, as the newest answer reports it.
    pub fn remaining(&self) -> Option<u32> {
        self.latest.map(|report| report.remaining)
    }

    /// Returns what a request must wait for, if anything.
    fn wait(&self, now: Micros) -> Option<Decision> {
        let busy = if self.is_probing { 1 } else { self.concurrency };
        if self.in_flight.len() >= busy {
            return Some(Decision::WaitForAnswer);
        }
        if self.window.not_before > now + GRAIN {
            return Some(Decision::WaitUntil(self.window.not_before, Why::Refused));
        }
        if self.is_exact()
            && let Some(wait) = self.wait_for_server(now)
        {
            return Some(wait);
        }
        let paced = self.due(now).max(self.last_sent + self.interval(now) / 2);
        if paced > now + GRAIN {
            return Some(Decision::WaitUntil(paced, Why::Pace));
        }
        if !self.is_exact() {
            return None;
        }
        let (used, share) = (self.window.used(now), self.share(now) as usize);
        if used >= share {
            return Some(match self.window.free_at(used - share + 1, now) {
                Some(time) => Decision::WaitUntil(time, Why::Full),
                None if self.window.is_shared() => Decision::WaitUntil(now + LOOK_AGAIN, Why::OtherPrograms),
                None => Decision::WaitForAnswer,
            });
        }
        None
    }

    /// Returns what a request must wait for by the server's own count, if anything. The server's window may hold
    /// requests that this program does not know of.
    fn wait_for_server(&self, now: Micros) -> Option<Decision> {
        let report = self.latest.filter(|report| now < report.at + self.length)?;
        let since = self.window.sent_between(report.sent, now) + report.stragglers;
        let dropped = if self.is_sliding { self.window.dropped(report.at, now) } else { 0 };
        if report.remaining as usize + dropped > since {
            return None;
        }
        if !self.in_flight.is_empty() {
            return Some(Decision::WaitForAnswer);
        }
        // No request is in flight that could bring news, so one goes out at the reset and asks.
        let reset = self.resets(report).unwrap_or(report.at + self.length);
        let next = self.is_sliding.then(|| self.window.next_dropped(report.at, now)).flatten();
        // A reset that is further ahead is as wrong as such a wait after a 429.
        let until = next.map_or(reset, |next| next.min(reset)).min(report.at + micros(LONGEST));
        (until > now).then_some(Decision::WaitUntil(until, Why::UsedUp))
    }

    /// Returns when the window of a report resets.
    fn resets(&self, report: BudgetReport) -> Option<Micros> {
        Some(report.window_end? * 1_000_000 - self.server_ahead?)
    }

    fn send(&mut self, now: Micros) -> io::Result<SentRequest> {
        let due = self.due(now);
        // No two requests have the same time, because times tell which of them was sent first.
        let at = now.max(self.last_sent + 1);
        // A request that goes alone is recorded too, because its answer may be the first to report a limit.
        let slot = if self.is_probing || self.is_exact() {
            Some(self.window.send(at, due)?)
        } else {
            self.window.last_due = due;
            None
        };
        self.last_sent = at;
        let number = self.next_number;
        self.next_number += 1;
        self.in_flight.insert(number);
        Ok(SentRequest { number, at, slot })
    }

    /// Returns when the next request is due by the even pace. A pause is made up for, by at most a sixtieth of a window
    /// and at no more than twice the even pace.
    fn due(&self, now: Micros) -> Micros {
        if self.window.last_due == 0 {
            return now;
        }
        (self.window.last_due + self.interval(now)).max(now - self.length / 60)
    }

    /// Returns the time between two requests at the even pace.
    fn interval(&self, now: Micros) -> Micros {
        let share = match self.window.limit {
            Some(limit) if !self.is_exact() => f64::from(self.ceiling).min(f64::from(limit) * SHARE_OF_A_LARGE_LIMIT),
            _ => f64::from(self.share(now)),
        };
        (self.length as f64 / share) as Micros
    }

    /// Whether the limit is low enough that every request is recorded.
    fn is_exact(&self) -> bool {
        self.window.limit.map_or(self.ceiling, |limit| limit.min(self.ceiling)) <= EXACT_UP_TO
    }

    /// Returns how many requests a window this user may send: the limit less what other clients use, but no more than
    /// the user's own ceiling.
    fn share(&self, now: Micros) -> u32 {
        let Some(limit) = self.window.limit else { return self.ceiling };
        let others = self.others.forecast(now, self.length, self.is_sliding);
        // The requests of others do not come quite evenly, so they are left a little more than they use.
        let room = if others == 0 { 0 } else { 1 + others / 50 };
        limit.saturating_sub(others + room).clamp(1, self.ceiling)
    }

    /// Records an answer or, with an empty budget, that none came.
    ///
    /// # Errors
    /// When the window's file fails. The answer is recorded all the same.
    pub fn answered(&mut self, sent: SentRequest, now: Micros, budget: Budget) -> io::Result<()> {
        self.in_flight.remove(&sent.number);
        let recorded = sent.slot.map_or(Ok(()), |slot| self.window.answered(slot, now));
        if let Some(time) = budget.server_time {
            // The answer that took the least time on its way gives the best estimate.
            let ahead = time * 1_000_000 - now;
            self.server_ahead = Some(self.server_ahead.map_or(ahead, |most| most.max(ahead)));
        }
        let kept = budget.limit.filter(|limit| *limit > 0).map_or(Ok(()), |limit| self.window.set_limit(limit));
        if let Some(remaining) = budget.remaining
            && self.latest.is_none_or(|report| report.number < sent.number)
        {
            let report = BudgetReport {
                number: sent.number,
                sent: sent.at,
                at: now,
                limit: self.window.limit,
                remaining,
                window_end: budget.window_end,
                stragglers: self.in_flight.range(..sent.number).count(),
            };
            if self.is_exact() {
                self.learn(report);
            }
            self.latest = Some(report);
        }
        recorded.and(kept)
    }

    /// Records that a request got an answer other than a 429, after which requests need no longer go out one at a time.
    pub fn admitted(&mut self) {
        self.is_probing = false;
    }

    /// Records a 429: nothing goes out before the wait is over, and then one request goes alone.
    ///
    /// # Errors
    /// When the window's file fails. The wait is kept all the same.
    pub fn refused(&mut self, now: Micros, wait: Duration) -> io::Result<()> {
        self.is_probing = true;
        // The wait is kept even if the file fails.
        let locked = self.window.lock(now);
        let held = self.window.hold_until(now + micros(wait));
        locked.and(held).and(self.window.unlock())
    }

    /// Learns from two successive answers how much other clients use, and whether the window slides.
    fn learn(&mut self, new: BudgetReport) {
        let Some(limit) = new.limit else { return };
        // The server may or may not have counted the stragglers. Leaving them out errs in favour of the other clients.
        let own = self.window.sent_between(new.sent - self.length, new.sent).saturating_sub(new.stragglers);
        let used = i64::from(limit) - i64::from(new.remaining);
        self.others.record_level(new.at, used - own as i64, self.length);
        let Some(old) = self.latest.filter(|old| old.limit == new.limit) else { return };
        let (Some(old_end), Some(new_end)) = (old.window_end, new.window_end) else { return };
        if (new_end - old_end).abs() * 1_000_000 > self.length / 2 {
            // A new fixed window has begun (or one request overtook another as it did), or a sliding one was left alone
            // for long.
            return;
        }
        // The new request was sent after the older answer came, so it was counted after it, and yet nothing was used
        // up.
        self.is_sliding |= new.sent > old.at && new.remaining >= old.remaining;
        let own = self.window.sent_between(old.sent, new.sent);
        let used = i64::from(old.remaining) - i64::from(new.remaining);
        self.others.record_arrivals(old.at, new.at, used - own as i64, self.length);
    }
}

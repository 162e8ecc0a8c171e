//! When the next request may go out. Nothing here sleeps or reads a clock: every time is passed in.
//!
//! The server's window may be fixed or sliding, and nothing says which. This keeps the stricter of the two for itself:
//! a request counts from when it is sent until a window's length after its answer, so that wherever between the two
//! the server counted it, no window of either kind holds more than the limit. What the answers say of the limit is
//! held against that: the difference is what others use of the same key, and is left to them.

use std::collections::BTreeSet;
use std::io;
use std::time::Duration;

use super::budget::Budget;
use super::micros::{Micros, micros};
use super::other_clients::OtherClients;
use super::window::Window;

/// A limit above this is kept by the even pace alone: so many requests a window are not worth a record of each.
const EXACT_UP_TO: u32 = 6_000;
/// Of such a limit, the share that is used; in flight and in the clock's grain the rest may be lost.
const SHARE_OF_A_LARGE_LIMIT: f64 = 0.97;
/// While another program of this user has the last word, its answers are looked for this often.
const LOOK_AGAIN: Micros = 20_000;
/// Timers are no finer than this, and what is due by then may go out.
const GRAIN: Micros = 1_000;

/// What a request that wants to go out is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    Send(SentRequest),
    /// Ask again at this time, or when an answer comes.
    WaitUntil(Micros),
    /// Ask again when an answer comes.
    WaitForAnswer,
}

/// A request that is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentRequest {
    number: u64,
    at: Micros,
    slot: Option<usize>,
}

/// The newest word on the limit: that of the request that was sent last of those answered.
#[derive(Debug, Clone, Copy)]
struct BudgetReport {
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
    in_flight: BTreeSet<u64>,
    next_number: u64,
    last_sent: Micros,
    latest: Option<BudgetReport>,
    /// By how much the server's clock is ahead of this machine's; it tells whole seconds, so this is the least.
    server_ahead: Option<Micros>,
    /// One request at a time, until an answer says how things are.
    is_probing: bool,
    /// Requests were seen to leave the server's window one by one: it slides.
    is_sliding: bool,
    others: OtherClients,
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

    /// Whether a request may go out now.
    ///
    /// # Errors
    /// When the file of the window fails; [`Self::drop_file`] goes on without it.
    pub fn decide(&mut self, now: Micros) -> io::Result<Decision> {
        self.window.lock()?;
        self.window.release_dead(now)?;
        let decision = match self.wait(now) {
            Some(wait) => wait,
            None => Decision::Send(self.send(now)?),
        };
        self.window.unlock()?;
        Ok(decision)
    }

    pub fn drop_file(&mut self) {
        self.window.drop_file();
    }

    /// Requests left in the window, as the newest answer had it.
    pub fn remaining(&self) -> Option<u32> {
        self.latest.map(|report| report.remaining)
    }

    /// What a request must wait for, if anything.
    fn wait(&self, now: Micros) -> Option<Decision> {
        let busy = if self.is_probing { 1 } else { self.concurrency };
        if self.in_flight.len() >= busy {
            return Some(Decision::WaitForAnswer);
        }
        let earliest = self.window.not_before.max(self.due(now)).max(self.last_sent + self.interval(now) / 2);
        if earliest > now + GRAIN {
            return Some(Decision::WaitUntil(earliest));
        }
        if !self.is_exact() {
            return None;
        }
        let (used, share) = (self.window.used(now), self.share(now) as usize);
        if used >= share {
            return Some(match self.window.free_at(used - share + 1, now) {
                Some(time) => Decision::WaitUntil(time),
                None if self.window.is_shared() => Decision::WaitUntil(now + LOOK_AGAIN),
                None => Decision::WaitForAnswer,
            });
        }
        self.wait_for_server(now)
    }

    /// What the server's own count leaves to wait for. Its window may hold what this one knows nothing of.
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
        // Nothing is under way that could bring news: at the reset one goes out and asks.
        let reset = self.resets(report).unwrap_or(report.at + self.length);
        let next = self.is_sliding.then(|| self.window.next_dropped(report.at, now)).flatten();
        let until = next.map_or(reset, |next| next.min(reset));
        (until > now).then_some(Decision::WaitUntil(until))
    }

    /// When the window of an answer resets, by this machine's clock.
    fn resets(&self, report: BudgetReport) -> Option<Micros> {
        Some(report.window_end? * 1_000_000 - self.server_ahead.unwrap_or(0))
    }

    fn send(&mut self, now: Micros) -> io::Result<SentRequest> {
        let due = self.due(now);
        // Two requests never have the same time: who was sent after whom is asked by time.
        let at = now.max(self.last_sent + 1);
        // One that goes alone may be the first that tells a limit.
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
        let others = self.others.forecast(now, self.length, self.is_sliding);
        // Others do not come quite evenly, so they are left a little more than they take.
        let room = if others == 0 { 0 } else { 1 + others / 50 };
        limit.saturating_sub(others + room).clamp(1, self.ceiling)
    }

    /// Heeds an answer, or that none came (an empty budget).
    ///
    /// # Errors
    /// As [`Self::decide`]; the answer is heeded all the same.
    pub fn answered(&mut self, sent: SentRequest, now: Micros, budget: Budget) -> io::Result<()> {
        self.in_flight.remove(&sent.number);
        let recorded = sent.slot.map_or(Ok(()), |slot| self.window.answered(slot, now));
        if let Some(time) = budget.server_time {
            // The least that an answer took on its way is the nearest to the truth.
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

    /// Says that a request was answered at all, whatever with, and not with a 429.
    pub fn admitted(&mut self) {
        self.is_probing = false;
    }

    /// Heeds a 429: nothing goes out before it says so, and then one request alone.
    ///
    /// # Errors
    /// As [`Self::decide`]; the wait is kept all the same.
    pub fn refused(&mut self, now: Micros, wait: Duration) -> io::Result<()> {
        self.is_probing = true;
        // Kept even when the file of it fails.
        let locked = self.window.lock();
        let held = self.window.hold_until(now + micros(wait));
        locked.and(held).and(self.window.unlock())
    }

    /// Learns from two answers that follow one another what others use, and whether the window slides.
    fn learn(&mut self, new: BudgetReport) {
        let Some(limit) = new.limit else { return };
        // Stragglers may have been counted or not; what is left to others errs in their favour.
        let own = self.window.sent_between(new.sent - self.length, new.sent).saturating_sub(new.stragglers);
        let used = i64::from(limit) - i64::from(new.remaining);
        self.others.record_level(new.at, used - own as i64, self.length);
        let Some(old) = self.latest.filter(|old| old.limit == new.limit) else { return };
        let (Some(old_end), Some(new_end)) = (old.window_end, new.window_end) else { return };
        if (new_end - old_end).abs() * 1_000_000 > self.length / 2 {
            // A fixed window has begun anew (or one request overtook another as it did), or a sliding one was left
            // alone for long.
            return;
        }
        // Sent after the older answer came, so counted after it; and yet nothing was used up.
        self.is_sliding |= new.sent > old.at && new.remaining >= old.remaining;
        let own = self.window.sent_between(old.sent, new.sent);
        let used = i64::from(old.remaining) - i64::from(new.remaining);
        self.others.record_arrivals(old.at, new.at, used - own as i64, self.length);
    }
}

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
use super::others::Others;
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

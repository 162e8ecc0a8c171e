//! The use that other clients make of the same key, as far as the answers show it.

use std::collections::VecDeque;

use super::micros::Micros;

/// The use that other clients make of the key, as far as the answers show it.
#[derive(Debug, Default)]
pub struct OtherClients {
    /// The numbers of other clients' requests in the server's window, with the times of the answers that showed them.
    /// The numbers descend, so that the first is the largest within a window's length.
    levels: VecDeque<(Micros, i64)>,
    /// The newest number of other clients' requests in the server's window.
    latest: i64,
    /// The numbers of other clients' requests that came between two answers, with the time of the later one. A number
    /// is below 0 if requests left the window or one request overtook another.
    arrivals: VecDeque<(Micros, i64)>,
    /// The time from which on arrivals are counted.
    since: Option<Micros>,
}

impl OtherClients {
    /// Records how many requests of other clients an answer shows in the window.
    pub fn record_level(&mut self, at: Micros, level: i64, length: Micros) {
        while self.levels.back().is_some_and(|(_, lower)| *lower <= level) {
            self.levels.pop_back();
        }
        self.levels.push_back((at, level));
        while self.levels.front().is_some_and(|(time, _)| time + length <= at) {
            self.levels.pop_front();
        }
        self.latest = level;
    }

    /// Records how many requests of other clients came between two answers.
    pub fn record_arrivals(&mut self, from: Micros, at: Micros, count: i64, length: Micros) {
        self.since.get_or_insert(from);
        self.arrivals.push_back((at, count));
        while self.arrivals.pop_front_if(|(time, _)| *time + length <= at).is_some() {}
    }

    /// Returns how many requests a window must be left to other clients. This is the number in the server's window or
    /// the number that will come at their present rate, whichever is larger. A fixed window shows all of them only at
    /// its end, so the largest number within a window's length counts there.
    pub fn forecast(&self, now: Micros, length: Micros, is_sliding: bool) -> u32 {
        // Older records say nothing, even if none came after them.
        let recent = |(time, _): &&(Micros, i64)| *time + length > now;
        let level =
            if is_sliding { self.latest } else { self.levels.iter().find(recent).map_or(0, |(_, level)| *level) };
        let watched = self.since.map_or(0, |since| (now - since).clamp(length / 10, length));
        let sum: i64 = self.arrivals.iter().filter(recent).map(|(_, count)| count).sum();
        let coming = if watched == 0 { 0 } else { sum * length / watched };
        u32::try_from(level.max(coming)).unwrap_or(0)
    }
}

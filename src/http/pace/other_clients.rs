//! What others use of the same key, as far as the answers tell.

use std::collections::VecDeque;

use super::micros::Micros;

/// What others use of the key, as far as the answers tell.
#[derive(Debug, Default)]
pub struct OtherClients {
    /// Falling: requests of others in the server's window when an answer came; the largest of one length is the first.
    levels: VecDeque<(Micros, i64)>,
    latest: i64,
    /// Requests of others between two answers; below 0 where some left the window, or one overtook another.
    arrivals: VecDeque<(Micros, i64)>,
    /// When watching began.
    since: Option<Micros>,
}

impl OtherClients {
    /// Heeds how many requests of others an answer shows in the window.
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

    /// Heeds how many requests of others came between two answers.
    pub fn record_arrivals(&mut self, from: Micros, at: Micros, count: i64, length: Micros) {
        self.since.get_or_insert(from);
        self.arrivals.push_back((at, count));
        while self.arrivals.pop_front_if(|(time, _)| *time + length <= at).is_some() {}
    }

    /// Requests a window to be left to them: as many as there were in the server's (of a fixed one only its end shows
    /// them all, so the most within a length counts), or as many as will come at their present rate.
    pub fn forecast(&self, now: Micros, length: Micros, is_sliding: bool) -> u32 {
        // What is older says nothing, also when nothing came since.
        let recent = |(time, _): &&(Micros, i64)| *time + length > now;
        let level =
            if is_sliding { self.latest } else { self.levels.iter().find(recent).map_or(0, |(_, level)| *level) };
        let watched = self.since.map_or(0, |since| (now - since).clamp(length / 10, length));
        let sum: i64 = self.arrivals.iter().filter(recent).map(|(_, count)| count).sum();
        let coming = if watched == 0 { 0 } else { sum * length / watched };
        u32::try_from(level.max(coming)).unwrap_or(0)
    }
}

//! Decides when a run that events start is due. Has no clock of its own.

use std::time::Duration;

use tokio::time::Instant;

/// A steady stream of events delays a run for at most this many times the debounce time.
const AT_LATEST: u32 = 6;

/// The pause after a run that found the lake locked. It doubles each time.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

/// The longest pause after a run that found the lake locked.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// Decides when the next run is to start.
pub struct Schedule {
    debounce: Duration,
    /// When the first and the last of the events came that no run has handled.
    waiting: Option<(Instant, Instant)>,
    /// When the first and the last of the events came that the current run handles.
    taken: Option<(Instant, Instant)>,
    /// While another run holds the lake: when to try again, and the length of that pause.
    held: Option<(Instant, Duration)>,
}

impl Schedule {
    pub fn new(debounce: Duration) -> Self {
        Self { debounce, waiting: None, taken: None, held: None }
    }

    /// Notes that events came.
    pub fn came(&mut self, now: Instant) {
        let first = self.waiting.map_or(now, |(first, _)| first);
        self.waiting = Some((first, now));
    }

    /// When the next run is due, if there are events for one.
    pub fn due(&self) -> Option<Instant> {
        let (first, last) = self.waiting?;
        let due = (last + self.debounce).min(first + self.debounce.saturating_mul(AT_LATEST));
        Some(self.held.map_or(due, |(until, _)| due.max(until)))
    }

    /// Notes that a run has started.
    pub fn started(&mut self) {
        self.taken = self.waiting.take();
    }

    /// Notes that the run has ended.
    pub fn ended(&mut self) {
        (self.taken, self.held) = (None, None);
    }

    /// Notes that the run could not begin. Its events are due again after the returned pause.
    pub fn refused(&mut self, now: Instant) -> Duration {
        let pause = self.held.map_or(FIRST_PAUSE, |(_, pause)| (pause * 2).min(LONGEST_PAUSE));
        self.held = Some((now + pause, pause));
        if let Some((first, last)) = self.taken.take() {
            self.waiting = Some((first, self.waiting.map_or(last, |(_, last)| last)));
        }
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A schedule with a debounce time of ten seconds, and the time at which it began.
    struct Timed(Schedule, Instant);

    impl Timed {
        fn new() -> Self {
            Self(Schedule::new(Duration::from_secs(10)), Instant::now())
        }

        fn at(&self, second: u64) -> Instant {
            self.1 + Duration::from_secs(second)
        }

        fn came(&mut self, second: u64) {
            self.0.came(self.at(second));
        }

        fn due(&self) -> Option<u64> {
            self.0.due().map(|due| due.duration_since(self.1).as_secs())
        }
    }

    #[test]
    fn a_run_is_due_when_no_event_has_come_for_a_while() {
        let mut timed = Timed::new();
        assert_eq!(timed.due(), None);
        timed.came(3);
        assert_eq!(timed.due(), Some(13));
        timed.came(12);
        assert_eq!(timed.due(), Some(22));
    }

    #[test]
    fn a_steady_stream_holds_it_back_for_six_times_as_long_and_no_more() {
        let mut timed = Timed::new();
        (5..200).for_each(|second| timed.came(second));
        assert_eq!(timed.due(), Some(5 + 60));
    }

    #[test]
    fn what_comes_during_a_run_is_for_the_next() {
        let mut timed = Timed::new();
        timed.came(0);
        timed.0.started();
        assert_eq!(timed.due(), None);
        timed.came(30);
        timed.0.ended();
        assert_eq!(timed.due(), Some(40));
    }

    #[test]
    fn a_lake_that_is_held_is_tried_again_after_growing_pauses() {
        let mut timed = Timed::new();
        timed.came(0);
        let mut now = 10;
        let mut pauses = Vec::new();
        for _ in 0..11 {
            timed.0.started();
            let pause = timed.0.refused(timed.at(now)).as_secs();
            pauses.push(pause);
            now += pause;
            assert_eq!(timed.due(), Some(now));
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        timed.0.started();
        timed.0.ended();
        assert_eq!(timed.due(), None);
        timed.came(now + 1);
        assert_eq!(timed.due(), Some(now + 11), "and the next is not held back");
    }
}

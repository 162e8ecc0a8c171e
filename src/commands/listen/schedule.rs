//! When a run that events start is due. Knows no clock.

use std::time::Duration;

use tokio::time::Instant;

/// A steady stream of events holds a run back for so many times the debounce time, at most.
const AT_LATEST: u32 = 6;

/// After a run that another one kept from the lake; twice as long after each more.
const FIRST_PAUSE: Duration = Duration::from_secs(1);

const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// When the next run is to start. Knows no clock.
pub struct Schedule {
    debounce: Duration,
    /// The first and the last moment at which events came that no run has taken.
    waiting: Option<(Instant, Instant)>,
    /// The same of those that the run under way takes.
    taken: Option<(Instant, Instant)>,
    /// The lake is held by another run: not before this, and after a pause of this length.
    held: Option<(Instant, Duration)>,
}

impl Schedule {
    pub fn new(debounce: Duration) -> Self {
        Self { debounce, waiting: None, taken: None, held: None }
    }

    pub fn came(&mut self, now: Instant) {
        let first = self.waiting.map_or(now, |(first, _)| first);
        self.waiting = Some((first, now));
    }

    pub fn due(&self) -> Option<Instant> {
        let (first, last) = self.waiting?;
        let due = (last + self.debounce).min(first + self.debounce.saturating_mul(AT_LATEST));
        Some(self.held.map_or(due, |(until, _)| due.max(until)))
    }

    pub fn started(&mut self) {
        self.taken = self.waiting.take();
    }

    pub fn ended(&mut self) {
        (self.taken, self.held) = (None, None);
    }

    /// The run could not begin. What it was for is due again after the pause that is returned.
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

    /// A schedule with a debounce time of ten seconds, and seconds since its beginning.
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

//! The time of day at which a run stops.

use std::time::Duration;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::zone::local_zone;
use crate::http::cancel::Deadline;
use crate::http::steady::steady_now;

/// A clock that differs by this much from what has passed since the start was set meanwhile.
const WAS_SET: SignedDuration = SignedDuration::from_mins(1);

/// The next moment with a time of day, in the time zone of this machine.
pub fn next_moment(time: Time) -> Deadline {
    let (began, steady, zone) = (Timestamp::now(), steady_now(), local_zone());
    Deadline::new(move || {
        let passed = SignedDuration::from_micros(steady_now() - steady);
        left(time, began, passed, Timestamp::now(), zone)
    })
}

/// How long is left until the time of day that came next at the start. `passed` is how long ago that was. If the clock
/// was set meanwhile, it was wrong at the start, and the time of day is that of the clock now.
fn left(time: Time, began: Timestamp, passed: SignedDuration, now: Timestamp, zone: &TimeZone) -> Duration {
    let began_by_now = now.checked_sub(passed).unwrap_or(Timestamp::MIN);
    let was_set = began_by_now.duration_since(began).abs() >= WAS_SET;
    let end = next_time(time, if was_set { began_by_now } else { began }, zone);
    Duration::try_from(end.duration_since(now)).unwrap_or_default()
}

/// The next time with a time of day, in a time zone.
fn next_time(time: Time, now: Timestamp, zone: &TimeZone) -> Timestamp {
    let today = zone.to_datetime(now).date();
    let on = |date: Date| zone.to_timestamp(date.to_datetime(time)).unwrap_or(Timestamp::MAX);
    if on(today) > now { on(today) } else { today.tomorrow().map_or(Timestamp::MAX, on) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_met_next_today_or_tomorrow() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let next = |now: &str| next_time("05:30".parse().unwrap(), now.parse().unwrap(), &zone).to_string();
        assert_eq!(next("2026-05-31T20:00:00Z"), "2026-06-01T03:30:00Z");
        assert_eq!(next("2026-06-01T03:29:59Z"), "2026-06-01T03:30:00Z");
        assert_eq!(next("2026-06-01T03:30:00Z"), "2026-06-02T03:30:00Z");
    }

    #[test]
    fn a_clock_that_is_set_meanwhile_moves_the_moment_with_it() {
        let (time, hours) = ("05:30".parse().unwrap(), SignedDuration::from_hours);
        let left = |began: &str, passed: SignedDuration, now: &str| {
            left(time, began.parse().unwrap(), passed, now.parse().unwrap(), &TimeZone::UTC).as_secs()
        };
        let began = "2026-06-01T22:00:00Z";
        for (passed, now, expected) in [
            (hours(0), began, 7 * 3600 + 1800),
            (hours(7), "2026-06-02T05:00:00Z", 1800),
            (hours(7), "2026-06-02T05:30:20Z", 0),
            // A second or two more or less do not make it the next day.
            (SignedDuration::from_mins(450), "2026-06-02T05:29:59Z", 1),
            (SignedDuration::from_mins(450), "2026-06-02T05:30:01Z", 0),
            // The clock was two hours behind, two hours ahead, or a year ahead.
            (hours(1), "2026-06-02T01:00:00Z", 4 * 3600 + 1800),
            (hours(6), "2026-06-02T06:00:00Z", 0),
            (hours(1), "2026-06-01T21:00:00Z", 8 * 3600 + 1800),
            (hours(1), "2025-06-01T23:00:00Z", 6 * 3600 + 1800),
        ] {
            assert_eq!(left(began, passed, now), expected, "{passed} {now}");
        }
        // A machine without a battery for its clock.
        assert_eq!(left("1970-01-01T00:00:10Z", hours(1), "2026-06-01T23:00:00Z"), 6 * 3600 + 1800);
    }
}

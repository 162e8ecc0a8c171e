//! Turns the time of day at which a run stops into a moment.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use tokio::time::Instant;

use super::zone::local_zone;

/// The next moment with a time of day, in the time zone of this machine. Later changes of the clock do not affect it.
pub fn next_moment(time: Time) -> Instant {
    let now = Timestamp::now();
    let until = next_time(time, now, local_zone()).duration_since(now);
    Instant::now() + Duration::try_from(until).unwrap_or_default()
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
}

//! Parses days, times and spans as people write them in files and flags.

use std::time::Duration;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::model::{Error, Result};

/// Parses a day: `2026-05-31`.
///
/// # Errors
/// A usage error for anything else, such as a day with a time.
pub fn parse_date(text: &str) -> Result<Date> {
    let day = Date::strptime("%Y-%m-%d", text);
    day.map_err(|_| Error::usage(format!("`{text}` is no day")).hint("write it as 2026-05-31"))
}

/// Parses a day, `2026-05-31`, and returns its first instant in UTC.
///
/// # Errors
/// A usage error for anything else.
pub fn parse_midnight(text: &str) -> Result<Timestamp> {
    midnight(parse_date(text)?, &TimeZone::UTC)
}

/// The first instant of a day in a time zone.
///
/// # Errors
/// A usage error for a day outside of the supported range.
pub fn midnight(day: Date, zone: &TimeZone) -> Result<Timestamp> {
    let midnight = zone.to_timestamp(day.to_datetime(Time::midnight()));
    midnight.map_err(|_| Error::usage(format!("{day} is too far away")))
}

/// The first day of the period of so many days before a day.
///
/// # Errors
/// A usage error for a day outside of the supported range.
pub fn first_day(until: Date, days: u32) -> Result<Date> {
    let wrong = |_| Error::usage(format!("there is no period of {days} days before {until}"));
    until.checked_sub(i64::from(days).days()).map_err(wrong)
}

/// The day with which a period ends that names none: today in a time zone.
#[must_use]
pub fn today(now: Timestamp, zone: &TimeZone) -> Date {
    zone.to_datetime(now).date()
}

/// Parses a time of day: `05:30`.
///
/// # Errors
/// A usage error for anything else.
pub fn parse_time_of_day(text: &str) -> Result<Time> {
    text.parse().map_err(|_| Error::usage(format!("`{text}` is no time of day")).hint("write it as 05:30"))
}

/// Looks up a time zone of the IANA database: `UTC`, `Europe/Berlin`.
///
/// # Errors
/// A usage error for an unknown name.
pub fn parse_time_zone(name: &str) -> Result<TimeZone> {
    TimeZone::get(name).map_err(|_| Error::usage(format!("`{name}` is no time zone")).hint("for example Europe/Berlin"))
}

/// Parses a period in whole days or weeks, `7d` or `4w`, and returns its number of days.
///
/// # Errors
/// A usage error for anything else.
pub fn parse_days(text: &str) -> Result<u32> {
    let wrong = || Error::usage(format!("`{text}` is no period")).hint("write days or weeks: 7d, 4w");
    let (number, factor) = match (text.strip_suffix('d'), text.strip_suffix('w')) {
        (Some(days), _) => (days, 1),
        (_, Some(weeks)) => (weeks, 7),
        _ => return Err(wrong()),
    };
    let days = number.parse::<u32>().ok().and_then(|number| number.checked_mul(factor));
    days.filter(|days| (1..=3660).contains(days)).ok_or_else(wrong)
}

/// Parses a span of time from 100 milliseconds to `longest`: `30s`, `10m`. Returns `None` for anything else.
#[must_use]
pub fn span_up_to(longest: Duration, text: &str) -> Option<Duration> {
    let span = Duration::try_from(text.parse::<SignedDuration>().ok()?).ok()?;
    (Duration::from_millis(100)..=longest).contains(&span).then_some(span)
}

/// Parses the window of a rate limit: `60s`, `1m`.
///
/// # Errors
/// A usage error for anything else, and for less than 100 milliseconds or more than an hour.
pub fn parse_window(text: &str) -> Result<Duration> {
    span_up_to(Duration::from_hours(1), text)
        .ok_or_else(|| Error::usage(format!("`{text}` is no window of a rate limit")).hint("for example 60s"))
}

/// Parses the longest duration of a recording's download: `10m`.
///
/// # Errors
/// A usage error for anything else, and for less than 100 milliseconds or more than a day.
pub fn parse_max_time(text: &str) -> Result<Duration> {
    span_up_to(Duration::from_hours(24), text)
        .ok_or_else(|| Error::usage(format!("`{text}` is no time for a recording")).hint("for example 10m"))
}

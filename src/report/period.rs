//! Periods and weeks: assigns an instant to the report's period, to the one it is compared with, and to a week.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::model::{Period, Week};
use crate::model::{Error, Result};
use crate::pipeline::{Compare, ReportPlan, first_day, midnight, today};

/// Number of weeks that a series shows at least, up to the end of the period.
const WEEKS_SHOWN: i32 = 12;
/// Number of weeks that a series shows at most: a year.
const MOST_WEEKS: usize = 53;
/// Interviews that expire within this time after the end of the period are reported as expiring.
const SOON: jiff::SignedDuration = jiff::SignedDuration::from_hours(72);

/// `[from, until)` in microseconds since 1970, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    pub from: i64,
    pub until: i64,
}

impl Span {
    #[must_use]
    pub fn contains(self, at: i64) -> bool {
        (self.from..self.until).contains(&at)
    }
}

/// The periods and the week to which an instant belongs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PeriodMembership {
    pub current: bool,
    pub previous: bool,
    /// Index of the week; `None` outside of all weeks.
    pub week: Option<u32>,
}

impl PeriodMembership {
    /// Whether any figure includes the instant.
    #[must_use]
    pub fn counts_anywhere(self) -> bool {
        self.current || self.previous || self.week.is_some()
    }
}

/// The periods and weeks of a report.
#[derive(Debug, Clone)]
pub struct Calendar {
    pub period: Period,
    pub previous_period: Option<Period>,
    pub current: Span,
    pub previous: Option<Span>,
    /// The 72 hours after the end of the period.
    pub soon: Span,
    pub weeks: Vec<Week>,
    /// The start of each week and the end of the last one, in microseconds since 1970.
    bounds: Vec<i64>,
}

impl Calendar {
    /// The periods and weeks that a plan asks for, as of `now`.
    ///
    /// # Errors
    /// A usage error if there are no such days, or if the two periods overlap.
    pub fn new(plan: &ReportPlan, now: Timestamp) -> Result<Self> {
        let zone = &plan.time_zone;
        let until = plan.until.unwrap_or_else(|| today(now, zone));
        let (period, current) = period(until, plan.days, zone)?;
        let before = match plan.compare {
            Compare::None => None,
            Compare::Previous => Some(period.from),
            Compare::Until(day) => Some(day),
        };
        let (previous_period, previous) = before.map(|until| self::period(until, plan.days, zone)).transpose()?.unzip();
        if let Some(before) = &previous_period
            && before.from < period.until
            && period.from < before.until
        {
            let days = |period: &Period| format!("{} to {}", period.from, period.last);
            let (these, others) = (days(&period), days(before));
            return Err(Error::usage(format!(
                "the period to compare with, {others}, overlaps the report's own, {these}"
            ))
            .hint(format!("compare with {} or an earlier day", period.from)));
        }
        let (weeks, bounds) = weeks(period.from, until, zone)?;
        let end = Timestamp::from_microsecond(current.until).expect("it was a timestamp");
        let soon =
            Span { from: current.until, until: end.saturating_add(SOON).expect("a fixed span").as_microsecond() };
        Ok(Self { period, previous_period, current, previous, soon, weeks, bounds })
    }

    #[must_use]
    pub fn membership(&self, at: Option<i64>) -> PeriodMembership {
        let Some(at) = at else { return PeriodMembership { current: false, previous: false, week: None } };
        let week = self.bounds.partition_point(|bound| *bound <= at).checked_sub(1);
        let week = week.filter(|week| *week < self.weeks.len()).and_then(|week| u32::try_from(week).ok());
        PeriodMembership {
            current: self.current.contains(at),
            previous: self.previous.is_some_and(|span| span.contains(at)),
            week,
        }
    }

    /// The range of weeks that fills a span exactly, if there is one.
    #[must_use]
    pub fn weeks_of(&self, span: Span) -> Option<std::ops::Range<usize>> {
        let at = |bound| self.bounds.binary_search(&bound).ok();
        Some(at(span.from)?..at(span.until)?)
    }
}

fn period(until: Date, days: u32, zone: &TimeZone) -> Result<(Period, Span)> {
    let wrong = |error: jiff::Error| Error::usage(format!("there is no period of {days} days before {until}: {error}"));
    let from = first_day(until, days)?;
    let span = Span { from: micros(from, zone)?, until: micros(until, zone)? };
    let last = until.yesterday().map_err(wrong)?;
    let time_zone = zone.iana_name().unwrap_or("UTC").to_owned();
    Ok((Period { from, until, last, days, time_zone }, span))
}

/// The first instant of a day, in microseconds since 1970.
fn micros(day: Date, zone: &TimeZone) -> Result<i64> {
    midnight(day, zone).map(Timestamp::as_microsecond)
}

/// The ISO weeks that touch the period or the last [`WEEKS_SHOWN`] weeks, but at most the newest [`MOST_WEEKS`], and
/// their bounds.
fn weeks(from: Date, until: Date, zone: &TimeZone) -> Result<(Vec<Week>, Vec<i64>)> {
    let wrong = |error: jiff::Error| Error::usage(format!("there are no weeks before {until}: {error}"));
    let earliest = until.checked_sub(WEEKS_SHOWN.weeks()).map_err(wrong)?.min(from);
    let offset = earliest.weekday().to_monday_zero_offset();
    let mut monday = earliest.checked_sub(i64::from(offset).days()).map_err(wrong)?;
    let mut weeks = Vec::new();
    let mut bounds = Vec::new();
    while monday < until {
        let iso = monday.iso_week_date();
        weeks.push(Week { name: format!("{}-W{:02}", iso.year(), iso.week()), from: monday });
        bounds.push(micros(monday, zone)?);
        monday = monday.checked_add(1.week()).map_err(wrong)?;
    }
    let surplus = weeks.len().saturating_sub(MOST_WEEKS);
    bounds.push(micros(until, zone)?);
    Ok((weeks.split_off(surplus), bounds.split_off(surplus)))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn calendar(days: u32, until: &str, zone: &str, compare: Compare) -> Calendar {
        let plan = ReportPlan {
            days,
            until: Some(until.parse().unwrap()),
            time_zone: TimeZone::get(zone).unwrap(),
            compare,
            ..ReportPlan::new(PathBuf::from("reports"))
        };
        Calendar::new(&plan, Timestamp::UNIX_EPOCH).unwrap()
    }

    fn micros(time: &str) -> Option<i64> {
        Some(time.parse::<Timestamp>().unwrap().as_microsecond())
    }

    #[test]
    fn days_begin_at_midnight_of_the_time_zone() {
        let days = calendar(7, "2026-06-01", "Europe/Berlin", Compare::Previous);
        assert!(days.membership(micros("2026-05-31T21:59:59Z")).current);
        assert!(!days.membership(micros("2026-05-31T22:00:00Z")).current);
        assert!(days.membership(micros("2026-05-24T21:59:59Z")).previous);
        assert!(!days.membership(None).counts_anywhere());
    }

    #[test]
    fn weeks_are_those_of_iso_and_end_with_the_period() {
        let days = calendar(7, "2026-01-03", "UTC", Compare::None);
        assert_eq!(days.weeks.last().unwrap().name, "2026-W01");
        assert_eq!(days.weeks.last().unwrap().from.to_string(), "2025-12-29");
        assert_eq!(days.weeks.len(), 13, "the first is cut at its Monday, the last at the period's end");
        assert_eq!(days.membership(micros("2026-01-02T23:00:00Z")).week, Some(12));
        assert_eq!(days.membership(micros("2026-01-03T00:00:00Z")).week, None);
        assert_eq!(days.weeks_of(days.current), None);
        let whole = calendar(14, "2026-06-01", "UTC", Compare::Previous);
        assert_eq!(whole.weeks_of(whole.current), Some(10..12));
        assert_eq!(whole.weeks_of(whole.previous.unwrap()), Some(8..10));
    }

    #[test]
    fn a_compared_period_may_be_any_of_the_same_length() {
        let days = calendar(7, "2026-06-01", "UTC", Compare::Until("2025-06-02".parse().unwrap()));
        assert_eq!(days.previous_period.unwrap().from.to_string(), "2025-05-26");
        assert_eq!(calendar(7, "2026-06-01", "UTC", Compare::None).previous_period, None);
    }

    #[test]
    fn a_compared_period_shares_no_day() {
        let compared = |until: &str| {
            let plan = ReportPlan {
                days: 7,
                until: Some("2026-06-08".parse().unwrap()),
                compare: Compare::Until(until.parse().unwrap()),
                ..ReportPlan::new(PathBuf::from("reports"))
            };
            Calendar::new(&plan, Timestamp::UNIX_EPOCH).map_err(|error| error.to_string())
        };
        for overlapping in ["2026-06-02", "2026-06-08", "2026-06-14"] {
            let error = compared(overlapping).unwrap_err();
            assert!(error.ends_with("overlaps the report's own, 2026-06-01 to 2026-06-07"), "{error}");
        }
        assert!(compared("2026-06-01").is_ok() && compared("2026-06-15").is_ok());
    }
}

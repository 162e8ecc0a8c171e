//! Periods and weeks: the calendar of a report, cut into segments at the edge of every period and week.

use std::ops::Range;

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
/// Number of whole days before the end of the period of which it is known how many interviews were completed: a silence of
/// three weeks, and the twelve weeks before it, with two more for weeks that begin on a Monday.
const DAYS_KNOWN: i64 = 17 * 7;
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

/// The periods and weeks of a report.
#[derive(Debug, Clone)]
pub struct Calendar {
    pub period: Period,
    pub previous_period: Option<Period>,
    pub current: Span,
    /// The 72 hours after the end of the period.
    pub soon: Span,
    pub weeks: Vec<Week>,
    pub zone: TimeZone,
    /// The segments of each week, of the period, and of the one it is compared with.
    pub week_segments: Vec<Range<usize>>,
    pub current_segments: Range<usize>,
    pub previous_segments: Option<Range<usize>>,
    /// The edges of the last [`DAYS_KNOWN`] days, in microseconds since 1970.
    pub day_edges: Vec<i64>,
    /// The edges of all periods and weeks, in microseconds since 1970: between two is a segment.
    edges: Vec<i64>,
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
        let day = |ago: i64| until.checked_sub(ago.days()).map_or_else(|_| Ok(current.until), |day| micros(day, zone));
        let mut day_edges = (0..=DAYS_KNOWN).rev().map(day).collect::<Result<Vec<i64>>>()?;
        day_edges.sort_unstable();
        let of_periods = std::iter::once(current).chain(previous).flat_map(|span| [span.from, span.until]);
        let mut edges: Vec<i64> = bounds.iter().copied().chain(of_periods).collect();
        edges.sort_unstable();
        edges.dedup();
        let at = |edge: i64| edges.partition_point(|other| *other < edge);
        let segments = |span: Span| at(span.from)..at(span.until);
        Ok(Self {
            week_segments: bounds.windows(2).map(|pair| segments(Span { from: pair[0], until: pair[1] })).collect(),
            current_segments: segments(current),
            previous_segments: previous.map(segments),
            period,
            previous_period,
            current,
            soon,
            weeks,
            zone: zone.clone(),
            day_edges,
            edges,
        })
    }

    #[must_use]
    pub fn segments(&self) -> usize {
        self.edges.len() - 1
    }

    /// The segment of an instant that is in a period or week.
    #[must_use]
    pub fn segment(&self, at: Option<i64>) -> Option<u32> {
        let at = at?;
        let segment = self.edges.partition_point(|edge| *edge <= at).checked_sub(1)?;
        let is_in = |segments: &Range<usize>| segments.contains(&segment);
        let is_in_any = is_in(&self.current_segments)
            || self.previous_segments.as_ref().is_some_and(is_in)
            || self.week_segments.iter().any(is_in);
        is_in_any.then(|| u32::try_from(segment).expect("a calendar has few segments"))
    }

    /// The number of a day among the last [`DAYS_KNOWN`], if the instant is in one of them.
    #[must_use]
    pub fn day(&self, at: i64) -> Option<usize> {
        let day = self.day_edges.partition_point(|edge| *edge <= at).checked_sub(1)?;
        (day + 1 < self.day_edges.len()).then_some(day)
    }

    /// The segments between one edge of a period and the next.
    #[must_use]
    pub fn regions(&self) -> Vec<Range<usize>> {
        let periods = [Some(&self.current_segments), self.previous_segments.as_ref()];
        let mut edges: Vec<usize> = periods.into_iter().flatten().flat_map(|span| [span.start, span.end]).collect();
        edges.extend([0, self.segments()]);
        edges.sort_unstable();
        edges.dedup();
        edges.windows(2).map(|pair| pair[0]..pair[1]).collect()
    }

    /// The week as a span of time.
    #[must_use]
    pub fn week(&self, week: usize) -> Span {
        let segments = &self.week_segments[week];
        Span { from: self.edges[segments.start], until: self.edges[segments.end] }
    }

    /// The first instant of a day of the report's time zone, in microseconds since 1970.
    ///
    /// # Errors
    /// A usage error for a day outside of the supported range.
    pub fn midnight(&self, day: Date) -> Result<i64> {
        micros(day, &self.zone)
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
        let is_in =
            |time: &str, segments: &Range<usize>| segments.contains(&(days.segment(micros(time)).unwrap() as usize));
        assert!(is_in("2026-05-31T21:59:59Z", &days.current_segments));
        assert_eq!(days.segment(micros("2026-05-31T22:00:00Z")), None);
        assert!(is_in("2026-05-24T21:59:59Z", days.previous_segments.as_ref().unwrap()));
        assert_eq!(days.segment(None), None);
    }

    #[test]
    fn weeks_are_those_of_iso_and_end_with_the_period() {
        let days = calendar(7, "2026-01-03", "UTC", Compare::None);
        assert_eq!(days.weeks.last().unwrap().name, "2026-W01");
        assert_eq!(days.weeks.last().unwrap().from.to_string(), "2025-12-29");
        assert_eq!(days.weeks.len(), 13, "the first is cut at its Monday, the last at the period's end");
        // The period cuts the last week but one.
        assert_eq!(days.week_segments[10..], [10..11, 11..13, 13..14]);
        assert_eq!((days.current_segments.clone(), days.regions()), (12..14, vec![0..12, 12..14]));
        assert_eq!(days.segment(micros("2026-01-02T23:00:00Z")), Some(13));
        assert_eq!(days.segment(micros("2026-01-03T00:00:00Z")), None);
        let whole = calendar(14, "2026-06-01", "UTC", Compare::Previous);
        assert_eq!((whole.previous_segments.clone(), whole.current_segments.clone()), (Some(8..10), 10..12));
        assert_eq!(whole.regions(), [0..8, 8..10, 10..12]);
    }

    #[test]
    fn nothing_between_two_periods_is_in_a_segment() {
        let apart = calendar(7, "2026-06-01", "UTC", Compare::Until("2025-06-02".parse().unwrap()));
        assert_eq!(apart.previous_segments, Some(0..1));
        assert_eq!(apart.segment(micros("2025-06-01T12:00:00Z")), Some(0));
        assert_eq!(apart.segment(micros("2025-12-01T12:00:00Z")), None);
        assert_eq!(apart.segments(), 14);
        // A period that is longer than the weeks of a series.
        let long = calendar(800, "2026-06-01", "UTC", Compare::None);
        assert_eq!((long.weeks.len(), long.current_segments.len()), (53, 54));
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

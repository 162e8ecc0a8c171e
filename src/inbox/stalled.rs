//! Detects that events have stopped coming: a deleted webhook, or a receiver that cannot be reached, causes no error by
//! itself.

use jiff::{SignedDuration, Timestamp};

use crate::ledger::{JUDGED_BY, Ledger};
use crate::model::Result;

/// Gaps between events are judged only if at least this many came.
const ENOUGH_EVENTS: usize = 10;
/// Gaps between events are judged only if they came over at least this time. A week includes a weekend.
const ENOUGH_TIME: SignedDuration = SignedDuration::from_hours(7 * 24);
/// A gap is long when it is this many times the longest one before.
const TIMES_THE_LONGEST: i32 = 3;
/// A gap of this length or less is never long.
const NEVER_LONG: SignedDuration = SignedDuration::from_hours(24);
/// This many interviews that were completed without an event are no accident.
const ENOUGH_MISSED: u64 = 3;
/// Missing events are judged only if at least this many came before.
const ENOUGH_TOLD: usize = 3;
/// The event of an interview that was completed within this time may still come.
const STILL_UNDER_WAY: SignedDuration = SignedDuration::from_hours(1);

/// Why events seem to have stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stall {
    /// This many interviews were completed since the last event, without an event of their own.
    Missed(u64),
    /// The gap since the last event is far longer than the longest one before.
    Long { longest: SignedDuration },
}

/// Returns a warning if the events of a source have stopped.
///
/// # Errors
/// When the ledger cannot be read.
pub fn warning(ledger: &Ledger, source: &str, now: Timestamp) -> Result<Option<String>> {
    let Some(last) = ledger.last_event(source, now)? else { return Ok(None) };
    let before = |time: Timestamp, span| time.checked_sub(span).unwrap_or(Timestamp::MIN);
    let missed = ledger.completed_without_event(source, last, before(now, STILL_UNDER_WAY))?;
    let mut times = ledger.event_times(source, before(last, JUDGED_BY))?;
    times.retain(|time| *time <= last);
    let at = last.strftime("%Y-%m-%d %H:%M UTC");
    Ok(stall(&times, missed, now).map(|stall| match stall {
        Stall::Missed(count) => format!(
            "no event of source {source} has come since {at}, though {count} interviews were completed; is the webhook \
             still there, and does it reach `roundup listen`?"
        ),
        Stall::Long { longest } => format!(
            "no event of source {source} has come since {at}; before that they were never more than {} hours apart; is \
             the webhook still there, and does it reach `roundup listen`?",
            longest.as_hours() + 1
        ),
    }))
}

/// Judges by the times of events, in order, and by how many interviews were completed since without one.
fn stall(times: &[Timestamp], missed: u64, now: Timestamp) -> Option<Stall> {
    let (first, last) = (*times.first()?, *times.last()?);
    if missed >= ENOUGH_MISSED && times.len() >= ENOUGH_TOLD {
        return Some(Stall::Missed(missed));
    }
    if times.len() < ENOUGH_EVENTS || last.duration_since(first) < ENOUGH_TIME {
        return None;
    }
    let gaps = times.windows(2).map(|pair| pair[1].duration_since(pair[0]));
    let longest = gaps.max().unwrap_or_default();
    let is_long = now.duration_since(last) > NEVER_LONG.max(longest * TIMES_THE_LONGEST);
    is_long.then_some(Stall::Long { longest })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3600;
    const DAY: i64 = 24 * HOUR;

    fn at(second: i64) -> Timestamp {
        // A Monday, at midnight.
        "2026-06-01T00:00:00Z".parse::<Timestamp>().unwrap() + SignedDuration::from_secs(second)
    }

    /// Events every two hours from 9 to 17 o'clock for a number of days, on workdays only or on all days.
    fn office_hours(days: i64, weekends: bool) -> Vec<Timestamp> {
        let worked = (0..days).filter(|day| weekends || day % 7 < 5);
        worked.flat_map(|day| (9..18).step_by(2).map(move |hour| at(day * DAY + hour * HOUR))).collect()
    }

    /// Whether events count as stopped some hours after the last one, with a number of missed interviews.
    fn is_stalled(times: &[Timestamp], missed: u64, hours: i64) -> bool {
        let now = *times.last().unwrap() + SignedDuration::from_hours(hours);
        stall(times, missed, now).is_some()
    }

    #[test]
    fn a_weekend_is_no_stall_and_a_lost_week_is() {
        let workdays = office_hours(26, false);
        // From Friday at 17 to Monday at 9 o'clock, and then a long holiday.
        for (hours, expected) in [(64, false), (4 * 24, false), (8 * 24 - 1, false), (8 * 24 + 1, true)] {
            assert_eq!(is_stalled(&workdays, 0, hours), expected, "after {hours} hours");
        }
        let always = office_hours(28, true);
        for (hours, expected) in [(16, false), (48, false), (49, true)] {
            assert_eq!(is_stalled(&always, 0, hours), expected, "after {hours} hours");
        }
    }

    #[test]
    fn a_busy_account_is_waited_for_a_day() {
        let every_minute: Vec<Timestamp> = (0..8 * 24 * 60).map(|minute| at(minute * 60)).collect();
        assert!(!is_stalled(&every_minute, 0, 24));
        assert!(is_stalled(&every_minute, 0, 25));
    }

    #[test]
    fn a_short_past_says_nothing() {
        assert!(!is_stalled(&office_hours(6, true), 0, 1000), "less than a week");
        let few: Vec<Timestamp> = (0..9).map(|day| at(day * DAY)).collect();
        assert!(!is_stalled(&few, 0, 1000), "fewer than ten");
        let enough: Vec<Timestamp> = (0..10).map(|day| at(day * DAY)).collect();
        assert!(is_stalled(&enough, 0, 1000));
        assert_eq!(stall(&[], 100, at(0)), None);
    }

    #[test]
    fn interviews_that_ended_without_an_event_say_more() {
        let three: Vec<Timestamp> = (0..3).map(|hour| at(hour * HOUR)).collect();
        for (missed, expected) in [(0, false), (2, false), (3, true)] {
            assert_eq!(is_stalled(&three, missed, 2), expected, "{missed} missed");
        }
        assert!(!is_stalled(&three[..2], 100, 1000), "hardly any ever came");
    }
}

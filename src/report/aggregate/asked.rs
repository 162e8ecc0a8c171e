//! The periods by which rows of a question are laid out.

use std::ops::Range;

use super::people::period;
use crate::report::period::Calendar;

/// How many there are: the report's, the one that it is compared with, and all other weeks.
pub const PERIODS: usize = 3;
/// The report's period.
pub const CURRENT: Range<usize> = 0..1;
/// The one that it is compared with.
pub const PREVIOUS: Range<usize> = 1..2;
/// All weeks that a report knows.
pub const EVER: Range<usize> = 0..PERIODS;

/// The period of a segment.
pub fn of(calendar: &Calendar, segment: u32) -> u32 {
    match period(calendar, segment) {
        Some(0) => 0,
        Some(_) => 1,
        None => 2,
    }
}

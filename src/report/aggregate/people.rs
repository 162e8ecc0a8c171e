//! The last interview of each person, with which a test counts them once.

use foldhash::HashMap;

use crate::report::frames::Frames;
use crate::report::period::Calendar;

/// For each interview, of whom it is the last one.
pub struct People {
    /// Whether it is its person's last in its job and period.
    pub in_job: Vec<bool>,
    /// Whether it is its person's last in its period, in the jobs that the report is of.
    pub in_group: Vec<bool>,
    /// Whether it is its person's last in the period, in any job.
    pub in_all: Vec<bool>,
    /// A job, if this is its person's last interview in the period that is not in that job, though a later one is.
    pub outside_of: Vec<Option<u32>>,
}

impl People {
    pub fn new(frames: &Frames, calendar: &Calendar, group: &[u32]) -> Self {
        let rows = &frames.interviews;
        let count = rows.ids.len();
        let periods: Vec<Option<usize>> = rows.segment.iter().map(|segment| period(calendar, *segment)).collect();
        let in_periods: Vec<u32> = (0u32..)
            .take(count)
            .filter(|row| rows.completed[*row as usize] && periods[*row as usize].is_some())
            .collect();
        let person = |row: u32| rows.candidate[row as usize];
        let is_current = |row: &u32| periods[*row as usize] == Some(0);
        let last_in_job = last(
            frames,
            in_periods.iter().map(|row| ((periods[*row as usize], rows.job[*row as usize], person(*row)), *row)),
        );
        let of_group = in_periods.iter().filter(|row| group.binary_search(&rows.job[**row as usize]).is_ok());
        let last_in_group = last(frames, of_group.map(|row| ((periods[*row as usize], person(*row)), *row)));
        let current = || in_periods.iter().copied().filter(is_current);
        let last_in_all = last(frames, current().map(|row| (person(row), row)));
        let job_of_last = |row: u32| rows.job[last_in_all[&person(row)] as usize];
        let elsewhere = current().filter(|row| rows.job[*row as usize] != job_of_last(*row));
        let last_elsewhere = last(frames, elsewhere.map(|row| (person(row), row)));
        let marked = |chosen: &mut dyn Iterator<Item = u32>| {
            let mut marked = vec![false; count];
            chosen.for_each(|row| marked[row as usize] = true);
            marked
        };
        let mut outside_of = vec![None; count];
        for row in last_elsewhere.into_values() {
            outside_of[row as usize] = Some(job_of_last(row));
        }
        Self {
            in_job: marked(&mut last_in_job.into_values()),
            in_group: marked(&mut last_in_group.into_values()),
            in_all: marked(&mut last_in_all.values().copied()),
            outside_of,
        }
    }
}

/// 0 for the report's period, 1 for the one it is compared with.
pub fn period(calendar: &Calendar, segment: u32) -> Option<usize> {
    let segment = segment as usize;
    if calendar.current_segments.contains(&segment) {
        return Some(0);
    }
    calendar.previous_segments.as_ref().filter(|segments| segments.contains(&segment)).map(|_| 1)
}

/// The last interview of each key; of several at one instant, the one whose id is greatest.
pub fn last<K: std::hash::Hash + Eq>(frames: &Frames, keyed: impl Iterator<Item = (K, u32)>) -> HashMap<K, u32> {
    let rows = &frames.interviews;
    let place = |row: u32| (rows.settled_at[row as usize], &rows.ids[row as usize]);
    crate::model::last::last(keyed, |known, row| place(known) < place(row))
}

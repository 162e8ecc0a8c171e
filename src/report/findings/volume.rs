//! Jobs that fell silent, and weeks in which far more or fewer interviews were completed than before. Exact Poisson tests
//! would be wrong: invitations come in batches, so that weeks differ more than chance alone would have it.

use crate::model::statistics::band::{self, LEAST_RATIO};
use crate::model::statistics::student_t;

/// Number of weeks that a week is compared with.
pub const WEEKS_BEFORE: usize = 12;
/// Days without an interview after which a job is silent.
pub const SILENT_DAYS: usize = 7;
/// For so many days it is said that a job is silent.
pub const SAID_FOR_DAYS: usize = 14;
/// Least completions of each of the weeks before a silence, and least mean of them all.
const LEAST_OF_EACH_WEEK: u32 = 3;
const LEAST_MEAN: f64 = 10.0;
const SIGNIFICANT: f64 = 0.01;
/// How far beyond all the weeks before a week must be: a quarter.
const BEYOND: f64 = 0.25;
const LEAST_DIFFERENCE: f64 = 5.0;

/// The weeks before, against which a count is said.
pub type WeeksBefore = [u32; WEEKS_BEFORE];

/// A job that fell silent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Silence {
    /// Whole days without an interview.
    pub days: usize,
    /// Mean of the twelve weeks before.
    pub before: f64,
}

/// A week of another volume than those before.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VolumeChange {
    pub count: u32,
    /// Mean of the twelve weeks before.
    pub before: f64,
    /// p-value of the t test.
    pub p: f64,
}

/// Whether a job fell silent, from its completions by day, oldest first: seven whole days without any, after twelve weeks
/// that each had some. It is said for two weeks.
#[must_use]
pub fn silence(days: &[u32]) -> Option<Silence> {
    let silent = days.iter().rev().take_while(|count| **count == 0).count();
    if !(SILENT_DAYS..SILENT_DAYS + SAID_FOR_DAYS).contains(&silent) {
        return None;
    }
    let before = weeks(&days[..days.len() - silent])?;
    let before_mean = mean(&before.map(f64::from));
    let was_steady = before.iter().all(|count| *count >= LEAST_OF_EACH_WEEK) && before_mean >= LEAST_MEAN;
    was_steady.then_some(Silence { days: silent, before: before_mean })
}

/// The last twelve weeks of some days.
fn weeks(days: &[u32]) -> Option<WeeksBefore> {
    let first = days.len().checked_sub(WEEKS_BEFORE * 7)?;
    let mut weeks = [0; WEEKS_BEFORE];
    for (week, days) in weeks.iter_mut().zip(days[first..].chunks(7)) {
        *week = days.iter().sum();
    }
    Some(weeks)
}

/// Whether the volume of a week is another than that of the twelve before.
#[must_use]
pub fn change(count: u32, before: &WeeksBefore) -> Option<VolumeChange> {
    let was = mean(&before.map(f64::from));
    let now = f64::from(count);
    let (least, most) = before.iter().fold((u32::MAX, 0), |(least, most), one| (least.min(*one), most.max(*one)));
    let is_far = if now > was {
        now >= was * LEAST_RATIO && now >= f64::from(most) * (1.0 + BEYOND)
    } else {
        now <= was / LEAST_RATIO && now <= f64::from(least) * (1.0 - BEYOND)
    };
    if !is_far || (now - was).abs() < LEAST_DIFFERENCE {
        return None;
    }
    let p = p(count, before);
    (p < SIGNIFICANT).then_some(VolumeChange { count, before: was, p })
}

/// p-value that a count is one more of the weeks before, with the variance of these alone.
#[must_use]
pub fn p(count: u32, before: &WeeksBefore) -> f64 {
    p_with(count, before, variance(before), 1)
}

/// The same with a variance that is the mean of those of some jobs: square roots of counts have about the same one whatever
/// their mean (Anscombe), so that all together know it better.
#[must_use]
pub fn p_with(count: u32, before: &WeeksBefore, variance: f64, jobs: u32) -> f64 {
    let difference = root(count) - mean(&before.map(root));
    if difference == 0.0 {
        return 1.0;
    }
    let one_more = 1.0 + 1.0 / WEEKS_BEFORE as f64;
    student_t(difference / (variance * one_more).sqrt(), (WEEKS_BEFORE as u32 - 1) * jobs)
}

/// Variance of the square roots of the weeks before.
#[must_use]
pub fn variance(before: &WeeksBefore) -> f64 {
    let roots = before.map(root);
    let was = mean(&roots);
    roots.iter().map(|one| (one - was) * (one - was)).sum::<f64>() / (roots.len() as f64 - 1.0)
}

fn root(count: u32) -> f64 {
    band::root(f64::from(count))
}

/// Whether a week's volume fell so far that it counts towards "most jobs fell".
#[must_use]
pub fn fell(count: u32, before: &WeeksBefore) -> bool {
    let was = mean(&before.map(f64::from));
    was - f64::from(count) >= LEAST_DIFFERENCE && f64::from(count) <= was / LEAST_RATIO
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Days of weeks that have all their completions on one day, and then silent ones.
    fn days(weeks: &[u32], silent: usize) -> Vec<u32> {
        let mut days: Vec<u32> = weeks.iter().flat_map(|count| [0, 0, 0, 0, 0, 0, *count]).collect();
        days.extend(vec![0; silent]);
        days
    }

    #[test]
    fn the_test_of_a_week_is_that_of_scipy() {
        let golden: serde_json::Value =
            serde_json::from_str(include_str!("../../../data/golden/statistics.json")).unwrap();
        let cases = golden["weeks"].as_array().unwrap();
        assert!(cases.len() >= 16);
        for case in cases {
            let before: WeeksBefore = serde_json::from_value(case["before"].clone()).unwrap();
            let count = u32::try_from(case["count"].as_u64().unwrap()).unwrap();
            assert!((p(count, &before) - case["p"].as_f64().unwrap()).abs() < 1e-9, "{case}");
        }
    }

    #[test]
    fn a_steady_job_without_an_interview_for_a_week_is_silent() {
        let steady = [22; 12];
        let of = |silent| silence(&days(&steady, silent)).map(|silence| (silence.days, silence.before));
        assert_eq!([6, 7, 20, 21].map(of), [None, Some((7, 22.0)), Some((20, 22.0)), None]);
        let mut quiet = steady;
        quiet[3] = 2;
        assert_eq!(silence(&days(&quiet, 7)), None, "a week of two");
        assert_eq!(silence(&days(&[9; 12], 7)), None, "too few a week");
        assert_eq!(silence(&days(&steady[1..], 7)), None, "too short a history");
        assert_eq!(silence(&[]), None);
    }

    #[test]
    fn a_volume_has_changed_if_it_is_far_beyond_all_weeks_before() {
        let before = [20, 24, 22, 19, 25, 23, 21, 22, 24, 20, 23, 21];
        let of = |count| change(count, &before).map(|change| change.count);
        assert_eq!([66, 40, 39, 22].map(of), [Some(66), Some(40), None, None]);
        assert_eq!([12, 13, 0].map(of), [Some(12), None, Some(0)]);
        let mut once = before;
        once[4] = 60;
        assert_eq!(change(66, &once), None, "it was seen before");
        assert_eq!(change(6, &[2; 12]), None, "four more");
        assert!(fell(12, &before) && !fell(13, &before) && !fell(0, &[4; 12]));
    }
}

//! Completion rates, over cohorts that have had their time.

use jiff::ToSpan;
use jiff::civil::Date;

use super::share::{as_float, share};
use super::values::quantile;
use crate::report::atoms::Grid;
use crate::report::frames::{Cohort, State};
use crate::report::model::{Completion, Period};
use crate::report::period::{Calendar, Span};

/// Least number of days over which a cohort was created.
const LEAST_DAYS: u32 = 28;
/// Days until it is known that an interview has expired.
const UNTIL_KNOWN: i64 = 4;
/// Share of a cohort that may be open still.
const MOST_OPEN: f64 = 0.05;
/// Interviews are open for so long, or shorter, as a rule.
const AS_A_RULE: f64 = 0.95;
const DAY_MICROS: f64 = 24.0 * 3600.0 * 1e6;

/// When interviews were created, and what has become of them, by job.
pub struct Completions<'a> {
    calendar: &'a Calendar,
    cohort: Grid<(i64, State)>,
    validity: Grid<i64>,
    /// Days for which interviews of any job are open; `None` if no expiry is known.
    validity_of_all: Option<i64>,
}

impl<'a> Completions<'a> {
    pub fn new(cohort: &Cohort, jobs: usize, calendar: &'a Calendar) -> Self {
        let created = cohort.job.iter().zip(cohort.created_at.iter().zip(&cohort.state));
        let validity = Grid::new(jobs, 1, cohort.validity.iter().map(|(job, span)| (*job, 0, *span)));
        Self {
            calendar,
            cohort: Grid::new(jobs, 1, created.map(|(job, (at, state))| (*job, 0, (*at, *state)))),
            validity_of_all: days_of(cohort.validity.iter().map(|(_, span)| *span)),
            validity,
        }
    }

    /// Completion rate of some jobs for a period.
    pub fn of(&self, jobs: &[u32], period: &Period) -> Completion {
        let missing = |why: String| Completion { completion_rate_missing: Some(why), ..Completion::default() };
        if jobs.iter().all(|job| self.cohort.of(*job, &(0..1)).is_empty()) {
            return missing("no interview was first seen through an id list".to_owned());
        }
        let Some(last) = self.last_day(jobs, period.until) else {
            return missing("it is not known when interviews expire".to_owned());
        };
        let Ok(from) = last.checked_sub((i64::from(period.days.max(LEAST_DAYS)) - 1).days()) else {
            return missing("its cohort would be too long ago".to_owned());
        };
        let [completed, expired, open] = self.counts(jobs, from, last).unwrap_or_default();
        let settled = completed + expired;
        let created = format!("created from {} to {}", day(from), day(last));
        let still_open_share = share(open, settled + open);
        let why = match still_open_share {
            None => Some(format!("none {created} was first seen through an id list")),
            Some(open) if open > MOST_OPEN => Some(format!("{:.0} % of those {created} are still open", open * 100.0)),
            Some(_) => None,
        };
        Completion {
            completion_from: Some(from),
            completion_last: Some(last),
            completion_cohort: settled + open,
            completion_settled: settled,
            completion_rate: share(completed, settled).filter(|_| why.is_none()),
            still_open_share,
            completion_rate_missing: why,
        }
    }

    /// Completed and expired interviews of the period's cohort, if it has a rate.
    pub fn settled(&self, jobs: &[u32], period: &Period) -> Option<[u64; 2]> {
        let completion = self.of(jobs, period);
        completion.completion_rate?;
        let [completed, expired, _] = self.counts(jobs, completion.completion_from?, completion.completion_last?)?;
        Some([completed.unsigned_abs(), expired.unsigned_abs()])
    }

    /// Completion rate of those created in a week; `None` until they have had their time.
    pub fn of_week(&self, jobs: &[u32], week: usize) -> Option<f64> {
        let span = self.calendar.week(week);
        let last = self.last_day(jobs, self.calendar.period.until)?;
        if span.until > self.calendar.midnight(last.tomorrow().ok()?).ok()? {
            return None;
        }
        let [completed, expired, open] = self.counts_in(jobs, span);
        let is_over = share(open, completed + expired + open).is_some_and(|open| open <= MOST_OPEN);
        share(completed, completed + expired).filter(|_| is_over)
    }

    /// The last day on which a cohort can have been created that has had its time before `until`.
    fn last_day(&self, jobs: &[u32], until: Date) -> Option<Date> {
        let own = days_of(jobs.iter().flat_map(|job| self.validity.of(*job, &(0..1))).copied());
        let days = own.or(self.validity_of_all)? + UNTIL_KNOWN + 1;
        until.checked_sub(days.days()).ok()
    }

    /// Completed, expired and open interviews that were created on some days.
    fn counts(&self, jobs: &[u32], first: Date, last: Date) -> Option<[i64; 3]> {
        let [from, until] = [first, last.tomorrow().ok()?].map(|day| self.calendar.midnight(day).ok());
        Some(self.counts_in(jobs, Span { from: from?, until: until? }))
    }

    fn counts_in(&self, jobs: &[u32], span: Span) -> [i64; 3] {
        let mut counts = [0; 3];
        let of_jobs = jobs.iter().flat_map(|job| self.cohort.of(*job, &(0..1)));
        for (_, state) in of_jobs.filter(|(at, _)| span.contains(*at)) {
            counts[*state as usize] += 1;
        }
        counts
    }
}

/// Whole days, rounded up, for which interviews are open as a rule.
fn days_of(spans: impl Iterator<Item = i64>) -> Option<i64> {
    let mut days: Vec<f64> = spans.map(|micros| as_float(micros) / DAY_MICROS).collect();
    days.sort_unstable_by(f64::total_cmp);
    #[expect(clippy::cast_possible_truncation, reason = "a cast saturates, and jiff refuses spans out of range")]
    quantile(&days, AS_A_RULE).map(|days| (days.ceil() as i64).min(100_000))
}

fn day(date: Date) -> String {
    date.strftime("%-d %b %Y").to_string()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use jiff::Timestamp;

    use super::*;
    use crate::pipeline::ReportPlan;

    const DAY: i64 = 24 * 3600 * 1_000_000;

    fn at(day: &str) -> i64 {
        format!("{day}T09:00:00Z").parse::<Timestamp>().unwrap().as_microsecond()
    }

    /// Interviews of job 0 by the day on which they were created, as completed, expired and open; open for ten days.
    fn cohort(days: &[(&str, [usize; 3])], is_expiry_known: bool) -> Cohort {
        let mut cohort = Cohort::default();
        for (day, counts) in days {
            for (state, count) in [State::Completed, State::Expired, State::Open].into_iter().zip(counts) {
                for _ in 0..*count {
                    cohort.job.push(0);
                    cohort.created_at.push(at(day));
                    cohort.state.push(state);
                    if is_expiry_known && state != State::Completed {
                        cohort.validity.push((0, 10 * DAY));
                    }
                }
            }
        }
        cohort
    }

    fn calendar(days: u32) -> Calendar {
        let plan = ReportPlan {
            days,
            until: Some("2026-06-01".parse().unwrap()),
            ..ReportPlan::new(PathBuf::from("reports"))
        };
        Calendar::new(&plan, Timestamp::UNIX_EPOCH).unwrap()
    }

    fn rate(cohort: &Cohort, days: u32) -> Completion {
        let calendar = calendar(days);
        Completions::new(cohort, 2, &calendar).of(&[0], &calendar.period)
    }

    #[test]
    fn a_cohort_has_had_its_time() {
        // Ten days of validity and four until an expiry is known: it ends on 17 May.
        let all = cohort(
            &[
                ("2026-04-19", [8, 0, 0]),
                ("2026-04-20", [15, 5, 0]),
                ("2026-05-17", [10, 9, 1]),
                ("2026-05-18", [30, 0, 0]),
                ("2026-05-30", [2, 0, 38]),
            ],
            true,
        );
        for days in [7, 28] {
            let completion = rate(&all, days);
            let day = |day: Option<Date>| day.unwrap().to_string();
            assert_eq!(day(completion.completion_from), "2026-04-20", "at least 28 days");
            assert_eq!(day(completion.completion_last), "2026-05-17");
            assert_eq!((completion.completion_cohort, completion.completion_settled), (40, 39));
            assert_eq!(completion.completion_rate, Some(25.0 / 39.0));
            assert_eq!(completion.still_open_share, Some(1.0 / 40.0));
            assert_eq!(completion.completion_rate_missing, None);
        }
        assert_eq!(rate(&all, 29).completion_cohort, 48);
    }

    #[test]
    fn the_rate_of_a_week_is_there_once_it_has_had_its_time() {
        let all = cohort(&[("2026-05-12", [6, 2, 0]), ("2026-05-18", [6, 0, 0])], true);
        let calendar = calendar(28);
        let completions = Completions::new(&all, 2, &calendar);
        let weeks: Vec<Option<f64>> = (0..calendar.weeks.len()).map(|week| completions.of_week(&[0], week)).collect();
        // The week from 11 May is the last one that ends by 17 May.
        assert_eq!(weeks[weeks.len() - 4..], [None, Some(0.75), None, None]);
        assert_eq!(calendar.weeks[weeks.len() - 3].from.to_string(), "2026-05-11");
    }

    #[test]
    fn without_a_rate_it_is_said_why() {
        let why = |cohort: &Cohort| {
            let completion = rate(cohort, 28);
            assert_eq!(completion.completion_rate, None);
            completion.completion_rate_missing.unwrap()
        };
        assert_eq!(
            why(&cohort(&[("2026-05-10", [90, 3, 7])], true)),
            "7 % of those created from 20 Apr 2026 to 17 May 2026 are still open"
        );
        assert_eq!(why(&cohort(&[("2026-05-10", [6, 0, 0])], false)), "it is not known when interviews expire");
        assert_eq!(
            why(&cohort(&[("2026-05-30", [6, 0, 4])], true)),
            "none created from 20 Apr 2026 to 17 May 2026 was first seen through an id list"
        );
        assert_eq!(why(&Cohort::default()), "no interview was first seen through an id list");
    }

    #[test]
    fn a_job_without_an_expiry_has_the_validity_of_all() {
        let mut all = cohort(&[("2026-05-17", [6, 0, 0])], false);
        all.validity.push((1, 10 * DAY));
        assert_eq!(rate(&all, 28).completion_last.unwrap().to_string(), "2026-05-17");
        all.validity.push((0, 12 * DAY + 1));
        assert_eq!(rate(&all, 28).completion_last.unwrap().to_string(), "2026-05-14", "its own, rounded up");
    }
}

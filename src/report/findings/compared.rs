//! What differs from the previous period beyond chance. Persons are compared, each with their last interview in the group
//! and period.

use std::ops::Range;

use super::found::{Found, Measured};
use crate::model::statistics::{Fisher, mann_whitney};
use crate::pipeline::FindingKind;
use crate::report::aggregate::{Completions, Counted, DURATION, INTERVIEW_PACE, LENGTH, Value, last, median};
use crate::report::html::format::figure;
use crate::report::model::{Period, Unit};

/// Weeks of history that a comparison needs, at least.
const LEAST_WEEKS: u32 = 6;
/// Least rank-biserial correlation that makes a finding of a difference in numbers.
const LEAST_CORRELATION: f64 = 0.15;
/// Least change of a median that makes a finding, relative to the previous median.
const LEAST_CHANGE: f64 = 0.05;
/// Least difference of shares that makes a finding.
const LEAST_DIFFERENCE: f64 = 0.1;

/// All comparisons of the figures that are shown in both periods, over all these jobs and of each, whatever came of them;
/// or why there are none. Their q-values are not set.
pub fn comparisons(counted: &Counted<'_>, jobs: &[u32], weeks_of_history: u32) -> Result<Vec<Found>, String> {
    let calendar = counted.calendar;
    let before = calendar.previous_segments.as_ref().zip(calendar.previous_period.as_ref());
    let Some((previous, previous_period)) = before else {
        return Err("this report is compared with no other period".to_owned());
    };
    if weeks_of_history < LEAST_WEEKS {
        return Err(format!(
            "{LEAST_WEEKS} whole weeks of interviews are needed to tell change from chance, and the lake holds {weeks_of_history}"
        ));
    }
    let frames = counted.frames;
    let compared = Comparisons {
        counted,
        segments: [&calendar.current_segments, previous],
        periods: [&calendar.period, previous_period],
        rates: Completions::new(&frames.interviews.cohort, frames.jobs.len(), calendar),
        fisher: Fisher::up_to((frames.interviews.ids.len() + frames.interviews.cohort.job.len()) as u64),
    };
    let all = compared.of(None, jobs);
    let each = jobs.iter().flat_map(|job| compared.of(Some(*job), std::slice::from_ref(job)));
    let found: Vec<Found> = all.into_iter().chain(each).collect();
    if found.is_empty() { Err("no figure is shown in both periods".to_owned()) } else { Ok(found) }
}

/// Whether a difference is large enough to be reported.
pub fn matters(measured: &Measured) -> bool {
    let Some(previous) = measured.previous else { return false };
    let difference = (measured.value - previous).abs();
    if measured.unit == Unit::Share {
        return difference >= LEAST_DIFFERENCE;
    }
    measured.effect.is_some_and(|effect| effect.abs() >= LEAST_CORRELATION)
        && difference >= LEAST_CHANGE * previous.abs()
}

/// Two samples of numbers by their medians; `None` if they cannot be ranked.
pub fn medians(unit: Unit, now: &[Value], before: &[Value]) -> Option<Measured> {
    let values = |of: &[Value]| of.iter().map(|value| value.value).collect::<Vec<f64>>();
    let test = mann_whitney(&values(now), &values(before))?;
    Some(Measured {
        previous: Some(median(before)?),
        previous_n: Some(before.len()),
        test: "Mann-Whitney",
        p: Some(test.p),
        effect: Some(test.effect),
        ..Measured::plain(unit, median(now)?, now.len())
    })
}

struct Comparisons<'a> {
    counted: &'a Counted<'a>,
    /// Of this period, and of the one before.
    segments: [&'a Range<usize>; 2],
    periods: [&'a Period; 2],
    rates: Completions<'a>,
    fisher: Fisher,
}

impl Comparisons<'_> {
    /// Compares all figures of a job, or of all jobs.
    fn of(&self, job: Option<u32>, jobs: &[u32]) -> Vec<Found> {
        let mut found = self.numbers(job, jobs);
        found.extend(self.completion_rate(job, jobs));
        found.extend(self.keywords(job, jobs));
        found
    }

    fn numbers(&self, job: Option<u32>, jobs: &[u32]) -> Vec<Found> {
        let numbers = [
            (FindingKind::Duration, "the median duration", Unit::Seconds, DURATION),
            (FindingKind::Length, "the median answer length", Unit::Characters, LENGTH),
            (FindingKind::Pace, "the median pace of an interview", Unit::WordsPerMinute, INTERVIEW_PACE),
        ];
        let compared = |(kind, label, unit, index): (FindingKind, &str, Unit, usize)| {
            let [now, before] = self.segments.map(|segments| self.once_each(jobs, index, segments));
            let section = if job.is_some() { "spread" } else { "distributions" };
            Some(found(job, kind, (section, label, ""), medians(unit, &now?, &before?)?))
        };
        numbers.into_iter().filter_map(compared).collect()
    }

    /// The values of a figure of interviews, of each person that of the last one; `None` if there is nothing to be shown.
    fn once_each(&self, jobs: &[u32], figure: usize, segments: &Range<usize>) -> Option<Vec<Value>> {
        let values = self.counted.figures[figure].within(jobs, segments).filter(|values| !values.is_empty())?;
        let last = last(self.counted.frames, values.iter().map(|value| (value.person, value.row)));
        Some(values.into_iter().filter(|value| last[&value.person] == value.row).collect())
    }

    fn completion_rate(&self, job: Option<u32>, jobs: &[u32]) -> Option<Found> {
        let [now, before] = self.periods.map(|period| self.rates.of(jobs, period));
        // Cohorts that share days are no two samples.
        if now.completion_from? <= before.completion_last? {
            return None;
        }
        let [now, before] = self.periods.map(|period| self.rates.settled(jobs, period));
        let about = ("glance", "the completion rate", "");
        Some(found(job, FindingKind::Completion, about, self.shares(now?, before?)?))
    }

    fn keywords(&self, job: Option<u32>, jobs: &[u32]) -> Vec<Found> {
        let Counted { frames, people, terms, .. } = self.counted;
        let is_shown = |segments: &&Range<usize>| {
            let union = self.counted.atoms.within(jobs, segments);
            // Over several jobs persons are counted of all of them.
            union.is_whole && union.is_shown(jobs) && !union.atoms.is_empty()
        };
        if !self.segments.iter().all(is_shown) {
            return Vec::new();
        }
        let rows = &frames.interviews;
        let counts_once = if job.is_some() { &people.in_job } else { &people.in_group };
        let persons = self.segments.map(|segments| {
            let is_in = |row: &usize| segments.contains(&(rows.segment[*row] as usize));
            let of_group = |row: &usize| jobs.binary_search(&rows.job[*row]).is_ok();
            let once = (0..rows.ids.len()).filter(|row| counts_once[*row] && is_in(row) && of_group(row));
            once.count() as u64
        });
        let terms = (0u32..).zip(&frames.hits.terms).filter_map(|(term, named)| {
            let with = match job {
                Some(job) => terms.persons.get(&(job, term)),
                None => terms.persons_of_group.get(&term),
            };
            let [now, before] = *with?;
            let table = |with: u64, of: u64| [with, of - with];
            if largest_difference(now + before, persons) < LEAST_DIFFERENCE {
                return None;
            }
            let label = format!("the share of those who mention “{}”", named.name);
            let section = job.map_or_else(|| format!("set-{}", named.set + 1), |_| "keywords".to_owned());
            let about = (section.as_str(), label.as_str(), named.name.as_str());
            let measured = self.shares(table(now, persons[0]), table(before, persons[1]))?;
            Some(found(job, FindingKind::Keyword, about, measured))
        });
        terms.collect()
    }

    /// Compares two shares, each as those that count and those that do not.
    fn shares(&self, now: [u64; 2], before: [u64; 2]) -> Option<Measured> {
        let n = [now, before].map(|[with, without]| usize::try_from(with + without).expect("a count in memory"));
        if n.contains(&0) {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "counts of interviews are far below 2^53")]
        let [value, previous] = [now, before].map(|[with, without]| with as f64 / (with + without) as f64);
        Some(Measured {
            previous: Some(previous),
            previous_n: Some(n[1]),
            test: "Fisher",
            p: Some(self.fisher.p(now, before)),
            effect: Some(value - previous),
            ..Measured::plain(Unit::Share, value, n[0])
        })
    }
}

/// The largest difference of shares that two groups of these sizes could have, given how many of both have something. It
/// says nothing of whether they differ, so leaving out what cannot matter leaves the other p-values what they are.
fn largest_difference(with: u64, persons: [u64; 2]) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "counts of persons are far below 2^53")]
    let share = |with: u64, of: u64| if of == 0 { 0.0 } else { with as f64 / of as f64 };
    let [n, other] = persons;
    let all_in = |n: u64, other: u64| share(with.min(n), n) - share(with.saturating_sub(n), other);
    all_in(n, other).max(all_in(other, n))
}

/// A comparison with the section that has its figures, what is compared, and the keyword if it is one.
fn found(
    job: Option<u32>,
    kind: FindingKind,
    (section, label, keyword): (&str, &str, &str),
    measured: Measured,
) -> Found {
    let previous = measured.previous.unwrap_or_default();
    let word = if measured.value > previous { "rose" } else { "fell" };
    let unit = match measured.unit {
        Unit::Seconds => " minutes",
        Unit::Characters => " characters",
        Unit::WordsPerMinute => " words a minute",
        _ => "",
    };
    let [now, before] = [measured.value, previous].map(|value| figure(Some(value), measured.unit));
    let n = measured.previous_n.unwrap_or_default();
    let text = format!("{label} {word} from {before} to {now}{unit} (n {n} and {})", measured.n);
    Found {
        job,
        kind,
        is_new: true,
        anchor: section.to_owned(),
        text,
        about: keyword.to_lowercase(),
        weight: 0.0,
        measured,
    }
}

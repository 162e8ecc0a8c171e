//! Values of figures, and their summaries.

use std::ops::Range;
use std::sync::Arc;

use super::share::as_float;
use crate::report::atoms::{Atoms, Grid, Union, distinct};
use crate::report::frames::Frames;
use crate::report::model::Distribution;

/// Least number of persons of whom more is shown than n and a rounded median.
const ENOUGH_FOR_ALL: usize = 20;

/// A figure of an interview or answer.
#[derive(Debug, Clone, Copy)]
pub struct Value {
    pub value: f64,
    pub person: u32,
    /// The row of the interview or answer.
    pub row: u32,
}

/// The values of a figure by interview, or by answer. They are computed from the frames when they are asked for.
pub struct Column<'a> {
    frames: &'a Frames,
    is_of_answers: bool,
    value: Box<dyn Fn(usize) -> Option<f64> + Send + Sync + 'a>,
}

impl<'a> Column<'a> {
    /// A figure of completed interviews.
    pub fn of_interviews(frames: &'a Frames, value: impl Fn(usize) -> Option<f64> + Send + Sync + 'a) -> Self {
        let is_completed = |row: usize| frames.interviews.completed[row];
        let value = move |row| if is_completed(row) { value(row) } else { None };
        Self { frames, is_of_answers: false, value: Box::new(value) }
    }

    pub fn of_answers(frames: &'a Frames, value: impl Fn(usize) -> Option<f64> + Send + Sync + 'a) -> Self {
        Self { frames, is_of_answers: true, value: Box::new(value) }
    }

    /// The row of the interview that a row is of.
    fn interview(&self, row: u32) -> usize {
        (if self.is_of_answers { self.frames.responses.interview[row as usize] } else { row }) as usize
    }

    fn person(&self, row: u32) -> u32 {
        self.frames.interviews.candidate[self.interview(row)]
    }

    fn value(&self, row: u32) -> Option<Value> {
        let value = (self.value)(row as usize).filter(|value| value.is_finite())?;
        Some(Value { value, person: self.person(row), row })
    }
}

/// A figure, and the atoms of the rows that have it.
pub struct Figure<'a> {
    column: Column<'a>,
    /// All interviews or answers that there are, which have a value or not.
    rows: Arc<Grid<u32>>,
    pub atoms: Atoms,
}

impl<'a> Figure<'a> {
    /// `all` are completed interviews, and answers.
    pub fn new(column: Column<'a>, [interviews, answers]: [&Arc<Grid<u32>>; 2], regions: &[Range<usize>]) -> Self {
        let rows = if column.is_of_answers { answers } else { interviews };
        let atoms = Atoms::new(rows, regions, |row| column.value(*row).map(|value| value.person));
        Self { column, rows: Arc::clone(rows), atoms }
    }

    /// The values in whole atoms of some jobs and segments; `None` if these are not shown.
    pub fn within(&self, jobs: &[u32], segments: &Range<usize>) -> Option<Vec<Value>> {
        let union = self.atoms.within(jobs, segments);
        union.is_shown(jobs).then(|| self.values(&union).collect())
    }

    pub fn summary(&self, jobs: &[u32], segments: &Range<usize>) -> Distribution {
        self.sorted(jobs, segments).map_or_else(Distribution::default, Sorted::summary)
    }

    /// Median as it is shown.
    pub fn median(&self, jobs: &[u32], segments: &Range<usize>) -> Option<f64> {
        self.sorted(jobs, segments)?.median()
    }

    /// How many values there are at most.
    fn most(&self, union: &Union<'_>) -> usize {
        union.atoms.iter().map(|atom| self.rows.in_atom(atom).count()).sum()
    }

    fn values<'b>(&'b self, union: &'b Union<'_>) -> impl Iterator<Item = Value> + use<'a, 'b> {
        let rows = union.atoms.iter().flat_map(|atom| self.rows.in_atom(atom));
        rows.filter_map(|row| self.column.value(*row))
    }

    /// The rows that have the figure in whole atoms of some jobs and segments; `None` if these are not shown, or are of too
    /// few persons for more than n and a rounded median.
    pub fn rows_of_many(&self, jobs: &[u32], segments: &Range<usize>) -> Option<Vec<u32>> {
        let union = self.atoms.within(jobs, segments);
        let is_shown = union.is_shown(jobs) && is_of_many(self.values(&union).map(|value| value.person));
        is_shown.then(|| {
            let mut rows = Vec::with_capacity(self.most(&union));
            rows.extend(self.values(&union).map(|value| value.row));
            rows
        })
    }

    /// The values alone: there may be millions, and their persons are counted on the way.
    fn sorted(&self, jobs: &[u32], segments: &Range<usize>) -> Option<Sorted> {
        let union = self.atoms.within(jobs, segments);
        if !union.is_shown(jobs) {
            return None;
        }
        let values = || self.values(&union);
        let is_of_many = is_of_many(values().map(|value| value.person));
        let mut all = Vec::with_capacity(self.most(&union));
        all.extend(values().map(|value| value.value));
        Some(Sorted::new(all, is_of_many))
    }
}

/// Values from the least to the greatest.
struct Sorted {
    values: Vec<f64>,
    /// Whether they are of so many persons that more is shown of them than n and a rounded median.
    is_of_many: bool,
}

impl Sorted {
    fn new(mut values: Vec<f64>, is_of_many: bool) -> Self {
        values.sort_unstable_by(f64::total_cmp);
        Self { values, is_of_many }
    }

    fn of(values: &[Value]) -> Self {
        let is_of_many = is_of_many(values.iter().map(|value| value.person));
        Self::new(values.iter().map(|value| value.value).collect(), is_of_many)
    }

    fn median(&self) -> Option<f64> {
        let median = quantile(&self.values, 0.5);
        if self.is_of_many { median } else { median.map(rounded) }
    }

    fn summary(self) -> Distribution {
        let sorted = &self.values;
        let n = i64::try_from(sorted.len()).expect("a count of rows");
        if !self.is_of_many {
            return Distribution { n: Some(n), median: self.median(), ..Distribution::default() };
        }
        // Sums are made in the order of the values, so that they do not depend on that of the files.
        let finite = |value: f64| Some(value).filter(|value| value.is_finite());
        let mean = sorted.iter().sum::<f64>() / as_float(n);
        let squares: f64 = sorted.iter().map(|value| (value - mean) * (value - mean)).sum();
        Distribution {
            n: Some(n),
            median: self.median(),
            quartile_1: quantile(sorted, 0.25),
            quartile_3: quantile(sorted, 0.75),
            mean: finite(mean),
            standard_deviation: finite((squares / as_float(n - 1)).sqrt()),
        }
    }
}

/// Whether there are so many persons that more is shown than n and a rounded median.
pub fn is_of_many(persons: impl Iterator<Item = u32>) -> bool {
    distinct(persons, ENOUGH_FOR_ALL) >= ENOUGH_FOR_ALL
}

pub fn has_persons(values: &[Value], least: usize) -> bool {
    distinct(values.iter().map(|value| value.person), least) >= least
}

/// Summary of values that are shown.
pub fn summary(values: &[Value]) -> Distribution {
    Sorted::of(values).summary()
}

/// Median as it is shown: rounded if it is of few.
pub fn median(values: &[Value]) -> Option<f64> {
    Sorted::of(values).median()
}

/// Quantile of sorted values, interpolated linearly.
pub fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let at = share * as_float(i64::try_from(last).expect("a count of rows"));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place among the values")]
    let below = at.floor() as usize;
    let (low, high) = (sorted[below], sorted[(below + 1).min(last)]);
    let value = low + (at - at.floor()) * (high - low);
    Some(value).filter(|value| value.is_finite())
}

/// Rounds to two significant digits.
pub fn rounded(value: f64) -> f64 {
    format!("{value:.1e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[f64], persons: u32) -> Vec<Value> {
        (0u32..).zip(values).map(|(row, value)| Value { value: *value, person: row % persons, row }).collect()
    }

    #[test]
    fn of_few_persons_there_is_a_rounded_median() {
        let values: Vec<f64> = (0..40).map(|value| 283.0 + f64::from(value)).collect();
        let few = summary(&of(&values, 19));
        assert_eq!((few.n, few.median), (Some(40), Some(300.0)));
        assert_eq!((few.quartile_1, few.mean, few.standard_deviation), (None, None, None));
        let many = summary(&of(&values, 20));
        assert_eq!((many.median, many.quartile_1, many.mean), (Some(302.5), Some(292.75), Some(302.5)));
        assert!((many.standard_deviation.unwrap() - 11.690_451_944_500_12).abs() < 1e-12);
        assert_eq!(summary(&[]).n, Some(0));
    }

    #[test]
    fn two_digits_are_left_of_a_rounded_figure() {
        assert_eq!([283.5, 57.0, 0.583, 0.0, 1.7e18].map(rounded), [280.0, 57.0, 0.58, 0.0, 1.7e18]);
    }
}

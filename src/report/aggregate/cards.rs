//! The five figures at the top of a page.

use super::counted::{Counted, DURATION, LENGTH, PACE};
use super::share::as_float;
use crate::report::model::{Card, Completion, Distribution, Figures, SeriesPoint, Unit, WeekFigures};

impl Counted<'_> {
    /// The cards of some jobs.
    pub fn cards(
        &self,
        jobs: &[u32],
        figures: &Figures,
        previous: Option<&Figures>,
        weekly: &[WeekFigures],
    ) -> Vec<Card> {
        let card = |name, label, unit, n, [value, previous]: [Option<f64>; 2], series| Card {
            name,
            label,
            unit,
            value,
            previous,
            change: change(value, previous, unit),
            n,
            note: None,
            series,
        };
        let both = |of: fn(&Figures) -> Option<f64>| [of(figures), previous.and_then(of)];
        let by_week = |of: fn(&WeekFigures) -> Option<f64>| -> Vec<SeriesPoint> {
            weekly
                .iter()
                .enumerate()
                .map(|(week, figures)| SeriesPoint { week, weeks: 1, value: of(figures) })
                .collect()
        };
        let median = |name, label, unit, of: fn(&Figures) -> &Distribution, figure| {
            let medians = [of(figures).median, previous.and_then(|previous| of(previous).median)];
            Card {
                note: lacks(figures, of(figures)),
                ..card(name, label, unit, of(figures).n, medians, self.series(jobs, figure))
            }
        };
        let completed = both(|figures| Some(as_float(figures.completed)));
        // The newest weeks have not had their time.
        let mut rates = by_week(|week| week.completion_rate);
        rates.truncate(rates.iter().rposition(|point| point.value.is_some()).map_or(0, |last| last + 1));
        let completion = &figures.completion;
        vec![
            card(
                "completed",
                "Completed",
                Unit::Interviews,
                Some(figures.completed),
                completed,
                by_week(|week| Some(as_float(week.completed))),
            ),
            Card {
                note: Some(cohort(completion)),
                ..card(
                    "completion_rate",
                    "Completion rate",
                    Unit::Share,
                    completion.completion_rate.map(|_| completion.completion_settled),
                    both(|figures| figures.completion.completion_rate),
                    rates,
                )
            },
            median(
                "median_duration_seconds",
                "Median duration",
                Unit::Seconds,
                |figures| &figures.total_duration_seconds,
                DURATION,
            ),
            median(
                "median_response_length",
                "Median answer length",
                Unit::Characters,
                |figures| &figures.average_response_length,
                LENGTH,
            ),
            median(
                "median_words_per_minute",
                "Median pace",
                Unit::WordsPerMinute,
                |figures| &figures.words_per_minute,
                PACE,
            ),
        ]
    }

    /// The median of a figure over the weeks.
    fn series(&self, jobs: &[u32], figure: usize) -> Vec<SeriesPoint> {
        let figure = &self.figures[figure];
        let point = |run: std::ops::Range<usize>| SeriesPoint {
            week: run.start,
            weeks: run.len(),
            value: figure.median(jobs, &self.segments_of(&run)),
        };
        figure.atoms.runs(jobs, &self.calendar.week_segments).into_iter().map(point).collect()
    }
}

/// The days of a cohort, and how much of it is open; or why there is no rate.
fn cohort(completion: &Completion) -> String {
    let Completion { completion_from, completion_last, completion_cohort, still_open_share, .. } = completion;
    let day = |day: &jiff::civil::Date| day.strftime("%-d %b %Y").to_string();
    let open = still_open_share.filter(|open| *open > 0.0);
    let open = open.map_or_else(String::new, |open| format!("; {:.1} % still open", open * 100.0));
    match (&completion.completion_rate_missing, completion_from, completion_last) {
        (Some(why), ..) => why.clone(),
        (None, Some(from), Some(last)) => {
            format!("of {completion_cohort} created {} to {}{open}", day(from), day(last))
        }
        _ => String::new(),
    }
}

/// Why a median is missing, if interviews were completed.
fn lacks(figures: &Figures, distribution: &Distribution) -> Option<String> {
    let is_missing = figures.completed > 0 && distribution.median.is_none();
    is_missing.then(|| match (figures.described, distribution.n) {
        (0, _) => "too few persons".to_owned(),
        (_, Some(0)) => "no interview has it".to_owned(),
        _ => "too few persons have it".to_owned(),
    })
}

/// The change of a figure: a difference for shares, otherwise relative to the previous value.
fn change(value: Option<f64>, previous: Option<f64>, unit: Unit) -> Option<f64> {
    let (value, previous) = value.zip(previous)?;
    match unit {
        Unit::Share => Some(value - previous),
        _ => Some((value - previous) / previous).filter(|change| change.is_finite()),
    }
}

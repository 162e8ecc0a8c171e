//! The five figures at the top of a page.

use super::builder::ModelBuilder;
use super::cells::GroupCells;
use super::share::as_float;
use crate::report::model::{Card, Count, Distribution, Figures, Unit, WeekFigures};

impl ModelBuilder<'_> {
    /// The cards of a group. The completion rate is over the settled interviews of the cohort.
    pub fn cards(
        &self,
        figures: Option<&Figures>,
        previous: Option<&Figures>,
        weekly: &[WeekFigures],
        cells: &GroupCells,
    ) -> Vec<Card> {
        let Some(figures) = figures else { return Vec::new() };
        let [settled_completed, settled_expired, _] = cells.flow.cohort;
        let card =
            |name, label, unit, n, [value, previous]: [Option<f64>; 2], by_week: fn(&WeekFigures) -> Option<f64>| {
                Card {
                    name,
                    label,
                    unit,
                    value,
                    hidden: false,
                    previous,
                    previous_hidden: false,
                    change: change(value, previous, unit),
                    n,
                    missing: None,
                    series: weekly.iter().map(by_week).collect(),
                }
            };
        let both = |of: fn(&Figures) -> Option<f64>| [of(figures), previous.and_then(of)];
        let median = |name, label, unit, of: fn(&Figures) -> &Distribution, by_week| {
            let medians = [of(figures).median, previous.and_then(|previous| of(previous).median)];
            card(name, label, unit, of(figures).n, medians, by_week)
        };
        let completed = Card {
            hidden: figures.completed == Count(None),
            previous_hidden: previous.is_some_and(|previous| previous.completed == Count(None)),
            ..card(
                "completed",
                "Completed",
                Unit::Interviews,
                figures.completed,
                both(|figures| figures.completed.0.map(as_float)),
                |week| week.completed.0.map(as_float),
            )
        };
        let rate = Card {
            missing: figures.completion.completion_rate_missing.map(str::to_owned),
            ..card(
                "completion_rate",
                "Completion rate",
                Unit::Share,
                self.settled(settled_completed, settled_expired),
                both(|figures| figures.completion.completion_rate),
                |week| week.completion_rate,
            )
        };
        vec![
            completed,
            rate,
            median(
                "median_duration_seconds",
                "Median duration",
                Unit::Seconds,
                |figures| &figures.total_duration_seconds,
                |week| week.median_duration_seconds,
            ),
            median(
                "median_response_length",
                "Median answer length",
                Unit::Characters,
                |figures| &figures.average_response_length,
                |week| week.median_response_length,
            ),
            median(
                "median_words_per_minute",
                "Median pace",
                Unit::WordsPerMinute,
                |figures| &figures.words_per_minute,
                |week| week.median_words_per_minute,
            ),
        ]
    }
}

/// The change of a figure: a difference for shares, otherwise relative to the previous value.
fn change(value: Option<f64>, previous: Option<f64>, unit: Unit) -> Option<f64> {
    let (value, previous) = value.zip(previous)?;
    match unit {
        Unit::Share => Some(value - previous),
        _ => Some((value - previous) / previous).filter(|change| change.is_finite()),
    }
}

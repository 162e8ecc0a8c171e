//! Draws figures as charts, and describes each chart in words.

use minijinja::value::Value;

use super::format::{day, figure};
use crate::report::charts::{
    Bar, Caption, Quartiles, Scale, StackedColumn, columns, histogram, share_bar, spark_columns, spark_line, strip,
};
use crate::report::model::{self, Card, Distribution, KeywordPart, SeriesPoint, SpanFigures, Unit, Week, WeekFigures};

/// Least number of points of which a sparkline is drawn: fewer show no course.
const LEAST_POINTS: usize = 4;

/// A card's figure over the weeks: counts as columns, all other figures as a line.
pub fn of_card(card: &Card, weeks: usize) -> Value {
    let title = format!("{} by week", card.label);
    let values: Vec<Option<f64>> = card.series.iter().map(|point| point.value).collect();
    let known = || values.iter().copied().flatten();
    let caption = Caption { title: &title, description: &range(&values, card.unit) };
    match card.unit {
        Unit::Interviews => columns_of(caption, &known().collect::<Vec<_>>(), Scale::from_zero(known())),
        Unit::Share => line(caption, &card.series, weeks, Scale::from_zero(known())),
        _ => line(caption, &card.series, weeks, Scale::around(known())),
    }
}

/// The completed interviews of jobs by week, all on one scale.
pub fn of_volumes<'a>(jobs: impl Iterator<Item = &'a [WeekFigures]> + Clone) -> Vec<Value> {
    let scale = Scale::from_zero(jobs.clone().flatten().map(|week| week.completed as f64));
    let trend = |weekly: &[WeekFigures]| {
        let values: Vec<f64> = weekly.iter().map(|week| week.completed as f64).collect();
        let described = range(&values.iter().copied().map(Some).collect::<Vec<_>>(), Unit::Interviews);
        columns_of(Caption { title: "Completed by week", description: &described }, &values, scale)
    };
    jobs.map(trend).collect()
}

/// The share of interviews in which each keyword of a table occurs, all on one scale.
pub fn of_keywords<'a>(
    keywords: impl Iterator<Item = &'a [KeywordPart]> + Clone,
    spans: &[SpanFigures],
    weeks: usize,
) -> Vec<Value> {
    let scale = Scale::from_zero(keywords.clone().flatten().filter_map(|part| part.share));
    let trend = |by_span: &[KeywordPart]| {
        let point = |(span, part): (&SpanFigures, &KeywordPart)| SeriesPoint {
            week: span.week,
            weeks: span.weeks,
            value: part.share,
        };
        let series: Vec<SeriesPoint> = spans.iter().zip(by_span).map(point).collect();
        let described = range(&series.iter().map(|point| point.value).collect::<Vec<_>>(), Unit::Share);
        line(Caption { title: "Share by week", description: &described }, &series, weeks, scale)
    };
    keywords.map(trend).collect()
}

fn columns_of(caption: Caption, values: &[f64], scale: Scale) -> Value {
    if values.len() < LEAST_POINTS { Value::from("") } else { markup(spark_columns(caption, values, scale)) }
}

/// A line through the middle of each point's weeks.
fn line(caption: Caption, series: &[SeriesPoint], weeks: usize, scale: Scale) -> Value {
    if series.iter().filter(|point| point.value.is_some()).count() < LEAST_POINTS {
        return Value::from("");
    }
    let last = weeks.saturating_sub(1).max(1) as f64;
    let across = |point: &SeriesPoint| (point.week as f64 + point.weeks.saturating_sub(1) as f64 / 2.0) / last;
    let points: Vec<(f64, Option<f64>)> = series.iter().map(|point| (across(point), point.value)).collect();
    markup(spark_line(caption, &points, scale))
}

/// Completed and expired interviews by week, with axes.
pub fn volume(weeks: &[Week], weekly: &[WeekFigures]) -> Value {
    let stacked: Vec<StackedColumn> = weeks
        .iter()
        .zip(weekly)
        .map(|(week, figures)| StackedColumn {
            label: week.from.strftime("%-d %b").to_string(),
            lower: figures.completed as f64,
            upper: figures.expired as f64,
        })
        .collect();
    let completed: Vec<Option<f64>> = stacked.iter().map(|column| Some(column.lower)).collect();
    let (first, last) = (weeks.first().map(|week| day(week.from)), weeks.last().map(|week| day(week.from)));
    let description = format!(
        "Weeks that begin {} to {}. Completed: {}.",
        first.unwrap_or_default(),
        last.unwrap_or_default(),
        range(&completed, Unit::Interviews)
    );
    markup(columns(Caption { title: "Completed and expired interviews by week", description: &description }, &stacked))
}

/// Histogram of a figure of interviews.
pub fn spread(title: &str, bins: &[model::Bin], distribution: &Distribution, unit: Unit) -> Value {
    let bars: Vec<Bar> =
        bins.iter().map(|bin| Bar { from: bin.from, until: bin.until, count: bin.interviews as f64 }).collect();
    let quartiles = quartiles(distribution);
    let description = quartiles.map_or_else(String::new, |quartiles| {
        let written = |value| figure(Some(value), unit);
        format!(
            "Median {}, the middle half from {} to {}.",
            written(quartiles.median),
            written(quartiles.quartile_1),
            written(quartiles.quartile_3)
        )
    });
    let caption = Caption { title, description: &description };
    markup(histogram(caption, &bars, quartiles, |edge| figure(Some(edge), unit)))
}

/// The middle half of each distribution, all on one scale. A distribution without quartiles has an empty picture.
pub fn strips<'a>(distributions: impl Iterator<Item = &'a Distribution> + Clone) -> Vec<Value> {
    let highest = distributions.clone().filter_map(|one| one.quartile_3).fold(0.0, f64::max);
    distributions
        .map(|one| quartiles(one).map_or_else(|| Value::from(""), |quartiles| markup(strip(quartiles, highest))))
        .collect()
}

pub fn bar(share: Option<f64>) -> Value {
    share.map_or_else(|| Value::from(""), |share| markup(share_bar(share)))
}

fn quartiles(distribution: &Distribution) -> Option<Quartiles> {
    Some(Quartiles {
        quartile_1: distribution.quartile_1?,
        median: distribution.median?,
        quartile_3: distribution.quartile_3?,
    })
}

/// Describes a series as a reader would see it: its range and its last value.
fn range(series: &[Option<f64>], unit: Unit) -> String {
    let known: Vec<f64> = series.iter().flatten().copied().collect();
    let Some(last) = known.last() else { return "no week has this figure".to_owned() };
    let lowest = known.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = known.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let written = |value| figure(Some(value), unit);
    format!("{} to {}, last {}", written(lowest), written(highest), written(*last))
}

fn markup(svg: String) -> Value {
    Value::from_safe_string(svg)
}

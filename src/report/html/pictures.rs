//! Draws figures as charts, and describes each chart in words.

use minijinja::value::Value;

use super::format::{day, figure};
use crate::report::charts::{
    Bar, Caption, Quartiles, StackedColumn, columns, histogram, share_bar, spark_columns, spark_line, strip,
};
use crate::report::model::{self, Card, Distribution, KeywordPart, Unit, Week, WeekFigures};

/// A card's figure by week: counts as columns, all other figures as a line.
pub fn of_card(card: &Card) -> Value {
    let title = format!("{} by week", card.label);
    let caption = Caption { title: &title, description: &range(&card.series, card.unit) };
    match card.unit {
        Unit::Interviews => markup(spark_columns(caption, &card.series)),
        _ => line(caption, &card.series),
    }
}

/// The completed interviews of a job by week.
pub fn of_volume(weekly: &[WeekFigures]) -> Value {
    let series: Vec<Option<f64>> = weekly.iter().map(|week| count(week.completed)).collect();
    let caption = Caption { title: "Completed by week", description: &range(&series, Unit::Interviews) };
    markup(spark_columns(caption, &series))
}

/// The share of interviews in which a keyword occurs, by week.
pub fn of_keyword(by_week: &[KeywordPart]) -> Value {
    let series: Vec<Option<f64>> = by_week.iter().map(|week| week.share).collect();
    line(Caption { title: "Share by week", description: &range(&series, Unit::Share) }, &series)
}

/// A line, if at least half of the weeks are known: a few dots show no trend.
fn line(caption: Caption, series: &[Option<f64>]) -> Value {
    let known = series.iter().flatten().count();
    if known < 2 || known * 2 < series.len() { Value::from("") } else { markup(spark_line(caption, series)) }
}

/// Completed and expired interviews by week, with axes.
pub fn volume(weeks: &[Week], weekly: &[WeekFigures]) -> Value {
    let stacked: Vec<StackedColumn> = weeks
        .iter()
        .zip(weekly)
        .map(|(week, figures)| StackedColumn {
            label: week.from.strftime("%-d %b").to_string(),
            lower: count(figures.completed),
            upper: count(figures.expired),
        })
        .collect();
    let completed: Vec<Option<f64>> = stacked.iter().map(|column| column.lower).collect();
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

/// The middle half of each distribution, all on one scale. A distribution that is held back has an empty picture.
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

/// Describes a series as a reader would see it: its range, its last value, and the weeks without a value.
fn range(series: &[Option<f64>], unit: Unit) -> String {
    let known: Vec<f64> = series.iter().flatten().copied().collect();
    let Some(last) = known.last() else { return "no week has a figure that is shown".to_owned() };
    let lowest = known.iter().copied().fold(f64::INFINITY, f64::min);
    let highest = known.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let written = |value| figure(Some(value), unit);
    let mut words = format!("{} to {}, last {}", written(lowest), written(highest), written(*last));
    match series.len() - known.len() {
        0 => {}
        1 => words.push_str("; one week is not shown"),
        hidden => words.push_str(&format!("; {hidden} weeks are not shown")),
    }
    words
}

fn count(count: model::Count) -> Option<f64> {
    count.0.map(|count| count as f64)
}

fn markup(svg: String) -> Value {
    Value::from_safe_string(svg)
}

//! Figures in readable form. All pages write figures through these functions, so that they look the same everywhere.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use minijinja::value::Value;
use minijinja::{Environment, escape_formatter};

use crate::report::charts::visible;
use crate::report::model::Unit;

/// The text that stands for a missing figure.
const NONE: &str = "–";
/// The space between a number and its unit: narrow and non-breaking.
const THIN: char = '\u{202f}';

/// Registers these functions as filters, and a formatter that makes hidden characters visible in all text.
pub fn register(environment: &mut Environment) {
    environment.set_formatter(|output, state, value| match value.as_str() {
        Some(text) if !value.is_safe() => escape_formatter(output, state, &Value::from(visible(text).into_owned())),
        _ => escape_formatter(output, state, value),
    });
    environment.add_filter("count", count);
    environment.add_filter("number", number);
    environment.add_filter("minutes", minutes);
    environment.add_filter("percent", percent);
    environment.add_filter("unit", in_unit);
    environment.add_filter("change", change);
    environment.add_filter("probability", probability);
    environment.add_filter("day", |date: &str| date.parse().map_or_else(|_| date.to_owned(), day));
    environment.add_filter("moment", moment);
    environment.add_filter("period", period);
    environment.add_filter("clip", clip);
    environment.add_filter("sortable", |value: Value| if value.is_number() { value } else { Value::from("") });
    environment.add_filter("shade", shade);
}

/// A count with its thousands separated.
fn count(value: &Value) -> String {
    i64::try_from(value.clone()).map_or_else(|_| NONE.to_owned(), thousands)
}

pub fn thousands(count: i64) -> String {
    let digits = count.unsigned_abs().to_string();
    let mut written = String::from(if count < 0 { "−" } else { "" });
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

/// A number: whole from 100 on, otherwise with at most one decimal.
fn number(value: Option<f64>) -> String {
    written(value, |value| {
        if value.abs() >= 99.95 {
            return thousands(whole(value));
        }
        let text = format!("{value:.1}");
        let text = text.strip_suffix(".0").unwrap_or(&text);
        if text == "-0" { "0".to_owned() } else { text.replace('-', "−") }
    })
}

/// Seconds as minutes and seconds, `12:05`, or from an hour on as hours and minutes, `1 h 05`.
fn minutes(value: Option<f64>) -> String {
    written(value, |seconds| {
        let seconds = whole(seconds);
        match seconds / 3600 {
            0 => format!("{}:{:02}", seconds / 60, seconds % 60),
            hours => format!("{}{THIN}h{THIN}{:02}", thousands(hours), seconds % 3600 / 60),
        }
    })
}

pub fn percent(value: Option<f64>) -> String {
    written(value, |share| format!("{}{THIN}%", number(Some((share * 100.0).round()))))
}

/// A figure in its unit.
pub fn figure(value: Option<f64>, unit: Unit) -> String {
    match unit {
        Unit::Share => percent(value),
        Unit::Seconds => minutes(value),
        Unit::Interviews | Unit::Characters | Unit::Words | Unit::WordsPerMinute => {
            number(value.map(|value| if value.abs() < 10.0 { value } else { value.round() }))
        }
    }
}

/// A figure in the unit with this name, for templates.
fn in_unit(value: Option<f64>, unit: &str) -> String {
    let unit = match unit {
        "share" => Unit::Share,
        "seconds" => Unit::Seconds,
        _ => Unit::Words,
    };
    figure(value, unit)
}

/// The change of a figure: percentage points for shares, otherwise percent of the previous value.
fn change(value: Option<f64>, unit: &str) -> String {
    written(value, |change| {
        let percent = change * 100.0;
        let rounded = if unit == "share" { (percent * 10.0).round() / 10.0 } else { percent.round() };
        if rounded == 0.0 {
            return "no change".to_owned();
        }
        let sign = if rounded > 0.0 { "+" } else { "" };
        let what = if unit == "share" { if rounded.abs() == 1.0 { "point" } else { "points" } } else { "%" };
        format!("{sign}{}{THIN}{what}", number(Some(rounded)))
    })
}

fn probability(value: f64) -> String {
    if value < 0.001 { "below 0.001".to_owned() } else { format!("{value:.3}") }
}

/// A day: `2 Mar 2026`.
pub fn day(date: Date) -> String {
    date.strftime("%-d %b %Y").to_string()
}

/// A period: `2 Mar to 31 May 2026`.
fn period(period: &Value) -> Result<String, minijinja::Error> {
    let date = |name: &str| -> Result<Option<Date>, minijinja::Error> {
        Ok(period.get_attr(name)?.as_str().and_then(|date| date.parse().ok()))
    };
    let (Some(from), Some(last)) = (date("from")?, date("last")?) else { return Ok(NONE.to_owned()) };
    Ok(match from.year() == last.year() {
        _ if from == last => day(from),
        true => format!("{} to {}", from.strftime("%-d %b"), day(last)),
        false => format!("{} to {}", day(from), day(last)),
    })
}

/// A time in RFC 3339 as local time of a time zone: `2 Mar 2026, 09:15`.
fn moment(time: &str, zone: &str) -> String {
    let parsed = (time.parse::<Timestamp>(), TimeZone::get(zone));
    let (Ok(time), Ok(zone)) = parsed else { return time.to_owned() };
    zone.to_datetime(time).strftime("%-d %b %Y, %H:%M").to_string()
}

/// Shortens a text to at most `most` characters and "…".
pub fn clip(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", text[..at].trim_end()),
        None => text.to_owned(),
    }
}

/// The shade of a table cell for a share, from 0 to 9. The cell also states the share.
fn shade(share: Option<f64>) -> i64 {
    share.map_or(0, |share| if share <= 0.0 { 0 } else { whole((share * 9.0).ceil()).clamp(1, 9) })
}

fn written(value: Option<f64>, write: impl Fn(f64) -> String) -> String {
    value.filter(|value| value.is_finite()).map_or_else(|| NONE.to_owned(), write)
}

#[expect(clippy::cast_possible_truncation, reason = "a cast saturates, and no figure is near 2^63")]
fn whole(value: f64) -> i64 {
    value.round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_written_as_people_read_them() {
        let counts = [0.into(), 999.into(), 1_234_567.into(), Value::from(())];
        assert_eq!(counts.map(|value| count(&value)), ["0", "999", "1,234,567", "–"]);
        let numbers = [0.04, -0.04, 9.96, 12.34, -3.5, 99.97, 1234.5];
        assert_eq!(numbers.map(|value| number(Some(value))), ["0", "0", "10", "12.3", "−3.5", "100", "1,235"]);
        assert_eq!(number(Some(f64::NAN)), "–");
        assert_eq!(
            [0.0, 59.6, 725.0, 3_900.0].map(|s| minutes(Some(s))),
            ["0:00", "1:00", "12:05", "1\u{202f}h\u{202f}05"]
        );
        assert_eq!([0.0, 0.634, 1.0].map(|share| percent(Some(share))), ["0\u{202f}%", "63\u{202f}%", "100\u{202f}%"]);
    }

    #[test]
    fn changes_of_shares_are_points() {
        assert_eq!(change(Some(0.0321), "share"), "+3.2\u{202f}points");
        assert_eq!(change(Some(-0.01), "share"), "−1\u{202f}point");
        assert_eq!(change(Some(0.124), "seconds"), "+12\u{202f}%");
        assert_eq!(change(Some(-0.002), "interviews"), "no change");
        assert_eq!(change(None, "share"), "–");
    }

    #[test]
    fn times_are_those_of_the_reports_zone() {
        assert_eq!(moment("2026-06-01T22:15:00Z", "Europe/Berlin"), "2 Jun 2026, 00:15");
        assert_eq!(moment("not a time", "UTC"), "not a time");
    }

    #[test]
    fn a_period_says_its_year_once() {
        let named = |from: &str, last: &str| period(&minijinja::context! { from, last }).unwrap();
        assert_eq!(named("2026-03-02", "2026-05-31"), "2 Mar to 31 May 2026");
        assert_eq!(named("2025-12-01", "2026-03-01"), "1 Dec 2025 to 1 Mar 2026");
        assert_eq!(named("2026-05-31", "2026-05-31"), "31 May 2026");
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(clip("東京 and more", 3), "東京…");
        assert_eq!(clip("short", 5), "short");
    }

    #[test]
    fn any_share_above_none_is_shaded() {
        assert_eq!([0.0, 0.001, 0.5, 1.0, 7.0].map(|share| shade(Some(share))), [0, 1, 5, 9, 9]);
    }
}

//! Parts that several pages share, as values for templates.

use minijinja::context;
use minijinja::value::{Serde, Value};
use serde::Serialize;

use super::pictures;
use crate::report::model::{Card, Keyword, Report, SpanFigures, WeekFigures};

/// Number of spans side by side in a table, at most.
const SPANS_ACROSS: usize = 13;

/// A part of the model as a value for templates.
pub fn value(part: &impl Serialize) -> Value {
    Value::from(Serde(part))
}

pub fn cards(cards: &[Card], report: &Report) -> Vec<Value> {
    let weeks = report.weeks.len();
    cards.iter().map(|card| context! { spark => pictures::of_card(card, weeks), ..value(card) }).collect()
}

/// The rows of keywords in one table, with their charts but without their cells by question and span.
pub fn keyword_rows(report: &Report, spans: &[SpanFigures], keywords: &[&Keyword]) -> Vec<Value> {
    let by_span = keywords.iter().map(|keyword| keyword.by_span.as_slice());
    let trends = pictures::of_keywords(by_span, spans, report.weeks.len());
    let row = |(keyword, trend): (&&Keyword, Value)| {
        context! {
            set => &keyword.set,
            term => &keyword.term,
            category => &keyword.category,
            anchor => &keyword.anchor,
            counts => value(&keyword.counts),
            previous_share => keyword.previous_share,
            bar => pictures::bar(Some(keyword.counts.share)),
            trend,
        }
    };
    keywords.iter().zip(trends).map(row).collect()
}

/// Names of the newest spans, and the cells of these keywords in them.
pub fn by_span(report: &Report, spans: &[SpanFigures], keywords: &[&Keyword]) -> (Vec<String>, Vec<Value>) {
    let from = spans.len().saturating_sub(SPANS_ACROSS);
    let row = |keyword: &&Keyword| {
        context! { term => &keyword.term, cells => value(&keyword.by_span.get(from..).unwrap_or_default()) }
    };
    let week = |at: usize| report.weeks.get(at).map_or("", |week| week.name.get(5..).unwrap_or_default());
    let name = |span: &SpanFigures| match span.weeks {
        1 => week(span.week).to_owned(),
        count => format!("{}–{}", week(span.week), week(span.week + count - 1)),
    };
    (spans[from..].iter().map(name).collect(), keywords.iter().map(row).collect())
}

/// The rows of the table of weeks. What was said in several weeks stands once beside them.
pub fn weeks(report: &Report, weekly: &[WeekFigures], spans: &[SpanFigures]) -> Vec<Value> {
    let rows = report.weeks.iter().zip(weekly).enumerate();
    rows.map(|(at, (week, figures))| {
        let span = spans.iter().find(|span| span.week == at);
        let is_within = spans.iter().any(|span| span.week < at && at < span.week + span.weeks);
        context! { name => &week.name, from => value(&week.from), span => span.map(value), is_within, ..value(figures) }
    })
    .collect()
}

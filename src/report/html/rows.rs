//! Parts that several pages share, as values for templates.

use minijinja::context;
use minijinja::value::{Serde, Value};
use serde::Serialize;

use super::pictures;
use crate::report::model::{Card, Keyword, Report};

/// Number of weeks side by side in a table, at most.
const WEEKS_ACROSS: usize = 13;

/// A part of the model as a value for templates.
pub fn value(part: &impl Serialize) -> Value {
    Value::from(Serde(part))
}

pub fn cards(cards: &[Card]) -> Vec<Value> {
    cards.iter().map(|card| context! { spark => pictures::of_card(card), ..value(card) }).collect()
}

/// The row of a keyword, with its charts but without its cells by question and week.
pub fn keyword_row(keyword: &Keyword) -> Value {
    context! {
        set => &keyword.set,
        term => &keyword.term,
        category => &keyword.category,
        anchor => &keyword.anchor,
        counts => value(&keyword.counts),
        previous_share => keyword.previous_share,
        bar => pictures::bar(keyword.counts.as_ref().map(|counts| counts.share)),
        trend => pictures::of_keyword(&keyword.by_week),
    }
}

/// The newest weeks, and the cells of these keywords in them.
pub fn by_week(report: &Report, keywords: &[&Keyword]) -> (Value, Vec<Value>) {
    let from = report.weeks.len().saturating_sub(WEEKS_ACROSS);
    let row = |keyword: &&Keyword| {
        context! { term => &keyword.term, cells => value(&keyword.by_week.get(from..).unwrap_or_default()) }
    };
    (value(&report.weeks.get(from..).unwrap_or_default()), keywords.iter().map(row).collect())
}
